// @ts-check
/**
 * Level's own workloads on ZVerseLevel, memory-level and classic-level in one run, interleaved.
 *
 *     node perf/level/main.js [rows…] [--rounds 5] [--keys 100000] [--seed 20]
 *         [--systems zverse,memory-level,…] [--json FILE] [--markdown FILE]
 *         [--engine FILE]   another build's dist/index.js, beside this one: the system `base`
 *
 * Prints the tables; writes the run as JSON and Markdown, by default into perf/results/. Each system
 * is in a process of its own, and only one works at a time.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { measureRow } from '../bench.js'
import { startChild } from '../compare/remote.js'
import { makeRun, withSpread } from '../report.js'
import { readSettings, writeFiles } from '../settings.js'
import { makeDirectory } from '../tmpfs.js'
import { markdown } from './report.js'
import { choose } from './rows/index.js'
import { systems, USUAL } from './systems.js'

/** @typedef {import('../compare/remote.js').RemoteDriver} RemoteDriver */

/** @type {Record<string, 'µs'>} */
const FIGURES = { time: 'µs' }

const settings = readSettings('100000')
const { engine, keys, rounds, seed } = settings
const chosen = choose(settings.names)
const names = settings.systems?.split(',') ?? [...USUAL, ...(engine === undefined ? [] : ['base'])]
for (const name of names) {
  if (!Object.hasOwn(systems, name)) {
    throw new Error(`no such system: ${name}; there are ${Object.keys(systems).join(', ')}`)
  }
}
const directory = makeDirectory('zverse-level-')
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

/** @param {string} name of a peer's package */
function versionOf(name) {
  const file = new URL(`../compare/node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}
const packages = ['memory-level', 'classic-level'].filter(name =>
  names.some(system => system.startsWith(name)),
)
if (packages.length > 0) packages.push('abstract-level')
const versions = Object.fromEntries(packages.map(name => [name, versionOf(name)]))

/** @type {RemoteDriver[]} */
const drivers = []
const script = new URL('./child.js', import.meta.url)
for (const system of names) {
  drivers.push(await startChild({ system, directory, engine, keys, seed }, system, script))
}
const measured = []
for (const { name, title, note } of chosen) {
  const row = { name, title, note, figures: FIGURES, on: /** @type {const} */ ('level') }
  const result = await measureRow(row, drivers, rounds)
  measured.push(result)
  process.stderr.write(`${title}\n`)
  for (const [system, { time }] of Object.entries(result.systems)) {
    process.stderr.write(`  ${system.padEnd(18)} ${withSpread(time, 'µs')}\n`)
  }
}
for (const driver of drivers) await driver.close()
const run = makeRun({ keys, rounds, seed }, versions, measured)
const results = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../results/${name}`, import.meta.url))
const { json = results('level.json'), markdown: text = results('level.md') } = settings
writeFiles({ ...settings, json, markdown: text }, run, markdown)
process.stdout.write(`\n${markdown(run)}`)
if (measured.some(row => Object.keys(row.failures).length > 0)) process.exitCode = 1
