/**
 * The store that holds the names of the named stores: name → { id, keys, values }.
 *
 * A store like any other (versions, a graveyard), but its codecs are fixed and users do not see it. An index is a store,
 * too, which users do not see by its name: NUL, the id of the store whose index it is, NUL, its own name. Its codec of keys is
 * `index`, and in place of one for values stands its definition (lib/indexes/definition.ts).
 */

import { KeyBuffer } from '../key/codec.js'
import { stringKeys } from '../key/string.js'
import type { Arena } from '../memory/arena.js'
import { isAscii, isInPieces, keyBytesOf, valueAt, valueBytesOf } from '../memory/entry.js'
import { E_KEY, R_CATALOG, S_LIVE } from '../memory/layout.js'
import type { Gatherer } from '../memory/pieces.js'
import { invalidOption } from '../options.js'
import { stateOf } from '../tree/catalog.js'
import { Cursor, prefixed, type Range, WHOLE } from '../tree/cursor.js'
import { find } from '../tree/search.js'
import { ValueBuffer } from '../value/codec.js'
import { jsonValues } from '../value/json.js'
import type { DeepVersion, Found } from './deep.js'

/** Id of the unnamed store, whose state is in the record itself. */
export const UNNAMED = -1
/** Id of the store with the names of the others. */
export const NAMES_STORE = 0

const NUL = '\0'
/** What stands for the codec of an index's keys. */
export const INDEX_KEYS = 'index'

/** @throws ZVerseError `ZVERSE_INVALID_OPTION` for what can be no store's name */
export function checkStoreName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.startsWith(NUL)) {
    throw invalidOption(
      'name',
      'of a store must be a string that is not empty and does not begin with NUL',
    )
  }
}

/** The name under which the index of store `of` is a store. */
export function nameOfIndex(of: number, name: string): string {
  return `${NUL}${of}${NUL}${name}`
}

/** The store whose index has that name, and the index's own name; null for a store that users see. */
export function indexOfName(name: string): { of: number; name: string } | null {
  if (!name.startsWith(NUL)) return null
  const end = name.indexOf(NUL, 1)
  return { of: Number(name.slice(1, end)), name: name.slice(end + 1) }
}

/** The description of a store. */
export interface Description {
  readonly id: number
  readonly keys: string
  readonly values: string
}

/** A store in the list of them. */
export interface Named {
  readonly name: string
  readonly description: Description
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

  /** The stores in `record` that users see, by name. */
  list(record: number): Named[] {
    return this.#walk(this.rootIn(record), this.#seen())
  }

  /** The indexes of `of`, or of all stores, below the root of a tree of names. */
  indexes(root: number, of?: number): Named[] {
    this.#keys.encodePrefix(of === undefined ? NUL : nameOfIndex(of, ''), this.#key)
    return this.#walk(root, prefixed(this.#key))
  }

  /** All stores in `record`, indexes first. */
  all(record: number): Named[] {
    return this.#walk(this.rootIn(record), WHOLE)
  }

  #seen(): Range {
    this.#keys.encodePrefix(NUL, this.#key)
    return { lower: prefixed(this.#key).upper, upper: null, box: null }
  }

  #walk(root: number, range: Range): Named[] {
    const W = this.#arena.words
    const cursor = new Cursor(W, root, range, false, Number.POSITIVE_INFINITY)
    const all: Named[] = []
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      all.push({ name: this.nameIn(W, entry), description: this.describeEntry(entry) })
    }
    return all
  }

  /** The stores at a deep version that users see. */
  listDeep(deep: DeepVersion): Named[] {
    return this.#walkDeep(deep, this.#seen())
  }

  /** The indexes of `of`, or of all stores, at a deep version. */
  indexesDeep(deep: DeepVersion, of?: number): Named[] {
    this.#keys.encodePrefix(of === undefined ? NUL : nameOfIndex(of, ''), this.#key)
    return this.#walkDeep(deep, prefixed(this.#key))
  }

  #walkDeep(deep: DeepVersion, range: Range): Named[] {
    const walk = deep.walk(NAMES_STORE, range, false)
    const all: Named[] = []
    for (let found = walk.next(); found !== null; found = walk.next()) {
      const name = this.nameIn(found.words, found.entry)
      all.push({ name, description: this.describeFound(found) })
    }
    return all
  }
}
