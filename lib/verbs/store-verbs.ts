/**
 * The verbs that a database and a named store share: reading at any view, writing, comparing.
 */

import type { Difference as DeepDifference, DeepSide, Found } from '../engine/deep.js'
import { UNNAMED } from '../engine/names.js'
import type { Signal } from '../engine/signal.js'
import {
  type Bounds,
  checkView,
  isVersion,
  limitIn,
  NAMES,
  rangeIn,
  reverseIn,
  type View,
} from '../engine/view.js'
import type {
  IndexDefinition,
  PropertyDefinition,
  SpatialDefinition,
  VectorDefinition,
} from '../indexes/definition.js'
import type { Dimension } from '../key/axis.js'
import { stringKeys } from '../key/string.js'
import type { PointOf } from '../key/zorder.js'
import { copyKey, type EncodedValue, isInPieces, valueIn } from '../memory/entry.js'
import { R_VERSION, WRITING_VERB } from '../memory/layout.js'
import { hasValue } from '../memory/pieces.js'
import { load48 } from '../memory/words.js'
import { checkNames, invalidOption, type Priority } from '../options.js'
import { queueOf } from '../queue/queue.js'
import { END, iterating, Steps, type ZVerseIterator } from '../read/iterator.js'
import {
  DeepDifferences,
  DeepDifferencesBack,
  differences,
  type HeldVersion,
  sideOf,
  storeIn,
} from '../read/sides.js'
import { BothHeld } from '../read/source.js'
import { StoreCore } from '../read/store-core.js'
import { WHOLE } from '../tree/cursor.js'
import { DiffCursor } from '../tree/diff.js'
import { stringValues } from '../value/string.js'
import type { Operation } from '../write/operations.js'
import type { Transaction } from '../write/transaction.js'
import { CommitVerbs } from '../write/write-verbs.js'
import { Changes } from './changes.js'
import type { Index, SpatialIndex, VectorIndex } from './index-handle.js'
import {
  dropIndex,
  type IndexInfo,
  type IndexKind,
  type IndexOf,
  listIndexes,
  makeIndex,
  makeIndexAsync,
} from './index-making.js'
import { KeyRef } from './ref.js'
import { type Side, sideView } from './side.js'
import {
  beginRead,
  beginWrite,
  beginWriteAsync,
  type ReadTransaction,
  registerStore,
  type TypedStore,
  transact,
  type WriteTransaction,
} from './transactions.js'
import { signalIn } from './wait.js'

/** A named store, as `stores` lists it. */
export interface StoreInfo {
  name: string
  keys: string
  values: string
}

/** A key whose entry differs; undefined on the side where it is absent. */
export interface Difference<K, V> {
  key: K
  before: V | undefined
  after: V | undefined
}

/** A key that this thread reads often. */
export interface HotKey<K> {
  key: K
  /** Its estimated reads by this thread, of the last million or two. */
  frequency: number
}

export interface DiffOptions<K> extends Bounds<K> {
  /** From the last key to the first. */
  reverse?: boolean | undefined
  limit?: number | undefined
}

export interface ChangesOptions<K> extends Bounds<K> {
  /** Commits after this version; by default after the present one. */
  since?: number | undefined
  /** Aborting rejects with an AbortError. */
  signal?: Signal | undefined
}

export abstract class StoreVerbs<K, V> extends CommitVerbs<K, V> {
  #text: Store<string, string> | null | undefined

  /** The names of the codecs of its keys and values. */
  get codecs(): { keys: string; values: string } {
    const { keys, values } = this._core
    return { keys: keys.name, values: values.name }
  }

