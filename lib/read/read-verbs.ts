/**
 * The read verbs, once for the database, its stores and both kinds of transactions.
 *
 * A verb checks options, keys and views before it reads anything. Its results are the caller's own.
 */

import { boxOf, curveOf, nearestIn } from '../engine/points.js'
import {
  type Corner,
  isVersion,
  limitIn,
  NAMES,
  type RangeOptions,
  rangeIn,
  reverseIn,
  type View,
  viewIn,
} from '../engine/view.js'
import { brief, Printed, type Shown, shown } from '../memory/shown.js'
import { checkNames, invalidOption } from '../options.js'
import { walk } from '../tree/box-cursor.js'
import type { Range } from '../tree/cursor.js'
import { Nearest } from '../tree/nearest.js'
import { DeepNeighbours, DeepRows } from './deep.js'
import { END, iterating, Steps, ZVerseIterator } from './iterator.js'
import { pastOfKey } from './key-past.js'
import { type Explanation, explain, type Where, type WhereOptions, where } from './queries.js'
import { ENTRIES, KEYS, PAIRS, Rows, VALUES } from './rows.js'
import type { Source } from './source.js'
import { AHEAD } from './store-core.js'

/** A key with its value and the version that wrote it. */
export interface Entry<K, V> {
  key: K
  value: V
  version: number
}

/** One write or deletion of a key. */
export interface HistoryRecord<V> {
  /** The version that wrote or deleted. */
  version: number
  /** When it was committed, ms since 1970; undefined where that is no longer known. */
  timestamp: number | undefined
  /** The value written; undefined for a deletion. */
  value: V | undefined
  deleted: boolean
}

export interface BoxOptions extends View {
  /** Entries at most: an integer ≥ 0, or Infinity. */
  limit?: number | undefined
}

/** An entry that `nearest` found. */
export interface Neighbour<K, V> {
  key: K
  value: V
  /** In the unit of the coordinates (of a date: ms), scaled; with haversine in metres. */
  distance: number
}

export interface NearestOptions<K> extends View {
  /**
   * `'euclidean'`, by default: sqrt(Σ ((x - point) · scale)²). `'haversine'`: metres on a sphere of
   * 6 371 008.8 m, dimensions 0 and 1 being longitude and latitude in degrees, all others null.
   */
  metric?: 'euclidean' | 'haversine' | undefined
  /** For euclidean: one factor ≥ 0 a dimension, for mixed units. Default 1 each. */
  scale?: readonly number[] | undefined
  /** The greatest distance, inclusive. */
  within?: number | undefined
  /** Only keys inside this box. */
  box?: readonly [min: Corner<K>, max: Corner<K>] | undefined
}

export interface HistoryOptions extends View {
  /** First and last version to tell of, both inclusive. */
  from?: number | undefined
  to?: number | undefined
  /** Newest first. */
  reverse?: boolean | undefined
  limit?: number | undefined
}

/** Why an object that is printed has no facts. */
function whyNot(error: unknown): object {
  const { code } = error as { code?: unknown }
  if (code === 'ZVERSE_UNKNOWN_STORE') return { dropped: true }
  return code === 'ZVERSE_CLOSED' || code === 'ZVERSE_TRANSACTION_CLOSED' ? { closed: true } : {}
}

export abstract class ReadVerbs<K, V> extends Printed {
  readonly #source: Source

  /** @internal */
  constructor(source: Source) {
    super()
    this.#source = source
  }

  /** @internal */
  get _source(): Source {
    return this.#source
  }

  /** @internal Its name where it is printed. */
  abstract get _kind(): string

  /** @internal Its facts where it is printed, beside the name of its store. */
  _facts(): object {
    return { keys: this.size }
  }

  /** @internal */
  _shown(): Shown {
    return shown(this._kind, () => {
      const { name } = this.#source.core
      const named = name === null ? {} : { name: brief(name) }
      try {
        return { ...named, ...this._facts() }
      } catch (error) {
        return { ...named, ...whyNot(error) }
      }
    })
  }

