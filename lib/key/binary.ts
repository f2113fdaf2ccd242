/**
 * Binary keys: any Uint8Array (Buffers and other subclasses, views on shared memory, arrays of
 * another realm), in unsigned bytewise order. Any thread; no state.
 *
 * Invariant: decode returns a plain Uint8Array on a buffer of its own.
 */
import { types } from 'node:util'
import { ZVerseError } from '../errors.js'
import { type KeyBuffer, type KeyCodec, MAX_KEY_BYTES } from './codec.js'
import { describe } from './describe.js'
import { packBytes, tooLarge, unpackBytes } from './pack.js'

const MAX = MAX_KEY_BYTES

class BinaryKeys implements KeyCodec<Uint8Array> {
  readonly name = 'binary'

  encode(key: Uint8Array, into: KeyBuffer): void {
    if (!types.isUint8Array(key)) {
      throw new ZVerseError(
        'ZVERSE_INVALID_KEY',
        `a key must be a Uint8Array, not ${describe(key)}`,
      )
    }
    const size = byteLength(key)
    if (size > MAX) throw tooLarge(size)
    if (size === 0 && isGone(key)) {
      throw new ZVerseError('ZVERSE_INVALID_KEY', `a key must have its bytes: it ${GONE}`)
    }
    packBytes(key, size, into)
  }

  encodePrefix(prefix: unknown, into: KeyBuffer): void {
    if (!types.isUint8Array(prefix)) {
      const message = `prefix must be a Uint8Array, not ${describe(prefix)}`
      throw new ZVerseError('ZVERSE_INVALID_OPTION', message, { option: 'prefix' })
    }
    if (isGone(prefix)) {
      const message = `prefix must have its bytes: it ${GONE}`
      throw new ZVerseError('ZVERSE_INVALID_OPTION', message, { option: 'prefix' })
    }
    this.encode(prefix, into)
  }

  decode(words: Uint32Array, at: number, bytes: number): Uint8Array {
    const key = new Uint8Array(bytes)
    unpackBytes(words, at, bytes, key)
    return key
  }
}

const typedPrototype = Object.getPrototypeOf(Uint8Array.prototype)
const { at } = typedPrototype as { at(this: object, index: number): unknown }
const lengthGetter = Object.getOwnPropertyDescriptor(typedPrototype, 'byteLength')?.get as (
  this: Uint8Array,
) => number

/** The words for a typed array that {@link isGone}, in a message. */
export const GONE =
  'is on a buffer that was transferred (detached), or resized to less than it needs'

/**
 * True for a typed array whose bytes are gone: its buffer has been transferred, or is too short for it now.
 * Such an array shows a length of 0 but is not empty.
 */
export function isGone(typed: object): boolean {
  try {
    at.call(typed, 0)
    return false
  } catch {
    return true
  }
}

/** The true length, whatever a subclass or an own property says it is. */
export function byteLength(bytes: Uint8Array): number {
  return lengthGetter.call(bytes)
}

/** The codec of `keys: 'binary'`. */
export function binaryKeys(): KeyCodec<Uint8Array> {
  return new BinaryKeys()
}
