/**
 * Which index keys each entry has, where a function gives them: so that entries can go without it. They lie in the
 * index, behind all index keys, under the keys of the entries.
 *
 *     key     FF 00 00 00, then the key of an entry     (the tag of an index key is below FF)
 *     value   its index keys (packed.ts); an entry without any is not there
 *
 * For the owner of the writer lock. What a transaction changes waits in private memory until {@link Reverse.flush}.
 */
import { KeyBuffer } from '../key/codec.js'
import {
  type EncodedValue,
  isInPieces,
  type KeyWords,
  nameOf,
  valueAt,
  valueBytesOf,
} from '../memory/entry.js'
import type { Gatherer } from '../memory/pieces.js'
import { compareKeys } from '../memory/words.js'
import type { Range } from '../tree/cursor.js'
import type { Draft } from '../tree/draft.js'
import { find } from '../tree/search.js'
import type { Writer } from '../tree/writer.js'
import { VECTORS_RANGE } from '../vector/layout.js'
import type { Defined } from './definition.js'
import type { IndexKeys } from './extract.js'
import { packed, unpack } from './packed.js'

const TAG = 0xff000000

/**
 * The index keys of an index: all that it has but the keys of entries behind them; of vectors, one key each.
 */
export function wholeOf({ by, vectors }: Defined): Range {
  if (vectors !== null) return VECTORS_RANGE
  const upper = by === null ? null : { words: Uint32Array.of(TAG), bytes: 1, after: false }
  return { lower: null, upper, box: null }
}

/** Makes `into` the key under which the index keys of an entry are. */
export function reverseKey(primary: KeyWords, into: KeyBuffer): void {
  const count = (primary.bytes + 3) >>> 2
  for (let i = count; i > 0; i--) into.words[i] = primary.words[i - 1]
  into.words[0] = TAG
  into.bytes = 4 + primary.bytes
}

/** The bytes of an entry's value, in words of its own or in the arena. */
export function bytesIn(words: Uint32Array, entry: number, gatherer: Gatherer): Uint8Array {
  const length = valueBytesOf(words, entry)
  const isWhole = !isInPieces(words, entry)
  const from = isWhole ? valueAt(words, entry) : 0
  const memory = isWhole ? words : gatherer.gather(entry).words
  return new Uint8Array(memory.slice(from, from + ((length + 3) >>> 2)).buffer, 0, length)
}

function reverseValue(bytes: Uint8Array): EncodedValue {
  const words = new Uint32Array((bytes.length + 3) >>> 2)
  new Uint8Array(words.buffer).set(bytes)
  return { words, at: 0, length: bytes.length, ascii: false }
}

interface Change {
  readonly key: KeyWords
  /** null: the entry has no index keys any more. */
  readonly keys: Uint8Array | null
}

export class Reverse {
  readonly #W: Uint32Array
  readonly #gatherer: Gatherer
  readonly #key = new KeyBuffer()
  /** By the key of the entry. */
  readonly #changes = new Map<string, Change>()

  constructor(W: Uint32Array, gatherer: Gatherer) {
    this.#W = W
    this.#gatherer = gatherer
  }

  clear(): void {
    this.#changes.clear()
  }

  /**
   * Puts the index keys that an entry has so far into `keys`. @param root of the index, without what waits
   */
  read(root: number, primary: KeyWords, keys: IndexKeys): void {
    keys.clear()
    const change = this.#changes.get(nameOf(primary))
    if (change !== undefined) {
      if (change.keys !== null) unpack(change.keys, keys)
      return
    }
    const key = this.#key
    reverseKey(primary, key)
    const entry = find(this.#W, root, key.words, key.bytes)
    if (entry !== 0) unpack(bytesIn(this.#W, entry, this.#gatherer), keys)
  }

  note(primary: KeyWords, keys: IndexKeys): void {
    const key = this.#key
    reverseKey(primary, key)
    const words = key.words.slice(0, (key.bytes + 3) >>> 2)
    const bytes = keys.count === 0 ? null : packed(keys)
    this.#changes.set(nameOf(primary), { key: { words, bytes: key.bytes }, keys: bytes })
  }

  /** The changes in key order. */
  each(key: KeyBuffer, visit: (value: EncodedValue | null) => void): void {
    const all = [...this.#changes.values()]
    all.sort(({ key: a }, { key: b }) => {
      return compareKeys(a.words, 0, a.bytes, b.words, 0, b.bytes)
    })
    for (const { key: own, keys } of all) {
      key.words.set(own.words)
      key.bytes = own.bytes
      visit(keys === null ? null : reverseValue(keys))
    }
  }

  /** Makes the changes in the index; they wait no more after that. */
  flush(draft: Draft, writer: Writer, version: number): void {
    const key = this.#key
    this.each(key, value => {
      if (value === null) writer.delete(draft, key, undefined)
      else writer.put(draft, key, value, undefined, version)
    })
    this.clear()
  }
}
