/**
 * Values in pieces: only the sum of free bytes counts, not how they lie; all verbs read and write such
 * values like others, at every version; no byte leaks.
 *
 * `ZVERSE_RUNS` scales the runs (3000 is once), `ZVERSE_SEED` seeds them.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import { KeyBuffer } from '../../lib/key/codec.js'
import { isInPieces } from '../../lib/memory/entry.js'
import { H_PAGES, PAGE } from '../../lib/memory/layout.js'
import { reservePages } from '../../lib/versions/reserve.js'
import { openWith } from '../../lib/zverse.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const MIB = 2 ** 20
const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** The least part of the free bytes that values fill; links, rounding and nodes take the rest. */
const LEAST_TAKEN = 0.5
/** The most that stays free in gaps, beside the reserve's size: a slab of each size in use. */
const SLABS = 96 * 1024

type Db = ZVerse<string, unknown>

function open(maxBytes: number, versions = 0, values = 'string', poison = true): Db {
  const options = { maxBytes, values, history: { versions } }
  return openWith(options as never, { now: Date.now, poison, indexFrom: 1 }) as unknown as Db
}

function sound(db: Db): void {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}

const name = (i: number) => `k${String(i).padStart(6, '0')}`
const text = (i: number, size: number) => `${i} `.padEnd(size, 'abcdefghijklmnopqrstuvwxyz')

/** Puts values until one does not fit; how many did. */
function fill(db: Db, size: (i: number) => number, prefix = ''): number {
  for (let i = 0; ; i++) {
    try {
      db.put(prefix + name(i), text(i, size(i)))
    } catch (error) {
      expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
      return i
    }
  }
}

/** A full database of which some keys are deleted: every `nth`. */
function halved(db: Db, size: (i: number) => number, nth = 2): number {
  const count = fill(db, size)
  for (let i = 0; i < count; i += nth) db.delete(name(i))
  return count
}

/** Bytes free or untouched; and the slack, which additions leave alone: the reserve and gaps. */
function room(db: Db): { free: number; slack: number } {
  const { allocator, arena } = db._test.engine.epochs
  const pages = reservePages(arena.words[H_PAGES] as number)
  return { free: allocator.availableWords * 4, slack: pages * PAGE * 4 + SLABS }
}

function liesInPieces(db: Db, key: string): boolean {
  const { engine } = db._test
  const buffer = new KeyBuffer()
  db._core.encodeKey(key, buffer)
  const record = engine.epochs.versions.current
  const entry = db._core.lookUp(record, db._core.stateIn(record), buffer)
  return entry !== 0 && isInPieces(engine.W, entry)
}

