/**
 * A verb's source: a version of the database, a read transaction's version, or a write transaction's
 * draft. The read verbs are written once, over sources.
 */

import type { Engine } from '../engine/engine.js'
import type { View } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import type { Known } from '../indexes/definition.js'
import type { KeyBuffer } from '../key/codec.js'
import { count } from '../tree/box-cursor.js'
import type { Range } from '../tree/cursor.js'
import { entriesBelow } from '../tree/node.js'
import type { Finder } from './finder.js'
import type { Held } from './held.js'
import type { Hold } from './iterator.js'
import type { StoreCore } from './store-core.js'

export interface Source {
  readonly core: StoreCore
  /** Verbs take a view. */
  readonly views: boolean
  /** Throws if no verb may begin. */
  gate(): void
  /** Number of keys in a range; all of them if it is undefined. */
  count(view: View | undefined, range: Range | undefined): number
  /** Begins a synchronous read, which `leave` ends, of single keys, by {@link find}. */
  enter(view: View | undefined): void
  /** The entry of the key in a buffer, or 0. */
  find(key: KeyBuffer): number
  /** Loads ahead for the keys of some hashes. */
  ahead(hashes: readonly number[], from: number, to: number): void
  /** The value, and the version, of the entry that {@link find} found last. */
  valueOf(entry: number): unknown
  entryOf(entry: number): { key: unknown; value: unknown; version: number }
  leave(): void
  /** A version for an iterator. */
  hold(view: View | undefined): Held
  /**
   * Begins a synchronous read of the past (`leave` ends it): the record to begin with, 0 for a deep version,
   * which `reader.deep` is then.
   */
  past(view: View | undefined): number
  /** The draft's tree, where the source has one and the store is changed in it. */
  draftRoot(): number | null
  /** The store's indexes at a version that {@link hold} gave. */
  indexes(held: Held): readonly Known[]
  /** Root of another store of the database at that version; 0 in the deep past. */
  rootOf(core: StoreCore, held: Held): number
  /** The same of another store. */
  of(core: StoreCore): Source
  /** Finds entries of another store at that version. */
  finder(core: StoreCore, held: Held): Finder
}

/** Number of keys below a root. */
export function countBelow({ engine }: StoreCore, root: number, range: Range | undefined): number {
  if (range !== undefined) return count(engine.W, root, range)
  return entriesBelow(engine.W, root)
}

/** Key, value and version of an entry in memory. */
export function entryIn(core: StoreCore, entry: number, source: Source) {
  const key = core.keyOf(entry)
  const version = core.versionOf(entry)
  // Last: a custom codec may run the caller's code.
  return { key, value: source.valueOf(entry), version }
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
  /** The indexes that a store has in it. */
  indexesOf(core: StoreCore): readonly Known[]
}

/** A version that stays readable until the transaction ends. */
export class BracketHeld implements Held {
  readonly root: number
  readonly record: number
  readonly deep: number
  ended = false
  readonly #bracket: Bracket

  constructor(bracket: Bracket, root: number, deep = -1) {
    this.#bracket = bracket
    this.root = root
    this.record = bracket.record
    this.deep = deep
  }

  check(): void {
    this.#bracket.check()
  }

  /** The transaction keeps the version. */
  rest(): void {}

  release(): void {
    this.ended = true
  }
}

/** Another store at a version that is held: it stays readable as long as that. */
export class OtherHeld implements Held {
  readonly root: number
  readonly #held: Held

  constructor(held: Held, root: number) {
    this.root = root
    this.#held = held
  }

  get record(): number {
    return this.#held.record
  }

  get deep(): number {
    return this.#held.deep
  }

  get ended(): boolean {
    return this.#held.ended
  }

  check(): void {
    this.#held.check()
  }

  /** Whoever holds the version lets go of it. */
  rest(): void {}

  release(): void {}
}

/** The error for a transaction that has ended. */
export function transactionClosed(kind: string): ZVerseError {
  return new ZVerseError(
    'ZVERSE_TRANSACTION_CLOSED',
    `the ${kind} transaction has ended: begin another`,
  )
}
