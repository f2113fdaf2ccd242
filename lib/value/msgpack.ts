/**
 * MessagePack values, the default: written by pack.ts and read by unpack.ts, with a short way for
 * values that are short ASCII strings. Any thread; each codec object belongs to one thread.
 *
 * Invariant: both ways write the same bytes, and read them alike.
 */
import type { Arena } from '../memory/arena.js'
import { longAscii, SHORTEST_TEXT, shortestLittle } from '../memory/text.js'
import type { ValueBuffer, ValueCodec } from './codec.js'
import { Packer } from './pack.js'
import { startIn, windowOf } from './text.js'
import { Unpacker } from './unpack.js'

/** Bytes of the longest text, with its header, that is read from the words. */
const SHORT = SHORTEST_TEXT + 1
/** The longest text with a header of one byte. */
const FIXED = 31

class MsgpackValues implements ValueCodec {
  readonly name = 'msgpack'
  readonly pure = true
  readonly #packer = new Packer()
  readonly #unpacker = new Unpacker()

  encode(value: unknown, into: ValueBuffer): void {
    if (typeof value === 'string' && value.length <= FIXED && packShort(value, into)) return
    this.#packer.encode(value, into)
    // A string has as many bytes as characters only if all are ASCII.
    into.ascii = typeof value === 'string' && into.length === value.length + header(value.length)
  }

  headerOf(length: number): number {
    return headerOf(length)
  }

  decode(arena: Arena, at: number, length: number, ascii: boolean): unknown {
    if (ascii && length <= SHORT) {
      return length === 1 ? '' : shortestLittle(arena.words, at, 1, length - 1)
    }
    const bytes = windowOf(arena, at, length)
    const from = startIn(arena, at, length)
    if (ascii) return longAscii(bytes, from + headerOf(length), from + length)
    return this.#unpacker.decode(bytes, from)
  }
}

/** Writes a fixstr: 3 characters in the word with its header, 4 in each word after it. */
function packShort(text: string, into: ValueBuffer): boolean {
  const { words } = into
  const length = text.length
  let word = 0xa0 | length
  let seen = 0
  let i = 0
  for (let shift = 8; shift < 32 && i < length; shift += 8, i++) {
    const code = text.charCodeAt(i)
    seen |= code
    word |= code << shift
  }
  words[0] = word
  let to = 1
  for (; i + 4 <= length; i += 4) {
    const a = text.charCodeAt(i)
    const b = text.charCodeAt(i + 1)
    const c = text.charCodeAt(i + 2)
    const d = text.charCodeAt(i + 3)
    seen |= a | b | c | d
    words[to++] = (d << 24) | (c << 16) | (b << 8) | a
  }
  if (i < length) {
    word = 0
    for (let shift = 0; i < length; shift += 8, i++) {
      const code = text.charCodeAt(i)
      seen |= code
      word |= code << shift
    }
    words[to] = word
  }
  if (seen >= 128) return false
  into.length = length + 1
  into.ascii = true
  return true
}

/** Bytes before a string of `size` bytes. */
function header(size: number): number {
  return size < 32 ? 1 : size < 256 ? 2 : size < 65_536 ? 3 : 5
}

/** Bytes before the characters of an ASCII string that takes `length` bytes with them. */
function headerOf(length: number): number {
  return length < 33 ? 1 : length < 258 ? 2 : length < 65_539 ? 3 : 5
}

/** The codec of `values: 'msgpack'`. */
export function msgpackValues(): ValueCodec {
  return new MsgpackValues()
}
