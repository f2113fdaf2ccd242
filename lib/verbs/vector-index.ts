/** An index of vectors, read at any version: the entries whose vectors are nearest to another. */
import { checkView, NAMES, type View, viewIn } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import type { VectorForm } from '../indexes/definition.js'
import { numbersOf } from '../indexes/plain-paths.js'
import { isArray } from '../key/describe.js'
import { checkNames, integer, invalidOption } from '../options.js'
import type { Held } from '../read/held.js'
import { type Chosen, VectorNeighbours } from '../read/index-vector.js'
import { iterating, type ZVerseIterator } from '../read/iterator.js'
import { askedBy, type Where } from '../read/queries.js'
import type { Neighbour } from '../read/read-verbs.js'
import { recallOf } from '../read/recall.js'
import type { Wanted } from '../read/vector-search.js'
import { Vectors } from '../read/vectors.js'
import { isUsable } from '../vector/codes.js'
import { VECTORS_RANGE } from '../vector/layout.js'
import { VectorQuery } from '../vector/query.js'
import { IndexVerbs } from './index-verbs.js'

/**
 * What others are compared with: numbers, as many as the index has dimensions; or the vector of the entry of a key.
 */
export type QueryVector<K> = ArrayLike<number> | { readonly key: K }

export interface VectorNearestOptions<K, V> extends View {
  /**
   * More finds more of the true nearest, and takes longer, about in proportion; less the opposite. A number above 0; default 1.
   */
  effort?: number | undefined
  /** All are compared: the answer is exact. */
  exact?: boolean | undefined
  /** Only entries at this distance at most. */
  within?: number | undefined
  /** Only entries that a query finds, as `where` of the store has it. */
  where?: Where<K, V> | undefined
  /** Only entries for which this is true; it may read the database. */
  filter?: ((key: K, value: V) => boolean) | undefined
}

/** How `recall` measures. */
export interface RecallOptions {
  /** Vectors of the index that are looked for: an integer ≥ 1; default 100. */
  sample?: number | undefined
  /** How many neighbours of each: an integer ≥ 1; default 10. */
  k?: number | undefined
  /** As for `nearest`. */
  effort?: number | undefined
}

const OPTIONS = ['effort', 'exact', 'within', 'where', 'filter']
const MOST = 2 ** 31

/** The read verbs of an index of vectors. */
export class VectorReads<K, V> extends IndexVerbs<K, V> {
  /** @internal */
  get _form(): VectorForm {
    return this._core.known.defined.vectors as VectorForm
  }

  /**
   * `{ key, value, distance }` of the entries whose vectors are nearest to another, nearest first, ties in key order.
   *
   * Most of the true nearest are found, unless `exact` is asked for; how many, {@link recall} measures. Never are there
   * fewer than `k` while `k` match.
   * @param query numbers, or `{ key }`: the vector of that entry, which is found, too
   * @param k how many at most: an integer ≥ 0, or Infinity
   * @throws ZVerseError `ZVERSE_UNKNOWN_INDEX`; `ZVERSE_INVALID_VALUE { index }` where the query is no vector of the index;
   * `ZVERSE_INVALID_OPTION`, also where the entry of a key has no vector; `ZVERSE_INVALID_KEY`; with a view as `get` of a store
   */
  nearest(
    query: QueryVector<K>,
    k: number,
    options?: VectorNearestOptions<K, V>,
  ): ZVerseIterator<Neighbour<K, V>> {
    const source = this._source
    source.gate()
    const { engine } = this._core
    const names = source.views ? [...OPTIONS, ...NAMES.view] : OPTIONS
    const asked = engine.gate.guarded(() => {
      const given = checkNames(options, names, 'nearest')
      return {
        view: viewIn(given),
        wanted: wantedIn(k, given),
        chosen: this.#chosenIn(given),
        vector: this.#vectorIn(query),
      }
    })
    const { view, wanted, chosen, vector } = asked
    return iterating(source.hold(view), held => {
      const from = vector instanceof Float32Array ? vector : this.#stored(held, vector.key)
      return new VectorNeighbours(source, held, new VectorQuery(from, this._form), wanted, chosen)
    })
  }

