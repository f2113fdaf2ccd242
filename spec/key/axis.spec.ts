/**
 * Quantised dimensions where doubles are scarce: cells narrower than numbers lie apart, huge and tiny
 * ranges. A number belongs to the last cell that does not begin above it, however the arithmetic rounds.
 */
import { describe, expect, it } from 'vitest'
import { Axis } from '../../lib/key/axis.js'
import { Random } from '../support/random.js'

const RANGES = [
  { min: 0, max: 360, bits: 53 },
  { min: -180, max: 180, bits: 53 },
  { min: 0, max: 1, bits: 53 },
  { min: 0.1, max: 0.3, bits: 52 },
  { min: 1e6, max: 1e6 + 1, bits: 53 },
  { min: -5, max: 250, bits: 40 },
  { min: -1e308, max: 7e307, bits: 33 },
  { min: 1e-300, max: 1e-290, bits: 20 },
  { min: -3, max: -2, bits: 1 },
]

describe.each(RANGES)('$bits bits from $min to $max', ({ min, max, bits }) => {
  const axis = new Axis({ type: 'float', min, max, bits }, 0)
  const last = 2 ** bits - 1
  const begin = (cell: number) => min + cell * ((max - min) / 2 ** bits)
  const random = new Random(bits)
  const values = Array.from({ length: 2000 }, (_, i) => {
    const at = random.next() / 2 ** 32
    if (i % 3 === 0) return begin(Math.floor(at * last))
    return Math.min(max, Math.max(min, min + at * (max - min)))
  })

  it.each(['encode', 'floor'] as const)('%s takes the last cell that begins at or below', way => {
    const to = new Uint32Array(2)
    for (const value of [min, max, ...values]) {
      expect(axis[way](value, to, 0)).not.toBe(false)
      const cell = axis.count(to[0] as number, to[1] as number)
      expect(begin(cell)).toBeLessThanOrEqual(value)
      if (cell < last) expect(begin(cell + 1)).toBeGreaterThan(value)
      // Read back and put again it is the same.
      const again = new Uint32Array(2)
      axis.encode(axis.coordinate(to[0] as number, to[1] as number), again, 0)
      expect(again).toEqual(to)
    }
  })

  it('ceiling takes the first cell that does not begin below', () => {
    const to = new Uint32Array(2)
    for (const value of values) {
      const isThere = axis.ceiling(value, to, 0)
      expect(isThere).toBe(begin(last) >= value)
      if (!isThere) continue
      const cell = axis.count(to[0] as number, to[1] as number)
      expect(begin(cell)).toBeGreaterThanOrEqual(value)
      if (cell > 0 && begin(cell - 1) >= value) expect(begin(cell - 1)).toBe(begin(cell))
    }
  })
})
