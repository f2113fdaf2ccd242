/**
 * The scenario in plain Node: `node plain.js KIND`. Not a spec.
 *
 *     before, after   fake clocks, put in place before the package is loaded or after that
 *     test            those of node:test, before
 *     bare            fake clocks, before; and only the language is global
 */
import { writeSync } from 'node:fs'
import { mock } from 'node:test'
import { runInNewContext } from 'node:vm'
import { install } from './fakes.js'
import { alone, together } from './scenario.js'

const [kind] = process.argv.slice(2)
const early = new Date()
const dist = new URL('../../dist/index.js', import.meta.url).href
const holder = new URL('./holder.js', import.meta.url)
if (kind === 'before' || kind === 'bare') install()
if (kind === 'test') mock.timers.enable()
if (kind === 'bare') strip()
const zverse = await import(dist)
if (kind === 'after') install()
await alone(zverse, early)
if (kind === 'before' || kind === 'after')
  await together(zverse, { holder, dist, faked: kind === 'before' })
writeSync(1, 'done\n')

/** Removes all that hosts add to the language, except what the scenario makes a signal with. */
function strip() {
  const language = [...runInNewContext('Object.getOwnPropertyNames(globalThis)'), 'AbortController']
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!language.includes(name)) Reflect.deleteProperty(globalThis, name)
  }
}
