/**
 * The coordinates of one dimension from a window: the 32 bits of a code that follow a node's depth. The
 * part that the bits before the window decide is computed once for all codes of the node.
 *
 * Any thread; a projection belongs to its maker.
 */
import type { Axis } from '../key/axis.js'
import type { Curve } from '../key/curve.js'
import { prepareSqueeze, squeeze } from '../key/squeeze.js'
import { keyBits } from '../memory/words.js'

const ALL = 0xffffffff

export class Projection {
  readonly #curve: Curve
  readonly #dimension: number
  readonly #axis: Axis
  /** The dimension's bits in the window, how many there are, and how many stand before it. */
  #mask = 0
  #count = 0
  #before = 0
  readonly #moves: number[] = [0, 0, 0, 0, 0]
  /** The bits before the window, as an ordered integer. */
  #high = 0
  #low = 0
  /** For a linear axis: the count of these bits, and how much one in the window's last bit adds. */
  #base = 0
  #unit = 0

  constructor(curve: Curve, dimension: number) {
    this.#curve = curve
    this.#dimension = dimension
    this.#axis = curve.axes[dimension]
  }

  /** Prepares the window from place `depth` on of codes that share the bits before it with `ordered`. */
  look(depth: number, ordered: Uint32Array): void {
    const d = this.#dimension
    const { words, before, masks, bits } = this.#curve
    const place = Math.min(depth, bits)
    this.#before = before[d][place]
    this.#count = before[d][Math.min(place + 32, bits)] - this.#before
    const mask = keyBits(masks[d], 0, words, depth)
    if (mask !== this.#mask) prepareSqueeze(mask, this.#moves, 0)
    this.#mask = mask
    const kept = this.#before
    this.#high = kept === 0 ? 0 : ordered[2 * d] & ~(kept >= 32 ? 0 : ALL >>> kept)
    this.#low = kept <= 32 ? 0 : ordered[2 * d + 1] & ~(kept === 64 ? 0 : ALL >>> (kept - 32))
    if (this.#axis.linear) {
      this.#base = this.#axis.count(this.#high >>> 0, this.#low >>> 0)
      this.#unit = 2 ** (this.#axis.bits - kept - this.#count)
    }
  }

  /** Writes the coordinates of the corners of the cell between two window codes. */
  corners(least: number, greatest: number, low: number[], high: number[]): void {
    const d = this.#dimension
    const axis = this.#axis
    const first = squeeze(least, this.#mask, this.#moves, 0)
    const last = squeeze(greatest, this.#mask, this.#moves, 0)
    if (axis.linear) {
      const { origin, step } = axis
      low[d] = origin + (this.#base + first * this.#unit) * step
      high[d] = origin + (this.#base + last * this.#unit + (this.#unit - 1)) * step
    } else {
      low[d] = this.#float(first, 0)
      high[d] = this.#float(last, ALL)
    }
  }

  /** The coordinate with `bits` in the window and `rest` behind it. */
  #float(bits: number, rest: number): number {
    const before = this.#before
    const behind = before + this.#count
    const left = this.#count === 0 ? 0 : bits << (32 - this.#count)
    let high = this.#high
    let low = this.#low
    if (before < 32) {
      high |= left >>> before
      if (before > 0) low |= left << (32 - before)
    } else low |= before === 64 ? 0 : left >>> (before - 32)
    if (behind < 32) {
      high |= rest >>> behind
      low |= rest
    } else if (behind < 64) low |= rest >>> (behind - 32)
    return this.#axis.coordinate(high >>> 0, low >>> 0)
  }
}
