/**
 * The pages of the arena: which are in use, and the runs of free ones, found by size.
 *
 * For the allocator only, under the writer lock: plain accesses throughout. All state lies in the
 * arena, in the allocator's header (drawn here) and in one descriptor a page, so the next owner of
 * the lock carries on where the last one stopped.
 *
 * The header, from word `at` on:
 *
 *      0 PHASE      not 0 while an operation is half done
 *      1 FIRST      first page managed                     fixed at format
 *      2 MARK       pages from here on are untouched       only grows
 *      3 FREE_PAGES pages in free runs
 *      4 FREE_WORDS words in free runs and in free slots of slabs
 *      5 EMPTY      slabs that are kept though no slot is used
 *      8 OCCUPIED   a bit for each bin that is not empty   4 words
 *     12 LISTS      prev, next of each class's slabs with room
 *      … BINS       prev, next of each bin's free runs
 *
 * The descriptor of page p, at `descriptors + 8 p`; [..] only in the first page of its run:
 *
 *      0 STATE   kind in the low three bits, above it:
 *                FREE   pages of the free run that begins here
 *                TAIL   pages of the free run that ends here (of two pages or more)
 *                SLAB   class of the slab that begins here
 *                RUN    pages of the block that begins here
 *                PART   distance to the first page of this slab or block
 *      1 [SLAB: FIRST_SLOT  reference of the first free slot, each links to the next; 0 none]
 *      2 [SLAB: USED        slots in use]
 *      3 [SLAB: CARVED      slots ever handed out; those above are free and in no list]
 *      4 [PREV  neighbours in the class's list (SLAB with room) or in the bin (FREE): word offsets
 *      5  NEXT  of their descriptors, or of the list's sentinel]
 *      6, 7 unused: half a cache line
 *
 * Lists are rings through a sentinel, which lies in the header such that its `PREV` and `NEXT` are
 * the list's two words there: linking and unlinking never ask whether a neighbour exists.
 *
 * 1. Every page in FIRST … MARK belongs to one free run, slab or block; STATE is right in the first
 *    and the last page of each, and in every page of a slab. Elsewhere it is stale.
 * 2. No two free runs touch.
 * 3. A free run is in the bin of its size and nowhere else; a bin's bit says whether it has any.
 * 4. Descriptors from MARK on are never read. MARK rises, in one store, before a page is used.
 * 5. The STATE of a slab or block changes only while nothing in it is in use, so after a crash it
 *    can be trusted wherever something live lies in it.
 */

import { assert } from '../errors.js'
import * as sizes from './sizes.js'

/** Words of a page's descriptor. */
export const DESCRIPTOR_WORDS = 8

export const STATE = 0
export const FIRST_SLOT = 1
export const USED = 2
export const CARVED = 3
export const PREV = 4
export const NEXT = 5

export const FREE = 1
export const TAIL = 2
export const SLAB = 3
export const RUN = 4
export const PART = 5
/** STATE is kind + KINDS · value. */
export const KINDS = 8

export const PHASE = 0
export const FIRST = 1
export const MARK = 2
export const FREE_PAGES = 3
export const FREE_WORDS = 4
export const EMPTY = 5
export const OCCUPIED = 8
const OCCUPIED_WORDS = 4
export const LISTS = OCCUPIED + OCCUPIED_WORDS
export const BINS = LISTS + 2 * sizes.CLASSES

/** Runs below this have a bin for each size; above, four bins for each power of two. */
const EXACT_BINS = 32
/** How many bins there are: an arena has less than 2²² pages, so the last power is 2²¹. Bin 0 stays empty. */
export const BIN_COUNT = EXACT_BINS + 4 * 17
/** Words of the allocator's header, a multiple of a cache line. */
export const HEADER_WORDS = Math.ceil((BINS + 2 * BIN_COUNT) / 16) * 16

/** How many runs of a bin are compared for the best fit. */
const COMPARED = 32
/** The same where the alternative is to touch untouched pages. */
const COMPARED_AT_LAST = 4096

assert(BIN_COUNT <= 32 * OCCUPIED_WORDS, 'each bin has a bit')
assert(sizes.CLASSES <= 256, 'a class fits a byte')

