/**
 * Strings as values: what the 'string' and 'json' codecs share. Any thread.
 *
 * Invariants: the bytes written are well-formed UTF-8 that one string can hold when it is read back;
 * no string read refers to the arena.
 */
import { Buffer, constants } from 'node:buffer'
import { TextEncoder } from 'node:util'
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import {
  isWellFormed,
  longAscii,
  packAsciiLittle,
  SHORTEST_TEXT,
  shortestLittle,
  type TextReader,
} from '../memory/text.js'
import type { ValueBuffer } from './codec.js'

/** The most bytes a value can have: a ValueBuffer's, and an entry's length field. */
export const MAX_VALUE_BYTES = 2 ** 32 - 1
/** The most bytes of UTF-8 that one string can be read back from. */
export const MAX_TEXT_BYTES = constants.MAX_STRING_LENGTH
/** Up to this length characters are packed one by one; above it a call into the runtime is cheaper. */
export const PACKED_TEXT = 96
/** Every arena window covers this many bytes from any word in its stride. */
const WINDOWED = 2 ** 24

const SHORT = SHORTEST_TEXT
const PACKED = PACKED_TEXT

/** Refuses a size above `max`. */
export function checkSize(size: number, max: number): void {
  if (size <= max) return
  const most = `the value takes ${size} bytes, the limit is ${max}`
  const message = `${most}: store it in parts, under keys of their own`
  throw new ZVerseError('ZVERSE_VALUE_TOO_LARGE', message, { size, max })
}

/** The bytes `from` to `from + length` of the returned window are the value's. Never hand it out. */
export function windowOf(arena: Arena, at: number, length: number): Uint8Array {
  return length <= WINDOWED ? arena.window(at) : arena.view(at, length)
}

/** The index at which the value at word `at` begins in {@link windowOf} it. */
export function startIn(arena: Arena, at: number, length: number): number {
  return length <= WINDOWED ? arena.offsetIn(at) : 0
}

/**
 * Makes `into` the UTF-8 of `text`.
 * @throws ZVerseError `ZVERSE_INVALID_VALUE` (lone surrogates), `ZVERSE_VALUE_TOO_LARGE`.
 */
export function encodeText(text: string, into: ValueBuffer): void {
  const length = text.length
  if (length <= PACKED && packAsciiLittle(text, into.words)) {
    into.length = length
    into.ascii = true
    return
  }
  if (!isWellFormed(text)) {
    throw new ZVerseError(
      'ZVERSE_INVALID_VALUE',
      'value must not contain lone surrogates: toWellFormed() replaces them',
    )
  }
  const size = Buffer.byteLength(text, 'utf8')
  checkSize(size, MAX_TEXT_BYTES)
  into.reserve(size)
  writeRun(text, into.bytes, 0, size)
  into.length = size
  into.ascii = size === length
}

const encoder = new TextEncoder()

/** Writes well-formed `text`, which takes `size` bytes as UTF-8, from `bytes[at]` on. */
export function writeRun(text: string, bytes: Uint8Array, at: number, size: number): void {
  encoder.encodeInto(text, bytes.subarray(at, at + size))
}

/** Reads back what {@link encodeText} wrote. */
export function decodeText(
  reader: TextReader,
  arena: Arena,
  at: number,
  length: number,
  ascii: boolean,
): string {
  if (length === 0) return ''
  if (ascii && length <= SHORT) return shortestLittle(arena.words, at, 0, length)
  const bytes = windowOf(arena, at, length)
  const from = startIn(arena, at, length)
  return ascii ? longAscii(bytes, from, from + length) : reader.utf8(bytes, from, from + length)
}
