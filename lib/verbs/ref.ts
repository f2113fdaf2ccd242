/**
 * References: the value of a key as it was read, and whether a thread has written it since.
 */

import type { KeyBuffer } from '../key/codec.js'
import { versionOf } from '../memory/entry.js'
import { hashKey } from '../memory/hash.js'
import { R_VERSION } from '../memory/layout.js'
import { brief, Printed, type Shown, shown } from '../memory/shown.js'
import { load48 } from '../memory/words.js'
import { generationOf, NO_GENERATION } from '../point/generations.js'
import type { StoreCore } from '../read/store-core.js'

/**
 * The reference that `ref` returns: `value` and `version` as of its last refresh, and `stale`.
 *
 * A reference points to no entry, so memory that is used again cannot deceive it: while the generation
 * of its key is unchanged, so is the key; where it has changed, versions are compared, which are never
 * used twice. (A generation is the low word of a version: a reference that is not looked at during
 * exactly a multiple of 2^32 commits could miss a write. A reference pins nothing.)
 */
export class KeyRef<K, V> extends Printed {
  readonly #core: StoreCore
  readonly #words: Uint32Array
  readonly #bytes: number
  readonly #hash: number
  #generation = NO_GENERATION
  #value: V | undefined = undefined
  #version: number | null = null

  /** @internal Use `ref`. */
  constructor(core: StoreCore, buffer: KeyBuffer) {
    super()
    this.#core = core
    this.#words = buffer.words.slice(0, (buffer.bytes + 3) >>> 2)
    this.#bytes = buffer.bytes
    this.#hash = hashKey(this.#words, 0, this.#bytes)
    this.refresh()
  }

  /** A copy of the key as it was when the reference was made. */
  get key(): K {
    return this.#core.keys.decode(this.#words, 0, this.#bytes) as K
  }

  /** @internal */
  _shown(): Shown {
    return shown('KeyRef', () => ({ key: brief(this.key), version: this.#version }))
  }

  /** The value as of the last refresh; undefined where the key was absent. */
  get value(): V | undefined {
    return this.#value
  }

  /** The version that wrote it; null where the key was absent: a value for `ifVersion`. */
  get version(): number | null {
    return this.#version
  }

  /**
   * True if a thread has written or deleted the key since. Costs one load while no key of the same group
   * (one of 4096) was written; after that a look at the entry.
   * @throws ZVerseError `ZVERSE_CLOSED`, `ZVERSE_UNKNOWN_STORE`
   */
  get stale(): boolean {
    const { engine } = this.#core
    engine.gate.check()
    const generation = generationOf(engine.W, this.#hash)
    if (generation === this.#generation && generation !== NO_GENERATION) return false
    return this.#look(false) !== this.#version
  }

  /** Reads the key again. */
  refresh(): this {
    this.#core.engine.gate.check()
    this.#version = this.#look(true)
    return this
  }

  /** The version of the key's present entry, null for none. Takes the value along where asked. */
  #look(take: boolean): number | null {
    const core = this.#core
    const { engine } = core
    const { W, key } = engine
    // Before the present version is loaded: a write that comes later changes it again.
    const generation = generationOf(W, this.#hash)
    key.words.set(this.#words)
    key.bytes = this.#bytes
    const record = engine.reader.enter(undefined)
    try {
      const state = core.stateIn(record)
      if (state === 0) throw core.unknown()
      const entry = core.lookUp(record, state, key)
      const version = entry === 0 ? null : versionOf(W, entry)
      // The generation of an unpublished version: not always the next one, while a history is loaded.
      const isAhead = ((generation - (load48(W, record + R_VERSION) >>> 0)) | 0) > 0
      // Last: a custom codec may run user code.
      if (take) this.#value = entry === 0 ? undefined : (core.sharedValueOf(entry) as V)
      if (take || version === this.#version) {
        this.#generation = isAhead ? NO_GENERATION : generation
      }
      return version
    } finally {
      engine.epochs.slots.exit()
    }
  }
}
