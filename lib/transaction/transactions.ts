/**
 * Read transactions and write transactions, and their views of named stores.
 */
/// <reference lib="esnext.disposable" preserve="true" />

import { inCallback } from '../epoch/running.js'
import type { Pin } from '../epoch/slots.js'
import { ZVerseError } from '../errors.js'
import { R_TIME, R_VERSION, WRITING_CALLBACK, WRITING_OPEN } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { invalidOption } from '../options.js'
import { type Active, type Engine, PINNED, type Pinned } from './engine.js'
import { PinLease, WriteLease } from './lease.js'
import { type Condition, type Operation, Operations } from './operations.js'
import { ReadVerbs } from './read-verbs.js'
import { type Bracket, DraftSource, PinnedSource, transactionClosed } from './source.js'
import type { StoreCore } from './store-core.js'
import type { Bounds, SnapshotSource, View } from './view.js'
import { checkGoesOn, type Signal } from './wait.js'
import * as work from './work.js'

/** Anything that stands for a named store. */
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

/** What a read transaction shares with its sources. */
class Hold extends PinLease implements Bracket, Pinned {
  readonly record: number

  constructor(engine: Engine, pin: Pin) {
    super(engine, pin, 'read transaction')
    this.record = pin.record
  }

  check(): void {
    this.engine.gate()
    if (this.ended) throw transactionClosed('read')
  }

  heldRecord(): number {
    this.check()
    return this.record
  }
}

/** One pinned version, for as long as it is open. */
export class ReadTransaction<K, V> extends ReadVerbs<K, V> implements SnapshotSource {
  readonly #hold: Hold

  /** @internal Use `beginRead`. */
  constructor(core: StoreCore, hold: Hold) {
    super(new PinnedSource(core, hold))
    this.#hold = hold
  }

  /** @internal What is only made like one has none. */
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

  /** The version it holds. */
  get version(): number {
    const hold = this.#hold
    return load48(hold.engine.W, hold.heldRecord() + R_VERSION)
  }

  /** When that version was committed, ms since 1970. */
  get timestamp(): number {
    const hold = this.#hold
    return load48(hold.engine.W, hold.heldRecord() + R_TIME)
  }

  /** The read verbs of a named store at this version. */
  store<SK, SV>(store: TypedStore<SK, SV>): StoreSnapshot<SK, SV> {
    const hold = this.#hold
    hold.check()
    return new StoreSnapshot(new PinnedSource(coreOf(hold.engine, store), hold))
  }

  /** Lets go of the version; its iterators end. Idempotent. */
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
  const record = engine.enter(view)
  try {
    return new ReadTransaction(core, new Hold(engine, engine.epochs.slots.acquire(record)))
  } finally {
    engine.epochs.slots.exit()
  }
}

/** Read and write verbs inside a write transaction. */
export abstract class DraftVerbs<K, V> extends ReadVerbs<K, V> {
  readonly #bracket: Bracket

  /** @internal */
  constructor(core: StoreCore, bracket: Bracket) {
    super(new DraftSource(core, bracket))
    this.#bracket = bracket
  }

  /** @internal */
  get _bracket(): Bracket {
    return this.#bracket
  }

  /**
   * Writes `value` for `key`.
   * @throws ZVerseError `ZVERSE_INVALID_KEY`, `ZVERSE_INVALID_VALUE`, `ZVERSE_CONFLICT`, `ZVERSE_FULL`…;
   * the transaction is as it was then, and can go on.
   */
  put(key: K, value: V, options?: Condition): void {
    const { core } = this.#open()
    const ifVersion = work.condition(options, 'put')
    core.encodeValue(value)
    core.encodeKey(key, core.engine.key)
    work.put(core, ifVersion)
  }

  /** Deletes `key`; an absent key is no error. */
  delete(key: K, options?: Condition): void {
    const { core } = this.#open()
    const ifVersion = work.condition(options, 'delete')
    core.encodeKey(key, core.engine.key)
    work.remove(core, ifVersion)
  }

  /** Writes what `change` makes of the value (undefined: deletes). */
  update(key: K, change: (old: V | undefined) => V | undefined): void {
    const { core } = this.#open()
    work.update(core, key, change as (old: unknown) => unknown)
  }

  /** Applies all operations in order, or none. */
  batch(operations: readonly Operation<K, V>[]): void {
    const { core } = this.#open()
    work.batch(core, new Operations(core, operations))
  }

  /** Deletes all keys, or those in a range. */
  clear(range?: Bounds<K>): void {
    const { core } = this.#open()
    work.clear(core, work.range(core, range, 'clear'), false)
  }

