/**
 * The sizes a small block can have, and the slabs they are cut from: constants, computed once.
 *
 * Only the allocator's own files import this, and the tree's nodes, which fill their blocks. Nothing here lies in shared memory: every thread
 * computes the same tables, so a change of any number here is a change of the arena's format.
 *
 * 1. Sizes are even and grow in steps of at most 1/16 above 64 words, so rounding up wastes little. The multiples of
 *    {@link ALIGNED} up to 256, which tree nodes have, are among them.
 * 2. A slab is a run of 1 … {@link MOST_SLAB_PAGES} pages; the tail that no slot fits in is at most
 *    1/16 of it; 7.0 % for 1088 words, 9.4 % for 928 and 1856.
 */

/** Words of a page, the unit of the page table: 4 KiB. */
export const PAGE_WORDS = 1024

/** Blocks of its multiples lie at its multiples: slabs begin with pages. */
export const ALIGNED = 32

/** The largest block that is cut from a slab; anything above is a run of whole pages. */
export const LARGEST_SMALL = 2048

/** Slabs are short, so that one forgotten block does not hold back much. */
export const MOST_SLAB_PAGES = 8

/**
 * A slab of one would be made and given back with every other call (117 ns a pair against 73).
 * Four or more cost memory: under random replacement of 200 … 2048 words the arena was 1.21 times
 * the live volume, with two it was 1.18.
 */
const LEAST_SLOTS = 2

/** The part of a slab that may be lost at its end. */
const TOLERATED_TAIL = 1 / 16

/** [up to this many words, in steps of]. */
const STEPS = [
  [64, 2],
  [128, 4],
  [256, 8],
  [512, 16],
  [1024, 32],
  [LARGEST_SMALL, 64],
]

function sizes(): number[] {
  const all = new Set<number>()
  let size = 0
  for (const [limit, step] of STEPS) while (size < limit) all.add((size += step))
  return [...all].sort((a, b) => a - b)
}

/** The fewest pages that lose little at the end, else the number that loses least. */
function slabPages(size: number): number {
  let best = 0
  let least = 1
  for (let pages = 1; pages <= MOST_SLAB_PAGES; pages++) {
    const words = pages * PAGE_WORDS
    const slots = Math.floor(words / size)
    if (slots < LEAST_SLOTS) continue
    const tail = (words - slots * size) / words
    if (tail <= TOLERATED_TAIL) return pages
    if (tail < least) {
      least = tail
      best = pages
    }
  }
  return best
}

/** Words of a slot, by class. */
export const SIZES = Uint32Array.from(sizes())

/** How many classes there are. */
export const CLASSES = SIZES.length

/** Pages of a slab, by class. */
export const SLAB_PAGES = Uint32Array.from(SIZES, slabPages)

/** Slots of a slab, by class. */
export const CAPACITIES = Uint32Array.from(SIZES, (size, index) =>
  Math.floor((SLAB_PAGES[index] * PAGE_WORDS) / size),
)

/** The class of a block, by its words: 0 … {@link LARGEST_SMALL}. */
export const CLASS_OF = Uint8Array.from({ length: LARGEST_SMALL + 1 }, (_, words) =>
  SIZES.findIndex(size => size >= words),
)

/** The whole pages that hold so many words. */
export function pagesFor(words: number): number {
  return Math.ceil(words / PAGE_WORDS)
}