  /**
   * The value of `key`, or undefined where it is absent.
   * @throws ZVerseError `ZVERSE_INVALID_KEY`, `ZVERSE_KEY_TOO_LARGE`; with a view also
   * `ZVERSE_VERSION_NOT_RETAINED`, `ZVERSE_FUTURE_VERSION`, `ZVERSE_UNKNOWN_TAG`
   */
  get(key: K, view?: View): V | undefined {
    const source = this.#source
    source.gate()
    const { core } = source
    const at = view === undefined ? undefined : this.#view(view, 'get')
    const buffer = core.engine.key
    core.encodeKey(key, buffer)
    source.enter(at)
    try {
      const { sketch } = core.engine
      if (--sketch.left === 0) sketch.sample(core.id, buffer)
      const entry = source.find(buffer)
      return entry === 0 ? undefined : (source.valueOf(entry) as V)
    } finally {
      source.leave()
    }
  }

  /** True if `key` is present. */
  has(key: K, view?: View): boolean {
    return this.#lookUp(key, view, 'has', entry => entry !== 0)
  }

  /** The values of `keys`, in the order asked; undefined for each that is absent. */
  getMany(keys: readonly K[], view?: View): (V | undefined)[] {
    const source = this.#source
    source.gate()
    if (!Array.isArray(keys)) throw invalidOption('keys', 'must be an array of keys')
    const { core } = source
    const at = view === undefined ? undefined : this.#view(view, 'getMany')
    const { engine } = core
    const { batch, key: buffer, sketch } = engine
    // Code that runs while the keys are read (a getter, say) may use the database.
    const asked: K[] = []
    for (let i = 0; i < keys.length; i++) asked.push(keys[i])
    batch.begin()
    for (let i = 0; i < asked.length; i++) {
      core.encodeKey(asked[i], buffer)
      batch.add(buffer)
    }
    const values: (V | undefined)[] = []
    source.enter(at)
    try {
      for (let i = 0; i < asked.length; i++) {
        if (i % AHEAD === 0) source.ahead(batch.hashes, i, Math.min(i + AHEAD, asked.length))
        batch.load(i, buffer)
        if (--sketch.left === 0) sketch.sample(core.id, buffer)
        const entry = source.find(buffer)
        values.push(entry === 0 ? undefined : (source.valueOf(entry) as V))
        // A custom codec may have closed the database: then no reference may be followed.
        engine.gate.checkOpen()
      }
    } finally {
      source.leave()
    }
    return values
  }

