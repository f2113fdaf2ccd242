/**
 * The reserve: a full database can delete and clear, however many gaps it has, and deletions make
 * room again: a put is refused only if the present data would not fit.
 *
 * `ZVERSE_RUNS` scales the runs (3000 is once), `ZVERSE_SEED` seeds them.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ZVerse, zorder } from '../../lib/index.js'
import {
  H_PAGES,
  R_PREV,
  R_STATE,
  S_REST,
  SR_GRAVE,
  SR_GRAVE_OLD,
} from '../../lib/memory/layout.js'
import { leastPages, Reserve, reservePages } from '../../lib/versions/reserve.js'
import { openWith } from '../../lib/zverse.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const MIB = 2 ** 20
const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))

type Key = string | number[]
type Db = ZVerse<Key, string>

function open(maxBytes: number, points: boolean, versions: number, poison = false): Db {
  const keys = points ? zorder(['float64', 'float64']) : ('string' as const)
  const options = { maxBytes, keys, values: 'string' as const, history: { versions } }
  return openWith(options as never, { now: Date.now, poison }) as unknown as Db
}

function sound(db: Db): void {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}

/** Puts until nothing fits; returns the bytes put. */
function fill(db: Db, keyOf: () => Key, sizeOf: () => number): number {
  let bytes = 0
  for (;;) {
    const size = sizeOf()
    try {
      db.put(keyOf(), 'x'.repeat(size))
    } catch (error) {
      expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
      return bytes
    }
    bytes += size
  }
}

/** Bytes of all values. */
function bytesIn(db: Db): number {
  let bytes = 0
  for (const value of db.values()) bytes += value.length
  return bytes
}

const real = (random: Random) => random.next() / 2 ** 32

/** Clears stripes that cover half of all points. */
function clearStripes(db: Db, from: number): void {
  for (let i = 0; i < 50; i++) {
    const corners = [
      [from + i / 100, 0],
      [from + (i + 1) / 100, 1],
    ]
    db.clear({ box: corners } as never)
  }
}

describe('a full database half of which is deleted', () => {
  it('by fifty boxes takes as many points again, time after time', () => {
    const db = open(4 * MIB, true, 5)
    const random = new Random(7)
    const keyOf = () => [real(random), real(random)]
    fill(db, keyOf, () => 50)
    const { size } = db
    for (let round = 0; round < 6; round++) {
      clearStripes(db, (round % 2) / 2)
      expect(db.size).toBeLessThan(size * 0.6)
      db.put(keyOf(), 'x'.repeat(50))
      fill(db, keyOf, () => 50)
      expect(db.size).toBeGreaterThan(size * 0.97)
      sound(db)
    }
    db.close()
  })

  const shape = fc.record({
    mebibytes: fc.constantFrom(1, 2),
    points: fc.boolean(),
    pieces: fc.boolean(),
    versions: fc.constantFrom(0, 5, 1000),
    values: fc.constantFrom([10, 20], [50, 51], [10, 100], [200, 600], [10, 3000]),
    seed: fc.nat(),
  })

  it('of any shape can be emptied and filled again', () => {
    const property = fc.property(shape, ({ mebibytes, points, pieces, versions, values, seed }) => {
      const random = new Random(seed)
      const db = open(mebibytes * MIB, points, versions, mebibytes === 1)
      const keyOf = () =>
        points ? [real(random), real(random)] : `key ${String(random.int(1e8)).padStart(8, '0')}`
      const sizeOf = () =>
        (values[0] as number) + random.int((values[1] as number) - (values[0] as number))
      const most = fill(db, keyOf, sizeOf)
      for (let round = 0; round < 4; round++) {
        if (!pieces) {
          for (const key of [...db.keys()]) if (random.chance(0.5)) db.delete(key)
        } else if (points) {
          clearStripes(db, real(random) / 2)
        } else {
          for (let i = 0; i < 50; i++) {
            const from = `key ${String(random.int(99)).padStart(2, '0')}`
            db.clear({ gte: from, lt: `${from}~` } as never)
          }
        }
        sound(db)
        if (mebibytes > 1) db.put(keyOf(), 'x'.repeat(values[0] as number))
        fill(db, keyOf, sizeOf)
        if (mebibytes > 1) expect(bytesIn(db)).toBeGreaterThan(most * LEAST_AGAIN)
        sound(db)
      }
      for (const key of [...db.keys()]) db.delete(key)
      expect(db.size).toBe(0)
      sound(db)
      fill(db, keyOf, sizeOf)
      expect(bytesIn(db)).toBeGreaterThan(most * LEAST_AGAIN)
      db.close()
    })
    fc.assert(property, { seed: SEED, numRuns: scaled(3) })
  })
})

/**
 * The least part of the first filling that fits again: sizes wander from slab to slab. In the smallest database of all
 * (256 pages, of which 16 are reserved) the gaps of deletions may keep half and more, until all is deleted.
 */
const LEAST_AGAIN = 0.8

