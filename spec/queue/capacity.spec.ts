/** How much waits in the write queue: capacity, pressure. `check()` after each test. */
import { describe, expect, it } from 'vitest'
import { type Pressure, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { database, other, put, refusal } from './world.js'

describe('capacity', () => {
  it('rejects what is over it, and says how long to wait', async () => {
    const db = database({ queue: { capacity: { low: 100 } } })
    const low = (i: number) => db.submit(put(`k${i}`, i), { priority: 'low' })
    const all = Array.from({ length: 100 }, (_, i) => low(i))
    const error = await refusal(low(100))
    expect(error).toMatchObject({ priority: 'low', depth: 100, capacity: 100 })
    expect(error.code).toBe('ZVERSE_OVER_CAPACITY')
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(1)
    await Promise.all([...all, db.submit(put('normal', 1))])
    expect(db.has('k100')).toBe(false)
    await low(100)
    expect(db.stats().queue).toMatchObject({
      rejected: { low: 1 },
      enqueued: { low: 101, normal: 1 },
      settled: { low: 101, normal: 1 },
      depth: { low: 0 },
      peak: { low: 100 },
    })
  })

  it('advises a second at most, however little was decided a moment ago', async () => {
    const db = database({ queue: { capacity: { normal: 20_000 } } })
    await db.submit(put('first', 1))
    // Rates are taken over 100 ms.
    await new Promise(resolve => setTimeout(resolve, 110))
    const tx = other(db, 70).beginWrite()
    const all = Array.from({ length: 20_000 }, () => db.submit(put('same', 1)))
    expect((await refusal(db.submit(put('late', 1)))).retryAfterMs).toBeLessThanOrEqual(1000)
    tx.abort()
    await Promise.all(all)
  })

  it('is one for all threads, but for a few submissions of each', async () => {
    const db = database({ queue: { capacity: { normal: 200 } } })
    const handles = [db, other(db, 71), other(db, 72), other(db, 73)]
    const all = handles.flatMap(handle =>
      Array.from({ length: 200 }, (_, i) => handle.submit(put(`${i}`, i))),
    )
    const settled = await Promise.allSettled(all)
    const done = settled.filter(({ status }) => status === 'fulfilled').length
    expect(done).toBeGreaterThanOrEqual(200)
    expect(done).toBeLessThanOrEqual(200 + 64 * handles.length)
  })

  it('one submission counts once, however many operations it has', async () => {
    const db = database({ queue: { capacity: { normal: 2 } } })
    const many = Array.from({ length: 50 }, (_, i) => put(`k${i}`, i))
    await Promise.all([db.submit(many), db.submit(many)])
    expect(db.size).toBe(50)
  })

  it('levels of pressure are told at changes only, to all threads', async () => {
    const db = database({ queue: { capacity: { high: 1000 } } })
    const watcher = other(db, 71)
    const told: string[] = []
    const end = watcher.onPressure((pressure: Pressure) => told.push(pressure.level))
    const tx = other(db, 70).beginWrite()
    const all: Promise<number>[] = []
    const levels: string[] = []
    for (const depth of [499, 500, 799, 800, 949, 950, 1000]) {
      while (all.length < depth) all.push(db.submit(put(`${all.length}`, 1), { priority: 'high' }))
      expect(db.pressure().depths.high).toBe(depth)
      levels.push(db.pressure().level)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect(levels).toEqual([
      ...['normal', 'warning', 'warning', 'critical', 'critical', 'overloaded', 'overloaded'],
    ])
    tx.abort()
    await Promise.all(all)
    expect(db.pressure()).toEqual({
      level: 'normal',
      depths: { high: 0, normal: 0, low: 0 },
      capacity: { high: 1000, normal: 100_000, low: 50_000 },
    })
    while (told.at(-1) !== 'normal') await new Promise(resolve => setTimeout(resolve, 5))
    for (let i = 1; i < told.length; i++) expect(told[i]).not.toBe(told[i - 1])
    expect(told).toContain('overloaded')
    end()
  })

  it('a change is told once, and to nobody that does not listen any more', async () => {
    const db = database({ queue: { capacity: { high: 10 } } })
    const tx = other(db, 70).beginWrite()
    const told: string[] = []
    db.onPressure(() => {})()
    const ends = [
      db.onPressure(({ level }) => told.push(level) > 0 && ends[1]?.()),
      db.onPressure(() => told.push('ended')),
    ]
    const all = Array.from({ length: 10 }, () => db.submit(put('a', 1), { priority: 'high' }))
    expect(db.pressure().level).toBe('overloaded')
    while (told.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(told).toEqual(['overloaded'])
    tx.abort()
    await Promise.all(all)
  })

  it('tells nobody what is no function', () => {
    const db = database()
    for (const listener of [undefined, null, 3, { level: 'critical' }]) {
      const { option } = expectCode(() => db.onPressure(listener as never), 'INVALID_OPTION')
      expect(option).toBe('listener')
    }
  })

  it.each([
    [{ queue: 1 }, 'queue'],
    [{ queue: { size: 1 } }, 'queue.size'],
    [{ queue: { capacity: { urgent: 1 } } }, 'queue.capacity.urgent'],
    [{ queue: { capacity: { low: 0 } } }, 'queue.capacity.low'],
    [{ queue: { capacity: { high: 1.5 } } }, 'queue.capacity.high'],
    [{ queue: { groupBytes: 10 } }, 'queue.groupBytes'],
  ])('refuses the options %j', (options, option) => {
    expect(expectCode(() => ZVerse.open(options as never), 'INVALID_OPTION').option).toBe(option)
  })
})
