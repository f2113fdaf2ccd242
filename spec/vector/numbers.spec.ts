/** Numbers that are tiny, huge or all the same, and sizes at the bounds: found as plain code finds them. */
import { describe, expect, it } from 'vitest'
import { type VectorDefinition, type VectorIndex, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { outcomeOf } from '../support/outcome.js'
import { Random } from '../support/random.js'
import { type Form, type Metric, nearest, vectorIn } from './plain-vectors.js'
import { unit } from './random-vectors.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

interface Value {
  v?: unknown
  pad?: unknown
}

interface Growing {
  grow(pages: number): number
}

const METRICS: Metric[] = ['cosine', 'dot', 'euclid']
const key = (i: number) => `k${String(i).padStart(5, '0')}`

const DISTANCES = { k: Number.POSITIVE_INFINITY }

function formed(definition: Partial<VectorDefinition>, dims: number): Form {
  return { dims, metric: 'cosine', element: 'float32', ...(definition as Partial<Form>) }
}

function filled(vectors: unknown[], definition: Partial<VectorDefinition>, options: object = {}) {
  const db = ZVerse.open<string, Value>({ maxBytes: 2 ** 26, ...options } as never)
  const dims = (vectors[0] as ArrayLike<number>).length
  const all = { kind: 'vector' as const, on: 'v', dims, ...definition }
  const index = db.index('v', all) as VectorIndex<string, Value>
  db.batch(vectors.map((v, i) => ({ type: 'put', key: key(i), value: { v } })))
  const form = formed(definition, dims)
  const plain = new Map<string, Float32Array>()
  for (const [i, v] of vectors.entries()) {
    const vector = vectorIn(v, form)
    if (vector !== null) plain.set(key(i), vector)
  }
  return { db, index, form, plain }
}

type Filled = ReturnType<typeof filled>

/** Exact answers are those of plain code, however many are asked for, and up to any distance. */
function compare({ index, form, plain }: Filled, query: number[]): void {
  const q = vectorIn(query, form) as Float32Array
  const all = nearest(plain, q, form, DISTANCES)
  const shown = (found: { key: string; distance: number }[]) => {
    return found.map(({ key: at, distance }) => `${at} ${distance}`)
  }
  for (const k of [1, 2, 5, all.length - 1, all.length, Number.POSITIVE_INFINITY]) {
    const found = index.nearest(query, k, { exact: true }).toArray()
    expect(shown(found)).toEqual(shown(all.slice(0, k)))
    expect(index.nearest(query, k).toArray().length).toBe(Math.min(k, all.length))
  }
  for (const { distance } of [all[0], all[1], all[all.length >> 1], all.at(-1)] as typeof all) {
    const found = index.nearest(query, all.length, { exact: true, within: distance }).toArray()
    expect(shown(found)).toEqual(shown(all.filter(one => one.distance <= distance)))
  }
}

function sound(db: ZVerse<string, Value>): void {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  db.close()
}

describe(`numbers, seed ${SEED}`, () => {
  const DRAWS: Record<string, (random: Random) => number> = {
    'of about 1': random => unit(random),
    zero: () => 0,
    'zero or one': random => random.int(2),
    'about 1e-12': random => unit(random) * 1e-12,
    'about 1e-24': random => unit(random) * 1e-24,
    'tiny, 1e-40': random => unit(random) * 1e-40,
    'the least there are': random => random.int(5) * 2 ** -149,
    'huge, 1e18': random => unit(random) * 1e18,
    'of any size': random => unit(random) * 10 ** (random.int(60) - 42),
    'close to each other': random => 7 + unit(random) * 1e-5,
    'negative, and whole': random => -1 - random.int(40),
  }
  const draws = Object.entries(DRAWS)
  it.each(draws)('%s are compared as they are', (_, draw) => {
    const random = new Random(SEED)
    for (const dims of [1, 2, 9, 33]) {
      const vectors = Array.from({ length: 70 }, () =>
        Array.from({ length: dims }, () => draw(random)),
      )
      vectors.push(...vectors.slice(0, 20))
      for (const metric of METRICS) {
        const all = filled(vectors, { metric, invalid: 'skip' })
        expect(all.index.count()).toBe(all.plain.size)
        for (const [, other] of draws) {
          const query = Array.from({ length: dims }, () => other(random))
          if (all.plain.size < 2) continue
          if (vectorIn(query, all.form) !== null) compare(all, query)
          else expectCode(() => all.index.nearest(query, 1), 'INVALID_VALUE', { index: 'v' })
        }
        sound(all.db)
      }
    }
  })

  it('that 32 bits lose in scales and squares do not hide what is nearest', () => {
    const tiny = (i: number) => (i % 2 === 0 ? [1e-24, 1e-24] : [1.2e-24, 0])
    const wide = (i: number) => {
      const first = new Array<number>(100).fill(1e-24 * (1 + i / 1000))
      return i % 2 === 0 ? first : [1e-23, ...new Array<number>(99).fill(0)]
    }
    const some = (draw: (i: number) => number[]) => Array.from({ length: 60 }, (_, i) => draw(i))
    const cases: [Metric, number[][], number[]][] = [
      ['dot', some(i => [1e-44 * (i % 9), 0]), [1e18, 0]],
      ['dot', some(i => [1e-40 * (i % 9), 1e-42]), [1e10, 1e10]],
      ['dot', some(tiny), [127, 0.49]],
      ['dot', some(wide), [127, ...new Array<number>(99).fill(0.49)]],
      ['euclid', some(() => [0, 0, 0]), [0.1, 0.7, 0.3]],
      ['euclid', some(i => [1e-9 * (i % 7), 0, 0]), [0.1, 0.7, 0.3]],
      ['euclid', some(i => [1e-30 * (i % 7), 0, 0]), [1e12, 3, 1]],
      ['cosine', some(i => [1e-45, 1e-44 * (1 + (i % 9))]), [1e-44, 3e-44]],
    ]
    for (const [metric, vectors, query] of cases) {
      const all = filled(vectors, { metric })
      compare(all, query)
      for (let n = 1; n < 12; n++)
        compare(
          all,
          query.map(x => x * (1 + n / 7)),
        )
      sound(all.db)
    }
  })

  it('of codes only are told as far as their codes are, to the last', () => {
    const random = new Random(SEED)
    const onSphere = () => {
      const v = Array.from({ length: 8 }, () => unit(random))
      const size = Math.hypot(...v)
      return v.map(x => x / size)
    }
    for (const metric of METRICS) {
      const vectors = Array.from({ length: 400 }, onSphere)
      const { db, index } = filled(vectors, { metric, element: 'int8' })
      const queries = [onSphere(), onSphere(), vectors[7] as number[], new Array(8).fill(1e-3)]
      if (metric !== 'cosine') queries.push(new Array(8).fill(0))
      for (const query of queries) {
        const all = index.nearest(query, Number.POSITIVE_INFINITY).toArray()
        expect(all.length).toBe(400)
        const distances = all.map(({ distance }) => distance)
        expect(distances).toEqual([...distances].sort((a, b) => a - b))
        for (const k of [1, 5, 50, 399]) {
          expect(index.nearest(query, k, { exact: true }).toArray()).toEqual(all.slice(0, k))
        }
        const within = distances[30] as number
        const near = all.filter(({ distance }) => distance <= within)
        expect(index.nearest(query, 400, { within }).toArray()).toEqual(near)
      }
      sound(db)
    }
  })
})

describe('sizes', () => {
  it('one dimension, and as many as there may be; values of any length', () => {
    const random = new Random(SEED)
    for (const metric of METRICS) {
      const line = filled(
        Array.from({ length: 300 }, () => [random.int(50) - 25]),
        { metric, invalid: 'skip' },
      )
      compare(line, [3])
      compare(line, [-1])
      sound(line.db)
    }
    for (const element of ['float32', 'int8'] as const) {
      const vectors = Array.from({ length: 150 }, () => {
        return Float32Array.from({ length: 16_384 }, () => unit(random))
      })
      const { db, index, form, plain } = filled(vectors, { element, metric: 'euclid' })
      const query = vectors[5] as Float32Array
      const [own, next] = index.nearest(query, 2, { exact: true })
      const [, expected] = nearest(plain, query, form, { k: 2 })
      expect([own?.key, next?.key]).toEqual([key(5), expected?.key])
      expect(next?.distance).toBeCloseTo(expected?.distance as number, 1)
      for (let i = 0; i < 130; i++) db.delete(key(i))
      expect(index.nearest({ key: key(140) }, 50).toArray().length).toBe(20)
      sound(db)
    }
  })

  it('keys that have no room in the index beside what goes with them', () => {
    const longest = 'x'.repeat(16_380)
    const fits = 'y'.repeat(16_376)
    const db = ZVerse.open<string, Value>({ maxBytes: 2 ** 24 })
    const strict = db.index('strict', { kind: 'vector', on: 'v', dims: 2 })
    const { version } = db
    const put = () => db.put(longest, { v: [1, 2] })
    expectCode(put, 'INVALID_VALUE', { index: 'strict' })
    expect(db.version).toBe(version)
    db.put(longest, {})
    db.put(fits, { v: [1, 2] })
    expect(strict.nearest({ key: fits }, 9).toArray().length).toBe(1)
    db.dropIndex('strict')
    const lax = db.index('lax', { kind: 'vector', on: 'v', dims: 2, invalid: 'skip' })
    put()
    db.put('z', { v: [3, 1], pad: 1 })
    expect(lax.count()).toBe(2)
    expectCode(() => lax.nearest({ key: longest }, 1), 'INVALID_OPTION')
    for (const where of [{}, { v: { absent: false } }, { match: () => true }]) {
      const found = lax.nearest([1, 2], 9, { where }).toArray()
      expect(found.map(({ key: at }) => at)).toEqual([fits, 'z'])
    }
    db.delete(longest)
    db.put(fits, {})
    expect(lax.count()).toBe(1)
    sound(db)
  })

  it('values in pieces, in a database that is full of holes', () => {
    const db = ZVerse.open<string, Value>({ maxBytes: 2 ** 22, history: { versions: 0 } })
    const index = db.index('v', { kind: 'vector', on: 'v', dims: 300, metric: 'dot' })
    const random = new Random(SEED)
    const vector = () => Float32Array.from({ length: 300 }, () => unit(random))
    const plain = new Map<string, Float32Array>()
    const put = (i: number) => {
      const v = vector()
      db.put(key(i), { v, pad: 'p'.repeat(random.int(9000)) })
      plain.set(key(i), v)
    }
    for (let round = 0; round < 4; round++) {
      let count = 0
      expectCode(() => {
        for (;;) put(count++)
      }, 'FULL')
      expect(index.count()).toBe(plain.size)
      for (const at of [...plain.keys()].filter(() => random.chance(0.4))) {
        if ('code' in outcomeOf(() => db.delete(at))) continue
        plain.delete(at)
      }
      const q = vector()
      const form = formed({ metric: 'dot' }, 300)
      const found = index.nearest(q, 20, { exact: true }).toArray()
      expect(found.map(({ key: at, distance }) => ({ key: at, distance }))).toEqual(
        nearest(plain, q, form, { k: 20 }),
      )
      expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    }
    db.close()
  })

  it('a full database deletes as ever', () => {
    const db = ZVerse.open<string, Value>({ maxBytes: 2 ** 22, history: { versions: 0 } })
    const index = db.index('v', { kind: 'vector', on: 'v', dims: 300, metric: 'dot' })
    const random = new Random(7)
    const fill = () => {
      for (let i = 0; ; i++) {
        db.put(key(i), { v: Float32Array.from({ length: 300 }, () => unit(random)) })
      }
    }
    try {
      expectCode(fill, 'FULL')
      db.clear({ gte: key(500) })
      expectCode(fill, 'FULL')
      for (const at of db.keys()) db.delete(at)
      expect(index.count()).toBe(0)
    } finally {
      db.close()
    }
  })

  it('the same vector thousands of times, in commits of any size', () => {
    for (const element of ['float32', 'int8'] as const) {
      const random = new Random(SEED)
      const db = ZVerse.open<string, Value>({ maxBytes: 2 ** 26, history: { versions: 0 } })
      const metric = element === 'int8' ? 'cosine' : 'euclid'
      const index = db.index('v', { kind: 'vector', on: 'v', dims: 5, metric, element })
      const vectors = [
        [1, 2, 3, 4, 5],
        [0.1, 0.7, 0.3, 0.9, 0.2],
        [-1, 1, -1, 1, 0],
      ]
      const all = new Set<string>()
      const check = () => {
        expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
        expect(index.count()).toBe(all.size)
      }
      for (let n = 0; n < 3000; ) {
        const size = 1 + random.int(60)
        db.batch(
          Array.from({ length: size }, () => {
            const at = key(n++)
            all.add(at)
            return { type: 'put', key: at, value: { v: vectors[random.int(40)] ?? vectors[0] } }
          }),
        )
        if (random.chance(0.05)) check()
      }
      const found = index.nearest([1, 2, 3, 4, 5], 7, { exact: true }).toArray()
      const keys = found.map(({ key: at }) => at)
      expect(new Set(found.map(({ distance }) => distance)).size).toBe(1)
      expect(keys).toEqual([...keys].sort())
      const few = index.nearest([0.1, 0.7, 0.3, 0.9, 0.2], 3000)
      expect([...few].length).toBe(3000)
      const order = [...all].sort(() => unit(random))
      for (const [i, at] of order.entries()) {
        if (i % 7 === 6) db.put(at, { v: vectors[1] as number[] })
        else {
          db.delete(at)
          all.delete(at)
        }
        if (random.chance(0.005)) check()
      }
      check()
      sound(db)
    }
  })

  // With the first of these seeds the clusters of the greatest numbers are left by all that they had.
  it.each([130, SEED])('vectors that go where others are as near, seed %i', seed => {
    const random = new Random(seed)
    const db = ZVerse.open<string, Value>({ maxBytes: 2 ** 24, history: { versions: 0 } })
    const index = db.index('v', { kind: 'vector', on: 'v', dims: 2 })
    const all = new Set<string>()
    const some = Array.from({ length: 1 + random.int(25) }, () => [unit(random), unit(random)])
    const operation = () => {
      const at = `k${random.int(3000)}`
      if (random.int(5) === 0) {
        all.delete(at)
        return { type: 'del', key: at }
      }
      all.add(at)
      const factor = 1 + unit(random) * 1e-7
      return { type: 'put', key: at, value: { v: random.pick(some).map(x => x * factor) } }
    }
    for (let round = 0; round < 14; round++) {
      const size = 1 + random.int(random.int(3) === 0 ? 400 : 20)
      db.batch(Array.from({ length: size }, operation) as never)
      expect(db.check().problems).toEqual([])
      expect(index.nearest([1, 1], 4000).toArray().length).toBe(all.size)
    }
    sound(db)
  })

  it('vectors that codes hardly tell apart take no more memory than others', () => {
    const random = new Random(SEED)
    const { Memory } = (
      globalThis as unknown as { WebAssembly: { Memory: { prototype: Growing } } }
    ).WebAssembly
    const { grow } = Memory.prototype
    let pages = 0
    Memory.prototype.grow = function (more) {
      pages += more
      return Reflect.apply(grow, this, [more])
    }
    try {
      for (const [metric, width] of [
        ['cosine', 1e-2],
        ['euclid', 1e-5],
        ['dot', 1e-3],
      ] as const) {
        const db = ZVerse.open<string, Value>({ maxBytes: 2 ** 25, history: { versions: 0 } })
        const index = db.index('v', { kind: 'vector', on: 'v', dims: 2, metric })
        const put = (i: number) => {
          const v = [1 + unit(random) * width, 2 + unit(random) * width]
          return { type: 'put' as const, key: key(i), value: { v } }
        }
        for (let i = 0; i < 8000; i += 500) {
          db.batch(Array.from({ length: 500 }, (_, j) => put(i + j)))
        }
        for (let i = 0; i < 8000; i += 500) {
          db.batch(Array.from({ length: 450 }, (_, j) => ({ type: 'del', key: key(i + j) })))
        }
        expect(index.count()).toBe(800)
        expect(index.nearest([1, 2], 900).toArray().length).toBe(800)
        sound(db)
      }
      expect(pages).toBeLessThan(100)
    } finally {
      Memory.prototype.grow = grow
    }
  })

  it('a transaction of more vectors than may wait, and its end', () => {
    const db = ZVerse.open<string, Value>({ maxBytes: 2 ** 28 })
    const dims = 16_384
    const index = db.index('v', { kind: 'vector', on: 'v', dims, metric: 'euclid' })
    const vector = (x: number) => new Float32Array(dims).fill(x)
    db.put('a', { v: vector(1) })
    for (const ends of ['abort', 'commit'] as const) {
      const tx = db.beginWrite()
      for (let i = 0; i < 600; i++) {
        tx.put(key(i), { v: vector(i) })
        if (i % 3 === 0) tx.delete(key(i >> 1))
      }
      expect([...tx.index(index).nearest(vector(599), 1)].map(({ key: at }) => at)).toEqual([
        key(599),
      ])
      tx.put('a', {})
      tx[ends]()
      expect(index.count()).toBe(ends === 'abort' ? 1 : 400)
    }
    expect(db.check().problems).toEqual([])
    db.close()
  })
})