/** The bin of free runs of `pages` pages. */
export function binOf(pages: number): number {
  if (pages < EXACT_BINS) return pages
  const power = 31 - Math.clz32(pages)
  return EXACT_BINS + 4 * (power - 5) + ((pages >>> (power - 2)) & 3)
}

/** The page table of one arena. The object holds only where the table lies. */
export class Pages {
  // Fixed after construction.
  readonly words: Uint32Array
  readonly at: number
  readonly descriptors: number
  readonly pageCount: number

  constructor(words: Uint32Array, at: number, descriptors: number, pageCount: number) {
    assert(pageCount <= 2 ** 22, 'references have 32 bits')
    assert(pageCount * sizes.PAGE_WORDS <= words.length, 'pages lie within the arena')
    assert(at + LISTS >= PREV, 'sentinels have an offset')
    this.words = words
    this.at = at
    this.descriptors = descriptors
    this.pageCount = pageCount
  }

  /** The descriptor of a page. */
  descriptor(page: number): number {
    return this.descriptors + page * DESCRIPTOR_WORDS
  }

  /** The page a descriptor describes. */
  pageOf(descriptor: number): number {
    return (descriptor - this.descriptors) / DESCRIPTOR_WORDS
  }

  /** The sentinel of a class's list of slabs with room. */
  list(index: number): number {
    return this.at + LISTS + 2 * index - PREV
  }

  /** The sentinel of a bin. */
  bin(index: number): number {
    return this.at + BINS + 2 * index - PREV
  }

  /** Empties every list and bin and zeroes the counters; FIRST, MARK and PHASE stay. */
  clear(): void {
    const W = this.words
    W.fill(0, this.at + FREE_PAGES, this.at + LISTS)
    for (let i = this.at + LISTS; i < this.at + BINS + 2 * BIN_COUNT; i += 2) {
      W[i] = i - PREV
      W[i + 1] = i - PREV
    }
  }

  /** Puts a descriptor into a ring, before `other` (a sentinel: at the end). */
  link(descriptor: number, other: number): void {
    const W = this.words
    const previous = W[other + PREV]
    W[descriptor + PREV] = previous
    W[descriptor + NEXT] = other
    W[previous + NEXT] = descriptor
    W[other + PREV] = descriptor
  }

  /** Takes a descriptor out of its ring. */
  unlink(descriptor: number): void {
    const W = this.words
    const previous = W[descriptor + PREV]
    const next = W[descriptor + NEXT]
    W[previous + NEXT] = next
    W[next + PREV] = previous
  }

  /**
   * Takes `pages` pages that lie together: the best fit of the free runs below the mark, else beyond it.
   * Returns the first of them, or 0. The caller writes their STATE words.
   */
  take(pages: number): number {
    return this.reuse(pages) || this.#grow(pages)
  }

  /** The same, only from pages that were touched already. */
  reuse(pages: number, compared = COMPARED): number {
    const found = this.#find(pages, compared)
    if (found === 0) return 0
    const W = this.words
    const length = W[found + STATE] >>> 3
    const page = this.pageOf(found)
    this.#leave(found, length)
    if (length > pages) this.#enter(page + pages, length - pages)
    return page
  }

  /** About how many pages the longest run has that {@link take} can give. */
  longest(): number {
    const { words: W, at } = this
    const mark = W[at + MARK]
    let most = this.pageCount - mark + (mark > W[at + FIRST] ? this.#lengthBefore(mark) : 0)
    const sentinel = this.bin(this.#fullest())
    let left = COMPARED
    for (let d = W[sentinel + NEXT]; d !== sentinel && left > 0; d = W[d + NEXT]) {
      most = Math.max(most, W[d + STATE] >>> 3)
      left--
    }
    return most
  }

  /** The last bin that has a run; 0: none. */
  #fullest(): number {
    const { words: W, at } = this
    for (let word = OCCUPIED_WORDS - 1; word >= 0; word--) {
      const bits = W[at + OCCUPIED + word]
      if (bits !== 0) return 32 * word + 31 - Math.clz32(bits)
    }
    return 0
  }

  /** Gives pages back, together with the free ones on both sides. */
  give(page: number, pages: number): void {
    const { words: W, at } = this
    const end = this.descriptor(page + pages)
    // So that a second free of it is noticed, wherever the joined run begins.
    W[this.descriptor(page) + STATE] = 0
    if (page + pages < W[at + MARK] && (W[end + STATE] & 7) === FREE) {
      const more = W[end + STATE] >>> 3
      this.#leave(end, more)
      pages += more
    }
    if (page > W[at + FIRST]) {
      const before = this.#lengthBefore(page)
      if (before > 0) {
        this.#leave(this.descriptor(page - before), before)
        page -= before
        pages += before
      }
    }
    this.#enter(page, pages)
  }

  /** The pages of the free run that ends just before `page`: 0 if that one is in use. */
  #lengthBefore(page: number): number {
    const state = this.words[this.descriptor(page - 1) + STATE]
    const kind = state & 7
    if (kind === TAIL) return state >>> 3
    // A longer run's first page cannot be its last, so FREE here is a run of one.
    return kind === FREE ? 1 : 0
  }

