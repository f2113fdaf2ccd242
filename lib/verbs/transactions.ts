/**
 * Read transactions and write transactions, and their views of named stores.
 */
/// <reference lib="esnext.disposable" preserve="true" />

import type { Engine } from '../engine/engine.js'
import { PINNED, type Pinned, type Reader, type VersionTimes } from '../engine/reader.js'
import type { Signal } from '../engine/signal.js'
import type { SnapshotSource, View } from '../engine/view.js'
import type { Known } from '../indexes/definition.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { WRITING_CALLBACK, WRITING_OPEN } from '../memory/layout.js'
import { timeOf, untilOf } from '../memory/record.js'
import { invalidOption } from '../options.js'
import { DeepPin } from '../read/deep.js'
import { DeepSource } from '../read/deep-source.js'
import { type IndexCore, indexOf } from '../read/index-core.js'
import { PinLease } from '../read/pin-lease.js'
import { ReadVerbs } from '../read/read-verbs.js'
import { type Bracket, type Source, transactionClosed } from '../read/source.js'
import type { StoreCore } from '../read/store-core.js'
import { DraftSource, PinnedSource } from '../read/transaction-sources.js'
import { inCallback } from '../threads/running.js'
import type { Pin } from '../threads/slots.js'
import { commitVersion } from '../write/commit.js'
import { inTurn, type Transaction } from '../write/transaction.js'
import { WriteLease } from '../write/write-lease.js'
import { type DraftHold, DraftVerbs, refusePromise } from '../write/write-verbs.js'
import { GraphReads } from './graph-reads.js'
import { GraphDraft } from './graph-writes.js'
import { IndexReads } from './property-index.js'
import { SpatialReads } from './spatial-index.js'
import { VectorReads } from './vector-index.js'
import { checkGoesOn } from './wait.js'

/** Any object that stands for a named store. */
export interface StoreLike {
  readonly name: string
}

/** The cores of store handles, without trusting their shape. */
const cores = new WeakMap<object, StoreCore>()

export function registerStore(store: object, core: StoreCore): void {
  cores.set(store, core)
}

/** The core of a store handle of this database. */
function coreOf(engine: Engine, store: unknown): StoreCore {
  const core = cores.get(store as object)
  if (core === undefined || core.engine !== engine) {
    throw invalidOption('store', 'must be a store of this database')
  }
  return core
}

/** A handle of an index by property, or by place. */
export interface IndexLike<K, V> {
  readonly name: string
  pairs(): Iterable<[unknown, K]>
  values(): Iterable<V>
}

export interface SpatialLike<K, V, P> {
  readonly name: string
  box(min: never, max: never): Iterable<[K, V, P]>
}

export interface VectorLike<K, V> {
  readonly name: string
  nearest(query: never, k: number): Iterable<{ key: K; value: V }>
  recall(): number
}

/** The read verbs of an index, of whatever kind it is. */
function readsOf(source: Source): object {
  switch ((source.core as IndexCore).known.defined.kind) {
    case 'spatial':
      return new SpatialReads(source)
    case 'vector':
      return new VectorReads(source)
    default:
      return new IndexReads(source)
  }
}

/** The core of an index handle of this database. */
function indexCoreOf(engine: Engine, index: unknown): IndexCore {
  const core = indexOf(index)
  if (core === undefined || core.engine !== engine) {
    throw invalidOption('index', 'must be an index of this database')
  }
  return core
}

/** A handle of a graph, which carries the types of its nodes and values. */
export interface GraphLike<N, V> {
  readonly name: string
  /** Never there: carries types only. */
  readonly '~edge'?: { node: N; value: V }
}

/** The index of the graph that a handle of this database is of. */
function incomingIn(engine: Engine, graph: unknown): IndexCore {
  const core = GraphReads._incomingOf(graph)
  if (core === undefined || core.engine !== engine) {
    throw invalidOption('graph', 'must be a graph of this database')
  }
  return core
}

/** The read verbs of a store in a read transaction. */
export class StoreSnapshot<K, V> extends ReadVerbs<K, V> {
  /** @internal */
  get _kind(): string {
    return 'StoreSnapshot'
  }
}

/** A handle that carries the types of its store's keys and values. */
export interface TypedStore<K, V> extends StoreLike {
  /** Never there: carries types only. */
  readonly '~types'?: { key: K; value: V }
}

/** The pin of a read transaction, which its sources share. */
class Hold extends PinLease implements Bracket, Pinned {
  constructor(engine: Engine, pin: Pin) {
    super(engine, pin, 'read transaction')
  }

  get reader(): Reader {
    return this.engine.reader
  }

