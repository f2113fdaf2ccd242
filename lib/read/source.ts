/**
 * A verb's source: a version of the database, a read transaction's version, or a write transaction's
 * draft. The read verbs are written once, over sources.
 */

import type { Engine } from '../engine/engine.js'
import type { View } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import type { KeyBuffer } from '../key/codec.js'
import type { Pin } from '../threads/slots.js'
import type { Hold } from './iterator.js'
import { PinLease } from './pin-lease.js'
import type { StoreCore } from './store-core.js'

/** A root that stays readable until the hold is released. */
export interface Held extends Hold {
  readonly root: number
}

export interface Source {
  readonly core: StoreCore
  /** Verbs take a view. */
  readonly views: boolean
  /** Throws if no verb may begin. */
  gate(): void
  /** Begins a synchronous read, which `leave` ends; root of the store's tree. */
  root(view: View | undefined): number
  /** Begins a synchronous read, which `leave` ends, of single keys, by {@link find}. */
  enter(view: View | undefined): void
  /** The entry of the key in a buffer, or 0. */
  find(key: KeyBuffer): number
  /** Loads ahead for the keys of some hashes. */
  ahead(hashes: readonly number[], from: number, to: number): void
  /** The value of an entry that {@link find} found. */
  valueOf(entry: number): unknown
  leave(): void
  /** A root for an iterator. */
  hold(view: View | undefined): Held
  /** Begins a synchronous read of the past (`leave` ends it): the record to begin with. */
  past(view: View | undefined): number
  /** The draft's tree, where the source has one and the store is changed in it. */
  draftRoot(): number | null
}

/** The database, at any version. */
export class DatabaseSource implements Source {
  readonly core: StoreCore
  readonly views = true
  readonly #engine: Engine
  /** Record and store state of the read of single keys that is under way. */
  #record = 0
  #state = 0

  constructor(core: StoreCore) {
    this.core = core
    this.#engine = core.engine
  }

  gate(): void {
    const { gate } = this.#engine
    if (gate.barred !== 0) gate.refuse()
  }

  root(view: View | undefined): number {
    const record = this.#engine.reader.enter(view)
    try {
      return this.core.rootIn(record, view !== undefined)
    } catch (error) {
      this.leave()
      throw error
    }
  }

  enter(view: View | undefined): void {
    const record = this.#engine.reader.enter(view)
    const state = this.core.stateIn(record)
    if (state === 0 && view === undefined) {
      this.leave()
      throw this.core.unknown()
    }
    this.#record = record
    this.#state = state
  }

