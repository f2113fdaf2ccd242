/** Asks an index of vectors at random, in each way, and compares what it finds with plain code. */
import { expect } from 'vitest'
import type { VectorReads } from '../../lib/index.js'
import { holds, type Query } from '../query/plain-query.js'
import { expectCode } from '../support/expect.js'
import type { Random } from '../support/random.js'
import {
  byDistance,
  type Form,
  type Found,
  length,
  nearest,
  told,
  vectorIn,
  vectorsOf,
} from './plain-vectors.js'
import { drawNumbers, type Value } from './random-vectors.js'

/** What a test knows of an index: its form, and what part of a value is its vector. */
export interface Kind {
  form: Form
  partOf: (value: unknown) => unknown
}

export type Reads = Pick<VectorReads<string, Value>, 'nearest' | 'count' | 'recall'>

/** A question, the vector it compares with, and which entries may be found. */
interface Question {
  query: number[] | Float32Array | Float64Array | { key: string }
  q: Float32Array
  k: number
  within: number | undefined
  options: { where?: Query; filter?: (key: string, value: Value) => boolean }
  test: (key: string) => boolean
}

/** About how far the distance of a code may be from what plain code says. */
const tolerance = (q: Float32Array, v: Float32Array) => {
  return 1e-5 * (1e-9 + length(q) + length(v) + length(q) * length(v) + 1)
}

/** What a code is as a vector: the query, where the key of an entry is given. */
function decoded(v: Float32Array): Float32Array {
  const largest = v.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  const quantum = largest / 127
  return v.map(x => (largest === 0 ? 0 : Math.round(x / quantum) * quantum))
}

export class Asking {
  readonly #random: Random
  readonly #entries: ReadonlyMap<string, Value>
  readonly #kind: Kind
  readonly #vectors: Map<string, Float32Array>

  constructor(random: Random, entries: ReadonlyMap<string, Value>, kind: Kind) {
    this.#random = random
    this.#entries = entries
    this.#kind = kind
    this.#vectors = vectorsOf(entries, kind.partOf, kind.form)
  }

