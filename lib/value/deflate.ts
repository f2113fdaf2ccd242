/**
 * Values that are kept deflated (RFC 1951, level 1), where `compress` says so and it saves a quarter or more.
 *
 * Codecs never see it: what a codec has encoded is deflated afterwards, and inflated before it decodes. Such a value bears
 * the mark of an ASCII text, and begins with a byte that is none:
 *
 *     0 0xff   1 not 0: what it was is an ASCII text   2-3 –   4-7 bytes that it was   8 … deflated, then zeros
 *
 * It is longer than any text that is read without a look at its first byte (lib/read/decoder.ts).
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Arena } from '../memory/arena.js'
import type { Gatherer } from '../memory/pieces.js'
import type { ValueBuffer } from './codec.js'

const MARK = 0xff
const HEADER = 8
/** Bytes of the shortest value that is deflated, and that a deflated one has at least. */
export const LEAST_DEFLATED = 72
/** The part of a value that is left at most. */
const WORTH = 0.75

/** Deflates what a codec has encoded, if it has more than `above` bytes and that saves enough. */
export function deflateValue(into: ValueBuffer, above: number): void {
  const { length } = into
  if (length <= Math.max(above, LEAST_DEFLATED)) return
  const deflated = deflateRawSync(into.bytes.subarray(0, length), { level: 1 })
  const size = Math.max(HEADER + deflated.length, LEAST_DEFLATED)
  if (size > length * WORTH) return
  const { bytes, words } = into
  words[0] = MARK | (into.ascii ? 0x100 : 0)
  words[1] = length
  bytes.fill(0, HEADER, size)
  bytes.set(deflated, HEADER)
  into.length = size
  into.ascii = true
}

/** True if a value that bears the mark of an ASCII text, and begins with `word`, is deflated. */
export function isDeflated(word: number): boolean {
  return (word & 0xff) === MARK
}

/** A value as its codec has encoded it, in private memory from word 0 on, until the next call. */
export interface Inflated {
  readonly memory: Arena
  readonly length: number
  readonly ascii: boolean
}

/** What the deflated value of `length` bytes at word `at` of some memory was. */
export function inflateValue(
  gatherer: Gatherer,
  from: Arena,
  at: number,
  length: number,
): Inflated {
  const { words } = from
  const size = words[at + 1]
  // First: what is held may lie where these words do.
  const ascii = (words[at] & 0x100) !== 0
  // The view is of shared memory, which zlib does not take.
  const bytes = Uint8Array.from(from.view(at, length).subarray(HEADER))
  const was = inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) })
  const memory = gatherer.hold(was)
  return { memory, length: size, ascii }
}
