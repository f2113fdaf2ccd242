/**
 * One dimension's coordinates out of the 32 bits of a code that follow a node's depth. For who asks
 * often: what the depth rules is prepared once.
 *
 * Bits under a mask are brought together in five steps (H. S. Warren, Hacker's Delight, 2nd ed., 7–4).
 * Any thread; belongs to who made it.
 */
import type { Axis } from '../key/axis.js'
import type { Curve } from '../key/curve.js'
import { keyBits } from '../memory/words.js'

const ALL = 0xffffffff

export class Squeeze {
  readonly #curve: Curve
  readonly #dimension: number
  readonly #axis: Axis
  /** The dimension's bits in the window, how many there are, and how many stand before it. */
  #mask = 0
  #count = 0
  #before = 0
  /** Which bits move by 1, 2, 4, 8 and 16 places. */
  readonly #moves: number[] = [0, 0, 0, 0, 0]
  /** The bits before the window, as an ordered integer. */
  #high = 0
  #low = 0
  /** For a linear axis: the count that they make, and what one in the window's last bit adds. */
  #base = 0
  #unit = 0

  constructor(curve: Curve, dimension: number) {
    this.#curve = curve
    this.#dimension = dimension
    this.#axis = curve.axes[dimension]
  }

  /** Takes up the window from place `depth` on of codes that share the bits before with `ordered`. */
  look(depth: number, ordered: Uint32Array): void {
    const d = this.#dimension
    const { words, before, masks, bits } = this.#curve
    const place = Math.min(depth, bits)
    this.#before = before[d][place]
    this.#count = before[d][Math.min(place + 32, bits)] - this.#before
    this.#prepare(keyBits(masks[d], 0, words, depth))
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
    const first = this.#squeeze(least)
    const last = this.#squeeze(greatest)
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

  #squeeze(code: number): number {
    const moves = this.#moves
    let x = code & this.#mask
    for (let i = 0; i < 5; i++) {
      const moving = x & moves[i]
      x = (x ^ moving) | (moving >>> (1 << i))
    }
    return x >>> 0
  }

  #prepare(mask: number): void {
    if (mask === this.#mask) return
    this.#mask = mask
    let left = mask
    let zeros = ~mask << 1
    for (let i = 0; i < 5; i++) {
      let parity = zeros ^ (zeros << 1)
      parity ^= parity << 2
      parity ^= parity << 4
      parity ^= parity << 8
      parity ^= parity << 16
      const move = parity & left
      left = (left ^ move) | (move >>> (1 << i))
      zeros &= ~parity
      this.#moves[i] = move
    }
  }
}
