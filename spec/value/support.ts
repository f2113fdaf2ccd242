/** Shared by the value specs: a small arena, and a value's way through it. */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { Arena } from '../../lib/memory/arena.js'
import { ValueBuffer, type ValueCodec } from '../../lib/value/codec.js'

/**
 * The same in all that `toStrictEqual` looks at. It is asked only if Node's own comparison, a hundred times
 * faster on large arrays, says no: to show the difference, and for invalid dates.
 */
export function expectSame(back: unknown, value: unknown): void {
  if (!isDeepStrictEqual(back, value)) expect(back).toStrictEqual(value)
}

export { refused, strangers } from '../key/support.js'

const arena = Arena.reserve(1 << 22)

/** The encoded bytes and the flag, through a dirty buffer as in real use. */
export function encoded<In>(
  codec: ValueCodec<In, unknown>,
  value: In,
  into = new ValueBuffer(),
): { bytes: Uint8Array; ascii: boolean } {
  into.bytes.fill(0xee)
  into.length = -1
  into.ascii = true
  codec.encode(value, into)
  if (into.words.buffer !== into.bytes.buffer || into.words.length * 4 < into.length) {
    throw new Error('words and bytes are not the same memory')
  }
  return { bytes: into.bytes.slice(0, into.length), ascii: into.ascii }
}

/** Decodes from shared memory that is dirty all around, then spoils it to catch windows. */
export function decoded(
  codec: ValueCodec<never, unknown>,
  { bytes, ascii }: { bytes: Uint8Array; ascii: boolean },
  at = 1037,
): unknown {
  const big = bytes.length + at * 4 + 64 > Arena.bytesIn(arena.buffer)
  const home = big ? Arena.reserve((bytes.length & ~7) + at * 4 + 72) : arena
  const from = at * 4
  const near = home.view(at - 4, bytes.length + 32)
  near.fill(0xff)
  home.view(at, bytes.length).set(bytes)
  const value = codec.decode(home, from / 4, bytes.length, ascii)
  near.fill(0xaa)
  return value
}

export function roundTrip<In>(codec: ValueCodec<In, unknown>, value: In): unknown {
  return decoded(codec as ValueCodec<never, unknown>, encoded(codec, value))
}
