/**
 * An index of a store as a handle: its verbs at any view, what differs between two versions, and changes as they happen.
 */
import type { Signal } from '../engine/signal.js'
import { isVersion, limitIn, reverseIn } from '../engine/view.js'
import type { Pair } from '../indexes/entry-key.js'
import { INDEX_BOUNDS, type IndexBounds } from '../indexes/index-range.js'
import type { TupleKey } from '../key/tuple-writer.js'
import type { Point } from '../key/zorder.js'
import { Printed, type Shown, shown } from '../memory/shown.js'
import { checkNames, invalidOption } from '../options.js'
import { DatabaseSource } from '../read/database-source.js'
import { type IndexCore, registerIndex } from '../read/index-core.js'
import { iterating, type ZVerseIterator } from '../read/iterator.js'
import { BothHeld, type Source } from '../read/source.js'
import type { Range } from '../tree/cursor.js'
import { Changes } from './changes.js'
import { type IndexDifference, IndexDifferences } from './index-diff.js'
import { IndexReads } from './property-index.js'
import { type Side, sideView } from './side.js'
import { type SpatialBounds, SpatialReads } from './spatial-index.js'
import { VectorReads } from './vector-index.js'
import { signalIn } from './wait.js'

/** The order of what differs. */
export interface IndexOrder {
  /** From the last index key to the first. */
  reverse?: boolean | undefined
  limit?: number | undefined
}

/** Where commits begin. */
export interface IndexSince {
  /** Commits after this version; by default after the present one. */
  since?: number | undefined
  /** Aborting rejects with an AbortError. */
  signal?: Signal | undefined
}

export type IndexDiffOptions = IndexBounds & IndexOrder
export type IndexChangesOptions = IndexBounds & IndexSince

/** The changes of one commit in an index. */
export interface IndexCommit<K, I = TupleKey> {
  version: number
  /** ms since 1970 */
  timestamp: number
  /** In the order of index keys. */
  changes: IndexDifference<K, I>[]
}

/** An index of a store: read it at any version. */
export class Index<K, V> extends IndexReads<K, V> {
  /** @internal */
  constructor(core: IndexCore) {
    super(new DatabaseSource(core))
    registerIndex(this, core)
  }

  /**
   * `{ key, primary, type }` for each key that has come (`'in'`) or gone (`'out'`) between two versions: `key` is the
   * index key, `primary` the key of the entry. The cost follows the number of changes.
   */
  diff(from: Side, to: Side, options?: IndexDiffOptions): ZVerseIterator<IndexDifference<K>> {
    return diff(this, INDEX_BOUNDS, from, to, options)
  }

  /**
   * Commits after `since` that change something in range, as they happen. While the iterator waits the process
   * stays alive; `close` ends it.
   */
  changes(options?: IndexChangesOptions): IndexChanges<K> {
    return changes(this, INDEX_BOUNDS, options)
  }
}

/** An index by place: read it at any version. */
export class SpatialIndex<K, V, P = Point> extends SpatialReads<K, V, P> {
  /** @internal */
  constructor(core: IndexCore) {
    super(new DatabaseSource(core))
    registerIndex(this, core)
  }

  /** As `diff` of other indexes: `key` is the point. */
  diff(
    from: Side,
    to: Side,
    options?: SpatialBounds & IndexOrder,
  ): ZVerseIterator<IndexDifference<K, P>> {
    return diff(this, ['box'], from, to, options)
  }

  /** As `changes` of other indexes: what comes into a box, and what leaves it. */
  changes(options?: SpatialBounds & IndexSince): IndexChanges<K, P> {
    return changes(this, ['box'], options)
  }
}

/** An index of vectors: read it at any version. */
export class VectorIndex<K, V> extends VectorReads<K, V> {
  /** @internal */
  constructor(core: IndexCore) {
    super(new DatabaseSource(core))
    registerIndex(this, core)
  }
}

/** An index, and how it reads the bounds of a range. */
interface Ranged {
  readonly _core: IndexCore
  readonly _source: Source
  _rangeIn(given: Record<string, unknown>): Range
}

function diff<K, I>(
  index: Ranged,
  bounds: readonly string[],
  from: Side,
  to: Side,
  options: unknown,
): ZVerseIterator<IndexDifference<K, I>> {
  const { _core: core, _source: source } = index
  source.gate()
  const [a, b] = [sideView(from, 'from'), sideView(to, 'to')]
  const given = checkNames(options, [...bounds, 'reverse', 'limit'], 'diff')
  const range = index._rangeIn(given)
  const order = { reverse: reverseIn(given), limit: limitIn(given) }
  return iterating(new BothHeld(source, a, b), ({ before, after }) => {
    return new IndexDifferences(core, before, after, range, order)
  })
}

function changes<K, I>(
  index: Ranged,
  bounds: readonly string[],
  options: unknown,
): IndexChanges<K, I> {
  const { _core: core, _source: source } = index
  source.gate()
  const given = checkNames(options, [...bounds, 'since', 'signal'], 'changes')
  const { since } = given
  const signal = signalIn(given)
  if (since !== undefined && !isVersion(since)) throw invalidOption('since', 'must be a version')
  const range = index._rangeIn(given)
  return new IndexChanges(Changes.begin<Pair<K>, undefined>(core, since, range, signal))
}

/** The commits of an index, as an async iterator. */
export class IndexChanges<K, I = TupleKey>
  extends Printed
  implements AsyncIterableIterator<IndexCommit<K, I>, undefined>
{
  readonly #commits: Changes<Pair<K>, undefined>

  /** @internal */
  constructor(commits: Changes<Pair<K>, undefined>) {
    super()
    this.#commits = commits
  }

  /** The next commit with a change in range, as soon as there is one. */
  async next(): Promise<IteratorResult<IndexCommit<K, I>, undefined>> {
    const { done, value } = await this.#commits.next()
    if (done === true) return { done, value: undefined }
    const { version, timestamp } = value
    const changes = value.changes.map(({ type, key: [key, primary] }) => {
      return { key: key as I, primary, type: type === 'put' ? ('in' as const) : ('out' as const) }
    })
    return { done: false, value: { version, timestamp, changes } }
  }

  /** Ends the iteration, also one that waits. */
  return(): Promise<IteratorReturnResult<undefined>> {
    return this.#commits.return()
  }

  /** @internal */
  _shown(): Shown {
    return shown('IndexChanges', () => ({}))
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