  #open() {
    this._source.gate()
    return this._source
  }
}

/** The verbs of a named store inside a write transaction. */
export class StoreDraft<K, V> extends DraftVerbs<K, V> {
  /** @internal */
  get _kind(): string {
    return 'StoreDraft'
  }
}

/** What a write transaction shares with its sources. */
class WriteHold extends WriteLease implements Bracket {
  readonly record: number
  readonly #state: Active

  constructor(engine: Engine, state: Active) {
    super(engine, state)
    this.record = engine.writer.base
    this.#state = state
  }

  check(): void {
    this.engine.gate()
    if (!this.#state.open || this.engine.active !== this.#state) throw transactionClosed('write')
  }
}

/** An open write transaction: commit it or abort it; disposing aborts what is not committed. */
export class WriteTransaction<K, V> extends DraftVerbs<K, V> {
  readonly #engine: Engine
  readonly #state: Active
  readonly #version: number
  readonly #hold: WriteHold

  /** @internal Use `beginWrite`, which takes the lock first. */
  constructor(core: StoreCore, state: Active) {
    const { engine } = core
    const hold = new WriteHold(engine, state)
    super(core, hold)
    this.#hold = hold
    this.#engine = engine
    this.#state = state
    this.#version = engine.writer.version
  }

  /** The version that a commit would make. */
  get version(): number {
    this._bracket.check()
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

  /** @internal True until it ends. */
  get _open(): boolean {
    return this.#state.open && this.#engine.active === this.#state
  }

  /** The verbs of a named store in this transaction. */
  store<SK, SV>(store: TypedStore<SK, SV>): StoreDraft<SK, SV> {
    this._bracket.check()
    return new StoreDraft(coreOf(this.#engine, store), this._bracket)
  }

  /**
   * Publishes what changed.
   * @returns the new version; the present one if nothing changed
   * @throws ZVerseError `ZVERSE_FULL`; the transaction is undone and over then
   */
  commit(): number {
    this._bracket.check()
    const engine = this.#engine
    const state = this.#state
    try {
      const version = engine.writer.commit()
      state.open = false
      return version
    } finally {
      this.#hold.leave()
      if (engine.active === state) {
        engine.active = null
        state.open = false
        if (engine.epochs.writing) engine.epochs.abort()
      }
    }
  }

  /** Undoes everything. Idempotent; after `commit` it does nothing. */
  abort(): void {
    if (!this._open) return
    if (this.#engine.barred !== 0) this._bracket.check()
    this.#hold.leave()
    this.#engine.cutOff(this.#state)
  }

  [Symbol.dispose](): void {
    if (!this.#engine.closed) this.abort()
  }
}

/**
 * Takes the writer's turn.
 * @param kind WRITING_OPEN, or WRITING_CALLBACK for a transaction that a callback runs in
 * @param held the lock has been taken already
 */
export function beginWrite<K, V>(
  core: StoreCore,
  kind: number = WRITING_OPEN,
  held = false,
): WriteTransaction<K, V> {
  const { engine } = core
  const state: Active = { open: true, kind }
  let begun = false
  try {
    engine.begin(state, false, held)
    const tx = new WriteTransaction<K, V>(core, state)
    begun = true
    return tx
  } finally {
    if (!begun && engine.active === state) {
      engine.active = null
      engine.epochs.abort()
    }
  }
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
  await engine.epochs.waitForTurn(goesOn, () => {
    tx = beginWrite<K, V>(core, WRITING_OPEN, true)
  })
  return tx as WriteTransaction<K, V>
}

/** Runs `body` in a write transaction: its result, or its exception with everything rolled back. */
export function transact<K, V, T>(core: StoreCore, body: (tx: WriteTransaction<K, V>) => T): T {
  if (typeof body !== 'function') throw invalidOption('callback', 'must be a function')
  const { engine } = core
  let mine: Active | null = null
  let done = false
  try {
    const tx = beginWrite<K, V>(core, WRITING_CALLBACK)
    mine = engine.active
    const result = inCallback(() => body(tx))
    if (work.isThenable(result)) {
      // What it does later finds the transaction closed: that is this error's fault, not another.
      result.then(undefined, () => {})
      const message = 'the callback returned a promise: use beginWrite for asynchronous work'
      throw new ZVerseError('ZVERSE_ASYNC_TRANSACTION', message)
    }
    if (tx._open) tx.commit()
    done = true
    return result
  } finally {
    if (!done && mine !== null && engine.active === mine) {
      engine.active = null
      mine.open = false
      engine.epochs.abort()
    }
  }
}