  /** Asks some questions of an index, which has what the entries give it; `view` goes with each. */
  ask(index: Reads, view: object, times: number, hint: string): void {
    expect(index.count(...this.#viewed(view)), hint).toBe(this.#vectors.size)
    for (let i = 0; i < times; i++) {
      const question = this.#draw()
      if (question === null) continue
      const { query, k, within, options } = question
      const told = { ...options, ...(within !== undefined && { within }), ...view }
      const words = JSON.stringify({ hint, query, k, ...told })
      const exact = index.nearest(query, k, { ...told, exact: true } as never).toArray()
      this.#compareExact(exact, question, words)
      const effort = this.#random.pick([0.001, 0.05, 0.3, 1, 50])
      const near = index.nearest(query, k, { ...told, effort } as never)
      this.#compareNear([...near], question, `${words} effort ${effort}`)
    }
  }

  /** Transactions have no views. */
  #viewed(view: object): [view?: never] {
    return Object.keys(view).length === 0 ? [] : [view as never]
  }

  // ── Questions ─────────────────────────────────────────────────────────────────────────────────

  #draw(): Question | null {
    const random = this.#random
    const { form } = this.#kind
    const keys = [...this.#vectors.keys()]
    let query: Question['query'] = drawNumbers(random, form.dims)
    let q = vectorIn(query, form)
    const kind = keys.length === 0 ? 0 : random.int(4)
    if (kind === 1) {
      const key = random.pick(keys)
      query = { key }
      q = this.#vectors.get(key) as Float32Array
      if (form.element === 'int8') q = decoded(q)
    } else if (kind === 2) {
      q = this.#vectors.get(random.pick(keys)) as Float32Array
      query = random.chance(0.5) ? q : [...q]
    } else if (q !== null && random.chance(0.3)) query = Float64Array.from(query)
    if (q === null) return null
    const k = random.pick([0, 1, 2, 5, 10, 10, 40, 1000, Number.POSITIVE_INFINITY])
    return { query, q, k, within: this.#drawWithin(q), ...this.#drawChosen() }
  }

  #drawWithin(q: Float32Array): number | undefined {
    const random = this.#random
    if (this.#vectors.size === 0 || random.chance(0.5)) return undefined
    const { form } = this.#kind
    const at = told(form, q, random.pick([...this.#vectors.values()]))
    return random.pick([at, at, at, 0, -1, at / 2, Number.NEGATIVE_INFINITY, 1e200])
  }

  #drawChosen(): Pick<Question, 'options' | 'test'> {
    const random = this.#random
    const n = random.int(12)
    const queries: Query[] = [
      { n },
      { n: { lt: n } },
      { half: true },
      { n: 99 },
      { match: value => (value as Value).n === n },
      { or: [{ n }, { half: false }], not: { n: { gte: 9 } } },
    ]
    const where = random.chance(0.4) ? random.pick(queries) : undefined
    const isFiltered = random.chance(0.3)
    const passes = (key: string, value: unknown) => (value as Value).n !== n && !key.endsWith('7')
    const test = (key: string) => {
      const value = this.#entries.get(key)
      if (isFiltered && !passes(key, value)) return false
      return where === undefined || holds(where, value, key)
    }
    return { options: { ...(where && { where }), ...(isFiltered && { filter: passes }) }, test }
  }

  // ── Answers ───────────────────────────────────────────────────────────────────────────────────

  /** Each is right in itself, none is there twice, and they are in order. */
  #compareEach(found: (Found & { value: Value })[], { q, within, test }: Question, hint: string) {
    const { form } = this.#kind
    for (const [i, { key, value, distance }] of found.entries()) {
      const v = this.#vectors.get(key)
      if (v === undefined) throw new Error(`${key} has no vector: ${hint}`)
      expect(value, hint).toEqual(this.#entries.get(key))
      const expected = told(form, q, v)
      if (form.element === 'float32') expect(distance === expected, `${key} ${hint}`).toBe(true)
      else expect(Math.abs(distance - expected), hint).toBeLessThan(tolerance(q, v))
      if (within !== undefined) expect(distance, hint).toBeLessThanOrEqual(within)
      expect(test(key), `${key} ${hint}`).toBe(true)
      const before = found[i - 1]
      if (before === undefined) continue
      expect(byDistance(before, { key, distance }), `order of ${key}, ${hint}`).toBeLessThan(0)
    }
  }

  /** How many match at least and at most: codes may be a little nearer or farther. */
  #matching({ q, within, test }: Question): [least: number, most: number] {
    const all = nearest(this.#vectors, q, this.#kind.form, { k: this.#vectors.size, test })
    if (within === undefined) return [all.length, all.length]
    const bound = (sign: number) => (key: string) => {
      const v = this.#vectors.get(key) as Float32Array
      return within + sign * (this.#kind.form.element === 'int8' ? tolerance(q, v) : 0)
    }
    const count = (sign: number) => {
      return all.filter(({ key, distance }) => distance <= bound(sign)(key)).length
    }
    return [count(-1), count(1)]
  }

  #compareNear(found: (Found & { value: Value })[], question: Question, hint: string): void {
    this.#compareEach(found, question, hint)
    const [least, most] = this.#matching(question)
    expect(found.length, hint).toBeGreaterThanOrEqual(Math.min(question.k, least))
    expect(found.length, hint).toBeLessThanOrEqual(Math.min(question.k, most))
  }

  #compareExact(found: (Found & { value: Value })[], question: Question, hint: string): void {
    const { form } = this.#kind
    const { q, k, within, test } = question
    if (form.element === 'float32') {
      const all = nearest(this.#vectors, q, form, { k, within, test })
      const shown = (some: Found[]) => some.map(({ key, distance }) => `${key} ${distance}`)
      expect(shown(found), hint).toEqual(shown(all))
    }
    this.#compareNear(found, question, hint)
    const last = found.at(-1)
    if (form.element === 'float32' || last === undefined || found.length < k) return
    const keys = new Set(found.map(({ key }) => key))
    for (const [key, v] of this.#vectors) {
      if (keys.has(key) || !test(key)) continue
      const slack = 2 * tolerance(q, v)
      expect(told(form, q, v) + slack, `${key} ${hint}`).toBeGreaterThan(last.distance)
    }
  }

  /** What is no vector, and a key that has none, are refused. */
  refuse(index: Reads, name: string, view: object): void {
    const { dims, metric } = this.#kind.form
    const random = this.#random
    const wrong = random.pick<unknown>([
      new Array<number>(dims + 1).fill(1),
      [...new Array<number>(dims - 1).fill(1), Number.NaN],
      [...new Array<number>(dims - 1).fill(1), 1e39],
      [...new Array<number>(dims - 1).fill(1), '1'],
      metric === 'cosine' ? new Float32Array(dims) : new Float32Array(dims).fill(3e38),
      BigInt64Array.from({ length: dims }, () => 1n),
      new DataView(new ArrayBuffer(dims)),
    ])
    const ask = () => index.nearest(wrong as never, 1, view as never)
    expectCode(ask, 'INVALID_VALUE', { index: name })
    const bare = ['nobody', ...this.#entries.keys()].find(key => !this.#vectors.has(key))
    expectCode(() => index.nearest({ key: bare as string }, 1, view as never), 'INVALID_OPTION')
  }
}
