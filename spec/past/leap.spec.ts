/** Jumps over what lies outside a box, in whole codes: against a search of the curve bit by bit. */
import { describe, expect, it } from 'vitest'
import { boxOf } from '../../lib/engine/points.js'
import { zorder } from '../../lib/index.js'
import type { Box } from '../../lib/key/box.js'
import { ZOrder } from '../../lib/key/zorder.js'
import { Leap } from '../../lib/tree/leap.js'
import { Random } from '../support/random.js'
import { scaled as runs } from '../support/runs.js'
import { Points, SHAPES } from '../zorder/arbitraries.js'
import { interleave, orderedOf, type Point, widthOf } from '../zorder/oracle.js'
import { anyCorners, LISTS } from './past.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

/** A code as bits, its spare bits cut off. */
function bitsOf(code: Uint32Array, bits: number): string {
  return [...code]
    .map(word => word.toString(2).padStart(32, '0'))
    .join('')
    .slice(0, bits)
}

function wordsOf(bits: string): Uint32Array {
  const count = (bits.length + 31) >>> 5
  const all = bits.padEnd(32 * count, '0')
  return Uint32Array.from({ length: count }, (_, i) =>
    Number.parseInt(all.slice(32 * i, 32 * i + 32), 2),
  )
}

/**
 * The first code of a box on the curve that is not before `code`, as bits; null: there is none. Goes down the cells
 * of the curve, and into none that is outside the box or before the code.
 */
function nextIn(
  box: Box,
  owners: readonly number[],
  code: string,
  isReverse: boolean,
): string | null {
  const { bits } = box.curve
  const [low, high] = [bitsOf(box.low, bits), bitsOf(box.high, bits)]
  const side = (of: string, dimension: number, length: number) =>
    [...of.slice(0, length)].filter((_, i) => owners[i] === dimension).join('')
  const isOutside = (cell: string) => {
    const dimension = owners[cell.length - 1] as number
    const own = side(cell, dimension, cell.length)
    return own < side(low, dimension, cell.length) || own > side(high, dimension, cell.length)
  }
  const below = (cell: string): string | null => {
    const edge = code.slice(0, cell.length)
    if (isReverse ? cell > edge : cell < edge) return null
    if (cell !== '' && isOutside(cell)) return null
    if (cell.length === bits) return cell
    const [near, far] = isReverse ? ['1', '0'] : ['0', '1']
    return below(cell + near) ?? below(cell + far)
  }
  return below('')
}

describe(`leaps, seeds ${SEED} and on`, () => {
  it('come to the next code inside, either way', () => {
    let [inside, outside, none] = [0, 0, 0]
    for (let run = 0; run < runs(1500); run++) {
      const seed = SEED + run
      const random = new Random(seed)
      const dimensions = random.pick(LISTS)
      const curve = ZOrder.curveOf(zorder(dimensions as never))
      if (curve === undefined) throw new Error('no curve')
      const { bits } = curve
      // Whose bit stands at each place of a code.
      const owners = Array.from({ length: bits }, (_, at) => {
        return curve.masks.findIndex(mask => bitsOf(mask, bits)[at] === '1')
      })
      const points = new Points(dimensions, random.pick(SHAPES), random)
      const codeOf = (point: Point) => {
        const ordered = dimensions.map((one, d) => orderedOf(one, point[d] as number))
        return interleave(dimensions, ordered)
      }
      expect(bits).toBe(dimensions.map(widthOf).reduce((a, b) => a + b))
      const [a, b] = anyCorners(points, random)
      const box = boxOf(curve, a, b)
      if (box.isEmpty) continue
      for (const isReverse of [false, true]) {
        const leap = new Leap(box, isReverse)
        for (let n = 0; n < 8; n++) {
          const code = codeOf(points.next())
          const expected = nextIn(box, owners, code, isReverse)
          // Somewhere among other words.
          const words = Uint32Array.of(7, ...wordsOf(code), 7)
          const where = `seed ${seed}, ${JSON.stringify({ dimensions, a, b, code, isReverse })}`
          expect(leap.holds(words, 1), where).toBe(expected === code)
          expect(leap.next(words, 1), where).toBe(expected !== null)
          if (expected !== null) expect(leap.code, where).toEqual(wordsOf(expected))
          if (expected === code) inside++
          else if (expected === null) none++
          else outside++
        }
      }
    }
    console.log('leaps', { inside, outside, none })
    expect(Math.min(inside, outside, none)).toBeGreaterThan(0)
  })
})
