/**
 * Indexes by place against plain code: points that coincide, of each kind of dimension, at every version, in memory, in
 * transactions and in the deep past; by `box`, `nearest`, `count`, `diff`, and by queries.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Dimension, type SpatialReads, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

/** A kind of points: how coordinates are drawn, how they read back, and where in values they are. */
interface Kind {
  name: string
  dimensions: Dimension[]
  draw: (random: Random) => (number | Date)[]
  on: string | string[]
}

const cell = (x: number) => Math.floor(x)
const small = (random: Random) => random.int(12) - 4

const KINDS: Kind[] = [
  {
    name: 'float64',
    dimensions: ['float64', 'float64'],
    draw: random => [small(random) / 2, small(random)],
    on: 'at',
  },
  {
    name: 'cells',
    dimensions: [
      { type: 'float', min: -8, max: 8, bits: 4 },
      { type: 'float', min: -8, max: 8, bits: 4 },
      'int16',
    ],
    draw: random => [small(random) / 4, small(random) / 4, random.int(3)],
    on: 'at',
  },
  {
    name: 'short codes',
    dimensions: ['uint8'],
    draw: random => [random.int(9)],
    on: 'at',
  },
  {
    name: 'dates and paths of their own',
    dimensions: ['date', 'int32', 'float32'],
    draw: random => [new Date(random.int(5) * 1000), small(random), random.int(4) / 2],
    on: ['when', 'x', 'deep.y'],
  },
]

type Value = Record<string, unknown>

function valueAt({ on }: Kind, point: (number | Date)[], n: number): Value {
  if (typeof on === 'string') return { n, at: point }
  return { n, when: point[0], x: point[1], deep: { y: point[2] } }
}

/** A point's coordinates as numbers, as they read back. */
function placed({ dimensions }: Kind, point: readonly (number | Date)[]): number[] {
  return point.map((x, d) => {
    const isCell = typeof dimensions[d] === 'object'
    return isCell ? cell(Number(x)) : Number(x)
  })
}

const inside = (at: number[], min: number[], max: number[]) =>
  at.every((x, d) => x >= min[d] && x <= max[d])

type Entries = Map<string, { point: (number | Date)[]; value: Value }>

interface Asked {
  where(query: never, options?: object): Iterable<[string, unknown]>
}

/** Asks one version all there is to ask. */
function ask(
  kind: Kind,
  index: SpatialReads<string, unknown>,
  store: Asked,
  entries: Entries,
  random: Random,
  view: object,
): void {
  const n = kind.dimensions.length
  const isDate = (d: number) => kind.dimensions[d] === 'date'
  const shown = (at: number[]) => at.map((x, d) => (isDate(d) ? new Date(x) : x))
  const all = [...entries].map(([key, { point, value }]) => {
    return { key, value, point, at: placed(kind, point) }
  })
  expect(index.count(view)).toBe(all.length)
  expect([...index.keys(view)].sort()).toEqual(all.map(({ key }) => key))
  const pairs = [...index.pairs(view)].map(([point, key]) => [key, point.map(Number)])
  expect(pairs.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1))).toEqual(
    all.map(({ key, at }) => [key, at]),
  )
  for (let i = 0; i < 4; i++) {
    const [a, b] = [kind.draw(random).map(Number), kind.draw(random).map(Number)]
    const min = a.map((x, d) => Math.min(x, b[d]))
    const max = a.map((x, d) => Math.max(x, b[d]))
    const corners = [shown(min), shown(max)] as const
    const found = [...index.box(corners[0], corners[1], view)]
    const expected = all.filter(({ at }) => inside(at, min, max))
    const byKey = found.map(([key, value, point]) => ({ key, value, at: point.map(Number) }))
    byKey.sort((x, y) => (x.key < y.key ? -1 : 1))
    expect(byKey).toEqual(expected.map(({ key, value, at }) => ({ key, value, at })))
    expect(index.count({ box: corners, ...view })).toBe(expected.length)
    const some = [...index.box(corners[0], corners[1], { limit: 3, ...view })]
    expect(some).toEqual(found.slice(0, 3))
    // Of points that coincide, in key order.
    found.forEach(([key, , point], j) => {
      const [before, , other] = found[j - 1] ?? []
      if (String(other) === String(point)) expect((before as string) < key).toBe(true)
    })
    if (kind.on === 'at') {
      const query = { at: { box: [min, max] } }
      const exact = all.filter(({ point }) => inside(point.map(Number), min, max))
      expect([...store.where(query as never, view)].map(([key]) => key)).toEqual(
        exact.map(({ key }) => key),
      )
    } else {
      const query = { x: { gte: min[1], lte: max[1] }, 'deep.y': { lte: max[2] } }
      const exact = all.filter(({ at }) => at[1] >= min[1] && at[1] <= max[1] && at[2] <= max[2])
      expect([...store.where(query as never, view)].map(([key]) => key)).toEqual(
        exact.map(({ key }) => key),
      )
    }
    const from = kind.draw(random).map(Number)
    const k = random.int(8)
    const within = random.chance(0.3) ? { within: 3 } : {}
    const near = [...index.nearest(shown(from), k, { ...within, ...view })]
    const ranked = all
      .map(({ key, value, at }) => {
        const distance = Math.sqrt(at.reduce((sum, x, d) => sum + (x - from[d]) ** 2, 0))
        return { key, value, distance, point: shown(at) }
      })
      .filter(({ distance }) => distance <= (within.within ?? Number.POSITIVE_INFINITY))
      .sort((x, y) => x.distance - y.distance || (x.key < y.key ? -1 : 1))
    expect(near).toEqual(ranked.slice(0, k))
    expect(n).toBe(from.length)
  }
}

