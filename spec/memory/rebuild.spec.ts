/** Recovery of the allocator: the live blocks suffice, whatever an interrupted operation left. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as pages from '../../lib/memory/pages.js'
import { PAGE_WORDS } from '../../lib/memory/sizes.js'
import { scaled } from '../support/runs.js'
import { AT, DESCRIPTORS, Heap, random } from './heap.js'

/** A heap in the middle of its life, some of its blocks forgotten, as after a crash. */
function aged(seed: number, steps: number, largest: number): Heap {
  const heap = new Heap(1500)
  const next = random(seed)
  for (let i = 0; i < steps; i++) {
    const words = 2 + Math.floor(next(1) ** 4 * largest)
    if (next(5) < 3 || heap.blocks.length === 0) heap.add(words)
    else heap.remove(Math.floor(next(heap.blocks.length)))
  }
  return heap
}

/** Pages of slabs and blocks with a live block: recovery believes the STATE of these only. */
function believed(heap: Heap): Set<number> {
  const all = new Set<number>()
  const W = heap.arena.words
  for (const { ref } of heap.blocks) {
    const page = Math.floor(ref / PAGE_WORDS)
    const state = W[DESCRIPTORS + page * pages.DESCRIPTOR_WORDS]
    const first = (state & 7) === pages.PART ? page - (state >>> 3) : page
    all.add(first)
    const head = W[DESCRIPTORS + first * pages.DESCRIPTOR_WORDS]
    const slab = (head & 7) === pages.SLAB
    for (let i = 1; slab && i < 8; i++) {
      const part = W[DESCRIPTORS + (first + i) * pages.DESCRIPTOR_WORDS]
      if (part !== pages.PART + pages.KINDS * i) break
      all.add(first + i)
    }
  }
  return all
}

/** Garbage in all places that may contain it: at worst, garbage that looks valid. */
function spoil(heap: Heap, seed: number): void {
  const W = heap.arena.words
  const next = random(seed)
  const states = [
    () => Math.floor(next(2 ** 32)),
    () => pages.SLAB + pages.KINDS * Math.floor(next(120)),
    () => pages.RUN + pages.KINDS * Math.floor(next(30)),
    () => pages.PART + pages.KINDS * Math.floor(next(8)),
    () => pages.FREE + pages.KINDS * Math.floor(next(30)),
    () => 0,
  ]
  const garbage = () => states[Math.floor(next(states.length))]()
  for (let i = 0; i < pages.HEADER_WORDS; i++) {
    if (i !== pages.FIRST && i !== pages.MARK) W[AT + i] = Math.floor(next(2 ** 32))
  }
  W[AT + pages.PHASE] = 1
  const keep = believed(heap)
  for (let page = heap.firstPage; page < heap.pageCount; page++) {
    const descriptor = DESCRIPTORS + page * pages.DESCRIPTOR_WORDS
    if (!keep.has(page)) W[descriptor] = garbage()
    for (let i = 1; i < pages.DESCRIPTOR_WORDS; i++) W[descriptor + i] = garbage()
  }
}

describe('rebuild', () => {
  test('finds its way back from garbage', () => {
    const seeds = fc.record({
      life: fc.nat(),
      harm: fc.nat(),
      steps: fc.integer({ min: 0, max: 3000 }),
      largest: fc.constantFrom(64, 600, 6000, 40_000),
      forgotten: fc.integer({ min: 1, max: 100 }),
    })
    fc.assert(
      fc.property(seeds, ({ life, harm, steps, largest, forgotten }) => {
        const heap = aged(life, steps, largest)
        const next = random(harm)
        // Blocks that a dead thread had allocated: they are not live, and nobody frees them.
        for (let i = heap.blocks.length - 1; i >= 0; i--) {
          if (next(100) >= forgotten) continue
          heap.blocks[i] = heap.blocks[heap.blocks.length - 1]
          heap.blocks.pop()
        }
        spoil(heap, harm)
        const live = new Set(heap.blocks.map(block => block.ref))
        expect(heap.allocator.consistent).toBe(false)
        heap.allocator.rebuild(ref => live.has(ref))
        heap.verify()
        for (let i = 0; i < 500; i++) {
          if (next(2) < 1 || heap.blocks.length === 0) heap.add(2 + Math.floor(next(largest)))
          else heap.remove(Math.floor(next(heap.blocks.length)))
        }
        heap.verify()
        heap.live = 0
        heap.drain()
      }),
      { numRuns: scaled(300) },
    )
  })

  test('changes nothing that matters in a sound allocator', () => {
    const heap = aged(5, 3000, 3000)
    heap.allocator.trim()
    const { freeWords, touchedWords, availablePages } = heap.allocator
    const live = new Set(heap.blocks.map(block => block.ref))
    heap.allocator.rebuild(ref => live.has(ref))
    heap.verify()
    expect(heap.allocator).toMatchObject({ freeWords, touchedWords, availablePages })
    heap.drain()
  })

  test('can be interrupted and begun again', () => {
    const heap = aged(6, 3000, 3000)
    spoil(heap, 6)
    const live = new Set(heap.blocks.map(block => block.ref))
    const stopAfter = (questions: number) => {
      heap.allocator.rebuild(ref => {
        if (questions-- === 0) throw new Error('terminated')
        return live.has(ref)
      })
    }
    for (let questions = 0; questions < live.size; questions += 7) {
      expect(() => stopAfter(questions)).toThrow('terminated')
      expect(heap.allocator.consistent).toBe(false)
    }
    heap.allocator.rebuild(ref => live.has(ref))
    heap.verify()
    heap.drain()
  })

  test('recovers from an operation stopped at any write', () => {
    const heap = aged(7, 2000, 9000)
    const W = heap.arena.words
    const from = AT
    const until = DESCRIPTORS + heap.pageCount * pages.DESCRIPTOR_WORDS
    const next = random(7)
    for (let round = 0; round < 150; round++) {
      const before = W.slice(from, until)
      const live = new Set(heap.blocks.map(block => block.ref))
      const kept = heap.blocks.map(block => block)
      if (round % 2) heap.add(2 + Math.floor(next(next(2) < 1 ? 300 : 9000)))
      else heap.remove(Math.floor(next(heap.blocks.length)))
      const after = new Set(heap.blocks.map(block => block.ref))
      // Any mixture of old and new words, for the words in between are unknown.
      for (let i = from; i < until; i++) {
        if (next(2) < 1) W[i] = before[i - from]
      }
      W[AT + pages.PHASE] = 1
      const both = (ref: number) => live.has(ref) && after.has(ref)
      heap.allocator.rebuild(both)
      heap.blocks.splice(0, heap.blocks.length, ...kept.filter(block => both(block.ref)))
      heap.verify()
    }
    heap.live = 0
    heap.drain()
  })
})
