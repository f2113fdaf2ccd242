/** The size classes: their waste, and that the tables agree with each other. */

import { describe, expect, test } from 'vitest'
import { N_MAX, NODE_ALIGN } from '../../lib/memory/layout.js'
import * as sizes from '../../lib/memory/sizes.js'
import { capacityFor, nodeWords } from '../../lib/tree/node.js'

describe('size classes', () => {
  test('rise, are even, and end at the largest small block', () => {
    const all = [...sizes.SIZES]
    expect(all).toEqual([...new Set(all)].sort((a, b) => a - b))
    expect(all.every(size => size % 2 === 0)).toBe(true)
    expect(all[0]).toBe(2)
    expect(all[sizes.CLASSES - 1]).toBe(sizes.LARGEST_SMALL)
  })

  test('meet the common sizes exactly', () => {
    for (const words of [14, 20, 36, 52, 68, 84, 100, 116]) {
      expect(sizes.SIZES[sizes.CLASS_OF[words]]).toBe(words)
    }
  })

  test('have all that nodes need, whose blocks lie at multiples of what divides their sizes', () => {
    for (let level = 0; level < 2; level++) {
      for (let count = 1; count <= N_MAX; count++) {
        const words = nodeWords(level, capacityFor(level, count))
        expect(words % sizes.ALIGNED).toBe(0)
        expect(sizes.SIZES[sizes.CLASS_OF[words]]).toBe(words)
        expect(capacityFor(level, count)).toBeGreaterThanOrEqual(count)
      }
    }
    expect(sizes.PAGE_WORDS % sizes.ALIGNED).toBe(0)
    expect(sizes.ALIGNED).toBe(NODE_ALIGN)
  })

  test('give every size the smallest class that holds it', () => {
    for (let words = 0; words <= sizes.LARGEST_SMALL; words++) {
      const index = sizes.CLASS_OF[words]
      expect(sizes.SIZES[index]).toBeGreaterThanOrEqual(words)
      if (index > 0) expect(sizes.SIZES[index - 1]).toBeLessThan(words)
      if (words > 64) expect(sizes.SIZES[index] / words).toBeLessThan(1 + 1 / 16)
    }
  })

  test('lose little at the end of a slab, of which each is short', () => {
    const losing: number[] = []
    for (let index = 0; index < sizes.CLASSES; index++) {
      const words = sizes.SLAB_PAGES[index] * sizes.PAGE_WORDS
      const slots = sizes.CAPACITIES[index] * sizes.SIZES[index]
      expect(slots).toBeLessThanOrEqual(words)
      if (1 - slots / words > 1 / 16) losing.push(sizes.SIZES[index])
      expect(1 - slots / words).toBeLessThan(0.094)
      expect(sizes.CAPACITIES[index]).toBeGreaterThanOrEqual(2)
      expect(sizes.SLAB_PAGES[index]).toBeLessThanOrEqual(sizes.MOST_SLAB_PAGES)
    }
    expect(losing).toEqual([928, 1088, 1856])
  })
})