  /** Makes a free run of pages that touch no other free run. */
  #enter(page: number, pages: number): void {
    const { words: W, at } = this
    const descriptor = this.descriptor(page)
    const index = binOf(pages)
    if (pages > 1) W[descriptor + (pages - 1) * DESCRIPTOR_WORDS + STATE] = TAIL + KINDS * pages
    W[descriptor + STATE] = FREE + KINDS * pages
    // First in, first out among equals: the longer a run stays free, the likelier its neighbours come free.
    this.link(descriptor, this.bin(index))
    W[at + OCCUPIED + (index >>> 5)] |= 1 << (index & 31)
    W[at + FREE_PAGES] += pages
    W[at + FREE_WORDS] += pages * sizes.PAGE_WORDS
  }

  /** Takes a free run out of its bin. */
  #leave(descriptor: number, pages: number): void {
    const { words: W, at } = this
    const index = binOf(pages)
    const sentinel = this.bin(index)
    this.unlink(descriptor)
    if (W[sentinel + NEXT] === sentinel) {
      W[at + OCCUPIED + (index >>> 5)] &= ~(1 << (index & 31))
    }
    W[at + FREE_PAGES] -= pages
    W[at + FREE_WORDS] -= pages * sizes.PAGE_WORDS
  }

  /** The descriptor of a free run of at least so many pages, close to the smallest; 0: none. */
  #find(pages: number, compared: number): number {
    const own = binOf(pages)
    if (own >= EXACT_BINS) {
      const found = this.#best(own, pages, compared)
      if (found !== 0) return found
    }
    const index = this.#occupied(own < EXACT_BINS ? own : own + 1)
    return index === 0 ? 0 : this.#best(index, pages, compared)
  }

  /** The first bin from `from` on that has a run; 0: none. */
  #occupied(from: number): number {
    const { words: W, at } = this
    let mask = -1 << (from & 31)
    for (let word = from >>> 5; word < OCCUPIED_WORDS; word++) {
      const bits = W[at + OCCUPIED + word] & mask
      if (bits !== 0) return 32 * word + 31 - Math.clz32(bits & -bits)
      mask = -1
    }
    return 0
  }

  /** The smallest run of at least `pages` among the first `compared` of a bin; 0: none. */
  #best(index: number, pages: number, compared: number): number {
    const W = this.words
    const sentinel = this.bin(index)
    let best = 0
    let least = 2 ** 32
    for (let d = W[sentinel + NEXT]; d !== sentinel && compared > 0; d = W[d + NEXT]) {
      const length = W[d + STATE] >>> 3
      if (length === pages) return d
      if (length > pages && length < least) {
        best = d
        least = length
      }
      compared--
    }
    return best
  }

  /** Moves the mark, and takes a free run that ends there along; 0: the arena ends before. */
  #grow(pages: number): number {
    const { words: W, at } = this
    if (binOf(pages) >= EXACT_BINS) {
      const found = this.reuse(pages, COMPARED_AT_LAST)
      if (found !== 0) return found
    }
    const mark = W[at + MARK]
    const before = mark > W[at + FIRST] ? this.#lengthBefore(mark) : 0
    const page = mark - before
    if (page + pages > this.pageCount) return 0
    if (before > 0) this.#leave(this.descriptor(page), before)
    W[at + MARK] = page + pages
    return page
  }
}