  /**
   * @internal The same store, of binary keys and values, with its bytes read and written as the UTF-8 of
   * text. Null where it has other codecs; where it has a name, which goes with its codecs; and where
   * threads cache values, which have one form.
   */
  get _text(): Store<string, string> | null {
    if (this.#text !== undefined) return this.#text
    const { engine, id, keys, values } = this._core
    const isBinary = keys.name === 'binary' && values.name === 'binary'
    const can = isBinary && id === UNNAMED && engine.cache === null
    const core = () =>
      new StoreCore(engine, id, null, stringKeys() as never, stringValues() as never)
    return (this.#text = can ? new Store(core()) : null)
  }

  // ── The write queue ───────────────────────────────────────────────────────────────────────────

  /**
   * Submits an operation, or several as one, to the write queue (docs/queue.md): some thread commits it in a group
   * with others. It is encoded at once; what is changed later changes nothing.
   * @param options `priority`: `'high'` goes before `'normal'`, which is the default, before `'low'`
   * @returns resolves to the version of the commit once it can be read; rejects with what `batch` throws, or with
   * `ZVERSE_OVER_CAPACITY { priority, depth, capacity, retryAfterMs }`, or with `ZVERSE_CLOSED` where the handle was
   * closed first, as asked, or with `ZVERSE_NESTED_TRANSACTION` while this handle has a write transaction open. Nothing
   * of it is written then
   */
  submit(
    operations: Operation<K, V> | readonly Operation<K, V>[],
    options?: { priority?: Priority | undefined },
  ): Promise<number> {
    try {
      const core = this._begin()
      return queueOf(core.engine).submit(core, operations, options, true)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** @internal {@link submit} for callers that hold back by themselves: its lane may be full. */
  _submit(operations: Operation<K, V> | readonly Operation<K, V>[]): Promise<number> {
    const core = this._begin()
    return queueOf(core.engine).submit(core, operations, undefined, false)
  }

  // ── Indexes ───────────────────────────────────────────────────────────────────────────────────

  /**
   * The index of that name; made and filled, with a commit, if there is none and a definition is given. One by place that
   * is asked for by its name alone: `index<'spatial'>(name)`.
   * @throws ZVerseError `ZVERSE_UNKNOWN_INDEX` if there is none and none is defined; `ZVERSE_INVALID_OPTION` if it was
   * defined otherwise; `ZVERSE_INVALID_VALUE { index }`, `ZVERSE_NOT_UNIQUE { index, key, holder }` for what is there already
   */
  index<const D extends readonly Dimension[]>(
    name: string,
    definition: SpatialDefinition<D>,
  ): SpatialIndex<K, V, PointOf<D>>
  index(name: string, definition: VectorDefinition): VectorIndex<K, V>
  index<Kind extends IndexKind = 'property'>(
    name: string,
    definition?: PropertyDefinition,
  ): IndexOf<K, V, Kind>
  index(name: string, definition: IndexDefinition): IndexOf<K, V, IndexKind>
  index(name: string, definition?: IndexDefinition): IndexOf<K, V, IndexKind> {
    return makeIndex(this._begin(), name, definition)
  }

  /**
   * The same without blocking the thread, or other writers for long: the index is built of a pinned version beside them,
   * then brought up to what they have changed, and only the rest is done in the writer's turn.
   * @param options `signal`: aborting rejects with an AbortError; nothing has changed then
   * @throws ZVerseError as {@link index}, and as `beginWriteAsync` (all as rejections)
   */
  indexAsync<const D extends readonly Dimension[]>(
    name: string,
    definition: SpatialDefinition<D>,
    options?: { signal?: Signal | undefined },
  ): Promise<SpatialIndex<K, V, PointOf<D>>>
  indexAsync(
    name: string,
    definition: VectorDefinition,
    options?: { signal?: Signal | undefined },
  ): Promise<VectorIndex<K, V>>
  indexAsync(
    name: string,
    definition: PropertyDefinition,
    options?: { signal?: Signal | undefined },
  ): Promise<Index<K, V>>
  async indexAsync(
    name: string,
    definition: IndexDefinition,
    options?: { signal?: Signal | undefined },
  ): Promise<IndexOf<K, V, IndexKind>> {
    const core = this._begin()
    const signal = signalIn(checkNames(options, ['signal'], 'indexAsync'))
    return makeIndexAsync(core, name, definition, signal)
  }

  /**
   * Drops an index; older versions still have it.
   * @returns the version of the commit
   * @throws ZVerseError `ZVERSE_UNKNOWN_INDEX`
   */
  dropIndex(name: string): number {
    return dropIndex(this._begin(), name)
  }

  /** The indexes of the store, by name. */
  indexes(view?: View): IndexInfo[] {
    return listIndexes(this._begin(), view)
  }

  // ── Transactions ──────────────────────────────────────────────────────────────────────────────

  /**
   * Runs `callback` with a write transaction and commits. If it throws, everything is rolled back
   * and the exception passes on.
   * @returns the callback's result
   * @throws ZVerseError `ZVERSE_ASYNC_TRANSACTION` if that is a promise
   */
  transact<T>(callback: (tx: WriteTransaction<K, V>) => T): T {
    return transact(this._begin(), callback)
  }

  /** Takes the writer's turn: until the transaction ends, no other thread writes. */
  beginWrite(): WriteTransaction<K, V> {
    return beginWrite(this._begin())
  }

  /**
   * Takes the writer's turn without blocking the event loop; it is yours when the promise resolves.
   * The process stays alive until then.
   * @param options `signal`: aborting rejects with an AbortError
   * @throws ZVerseError `ZVERSE_NESTED_TRANSACTION` while this thread has a transaction open,
   * `ZVERSE_WRITER_BUSY { waitedMs, threadId }`, `ZVERSE_CLOSED` (all as rejections)
   */
  async beginWriteAsync(options?: {
    signal?: Signal | undefined
  }): Promise<WriteTransaction<K, V>> {
    const core = this._begin()
    const signal = signalIn(checkNames(options, ['signal'], 'beginWriteAsync'))
    return beginWriteAsync(core, signal)
  }

  /** Makes every key as it was at a view; entries with the same value bytes stay as they are. */
  restore(view: View): number {
    const core = this._begin()
    const held = this._source.hold(checkView(view, 'restore'))
    try {
      const body = (tx: Transaction) =>
        held.deep < 0
          ? restore(tx, core, held.root)
          : restoreDeep(tx, core, sideOf(core.engine, held))
      return this._write(core, body, WRITING_VERB)
    } finally {
      held.release()
    }
  }

  // ── Read ──────────────────────────────────────────────────────────────────────────────────────

  /**
   * A reference to a key: its value as of now, and a cheap test whether a thread has written it since.
   * @throws ZVerseError `ZVERSE_INVALID_KEY`, `ZVERSE_KEY_TOO_LARGE`
   */
  ref(key: K): KeyRef<K, V> {
    const core = this._begin()
    const { engine } = core
    core.encodeKey(key, engine.key)
    // Encoding may have run user code, which may have closed the database.
    engine.gate.checkOpen()
    engine.epochs.makeGenerations()
    return new KeyRef(core, engine.key)
  }

  /**
   * The keys that this thread reads most by `get`, `has`, `getMany` and `getEntry`, most first. Sampled
   * and estimated; reads of long ago count less.
   * @param n how many at most; no more than 128 are known
   */
  hotKeys(n: number): HotKey<K>[] {
    const core = this._begin()
    if (!isVersion(n)) throw invalidOption('n', 'must be an integer ≥ 0')
    return core.engine.sketch.leaders(core.id, n).map(({ words, bytes, count }) => {
      return { key: core.keys.decode(words, 0, bytes) as K, frequency: count }
    })
  }

  /** Pins a version: the transaction reads it until it is closed. */
  beginRead(view?: View): ReadTransaction<K, V> {
    const core = this._begin()
    return beginRead(core, view === undefined ? undefined : checkView(view, 'beginRead'))
  }

  /**
   * `{ key, before, after }`, in key order, for each key whose entry differs between two versions.
   * The cost follows the number of changes, not of keys.
   */
  diff(from: Side, to: Side, range?: DiffOptions<K>): ZVerseIterator<Difference<K, V>> {
    const core = this._begin()
    const { engine } = core
    const a = sideView(from, 'from')
    const b = sideView(to, 'to')
    const given = checkNames(range, NAMES.ordered, 'diff')
    const bounds = engine.gate.guarded(() => rangeIn(given, core.keys, engine.key))
    const pairs = { reverse: reverseIn(given), limit: limitIn(given) }
    const value = (entry: number) => (entry === 0 ? undefined : (core.valueOf(entry) as V))
    return iterating(new BothHeld(this._source, a, b), ({ before, after }) => {
      if (before.deep >= 0 || after.deep >= 0) {
        const Differences = pairs.reverse ? DeepDifferencesBack : DeepDifferences
        const sides = [sideOf(engine, before), sideOf(engine, after)] as const
        return new Differences(core, ...sides, bounds, pairs.limit)
      }
      const cursor = new DiffCursor(engine.W, before.root, after.root, bounds)
      const next = pairs.reverse ? backwards(cursor, pairs.limit) : forwards(cursor, pairs.limit)
      return new Steps(() => {
        const pair = next()
        if (pair === undefined) return END
        const key = core.keyOf(pair.before === 0 ? pair.after : pair.before)
        return { key, before: value(pair.before), after: value(pair.after) }
      })
    })
  }

  /**
   * Commits after `since`, as they happen, with their changes in range.
   * While the iterator waits the process stays alive; `close` ends it.
   */
  changes(options?: ChangesOptions<K>): Changes<K, V> {
    const core = this._begin()
    const { engine } = core
    const given = checkNames(options, NAMES.changes, 'changes')
    const { since } = given
    const signal = signalIn(given)
    if (since !== undefined && !isVersion(since)) throw invalidOption('since', 'must be a version')
    const range = engine.gate.guarded(() => rangeIn(given, core.keys, engine.key))
    return Changes.begin<K, V>(core, since, range, signal)
  }
}

/** A named store. */
export class Store<K, V> extends StoreVerbs<K, V> implements TypedStore<K, V> {
  /** Its name. */
  readonly name: string
  declare readonly '~types'?: { key: K; value: V }

  /** @internal */
  constructor(core: StoreCore) {
    super(core)
    this.name = core.name as string
    registerStore(this, core)
  }

  /** @internal */
  get _kind(): string {
    return 'Store'
  }
}

/** Entries of a key on two sides, 0 where it is absent. */
interface Pair {
  readonly before: number
  readonly after: number
}

function forwards(cursor: DiffCursor, limit: number): () => Pair | undefined {
  let left = limit
  return () => (left-- > 0 && cursor.next() ? cursor : undefined)
}

/** The differences from the last to the first: finds all before it gives the first. */
function backwards(cursor: DiffCursor, limit: number): () => Pair | undefined {
  let pairs: Pair[] | undefined
  let left = limit
  return () => {
    if (left-- <= 0) return undefined
    if (pairs === undefined) {
      const all: Pair[] = []
      while (cursor.next()) all.push({ before: cursor.before, after: cursor.after })
      pairs = all
    }
    return pairs.pop()
  }
}

/** Makes the store equal to the tree below `root`. */
function restore(tx: Transaction, core: StoreCore, root: number): void {
  const { W, writer, key } = core.engine
  const draft = tx.draft(core)
  const cursor = new DiffCursor(W, draft.live.root, root, WHOLE)
  while (cursor.next()) {
    copyKey(W, cursor.after === 0 ? cursor.before : cursor.after, key)
    if (cursor.after === 0) {
      writer.delete(draft, key, undefined)
      continue
    }
    const value = encodedValue(core, cursor.after)
    const { words, at, length } = value
    if (cursor.before !== 0 && hasValue(W, cursor.before, words, at, length)) continue
    writer.put(draft, key, value, undefined, tx.version)
  }
}

/** The same for a version of the deep past. */
function restoreDeep(tx: Transaction, core: StoreCore, version: HeldVersion): void {
  const { W, reader, epochs } = core.engine
  const { slots } = epochs
  slots.enterRun()
  const oldest = reader.oldestRecord
  // The walk goes on in it while the writer may be short of memory.
  const pin = slots.acquire(oldest)
  slots.exit()
  try {
    const present = { version: load48(W, tx.base + R_VERSION), record: tx.base }
    const sides = [present, version].map(side => {
      return { ...side, store: storeIn(core, side, oldest) }
    })
    const [before, after] = sides as [DeepSide, DeepSide]
    const walk = differences(core.engine, before, after, WHOLE, oldest)
    for (let found = walk.next(); found !== null; found = walk.next()) restoreOne(tx, core, found)
  } finally {
    slots.release(pin)
  }
}

function restoreOne(tx: Transaction, core: StoreCore, { before, after }: DeepDifference): void {
  const { W, writer, key } = core.engine
  const draft = tx.draft(core)
  const { words, entry } = (after ?? before) as Found
  copyKey(words, entry, key)
  if (after === null) {
    writer.delete(draft, key, undefined)
    return
  }
  const value = words === W ? encodedValue(core, entry) : valueIn(words, entry)
  const { at, length } = value
  if (before !== null && hasValue(W, before.entry, value.words, at, length)) return
  writer.put(draft, key, value, undefined, tx.version)
}

/** An entry's value in place; of one in pieces a copy, valid until the next call. */
function encodedValue({ engine }: StoreCore, entry: number): EncodedValue {
  const value = valueIn(engine.W, entry)
  if (!isInPieces(engine.W, entry)) return value
  return { ...value, words: engine.gatherer.gather(entry).words, at: 0 }
}