  /** Key, value and the version that wrote them, or undefined where the key is absent. */
  getEntry(key: K, view?: View): Entry<K, V> | undefined {
    return this.#lookUp(key, view, 'getEntry', entry => {
      return entry === 0 ? undefined : (this.#source.entryOf(entry) as Entry<K, V>)
    })
  }

  /** `[key, value]` in key order. Also `entries`, and iterating the object itself. */
  range(options?: RangeOptions<K>): ZVerseIterator<[K, V]> {
    return this.#iterate(options, 'range', PAIRS)
  }

  /** The same as {@link range}. */
  entries(options?: RangeOptions<K>): ZVerseIterator<[K, V]> {
    return this.range(options)
  }

  [Symbol.iterator](): ZVerseIterator<[K, V]> {
    return this.range()
  }

  /** Keys in order. */
  keys(options?: RangeOptions<K>): ZVerseIterator<K> {
    return this.#iterate(options, 'keys', KEYS)
  }

  /** Values in key order. */
  values(options?: RangeOptions<K>): ZVerseIterator<V> {
    return this.#iterate(options, 'values', VALUES)
  }

  /** `{ key, value, version }` in key order. */
  getEntries(options?: RangeOptions<K>): ZVerseIterator<Entry<K, V>> {
    return this.#iterate(options, 'getEntries', ENTRIES)
  }

  /**
   * Z-order keys: `[key, value]` of the keys with every dimension from `min` to `max`, both inclusive,
   * in Z-order. Coordinates are compared as they read back; corners need not be possible keys.
   *
   * @param min null in a dimension leaves that side open, here and in `max`
   * @throws ZVerseError `ZVERSE_INVALID_KEY` naming a dimension; `ZVERSE_INVALID_OPTION` if a side is
   * inverted, or if these are no Z-order keys
   */
  box(min: Corner<K>, max: Corner<K>, options?: BoxOptions): ZVerseIterator<[K, V]> {
    const source = this.#source
    source.gate()
    const { core, views } = source
    const given = checkNames(options, views ? NAMES.box : NAMES.boxOnly, 'box')
    const limit = limitIn(given)
    const view = viewIn(given)
    const curve = curveOf(core.keys, 'box')
    const box = core.engine.gate.guarded(() => boxOf(curve, min, max))
    return this.#over(view, { lower: null, upper: null, box }, false, limit, PAIRS)
  }

  /**
   * Z-order keys: the entries nearest to `point`, nearest first, ties in key order. The search goes on
   * as you ask for them: the first does not wait for the last.
   *
   * @param point a finite number (or Date) a dimension; null leaves the dimension out
   * @param k how many at most: an integer ≥ 0, or Infinity
   * @throws ZVerseError `ZVERSE_INVALID_KEY` naming a dimension, `ZVERSE_INVALID_OPTION`
   */
  nearest(
    point: Corner<K>,
    k: number,
    options?: NearestOptions<K>,
  ): ZVerseIterator<Neighbour<K, V>> {
    const source = this.#source
    source.gate()
    const { core, views } = source
    const given = checkNames(options, views ? NAMES.nearest : NAMES.nearestOnly, 'nearest')
    const view = viewIn(given)
    const curve = curveOf(core.keys, 'nearest')
    const wanted = core.engine.gate.guarded(() => nearestIn(curve, point, k, given))
    return iterating(source.hold(view), ({ root, deep }) => {
      if (deep >= 0) return new DeepNeighbours(core, deep, curve, wanted)
      wanted.canReach = core.isWhole(root, curve, wanted.metric, source.draftRoot() === null)
      const search = new Nearest(core.engine.W, root, curve, wanted)
      return new Steps(() => {
        const entry = search.next()
        if (entry === 0) return END
        const { distance } = search
        return { key: core.keyOf(entry), value: core.valueOf(entry), distance }
      })
    })
  }

  /** Number of keys; O(1). */
  get size(): number {
    const source = this.#source
    source.gate()
    return source.count(undefined, undefined)
  }

  /** Number of keys in a range; O(height of the tree), in a box by the nodes along its rim. */
  count(options?: RangeOptions<K>): number {
    const source = this.#source
    source.gate()
    const { given, view, range } = this.#range(options, 'count')
    reverseIn(given)
    const limit = limitIn(given)
    return Math.min(limit, source.count(view, range))
  }

  /**
   * The history of a key: first the entry as it stood at the oldest version, if any, then each write
   * and deletion since; oldest first.
   */
  history(key: K, options?: HistoryOptions): ZVerseIterator<HistoryRecord<V>> {
    const source = this.#source
    source.gate()
    const names = source.views ? NAMES.history : NAMES.historyOnly
    const given = checkNames(options, names, 'history')
    const { from = 0, to = Number.POSITIVE_INFINITY } = given as { from?: number; to?: number }
    if (!isVersion(from)) throw invalidOption('from', 'must be a version')
    if (to !== Number.POSITIVE_INFINITY && !isVersion(to)) {
      throw invalidOption('to', 'must be a version')
    }
    const limit = limitIn(given)
    const reverse = reverseIn(given)
    const view = viewIn(given)
    source.core.encodeKey(key, source.core.engine.key)
    let records = this.#history(view, from, to, reverse, limit)
    if (limit === 0) records = []
    let i = 0
    const hold = { check: () => source.gate(), rest: () => {}, release: () => {} }
    return new ZVerseIterator(hold, new Steps(() => (i < records.length ? records[i++] : END)))
  }

  /**
   * `[key, value]` of the entries whose values are as a query says, each once, in key order or in the `order` that the
   * options ask for. Which indexes there are makes no difference but in time (docs/indexes.md).
   * @throws ZVerseError `ZVERSE_INVALID_OPTION`, `ZVERSE_UNKNOWN_INDEX`, `ZVERSE_NO_INDEX`; with a view as `get`
   */
  where(query: Where<K, V>, options?: WhereOptions): ZVerseIterator<[K, V]> {
    return where(this.#source, query, options)
  }

  /** How `where` would answer a query: by which indexes, with exact counts. */
  explain(query: Where<K, V>, options?: WhereOptions): Explanation {
    return explain(this.#source, query, options)
  }

  #history(
    view: View | undefined,
    from: number,
    to: number,
    reverse: boolean,
    limit: number,
  ): HistoryRecord<V>[] {
    const source = this.#source
    const { core } = source
    const { key, epochs } = core.engine
    const record = source.past(view)
    try {
      const { all, timeOf } = pastOfKey(core, key, record)
      const draft = source.draftRoot()
      if (draft !== null) {
        const now = core.find(draft, key)
        const was = all.length > 0 ? all[0].entry : 0
        if (now !== was) {
          all.unshift({ version: epochs.space.version, words: core.engine.W, entry: now })
        }
      }
      const chosen = all.filter(({ version }) => version >= from && version <= to)
      if (!reverse) chosen.reverse()
      return chosen.slice(0, limit).map(({ version, words, entry }) => ({
        version,
        timestamp: timeOf(version),
        value: entry === 0 ? undefined : (core.valueIn(words, entry) as V),
        deleted: entry === 0,
      }))
    } finally {
      source.leave()
    }
  }

  #lookUp<T>(key: K, view: View | undefined, verb: string, use: (entry: number) => T): T {
    const source = this.#source
    source.gate()
    const { core } = source
    const at = view === undefined ? undefined : this.#view(view, verb)
    const buffer = core.engine.key
    core.encodeKey(key, buffer)
    source.enter(at)
    try {
      const { sketch } = core.engine
      if (--sketch.left === 0) sketch.sample(core.id, buffer)
      return use(source.find(buffer))
    } finally {
      source.leave()
    }
  }

  #iterate<T>(options: RangeOptions<K> | undefined, verb: string, kind: number): ZVerseIterator<T> {
    const source = this.#source
    source.gate()
    const { given, view, range } = this.#range(options, verb)
    const reverse = reverseIn(given)
    const limit = limitIn(given)
    return this.#over(view, range, reverse, limit, kind)
  }

  /** Iterates over the entries in a checked range, as items of a kind. */
  #over<T>(
    view: View | undefined,
    range: Range,
    reverse: boolean,
    limit: number,
    kind: number,
  ): ZVerseIterator<T> {
    const { core } = this.#source
    const held = this.#source.hold(view)
    try {
      if (held.deep >= 0) {
        return new ZVerseIterator(held, new DeepRows(core, held.deep, range, reverse, limit, kind))
      }
      const cursor = walk(core.engine.W, held.root, range, reverse, limit)
      return new ZVerseIterator(held, new Rows(core, cursor, kind, limit))
    } catch (error) {
      held.release()
      throw error
    }
  }

  /** Checks a range verb's options. */
  #range(options: unknown, verb: string) {
    const { core, views } = this.#source
    const given = checkNames(options, views ? NAMES.range : NAMES.ordered, verb)
    const view = viewIn(given)
    const { engine } = core
    const range = engine.gate.guarded(() => rangeIn(given, core.keys, engine.key))
    return { given, view, range }
  }

  #view(options: unknown, verb: string): View | undefined {
    return viewIn(checkNames(options, this.#source.views ? NAMES.view : NAMES.nothing, verb))
  }
}