  /** Number of vectors: of the entries that have one. */
  count(view?: View): number {
    const source = this._source
    source.gate()
    return source.count(checkView(view, 'count'), VECTORS_RANGE)
  }

  /**
   * The share of the true nearest that `nearest` finds, from 0 to 1: looks for the neighbours of some vectors of the index in both
   * ways. The same vectors are taken each time.
   * @throws ZVerseError as {@link nearest}
   */
  recall(options?: RecallOptions, view?: View): number {
    const source = this._source
    source.gate()
    const given = checkNames(options, ['sample', 'k', 'effort'], 'recall')
    const sample = integer(given.sample, 'sample', 1, MOST, 100)
    const k = integer(given.k, 'k', 1, MOST, 10)
    const effort = effortIn(given.effort)
    const held = source.hold(checkView(view, 'recall'))
    try {
      return recallOf(source, held, sample, k, effort)
    } finally {
      held.release()
    }
  }

  #chosenIn({ where, filter }: Record<string, unknown>): Chosen {
    if (filter !== undefined && typeof filter !== 'function') {
      throw invalidOption('filter', 'must be a function')
    }
    return {
      where: where === undefined ? null : askedBy(this._source.of(this._core.parent), where),
      filter: filter === undefined ? null : (filter as Chosen['filter']),
    }
  }

  #vectorIn(query: unknown): Float32Array | { readonly key: unknown } {
    if (typeof query !== 'object' || query === null) throw wrongQuery()
    if (!isArray(query) && !ArrayBuffer.isView(query)) {
      const { key } = checkNames(query, ['key'], 'the query')
      if (key === undefined) throw wrongQuery()
      return { key }
    }
    const { dims, metric } = this._form
    const vector = new Float32Array(dims)
    if (numbersOf(query, vector) && isUsable(metric, vector)) return vector
    const rest = metric === 'cosine' ? 'not all 0' : 'none huge'
    const index = JSON.stringify(this.name)
    const message = `the query must have ${dims} finite numbers, ${rest}, for index ${index}`
    throw new ZVerseError('ZVERSE_INVALID_VALUE', message, { index: this.name })
  }

  /** The vector of an entry, at a version that is held. */
  #stored(held: Held, key: unknown): Float32Array {
    const { parent, engine } = this._core
    const vectors = new Vectors(this._source, held)
    parent.encodeKey(key, engine.key)
    const placed = vectors.placeOf(engine.key)
    if (placed !== null) return vectors.numbersOf(placed).slice()
    throw invalidOption('query', 'must be the key of an entry that has a vector at that version')
  }
}

function wantedIn(k: unknown, given: Record<string, unknown>): Wanted {
  const { exact, within = Number.POSITIVE_INFINITY } = given
  if (k !== Number.POSITIVE_INFINITY && !(Number.isInteger(k) && (k as number) >= 0)) {
    throw invalidOption('k', 'must be an integer ≥ 0 or Infinity')
  }
  if (exact !== undefined && typeof exact !== 'boolean') {
    throw invalidOption('exact', 'must be a boolean')
  }
  if (typeof within !== 'number' || Number.isNaN(within)) {
    throw invalidOption('within', 'must be a number')
  }
  return { k: k as number, within, exact: exact === true, effort: effortIn(given.effort) }
}

function effortIn(effort: unknown): number {
  if (effort === undefined) return 1
  if (typeof effort === 'number' && effort > 0) return effort
  throw invalidOption('effort', 'must be a number above 0')
}

function wrongQuery(): ZVerseError {
  return invalidOption('query', 'must be an array of numbers, a typed array, or an object with key')
}
