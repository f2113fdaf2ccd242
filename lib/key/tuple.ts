/**
 * Tuple keys: scalars and arrays of them, nested, in one order. Any thread; each codec object
 * belongs to one thread.
 *
 * A key is a tag byte and the content that the tag names:
 *
 *     00  end of an array          04  number: 8 bytes, IEEE 754 big-endian, the sign flipped if
 *     01  null                         positive, all bits flipped if negative
 *     02  false                    05  string: its UTF-8, escaped, 00
 *     03  true                     06  bytes: escaped, 00
 *                                  07  array: its elements, 00
 *
 * Escaped: 00 becomes 01 01, and 01 becomes 01 02. Invariants:
 *
 * 1. Bytewise order is the order of the tags above, then of the values; of arrays element by
 *    element, the shorter first (00 is below every tag and every escaped byte).
 * 2. An encoding is never a proper prefix of another: 00 stands only where a string, bytes or an
 *    array end. (FoundationDB's escape, 00 FF, lacks this: 'a' would be a prefix of 'a\0b'.) So an array
 *    key begins with the encoding of some elements exactly if it begins with those elements.
 * 3. Each element of the caller's arrays is read once. Reading may run the caller's code (getters,
 *    Proxies), which may use this codec again: while one key is encoded, others get a fresh codec.
 */
import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { ZVerseError } from '../errors.js'
import { isWellFormed, writeUtf8 } from '../memory/text.js'
import { byteLength, GONE, isGone } from './binary.js'
import { type KeyBuffer, type KeyCodec, MAX_KEY_BYTES } from './codec.js'
import { describe, isArray } from './describe.js'
import { packBytes, tooLarge, unpackBytes } from './pack.js'
import { TupleReader } from './tuple-reader.js'
import {
  ARRAY,
  BYTES,
  END,
  FALSE,
  NULL,
  STRING,
  TRUE,
  type TupleKey,
  TupleWriter,
} from './tuple-writer.js'

const MAX = MAX_KEY_BYTES
/** The most arrays within arrays; a deeper key is most likely an array that contains itself. */
export const MAX_DEPTH = 64
/** Where measuring an oversized key stops: elements that share arrays can be of any size. */
const MAX_MEASURED = 1 << 26

/** The fault of a key or a prefix; the caller knows which of the two it is. */
export class Refusal {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

/** Encodes tuples part by part; see {@link TupleKeys}. */
export class TupleEncoder {
  /** The encoded key. */
  readonly writer = new TupleWriter()
  /** A string's UTF-8. */
  readonly #plain = new Uint8Array(MAX * 3)
  /** Indexes that lead through the arrays to the element being written. */
  readonly #path: number[] = []

  /** Writes a key. @throws Refusal, `ZVERSE_KEY_TOO_LARGE` where it is beyond measure */
  write(value: unknown): void {
    this.#write(value, 0)
  }

  /** Writes the first elements of arrays. */
  writePrefix(value: unknown): void {
    if (!isArray(value)) throw new Refusal(` must be an array, not ${describe(value)}`)
    this.#writeArray(value as unknown[], 0)
    this.writer.at--
  }

  /** The number that a value of no kind of its own stands for, if it does for one. */
  protected numberFor(_: unknown): number | undefined {
    return undefined
  }

  #write(value: unknown, depth: number): void {
    const { writer } = this
    if (writer.at > MAX_MEASURED) throw tooLarge(writer.at)
    if (typeof value === 'string') this.#writeString(value, depth)
    else if (typeof value === 'number') this.#writeNumber(value, depth)
    else if (value === null) writer.tag(NULL)
    else if (typeof value === 'boolean') writer.tag(value ? TRUE : FALSE)
    else if (isArray(value)) this.#writeArray(value as unknown[], depth)
    else if (types.isUint8Array(value)) {
      const size = byteLength(value)
      if (size === 0 && isGone(value)) throw this.#refuse(GONE, depth)
      writer.text(BYTES, value, 0, size)
    } else {
      const number = this.numberFor(value)
      if (number !== undefined) {
        this.#writeNumber(number, depth)
        return
      }
      const what = describe(value)
      const allowed = 'null, a boolean, a number, a string, a Uint8Array or an array'
      throw this.#refuse(`must be ${allowed}, not ${what}`, depth)
    }
  }

  #writeNumber(value: number, depth: number): void {
    if (Number.isNaN(value)) throw this.#refuse('must not be NaN', depth)
    this.writer.number(value)
  }

  #writeString(value: string, depth: number): void {
    const short = value.length <= MAX
    const size = short ? writeUtf8(value, this.#plain, 0) : isWellFormed(value) ? 0 : -1
    if (size < 0) throw this.#refuse('must not contain lone surrogates', depth)
    if (short) this.writer.text(STRING, this.#plain, 0, size)
    else {
      // The key is too large already; it is measured in full all the same.
      const plain = Buffer.from(value, 'utf8')
      this.writer.text(STRING, plain, 0, plain.length)
    }
  }

  #writeArray(elements: readonly unknown[], depth: number): void {
    if (depth === MAX_DEPTH) {
      throw this.#refuse(`is nested more than ${MAX_DEPTH} deep, or contains itself`, 0)
    }
    this.writer.tag(ARRAY)
    const { length } = elements
    for (let i = 0; i < length; i++) {
      this.#path[depth] = i
      this.#write(elements[i], depth + 1)
    }
    this.writer.tag(END)
  }

  #refuse(what: string, depth: number): Refusal {
    const path = this.#path.slice(0, depth).map(i => `[${i}]`)
    return new Refusal(`${path.join('')} ${what}`)
  }
}

class TupleKeys implements KeyCodec<TupleKey> {
  readonly name = 'tuple'
  readonly #encoder = new TupleEncoder()
  readonly #reader = new TupleReader()
  /** The bytes of a key that is being read. */
  readonly #bytes = new Uint8Array(MAX)
  #busy = false

  encode(key: TupleKey, into: KeyBuffer): void {
    if (this.#busy) {
      tupleKeys().encode(key, into)
      return
    }
    this.#busy = true
    try {
      this.#encoder.writer.at = 0
      this.#encoder.write(key)
      this.#finish(into)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new ZVerseError('ZVERSE_INVALID_KEY', `key${error.reason}`)
    } finally {
      this.#busy = false
    }
  }

  encodePrefix(prefix: unknown, into: KeyBuffer): void {
    if (this.#busy) {
      tupleKeys().encodePrefix(prefix, into)
      return
    }
    this.#busy = true
    try {
      this.#encoder.writer.at = 0
      this.#encoder.writePrefix(prefix)
      this.#finish(into)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const message = `prefix${error.reason}`
      throw new ZVerseError('ZVERSE_INVALID_OPTION', message, { option: 'prefix' })
    } finally {
      this.#busy = false
    }
  }

  decode(words: Uint32Array, at: number, bytes: number): TupleKey {
    unpackBytes(words, at, bytes, this.#bytes)
    return this.#reader.read(this.#bytes, 0)
  }

  #finish(into: KeyBuffer): void {
    const { bytes, at } = this.#encoder.writer
    if (at > MAX) throw tooLarge(at)
    packBytes(bytes, at, into)
  }
}

/** The codec of `keys: 'tuple'`. */
export function tupleKeys(): KeyCodec<TupleKey> {
  return new TupleKeys()
}
