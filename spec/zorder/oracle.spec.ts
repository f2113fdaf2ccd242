/** The oracle against itself and against results worked out by hand. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { dimension, dimensions, limitOf, Points, quantised, rawOf, SHAPES } from './arbitraries.js'
import {
  beginOf,
  cellOf,
  coordinateOf,
  type Dimension,
  EARTH_RADIUS,
  euclidean,
  greatCircle,
  inBox,
  interleave,
  nearestBy,
  orderedOf,
  type Point,
  rowOf,
  storedOf,
  tolerance,
  widthOf,
} from './oracle.js'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** The inverse of `interleave`, bit by bit from the other end. */
function separate(list: readonly Dimension[], bits: string): bigint[] {
  const values = list.map(() => 0n)
  const left = list.map(widthOf)
  for (let at = 0; at < bits.length; ) {
    const round = Math.max(...left)
    const before = Math.max(...list.map(widthOf)) - round
    list.forEach((one, d) => {
      if (widthOf(one) <= before) return
      values[d] = values[d] * 2n + BigInt(bits[at++])
      left[d]--
    })
  }
  return values
}

const rows = (list: Dimension[], points: Point[]) => points.map(p => rowOf(list, p, undefined, 0))

describe('the oracle of Z-order keys', () => {
  it('interleaves as worked out by hand', () => {
    expect(interleave(['uint8', 'uint8'], [0b11110000n, 0b11001010n])).toBe('1111101001000100')
    const three: Dimension = { type: 'float', min: 0, max: 1, bits: 3 }
    expect(interleave([three, 'uint8'], [0b101n, 0b01101001n])).toBe('10011101001')
    expect(interleave(['uint8', three, three], [0b10000001n, 0b011n, 0b110n])).toBe(
      ['101', '011', '010', '00001'].join(''),
    )
    expect(rowOf(['uint8', 'uint8'], [1, 2], 0, 0).code).toBe('\0\x06')
    expect(rowOf(['int8', 'uint8'], [-128, 255], 0, 0).code).toBe('UU')
    expect(rowOf(['int8'], [-1], 0, 0).code).toBe('\x7f')
  })

  it('orders the values of each dimension', () => {
    expect(orderedOf('float64', 0)).toBe(1n << 63n)
    expect(orderedOf('float64', -0)).toBe(1n << 63n)
    expect(orderedOf('float64', 1)).toBe(0xbff0000000000000n)
    expect(orderedOf('float64', -1)).toBe(0x400fffffffffffffn)
    expect(orderedOf('float32', -Infinity)).toBe(0x007fffffn)
    expect(orderedOf('date', new Date(0))).toBe(1n << 53n)
    expect(orderedOf('int16', -32768)).toBe(0n)
    const property = fc.property(dimension, seeds, (one, seed) => {
      const random = new Random(seed)
      const any = () => (random.chance(0.5) ? rawOf(one, random) : limitOf(one, random))
      const [a, b] = [any(), any()]
      const order = orderedOf(one, a) - orderedOf(one, b)
      if (typeof one !== 'string') {
        if (storedOf(one, a) < storedOf(one, b)) expect(order).toBeLessThan(0n)
      } else {
        expect(Number(order > 0n) - Number(order < 0n)).toBe(
          Math.sign(Number(a > b) - Number(a < b)),
        )
        expect(coordinateOf(one, orderedOf(one, a))).toEqual(a instanceof Date ? a : Number(a) + 0)
      }
      expect(orderedOf(one, a)).toBeLessThan(1n << BigInt(widthOf(one)))
      expect(orderedOf(one, a)).toBeGreaterThanOrEqual(0n)
      expect(orderedOf(one, storedOf(one, a))).toBe(orderedOf(one, a))
    })
    fc.assert(property, { numRuns: scaled(3000) })
  })

  it('finds the cell whose begin is the last not above', () => {
    const tenths: Dimension = { type: 'float', min: 0, max: 1, bits: 2 }
    expect([0, 0.24, 0.25, 0.5, 0.99, 1].map(x => cellOf(tenths, x))).toEqual([0, 0, 1, 2, 3, 3])
    fc.assert(
      fc.property(quantised, seeds, (one, seed) => {
        const value = Number(limitOf(one, new Random(seed)))
        const cell = cellOf(one, value)
        expect(beginOf(one, cell)).toBeLessThanOrEqual(value)
        if (cell < 2 ** one.bits - 1) expect(beginOf(one, cell + 1)).toBeGreaterThan(value)
        expect(cellOf(one, one.max)).toBe(2 ** one.bits - 1)
      }),
      { numRuns: scaled(3000) },
    )
  })

  it('separates what it interleaved, and its order is that of the first bit that differs', () => {
    const property = fc.property(
      dimensions,
      seeds,
      fc.constantFrom(...SHAPES),
      (list, seed, shape) => {
        const points = new Points(list, shape, new Random(seed))
        const [a, b] = [points.next(), points.next()]
        const ordered = (point: Point) => list.map((one, d) => orderedOf(one, point[d]))
        expect(separate(list, interleave(list, ordered(a)))).toEqual(ordered(a))
        const [first, second] = rows(list, [a, b])
        // The dimension whose differing bit is highest from the top decides; the first if several.
        let decides = -1
        let depth = Infinity
        list.forEach((one, d) => {
          const differing = ordered(a)[d] ^ ordered(b)[d]
          if (differing === 0n) return
          const from = widthOf(one) - differing.toString(2).length
          if (from < depth) [depth, decides] = [from, d]
        })
        if (decides < 0) expect(first.code).toBe(second.code)
        else expect(first.code < second.code).toBe(ordered(a)[decides] < ordered(b)[decides])
      },
    )
    fc.assert(property, { numRuns: scaled(1000) })
  })

  it('takes a box and neighbours as worked out by hand', () => {
    const list: Dimension[] = ['int8', 'date']
    const at = (x: number, ms: number): Point => [x, new Date(ms)]
    const all = rows(list, [at(0, 0), at(3, 4), at(-3, 4), at(3, -4), at(6, 8)])
    const found = inBox(all, [
      [-0.5, null],
      [Infinity, new Date(4)],
    ])
    expect(found.map(({ at }) => at)).toEqual([
      [0, 0],
      [3, 4],
      [3, -4],
    ])
    const near = (k: number, options = {}) =>
      nearestBy(all, row => euclidean(row, at(0, 0)), k, options).map(({ distance }) => distance)
    expect(near(Infinity)).toEqual([0, 5, 5, 5, 10])
    expect(near(2)).toEqual([0, 5])
    expect(near(9, { within: 5 })).toEqual([0, 5, 5, 5])
    expect(euclidean(all[1], [null, new Date(0)], [7, 2])).toBe(8)
    expect(euclidean(all[1], at(0, 0), [0, 2])).toBe(8)
  })

  it('measures the sphere', () => {
    const close = (a: number[], b: number[], metres: number) => {
      expect(Math.abs(greatCircle(a, b) - metres)).toBeLessThan(1e-6)
    }
    const half = Math.PI * EARTH_RADIUS
    close([0, 0], [180, 0], half)
    close([0, 90], [123, -90], half)
    close([17, 90], [-99, 90], 0)
    close([179.5, 0], [-179.5, 0], half / 180)
    close([10, 20], [730, 21], half / 180)
    close([0, 0], [0, 45], half / 4)
    const random = new Random(1)
    for (let i = 0; i < 5000; i++) {
      const [p, q] = [0, 1].map(() => [random.int(720) - 360 + 0.1, random.int(181) - 90])
      const rad = (x: number) => (x * Math.PI) / 180
      const h =
        Math.sin(rad(q[1] - p[1]) / 2) ** 2 +
        Math.cos(rad(p[1])) * Math.cos(rad(q[1])) * Math.sin(rad(q[0] - p[0]) / 2) ** 2
      const metres = 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(h)))
      expect(Math.abs(metres - greatCircle(p, q))).toBeLessThan(tolerance(metres))
    }
  })
})
