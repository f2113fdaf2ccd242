/**
 * How many of the true nearest are found, by brute force: after changes of all vectors, at old versions, of few entries. Thresholds are for
 * seeds that are fixed, with a margin.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type VectorDefinition, type VectorIndex, ZVerse } from '../../lib/index.js'
import type { Query } from '../query/plain-query.js'
import { Random } from '../support/random.js'
import { type Form, type Metric, nearest } from './plain-vectors.js'
import { normal } from './random-vectors.js'

const DIMS = 32
const COUNT = 3000
const QUERIES = 20
const K = 10

interface Value {
  v: Float32Array
  /** Of a thousand: to choose some of the entries by. */
  share: number
}
type Vectors = Map<string, Float32Array>

const key = (i: number) => `k${String(i).padStart(5, '0')}`

/** Points around centres, which lie around fewer centres. */
class Cloud {
  readonly random: Random
  readonly #centres: number[][]

  constructor(seed: number) {
    this.random = new Random(seed)
    const around = (centre: number[] | undefined, width: number) => {
      return Array.from(
        { length: DIMS },
        (_, d) => (centre?.[d] ?? 0) + width * normal(this.random),
      )
    }
    const first = Array.from({ length: 6 }, () => around(undefined, 1))
    this.#centres = Array.from({ length: 60 }, () => around(this.random.pick(first), 0.7))
  }

  draw(): Float32Array {
    const centre = this.random.pick(this.#centres)
    return Float32Array.from(centre, x => x + 0.9 * normal(this.random))
  }
}

/** A database of a cloud, beside plain code. */
class World {
  readonly db = ZVerse.open<string, Value>({ maxBytes: 2 ** 27, history: { versions: 100 } })
  readonly index: VectorIndex<string, Value>
  readonly form: Form
  readonly cloud: Cloud
  readonly random: Random
  vectors: Vectors = new Map()

  constructor(seed: number, metric: Metric, element: Form['element'] = 'float32') {
    this.cloud = new Cloud(seed)
    this.random = new Random(seed + 1)
    // What is found is compared with what is nearest by numbers, also where codes only are kept.
    this.form = { dims: DIMS, metric, element: 'float32' }
    const definition: VectorDefinition = { kind: 'vector', on: 'v', dims: DIMS, metric, element }
    this.index = this.db.index('v', definition) as VectorIndex<string, Value>
    this.putAll(Array.from({ length: COUNT }, (_, i) => i))
  }

  /** Puts new vectors at some keys, by commits of some hundreds. */
  putAll(all: number[]): void {
    for (let from = 0; from < all.length; from += 300) {
      const operations = all.slice(from, from + 300).map(i => {
        const v = this.cloud.draw()
        this.vectors.set(key(i), v)
        return { type: 'put' as const, key: key(i), value: { v, share: (i * 7919) % 1000 } }
      })
      this.db.batch(operations)
    }
  }

  deleteHalf(): void {
    const all = [...this.vectors.keys()].filter(() => this.random.chance(0.5))
    for (let from = 0; from < all.length; from += 100) {
      this.db.batch(all.slice(from, from + 100).map(at => ({ type: 'del', key: at })))
    }
    for (const at of all) this.vectors.delete(at)
  }

  /** Vectors that this handle has compared. */
  get similarities(): number {
    return this.db.stats().indexes.similarities
  }

  queries(): Float32Array[] {
    return Array.from({ length: QUERIES }, () => this.cloud.draw())
  }

  /** The share of the nearest that is found; each answer has as many as there are. */
  recall(options: object = {}, vectors = this.vectors, test?: (key: string) => boolean): number {
    let found = 0
    let all = 0
    for (const q of this.queries()) {
      const best = nearest(vectors, q, this.form, { k: K, test })
      const near = [...this.index.nearest(q, K, options)]
      expect(near.length).toBe(best.length)
      const keys = new Set(best.map(({ key: at }) => at))
      expect(near.every(({ key: at }) => vectors.has(at) && (test?.(at) ?? true))).toBe(true)
      found += near.filter(({ key: at }) => keys.has(at)).length
      all += best.length
    }
    return all === 0 ? 1 : found / all
  }

