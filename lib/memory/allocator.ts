/**
 * Blocks of words in the arena: small ones are slots of slabs, large ones runs of whole pages.
 *
 * Only the holder of the writer lock calls it: plain accesses throughout. The object
 * holds constants and views; the state is in the arena (drawn in pages.ts), so any thread may make
 * its own Allocator over the same words and carry on.
 *
 * 1. A slab is in its class's list exactly while it has a free slot. Slots are handed out in address
 *    order first (CARVED), later from the slab's own list, which runs through their first words.
 * 2. A slab that was full goes to the front of the list when a slot comes free, and blocks come from
 *    the front: the fullest slabs fill up, the others run dry and give their pages back.
 * 3. An empty slab is kept only if its class has no other with room, and is then last in the list;
 *    it is given back before an untouched page is used, so it costs no growth.
 * 4. A block is of its own class's size unless `waste` allows more and no page is left; `free` reads
 *    the size from the page's descriptor, so no caller needs to know it.
 * 5. PHASE is 1 from before the first write of an operation to after its last. A thread can only be
 *    stopped at a call or a loop; nothing here throws after the first write.
 * 6. Neither `allocate` nor `free` makes a JS object or calls more than six deep.
 */

import { assert } from '../errors.js'
import { inspect, rebuild } from './allocator-check.js'
import type { Arena } from './arena.js'
import * as pages from './pages.js'
import * as sizes from './sizes.js'

// An imported constant costs several ns in a hot loop where a local one costs two.
const { ALIGNED, CLASS_OF, SIZES, CAPACITIES, SLAB_PAGES, PAGE_WORDS, LARGEST_SMALL, CLASSES } =
  sizes
const { pagesFor } = sizes
const { DESCRIPTOR_WORDS, STATE, FIRST_SLOT, USED, CARVED, PREV, NEXT } = pages
const { SLAB, RUN, PART, KINDS } = pages
const { PHASE, FIRST, MARK, FREE_PAGES, FREE_WORDS, EMPTY } = pages
const LIST_0 = pages.LISTS - PREV
/** A descriptor's distance from the start of the table, times this, is where its page begins. */
const WORDS_PER_DESCRIPTOR_WORD = PAGE_WORDS / DESCRIPTOR_WORDS

/** Which free slots of other sizes {@link Allocator.allocateUpTo} may use: see {@link SPARE_SLOTS}. */
export const NO_SLOTS = 0
/**
 * Of each size up to LARGEST_SPARED words, one slab with room is left alone: for nodes, records and
 * chunks, which cannot lie in pieces.
 */
export const SPARE_SLOTS = 1
export const ANY_SLOTS = 2
const LARGEST_SPARED = 256

/** What freed blocks are filled with while {@link Allocator.poison} is on. */
export const POISON = 0xdeadbeef

export class Allocator {
  /** Words of allocator state in the arena's header. */
  static readonly HEADER_WORDS = pages.HEADER_WORDS

  /** Tests: fill freed blocks with {@link POISON}, and refuse to free what is no block or is free already. */
  poison = false
  /**
   * Where no pages are left, {@link allocate} takes a block up to this many times larger, or a page.
   * The factor belongs to this object, not to the arena: each transaction sets it.
   */
  waste = 1
  /** Pages that {@link allocateUpTo} leaves alone, and {@link hasExactly} does not count. */
  spared = 0

  // Fixed after construction.
  readonly #words: Uint32Array
  readonly #at: number
  readonly #descriptors: number
  readonly #pages: pages.Pages
  // Tests only; the hot path looks at the flag alone.
  #failing = false
  #failAfter = Number.POSITIVE_INFINITY

  /**
   * @param at where the {@link HEADER_WORDS} words lie
   * @param descriptors where the {@link descriptorWords} words lie
   * @param pageCount pages of the arena, those of others included
   */
  constructor(arena: Arena, at: number, descriptors: number, pageCount: number) {
    this.#words = arena.words
    this.#at = at
    this.#descriptors = descriptors
    this.#pages = new pages.Pages(arena.words, at, descriptors, pageCount)
  }

