/**
 * Binary values: any Uint8Array in (Buffers and other subclasses, views on shared memory, arrays of
 * another realm), a plain one out. Any thread; no state.
 *
 * Invariant: decode returns a Uint8Array on a buffer of its own and of exactly its length.
 */
import { types } from 'node:util'
import { ZVerseError } from '../errors.js'
import { byteLength, GONE, isGone } from '../key/binary.js'
import { describe } from '../key/describe.js'
import type { Arena } from '../memory/arena.js'
import { grantedBytes } from '../memory/granted.js'
import type { ValueBuffer, ValueCodec } from './codec.js'
import { bytesOf } from './kinds.js'
import { checkSize, MAX_VALUE_BYTES } from './text.js'

/** Up to this length a loop over bytes is cheaper than a view and a call. */
const LOOPED = 48
/** The system may refuse memory for values larger than this. */
const LARGE = 2 ** 20

class BinaryValues implements ValueCodec<Uint8Array> {
  readonly name = 'binary'
  readonly pure = true

  encode(value: Uint8Array, into: ValueBuffer): void {
    if (!types.isUint8Array(value)) {
      const message = `value must be a Uint8Array, not ${describe(value)}`
      throw new ZVerseError('ZVERSE_INVALID_VALUE', message)
    }
    encodeBytes(value, into, 'value')
  }

  headerOf(): number {
    return 0
  }

  decode(arena: Arena, at: number, length: number): Uint8Array {
    return copyOut(arena, at, length)
  }
}

/**
 * Makes `into` a copy of `value`.
 * @param what names the value in a message
 */
export function encodeBytes(value: Uint8Array, into: ValueBuffer, what: string): void {
  const size = byteLength(value)
  if (size === 0 && isGone(value)) {
    throw new ZVerseError('ZVERSE_INVALID_VALUE', `${what} ${GONE}`)
  }
  checkSize(size, MAX_VALUE_BYTES)
  into.reserve(size)
  if (size <= LOOPED) for (let i = 0; i < size; i++) into.bytes[i] = value[i]
  else copyIn(value, into.bytes, size)
  into.length = size
  into.ascii = false
}

function copyIn(value: Uint8Array, into: Uint8Array, size: number): void {
  try {
    into.set(value)
  } catch (error) {
    // Another thread has grown a growable buffer since `size` was read; it still has those bytes.
    if (byteLength(value) <= size) throw error
    into.set(bytesOf(value).subarray(0, size))
  }
}

/** A fresh plain Uint8Array of the `length` bytes at word `at`. */
export function copyOut(arena: Arena, at: number, length: number): Uint8Array {
  const copy = length <= LARGE ? new Uint8Array(length) : grantedBytes(length, 'a value')
  if (length <= LOOPED) {
    const bytes = arena.window(at)
    const from = arena.offsetIn(at)
    for (let i = 0; i < length; i++) copy[i] = bytes[from + i]
  } else {
    copy.set(arena.view(at, length))
  }
  return copy
}

/** The codec of `values: 'binary'`. */
export function binaryValues(): ValueCodec<Uint8Array> {
  return new BinaryValues()
}