for (const kind of KINDS) {
  describe(`points of ${kind.name}, seed ${SEED}`, () => {
    it('are found at every version, in memory and on disk', async () => {
      const random = new Random(SEED)
      const path = mkdtempSync(join(tmpdir(), 'zverse-spatial-'))
      const db = ZVerse.open<string, unknown>({
        ...{ path, sync: 'never', background: false, maxBytes: 2 ** 24 },
        history: { versions: 6, disk: {} },
      })
      try {
        const definition = { kind: 'spatial' as const, on: kind.on, dimensions: kind.dimensions }
        const index = db.index('place', definition)
        const entries: Entries = new Map()
        const past: { version: number; entries: Entries }[] = []
        const change = (store: {
          put(key: string, value: unknown): unknown
          delete(key: string): unknown
        }) => {
          const key = `key ${random.int(60)}`
          if (random.chance(0.2)) {
            store.delete(key)
            entries.delete(key)
            return
          }
          const point = kind.draw(random)
          const value = valueAt(kind, point, random.int(1000))
          store.put(key, value)
          entries.set(key, { point, value })
        }
        const sorted = () => new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
        for (let i = 0; i < 60; i++) {
          if (i === 30) await db.compact()
          db.transact(tx => {
            for (let n = random.int(12); n >= 0; n--) change(tx)
            if (i % 7 === 0) ask(kind, tx.index(index), tx as never, sorted(), random, {})
          })
          past.push({ version: db.version, entries: sorted() })
        }
        await db.compact()
        for (const moment of past) {
          ask(kind, index, db as never, moment.entries, random, { at: moment.version })
          const read = db.beginRead({ at: moment.version })
          ask(kind, read.index(index), read as never, moment.entries, random, {})
          read.close()
        }
        for (let i = 0; i < 10; i++) {
          const [a, b] = [random.pick(past), random.pick(past)]
          const [before, after] = [a, b].map(moment => {
            const all = [...moment.entries]
            return all.map(([key, { point }]) => `${key} ${placed(kind, point)}`)
          })
          const differing = [...index.diff(a.version, b.version)].map(({ key, primary, type }) => {
            return `${type} ${primary} ${key.map(Number)}`
          })
          const gone = before.filter(text => !after.includes(text)).map(text => `out ${text}`)
          const come = after.filter(text => !before.includes(text)).map(text => `in ${text}`)
          expect(differing.sort()).toEqual([...gone, ...come].sort())
        }
        expect(db.check().problems).toEqual([])
      } finally {
        db.close()
        rmSync(path, { recursive: true })
      }
    })
  })
}