  find(key: KeyBuffer): number {
    return this.core.lookUp(this.#record, this.#state, key)
  }

  ahead(hashes: readonly number[], from: number, to: number): void {
    this.core.lookAhead(this.#state, hashes, from, to)
  }

  valueOf(entry: number): unknown {
    return this.core.sharedValueOf(entry)
  }

  leave(): void {
    this.#engine.epochs.slots.exit()
  }

  hold(view: View | undefined): Held {
    const engine = this.#engine
    const record = engine.reader.enter(view)
    try {
      const root = this.core.rootIn(record, view !== undefined)
      return new PinnedRoot(engine, engine.epochs.slots.acquire(record), root)
    } finally {
      this.leave()
    }
  }

  past(view: View | undefined): number {
    const record = this.#engine.reader.enter(view, true)
    if (view !== undefined || this.core.stateIn(record) !== 0) return record
    this.leave()
    throw this.core.unknown()
  }

  draftRoot(): null {
    return null
  }
}

/** A root in a version that is pinned for an iterator. */
class PinnedRoot extends PinLease implements Held {
  readonly root: number
  /** The version to pin again, while at rest. */
  #resting = 0

  constructor(engine: Engine, pin: Pin, root: number) {
    super(engine, pin, 'iterator')
    this.root = root
  }

  check(): void {
    this.engine.gate.check()
    if (this.ended) this.takeUp(this.#resting)
  }

  rest(): void {
    if (this.ended || this.engine.gate.isClosed) return
    this.#resting = this.version
    this.release()
  }
}

/** Both sides of a `diff`: neither is pinned without the other. */
export class BothHeld implements Hold {
  readonly before: Held
  readonly after: Held

  constructor(source: Source, before: View, after: View) {
    this.before = source.hold(before)
    this.after = orElse(
      () => source.hold(after),
      () => this.before.release(),
    )
  }

  check(): void {
    this.before.check()
    orElse(
      () => this.after.check(),
      () => this.before.rest(),
    )
  }

  rest(): void {
    this.before.rest()
    this.after.rest()
  }

  release(): void {
    this.before.release()
    this.after.release()
  }
}

/** The result of `body`; `undo` runs where it throws. */
function orElse<T>(body: () => T, undo: () => void): T {
  try {
    return body()
  } catch (error) {
    undo()
    throw error
  }
}

/** The part of a read or write transaction that its sources use. */
export interface Bracket {
  readonly engine: Engine
  readonly record: number
  /** Throws ZVERSE_TRANSACTION_CLOSED after its end. */
  check(): void
}

/** The part of a write transaction that its sources use. */
export interface DraftBracket extends Bracket {
  /** Root of a store's tree in the transaction. */
  rootOf(core: StoreCore): number
}

/** A root that stays readable until the transaction ends. */
class BracketRoot implements Held {
  readonly root: number
  readonly #bracket: Bracket

  constructor(bracket: Bracket, root: number) {
    this.#bracket = bracket
    this.root = root
  }

  check(): void {
    this.#bracket.check()
  }

  /** The transaction keeps the root. */
  rest(): void {}

  release(): void {}
}

/** The version that a read transaction has pinned. */
export class PinnedSource implements Source {
  readonly core: StoreCore
  readonly views = false
  readonly #bracket: Bracket
  /** State of the store for the read of single keys that is under way. */
  #state = 0

  constructor(core: StoreCore, bracket: Bracket) {
    this.core = core
    this.#bracket = bracket
  }

  gate(): void {
    this.#bracket.check()
  }

  root(): number {
    // The caller's options may have ended the transaction while they were read (a getter, say).
    this.#bracket.check()
    this.#bracket.engine.epochs.slots.count()
    return this.core.rootIn(this.#bracket.record, true)
  }

  enter(): void {
    this.#bracket.check()
    // The pin covers the snapshot, but not the entries that the point index may lead to.
    this.#bracket.engine.epochs.slots.enter()
    this.#state = this.core.stateIn(this.#bracket.record)
  }

  find(key: KeyBuffer): number {
    return this.core.lookUp(this.#bracket.record, this.#state, key)
  }

  ahead(hashes: readonly number[], from: number, to: number): void {
    this.core.lookAhead(this.#state, hashes, from, to)
  }

  valueOf(entry: number): unknown {
    return this.core.sharedValueOf(entry)
  }

  leave(): void {
    this.#bracket.engine.epochs.slots.exit()
  }

  hold(): Held {
    const root = this.root()
    this.leave()
    return new BracketRoot(this.#bracket, root)
  }

  past(): number {
    this.#bracket.check()
    this.#bracket.engine.epochs.slots.enterRun()
    return this.#bracket.record
  }

  draftRoot(): null {
    return null
  }
}

/** The draft of an open write transaction. */
export class DraftSource implements Source {
  readonly core: StoreCore
  readonly views = false
  readonly #bracket: DraftBracket
  /** Root of the tree for the read of single keys that is under way. */
  #root = 0

  constructor(core: StoreCore, bracket: DraftBracket) {
    this.core = core
    this.#bracket = bracket
  }

  gate(): void {
    this.#bracket.check()
  }

  root(): number {
    this.#bracket.check()
    return this.#bracket.rootOf(this.core)
  }

  enter(): void {
    this.#root = this.root()
  }

  find(key: KeyBuffer): number {
    return this.core.find(this.#root, key)
  }

  ahead(): void {}

  valueOf(entry: number): unknown {
    return this.core.valueOf(entry)
  }

  leave(): void {}

  hold(): Held {
    const root = this.root()
    // From now on no node that this cursor may see is changed in place.
    this.#bracket.engine.epochs.space.freeze()
    return new BracketRoot(this.#bracket, root)
  }

  past(): number {
    return this.#bracket.record
  }

  draftRoot(): number {
    return this.root()
  }
}

/** The error for a transaction that has ended. */
export function transactionClosed(kind: string): ZVerseError {
  return new ZVerseError(
    'ZVERSE_TRANSACTION_CLOSED',
    `the ${kind} transaction has ended: begin another`,
  )
}