describe('a full database every other value of which is deleted', () => {
  it.each([
    [8, 10_000, 30_000, 1000],
    [8, 10_000, 30_000, 0],
    [2, 1000, 30_000, 0],
    [1, 100, 30_000, 5],
    [2, 100, 400_000, 0],
    [1, 10, 3000, 0],
    [2, 100, 200, 0],
    [2, 500, 600, 3],
    [2, 3000, 100, 0],
  ])('of %i MiB: %i bytes each, then %i (history of %i)', (mib, size, then, versions) => {
    const db = open(mib * MIB, versions, 'string', false)
    const count = halved(db, () => size)
    const before = room(db)
    const more = fill(db, () => then, 'then ')
    const { free, slack } = room(db)
    expect(free).toBeLessThan(slack + then * 1.5 + 100)
    if (then > size) {
      const taken = before.free - slack - then
      expect(more * then).toBeGreaterThan(taken * LEAST_TAKEN)
    }
    for (let i = 1; i < count; i += 2) expect(db.get(name(i))).toBe(text(i, size))
    for (let i = 0; i < more; i++) expect(db.get(`then ${name(i)}`)).toBe(text(i, then))
    sound(db)
    for (const key of [...db.keys()]) db.delete(key)
    db.prune({ before: db.version })
    // All of it has come back.
    expect(db.check().usedBytes).toBeLessThan(mib * MIB * 0.1 + 250 * 1024)
    sound(db)
    db.close()
  })

  it('keeps its history as long as pages suffice', () => {
    const db = open(4 * MIB, 1000)
    halved(db, () => 10_000)
    db.prune({ before: db.version })
    for (let i = 0; i < 20; i++) db.put('small', text(i, 9))
    const { oldestVersion } = db
    db.put('large', text(1, 90_000))
    expect(liesInPieces(db, 'large')).toBe(true)
    expect(db.oldestVersion).toBe(oldestVersion)
    db.close()
  })

  it('is as it was where a value does not fit, also within a transaction', () => {
    const db = open(MIB)
    halved(db, () => 100)
    const before = [...db.getEntries()]
    const { used } = (() => {
      try {
        db.put('k', text(1, 700_000))
      } catch (error) {
        return error as { used: number }
      }
      throw new Error('it fitted')
    })()
    expect(used).toBeLessThanOrEqual(MIB)
    expect([...db.getEntries()]).toEqual(before)
    sound(db)
    const { free } = room(db)
    db.transact(tx => {
      tx.put('large', text(1, 50_000))
      for (let i = 0; i < 3; i++) {
        expect(() => tx.put('larger', text(1, 700_000))).toThrow(/full/)
        // The blocks of the refused value are free again.
        expect(room(db).free).toBeGreaterThan(free - 130_000)
      }
      tx.put('another', text(2, 50_000))
    })
    expect(db.get('large')).toBe(text(1, 50_000))
    expect(db.get('another')).toBe(text(2, 50_000))
    const batch = Array.from({ length: 20 }, (_, i) => {
      return { type: 'put' as const, key: `b ${i}`, value: text(i, 60_000) }
    })
    const all = [...db.getEntries()]
    expect(() => db.batch(batch)).toThrow(/full/)
    expect([...db.getEntries()]).toEqual(all)
    sound(db)
    db.close()
  })
})

describe('values in pieces', () => {
  const VALUES: [string, (i: number) => unknown][] = [
    ['string', i => text(i, 20_000)],
    ['string', i => `${'ä€😀'.repeat(2000)}${i}`],
    ['json', i => ({ i, text: text(i, 15_000), list: [1, 2, 3] })],
    ['msgpack', i => new Map([[i, [text(i, 15_000), 'ü'.repeat(900), new Uint8Array(300)]]])],
    ['msgpack', i => text(i, 9001)],
    ['binary', i => Uint8Array.from({ length: 10_003 }, (_, n) => n * i)],
  ]
  it.each(VALUES)('of %s are read by every verb, at each version (%#)', (values, make) => {
    const db = open(MIB, 40, values, false)
    const small = values === 'binary' ? new Uint8Array(80) : 'x'.repeat(80)
    try {
      for (let i = 0; ; i++) db.put(name(i), small)
    } catch (error) {
      expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
    }
    for (const key of [...db.keys()]) if (Number(key.slice(1)) % 2 === 0) db.delete(key)
    const versions: number[] = []
    for (let i = 0; i < 4; i++) versions.push(db.put('large', make(i)))
    expect(liesInPieces(db, 'large')).toBe(true)
    db.tag('tag')
    const [key, value] = ['large', make(3)]
    const range = { gte: 'l' }
    expect(db.get(key)).toEqual(value)
    expect(db.getMany(['k', key])).toEqual([undefined, value])
    expect(db.getEntry(key)).toMatchObject({ value })
    expect([...db.range(range)]).toEqual([[key, value]])
    expect(db.values(range).toArray()).toEqual([value])
    expect([...db.getEntries({ ...range, reverse: true })]).toMatchObject([{ key, value }])
    expect(db.ref(key).value).toEqual(value)
    versions.forEach((at, i) => {
      if (at >= db.oldestVersion) expect(db.get(key, { at })).toEqual(make(i))
    })
    const read = db.beginRead()
    const again = db.put(key, make(9))
    expect(read.get(key)).toEqual(value)
    expect(db.history(key).toArray().at(-1)).toMatchObject({ value: make(9) })
    expect([...db.diff('tag', again)]).toEqual([{ key, before: value, after: make(9) }])
    expect(db.update(key, () => value)).toBe(again + 1)
    const { version } = db
    expect(db.restore({ snapshot: read })).toBe(version)
    db.put(key, make(5))
    db.restore({ at: 'tag' })
    expect(db.get(key)).toEqual(value)
    const other = open(8 * MIB, 5, values)
    other.load(db.dump())
    expect(other.get(key)).toEqual(value)
    expect([...other.range(range)]).toEqual([...db.range(range)])
    sound(db)
    db.delete(key)
    expect(db.get(key)).toBeUndefined()
    expect(db.get(key, { at: 'tag' })).toEqual(value)
    db.clear({ gte: 'k0', lt: 'k0005' })
    sound(db)
    read.close()
    db.untag('tag')
    db.clear()
    db.prune({ before: db.version })
    sound(db)
    for (const each of [db, other]) each.close()
  })

  it('fails as a whole at whichever allocation', () => {
    const db = open(MIB)
    halved(db, () => 100)
    const before = [...db.getEntries()]
    const { space } = db._test.engine.epochs
    for (let n = 1; ; n += n < 20 ? 1 : 37) {
      space.failAfter = n
      try {
        db.put('large', text(n, 20_000))
        space.failAfter = Number.POSITIVE_INFINITY
        break
      } catch (error) {
        expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
        expect([...db.getEntries()]).toEqual(before)
        if (n % 5 === 0) sound(db)
      }
    }
    sound(db)
    db.close()
  })
})

