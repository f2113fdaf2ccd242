/**
 * Turns bytes into the big-endian words of stored keys, and back. Pure functions, any thread.
 *
 * Invariant: pad bytes of the last word are 0, so that words compare as their bytes do.
 */
import { ZVerseError } from '../errors.js'
import { type KeySpace, MAX_KEY_BYTES } from './codec.js'

/** Makes `into` the key that is the first `size` of `bytes`; `size` is at most MAX_KEY_BYTES. */
export function packBytes(bytes: Uint8Array, size: number, into: KeySpace): void {
  const { words } = into
  const whole = size & ~3
  for (let i = 0; i < whole; i += 4) {
    words[i >>> 2] = (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3]
  }
  if (whole < size) {
    let word = 0
    for (let i = whole, shift = 24; i < size; i++, shift -= 8) word |= bytes[i] << shift
    words[whole >>> 2] = word
  }
  into.bytes = size
}

/** Writes the key of `size` bytes at `words[at]` to the beginning of `bytes`. */
export function unpackBytes(words: Uint32Array, at: number, size: number, bytes: Uint8Array): void {
  const whole = size & ~3
  let i = 0
  for (; i < whole; i += 4) {
    const word = words[at++]
    bytes[i] = word >>> 24
    bytes[i + 1] = word >>> 16
    bytes[i + 2] = word >>> 8
    bytes[i + 3] = word
  }
  for (let shift = 24; i < size; i++, shift -= 8) bytes[i] = words[at] >>> shift
}

/** The error for a key of `size` bytes. */
export function tooLarge(size: number): ZVerseError {
  return new ZVerseError(
    'ZVERSE_KEY_TOO_LARGE',
    `the key takes ${size} bytes, the limit is ${MAX_KEY_BYTES}: shorten it, or use its hash as the key`,
    { size, max: MAX_KEY_BYTES },
  )
}