  check(): void {
    this.engine.gate.check()
    if (this.ended) throw transactionClosed('read')
  }

  heldRecord(): number {
    this.check()
    return this.record
  }

  get timestamp(): number {
    return timeOf(this.engine.W, this.record)
  }

  get times(): VersionTimes {
    return { time: this.timestamp, until: untilOf(this.engine.W, this.record) }
  }

  source(core: StoreCore): Source {
    return new PinnedSource(core, this)
  }
}

/** The same for a version of the deep past. */
class DeepTransaction extends DeepPin implements Bracket, Pinned {
  readonly record = 0
  readonly times: VersionTimes

  constructor(engine: Engine, version: number) {
    super(engine, version, 'read transaction')
    this.times = engine.reader.timesOf(version)
  }

  get reader(): Reader {
    return this.engine.reader
  }

  check(): void {
    this.engine.gate.check()
    if (this.ended) throw transactionClosed('read')
  }

  heldRecord(): number {
    this.check()
    return 0
  }

  get timestamp(): number {
    return this.times.time
  }

  source(core: StoreCore): Source {
    return new DeepSource(core, this, this.version)
  }
}

/** One pinned version, for as long as it is open. */
export class ReadTransaction<K, V> extends ReadVerbs<K, V> implements SnapshotSource {
  readonly #hold: Hold | DeepTransaction

  /** @internal Use `beginRead`. */
  constructor(core: StoreCore, hold: Hold | DeepTransaction) {
    super(hold.source(core))
    this.#hold = hold
  }

  /** @internal Undefined for an object that only inherits from one. */
  get [PINNED](): Pinned | undefined {
    return #hold in this ? this.#hold : undefined
  }

  /** @internal */
  get _kind(): string {
    return 'ReadTransaction'
  }

  /** @internal */
  override _facts(): object {
    return { version: this.version, ...super._facts() }
  }

  /** The pinned version. */
  get version(): number {
    this.#hold.check()
    return this.#hold.version
  }

  /** When that version was committed, ms since 1970. */
  get timestamp(): number {
    this.#hold.check()
    return this.#hold.timestamp
  }

  /** The read verbs of a named store at this version. */
  store<SK, SV>(store: TypedStore<SK, SV>): StoreSnapshot<SK, SV> {
    const hold = this.#hold
    hold.check()
    return new StoreSnapshot(hold.source(coreOf(hold.engine, store)))
  }

  /** The read verbs of an index at this version. */
  index<IK, IV>(index: IndexLike<IK, IV>): IndexReads<IK, IV>
  index<IK, IV, P>(index: SpatialLike<IK, IV, P>): SpatialReads<IK, IV, P>
  index<IK, IV>(index: VectorLike<IK, IV>): VectorReads<IK, IV>
  index(index: object): unknown {
    const hold = this.#hold
    hold.check()
    return readsOf(hold.source(indexCoreOf(hold.engine, index)))
  }

  /** The read verbs of a graph at this version. */
  graph<N extends TupleKey, GV>(graph: GraphLike<N, GV>): GraphReads<N, GV> {
    const hold = this.#hold
    hold.check()
    const incoming = incomingIn(hold.engine, graph)
    return new GraphReads(hold.source(incoming.parent), incoming)
  }

