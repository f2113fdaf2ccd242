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
import { isWellFormed, TextReader, writeUtf8 } from '../memory/text.js'
import { byteLength, GONE, isGone } from './binary.js'
import { type KeyBuffer, type KeyCodec, MAX_KEY_BYTES } from './codec.js'
import { describe, isArray } from './describe.js'
import { packBytes, tooLarge, unpackBytes } from './pack.js'

/** A tuple key or an element of one. */
export type TupleKey = null | boolean | number | string | Uint8Array | readonly TupleKey[]

const END = 0x00
const NULL = 0x01
const FALSE = 0x02
const TRUE = 0x03
const NUMBER = 0x04
const STRING = 0x05
const BYTES = 0x06
const ARRAY = 0x07
const ESCAPE = 0x01

const MAX = MAX_KEY_BYTES
/** The most arrays within arrays; a deeper key is most likely an array that contains itself. */
const MAX_DEPTH = 64
/** Where measuring an oversized key stops: elements that share arrays can be of any size. */
const MAX_MEASURED = 1 << 26

/** The fault of a key or a prefix; the caller knows which of the two it is. */
class Refusal {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

class TupleKeys implements KeyCodec<TupleKey> {
  readonly name = 'tuple'
  readonly #text = new TextReader()
  /** The encoded key. Writing beyond its end does nothing, yet `#at` goes on counting. */
  readonly #bytes = new Uint8Array(MAX)
  /** A string's UTF-8 on its way in or out. */
  readonly #plain = new Uint8Array(MAX * 3)
  readonly #number = new Float64Array(1)
  readonly #numberBytes = new Uint8Array(this.#number.buffer)
  /** Indexes that lead through the arrays to the element being written. */
  readonly #path: number[] = []
  #at = 0
  #busy = false

  encode(key: TupleKey, into: KeyBuffer): void {
    if (this.#busy) {
      tupleKeys().encode(key, into)
      return
    }
    this.#busy = true
    try {
      this.#at = 0
      this.#write(key, 0)
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
      if (!isArray(prefix)) throw new Refusal(` must be an array, not ${describe(prefix)}`)
      this.#at = 0
      this.#writeArray(prefix as TupleKey[], 0)
      this.#at--
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
    if (this.#busy) return tupleKeys().decode(words, at, bytes)
    unpackBytes(words, at, bytes, this.#bytes)
    this.#at = 0
    return this.#read()
  }

  #finish(into: KeyBuffer): void {
    const size = this.#at
    if (size > MAX) throw tooLarge(size)
    packBytes(this.#bytes, size, into)
  }

  #write(value: TupleKey, depth: number): void {
    if (this.#at > MAX_MEASURED) throw tooLarge(this.#at)
    if (typeof value === 'string') this.#writeString(value, depth)
    else if (typeof value === 'number') this.#writeNumber(value, depth)
    else if (value === null) this.#bytes[this.#at++] = NULL
    else if (typeof value === 'boolean') this.#bytes[this.#at++] = value ? TRUE : FALSE
    else if (isArray(value)) this.#writeArray(value as TupleKey[], depth)
    else if (types.isUint8Array(value)) {
      const size = byteLength(value)
      if (size === 0 && isGone(value)) throw this.#refuse(GONE, depth)
      this.#bytes[this.#at++] = BYTES
      this.#writeEscaped(value, size)
    } else {
      const what = describe(value)
      const allowed = 'null, a boolean, a number, a string, a Uint8Array or an array'
      throw this.#refuse(`must be ${allowed}, not ${what}`, depth)
    }
  }

  #writeNumber(value: number, depth: number): void {
    if (Number.isNaN(value)) throw this.#refuse('must not be NaN', depth)
    // Adding 0 turns -0 into 0.
    this.#number[0] = value + 0
    const from = this.#numberBytes
    const flip = from[7] > 127 ? 255 : 0
    const bytes = this.#bytes
    let at = this.#at
    bytes[at++] = NUMBER
    bytes[at++] = from[7] ^ (flip | 128)
    for (let i = 6; i >= 0; i--) bytes[at++] = from[i] ^ flip
    this.#at = at
  }

  #writeString(value: string, depth: number): void {
    this.#bytes[this.#at++] = STRING
    const short = value.length <= MAX
    const size = short ? writeUtf8(value, this.#plain, 0) : isWellFormed(value) ? 0 : -1
    if (size < 0) throw this.#refuse('must not contain lone surrogates', depth)
    if (short) this.#writeEscaped(this.#plain, size)
    else {
      // The key is too large already; it is measured in full all the same.
      const plain = Buffer.from(value, 'utf8')
      this.#writeEscaped(plain, plain.length)
    }
  }

  #writeEscaped(from: Uint8Array, size: number): void {
    const bytes = this.#bytes
    let at = this.#at
    for (let i = 0; i < size; i++) {
      const byte = from[i]
      if (byte > ESCAPE) {
        bytes[at++] = byte
      } else {
        bytes[at++] = ESCAPE
        bytes[at++] = byte + 1
      }
    }
    bytes[at++] = END
    this.#at = at
  }

  #writeArray(elements: readonly TupleKey[], depth: number): void {
    if (depth === MAX_DEPTH) {
      throw this.#refuse(`is nested more than ${MAX_DEPTH} deep, or contains itself`, 0)
    }
    this.#bytes[this.#at++] = ARRAY
    const { length } = elements
    for (let i = 0; i < length; i++) {
      this.#path[depth] = i
      this.#write(elements[i], depth + 1)
    }
    this.#bytes[this.#at++] = END
  }

  #refuse(what: string, depth: number): Refusal {
    const path = this.#path.slice(0, depth).map(i => `[${i}]`)
    return new Refusal(`${path.join('')} ${what}`)
  }

  #read(): TupleKey {
    const tag = this.#bytes[this.#at++]
    switch (tag) {
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case NUMBER:
        return this.#readNumber()
      case STRING:
        return this.#text.utf8(this.#plain, 0, this.#readEscaped())
      case BYTES: {
        const size = this.#readEscaped()
        const bytes = new Uint8Array(size)
        for (let i = 0; i < size; i++) bytes[i] = this.#plain[i]
        return bytes
      }
      case ARRAY: {
        const elements: TupleKey[] = []
        while (this.#bytes[this.#at] !== END) elements.push(this.#read())
        this.#at++
        return elements
      }
      default:
        throw new Error(`zverse: assertion failed: no tuple tag ${tag}`)
    }
  }

  #readNumber(): number {
    const bytes = this.#bytes
    const to = this.#numberBytes
    let at = this.#at
    const flip = bytes[at] > 127 ? 0 : 255
    to[7] = bytes[at++] ^ (flip | 128)
    for (let i = 6; i >= 0; i--) to[i] = bytes[at++] ^ flip
    this.#at = at
    return this.#number[0]
  }

  /** Unescapes into `#plain` and returns how many bytes that were. */
  #readEscaped(): number {
    const bytes = this.#bytes
    const plain = this.#plain
    let at = this.#at
    let size = 0
    for (let byte = bytes[at++]; byte !== END; byte = bytes[at++]) {
      plain[size++] = byte === ESCAPE ? bytes[at++] - 1 : byte
    }
    this.#at = at
    return size
  }
}

/** The codec of `keys: 'tuple'`. */
export function tupleKeys(): KeyCodec<TupleKey> {
  return new TupleKeys()
}
