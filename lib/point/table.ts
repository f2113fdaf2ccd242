/**
 * The parts of a point index's table (layout.ts draws them). Pure functions on words, for any thread.
 *
 * A key's hash has 32 bits: the first `depth` choose the directory's word, the last 16 the bucket, the
 * last 8 are the tag. Segments come in sizes 64, 96, 128, 192, 256 … words, by code. A directory's word
 * (`word`) is a segment and its code.
 */
import {
  BUCKET_SLOTS,
  BUCKET_WORDS,
  D_DEPTH,
  D_SEGMENTS,
  G_BUCKETS,
  G_CODE_MASK,
} from '../memory/point-layout.js'

const CODE = G_CODE_MASK
const BUCKETS = G_BUCKETS
const LINE = BUCKET_WORDS
const SEGMENTS = D_SEGMENTS
/** Buckets in which a key may be: its home, next door, and the next pair. */
export const PLACES = 4

/** Buckets of a segment of size `code`: an even number. */
export function bucketsOf(code: number): number {
  return ((4 | ((code & 1) << 1)) << (code >>> 1)) - BUCKETS / LINE
}

/** Words of a segment of size `code`. */
export function segmentWords(code: number): number {
  return BUCKETS + bucketsOf(code) * LINE
}

/** Slots of a segment of size `code`. */
export function slotsOf(code: number): number {
  return bucketsOf(code) * BUCKET_SLOTS
}

/** The segment in a directory's word. */
export function segmentIn(word: number): number {
  return (word & ~CODE) >>> 0
}

/** The code of the segment's size in a directory's word. */
export function codeIn(word: number): number {
  return word & CODE
}

/** The directory's word for a hash; for the writer. */
export function wordFor(W: Uint32Array, directory: number, hash: number): number {
  return W[directory + SEGMENTS + placeOf(hash, W[directory + D_DEPTH])]
}

/** Word of the home bucket of a hash. */
export function homeOf(word: number, hash: number): number {
  const i = Math.imul(hash & 0xffff, bucketsOf(word & CODE)) >>> 16
  return segmentIn(word) + BUCKETS + i * LINE
}

/** Word of the `step`-th bucket, of {@link PLACES}, in which a key with home `home` may be. */
export function bucketAt(word: number, home: number, step: number): number {
  if (step === 0) return home
  const first = segmentIn(word) + BUCKETS
  const at = home - first
  if (step === 1) return first + (at ^ LINE)
  const next = (at & ~(2 * LINE - 1)) + 2 * LINE
  return first + (next === bucketsOf(word & CODE) * LINE ? 0 : next) + (step - 2) * LINE
}

/** Word of the slot with the reference of a key whose home is `home`, or 0. */
export function slotOf(W: Uint32Array, word: number, home: number, ref: number): number {
  for (let step = 0; step < PLACES; step++) {
    const bucket = bucketAt(word, home, step)
    for (let i = 0; i < BUCKET_SLOTS; i++) if (W[bucket + i] === ref) return bucket + i
  }
  return 0
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
    visit(segmentIn(word), codeIn(word))
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
