/** Versions of the deep past as sources: for views, and for read transactions. */
import type { DeepVersion, Found } from '../engine/deep.js'
import type { View } from '../engine/view.js'
import type { Known } from '../indexes/definition.js'
import type { KeyBuffer } from '../key/codec.js'
import { versionOf } from '../memory/entry.js'
import { type Range, WHOLE } from '../tree/cursor.js'
import { indexesAt, rootAt } from './at.js'
import { DeepHold, deepVersion } from './deep.js'
import { type Finder, finderIn } from './finder.js'
import type { Held } from './held.js'
import { type Bracket, BracketHeld, type Source } from './source.js'
import type { StoreCore } from './store-core.js'

/** The entry that {@link Source.find} has found in the deep past, where it is not 0. */
const DEEP = 1

/** Reads of single keys, and counts, in a deep version. */
export class DeepReads {
  readonly #core: StoreCore
  #deep: DeepVersion | null = null
  #store: number | null = null
  #found: Found | null = null

  constructor(core: StoreCore) {
    this.#core = core
  }

  /** A read of this kind is under way. */
  get isUnderWay(): boolean {
    return this.#deep !== null
  }

  /** Under the announced read that has found the version. */
  enter(version: number): void {
    const deep = deepVersion(this.#core.engine, version)
    this.#store = this.#core.idAt(deep)
    this.#deep = deep
  }

  leave(): void {
    this.#deep = null
    this.#found = null
  }

  find(key: KeyBuffer): number {
    const store = this.#store
    this.#found = store === null ? null : (this.#deep as DeepVersion).find(store, key)
    return this.#found === null ? 0 : DEEP
  }

  valueOf(): unknown {
    const { words, entry } = this.#found as Found
    return this.#core.valueIn(words, entry)
  }

  entryOf() {
    const { words, entry } = this.#found as Found
    const key = this.#core.keyIn(words, entry)
    const version = versionOf(words, entry)
    // Last: a custom codec may run the caller's code.
    return { key, value: this.#core.valueIn(words, entry), version }
  }

  count(range: Range | undefined): number {
    const store = this.#store
    return store === null ? 0 : (this.#deep as DeepVersion).count(store, range ?? WHOLE)
  }
}

/** A deep version that is pinned for an iterator. */
export class DeepHeld extends DeepHold implements Held {
  readonly root = 0
  readonly record = 0

  get deep(): number {
    return this.version
  }
}

/** The deep version that a read transaction has pinned. */
export class DeepSource implements Source {
  readonly core: StoreCore
  readonly views = false
  readonly #bracket: Bracket
  readonly #version: number
  readonly #deep: DeepReads

  constructor(core: StoreCore, bracket: Bracket, version: number) {
    this.core = core
    this.#bracket = bracket
    this.#version = version
    this.#deep = new DeepReads(core)
  }

  gate(): void {
    this.#bracket.check()
  }

  count(_: View | undefined, range: Range | undefined): number {
    this.enter()
    try {
      return this.#deep.count(range)
    } finally {
      this.leave()
    }
  }

  enter(): void {
    this.past()
    try {
      this.#deep.enter(this.#version)
    } catch (error) {
      this.leave()
      throw error
    }
  }

  find(key: KeyBuffer): number {
    return this.#deep.find(key)
  }

  ahead(): void {}

  valueOf(): unknown {
    return this.#deep.valueOf()
  }

  entryOf() {
    return this.#deep.entryOf()
  }

  leave(): void {
    this.#bracket.engine.epochs.slots.exit()
    this.#deep.leave()
  }

  hold(): Held {
    this.#bracket.check()
    return new BracketHeld(this.#bracket, 0, this.#version)
  }

  past(): number {
    this.#bracket.check()
    const { epochs, reader } = this.#bracket.engine
    epochs.slots.enterAll()
    reader.deep = this.#version
    return 0
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

  of(core: StoreCore): DeepSource {
    return new DeepSource(core, this.#bracket, this.#version)
  }

  finder(core: StoreCore, held: Held): Finder {
    return finderIn(core, held)
  }
}
