/**
 * Queries as users write them, checked, copied and flattened: a list of terms, all of which must hold.
 *
 * Operands are index keys, encoded as parts of tuples (lib/key/tuple.ts): equality and order are those of bytes. Any
 * thread; a parser belongs to one thread. Reading the caller's objects may run their code, once for each property.
 */

import { type Path, pathOf } from '../indexes/path.js'
import type { IndexKeyEncoder } from '../indexes/plain-paths.js'
import { msOf } from '../key/date.js'
import { describe, isArray } from '../key/describe.js'
import { Refusal } from '../key/tuple.js'
import { FALSE, TRUE } from '../key/tuple-writer.js'
import { invalidOption } from '../options.js'

/** What the value at a path must be. */
export type Test =
  | { readonly op: 'eq' | 'ne' | 'has' | 'gt' | 'gte' | 'lt' | 'lte'; readonly key: Uint8Array }
  | { readonly op: 'in'; readonly keys: readonly Uint8Array[] }
  /** A string, without the byte that ends it, or the first elements of an array. */
  | { readonly op: 'prefix'; readonly key: Uint8Array }
  /** NaN leaves a side open. */
  | { readonly op: 'box'; readonly min: readonly number[]; readonly max: readonly number[] }
  | { readonly op: 'absent'; readonly isAbsent: boolean }

/** One test of the value at a path. */
export interface PathTerm {
  readonly kind: 'path'
  readonly path: Path
  readonly test: Test
}

export type Match = (value: unknown, key: unknown) => unknown

/** A part of a query: of a list of terms each must hold. */
export type Term =
  | PathTerm
  | { readonly kind: 'any'; readonly branches: readonly (readonly Term[])[] }
  | { readonly kind: 'not'; readonly terms: readonly Term[] }
  | { readonly kind: 'match'; readonly match: Match }

const OPERATORS = ['eq', 'ne', 'in', 'gt', 'gte', 'lt', 'lte', 'prefix', 'box', 'has', 'absent']
/** How deep queries may lie in queries; a deeper one most likely contains itself. */
const MAX_DEPTH = 32
/** Elements of one `in` at most. */
const MOST_KEYS = 10_000

export class QueryParser {
  readonly #encoder: IndexKeyEncoder

  constructor(encoder: IndexKeyEncoder) {
    this.#encoder = encoder
  }

  /** @throws ZVerseError `ZVERSE_INVALID_OPTION` with option `query` */
  parse(query: unknown): readonly Term[] {
    return this.#all(query, '', 0)
  }

  #all(query: unknown, what: string, depth: number): Term[] {
    if (!isPlain(query)) {
      const must = depth === 0 ? 'must be' : `has ${what}, which must be`
      throw wrong(`${must} an object of conditions, not ${describe(query)}`)
    }
    if (depth > MAX_DEPTH) throw wrong(`has more than ${MAX_DEPTH} queries in each other`)
    const terms: Term[] = []
    for (const [name, part] of Object.entries(query)) {
      if (part === undefined) {
        throw wrong(
          `has undefined as its condition of ${name}: leave it out, or ask for { absent: true }`,
        )
      }
      if (name === 'or') terms.push(this.#any(part, depth))
      else if (name === 'not') terms.push({ kind: 'not', terms: this.#all(part, 'not', depth + 1) })
      else if (name === 'match') terms.push({ kind: 'match', match: matchIn(part) })
      else terms.push(...this.#conditions(pathIn(name), part))
    }
    return terms
  }

  #any(queries: unknown, depth: number): Term {
    if (!isArray(queries)) {
      throw wrong(`has or, which must be an array of queries, not ${describe(queries)}`)
    }
    const branches = [...queries].map((query, i) => this.#all(query, `or[${i}]`, depth + 1))
    return { kind: 'any', branches }
  }

  #conditions(path: Path, condition: unknown): Term[] {
    if (!isPlain(condition)) {
      return [{ kind: 'path', path, test: { op: 'eq', key: this.#key(condition, path, 'eq') } }]
    }
    const terms: Term[] = []
    for (const [name, operand] of Object.entries(condition)) {
      if (!OPERATORS.includes(name)) {
        throw wrong(
          `has ${JSON.stringify(name)} at ${path.text}: there are ${OPERATORS.join(', ')}`,
        )
      }
      if (operand !== undefined) {
        terms.push({ kind: 'path', path, test: this.#test(name as Test['op'], operand, path) })
      }
    }
    return terms
  }

  #test(op: Test['op'], operand: unknown, path: Path): Test {
    if (op === 'absent') {
      if (typeof operand !== 'boolean') throw wrong(`needs a boolean for absent at ${path.text}`)
      return { op, isAbsent: operand }
    }
    if (op === 'in') {
      if (!isArray(operand)) throw wrong(`needs an array for in at ${path.text}`)
      const all = [...operand]
      if (all.length > MOST_KEYS)
        throw wrong(`has more than ${MOST_KEYS} keys for in at ${path.text}`)
      return { op, keys: all.map(one => this.#key(one, path, op)) }
    }
    if (op === 'box') return boxIn(operand, path)
    const key = this.#key(operand, path, op)
    if (op !== 'prefix') return { op, key }
    if (typeof operand !== 'string' && !isArray(operand)) {
      throw wrong(`needs a string or an array for prefix at ${path.text}`)
    }
    return { op, key: key.subarray(0, key.length - 1) }
  }

  #key(operand: unknown, path: Path, op: string): Uint8Array {
    const { writer } = this.#encoder
    writer.at = 0
    try {
      this.#encoder.write(operand)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw wrong(
        `has for ${op} at ${path.text} what no value can be compared with: it${error.reason}`,
      )
    }
    if (writer.at > writer.bytes.length) throw wrong(`has too large an operand at ${path.text}`)
    return writer.bytes.slice(0, writer.at)
  }
}

/** The types that are compared: by their tags, booleans being one. */
export function typeOf(key: Uint8Array): number {
  return key[0] === TRUE ? FALSE : key[0]
}

function pathIn(name: string): Path {
  if (name === '' || name.split('.').includes('')) {
    throw wrong(`has ${JSON.stringify(name)}, which is no path: names with dots between them`)
  }
  return pathOf(name, 'query')
}

function matchIn(match: unknown): Match {
  if (typeof match !== 'function')
    throw wrong('needs a function for match: (value, key) => boolean')
  return match as Match
}

function boxIn(box: unknown, path: Path): Test {
  const what = `box at ${path.text}`
  if (!isArray(box) || box.length !== 2) throw wrong(`needs [min, max] for ${what}`)
  const [min, max] = [cornerIn(box[0], what), cornerIn(box[1], what)]
  if (min.length !== max.length) throw wrong(`needs corners of one length for ${what}`)
  return { op: 'box', min, max }
}

function cornerIn(corner: unknown, what: string): number[] {
  if (!isArray(corner) || corner.length === 0) throw wrong(`needs arrays as the corners of ${what}`)
  return [...corner].map(value => {
    if (value === null) return Number.NaN
    const isNumber = typeof value === 'number' || typeof value === 'bigint'
    const number = isNumber ? Number(value) : msOf(value)
    if (Number.isNaN(number)) throw wrong(`needs numbers, Dates or null in the corners of ${what}`)
    return number
  })
}

/** An object that is no value by itself: a query, or a condition of operators. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function wrong(what: string) {
  return invalidOption('query', what)
}
