/**
 * The next code inside a box, against looking at every code: all boxes of small grids, from every code.
 */
import { describe, expect, it } from 'vitest'
import { Axis } from '../../lib/key/axis.js'
import { bigmin } from '../../lib/key/bigmin.js'
import { Curve } from '../../lib/key/curve.js'

/** Widths of the dimensions of each grid, in bits. */
const GRIDS = [[5], [3, 3], [1, 4], [4, 2], [2, 2, 2], [1, 3, 2], [2, 1, 1, 2], [1, 1, 1, 1, 1, 1]]

interface Grid {
  curve: Curve
  /** Coordinates of every code, in order; and the word it stands in. */
  cells: { code: number; at: number[] }[]
}

function gridOf(widths: number[]): Grid {
  const axes = widths.map((bits, d) => new Axis({ type: 'float', min: 0, max: 2 ** bits, bits }, d))
  const curve = new Curve(axes)
  const cells = Array.from({ length: 2 ** curve.bits }, (_, i) => {
    const code = i * 2 ** (32 - curve.bits)
    const ordered = new Uint32Array(2 * widths.length)
    curve.decode(Uint32Array.of(code), 0, ordered)
    return { code, at: widths.map((bits, d) => (ordered[2 * d] as number) >>> (32 - bits)) }
  })
  return { curve, cells }
}

/** Every box of the grid: a pair of sides for each dimension. */
function boxesOf(widths: number[]): [number, number][][] {
  let boxes: [number, number][][] = [[]]
  for (const bits of widths) {
    const sides: [number, number][] = []
    for (let a = 0; a < 2 ** bits; a++) for (let b = a; b < 2 ** bits; b++) sides.push([a, b])
    boxes = boxes.flatMap(box => sides.map(side => [...box, side]))
  }
  return boxes
}

describe('BIGMIN', () => {
  it.each(GRIDS.map(widths => ({ widths })))('is right on a grid of $widths bits', ({ widths }) => {
    const { curve, cells } = gridOf(widths)
    const masks = curve.masks.map(mask => mask[0] as number)
    let asked = 0
    for (const box of boxesOf(widths)) {
      const isInside = (at: number[]) =>
        box.every(([a, b], d) => (at[d] as number) >= a && (at[d] as number) <= b)
      const inside = cells.map(({ at }) => isInside(at))
      const corner = (side: 0 | 1) =>
        cells.find(({ at }) => at.every((x, d) => x === box[d]?.[side]))?.code as number
      const [low, high] = [corner(0), corner(1)]
      // A dimension that the box leaves whole may be among those it bounds, or not.
      const isWhole = box.map(([a, b], d) => a === 0 && b === 2 ** (widths[d] as number) - 1)
      for (const isFree of isWhole.includes(true) ? [false, true] : [false]) {
        const bounded = masks.filter((_, d) => !isFree || !isWhole[d])
        const lows = bounded.map(mask => (low & mask) >>> 0)
        const highs = bounded.map(mask => (high & mask) >>> 0)
        const free = masks.filter(mask => !bounded.includes(mask)).reduce((a, b) => a | b, 0)
        let next = -1
        for (let i = cells.length - 1; i >= 0; i--) {
          const { code } = cells[i] as Grid['cells'][number]
          if (inside[i]) next = code
          const found = bigmin(code, bounded, lows, highs, bounded.length, free)
          if (found !== next) expect({ box, code, found }).toEqual({ box, code, found: next })
          asked++
        }
      }
    }
    expect(asked).toBeGreaterThan(cells.length)
  })
})