  /** Releases the version; its iterators end. Idempotent. */
  close(): void {
    this.#hold.release()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Pins the version that `view` asks for. */
export function beginRead<K, V>(core: StoreCore, view: View | undefined): ReadTransaction<K, V> {
  const { engine } = core
  const make = (version: number) => new DeepTransaction(engine, version)
  for (;;) {
    const record = engine.reader.enter(view)
    if (record === 0) {
      engine.epochs.slots.exit()
      const pin = DeepPin.of(engine, view as View, make)
      if (pin !== null) return new ReadTransaction(core, pin)
      continue
    }
    try {
      return new ReadTransaction(core, new Hold(engine, engine.epochs.slots.acquire(record)))
    } finally {
      engine.epochs.slots.exit()
    }
  }
}

/** The verbs of a named store inside a write transaction. */
export class StoreDraft<K, V> extends DraftVerbs<K, V> {
  /** @internal */
  get _kind(): string {
    return 'StoreDraft'
  }
}

/** The lease of a write transaction, which its sources share. */
class WriteHold extends WriteLease implements DraftHold {
  readonly record: number

  constructor(tx: Transaction) {
    super(tx, 'write transaction')
    this.record = tx.base
  }

  check(): void {
    this.engine.gate.check()
    if (!this.tx.isOpen) throw transactionClosed('write')
  }

  rootOf(core: StoreCore): number {
    return this.tx.root(core)
  }

  indexesOf(core: StoreCore): readonly Known[] {
    return this.tx.indexesOf(this.tx.idOf(core))
  }
}

/** An open write transaction: commit it or abort it; disposing aborts it unless it is committed. */
export class WriteTransaction<K, V> extends DraftVerbs<K, V> {
  readonly #tx: Transaction
  readonly #hold: WriteHold
  readonly #version: number

  /** @internal Use `beginWrite`. */
  constructor(core: StoreCore, tx: Transaction) {
    const hold = new WriteHold(tx)
    super(core, hold)
    this.#hold = hold
    this.#tx = tx
    this.#version = tx.version
  }

  /** The version that a commit would make. */
  get version(): number {
    this.#hold.check()
    return this.#version
  }

  /** @internal */
  get _kind(): string {
    return 'WriteTransaction'
  }

  /** @internal */
  override _facts(): object {
    return { version: this.version, ...super._facts() }
  }

  /** The verbs of a named store in this transaction. */
  store<SK, SV>(store: TypedStore<SK, SV>): StoreDraft<SK, SV> {
    this.#hold.check()
    return new StoreDraft(coreOf(this.#tx.engine, store), this.#hold)
  }

  /** The read verbs of an index in this transaction, which see what it has changed so far. */
  index<IK, IV>(index: IndexLike<IK, IV>): IndexReads<IK, IV>
  index<IK, IV, P>(index: SpatialLike<IK, IV, P>): SpatialReads<IK, IV, P>
  index<IK, IV>(index: VectorLike<IK, IV>): VectorReads<IK, IV>
  index(index: object): unknown {
    const hold = this.#hold
    hold.check()
    return readsOf(new DraftSource(indexCoreOf(this.#tx.engine, index), hold))
  }

  /** The verbs of a graph in this transaction. */
  graph<N extends TupleKey, GV>(graph: GraphLike<N, GV>): GraphDraft<N, GV> {
    this.#hold.check()
    const incoming = incomingIn(this.#tx.engine, graph)
    return new GraphDraft(new StoreDraft(incoming.parent, this.#hold), incoming)
  }

  /**
   * Publishes the changes.
   * @returns the new version; the present one if nothing changed
   * @throws ZVerseError `ZVERSE_FULL`; the transaction is undone and over then
   */
  commit(): number {
    this.#hold.check()
    try {
      return commitVersion(this.#tx)
    } finally {
      this.#hold.leave()
      this.#tx.close()
    }
  }

  /** Undoes everything. Idempotent; after `commit` it does nothing. */
  abort(): void {
    if (!this.#tx.isHeld) return
    this.#tx.engine.gate.check()
    this.#hold.leave()
    this.#tx.close()
  }

  [Symbol.dispose](): void {
    if (!this.#tx.engine.gate.isClosed) this.abort()
  }
}

/**
 * Takes the writer's turn.
 * @param held this thread has the lock already
 */
export function beginWrite<K, V>(core: StoreCore, held = false): WriteTransaction<K, V> {
  return inTurn(core.engine, WRITING_OPEN, tx => {
    tx.begin(held)
    // Its user may look, and tell, at any time.
    core.engine.log?.settle(tx.seen)
    const user = new WriteTransaction<K, V>(core, tx)
    tx.isUsers = true
    return user
  })
}

/** Takes the writer's turn without blocking the thread. */
export async function beginWriteAsync<K, V>(
  core: StoreCore,
  signal: Signal | undefined,
): Promise<WriteTransaction<K, V>> {
  const { engine } = core
  const goesOn = () => checkGoesOn(engine, signal)
  goesOn()
  engine.notWriting()
  let tx: WriteTransaction<K, V> | undefined
  const isWriting = () => engine.isWriting
  await engine.epochs.turn.waitFor(goesOn, isWriting, () => {
    tx = beginWrite<K, V>(core, true)
  })
  return tx as WriteTransaction<K, V>
}

/** Runs `body` in a write transaction: its result, or its exception with everything rolled back. */
export function transact<K, V, T>(core: StoreCore, body: (tx: WriteTransaction<K, V>) => T): T {
  if (typeof body !== 'function') throw invalidOption('callback', 'must be a function')
  return inTurn(core.engine, WRITING_CALLBACK, tx => {
    tx.begin()
    const user = new WriteTransaction<K, V>(core, tx)
    const result = inCallback(() => body(user))
    refusePromise(result, 'the callback returned a promise: use beginWrite for asynchronous work')
    if (tx.isOpen) user.commit()
    return result
  })
}