  /** Words of the page table for so many pages. */
  static descriptorWords(pageCount: number): number {
    return pageCount * DESCRIPTOR_WORDS
  }

  /** Words that `allocate(words)` takes where {@link waste} is 1. */
  static roundUp(words: number): number {
    return words <= LARGEST_SMALL
      ? SIZES[CLASS_OF[words]]
      : Math.ceil(words / PAGE_WORDS) * PAGE_WORDS
  }

  /** Begins with every page from `firstPage` (≥ 1) on untouched; those below belong to others. */
  format(firstPage: number): void {
    assert(firstPage >= 1 && firstPage <= this.#pages.pageCount, 'a first page within the arena')
    const { words: W, at } = this.#pages
    W[at + PHASE] = 1
    W[at + FIRST] = firstPage
    W[at + MARK] = firstPage
    this.#pages.clear()
    W[at + PHASE] = 0
  }

  /**
   * A block of at least `words` words, contents undefined; 0 when none fits. Never throws.
   * @param isAligned it is to lie at a multiple of ALIGNED, which divides `words`
   */
  allocate(words: number, isAligned = false): number {
    if (this.#failing && this.#fails()) return 0
    if (words > LARGEST_SMALL) return this.allocatePages(pagesFor(words))
    const W = this.#words
    const at = this.#at
    let index = CLASS_OF[words]
    let sentinel = at + LIST_0 + 2 * index
    let slab = W[sentinel + NEXT]
    W[at + PHASE] = 1
    if (slab === sentinel) {
      index = this.#findRoom(index, isAligned)
      if (index === CLASSES) {
        W[at + PHASE] = 0
        return this.waste > 1 ? this.allocatePages(pagesFor(words)) : 0
      }
      sentinel = at + LIST_0 + 2 * index
      slab = W[sentinel + NEXT]
    }
    const size = SIZES[index]
    const used = W[slab + USED]
    let ref = W[slab + FIRST_SLOT]
    if (ref !== 0) {
      W[slab + FIRST_SLOT] = W[ref]
    } else {
      const carved = W[slab + CARVED]
      W[slab + CARVED] = carved + 1
      ref = (slab - this.#descriptors) * WORDS_PER_DESCRIPTOR_WORD + carved * size
    }
    W[slab + USED] = used + 1
    W[at + FREE_WORDS] -= size
    if (used === 0) W[at + EMPTY]--
    if (used + 1 === CAPACITIES[index]) {
      const next = W[slab + NEXT]
      W[sentinel + NEXT] = next
      W[next + PREV] = sentinel
    }
    W[at + PHASE] = 0
    return ref
  }

  /** A block of whole pages that lie together; 0 when none fits. */
  allocatePages(count: number): number {
    const { words: W, at } = this.#pages
    W[at + PHASE] = 1
    const page = this.#takePages(count)
    if (page !== 0) {
      const descriptor = this.#pages.descriptor(page)
      W[descriptor + (count - 1) * DESCRIPTOR_WORDS + STATE] = PART + KINDS * (count - 1)
      W[descriptor + STATE] = RUN + KINDS * count
    }
    W[at + PHASE] = 0
    return page * PAGE_WORDS
  }

  /**
   * The largest free block of up to `words` words, and of `least` at the least; it may be
   * larger ({@link sizeOf}) where nothing else is left. 0 when there is none.
   * @param from which free slots may be used beside pages: NO_SLOTS, SPARE_SLOTS, ANY_SLOTS. The
   * {@link spared} pages are left alone; with ANY_SLOTS, they come last.
   */
  allocateUpTo(words: number, least: number, from: number): number {
    const pages = this.availablePages - this.spared
    const own = CLASS_OF[Math.min(words, LARGEST_SMALL)]
    if (pages >= pagesFor(words) || (words <= LARGEST_SMALL && this.#hasRoom(own, from))) {
      const whole = this.allocateExactly(words)
      if (whole !== 0) return whole
    }
    const count = Math.min(this.#pages.longest(), pages, pagesFor(words))
    if (count > 0 && count * PAGE_WORDS >= least) return this.allocatePages(count)
    if (from === NO_SLOTS || least > LARGEST_SMALL) return 0
    const index = this.#classWithRoom(Math.min(words, LARGEST_SMALL), least, from)
    if (index !== CLASSES) return this.allocate(SIZES[index])
    return from === ANY_SLOTS ? this.allocate(words) : 0
  }

  /** {@link allocate} with a {@link waste} of 1. */
  allocateExactly(words: number): number {
    const { waste } = this
    this.waste = 1
    const ref = this.allocate(words)
    this.waste = waste
    return ref
  }

  /** True if a slab of its size has room for such a block, or pages are free beyond {@link spared}. */
  hasExactly(words: number): boolean {
    if (this.availablePages - this.spared >= pagesFor(words)) return true
    return words <= LARGEST_SMALL && this.#hasRoom(CLASS_OF[words], ANY_SLOTS)
  }

  /** Words of the smallest slots that hold so many words and are free in two slabs; 0: none. */
  leastSpare(words: number): number {
    if (words > LARGEST_SMALL) return 0
    for (let index = CLASS_OF[words]; index < CLASSES; index++) {
      const sentinel = this.#pages.list(index)
      if (this.#words[sentinel + NEXT] !== this.#words[sentinel + PREV]) return SIZES[index]
    }
    return 0
  }

  /**
   * A class with free slots: first up to twice as large as asked for, then smaller, then as large as
   * {@link waste} allows; CLASSES: there is none.
   */
  #classWithRoom(words: number, least: number, from: number): number {
    const own = CLASS_OF[words]
    let larger = own + 1
    for (; larger < CLASSES && SIZES[larger] <= 2 * words; larger++) {
      if (this.#hasRoom(larger, from)) return larger
    }
    for (let index = own; index >= CLASS_OF[least]; index--) {
      if (this.#hasRoom(index, from)) return index
    }
    for (; larger < CLASSES && SIZES[larger] <= this.waste * words; larger++) {
      if (this.#hasRoom(larger, from)) return larger
    }
    return CLASSES
  }

  /** Whether a class has a free slot, or one to spare: then another slab has room, too. */
  #hasRoom(index: number, from: number): boolean {
    const sentinel = this.#pages.list(index)
    const first = this.#words[sentinel + NEXT]
    if (first === sentinel) return false
    if (from === ANY_SLOTS || SIZES[index] > LARGEST_SPARED) return true
    return first !== this.#words[sentinel + PREV]
  }

  /** Reads what {@link free} will: a block's first line, and what tells its size. The sum means nothing. */
  touch(ref: number): number {
    const W = this.#words
    return W[this.#descriptors + (ref >>> 10) * DESCRIPTOR_WORDS + STATE] ^ W[ref]
  }

  /** Gives a block back. */
  free(ref: number): void {
    const W = this.#words
    const at = this.#at
    let slab = this.#descriptors + (ref >>> 10) * DESCRIPTOR_WORDS
    let state = W[slab + STATE]
    if ((state & 7) === PART) {
      slab -= (state >>> 3) * DESCRIPTOR_WORDS
      state = W[slab + STATE]
    }
    if (this.poison) this.#refuse(ref, slab)
    if ((state & 7) !== SLAB) {
      this.#freeRun(ref, state)
      return
    }
    const index = state >>> 3
    const used = W[slab + USED]
    if (used === 0) notABlock(ref)
    if (this.poison) W.fill(POISON, ref, ref + SIZES[index])
    W[at + PHASE] = 1
    W[ref] = W[slab + FIRST_SLOT]
    W[slab + FIRST_SLOT] = ref
    W[slab + USED] = used - 1
    W[at + FREE_WORDS] += SIZES[index]
    if (used === CAPACITIES[index]) {
      const sentinel = at + LIST_0 + 2 * index
      const next = W[sentinel + NEXT]
      W[slab + PREV] = sentinel
      W[slab + NEXT] = next
      W[next + PREV] = slab
      W[sentinel + NEXT] = slab
    }
    if (used === 1) this.#emptied(slab, index)
    W[at + PHASE] = 0
  }

  /** Words that the block at `ref` takes. */
  sizeOf(ref: number): number {
    const W = this.#words
    let descriptor = this.#descriptors + (ref >>> 10) * DESCRIPTOR_WORDS
    let state = W[descriptor + STATE]
    if ((state & 7) === PART) {
      descriptor -= (state >>> 3) * DESCRIPTOR_WORDS
      state = W[descriptor + STATE]
    }
    if ((state & 7) === SLAB) return SIZES[state >>> 3]
    if ((state & 7) !== RUN) notABlock(ref)
    return (state >>> 3) * PAGE_WORDS
  }

  /** Words below the mark, header and tables included. Only grows. */
  get touchedWords(): number {
    return this.#words[this.#at + MARK] * PAGE_WORDS
  }

  /** Words ever written to: {@link touchedWords} without the end of the page table. */
  get writtenWords(): number {
    const { pageCount } = this.#pages
    const beyond = (pageCount - this.#words[this.#at + MARK]) * DESCRIPTOR_WORDS
    return this.touchedWords - Math.floor(beyond / PAGE_WORDS) * PAGE_WORDS
  }

  /** Words in free runs and free slots below the mark. */
  get freeWords(): number {
    return this.#words[this.#at + FREE_WORDS]
  }

  /** Words that are free or untouched, wherever they are. */
  get availableWords(): number {
    const untouched = this.#pages.pageCount - this.#words[this.#at + MARK]
    return this.freeWords + untouched * PAGE_WORDS
  }

  /** Pages that are free or untouched. */
  get availablePages(): number {
    const W = this.#words
    return W[this.#at + FREE_PAGES] + this.#pages.pageCount - W[this.#at + MARK]
  }

  /** True if no operation was left half done; else only {@link rebuild} may follow. */
  get consistent(): boolean {
    return this.#words[this.#at + PHASE] === 0
  }

  /** Gives the pages of empty slabs back. */
  trim(): void {
    this.#words[this.#at + PHASE] = 1
    this.#releaseEmpty()
    this.#words[this.#at + PHASE] = 0
  }

  /** Walks all pages, names each used block, and returns what is wrong with the structure. */
  inspect(used: (ref: number, words: number) => void): string[] {
    return inspect(this.#pages, used)
  }

  /**
   * Rebuilds every list, bin and counter from which blocks are live; all other blocks are free.
   * It trusts FIRST, MARK and the STATE of a slab or block in which something is live, nothing else.
   * It asks `isLive` also for references at which no block begins. If `isLive` throws, or the thread
   * dies, the allocator stays inconsistent and the rebuild can be begun again.
   */
  rebuild(isLive: (ref: number) => boolean): void {
    rebuild(this.#pages, isLive)
  }

  /** Tests: the n-th allocation from now (1: the next) returns 0, once. Infinity: off. */
  get failAfter(): number {
    return this.#failAfter
  }

  set failAfter(count: number) {
    this.#failAfter = count
    this.#failing = count !== Number.POSITIVE_INFINITY
  }

  #fails(): boolean {
    if (--this.#failAfter > 0) return false
    this.failAfter = Number.POSITIVE_INFINITY
    return true
  }

  #freeRun(ref: number, state: number): void {
    if ((state & 7) !== RUN || ref % PAGE_WORDS !== 0) notABlock(ref)
    const { words: W, at } = this.#pages
    const count = state >>> 3
    if (this.poison) W.fill(POISON, ref, ref + count * PAGE_WORDS)
    W[at + PHASE] = 1
    this.#pages.give(ref >>> 10, count)
    W[at + PHASE] = 0
  }

  /** Pages for a slab or a block. Empty slabs are given up before untouched pages are. */
  #takePages(count: number): number {
    if (count > this.#pages.pageCount) return 0
    if (this.#words[this.#at + EMPTY] > 0) {
      const page = this.#pages.reuse(count)
      if (page !== 0) return page
      this.#releaseEmpty()
    }
    return this.#pages.take(count)
  }

  /** The class that serves class `index`, with room at the head of its list; CLASSES: none can. */
  #findRoom(index: number, isAligned: boolean): number {
    if (this.#makeSlab(index)) return index
    if (this.waste === 1) return CLASSES
    const W = this.#words
    const largest = this.waste * SIZES[index]
    const serves = (other: number) => !isAligned || SIZES[other] % ALIGNED === 0
    for (let other = index + 1; other < CLASSES && SIZES[other] <= largest; other++) {
      const sentinel = this.#pages.list(other)
      if (W[sentinel + NEXT] !== sentinel && serves(other)) return other
    }
    // There may be pages, though none that lie together.
    for (let other = index + 1; other < CLASSES; other++) {
      if (SLAB_PAGES[other] === 1 && serves(other)) return this.#makeSlab(other) ? other : CLASSES
    }
    return CLASSES
  }

  /** Makes a slab with all its slots free, in its class's list; false: no pages. */
  #makeSlab(index: number): boolean {
    const { words: W, at } = this.#pages
    const count = SLAB_PAGES[index]
    const page = this.#takePages(count)
    if (page === 0) return false
    const slab = this.#pages.descriptor(page)
    for (let i = 1; i < count; i++) W[slab + i * DESCRIPTOR_WORDS + STATE] = PART + KINDS * i
    W[slab + FIRST_SLOT] = 0
    W[slab + USED] = 0
    W[slab + CARVED] = 0
    W[slab + STATE] = SLAB + KINDS * index
    this.#pages.link(slab, this.#pages.list(index))
    W[at + FREE_WORDS] += CAPACITIES[index] * SIZES[index]
    W[at + EMPTY]++
    return true
  }

  /** Keeps a slab whose last slot came free, or gives its pages back: see invariant 3. */
  #emptied(slab: number, index: number): void {
    const W = this.#words
    W[this.#at + EMPTY]++
    // The neighbours of the only member of a ring are one: the sentinel.
    if (W[slab + PREV] !== W[slab + NEXT]) this.#releaseSlab(slab, index)
    else {
      // An empty slab needs no list, and handing out in address order again is better for the caches.
      W[slab + FIRST_SLOT] = 0
      W[slab + CARVED] = 0
    }
  }

  #releaseSlab(slab: number, index: number): void {
    const { words: W, at } = this.#pages
    this.#pages.unlink(slab)
    W[at + EMPTY]--
    W[at + FREE_WORDS] -= CAPACITIES[index] * SIZES[index]
    this.#pages.give(this.#pages.pageOf(slab), SLAB_PAGES[index])
  }

  #releaseEmpty(): void {
    const { words: W, at } = this.#pages
    for (let index = 0; index < CLASSES && W[at + EMPTY] > 0; index++) {
      const sentinel = this.#pages.list(index)
      const last = W[sentinel + PREV]
      if (last !== sentinel && W[last + USED] === 0) this.#releaseSlab(last, index)
    }
  }

  /** Deep checks of what is freed, while {@link poison} is on. */
  #refuse(ref: number, slab: number): void {
    const W = this.#words
    const state = W[slab + STATE]
    if ((state & 7) !== SLAB) return
    const size = SIZES[state >>> 3]
    const offset = ref - (slab - this.#descriptors) * WORDS_PER_DESCRIPTOR_WORD
    if (offset % size !== 0 || offset / size >= W[slab + CARVED]) notABlock(ref)
    let left = W[slab + CARVED]
    for (let slot = W[slab + FIRST_SLOT]; slot !== 0 && left > 0; slot = W[slot]) {
      if (slot === ref) notABlock(ref)
      left--
    }
  }
}

function notABlock(ref: number): never {
  throw new Error(`zverse: assertion failed: ${ref} is a block in use`)
}
