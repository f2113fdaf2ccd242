/** The built package under vitest's fake timers, which come after it; and the clocks that are spied on. */
import { afterEach, expect, it, vi } from 'vitest'
import * as zverse from '../../dist/index.js'
import { ZVerseLevel } from '../../dist/level/index.js'
import { alone } from './scenario.js'

const early = new Date()

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

it('goes on under fake timers that came after it', async () => {
  vi.useFakeTimers({ now: Date.UTC(2101, 1, 3) })
  await alone(zverse, early)
})

it('goes by the time that is set without fake timers', () => {
  vi.setSystemTime(5000)
  const db = zverse.ZVerse.open()
  db.put('k', new Date())
  expect(db.versions()[1].timestamp).toBe(5000)
  expect(db.get('k')).toEqual(new Date(5000))
  expect(db.get('k')).toBeInstanceOf(Date)
  db.close()
})

it('goes on as a level', async () => {
  // Not queueMicrotask, by which abstract-level opens.
  vi.useFakeTimers({ now: Date.UTC(2101, 1, 3) })
  const level = new ZVerseLevel()
  const keys = Array.from({ length: 12_000 }, (_, i) => String(i).padStart(5, '0'))
  await level.batch(keys.map(key => ({ type: 'put', key, value: key })))
  expect(await level.keys({ signal: new AbortController().signal }).all()).toHaveLength(12_000)
  expect(await level.at(new Date()).get('00007')).toBe('00007')
  const next = level.changes().next()
  await level.put('late', 'r')
  expect((await next).value?.version).toBe(2)
  await level.close()
})
