/** An index by place, read at any version: entries in a box, the nearest to a point. Points may coincide. */
import { boxIn, boxOf, nearestIn } from '../engine/points.js'
import { limitIn, NAMES, type View, viewIn } from '../engine/view.js'
import type { Curve } from '../key/curve.js'
import type { Point, ZOrderKeys } from '../key/zorder.js'
import { checkNames } from '../options.js'
import { IndexNeighbours } from '../read/index-nearest.js'
import { INDEX_PAIRS, IndexRows, POINTS } from '../read/index-rows.js'
import { iterating, type ZVerseIterator } from '../read/iterator.js'
import type { BoxOptions, NearestOptions, Neighbour } from '../read/read-verbs.js'
import { KEYS } from '../read/rows.js'
import { type Range, WHOLE } from '../tree/cursor.js'
import { IndexVerbs } from './index-verbs.js'

/** A corner of a box, or the point of `nearest`: null leaves a side, or the dimension, open. */
export type IndexCorner = readonly (number | Date | null)[]

/** An entry that `nearest` of an index has found. */
export interface IndexNeighbour<K, V, P = Point> extends Neighbour<K, V> {
  /** The place of the entry, as the dimensions tell it. */
  point: P
}

export interface SpatialBounds {
  /** Only points inside, both corners inclusive. */
  box?: readonly [min: IndexCorner, max: IndexCorner] | undefined
}

/** The read verbs of an index by place. */
export class SpatialReads<K, V, P = Point> extends IndexVerbs<K, V> {
  /** @internal */
  get _curve(): Curve {
    return (this._core.known.defined.points as ZOrderKeys).curve
  }

  /** @internal The range in checked options. */
  _rangeIn({ box }: Record<string, unknown>): Range {
    if (box === undefined) return WHOLE
    const inside = this._core.engine.gate.guarded(() => boxIn(this._curve, box))
    return { lower: null, upper: null, box: inside }
  }

  /**
   * `[key, value, point]` of the entries with every coordinate from `min` to `max`, both inclusive, in Z-order, then in
   * key order. Coordinates are compared as they read back.
   * @param min null in a dimension leaves that side open, here and in `max`
   * @throws ZVerseError `ZVERSE_UNKNOWN_INDEX`, `ZVERSE_INVALID_KEY` naming a dimension, `ZVERSE_INVALID_OPTION`; with
   * a view as `get` of a store
   */
  box(
    min: IndexCorner,
    max: IndexCorner,
    options?: BoxOptions,
  ): ZVerseIterator<[key: K, value: V, point: P]> {
    const source = this._source
    const core = this._core
    source.gate()
    const given = checkNames(options, source.views ? NAMES.box : NAMES.boxOnly, 'box')
    const limit = limitIn(given)
    const view = viewIn(given)
    const box = core.engine.gate.guarded(() => boxOf(this._curve, min, max))
    return iterating(source.hold(view), held => {
      const finder = source.finder(core.parent, held)
      const range = { lower: null, upper: null, box }
      return new IndexRows(core, held, range, false, limit, POINTS, finder)
    })
  }

  /**
   * `{ key, value, distance, point }` of the entries nearest to a point, nearest first, ties in key order. The search goes
   * on as you ask for them.
   * @param point a finite number (or Date) a dimension; null leaves the dimension out
   * @param k how many at most: an integer ≥ 0, or Infinity
   * @throws ZVerseError as {@link box}
   */
  nearest(
    point: IndexCorner,
    k: number,
    options?: NearestOptions<(number | Date)[]>,
  ): ZVerseIterator<IndexNeighbour<K, V, P>> {
    const source = this._source
    const core = this._core
    source.gate()
    const names = source.views ? NAMES.nearest : NAMES.nearestOnly
    const given = checkNames(options, names, 'nearest')
    const view = viewIn(given)
    const wanted = core.engine.gate.guarded(() => nearestIn(this._curve, point, k, given))
    return iterating(source.hold(view), held => {
      const finder = source.finder(core.parent, held)
      return new IndexNeighbours(core, held, wanted, finder, source.draftRoot() === null)
    })
  }

  /** `[point, key]` of all, or of those in a box, in the same order. No value is looked at. */
  pairs(options?: SpatialBounds & BoxOptions): ZVerseIterator<[point: P, key: K]> {
    return this.#iterate(options, 'pairs', INDEX_PAIRS)
  }

  /** Keys in the same order. */
  keys(options?: SpatialBounds & BoxOptions): ZVerseIterator<K> {
    return this.#iterate(options, 'keys', KEYS)
  }

  #iterate<T>(options: unknown, verb: string, kind: number): ZVerseIterator<T> {
    const source = this._source
    const core = this._core
    source.gate()
    const names = ['box', ...(source.views ? NAMES.box : NAMES.boxOnly)]
    const given = checkNames(options, names, verb)
    const limit = limitIn(given)
    const view = viewIn(given)
    const range = this._rangeIn(given)
    return iterating(source.hold(view), held => {
      const finder = source.finder(core.parent, held)
      return new IndexRows(core, held, range, false, limit, kind, finder)
    })
  }

  /** Number of points, or of those in a box; the nodes along its rim are looked at. */
  count(options?: SpatialBounds & View): number {
    const source = this._source
    source.gate()
    const given = checkNames(options, source.views ? ['box', ...NAMES.view] : ['box'], 'count')
    const view = viewIn(given)
    return source.count(view, this._rangeIn(given))
  }
}