describe('any shape of gaps', () => {
  const shape = fc.record({
    first: fc.constantFrom(
      [10, 20],
      [60, 100],
      [200, 600],
      [1000, 1001],
      [10, 3000],
      [9000, 12_000],
    ),
    keys: fc.constantFrom(0, 0, 60, 900),
    part: fc.constantFrom(0.3, 0.5, 0.8),
    versions: fc.constantFrom(0, 5, 1000),
    pinned: fc.boolean(),
    seed: fc.nat(),
  })

  it('takes values as long as there is room, and gives all of it back', () => {
    const property = fc.property(shape, ({ first, keys, part, versions, pinned, seed }) => {
      const random = new Random(seed)
      const [low, high] = first as [number, number]
      const db = open(2 * MIB, versions, 'string', pinned)
      const keyOf = (i: number) => `${name(i)}${'y'.repeat(keys)}`
      const sizes: number[] = []
      try {
        for (let i = 0; ; i++) {
          sizes[i] = low + random.int(high - low)
          db.put(keyOf(i), text(i, sizes[i] as number))
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
      }
      for (const key of [...db.keys()]) if (random.chance(part)) db.delete(key)
      if (pinned) db.tag('tag')
      const held = pinned ? [...db.getEntries()] : []
      const values = new Map<string, string>()
      for (let i = 0; i < 30; i++) {
        const key = `large ${random.int(12)}`
        const value = text(i, high + random.int(100_000))
        const { free, slack } = room(db)
        const old = values.get(key)
        try {
          db.put(key, value)
          values.set(key, value)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
          // Of the smallest blocks a third is links; history has gone by now.
          const needed = value.length * (low < 50 ? 1.6 : 1.25) + 200
          expect(Math.max(free, room(db).free)).toBeLessThan(slack + needed)
          expect(db.get(key)).toBe(old)
          if (values.delete(key)) db.delete(key)
        }
        if (i % 10 === 0) sound(db)
      }
      for (const [key, value] of values) expect(db.get(key)).toBe(value)
      if (pinned) expect([...db.getEntries({ at: 'tag' })]).toEqual(held)
      sound(db)
      db.clear({ gte: 'l' })
      sound(db)
      if (pinned) db.untag('tag')
      db.clear()
      db.prune({ before: db.version })
      sound(db)
      db.put('again', text(1, MIB))
      sound(db)
      db.close()
    })
    fc.assert(property, { seed: SEED, numRuns: scaled(5) })
  })
})
