/**
 * The range of index keys that a verb's options ask for, as a range of keys of the index. Each belongs to one
 * thread.
 */
import { ZVerseError } from '../errors.js'
import { type KeyBuffer, MAX_KEY_BYTES } from '../key/codec.js'
import { describe, isArray } from '../key/describe.js'
import { packBytes, tooLarge } from '../key/pack.js'
import { Refusal } from '../key/tuple.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { invalidOption } from '../options.js'
import { type Bound, compareBounds, prefixed, type Range } from '../tree/cursor.js'
import type { Defined } from './definition.js'
import type { IndexKeyEncoder } from './plain-paths.js'
import { wholeOf } from './reverse.js'

/** An index key to ask for: also a Date, which counts as its ms, and a bigint that is a safe integer. */
export type IndexKey = TupleKey | Date | bigint | readonly IndexKey[]

/** Index keys to read; bounds intersect. */
export interface IndexBounds {
  eq?: IndexKey | undefined
  gt?: IndexKey | undefined
  gte?: IndexKey | undefined
  lt?: IndexKey | undefined
  lte?: IndexKey | undefined
  /** Strings that begin with this one; or arrays, with these elements. */
  prefix?: string | readonly IndexKey[] | undefined
}

export const INDEX_BOUNDS = ['eq', 'gt', 'gte', 'lt', 'lte', 'prefix']

export class IndexRanges {
  readonly #whole: Range
  readonly #encoder: IndexKeyEncoder
  readonly #key: KeyBuffer

  /** @param encoder of the thread's index keys; `key`: scratch */
  constructor(defined: Defined, encoder: IndexKeyEncoder, key: KeyBuffer) {
    this.#whole = wholeOf(defined)
    this.#encoder = encoder
    this.#key = key
  }

  /** @throws ZVerseError `ZVERSE_INVALID_OPTION`, `ZVERSE_INVALID_KEY`, `ZVERSE_KEY_TOO_LARGE` */
  rangeIn(given: Record<string, unknown>): Range {
    const { eq, gt, gte, lt, lte, prefix } = given
    if (gt !== undefined && gte !== undefined)
      throw invalidOption('gt', 'excludes gte: give one of them')
    if (lt !== undefined && lte !== undefined)
      throw invalidOption('lt', 'excludes lte: give one of them')
    let { lower, upper } = this.#whole
    const narrow = (from: Bound | null, to: Bound | null) => {
      if (from !== null && (lower === null || compareBounds(from, lower) > 0)) lower = from
      if (to !== null && (upper === null || compareBounds(to, upper) < 0)) upper = to
    }
    // No index key is a prefix of another: the keys with one are those that begin with its bytes.
    if (gte !== undefined) narrow(this.of(gte).lower, null)
    if (gt !== undefined) narrow(this.of(gt).upper, null)
    if (lt !== undefined) narrow(null, this.of(lt).lower)
    if (lte !== undefined) narrow(null, this.of(lte).upper)
    if (eq !== undefined) {
      const { lower: from, upper: to } = this.of(eq)
      narrow(from, to)
    }
    if (prefix !== undefined) {
      const { lower: from, upper: to } = this.withPrefix(prefix)
      narrow(from, to)
    }
    return { lower, upper, box: null }
  }

  /** The keys with an index key. */
  of(indexKey: unknown): Range {
    return this.#encoded('ZVERSE_INVALID_KEY', 'index key', () => this.#encoder.write(indexKey), 0)
  }

  /** The keys whose index key is a string that begins with this, or an array with these elements. */
  withPrefix(prefix: unknown): Range {
    if (typeof prefix !== 'string' && !isArray(prefix)) {
      throw invalidOption('prefix', `must be a string or an array, not ${describe(prefix)}`)
    }
    // Without the byte that ends it.
    return this.#encoded('ZVERSE_INVALID_OPTION', 'prefix', () => this.#encoder.write(prefix), 1)
  }

  #encoded(
    code: 'ZVERSE_INVALID_KEY' | 'ZVERSE_INVALID_OPTION',
    what: string,
    write: () => void,
    less: number,
  ): Range {
    const { writer } = this.#encoder
    writer.at = 0
    try {
      write()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new ZVerseError(
        code,
        `${what}${error.reason}`,
        code === 'ZVERSE_INVALID_OPTION' ? { option: what } : {},
      )
    }
    const size = writer.at - less
    if (size > MAX_KEY_BYTES) throw tooLarge(size)
    packBytes(writer.bytes, size, this.#key)
    return prefixed(this.#key)
  }
}
