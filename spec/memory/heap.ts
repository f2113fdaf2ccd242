/**
 * An allocator over an arena of its own, and a plain model of its blocks.
 *
 * For the memory specs. Every block is filled with words that name it; {@link Heap.verify} finds
 * any that another block's writes reached, and compares the allocator's own check with the model.
 */

import { expect } from 'vitest'
import { Allocator } from '../../lib/memory/allocator.js'
import { Arena } from '../../lib/memory/arena.js'
import { PAGE_WORDS } from '../../lib/memory/sizes.js'

/** The place of the allocator's header in these arenas; the page table lies behind it. */
export const AT = 64
export const DESCRIPTORS = 1024

/** Seeded: a failure can be run again. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below
  }
}

export interface Block {
  readonly ref: number
  readonly words: number
  readonly stamp: number
  /** Words it occupies. */
  readonly size: number
}

export class Heap {
  readonly arena: Arena
  readonly pageCount: number
  readonly firstPage: number
  allocator: Allocator
  readonly blocks: Block[] = []
  /** Words the blocks occupy, rounding included. */
  live = 0
  #stamp = 1

  constructor(pageCount: number, firstPage?: number) {
    this.pageCount = pageCount
    this.arena = Arena.reserve(pageCount * PAGE_WORDS * 4)
    const tables = DESCRIPTORS + Allocator.descriptorWords(pageCount)
    this.firstPage = firstPage ?? Math.ceil(tables / PAGE_WORDS)
    this.allocator = this.attach()
    this.allocator.format(this.firstPage)
  }

  /** Another thread's view of the same state. */
  attach(): Allocator {
    return new Allocator(this.arena, AT, DESCRIPTORS, this.pageCount)
  }

  /** Pages in use by anything, free ones included. */
  get touched(): number {
    return this.allocator.touchedWords / PAGE_WORDS
  }

  /** Whether it fitted. Its words are stamped, those of a longer one in places. */
  add(words: number): boolean {
    const ref = this.allocator.allocate(words)
    if (ref === 0) return false
    const size = this.allocator.sizeOf(ref)
    const { waste } = this.allocator
    const exact = Allocator.roundUp(words)
    // A page is the smallest block when none of the size is free.
    if (size < exact || size > Math.max(exact * waste, waste > 1 ? PAGE_WORDS : 0)) {
      throw new Error(`block ${ref} of ${words} words occupies ${size}`)
    }
    const block = { ref, words, stamp: this.#stamp++, size }
    stamp(this.arena.words, block)
    this.live += size
    this.blocks.push(block)
    return true
  }

  /** Frees the block at an index; the last takes its place. */
  remove(index: number): void {
    const block = this.blocks[index]
    this.blocks[index] = this.blocks[this.blocks.length - 1]
    this.blocks.pop()
    this.#intact(block)
    this.live -= this.allocator.sizeOf(block.ref)
    this.allocator.free(block.ref)
  }

  /** Frees all that `which` says. */
  removeWhere(which: (index: number) => boolean): void {
    for (let i = this.blocks.length - 1; i >= 0; i--) if (which(i)) this.remove(i)
  }

  /** The structure is right, and the blocks are those of the model and whole. */
  verify(): void {
    const sizes = new Map<number, number>()
    expect(this.allocator.inspect((ref, words) => sizes.set(ref, words))).toEqual([])
    expect(this.allocator.consistent).toBe(true)
    expect(sizes.size).toBe(this.blocks.length)
    for (const block of this.blocks) {
      this.#intact(block)
      const size = sizes.get(block.ref)
      if (size !== block.size || size !== this.allocator.sizeOf(block.ref)) {
        throw new Error(`block ${block.ref} of ${block.words} words occupies ${size}`)
      }
    }
    this.#disjoint(sizes)
  }

  /** Frees everything; no word is lost then, and one run is left. */
  drain(): void {
    this.removeWhere(() => true)
    this.allocator.trim()
    this.verify()
    const { allocator, firstPage, pageCount } = this
    expect(allocator.freeWords + firstPage * PAGE_WORDS).toBe(allocator.touchedWords)
    expect(allocator.availablePages).toBe(pageCount - firstPage)
    const touched = allocator.touchedWords
    const whole = touched - firstPage * PAGE_WORDS
    if (whole <= 2 * PAGE_WORDS) return
    expect(allocator.allocate(whole)).toBe(firstPage * PAGE_WORDS)
    expect(allocator.touchedWords).toBe(touched)
    allocator.free(firstPage * PAGE_WORDS)
  }

  #disjoint(sizes: Map<number, number>): void {
    let end = this.firstPage * PAGE_WORDS
    for (const [ref, words] of [...sizes].sort((a, b) => a[0] - b[0])) {
      if (ref < end || ref % 2 !== 0) throw new Error(`block ${ref} overlaps or is not aligned`)
      end = ref + words
    }
    if (end > this.allocator.touchedWords) throw new Error('a block beyond the mark')
  }

  #intact(block: Block): void {
    if (!isWhole(this.arena.words, block)) throw new Error(`block ${block.ref} was written to`)
  }
}

/** How far apart the words of a block are that carry its stamp; the last one does, too. */
function stride(words: number): number {
  return words < 40 ? 1 : words < 4096 ? 16 : 1000
}

function stamp(W: Uint32Array, block: Block): void {
  const end = block.ref + block.words
  for (let at = block.ref; at < end; at += stride(block.words)) W[at] = block.stamp
  W[end - 1] = block.stamp
}

function isWhole(W: Uint32Array, block: Block): boolean {
  const end = block.ref + block.words
  for (let at = block.ref; at < end; at += stride(block.words)) {
    if (W[at] !== block.stamp) return false
  }
  return W[end - 1] === block.stamp
}
