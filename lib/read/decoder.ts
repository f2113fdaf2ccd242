/**
 * Decodes keys and values of several entries at a time. One for each store and thread; runs no user code.
 *
 * Making a string costs 40 to 50 ns however short it is, cutting one out of a longer one 5 to 8: so the
 * decoder copies the short texts of neighbours side by side, makes one string of them, and cuts it. A
 * piece of 13 characters or more refers to the long string and keeps it alive, which is why that string
 * has ROOM words and PIECES pieces at most: at worst 6 or 7 times a flat string's memory stays alive.
 * Keys of up to 12 characters are made by themselves, in 13 ns.
 */

import type { KeyCodec } from '../key/codec.js'
import type { Arena } from '../memory/arena.js'
import { keyBytesOf, valueAtIn } from '../memory/entry.js'
import { E_ASCII, E_ASCII_PIECES, E_KEY, E_LENGTH, E_META, E_PIECES } from '../memory/layout.js'
import type { Gatherer } from '../memory/pieces.js'
import { longAscii, SHORTEST_TEXT, shortestBig, swap } from '../memory/text.js'
import type { ValueCodec } from '../value/codec.js'
import { inflateValue, isDeflated, LEAST_DEFLATED } from '../value/deflate.js'

const KEY_AT = E_KEY
const META = E_META
const LENGTH = E_LENGTH
const ASCII = E_ASCII
const ASCII_PIECES = E_ASCII_PIECES
const SHORTEST = SHORTEST_TEXT
/** More than any META. */
const NEVER = 2 ** 32

/** Words of one string to cut from, and its pieces at most. */
const ROOM = 64
const PIECES = 8
/** Bytes of the longest text that is cut from another: less than a deflated value has. */
const SHORT = 64
/** Bytes of values after which a call decodes no more. */
const BYTES = 8192

export class Decoder {
  readonly #W: Uint32Array
  readonly #arena: Arena
  readonly #keys: KeyCodec
  readonly #values: ValueCodec
  readonly #gatherer: Gatherer
  readonly #isText: boolean
  /** The least META of an entry whose value may be cut as a text. */
  readonly #cut: number
  /** Texts side by side, each from a whole word on. */
  readonly #words = new Uint32Array(ROOM)
  readonly #bytes = new Uint8Array(this.#words.buffer)
  /** Bytes before the characters of a value that is a text, by its length. */
  readonly #headers: number[]

  constructor(arena: Arena, keys: KeyCodec, values: ValueCodec, gatherer: Gatherer) {
    this.#W = arena.words
    this.#arena = arena
    this.#keys = keys
    this.#values = values
    this.#gatherer = gatherer
    this.#isText = keys.name === 'string'
    this.#cut = values.name === 'binary' ? NEVER : ASCII
    this.#headers = Array.from({ length: SHORT + 1 }, (_, length) => values.headerOf(length))
  }

  /** Puts the keys of `count` entries, from index `from` on, into `into`, from index 0 on. */
  keys(entries: readonly number[], from: number, count: number, into: unknown[]): void {
    const W = this.#W
    const isText = this.#isText
    for (let i = 0; i < count; ) {
      const entry = entries[from + i]
      const size = keyBytesOf(W, entry)
      if (isText && size > SHORTEST && size <= SHORT) {
        const n = this.#cutKeys(entries, from + i, Math.min(count - i, PIECES), into, i)
        i += n
        if (n > 0) continue
      } else if (isText && size <= SHORTEST && size > 0) {
        const key = shortestBig(W, entry + KEY_AT, size)
        if (key !== undefined) {
          into[i++] = key
          continue
        }
      }
      into[i++] = this.#keys.decode(W, entry + KEY_AT, size)
    }
  }

  /**
   * The same for values, whose codec is pure; or fewer, where they are large.
   * @returns how many, one at least
   */
  values(entries: readonly number[], from: number, count: number, into: unknown[]): number {
    const W = this.#W
    const words = this.#words
    const headers = this.#headers
    const cut = this.#cut
    let bytes = 0
    let i = 0
    while (i < count && bytes < BYTES) {
      const last = Math.min(i + PIECES, count)
      let used = 0
      let next = i
      for (; next < last; next++) {
        const entry = entries[from + next]
        const meta = W[entry + META]
        const length = W[entry + LENGTH]
        const n = (length + 3) >>> 2
        if (meta < cut || meta >= ASCII_PIECES || length > SHORT || used + n > ROOM) break
        let at = valueAtIn(entry, meta)
        const whole = at + (n & ~3)
        for (; at < whole; at += 4, used += 4) {
          words[used] = W[at]
          words[used + 1] = W[at + 1]
          words[used + 2] = W[at + 2]
          words[used + 3] = W[at + 3]
        }
        for (const end = whole + (n & 3); at < end; at++, used++) words[used] = W[at]
      }
      if (next === i) {
        const entry = entries[from + i]
        into[i++] = this.#value(entry)
        bytes += W[entry + LENGTH]
        continue
      }
      const text = longAscii(this.#bytes, 0, used * 4)
      for (let at = 0; i < next; i++) {
        const length = W[entries[from + i] + LENGTH]
        into[i] = text.substring(at + headers[length], at + length)
        at += (length + 3) & ~3
      }
    }
    return i
  }

  #value(entry: number): unknown {
    const W = this.#W
    const meta = W[entry + META]
    const at = valueAtIn(entry, meta)
    const length = W[entry + LENGTH]
    const ascii = meta >= ASCII
    const isWhole = (meta & E_PIECES) === 0
    const memory = isWhole ? this.#arena : this.#gatherer.gather(entry)
    const from = isWhole ? at : 0
    if (ascii && length >= LEAST_DEFLATED && isDeflated(memory.words[from])) {
      const was = inflateValue(this.#gatherer, memory, from, length)
      return this.#values.decode(was.memory, 0, was.length, was.ascii)
    }
    return this.#values.decode(memory, from, length, ascii)
  }

  /**
   * Makes keys from index `to` of `into` on, as long as they are texts that fit into one string.
   * @returns how many
   */
  #cutKeys(
    entries: readonly number[],
    from: number,
    count: number,
    into: unknown[],
    to: number,
  ): number {
    const W = this.#W
    const words = this.#words
    let used = 0
    let n = 0
    for (; n < count; n++) {
      const entry = entries[from + n]
      const size = keyBytesOf(W, entry)
      const room = (size + 3) >>> 2
      if (size <= SHORTEST || size > SHORT || used + room > ROOM) break
      let seen = 0
      for (let i = 0; i < room; i++) {
        const word = W[entry + KEY_AT + i]
        seen |= word
        words[used + i] = swap(word)
      }
      if ((seen & 0x80808080) !== 0) break
      used += room
    }
    if (n === 0) return 0
    const text = longAscii(this.#bytes, 0, used * 4)
    for (let i = 0, at = 0; i < n; i++) {
      const size = keyBytesOf(W, entries[from + i])
      into[to + i] = text.substring(at, at + size)
      at += (size + 3) & ~3
    }
    return n
  }
}
