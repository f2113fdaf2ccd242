/**
 * The keys of edges, and of the index by which they are found from their ends.
 *
 *     edges    [from, type, to]      as tuple keys (lib/key/tuple.ts)
 *     index    [to, type, from]      the same, padded with zeros to whole words
 *
 * Any thread; each object belongs to one thread.
 */
import { type KeyBuffer, MAX_KEY_BYTES } from '../key/codec.js'
import { packBytes, unpackBytes } from '../key/pack.js'
import { TupleReader } from '../key/tuple-reader.js'
import { ARRAY, END, endOfPart, STRING, type TupleKey } from '../key/tuple-writer.js'
import type { KeyWords } from '../memory/entry.js'
import type { IndexKeys } from './extract.js'

export class EdgeKeys {
  readonly #bytes = new Uint8Array(MAX_KEY_BYTES + 4)
  readonly #turned = new Uint8Array(MAX_KEY_BYTES + 4)
  readonly #reader = new TupleReader()

  /** Puts the index key of an edge into `keys`; false where the key is none of an edge. */
  turnInto({ words, bytes }: KeyWords, keys: IndexKeys): boolean {
    keys.clear()
    unpackBytes(words, 0, bytes, this.#bytes)
    if (!isEdge(this.#bytes, bytes)) return false
    keys.addBytes(this.#turned, 0, this.#turn())
    return true
  }

  /** Puts the key of the edge whose index key is at `words[at]` into `key`; and the other way round. */
  turn(words: Uint32Array, at: number, bytes: number, key: KeyBuffer): void {
    unpackBytes(words, at, bytes, this.#bytes)
    packBytes(this.#turned, this.#turn(), key)
  }

  /** Exchanges the ends of the key in `#bytes`; returns its size. */
  #turn(): number {
    const from = this.#bytes
    const to = this.#turned
    const type = endOfPart(from, 1)
    const last = endOfPart(from, type)
    const end = endOfPart(from, last)
    let at = 0
    to[at++] = ARRAY
    for (let i = last; i < end; i++) to[at++] = from[i]
    for (let i = type; i < last; i++) to[at++] = from[i]
    for (let i = 1; i < type; i++) to[at++] = from[i]
    to[at++] = END
    return at
  }

  /** Opens a key, of either kind, of which some bytes at its begin are known. */
  open(words: Uint32Array, at: number, bytes: number): void {
    unpackBytes(words, at, bytes, this.#bytes)
  }

  /** The part of the key that was opened that begins at a place; {@link end} is the place behind it. */
  part(at: number): TupleKey {
    return this.#reader.read(this.#bytes, at)
  }

  get end(): number {
    return this.#reader.at
  }
}

/** True for an array of three, whose second is a string. */
function isEdge(bytes: Uint8Array, size: number): boolean {
  if (bytes[0] !== ARRAY || bytes[1] === END) return false
  const type = endOfPart(bytes, 1)
  if (bytes[type] !== STRING) return false
  const last = endOfPart(bytes, type)
  if (bytes[last] === END) return false
  const end = endOfPart(bytes, last)
  return bytes[end] === END && end + 1 === size
}
