/**
 * Any mix of sizes, written, deleted and overwritten for ever, must not grow the arena.
 *
 * Each mix keeps a bounded volume alive. The bounds are on pages touched over pages of that volume:
 * the measured ratio and a little more. Blocks never move, so a slab lives until its last block
 * dies: with random deaths its n blocks take ln n lifetimes, during which a mix that has gone over
 * to other sizes needs other pages. The mixes that drift pay for that.
 */

import { describe, expect, test } from 'vitest'
import { PAGE_WORDS } from '../../lib/memory/sizes.js'
import { Heap, random } from './heap.js'

/** Words kept alive: 8 MB. */
const VOLUME = 2 ** 21
const PAGES = 2 ** 16

type Next = (below: number) => number

interface Mix {
  readonly name: string
  /** Touched over live at the end; and how much the second half may add to it. */
  readonly bound: number
  readonly size: (next: Next, step: number) => number
}

const upTo = (next: Next, low: number, high: number) => Math.floor(low + next(high - low))

const MIXES: Mix[] = [
  { name: 'nodes and entries', bound: 1.13, size: next => upTo(next, 2, 200) },
  { name: 'entries only', bound: 1.1, size: next => upTo(next, 8, 40) },
  { name: 'rarely large', bound: 1.6, size: next => upTo(next, 2, 2 + next(1) ** 6 * 60_000) },
  { name: 'values of kilobytes', bound: 1.3, size: next => upTo(next, 200, 2048) },
  { name: 'runs of all lengths', bound: 1.4, size: next => upTo(next, 2049, 60_000) },
  { name: 'two sizes', bound: 1.1, size: next => (next(20) < 19 ? 14 : 1500) },
  {
    name: 'small and large by turns',
    bound: 2,
    size: (next, step) => (step % 80_000 < 60_000 ? upTo(next, 2, 62) : upTo(next, 3000, 12_000)),
  },
  {
    name: 'sizes that wander',
    bound: 3.5,
    size: (next, step) => 2 + ((Math.floor(step / 5000) * 37) % 2000) + upTo(next, 0, 20),
  },
  {
    name: 'sizes that grow',
    bound: 3.5,
    size: (next, step) => 2 + (Math.floor(step / 1000) % 3000) + upTo(next, 0, 8),
  },
]

function inUse(heap: Heap): number {
  return ((heap.touched - heap.firstPage) * PAGE_WORDS) / VOLUME
}

/** Adds a block and lets random others die for it. */
function replace(heap: Heap, words: number, next: Next): void {
  while (heap.live + words > VOLUME) heap.remove(Math.floor(next(heap.blocks.length)))
  if (!heap.add(words)) throw new Error('the arena is full')
}

describe('fragmentation', () => {
  for (const mix of MIXES) {
    test(`${mix.name}: at most ${mix.bound} of the live volume`, () => {
      const heap = new Heap(PAGES)
      const next = random(1)
      const steps = 400_000
      let half = 0
      for (let step = 0; step < steps; step++) {
        replace(heap, mix.size(next, step), next)
        if (step === steps / 2) half = inUse(heap)
      }
      expect(inUse(heap)).toBeLessThan(mix.bound)
      expect(inUse(heap)).toBeLessThan(half * 1.15)
      heap.verify()
      heap.drain()
    })
  }

  test.each([4, 16, 64])('saw teeth of ever new sizes, one in %i staying', keep => {
    const heap = new Heap(PAGES)
    const next = random(keep)
    let half = 0
    for (let round = 0; round < 60; round++) {
      const least = 2 + ((round * 211) % 3000)
      while (heap.live + 2 * least + 200 < VOLUME) heap.add(upTo(next, least, least + 60))
      heap.removeWhere(index => index % keep !== 0)
      if (round % 10 === 0) heap.verify()
      if (round === 30) half = inUse(heap)
    }
    expect(inUse(heap)).toBeLessThan(2.2)
    expect(inUse(heap)).toBeLessThan(half * 1.1)
    heap.drain()
  })

  test('overwriting in place of what was deleted never moves the mark', () => {
    const heap = new Heap(PAGES)
    const next = random(9)
    const sizes = Array.from({ length: 20_000 }, (_, i) => upTo(next, 2, i % 50 ? 100 : 5000))
    for (const words of sizes) heap.add(words)
    heap.removeWhere(() => true)
    const { touched } = heap
    for (let round = 0; round < 10; round++) {
      for (const words of sizes) heap.add(words)
      heap.removeWhere(() => true)
      expect(heap.touched).toBe(touched)
    }
    heap.drain()
  })
})
