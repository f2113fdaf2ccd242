/**
 * The bytes of tuple keys, part by part: tuple.ts draws them. Any thread; each writer belongs to one thread.
 *
 * Invariant: writing beyond the end of `bytes` does nothing, yet `at` goes on counting; so a key that is too
 * large is measured, and refused by whoever takes it.
 */
import { MAX_KEY_BYTES } from './codec.js'

/** A tuple key or an element of one. */
export type TupleKey = null | boolean | number | string | Uint8Array | readonly TupleKey[]

export const END = 0x00
export const NULL = 0x01
export const FALSE = 0x02
export const TRUE = 0x03
export const NUMBER = 0x04
export const STRING = 0x05
export const BYTES = 0x06
export const ARRAY = 0x07
export const ESCAPE = 0x01

/** Scratch: nothing runs between a store and its loads. */
const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

export class TupleWriter {
  readonly bytes = new Uint8Array(MAX_KEY_BYTES)
  at = 0

  /** Writes a part that is one byte: NULL, FALSE or TRUE; or begins or ends one. */
  tag(tag: number): void {
    this.bytes[this.at++] = tag
  }

  /** Writes what is encoded already: the first `size` of some bytes. */
  raw(part: Uint8Array, size: number): void {
    const { bytes, at } = this
    const fit = Math.min(size, bytes.length - at, part.length)
    for (let i = 0; i < fit; i++) bytes[at + i] = part[i]
    this.at = at + size
  }

  /** Writes a number that is not NaN. */
  number(value: number): void {
    // Adding 0 turns -0 into 0.
    double[0] = value + 0
    const from = doubleBytes
    const flip = from[7] > 127 ? 255 : 0
    const bytes = this.bytes
    let at = this.at
    bytes[at++] = NUMBER
    bytes[at++] = from[7] ^ (flip | 128)
    for (let i = 6; i >= 0; i--) bytes[at++] = from[i] ^ flip
    this.at = at
  }

  /** Writes a string by its UTF-8, or bytes, which begin at `from[begin]`. @param tag STRING or BYTES */
  text(tag: number, from: Uint8Array, begin: number, end: number): void {
    const bytes = this.bytes
    let at = this.at
    bytes[at++] = tag
    for (let i = begin; i < end; i++) {
      const byte = from[i]
      if (byte > ESCAPE) {
        bytes[at++] = byte
      } else {
        bytes[at++] = ESCAPE
        bytes[at++] = byte + 1
      }
    }
    bytes[at++] = END
    this.at = at
  }
}

/** The number whose bytes, behind the tag, begin at `bytes[at]`. */
export function numberAt(bytes: Uint8Array, at: number): number {
  const flip = bytes[at] > 127 ? 0 : 255
  doubleBytes[7] = bytes[at] ^ (flip | 128)
  for (let i = 6; i >= 0; i--) doubleBytes[i] = bytes[at + 7 - i] ^ flip
  return double[0]
}

/** The end of the part that begins at `bytes[at]`: no part is a prefix of another. */
export function endOfPart(bytes: Uint8Array, at: number): number {
  let depth = 0
  let i = at
  do {
    const tag = bytes[i++]
    if (tag === NUMBER) i += 8
    else if (tag === ARRAY) depth++
    else if (tag === END) depth--
    else if (tag >= STRING) i = bytes.indexOf(END, i) + 1
  } while (depth > 0)
  return i
}
