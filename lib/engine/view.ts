/**
 * The view (which version) and the range (which keys) of a read verb.
 *
 * Checks options and turns them into bounds; touches no shared memory.
 */
import type { KeyBuffer, KeyCodec } from '../key/codec.js'
import { msOf } from '../key/date.js'
import { checkNames, invalidOption } from '../options.js'
import { type Bound, boundOf, compareBounds, prefixed, type Range } from '../tree/cursor.js'
import { boxIn, curveOf, intersect } from './points.js'

/** A version to read at: at most one of the three; the present if none is given. */
export interface View {
  /** A version's number, or a tag's name. */
  at?: number | string | undefined
  /** The last version committed at or before this date; version 0 before the first. */
  asOf?: Date | undefined
  /** The version that a read transaction of the same database has pinned. */
  snapshot?: SnapshotSource | undefined
}

/** A ReadTransaction, for `snapshot` (recognised by its maker, not by its shape). */
export interface SnapshotSource {
  readonly version: number
  readonly timestamp: number
  close(): void
}

/** Keys to read; bounds intersect. */
export interface Bounds<K> {
  gt?: K | undefined
  gte?: K | undefined
  lt?: K | undefined
  lte?: K | undefined
  /** Keys that begin with this: a string, bytes, or for tuples an array of first elements. */
  prefix?: Prefix<K> | undefined
  /**
   * Z-order keys only: `[min, max]`, the keys with every dimension from min to max, both inclusive;
   * null leaves a side open.
   */
  box?: readonly [min: Corner<K>, max: Corner<K>] | undefined
}

/** The type of a box's corner, and of the point of `nearest`, for a kind of key. */
export type Corner<K> = K extends string | Uint8Array
  ? never
  : K extends readonly (number | Date)[]
    ? { readonly [I in keyof K]: K[I] | null }
    : never

/** The type of `prefix` for a kind of key. */
export type Prefix<K> = [K] extends [string]
  ? string
  : [K] extends [Uint8Array]
    ? Uint8Array
    : readonly unknown[]

export interface RangeOptions<K> extends Bounds<K>, View {
  /** From the last key to the first; bounds do not swap. */
  reverse?: boolean | undefined
  /** Entries at most: an integer ≥ 0, or Infinity. */
  limit?: number | undefined
}

const VIEW = ['at', 'asOf', 'snapshot']
const BOUNDS = ['gt', 'gte', 'lt', 'lte', 'prefix', 'box']
const ORDER = ['reverse', 'limit']

/** The option names of the verbs. */
export const NAMES = {
  view: VIEW,
  nothing: [] as string[],
  range: [...BOUNDS, ...ORDER, ...VIEW],
  ordered: [...BOUNDS, ...ORDER],
  bounds: BOUNDS,
  history: ['from', 'to', ...ORDER, ...VIEW],
  historyOnly: ['from', 'to', ...ORDER],
  changes: ['since', 'signal', ...BOUNDS],
  box: ['limit', ...VIEW],
  boxOnly: ['limit'],
  nearest: ['metric', 'scale', 'within', 'box', ...VIEW],
  nearestOnly: ['metric', 'scale', 'within', 'box'],
}

/** The view in checked options; undefined for the present. */
export function viewIn(given: Record<string, unknown>): View | undefined {
  const { at, asOf, snapshot } = given
  const count = Number(at !== undefined) + Number(asOf !== undefined)
  if (count + Number(snapshot !== undefined) === 0) return undefined
  if (count + Number(snapshot !== undefined) > 1) {
    throw invalidOption('at', '(or asOf, or snapshot) excludes the other two: give one of them')
  }
  if (at !== undefined && typeof at !== 'string' && !isVersion(at)) {
    throw invalidOption('at', "must be a version (a safe integer ≥ 0) or a tag's name")
  }
  if (asOf !== undefined && !isDate(asOf)) throw invalidOption('asOf', 'must be a valid Date')
  return { at, asOf: isDate(asOf) ? copyOf(asOf) : undefined, snapshot } as View
}

/** True for a number that can be a version. */
export function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** True for a valid Date, of whatever class and realm. */
export function isDate(value: unknown): value is Date {
  return !Number.isNaN(msOf(value))
}

/** A copy of a Date: the caller may change its own before the database reads it. */
export function copyOf(date: Date): Date {
  return new Date(msOf(date))
}

/** `limit`, checked. */
export function limitIn(given: Record<string, unknown>): number {
  const { limit } = given
  if (limit === undefined || limit === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  if (!isVersion(limit)) throw invalidOption('limit', 'must be an integer ≥ 0 or Infinity')
  return limit
}

/** `reverse`, checked. */
export function reverseIn(given: Record<string, unknown>): boolean {
  const { reverse } = given
  if (reverse !== undefined && typeof reverse !== 'boolean') {
    throw invalidOption('reverse', 'must be a boolean')
  }
  return reverse === true
}

/** The range in checked options. `scratch` is used for encoding. */
export function rangeIn(
  given: Record<string, unknown>,
  codec: KeyCodec,
  scratch: KeyBuffer,
): Range {
  if (given.gt !== undefined && given.gte !== undefined) {
    throw invalidOption('gt', 'excludes gte: give one of them')
  }
  if (given.lt !== undefined && given.lte !== undefined) {
    throw invalidOption('lt', 'excludes lte: give one of them')
  }
  const place = (key: unknown, after: boolean): Bound | null => {
    if (key === undefined) return null
    codec.encode(key, scratch)
    return boundOf(scratch, after)
  }
  let lower = place(given.gte, false) ?? place(given.gt, true)
  let upper = place(given.lt, false) ?? place(given.lte, true)
  if (given.prefix !== undefined) {
    codec.encodePrefix(given.prefix, scratch)
    const { lower: first, upper: end } = prefixed(scratch)
    if (lower === null || (first !== null && compareBounds(first, lower) > 0)) lower = first
    if (end !== null && (upper === null || compareBounds(end, upper) < 0)) upper = end
  }
  if (given.box === undefined) return { lower, upper, box: null }
  const box = boxIn(curveOf(codec, 'box'), given.box)
  intersect(box, lower, upper)
  return { lower: null, upper: null, box }
}

/** Checks options that may only have a view. */
export function checkView(options: unknown, what: string): View | undefined {
  return options === undefined ? undefined : viewIn(checkNames(options, VIEW, what))
}
