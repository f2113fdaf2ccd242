/**
 * The store that holds the names of the named stores: name → { id, keys, values }.
 *
 * It is a store like any other (a version, a graveyard), only that its codecs are fixed and users
 * do not see it.
 */
import { KeyBuffer } from '../key/codec.js'
import { stringKeys } from '../key/string.js'
import { Cursor, WHOLE } from '../snapshot/cursor.js'
import { jsonValues } from '../value/json.js'
import type { Engine } from './engine.js'
import { type Description, NAMES_STORE, StoreCore } from './store-core.js'

export class Names {
  readonly core: StoreCore
  readonly #engine: Engine
  readonly #key = new KeyBuffer()

  constructor(engine: Engine) {
    this.#engine = engine
    this.core = new StoreCore(engine, NAMES_STORE, null, stringKeys() as never, jsonValues())
  }

  /** The key of a name; valid until the next call. */
  keyOf(name: string): KeyBuffer {
    this.core.keys.encode(name, this.#key)
    return this.#key
  }

  /** The entry of `name` in `record`, or 0. */
  entryOf(record: number, name: string): number {
    return this.core.find(this.core.rootIn(record, true), this.keyOf(name))
  }

  describe(entry: number): Description {
    return this.core.valueOf(entry) as Description
  }

  /** All names in `record`, in order, with what is said of them. */
  list(record: number): { name: string; description: Description }[] {
    const root = this.core.rootIn(record, true)
    const cursor = new Cursor(this.#engine.W, root, WHOLE, false, Number.POSITIVE_INFINITY)
    const all: { name: string; description: Description }[] = []
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      const description = this.describe(entry)
      all.push({ name: this.core.keyOf(entry) as string, description })
    }
    return all
  }
}
