/**
 * A box on a Z-order curve: the points that lie, in each dimension, between two sides, both included, and
 * whose codes lie between two codes.
 *
 * Invariant: no side is inverted unless `isEmpty`. Any thread; a box belongs to its maker.
 */
import type { Curve } from './curve.js'

export class Box {
  readonly curve: Curve
  /** Code of the corner with all lower sides, and of the corner with all upper sides. */
  readonly low: Uint32Array
  readonly high: Uint32Array
  /** The sides as ordered integers, two words a dimension; those of an open side are the axis' ends. */
  readonly lower: Uint32Array
  readonly upper: Uint32Array
  /** The first and the last code; null where the curve itself ends. */
  from: Uint32Array | null = null
  to: Uint32Array | null = null
  /** One bit a dimension: its lower (upper) side excludes something. Likewise `codes`: `from` (`to`). */
  lowSides = 0
  highSides = 0
  /** The bit after the last dimension's. */
  readonly codes: number
  isEmpty = false

  constructor(curve: Curve) {
    this.curve = curve
    this.codes = 1 << curve.axes.length
    this.low = new Uint32Array(curve.words)
    this.high = new Uint32Array(curve.words)
    this.lower = new Uint32Array(2 * curve.axes.length)
    this.upper = new Uint32Array(2 * curve.axes.length).fill(0xffffffff)
  }

  /** Computes the box from the sides in `lower` and `upper`; if a side is inverted the box is empty. */
  settle(): void {
    const { curve, low, high, lower, upper } = this
    for (let i = 0; i < lower.length; i += 2) {
      const isAbove = lower[i] > upper[i] || (lower[i] === upper[i] && lower[i + 1] > upper[i + 1])
      if (isAbove) this.isEmpty = true
    }
    if (this.isEmpty) return
    curve.encode(lower, low)
    curve.encode(upper, high)
    let lows = 0
    let highs = 0
    for (let d = 0; d < curve.masks.length; d++) {
      const mask = curve.masks[d]
      for (let i = 0; i < mask.length; i++) {
        if ((low[i] & mask[i]) !== 0) lows |= 1 << d
        if ((~high[i] & mask[i]) !== 0) highs |= 1 << d
      }
    }
    this.lowSides = lows
    this.highSides = highs
  }

  /**
   * Restricts the box, whose sides are settled, to the codes `from` to `to`, both included; null: to the
   * end of the curve.
   */
  between(from: Uint32Array | null, to: Uint32Array | null): void {
    this.from = from
    this.to = to
    if (from !== null) this.lowSides |= this.codes
    if (to !== null) this.highSides |= this.codes
  }
}