describe('an index by place', () => {
  const dimensions = ['float64', 'float64'] as const

  it('is refused where its definition is none', () => {
    const db = ZVerse.open({ maxBytes: 2 ** 22 })
    for (const definition of [
      { on: 'at' },
      { on: 'at', dimensions: [] },
      { on: 'at', dimensions: ['float'] },
      { on: ['x', 'y', 'z'], dimensions },
      { on: 'at', dimensions, multi: true },
      { on: 'at', dimensions, missing: 'null' },
    ]) {
      expectCode(() => db.index('p', { kind: 'spatial', ...definition } as never), 'INVALID_OPTION')
    }
    expectCode(() => db.index('p', { kind: 'sphere', on: 'at' } as never), 'INVALID_OPTION')
    db.index('p', { kind: 'spatial', on: 'at', dimensions })
    const { version } = db
    expect(db.index('p', { kind: 'spatial', on: 'at', dimensions }).definition).toEqual({
      ...{ kind: 'spatial', on: 'at', dimensions: [...dimensions] },
    })
    expect(db.version).toBe(version)
    expectCode(() => db.index('p', { on: 'at' }), 'INVALID_OPTION')
    db.close()
  })

  it('refuses values that are no points, or leaves them out', () => {
    const db = ZVerse.open<string, unknown>({ maxBytes: 2 ** 22 })
    db.index('p', { kind: 'spatial', on: 'at', dimensions, missing: 'error' })
    const lenient = db.index('q', { kind: 'spatial', on: 'at', dimensions, invalid: 'skip' })
    for (const at of [5, [1], [1, 2, 3], [1, 'x'], [1, null], [Number.NaN, 1], { x: 1, y: 2 }]) {
      expect(() => db.put('a', { at })).toThrow(
        expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE', index: 'p' }),
      )
    }
    expectCode(() => db.put('a', {}), 'INVALID_VALUE')
    db.put('a', { at: [1, 2] })
    db.dropIndex('p')
    db.put('b', { at: 'elsewhere' })
    db.put('c', {})
    expect([...lenient.box([null, null], [null, null])]).toEqual([['a', { at: [1, 2] }, [1, 2]]])
    // It lacks some: queries do without it.
    expect(
      db.explain({
        at: {
          box: [
            [0, 0],
            [3, 3],
          ],
        },
      }).plan,
    ).toBe('scan')
    expect(db.check().problems).toEqual([])
    db.close()
  })

  it('may be unique, and tells what comes into a box', async () => {
    const db = ZVerse.open<string, unknown>({ maxBytes: 2 ** 22 })
    const index = db.index('p', { kind: 'spatial', on: 'at', dimensions, unique: true })
    const since = db.put('a', { at: [1, 2] })
    expect(() => db.put('b', { at: [1, 2] })).toThrow(
      expect.objectContaining({ code: 'ZVERSE_NOT_UNIQUE', index: 'p', key: [1, 2], holder: 'a' }),
    )
    const commits = index.changes({
      since,
      box: [
        [5, 5],
        [9, 9],
      ],
    })
    db.put('b', { at: [1, 3] })
    db.put('a', { at: [6, 6] })
    db.put('a', { at: [0, 0] })
    expect((await commits.next()).value?.changes).toEqual([
      { key: [6, 6], primary: 'a', type: 'in' },
    ])
    expect((await commits.next()).value?.changes).toEqual([
      { key: [6, 6], primary: 'a', type: 'out' },
    ])
    await commits.return()
    db.close()
  })

  it('has any number of points at one place', () => {
    const random = new Random(SEED)
    const db = ZVerse.open<string, unknown>({ maxBytes: 2 ** 25 })
    const kinds: Dimension[][] = [['uint8'], ['float64', 'float64'], ['uint16', 'uint8', 'int8']]
    const all: { key: string; at: number[] }[] = []
    const indexes = kinds.map((dimensions, i) => {
      return db.index(`p${i}`, { kind: 'spatial', on: `at.${i}`, dimensions })
    })
    db.transact(tx => {
      for (let n = 0; n < 4000; n++) {
        const at = Array.from({ length: 3 }, () => (random.chance(0.8) ? 1 : random.int(3)))
        const key = `key ${String(random.int(1e6)).padStart(6, '0')}`
        if (all.some(one => one.key === key)) continue
        tx.put(key, { at: kinds.map(({ length }) => at.slice(0, length)) })
        all.push({ key, at })
      }
    })
    all.sort((a, b) => (a.key < b.key ? -1 : 1))
    kinds.forEach(({ length }, i) => {
      for (let n = 0; n < 20; n++) {
        const min = Array.from({ length }, () => random.int(3))
        const max = min.map(x => x + random.int(2))
        const within = all.filter(({ at }) => inside(at.slice(0, length), min, max))
        const keys = within.map(({ key }) => key)
        expect([...indexes[i].box(min, max)].map(([key]) => key).sort()).toEqual(keys)
        expect(indexes[i].count({ box: [min, max] })).toBe(keys.length)
        const near = [...indexes[i].nearest(min, keys.length + 2)].map(({ key }) => key)
        const away = (at: number[]) =>
          Math.sqrt(min.reduce((sum, x, d) => sum + (x - at[d]) ** 2, 0))
        const ranked = all
          .map(({ key, at }) => ({ key, distance: away(at) }))
          .sort((a, b) => a.distance - b.distance || (a.key < b.key ? -1 : 1))
        expect(near).toEqual(ranked.slice(0, keys.length + 2).map(({ key }) => key))
      }
    })
    expect(db.check().problems).toEqual([])
    db.close()
  })

  it('goes with dumps, and its order is asked of nobody', () => {
    const db = ZVerse.open<string, unknown>({ maxBytes: 2 ** 22 })
    const store = db.store<string, unknown>('s', { values: 'json' })
    store.index('p', { kind: 'spatial', on: 'at', dimensions })
    store.put('a', { at: [1, 2] })
    const copy = ZVerse.open<string, unknown>({ maxBytes: 2 ** 22 })
    copy.load(db.dump({ history: true }))
    const there = copy.store<string, unknown>('s', { values: 'json' })
    expect([...there.index<'spatial'>('p').nearest([0, 0], 1)]).toEqual([
      { key: 'a', value: { at: [1, 2] }, distance: Math.sqrt(5), point: [1, 2] },
    ])
    expectCode(() => there.where({}, { order: 'p' }), 'INVALID_OPTION')
    expect(copy.check().problems).toEqual([])
    db.close()
    copy.close()
  })
})
