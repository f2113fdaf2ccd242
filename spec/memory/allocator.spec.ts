/** The allocator against a model: it hands out, takes back, counts, refuses and reports the same. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Allocator, POISON } from '../../lib/memory/allocator.js'
import * as pages from '../../lib/memory/pages.js'
import { CLASSES, PAGE_WORDS, SIZES } from '../../lib/memory/sizes.js'
import { scaled } from '../support/runs.js'
import { AT, DESCRIPTORS, Heap, random } from './heap.js'

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 2, max: 200 }) },
  { weight: 3, arbitrary: fc.integer({ min: 200, max: 2048 }) },
  { weight: 2, arbitrary: fc.integer({ min: 2049, max: 40_000 }) },
)
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ add: size, times: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 4, arbitrary: fc.record({ remove: fc.nat(), times: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.constantFrom('trim' as const, 'attach' as const) },
)

describe('allocator', () => {
  test('hands out blocks that nobody else has, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.boolean(), (steps, poison) => {
        const heap = new Heap(600)
        heap.allocator.poison = poison
        for (const each of steps) {
          if (each === 'trim') heap.allocator.trim()
          else if (each === 'attach') heap.allocator = heap.attach()
          else if ('add' in each) for (let i = 0; i < each.times; i++) heap.add(each.add)
          else {
            for (let i = 0; i < each.times && heap.blocks.length > 0; i++) {
              heap.remove((each.remove + i * 7) % heap.blocks.length)
            }
          }
        }
        heap.verify()
        heap.drain()
      }),
      { numRuns: scaled(300) },
    )
  })

  test('serves every size, and says what it occupies', () => {
    const heap = new Heap(4096)
    for (let words = 2; words <= 2100; words++) expect(heap.add(words)).toBe(true)
    for (const words of [3072, 3073, 4096, 100_000]) expect(heap.add(words)).toBe(true)
    heap.verify()
    expect(Allocator.roundUp(2)).toBe(2)
    expect(Allocator.roundUp(65)).toBe(68)
    expect(Allocator.roundUp(2048)).toBe(2048)
    expect(Allocator.roundUp(2049)).toBe(3072)
    heap.drain()
  })

  test('cuts a fresh slab in the order of addresses', () => {
    const { allocator } = new Heap(64)
    const first = allocator.allocate(20)
    for (let i = 1; i < 51; i++) expect(allocator.allocate(20)).toBe(first + 20 * i)
  })

  test('returns 0 when full, loses nothing by it, and can be filled again', () => {
    const heap = new Heap(300)
    const next = random(1)
    for (let round = 0; round < 3; round++) {
      let refused = 0
      while (refused < 50) if (!heap.add(2 + Math.floor(next(5000)))) refused++
      for (let words = 2048; words >= 2; words -= 2) while (heap.add(words));
      expect(heap.allocator.freeWords).toBe(0)
      expect(heap.allocator.availablePages).toBe(0)
      heap.verify()
      expect(heap.allocator.allocate(2)).toBe(0)
      expect(heap.allocator.allocate(1e12)).toBe(0)
      heap.verify()
      heap.drain()
    }
  })

  test('counts what it has', () => {
    const heap = new Heap(256)
    const { allocator, firstPage } = heap
    expect(allocator.touchedWords).toBe(firstPage * PAGE_WORDS)
    expect(allocator.freeWords).toBe(0)
    expect(allocator.availablePages).toBe(256 - firstPage)
    const ref = allocator.allocate(100)
    expect(allocator.freeWords).toBe(900)
    expect(allocator.availablePages).toBe(255 - firstPage)
    allocator.free(ref)
    expect(allocator.freeWords).toBe(1000)
    allocator.trim()
    expect(allocator.freeWords).toBe(1024)
    expect(allocator.availablePages).toBe(256 - firstPage)
  })

  test('gives its empty slabs up before it touches a page', () => {
    const heap = new Heap(1024)
    for (let index = 0; index < CLASSES; index++) heap.add(SIZES[index])
    heap.removeWhere(() => true)
    const { touched } = heap
    expect(heap.allocator.freeWords).toBeGreaterThan(0)
    expect(heap.add((touched - heap.firstPage) * PAGE_WORDS)).toBe(true)
    expect(heap.touched).toBe(touched)
    heap.drain()
  })

  test('extends the last free run beyond the mark', () => {
    const heap = new Heap(256)
    heap.add(3000)
    heap.add(5000)
    heap.remove(1)
    const { touched } = heap
    heap.add(7000)
    expect(heap.touched).toBe(touched + 2)
    heap.drain()
  })

  test('fails the n-th allocation once', () => {
    const { allocator } = new Heap(64)
    allocator.failAfter = 1
    expect(allocator.allocate(8)).toBe(0)
    expect(allocator.allocate(8)).not.toBe(0)
    allocator.failAfter = 3
    expect(allocator.allocate(8)).not.toBe(0)
    expect(allocator.allocate(4000)).not.toBe(0)
    expect(allocator.allocate(4000)).toBe(0)
    expect(allocator.failAfter).toBe(Number.POSITIVE_INFINITY)
    allocator.failAfter = 1
    allocator.failAfter = Number.POSITIVE_INFINITY
    expect(allocator.allocate(8)).not.toBe(0)
  })

  test('poisons what is freed', () => {
    const { allocator, arena } = new Heap(64)
    allocator.poison = true
    const [small, other, large] = [20, 20, 3000].map(words => allocator.allocate(words))
    arena.words.fill(7, small, small + 20)
    arena.words.fill(7, large, large + 3000)
    allocator.free(small)
    allocator.free(large)
    expect(arena.words.slice(small + 1, small + 20).every(word => word === POISON)).toBe(true)
    expect(arena.words.slice(large, large + 3072).every(word => word === POISON)).toBe(true)
    expect(() => allocator.free(small)).toThrow('is a block in use')
    expect(() => allocator.free(other + 2)).toThrow('is a block in use')
    expect(() => allocator.free(large)).toThrow('is a block in use')
    expect(allocator.inspect(() => {})).toEqual([])
  })

  test('refuses to free or measure what is no block', () => {
    const { allocator } = new Heap(64)
    const small = allocator.allocate(20)
    const large = allocator.allocate(3000)
    allocator.free(small)
    expect(() => allocator.free(small)).toThrow('is a block in use')
    expect(() => allocator.free(large + 2)).toThrow('is a block in use')
    allocator.free(large)
    expect(() => allocator.free(large)).toThrow('is a block in use')
    expect(() => allocator.sizeOf(large)).toThrow('is a block in use')
    // Also if its free run begins before it.
    const [before, after] = [allocator.allocate(3000), allocator.allocate(3000)]
    allocator.free(before)
    allocator.free(after)
    expect(() => allocator.free(after)).toThrow('is a block in use')
    expect(allocator.consistent).toBe(true)
  })

  test('names what is wrong in it', () => {
    const wrong = (spoil: (words: Uint32Array, slab: number) => void) => {
      const heap = new Heap(128)
      for (const words of [20, 20, 20, 3000, 3000, 200, 5000]) heap.add(words)
      heap.remove(1)
      heap.remove(2)
      heap.verify()
      spoil(heap.arena.words, DESCRIPTORS + pages.DESCRIPTOR_WORDS * heap.firstPage)
      return heap.allocator.inspect(() => {})
    }
    expect(wrong(() => {})).toEqual([])
    for (const offset of [pages.FREE_PAGES, pages.FREE_WORDS, pages.EMPTY, pages.PHASE]) {
      expect(wrong(words => words[AT + offset]++)).toHaveLength(1)
    }
    for (const offset of [pages.FIRST, pages.MARK, pages.OCCUPIED, pages.LISTS + 19]) {
      expect(wrong(words => (words[AT + offset] ^= 2))).not.toEqual([])
    }
    for (let offset = 0; offset < 6; offset++) {
      expect(wrong((words, slab) => words[slab + offset]++)).not.toEqual([])
    }
    const first = (words: Uint32Array, slab: number) => words[slab + pages.FIRST_SLOT]
    expect(wrong((words, slab) => (words[first(words, slab)] = first(words, slab)))).not.toEqual([])
  })

  test('reaches beyond reference 2³¹', () => {
    const heap = new Heap(9 * 2 ** 18)
    const below = 2 ** 31 - heap.firstPage * PAGE_WORDS - 4 * PAGE_WORDS
    const bulk = heap.allocator.allocate(below)
    expect(heap.allocator.sizeOf(bulk)).toBe(below)
    const next = random(2)
    for (let i = 0; i < 20_000; i++) {
      if (next(3) < 2 || heap.blocks.length === 0)
        heap.add(2 + Math.floor(next(i % 9 ? 300 : 9000)))
      else heap.remove(Math.floor(next(heap.blocks.length)))
    }
    expect(heap.blocks.some(block => block.ref < 2 ** 31)).toBe(true)
    expect(heap.blocks.some(block => block.ref > 2 ** 31)).toBe(true)
    heap.blocks.push({ ref: bulk, words: below, stamp: 0, size: below })
    heap.arena.words[bulk] = 0
    const all = new Set<number>()
    expect(heap.allocator.inspect(ref => all.add(ref))).toEqual([])
    expect(all.size).toBe(heap.blocks.length)
    heap.blocks.pop()
    heap.allocator.free(bulk)
    heap.verify()
    const live = new Set(heap.blocks.map(block => block.ref))
    heap.allocator.rebuild(ref => live.has(ref))
    heap.drain()
  })

  test('keeps its state in the arena alone', () => {
    const heap = new Heap(512)
    const next = random(3)
    for (let i = 0; i < 5000; i++) {
      if (i % 10 === 0) heap.allocator = heap.attach()
      if (next(2) < 1 || heap.blocks.length === 0) heap.add(2 + Math.floor(next(400)))
      else heap.remove(Math.floor(next(heap.blocks.length)))
    }
    heap.verify()
    heap.drain()
  })
})
