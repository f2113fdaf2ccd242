/**
 * The parts of a point index's table (layout.ts draws them). Pure functions on words, for any thread.
 *
 * A key's hash has 32 bits: the first `depth` choose the directory's word, the last 16 the bucket, the
 * last 8 are the tag. Segments come in sizes 64, 96, 128, 192, 256 … words, by code.
 */
import {
  BUCKET_SLOTS,
  BUCKET_WORDS,
  D_DEPTH,
  D_SEGMENTS,
  G_BUCKETS,
  G_CODE_MASK,
} from './layout.js'

/** Words of a segment of size `code`. */
export function segmentWords(code: number): number {
  return ((code & 1) === 0 ? 64 : 96) * 2 ** (code >>> 1)
}

/** Buckets of a segment of size `code`: an even number. */
export function bucketsOf(code: number): number {
  return (segmentWords(code) - G_BUCKETS) / BUCKET_WORDS
}

/** Slots of a segment of size `code`. */
export function slotsOf(code: number): number {
  return bucketsOf(code) * BUCKET_SLOTS
}

/** The segment in a directory's word. */
export function segmentIn(word: number): number {
  return (word & ~G_CODE_MASK) >>> 0
}

/** Place in the directory of depth `depth` of a hash. */
export function placeOf(hash: number, depth: number): number {
  return (hash >>> 1) >>> (31 - depth)
}

/** Visits each segment of the first `count` words of a directory once, with its size code. */
export function eachSegment(
  W: Uint32Array,
  directory: number,
  count: number,
  visit: (segment: number, code: number) => void,
): void {
  for (let i = 0; i < count; i++) {
    const word = W[directory + D_SEGMENTS + i]
    if (i > 0 && word === W[directory + D_SEGMENTS + i - 1]) continue
    visit(segmentIn(word), word & G_CODE_MASK)
  }
}

/** Words of a directory. */
export function directoryLength(W: Uint32Array, directory: number): number {
  return 2 ** W[directory + D_DEPTH]
}

/** Visits each reference in a segment. */
export function eachRef(
  W: Uint32Array,
  segment: number,
  code: number,
  visit: (ref: number) => void,
): void {
  const end = segment + segmentWords(code)
  for (let bucket = segment + G_BUCKETS; bucket < end; bucket += BUCKET_WORDS) {
    for (let i = 0; i < BUCKET_SLOTS; i++) if (W[bucket + i] !== 0) visit(W[bucket + i])
  }
}
