/**
 * What a query finds, by looking at every entry: for tests. Knows nothing of the engine.
 *
 * Which values are comparable (can be index keys), and their order, is said by the plain code of indexes. What
 * means nothing by the contract, as an operator that it does not name, is refused.
 */
import { compare, keyOf, type Plain } from '../index/plain-index.js'

/** What takes more can be no index key. */
const MOST_BYTES = 16_380

/** All properties but these three are paths, and what stands there a condition: all must hold. */
export interface Query {
  /** One of them must hold. */
  or?: Query[]
  not?: Query
  match?(value: unknown, key: unknown): unknown
  [path: string]: unknown
}

export interface Operators {
  eq?: unknown
  ne?: unknown
  in?: unknown[]
  gt?: unknown
  gte?: unknown
  lt?: unknown
  lte?: unknown
  prefix?: string | unknown[]
  box?: [min: unknown[], max: unknown[]]
  has?: unknown
  absent?: boolean
}

export interface Options {
  order?: string | string[]
  reverse?: boolean
  limit?: number
}

/** The entries that a query holds for, of all entries of a store in key order. */
export function where<K>(
  entries: readonly (readonly [K, unknown])[],
  query: Query,
  { order, reverse = false, limit }: Options = {},
): [K, unknown][] {
  let found = entries
    .filter(([key, value]) => holds(query, value, key))
    .map(([key, value]): [K, unknown] => [key, value])
  if (order !== undefined) found = inOrder(found, order)
  if (reverse) found.reverse()
  return found.slice(0, limit)
}

export function holds(query: Query, value: unknown, key: unknown): boolean {
  return Object.entries(query).every(([name, part]) => {
    if (name === 'or') return (part as Query[]).some(one => holds(one, value, key))
    if (name === 'not') return !holds(part as Query, value, key)
    if (name === 'match') return Boolean((part as NonNullable<Query['match']>)(value, key))
    return conditionHolds(along(value, name), part)
  })
}

/** What a path leads to; undefined where it leads nowhere. */
export function along(value: unknown, path: string): unknown {
  let at = value
  for (const name of path.split('.')) {
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(name) ? at[Number(name)] : undefined
    else at = isPlainObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}

/** Those with a place by their order values, ties in key order; then those without one. */
function inOrder<K>(entries: [K, unknown][], order: string | string[]): [K, unknown][] {
  const all = entries.map(entry => ({ entry, place: placeOf(entry[1], order) }))
  const placed = all.filter(({ place }) => place !== undefined)
  const others = all.filter(({ place }) => place === undefined)
  // Sorting is stable: of one place they stay in key order.
  placed.sort((a, b) => compare(a.place as Plain, b.place as Plain))
  return [...placed, ...others].map(({ entry }) => entry)
}

function placeOf(value: unknown, order: string | string[]): Plain | undefined {
  const parts = [order].flat().map(path => comparable(along(value, path)))
  if (parts.includes(undefined)) return undefined
  const place = typeof order === 'string' ? (parts[0] as Plain) : (parts as Plain[])
  return sizeOf(place) > MOST_BYTES ? undefined : place
}

/** Bytes of an index key: of texts and bytes 0 and 1 count twice. */
function sizeOf(key: Plain): number {
  if (Array.isArray(key)) return key.reduce<number>((sum, part) => sum + sizeOf(part), 2)
  if (typeof key === 'string') return sizeOf(new TextEncoder().encode(key))
  if (key instanceof Uint8Array) return key.reduce((sum, byte) => sum + (byte > 1 ? 1 : 2), 2)
  return typeof key === 'number' ? 9 : 1
}

/** `value` is undefined where the path leads nowhere. */
function conditionHolds(value: unknown, condition: unknown): boolean {
  if (isShort(condition)) return operatorHolds(value, 'eq', condition)
  if (!isPlainObject(condition)) throw new Error(`no condition: ${String(condition)}`)
  return Object.entries(condition).every(([operator, operand]) => {
    return operand === undefined || operatorHolds(value, operator, operand)
  })
}

/** Whether a condition is short for `{ eq: condition }`. */
function isShort(condition: unknown): boolean {
  if (condition === null || Array.isArray(condition)) return true
  if (condition instanceof Date || condition instanceof Uint8Array) return true
  return ['boolean', 'number', 'string', 'bigint'].includes(typeof condition)
}

function operatorHolds(value: unknown, operator: string, operand: unknown): boolean {
  const isAbsent = value === undefined
  switch (operator) {
    case 'absent':
      if (typeof operand !== 'boolean') throw new Error('absent is neither true nor false')
      return isAbsent === operand
    case 'eq':
      return !isAbsent && equalsOrHas(value, operand)
    case 'ne':
      return !isAbsent && !equalsOrHas(value, operand)
    case 'in':
      return !isAbsent && (operand as unknown[]).some(one => equalsOrHas(value, one))
    case 'has':
      return !isAbsent && has(value, operand)
    case 'gt':
      return !isAbsent && difference(value, operand) > 0
    case 'gte':
      return !isAbsent && difference(value, operand) >= 0
    case 'lt':
      return !isAbsent && difference(value, operand) < 0
    case 'lte':
      return !isAbsent && difference(value, operand) <= 0
    case 'prefix':
      return !isAbsent && beginsWith(value, operand)
    case 'box':
      return !isAbsent && isInBox(value, operand as [unknown[], unknown[]])
    default:
      throw new Error(`no operator: ${operator}`)
  }
}

/** A value as index keys have it; undefined where it can be none. */
function comparable(value: unknown): Plain | undefined {
  const key = keyOf(value)
  return typeof key === 'symbol' ? undefined : key
}

function isEqual(a: unknown, b: unknown): boolean {
  const left = comparable(a)
  const right = comparable(b)
  return left !== undefined && right !== undefined && compare(left, right) === 0
}

function has(value: unknown, wanted: unknown): boolean {
  return Array.isArray(value) && value.some(element => isEqual(element, wanted))
}

function equalsOrHas(value: unknown, wanted: unknown): boolean {
  return isEqual(value, wanted) || has(value, wanted)
}

/** Below 0, 0 or above 0; NaN, for which no comparison holds, where the two have no order or other types. */
function difference(value: unknown, bound: unknown): number {
  const left = comparable(value)
  const right = comparable(bound)
  if (left === undefined || right === undefined) return Number.NaN
  return typeOf(left) === typeOf(right) ? compare(left, right) : Number.NaN
}

function typeOf(key: Plain): string {
  if (key === null) return 'null'
  if (Array.isArray(key)) return 'array'
  return key instanceof Uint8Array ? 'bytes' : typeof key
}

function beginsWith(value: unknown, prefix: unknown): boolean {
  if (typeof prefix === 'string') return typeof value === 'string' && value.startsWith(prefix)
  if (!Array.isArray(prefix)) throw new Error('prefix is neither a string nor an array')
  const whole = comparable(value)
  return (
    Array.isArray(whole) &&
    whole.length >= prefix.length &&
    prefix.every((element, i) => isEqual(whole[i], element))
  )
}

function isInBox(value: unknown, [min, max]: [unknown[], unknown[]]): boolean {
  if (min.length !== max.length) throw new Error('the corners of a box differ in length')
  if (!Array.isArray(value) || value.length !== min.length) return false
  return value.every((element, d) => {
    const at = comparable(element)
    if (typeof at !== 'number' || !Number.isFinite(at)) return false
    const isAbove = min[d] === null || at >= Number(min[d])
    const isBelow = max[d] === null || at <= Number(max[d])
    return isAbove && isBelow
  })
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
