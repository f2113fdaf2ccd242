/**
 * The built package in vitest's jsdom, loaded while vitest's timers are fake.
 * @vitest-environment jsdom
 */
import { pathToFileURL } from 'node:url'
import { afterAll, it, vi } from 'vitest'
import { alone, together } from './scenario.js'

// jsdom has a URL of its own, which knows no files.
const dist = pathToFileURL(`${import.meta.dirname}/../../dist/index.js`).href
const holder = pathToFileURL(`${import.meta.dirname}/holder.js`)

afterAll(() => {
  vi.useRealTimers()
})

it('goes on in jsdom, under fake timers that were there first', async () => {
  const early = new Date()
  vi.useFakeTimers({ now: Date.UTC(2001, 1, 3), toFake: EVERYTHING })
  const zverse = await import('../../dist/index.js')
  await alone(zverse, early)
  await together(zverse, { holder, dist })
})

/** But nextTick, which a vitest of processes cannot do without. */
const EVERYTHING = [
  ...(['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'setInterval'] as const),
  ...(['clearInterval', 'Date', 'hrtime', 'performance', 'queueMicrotask'] as const),
]
