/** Entries of a store at one version, found by their keys: what the keys of an index lead to. */
import type { DeepVersion } from '../engine/deep.js'
import type { KeyBuffer } from '../key/codec.js'
import { hashKey } from '../memory/hash.js'
import { deepVersion } from './deep.js'
import type { Held } from './held.js'
import type { StoreCore } from './store-core.js'

/** What is found may be read until `end`. */
export interface Finder {
  /** Begins to look for keys, whose hashes are known. */
  begin(hashes: readonly number[]): void
  /** Finds the entry of a key; false where there is none. */
  find(key: KeyBuffer): boolean
  readonly words: Uint32Array
  readonly entry: number
  end(): void
}

/** What `use` makes of the entry of a key that an index leads to. */
export function reached<T>(
  finder: Finder,
  key: KeyBuffer,
  use: (words: Uint32Array, entry: number) => T,
): T {
  finder.begin([hashKey(key.words, 0, key.bytes)])
  try {
    if (finder.find(key)) return use(finder.words, finder.entry)
  } finally {
    finder.end()
  }
  throw new Error('zverse: assertion failed: an index leads to a key that its store lacks')
}

/** In a snapshot that something has pinned. */
class PinnedFinder implements Finder {
  readonly #core: StoreCore
  readonly #record: number
  readonly words: Uint32Array
  entry = 0
  #state = 0

  constructor(core: StoreCore, record: number) {
    this.#core = core
    this.#record = record
    this.words = core.engine.W
  }

  begin(hashes: readonly number[]): void {
    const core = this.#core
    // The pin covers the snapshot, but not the entries that the point index may lead to.
    core.engine.epochs.slots.enter()
    this.#state = core.stateIn(this.#record)
    core.lookAhead(this.#state, hashes, 0, hashes.length)
  }

  find(key: KeyBuffer): boolean {
    this.entry = this.#core.lookUp(this.#record, this.#state, key)
    return this.entry !== 0
  }

  end(): void {
    this.#core.engine.epochs.slots.exit()
  }
}

/**
 * In the draft of a transaction, as it is when the finder is made: no node below the root may change after
 * that.
 */
export class DraftFinder implements Finder {
  readonly #core: StoreCore
  readonly #root: number
  readonly words: Uint32Array
  entry = 0

  constructor(core: StoreCore, root: number) {
    this.#core = core
    this.#root = root
    this.words = core.engine.W
  }

  begin(): void {}

  find(key: KeyBuffer): boolean {
    this.entry = this.#core.find(this.#root, key)
    return this.entry !== 0
  }

  end(): void {}
}

/** In a version of the deep past that something has pinned. */
class DeepFinder implements Finder {
  readonly #core: StoreCore
  readonly #version: number
  words: Uint32Array
  entry = 0
  #deep: DeepVersion | null = null
  #store: number | null = null

  constructor(core: StoreCore, version: number) {
    this.#core = core
    this.#version = version
    this.words = core.engine.W
  }

  begin(): void {
    const { engine } = this.#core
    engine.epochs.slots.enterRun()
    try {
      this.#deep = deepVersion(engine, this.#version)
      this.#store = this.#core.idAt(this.#deep)
    } catch (error) {
      this.end()
      throw error
    }
  }

  find(key: KeyBuffer): boolean {
    const found = this.#store === null ? null : this.#deep?.find(this.#store, key)
    if (found === null || found === undefined) return false
    this.words = found.words
    this.entry = found.entry
    return true
  }

  end(): void {
    this.#deep = null
    this.#core.engine.epochs.slots.exit()
  }
}

/** In a version that is held. */
export function finderIn(core: StoreCore, { deep, record }: Held): Finder {
  return deep >= 0 ? new DeepFinder(core, deep) : new PinnedFinder(core, record)
}
