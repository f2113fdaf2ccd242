/**
 * An index by property, read at any version: index keys in order, and what they lead to.
 *
 * The verbs are written once, over sources, as those of stores are (read-verbs.ts).
 */
import { limitIn, NAMES, reverseIn, type View, viewIn } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import {
  INDEX_BOUNDS,
  type IndexBounds,
  type IndexKey,
  IndexRanges,
} from '../indexes/index-range.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { checkNames } from '../options.js'
import { Distinct } from '../read/index-distinct.js'
import { firstOf } from '../read/index-first.js'
import { INDEX_PAIRS, IndexRows } from '../read/index-rows.js'
import { iterating, type ZVerseIterator } from '../read/iterator.js'
import { KEYS, PAIRS, VALUES } from '../read/rows.js'
import type { Range } from '../tree/cursor.js'
import { IndexVerbs } from './index-verbs.js'

export interface IndexRangeOptions extends IndexBounds, View {
  /** From the last index key to the first, and of one index key from the last key to the first. */
  reverse?: boolean | undefined
  /** Entries at most: an integer ≥ 0, or Infinity. */
  limit?: number | undefined
}

const ORDERED = [...INDEX_BOUNDS, 'reverse', 'limit']
const RANGE = [...ORDERED, ...NAMES.view]

/** The read verbs of an index. */
export class IndexReads<K, V> extends IndexVerbs<K, V> {
  #made: IndexRanges | null = null

  get #ranges(): IndexRanges {
    const { engine, known } = this._core
    return (this.#made ??= new IndexRanges(known.defined, engine.tools.encoder, engine.key))
  }

  /** @internal The range in checked options. */
  _rangeIn(given: Record<string, unknown>): Range {
    return this._core.engine.gate.guarded(() => this.#ranges.rangeIn(given))
  }

  /**
   * `[index key, key]` in the order of index keys, then keys. No value is looked at.
   * @throws ZVerseError `ZVERSE_UNKNOWN_INDEX`, `ZVERSE_INVALID_OPTION`, `ZVERSE_INVALID_KEY`; with a view as `get` of a store
   */
  pairs(options?: IndexRangeOptions): ZVerseIterator<[TupleKey, K]> {
    return this.#iterate(options, 'pairs', INDEX_PAIRS)
  }

  /** Keys in the order of their index keys; a key once for each of its index keys in range. */
  keys(options?: IndexRangeOptions): ZVerseIterator<K> {
    return this.#iterate(options, 'keys', KEYS)
  }

  /** Values in the same order. */
  values(options?: IndexRangeOptions): ZVerseIterator<V> {
    return this.#iterate(options, 'values', VALUES)
  }

  /** `[key, value]` in the same order. */
  range(options?: IndexRangeOptions): ZVerseIterator<[K, V]> {
    return this.#iterate(options, 'range', PAIRS)
  }

  /** The first value with an index key, in key order; undefined where there is none. */
  get(indexKey: IndexKey, view?: View): V | undefined {
    if (indexKey === undefined) {
      throw new ZVerseError(
        'ZVERSE_INVALID_KEY',
        'an index key must be given: null, a boolean, a number, a string, bytes, a Date or an array',
      )
    }
    const source = this._source
    const core = this._core
    source.gate()
    const at = view === undefined ? undefined : this.#view(view)
    const range = core.engine.gate.guarded(() => this.#ranges.of(indexKey))
    return firstOf<V>(source, at, range)
  }

  /** Number of keys of the index in range; O(height of the tree). */
  count(options?: IndexRangeOptions): number {
    const source = this._source
    source.gate()
    const { given, view, range } = this.#range(options, 'count')
    reverseIn(given)
    return Math.min(limitIn(given), source.count(view, range))
  }

  /** `[index key, how many]`, each index key in range once, in order. It costs a step for each. */
  distinct(options?: IndexRangeOptions): ZVerseIterator<[TupleKey, number]> {
    const source = this._source
    source.gate()
    const { given, view, range } = this.#range(options, 'distinct')
    const reverse = reverseIn(given)
    const limit = limitIn(given)
    return iterating(
      source.hold(view),
      held => new Distinct(this._core, held, range, reverse, limit),
    )
  }

  #view(view: unknown): View | undefined {
    return viewIn(checkNames(view, this._source.views ? NAMES.view : [], 'get'))
  }

  #iterate<T>(options: unknown, verb: string, kind: number): ZVerseIterator<T> {
    const source = this._source
    source.gate()
    const { given, view, range } = this.#range(options, verb)
    const reverse = reverseIn(given)
    const limit = limitIn(given)
    return iterating(source.hold(view), held => {
      const finder = source.finder(this._core.parent, held)
      return new IndexRows(this._core, held, range, reverse, limit, kind, finder)
    })
  }

  #range(
    options: unknown,
    verb: string,
  ): { given: Record<string, unknown>; view: View | undefined; range: Range } {
    const given = checkNames(options, this._source.views ? RANGE : ORDERED, verb)
    const view = viewIn(given)
    return { given, view, range: this._rangeIn(given) }
  }
}
