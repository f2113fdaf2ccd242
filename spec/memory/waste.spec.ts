/** When no page is left, larger blocks serve, within bounds, and no word is lost by it. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Allocator, ANY_SLOTS, NO_SLOTS, SPARE_SLOTS } from '../../lib/memory/allocator.js'
import { PAGE_WORDS } from '../../lib/memory/sizes.js'
import { Heap, random } from './heap.js'

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 2, max: 200 }) },
  { weight: 3, arbitrary: fc.integer({ min: 200, max: 2048 }) },
  { weight: 1, arbitrary: fc.integer({ min: 2049, max: 9000 }) },
)
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ add: size, times: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ remove: fc.nat(), times: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ waste: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY) }) },
)

/** A heap without a free page, in which only every other block of 20 words is free. */
function gaps(pageCount: number): Heap {
  const heap = new Heap(pageCount)
  while (heap.add(20));
  heap.removeWhere(index => index % 2 === 0)
  expect(heap.allocator.availablePages).toBe(0)
  return heap
}

describe('blocks that are larger than asked for', () => {
  test('belong to one owner and go back where they came from', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 120 }),
        fc.boolean(),
        (steps, poison) => {
          const heap = new Heap(60)
          heap.allocator.poison = poison
          for (const each of steps) {
            if ('waste' in each) heap.allocator.waste = each.waste
            else if ('add' in each) for (let i = 0; i < each.times; i++) heap.add(each.add)
            else {
              for (let i = 0; i < each.times && heap.blocks.length > 0; i++) {
                heap.remove((each.remove + i * 7) % heap.blocks.length)
              }
            }
          }
          heap.verify()
          const live = new Set(heap.blocks.map(block => block.ref))
          heap.allocator.rebuild(ref => live.has(ref))
          heap.verify()
          heap.drain()
        },
      ),
      { numRuns: 300 },
    )
  })

  test('are only given where nothing else is left, and no larger than allowed', () => {
    const heap = gaps(64)
    expect(heap.add(18)).toBe(false)
    heap.allocator.waste = 2
    expect(heap.add(8)).toBe(false)
    expect(heap.add(10)).toBe(true)
    expect(heap.blocks.at(-1)?.size).toBe(20)
    heap.allocator.waste = Number.POSITIVE_INFINITY
    expect(heap.add(2)).toBe(true)
    expect(heap.add(22)).toBe(false)
    heap.verify()
    heap.allocator.waste = 1
    expect(heap.add(18)).toBe(false)
    heap.drain()
  })

  test('are cut from single pages where slabs need several, up to whole pages', () => {
    const heap = new Heap(64)
    while (heap.allocator.availablePages > 0) {
      const ref = heap.allocator.allocatePages(1)
      heap.blocks.push({ ref, words: PAGE_WORDS, stamp: 0, size: PAGE_WORDS })
      heap.arena.words.fill(0, ref, ref + PAGE_WORDS)
    }
    // Every other page, so that no two lie together.
    heap.blocks.sort((a, b) => b.ref - a.ref)
    for (let i = heap.blocks.length - 1; i >= 0; i -= 2) {
      heap.allocator.free(heap.blocks[i].ref)
      heap.blocks.splice(i, 1)
    }
    expect(heap.allocator.allocate(132)).toBe(0)
    expect(heap.allocator.allocate(1024)).toBe(0)
    heap.allocator.waste = 2
    const next = random(5)
    let added = 0
    while (heap.add(100 + Math.floor(next(924)))) added++
    expect(added).toBeGreaterThan(20)
    expect(heap.allocator.availablePages).toBe(0)
    expect(heap.add(1025)).toBe(false)
    heap.live = heap.blocks.reduce((sum, block) => sum + block.size, 0)
    heap.verify()
    const live = new Set(heap.blocks.map(block => block.ref))
    heap.allocator.rebuild(ref => live.has(ref))
    heap.drain()
  })

  test('are the rule of the allocator that has the waste, not of its arena', () => {
    const heap = gaps(32)
    heap.allocator.waste = 2
    const other = heap.attach()
    expect(other.waste).toBe(1)
    expect(other.allocate(16)).toBe(0)
    expect(Allocator.roundUp(16)).toBe(16)
  })
})

describe('what can be had of so many words', () => {
  const taken = (heap: Heap, words: number, least: number, from: number) => {
    const refs: number[] = []
    for (;;) {
      const ref = heap.allocator.allocateUpTo(words, least, from)
      if (ref === 0) return refs
      refs.push(ref)
    }
  }

  test('are free slots of a smaller size, but for one slab of those that nodes need', () => {
    const heap = gaps(64)
    const { freeWords } = heap.allocator
    expect(taken(heap, 1000, 4, NO_SLOTS)).toEqual([])
    expect(taken(heap, 1000, 22, ANY_SLOTS)).toEqual([])
    const spare = taken(heap, 1000, 4, SPARE_SLOTS)
    for (const ref of spare) expect(heap.allocator.sizeOf(ref)).toBe(20)
    expect(spare.length * 20).toBeGreaterThan(freeWords - PAGE_WORDS)
    expect(heap.allocator.freeWords).toBeGreaterThan(0)
    const rest = taken(heap, 1000, 4, ANY_SLOTS)
    expect(heap.allocator.freeWords).toBe(0)
    expect((spare.length + rest.length) * 20).toBe(freeWords)
    for (const ref of [...spare, ...rest]) heap.allocator.free(ref)
    expect(heap.allocator.freeWords).toBe(freeWords)
    heap.verify()
    heap.drain()
  })

  test('are the longest runs of pages first, but for those that are spared', () => {
    const heap = new Heap(64)
    while (heap.add(3 * PAGE_WORDS));
    heap.removeWhere(index => index % 2 === 0)
    const pages = heap.allocator.availablePages
    heap.allocator.spared = 2
    const refs = taken(heap, 8 * PAGE_WORDS, 4, NO_SLOTS)
    const sizes = refs.map(ref => heap.allocator.sizeOf(ref) / PAGE_WORDS)
    expect(sizes.reduce((sum, size) => sum + size)).toBe(pages - 2)
    expect(sizes.filter(size => size === 3).length).toBeGreaterThanOrEqual(sizes.length - 2)
    heap.allocator.spared = 0
    refs.push(...taken(heap, 8 * PAGE_WORDS, 4, NO_SLOTS))
    expect(heap.allocator.availablePages).toBe(0)
    for (const ref of refs) heap.allocator.free(ref)
    heap.verify()
    heap.drain()
  })
})
