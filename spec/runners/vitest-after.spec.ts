/** The built package under vitest's fake timers, which come after it; and the clocks that are spied on. */
import { afterEach, expect, it, vi } from 'vitest'
import * as zverse from '../../dist/index.js'
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
