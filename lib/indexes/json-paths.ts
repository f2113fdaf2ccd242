/**
 * Paths into JSON as `JSON.stringify` writes it: no space between tokens, each name of an object once, and every
 * string escaped in one way only. A place is that of a value's first byte.
 */
import { Buffer } from 'node:buffer'
import { MAX_KEY_BYTES } from '../key/codec.js'
import { MAX_DEPTH } from '../key/tuple.js'
import { ARRAY, END, FALSE, NULL, STRING, TRUE, type TupleWriter } from '../key/tuple-writer.js'
import { writeUtf8 } from '../memory/text.js'
import { NOWHERE, type Path, type PathReader, type Step } from './path.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** Digits of an integer that is read digit by digit. */
const DIGITS = 15
const NOTHING = new Uint8Array(0)

export class JsonPaths implements PathReader {
  #bytes: Uint8Array = NOTHING
  /** The end of the value. */
  #end = 0
  /** The UTF-8 of a string without its escapes. */
  #plain: Uint8Array | null = null

  begin(bytes: Uint8Array, from: number, length: number): number {
    this.#bytes = bytes
    this.#end = from + length
    return from
  }

  seek(from: number, { steps }: Path): number {
    let at = from
    for (let i = 0; i < steps.length && at >= 0; i++) at = this.#step(at, steps[i])
    return at
  }

  #step(from: number, { json, index }: Step): number {
    const bytes = this.#bytes
    if (bytes[from] === OPEN_OBJECT) {
      let at = from + 1
      while (bytes[at] === QUOTE) {
        const end = this.#skipString(at)
        // Behind the name and the colon.
        if (end - at === json.length && isSame(bytes, at, json)) return end + 1
        at = this.#skip(end + 1)
        if (bytes[at] !== COMMA) break
        at++
      }
      return NOWHERE
    }
    if (bytes[from] !== OPEN_ARRAY || index < 0 || bytes[from + 1] === CLOSE_ARRAY) return NOWHERE
    let at = from + 1
    for (let i = 0; i < index; i++) {
      at = this.#skip(at)
      if (bytes[at] !== COMMA) return NOWHERE
      at++
    }
    return at
  }

  isArray(at: number): boolean {
    return this.#bytes[at] === OPEN_ARRAY
  }

  elements(from: number): number[] {
    const bytes = this.#bytes
    const places: number[] = []
    let at = from + 1
    if (bytes[at] === CLOSE_ARRAY) return places
    for (;;) {
      places.push(at)
      at = this.#skip(at)
      if (bytes[at] !== COMMA) return places
      at++
    }
  }

  numbers(from: number, into: Float32Array): boolean {
    if (!this.isArray(from)) return false
    const bytes = this.#bytes
    let at = from + 1
    for (let i = 0; i < into.length; i++) {
      const isNumber = bytes[at] === MINUS || (bytes[at] >= ZERO && bytes[at] <= NINE)
      if (!isNumber) return false
      into[i] = this.#number(at)
      at = this.#skipScalar(at) + 1
    }
    return bytes[at - 1] === CLOSE_ARRAY
  }

  isSame(at: number, other: PathReader, there: number): boolean {
    const theirs = (other as JsonPaths).#bytes
    const bytes = this.#bytes
    const size = this.#skip(at) - at
    for (let i = 0; i < size; i++) if (bytes[at + i] !== theirs[there + i]) return false
    return (other as JsonPaths).#skip(there) - there === size
  }

  write(at: number, into: TupleWriter, depth = 0): boolean {
    switch (this.#bytes[at]) {
      case QUOTE:
        return this.#writeString(at, into)
      case OPEN_ARRAY: {
        if (depth === MAX_DEPTH) return false
        into.tag(ARRAY)
        for (const element of this.elements(at)) {
          if (!this.write(element, into, depth + 1)) return false
        }
        into.tag(END)
        return true
      }
      case OPEN_OBJECT:
        return false
      case 0x6e:
        into.tag(NULL)
        return true
      case 0x74:
        into.tag(TRUE)
        return true
      case 0x66:
        into.tag(FALSE)
        return true
      default:
        into.number(this.#number(at))
        return true
    }
  }

  #writeString(at: number, into: TupleWriter): boolean {
    const bytes = this.#bytes
    const end = this.#skipString(at) - 1
    let isPlain = true
    for (let i = at + 1; i < end && isPlain; i++) isPlain = bytes[i] !== BACKSLASH
    if (isPlain) {
      into.text(STRING, bytes, at + 1, end)
      return true
    }
    const text = JSON.parse(textOf(bytes, at, end + 1)) as string
    if (text.length <= MAX_KEY_BYTES) {
      this.#plain ??= new Uint8Array(MAX_KEY_BYTES * 3)
      const size = writeUtf8(text, this.#plain, 0)
      if (size < 0) return false
      into.text(STRING, this.#plain, 0, size)
      return true
    }
    // No key has room for it: it is measured.
    const long = Buffer.from(text)
    into.text(STRING, long, 0, long.length)
    return true
  }

  #number(from: number): number {
    const bytes = this.#bytes
    const isNegative = bytes[from] === MINUS
    let at = isNegative ? from + 1 : from
    const first = at
    let value = 0
    for (; bytes[at] >= ZERO && bytes[at] <= NINE && at < this.#end; at++) {
      value = value * 10 + bytes[at] - ZERO
    }
    const end = this.#skip(from)
    if (at === end && at - first <= DIGITS) return isNegative ? -value : value
    return Number(textOf(bytes, from, end))
  }

  /** The place behind the value at a place. */
  #skip(from: number): number {
    const bytes = this.#bytes
    let at = from
    let depth = 0
    do {
      const byte = bytes[at]
      if (byte === QUOTE) at = this.#skipString(at)
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        depth++
        at++
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
        depth--
        at++
      } else if (depth > 0) at++
      else at = this.#skipScalar(at)
    } while (depth > 0)
    return at
  }

  #skipScalar(from: number): number {
    const bytes = this.#bytes
    let at = from
    while (at < this.#end) {
      const byte = bytes[at]
      if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) break
      at++
    }
    return at
  }

  /** The place behind the string at a place. */
  #skipString(from: number): number {
    const bytes = this.#bytes
    let at = from + 1
    for (; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++
    return at + 1
  }
}

/** The text of some bytes, which may lie in shared memory. */
function textOf(bytes: Uint8Array, from: number, end: number): string {
  return Buffer.from(bytes.subarray(from, end)).toString()
}

function isSame(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false
  return true
}
