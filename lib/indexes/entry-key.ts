/**
 * Keys of an index as a store: an index key, padded with zeros to whole words, then the key of an entry.
 *
 * No index key is a prefix of another, so the padding decides nothing: such keys sort by index key, then by the entry's key.
 * Any thread; each codec belongs to one thread.
 */
import { type KeyBuffer, type KeyCodec, MAX_KEY_BYTES } from '../key/codec.js'
import { unpackBytes } from '../key/pack.js'
import { TupleReader } from '../key/tuple-reader.js'
import { ARRAY, END, NUMBER, STRING, type TupleKey } from '../key/tuple-writer.js'
import type { Defined } from './definition.js'

/** Words of the index key at the begin of a key. */
export function indexKeyWords({ points }: Defined, words: Uint32Array, at: number): number {
  return points === null ? tupleWords(words, at) : points.curve.words
}

function tupleWords(words: Uint32Array, at: number): number {
  const from = at * 4
  let place = from
  let depth = 0
  do {
    const tag = byteAt(words, place++)
    if (tag === NUMBER) place += 8
    else if (tag === ARRAY) depth++
    else if (tag === END) depth--
    else if (tag >= STRING) while (byteAt(words, place++) !== END) {}
  } while (depth > 0)
  return (place - from + 3) >>> 2
}

function byteAt(words: Uint32Array, place: number): number {
  return (words[Math.floor(place / 4)] >>> (24 - 8 * (place % 4))) & 0xff
}

/** A key of an index: the index key, and the key of an entry. */
export type Pair<K = unknown> = [indexKey: TupleKey, key: K]

export class IndexEntryKeys implements KeyCodec<never, Pair> {
  readonly name = 'index'
  readonly #defined: Defined
  readonly #primary: KeyCodec
  #reader: TupleReader | null = null
  #bytes: Uint8Array | null = null

  /** @param primary the codec of the store's keys */
  constructor(defined: Defined, primary: KeyCodec) {
    this.#defined = defined
    this.#primary = primary
  }

  decode(words: Uint32Array, at: number, bytes: number): Pair {
    const size = indexKeyWords(this.#defined, words, at)
    const indexKey = this.#indexKey(words, at, size)
    return [indexKey, this.#primary.decode(words, at + size, bytes - size * 4)]
  }

  /** A point of an index by place has Dates where its dimensions say so. */
  #indexKey(words: Uint32Array, at: number, size: number): TupleKey {
    const { points } = this.#defined
    if (points !== null) return points.decode(words, at) as unknown as TupleKey
    this.#bytes ??= new Uint8Array(MAX_KEY_BYTES)
    this.#reader ??= new TupleReader()
    unpackBytes(words, at, size * 4, this.#bytes)
    return this.#reader.read(this.#bytes, 0)
  }

  encode(_: never, __: KeyBuffer): void {
    throw new Error('zverse: assertion failed: keys of an index are not encoded as such')
  }

  encodePrefix(_: unknown, __: KeyBuffer): void {
    throw new Error('zverse: assertion failed: keys of an index are not encoded as such')
  }
}
