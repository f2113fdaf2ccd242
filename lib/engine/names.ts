/**
 * The store that holds the names of the named stores: name → { id, keys, values }.
 *
 * A store like any other (versions, a graveyard), but its codecs are fixed and users do not see it.
 */

import { KeyBuffer } from '../key/codec.js'
import { stringKeys } from '../key/string.js'
import type { Arena } from '../memory/arena.js'
import { isAscii, isInPieces, keyBytesOf, valueAt, valueBytesOf } from '../memory/entry.js'
import { E_KEY, R_CATALOG, S_LIVE } from '../memory/layout.js'
import type { Gatherer } from '../memory/pieces.js'
import { invalidOption } from '../options.js'
import { stateOf } from '../tree/catalog.js'
import { Cursor, WHOLE } from '../tree/cursor.js'
import { find } from '../tree/search.js'
import { ValueBuffer } from '../value/codec.js'
import { jsonValues } from '../value/json.js'
import type { DeepVersion, Found } from './deep.js'

/** Id of the unnamed store, whose state is in the record itself. */
export const UNNAMED = -1
/** Id of the store with the names of the others. */
export const NAMES_STORE = 0

/** @throws ZVerseError `ZVERSE_INVALID_OPTION` for what can be no store's name */
export function checkStoreName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') {
    throw invalidOption('name', 'of a store must be a string that is not empty')
  }
}

/** The description of a store. */
export interface Description {
  readonly id: number
  readonly keys: string
  readonly values: string
}

export class Names {
  readonly #arena: Arena
  readonly #gatherer: Gatherer
  readonly #keys = stringKeys()
  readonly #values = jsonValues()
  readonly #key = new KeyBuffer()
  readonly #value = new ValueBuffer()

  constructor(arena: Arena, gatherer: Gatherer) {
    this.#arena = arena
    this.#gatherer = gatherer
  }

  /** The key of a name; valid until the next call. */
  keyOf(name: string): KeyBuffer {
    this.#keys.encode(name, this.#key)
    return this.#key
  }

  /** The value that describes a store; valid until the next call. */
  valueOf(description: Description): ValueBuffer {
    this.#values.encode(description, this.#value)
    return this.#value
  }

  /** Word of this store's own state in `record`; 0 where there was never a name. */
  stateIn(record: number): number {
    return stateOf(this.#arena.words, this.#arena.words[record + R_CATALOG], NAMES_STORE)
  }

  /** Root of the tree of names in `record`. */
  rootIn(record: number): number {
    const state = this.stateIn(record)
    return state === 0 ? 0 : this.#arena.words[state + S_LIVE]
  }

  /** The entry of `name` in `record`, or 0. */
  entryOf(record: number, name: string): number {
    const key = this.keyOf(name)
    return find(this.#arena.words, this.rootIn(record), key.words, key.bytes)
  }

  /** The description of the store of that name in `record`, if it has one. */
  describe(record: number, name: string): Description | undefined {
    const entry = this.entryOf(record, name)
    return entry === 0 ? undefined : this.describeEntry(entry)
  }

  /** The description in an entry of this store. */
  describeEntry(entry: number): Description {
    const W = this.#arena.words
    const length = valueBytesOf(W, entry)
    const isWhole = !isInPieces(W, entry)
    const memory = isWhole ? this.#arena : this.#gatherer.gather(entry)
    const at = isWhole ? valueAt(W, entry) : 0
    return this.#values.decode(memory, at, length, isAscii(W, entry)) as Description
  }

  /** The description in an entry of this store that lies in words of its own, or in the arena. */
  describeFound({ words, entry }: Found): Description {
    if (words === this.#arena.words) return this.describeEntry(entry)
    const length = valueBytesOf(words, entry)
    const memory = this.#gatherer.copyOf(words, valueAt(words, entry), Math.ceil(length / 4))
    return this.#values.decode(memory, 0, length, isAscii(words, entry)) as Description
  }

  /** The name in an entry of this store. */
  nameIn(words: Uint32Array, entry: number): string {
    return this.#keys.decode(words, entry + E_KEY, keyBytesOf(words, entry))
  }

  /** All names in `record`, in order, with their descriptions. */
  list(record: number): { name: string; description: Description }[] {
    const W = this.#arena.words
    const cursor = new Cursor(W, this.rootIn(record), WHOLE, false, Number.POSITIVE_INFINITY)
    const all: { name: string; description: Description }[] = []
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      all.push({ name: this.nameIn(W, entry), description: this.describeEntry(entry) })
    }
    return all
  }

  /** All names at a deep version. */
  listDeep(deep: DeepVersion): { name: string; description: Description }[] {
    const walk = deep.walk(NAMES_STORE, WHOLE, false)
    const all: { name: string; description: Description }[] = []
    for (let found = walk.next(); found !== null; found = walk.next()) {
      const name = this.nameIn(found.words, found.entry)
      all.push({ name, description: this.describeFound(found) })
    }
    return all
  }
}