describe('the least reserve', () => {
  it('is no more than the reserved pages', () => {
    for (let pages = 200; pages <= 2 ** 22; pages = Math.ceil(pages * 1.3)) {
      expect(leastPages(pages)).toBeLessThanOrEqual(reservePages(pages))
    }
    expect([2 ** 8, 2 ** 10, 2 ** 18, 2 ** 22].map(leastPages)).toEqual([10, 11, 13, 14])
  })

  it.each([
    ['points', true, 0],
    ['points with a past', true, 5],
    ['strings', false, 0],
    ['strings with a past', false, 1000],
  ])('is enough to delete %s and to clear, where nothing else is free', (_, points, versions) => {
    const db = open(4 * MIB, points, versions, true)
    const random = new Random(3)
    const keyOf = () => (points ? [real(random), real(random)] : `key ${random.next()}`)
    fill(db, keyOf, () => 10 + random.int(90))
    const { allocator, arena } = db._test.engine.epochs
    const reserve = new Reserve(arena.words, allocator, arena.words[H_PAGES] as number)
    while (reserve.pages > reserve.least) reserve.give()
    const ballast: number[] = []
    for (let words = 2048; words >= 2; words -= 2) {
      for (let ref = allocator.allocate(words); ref !== 0; ref = allocator.allocate(words)) {
        ballast.push(ref)
      }
    }
    expect(allocator.freeWords).toBe(0)
    const keys = [...db.keys()]
    for (let i = 0; i < 300; i++) db.delete(keys.splice(random.int(keys.length), 1)[0])
    expect(db.size).toBe(keys.length)
    db.clear()
    expect(db.size).toBe(0)
    for (const ref of ballast) allocator.free(ref)
    // Each commit frees a part of what was cleared.
    for (let i = 0; i < 100 && reserve.pages < reserve.most; i++) db.put(keyOf(), 'again')
    expect(reserve.pages).toBe(reserve.most)
    sound(db)
    db.close()
  })
})

describe('the reserve', () => {
  it('keeps to small gaps, out of the way of what is large', () => {
    const db = open(4 * MIB, false, 0)
    const random = new Random(5)
    const { allocator, arena } = db._test.engine.epochs
    const reserve = new Reserve(arena.words, allocator, arena.words[H_PAGES] as number)
    const large = 'x'.repeat(40 * 4096)
    fill(
      db,
      () => `key ${random.next()}`,
      () => 3 * 4096,
    )
    for (const key of [...db.keys()]) if (random.chance(0.5)) db.delete(key)
    for (const key of db.keys()) db.delete(key)
    db.put('large', large)
    expect(reserve.pages).toBe(reserve.most)
    sound(db)
    db.close()
  })

  it('is whole again after each transaction that it served, if anything was freed', () => {
    const db = open(1 * MIB, false, 0)
    const random = new Random(9)
    fill(
      db,
      () => `key ${random.next()}`,
      () => 3000,
    )
    const { allocator, arena } = db._test.engine.epochs
    const reserve = new Reserve(arena.words, allocator, arena.words[H_PAGES] as number)
    for (const key of [...db.keys()]) {
      db.delete(key)
      expect(reserve.pages).toBe(reserve.most)
    }
    sound(db)
    db.close()
  })

  it('gets what lies in a graveyard that nobody can ask for, once no reader is in the middle of it', () => {
    const options = { maxBytes: MIB, values: 'string' as const, history: { versions: 2 } }
    const db = openWith(options, { now: Date.now, poison: true, slots: 'always' }) as unknown as Db
    for (let i = 0; i < 400; i++) db.put(`key ${i}`, 'x')
    for (let i = 0; i < 200; i++) db.delete(`key ${i}`)
    const { W, epochs } = db._test.engine
    const { past, slots, versions } = epochs
    // The present version is all there is.
    db.prune({ before: versions.newest })
    const rest = W[versions.current + R_STATE + S_REST] as number
    const root = W[rest + SR_GRAVE] || W[rest + SR_GRAVE_OLD]
    const words = W.slice(root, root + 16)
    expect(W[versions.current + R_PREV]).toBe(0)
    slots.enter()
    epochs.turn.exclusively(() => {
      while (past.reserve.give());
      const { allocator } = epochs
      const ballast: number[] = []
      for (let size = 2048; size >= 2; size -= 2) {
        for (let ref = allocator.allocate(size); ref !== 0; ref = allocator.allocate(size)) {
          ballast.push(ref)
        }
      }
      expect(past.provide()).toBe(false)
      expect(W[rest + SR_GRAVE]).toBe(0)
      expect(W[rest + SR_GRAVE_OLD]).toBe(0)
      // Poison would be in it.
      expect(W.slice(root, root + 16)).toEqual(words)
      slots.exit()
      past.reclaim(Number.POSITIVE_INFINITY, true)
      expect(W.slice(root, root + 16)).not.toEqual(words)
      for (const ref of ballast) allocator.free(ref)
      past.refill()
    })
    sound(db)
    db.close()
  })
})
