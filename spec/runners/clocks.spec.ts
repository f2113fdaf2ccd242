/** Clocks that answer nonsense: none of it reaches a record, an index or a wait. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { TIME_BUCKETS } from '../../lib/memory/layout.js'
import { noteTime, timesAt } from '../../lib/threads/times.js'

const NOON = Date.UTC(2001, 1, 3, 12)
const LAST = 2 ** 48 - 1

/** Answers of a clock that are no time. */
const NONSENSE: Record<string, unknown> = {
  ...{ NaN: Number.NaN, undefined: undefined, null: null, text: '2001', object: {}, true: true },
  ...{
    'a negative': -1,
    'just below 0': -0.5,
    'of long ago': -NOON,
    Infinity: Number.POSITIVE_INFINITY,
  },
  ...{ '-Infinity': Number.NEGATIVE_INFINITY, '2 ** 48': LAST + 1, 'the most': Number.MAX_VALUE },
  ...{ 'a bigint': 5n, 'a Date': new Date(), 'a boxed number': Object(NOON) },
}

function say(answer: unknown): void {
  vi.spyOn(Date, 'now').mockImplementation(() => answer as number)
}

/** The times of all versions. */
const times = (db: ZVerse) => db.versions().map(({ timestamp }) => timestamp)

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a clock that answers', () => {
  for (const [name, answer] of Object.entries(NONSENSE)) {
    it(`${name}: versions have the time of the one before`, () => {
      say(answer)
      const db = ZVerse.open({ maxBytes: 2 ** 20, history: { ms: 1000 } })
      const before = db.put('k', 0)
      say(NOON)
      const noon = db.put('k', 1)
      say(answer)
      for (let i = 2; i < 40; i++) db.put('k', i)
      db.tag('t')
      const tx = db.beginWrite()
      tx.put('k', 'tx')
      tx.commit()
      // The bounds of `history` go by the same time: no version of noon is released.
      const kept = times(db)
      expect(kept.at(-1)).toBe(NOON)
      expect(db.has('k', { at: noon })).toBe(true)
      expect(db.has('k', { asOf: new Date(NOON) })).toBe(true)
      expect(kept.every(time => time === 0 || time === NOON)).toBe(true)
      expect(before).toBe(1)

      const read = db.beginRead()
      db.put('k', 'later')
      expect(db.stats().readers.oldestPinnedMs).toBe(0)
      read.close()

      // Loading a history goes by the times of the dump.
      const copy = ZVerse.open({ maxBytes: 2 ** 20, history: { ms: 1000 } })
      copy.load(db.dump({ history: true }))
      expect(times(copy).at(-1)).toBe(NOON)
      expect(() => copy.load([{ type: 'zverse' }])).toThrow()
      copy.put('k', 2)
      expect(times(copy).at(-1)).toBe(NOON)
      for (const each of [db, copy]) {
        expect(each.check()).toMatchObject({ ok: true, problems: [] })
        each.close()
      }
    })
  }

  it('parts of ms, and the last ms that there is', () => {
    say(NOON + 0.75)
    const db = ZVerse.open({ maxBytes: 2 ** 20 })
    db.put('k', 1)
    say(LAST)
    db.put('k', 2)
    say(NOON)
    db.put('k', 3)
    expect(times(db)).toEqual([NOON, NOON, LAST, LAST])
    db.close()
  })

  it('only what it said when it was asked: it is looked up each time', () => {
    const db = ZVerse.open({ maxBytes: 2 ** 20 })
    say(Date.now() + 5000)
    const handle = ZVerse.attach(db.share())
    db.put('k', 1)
    say(Date.now() + 5000)
    handle.put('k', 2)
    expect(times(db).at(-1)).toBe(Date.now())
    db.close()
    handle.close()
  })
})

describe('a clock that runs code', () => {
  it('throws: the write has not happened, and what it threw passes', () => {
    const db = ZVerse.open({ maxBytes: 2 ** 20, history: { ms: 10 } })
    db.put('k', 1)
    const boom = new Error('boom')
    const spy = vi.spyOn(Date, 'now').mockImplementation(() => {
      throw boom
    })
    expect(() => db.put('k', 2)).toThrow(boom)
    expect(() => db.transact(tx => tx.put('k', 3))).toThrow(boom)
    expect(db.get('k')).toBe(1)
    spy.mockRestore()
    expect(db.put('k', 4)).toBe(2)
    expect(db.check().ok).toBe(true)
    db.close()
  })

  it('throws while a history is loaded: nothing of that stays', () => {
    const db = ZVerse.open({ maxBytes: 2 ** 20, history: { ms: 10 } })
    const source = ZVerse.open({ maxBytes: 2 ** 20 })
    for (let i = 0; i < 10; i++) source.put(`k${i}`, i)
    const dump = source.dump({ history: true }).toArray()
    vi.spyOn(Date, 'now').mockImplementation(() => {
      if (db.size === 5) throw new Error('boom')
      return NOON
    })
    // The clock may not ask the database: it gets an error, which passes on.
    expect(() => db.load(dump)).toThrow()
    let asked = 0
    vi.spyOn(Date, 'now').mockImplementation(() => {
      if (asked++ > 5) throw new Error('boom')
      return NOON
    })
    expect(() => db.load(dump)).toThrow('boom')
    vi.restoreAllMocks()
    expect(db.size).toBe(0)
    expect(db.check().ok).toBe(true)
    db.put('k', 1)
    for (const each of [db, source]) each.close()
  })

  it('calls the database: that is refused, and the write has not happened', () => {
    const db = ZVerse.open<string, unknown>({ maxBytes: 2 ** 20 })
    db.put('k', 1)
    for (const call of [() => db.put('n', 1), () => db.get('k'), () => db.transact(() => 1)]) {
      const spy = vi.spyOn(Date, 'now').mockImplementation(() => call() as number)
      expect(() => db.put('k', 2)).toThrow(
        expect.objectContaining({ code: 'ZVERSE_NESTED_TRANSACTION' }),
      )
      spy.mockRestore()
    }
    expect(db.get('k')).toBe(1)
    expect(db.version).toBe(1)
    expect(db.check().ok).toBe(true)
    db.close()
  })
})

it('a time that is none does not reach a histogram', () => {
  const W = new Uint32Array(new SharedArrayBuffer(4 * (TIME_BUCKETS + 2)))
  for (const ms of [Number.NaN, -1, Number.NEGATIVE_INFINITY, undefined as never]) {
    noteTime(W, 1, ms)
  }
  expect(W.every(word => word === 0)).toBe(true)
  for (const ms of [0, -0, 1e-9, 1e12, Number.POSITIVE_INFINITY]) noteTime(W, 1, ms)
  expect(W[0]).toBe(0)
  expect(W[TIME_BUCKETS + 1]).toBe(0)
  expect(timesAt(W, 1).samples).toBe(5)
})
