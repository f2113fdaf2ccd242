/** Read transactions and write transactions as sources. */
import type { View } from '../engine/view.js'
import type { Known } from '../indexes/definition.js'
import type { KeyBuffer } from '../key/codec.js'
import type { Range } from '../tree/cursor.js'
import { indexesAt, rootAt } from './at.js'
import { DraftFinder, type Finder, finderIn } from './finder.js'
import type { Held } from './held.js'
import {
  type Bracket,
  BracketHeld,
  countBelow,
  type DraftBracket,
  entryIn,
  type Source,
} from './source.js'
import type { StoreCore } from './store-core.js'

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

  #root(): number {
    // The caller's options may have ended the transaction while they were read (a getter, say).
    this.#bracket.check()
    this.#bracket.engine.epochs.slots.count()
    return this.core.rootIn(this.#bracket.record, true)
  }

  count(_: View | undefined, range: Range | undefined): number {
    const root = this.#root()
    this.leave()
    return countBelow(this.core, root, range)
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

  entryOf(entry: number) {
    return entryIn(this.core, entry, this)
  }

  leave(): void {
    this.#bracket.engine.epochs.slots.exit()
  }

  hold(): Held {
    const root = this.#root()
    this.leave()
    return new BracketHeld(this.#bracket, root)
  }

  past(): number {
    this.#bracket.check()
    this.#bracket.engine.epochs.slots.enterRun()
    return this.#bracket.record
  }

  draftRoot(): null {
    return null
  }

  indexes(held: Held): readonly Known[] {
    return indexesAt(this.core, held)
  }

  rootOf(core: StoreCore, held: Held): number {
    return rootAt(core, held)
  }

  of(core: StoreCore): PinnedSource {
    return new PinnedSource(core, this.#bracket)
  }

  finder(core: StoreCore, held: Held): Finder {
    return finderIn(core, held)
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

  count(_: View | undefined, range: Range | undefined): number {
    return countBelow(this.core, this.draftRoot(), range)
  }

  enter(): void {
    this.#root = this.draftRoot()
  }

  find(key: KeyBuffer): number {
    return this.core.find(this.#root, key)
  }

  ahead(): void {}

  valueOf(entry: number): unknown {
    return this.core.valueOf(entry)
  }

  entryOf(entry: number) {
    return entryIn(this.core, entry, this)
  }

  leave(): void {}

  hold(): Held {
    const root = this.draftRoot()
    // From now on no node that this cursor may see is changed in place.
    this.#bracket.engine.epochs.space.freeze()
    return new BracketHeld(this.#bracket, root)
  }

  past(): number {
    return this.#bracket.record
  }

  draftRoot(): number {
    this.#bracket.check()
    return this.#bracket.rootOf(this.core)
  }

  indexes(): readonly Known[] {
    return this.#bracket.indexesOf(this.core)
  }

  rootOf(core: StoreCore): number {
    const root = this.#bracket.rootOf(core)
    // As in hold; an index may have been brought up to date only now.
    this.#bracket.engine.epochs.space.freeze()
    return root
  }

  of(core: StoreCore): DraftSource {
    return new DraftSource(core, this.#bracket)
  }

  finder(core: StoreCore): Finder {
    return new DraftFinder(core, this.rootOf(core))
  }
}