  done(): void {
    expect(this.db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    expect(this.db.stats().readers.pins).toBe(0)
    this.db.close()
  }
}

const FORMS: [Metric, Form['element']][] = [
  ['cosine', 'float32'],
  ['euclid', 'float32'],
  ['dot', 'float32'],
  ['cosine', 'int8'],
  ['euclid', 'int8'],
]

/** By effort, the least that is found; of codes only some less. */
const LEAST = [
  [1, 0.97],
  [0.25, 0.93],
  [0.05, 0.6],
] as const

describe('recall', () => {
  it.each(FORMS)('of %s, %s, through changes of all, and at old versions', (metric, element) => {
    const world = new World(3, metric, element)
    const lost = element === 'int8' ? 0.02 : 0
    const measure = (what: string, view: object = {}, vectors = world.vectors) => {
      for (const [effort, least] of LEAST) {
        const share = world.recall({ effort, ...view }, vectors)
        expect(share, `${what} by ${effort}`).toBeGreaterThan(least - lost)
      }
      const [[, most], , [effort, least]] = LEAST
      expect(world.index.recall({}, view)).toBeGreaterThan(most)
      expect(world.index.recall({ effort, sample: 30 }, view)).toBeGreaterThan(least)
    }
    const first = { at: world.db.version, vectors: new Map(world.vectors) }
    measure('filled')
    world.putAll([...world.vectors.keys()].map(at => Number(at.slice(1))).reverse())
    measure('replaced')
    const second = { at: world.db.version, vectors: new Map(world.vectors) }
    world.deleteHalf()
    measure('half')
    for (const { at, vectors } of [first, second]) measure(`at ${at}`, { at }, vectors)
    world.done()
  })

  it('of filters and queries that few pass', () => {
    const world = new World(5, 'cosine')
    const ask = (isIndexed: boolean) => {
      for (const share of [500, 100, 10, 1]) {
        const where: Query = { share: { lt: share } }
        const test = (at: string) => (Number(at.slice(1)) * 7919) % 1000 < share
        for (const [effort, least] of [
          [1, 0.98],
          [0.2, 0.93],
        ]) {
          for (const chosen of [{ filter: test }, { where }]) {
            const found = world.recall({ ...chosen, effort }, world.vectors, test)
            expect(found, `${share} by ${effort}`).toBeGreaterThan(least as number)
          }
        }
        if (!isIndexed || share > 10) continue
        // A small set is compared as a whole, and nothing else is.
        const before = world.similarities
        expect(world.recall({ where }, world.vectors, test)).toBe(1)
        expect(world.similarities - before).toBe((QUERIES * share * COUNT) / 1000)
      }
    }
    ask(false)
    world.db.index('share', { on: 'share' })
    ask(true)
    world.done()
  })

  it('takes as many comparisons as it says', () => {
    const world = new World(7, 'cosine')
    let last = 0
    for (const effort of [0.02, 0.1, 0.3, 1]) {
      const before = world.similarities
      world.recall({ effort })
      const each = (world.similarities - before) / QUERIES
      expect(each).toBeGreaterThan(last)
      last = each
      // Centres, clusters that are opened to their end, and numbers come to the codes.
      if (effort <= 0.3) expect(each).toBeLessThan(400 + 1.3 * 30 * Math.sqrt(COUNT) * effort)
    }
    world.done()
  })
})

/** Paragraphs of the documents of this repository, by the groups of three letters that they have. */
function texts(): Vectors {
  const directory = new URL('../../docs/', import.meta.url).pathname
  const files = readdirSync(directory, { recursive: true })
    .map(String)
    .filter(name => name.endsWith('.md'))
  const vectors: Vectors = new Map()
  for (const name of files.sort()) {
    for (const line of readFileSync(join(directory, name), 'utf8').split('\n')) {
      const v = new Float32Array(64)
      const words = line.toLowerCase().replaceAll(/[^a-z]+/g, ' ')
      for (let i = 0; i + 3 <= words.length; i++) {
        let hash = 0
        for (let j = i; j < i + 3; j++) hash = (Math.imul(hash, 31) + words.charCodeAt(j)) >>> 0
        v[(Math.imul(hash, 0x9e3779b1) >>> 26) % 64] += (hash & 1) * 2 - 1
      }
      if (words.length > 30 && v.some(x => x !== 0)) vectors.set(key(vectors.size), v)
    }
  }
  return vectors
}

it('of real text', () => {
  const vectors = texts()
  for (const element of ['float32', 'int8'] as const) {
    const db = ZVerse.open<string, Float32Array>({
      maxBytes: 2 ** 26,
      functions: { own: (v: Float32Array) => v },
    })
    const form: Form = { dims: 64, metric: 'cosine', element: 'float32' }
    const index = db.index('v', { kind: 'vector', by: 'own', dims: 64, element }) as VectorIndex<
      string,
      Float32Array
    >
    for (const [at, v] of vectors) db.put(at, v)
    for (const [effort, least] of [
      [1, 0.9],
      [0.25, 0.55],
    ] as const) {
      let found = 0
      for (let i = 0; i < 50; i++) {
        const q = vectors.get(key(i * 61)) as Float32Array
        const best = nearest(vectors, q, form, { k: K })
        const near = [...index.nearest({ key: key(i * 61) }, K, { effort })]
        found += near.filter(({ key: at }) => best.some(one => one.key === at)).length
      }
      const share = found / (50 * K)
      expect(share).toBeGreaterThan(least)
      expect(Math.abs(index.recall({ effort }) - share)).toBeLessThan(0.15)
    }
    expect(db.check().problems).toEqual([])
    db.close()
  }
})
