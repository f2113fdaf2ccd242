/** Every offset and size of the point index in shared memory, with its parts drawn (docs/protocol.md). */
import { assert } from '../errors.js'

// Head, one a store; every state of the store refers to it. The only mutable block beside the chain:
//   0-1 birth   2 directory (0: there is no table)   3 version (low) from which "not found" is absent
//   4 references in the table   5 words of its segments
export const X_DIRECTORY = 2
export const X_ABSENT_FROM = 3
export const X_COUNT = 4
export const X_WORDS = 5
export const HEAD_WORDS = 32
// Directory: 0 depth d   1 next dropped table   2-3 version that dropped it   4 words not yet freed
//   8 … 2^d words: a segment and, in its low bits, the code of its size. Where a segment's own depth is
//   less than d, several words next to each other are the same.
export const D_DEPTH = 0
export const D_NEXT = 1
export const D_VERSION = 2
export const D_LEFT = 4
export const D_SEGMENTS = 8
export const D_MAX_DEPTH = 16
// Segment: a header of two lines, then buckets. Sizes grow by steps of a third or a half.
//   0 references in it   1 its depth   2 not 0: some key is neither in its buckets nor in the stash
//   16 … 31 stash: references that found no slot; the writer places them when it enlarges the segment
export const G_USED = 0
export const G_DEPTH = 1
export const G_LEAKY = 2
export const G_STASH = 16
export const STASH_SLOTS = 16
export const G_BUCKETS = 32
export const G_CODE_MASK = 31
// Bucket, a cache line: 12 references, 12 tags of a byte, and its level, which says how far from this home
// bucket a key may lie: 0 in it, 1 next door in the same 128 bytes, 2 in the next such pair, 3 nowhere.
export const BUCKET_WORDS = 16
export const BUCKET_SLOTS = 12
export const B_TAGS = 12
export const B_LEVEL = 15
export const LEVEL_LOST = 3
/** Groups of keys; handles read the version that last changed each group. */
export const GENERATIONS = 4096

assert(BUCKET_SLOTS + BUCKET_SLOTS / 4 + 1 === BUCKET_WORDS, 'a bucket fills its line')
