/**
 * Which keys are read most: estimates against true counts of seeded streams.
 */
import { describe, expect, it } from 'vitest'
import { zorder } from '../../lib/index.js'
import { attachWith, type ZVerse } from '../../lib/zverse.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { counts, type HotDb, hotStore, openHot, SEED } from './support.js'

/** Draws 0 … n-1, the i-th with a weight of 1 / (i + 1)^s. */
function zipf(n: number, s: number, random: Random): () => number {
  const sums = new Float64Array(n)
  let sum = 0
  for (let i = 0; i < n; i++) sums[i] = sum += 1 / (i + 1) ** s
  return () => {
    const at = ((random.next() + 0.5) / 2 ** 32) * sum
    let [low, high] = [0, n - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle] < at) low = middle + 1
      else high = middle
    }
    return low
  }
}

const names = (found: { key: unknown }[]) => found.map(({ key }) => key)

describe(`hotKeys, ZVERSE_SEED=${SEED}`, () => {
  it('counts few reads exactly, by every verb', () => {
    const db = openHot()
    db.put('a', 1)
    expect(db.hotKeys(5)).toEqual([])
    for (let i = 0; i < 5; i++) db.get('a')
    for (let i = 0; i < 3; i++) db.has('absent')
    db.getMany(['b', 'b'])
    db.getEntry('c')
    expect(db.hotKeys(10)).toEqual([
      { key: 'a', frequency: 5 },
      { key: 'absent', frequency: 3 },
      { key: 'b', frequency: 2 },
      { key: 'c', frequency: 1 },
    ])
    expect(names(db.hotKeys(2))).toEqual(['a', 'absent'])
    expect(db.hotKeys(0)).toEqual([])
    const tx = db.beginRead()
    for (let i = 0; i < 5; i++) tx.get('c')
    expect(db.hotKeys(1)).toEqual([{ key: 'c', frequency: 6 }])
    tx.close()
    ;[...db.range()].length
    db.put('zzz', 1)
    expect(db.hotKeys(99)).toHaveLength(4)
  })

  it('finds the top ten of a stream, in order, with their counts', () => {
    const random = new Random(SEED)
    const db = openHot({}, {})
    const n = 20_000
    db.batch(Array.from({ length: 1000 }, (_, i) => ({ type: 'put', key: `key ${i}`, value: i })))
    const draw = zipf(n, 1.1, random)
    const truth = new Map<string, number>()
    const reads = 250_000
    for (let i = 0; i < reads; i++) {
      const key = `key ${draw()}`
      truth.set(key, (truth.get(key) ?? 0) + 1)
      db.get(key)
    }
    const found = db.hotKeys(10)
    const sorted = [...truth].sort((a, b) => b[1] - a[1])
    const real = sorted.map(([key]) => key)
    expect(names(found).slice(0, 3)).toEqual(real.slice(0, 3))
    expect(real.slice(0, 10).filter(key => names(found).includes(key)).length).toBeGreaterThan(8)
    for (const { key, frequency } of found) {
      const count = truth.get(key as string) ?? 0
      // Sampled one in 16, mostly: within some standard deviations.
      expect(Math.abs(frequency - count), `${key}`).toBeLessThan(6 * Math.sqrt(16 * count) + 200)
    }
    for (let i = 1; i < found.length; i++) {
      expect(found[i - 1].frequency).toBeGreaterThanOrEqual(found[i].frequency)
    }
    const many = db.hotKeys(1000)
    expect(many.length).toBe(128)
    expect(new Set(names(many)).size).toBe(128)
    expect(real.slice(0, 40).filter(key => names(many).includes(key)).length).toBeGreaterThan(36)
    const stats = counts(db)
    expect(Math.abs(stats.recentReads - reads)).toBeLessThan(reads * 0.05)
    expect(stats.hotShare + stats.warmShare + stats.coldShare).toBeCloseTo(1)
    const truly = (least: number) => sorted.filter(([, count]) => count >= reads * least)
    const share = (of: [string, number][]) => of.reduce((sum, [, count]) => sum + count, 0) / reads
    expect(Math.abs(stats.hotShare - share(truly(1 / 1000)))).toBeLessThan(0.08)
    expect(Math.abs(stats.hotKeys - truly(1 / 1000).length)).toBeLessThan(30)
    expect(stats.hotKeys + stats.warmKeys).toBeLessThanOrEqual(128)
  })

  it('forgets: a new hot set displaces the old one', () => {
    const db = openHot()
    const read = (from: number, reads: number) => {
      for (let i = 0; i < reads; i++) db.get(`key ${from + (i % 10)}`)
    }
    read(0, 400_000)
    expect(new Set(names(db.hotKeys(10)))).toEqual(
      new Set(Array.from({ length: 10 }, (_, i) => `key ${i}`)),
    )
    // As many reads again as are remembered at all.
    read(100, 1_300_000)
    const now = db.hotKeys(20)
    expect(new Set(names(now.slice(0, 10)))).toEqual(
      new Set(Array.from({ length: 10 }, (_, i) => `key ${100 + i}`)),
    )
    expect(now[9].frequency).toBeGreaterThan(2 * (now[10]?.frequency ?? 0))
    expect(counts(db).recentReads).toBeLessThanOrEqual(2 ** 20)
    // A key that is read steadily gets its place, however many others are read once.
    for (let i = 0; i < 200_000; i++) db.get(i % 2 === 0 ? `key ${100 + (i % 20)}` : `once ${i}`)
    expect(names(db.hotKeys(10)).every(key => (key as string).startsWith('key'))).toBe(true)
  })

  it('does not lose itself in the rhythm of a loop', () => {
    const db = openHot()
    for (let i = 0; i < 160_000; i++) db.get(`key ${i % 16}`)
    const found = db.hotKeys(16)
    expect(found).toHaveLength(16)
    for (const { frequency } of found) {
      expect(frequency).toBeGreaterThan(5000)
      expect(frequency).toBeLessThan(16_000)
    }
  })

  it('is of one store, and one thread', () => {
    const db = openHot()
    const side = hotStore(db, 'side', { keys: 'tuple' })
    const other = attachWith((db as unknown as ZVerse).share(), undefined, {
      now: Date.now,
    }) as unknown as HotDb
    for (let i = 0; i < 9; i++) db.get('a')
    for (let i = 0; i < 5; i++) side.get(['a', 1, null])
    side.get('a')
    other.get('b')
    const twin = hotStore(db, 'twin')
    twin.get('a')
    expect(db.hotKeys(5)).toEqual([{ key: 'a', frequency: 9 }])
    expect(side.hotKeys(5)).toEqual([
      { key: ['a', 1, null], frequency: 5 },
      { key: 'a', frequency: 1 },
    ])
    expect(twin.hotKeys(5)).toEqual([{ key: 'a', frequency: 1 }])
    expect(other.hotKeys(5)).toEqual([{ key: 'b', frequency: 1 }])
    other.close()
  })

  it('gives keys of every kind back', () => {
    const dimensions = [
      'float64',
      { type: 'float', min: 0, max: 9, bits: 7 },
      'date',
      'uint8',
    ] as const
    const kinds: [unknown, unknown[]][] = [
      ['string', ['', '\0', 'é', 'x'.repeat(4096), '\u{10ffff}']],
      ['binary', [Uint8Array.of(), Uint8Array.of(0), new Uint8Array(4096).fill(255)]],
      ['tuple', [null, [], [1.5, [true, Uint8Array.of(7)]], 'a']],
      [
        zorder(dimensions),
        [
          [-1.5, 0, new Date(77), 255],
          [0, 0, new Date(-5), 0],
        ],
      ],
    ]
    for (const [keys, samples] of kinds) {
      const db = openHot({ keys })
      for (const [i, key] of samples.entries()) for (let n = 0; n <= i; n++) db.get(key)
      expect(names(db.hotKeys(9))).toEqual([...samples].reverse())
    }
  })

  it('refuses what is no number of keys', () => {
    const db = openHot()
    for (const n of [-1, 1.5, Number.NaN, '1', null, undefined, {}, 2n, Infinity]) {
      const error = expectCode(() => db.hotKeys(n as number), 'INVALID_OPTION')
      expect(error.message).toContain('n')
    }
    db.close()
    expectCode(() => db.hotKeys(1), 'CLOSED')
  })

  it('says nothing where nothing was read', () => {
    const db = openHot()
    const { hotShare, warmShare, coldShare, recentReads, hotKeys } = counts(db)
    expect([hotShare, warmShare, coldShare, recentReads, hotKeys]).toEqual([0, 0, 0, 0, 0])
  })
})
