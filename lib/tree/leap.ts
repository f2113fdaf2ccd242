/**
 * The box on the curve, for codes that lie in no tree: whether a code is inside, and the next one that is.
 *
 * BIGMIN and LITMAX (bigmin.ts, which tells the idea) on whole codes instead of windows of 32 bits. Backwards it is the
 * same with each bit flipped: the greatest code becomes the least. A box's first and last code are left to the caller.
 *
 * Any thread; a leap belongs to its maker.
 */
import type { Box } from '../key/box.js'

const ALL = 0xffffffff

export class Leap {
  /** The code that {@link next} came to. */
  readonly code: Uint32Array
  readonly #words: number
  readonly #dimensions: number
  /** What codes are flipped with: all bits backwards, none forwards. */
  readonly #flip: number
  /** Dimension by dimension, each as many words as a code: its bits; the least and the greatest, flipped. */
  readonly #masks: Uint32Array
  readonly #lows: Uint32Array
  readonly #highs: Uint32Array
  /** One bit a dimension: its lower (upper) side, flipped, excludes something. */
  readonly #lowSides: number
  readonly #highSides: number
  /** The bits that a code has. */
  readonly #all: Uint32Array

  /** @param box not empty */
  constructor(box: Box, isReverse: boolean) {
    const { curve, low, high, codes } = box
    const { words, masks } = curve
    const [from, to] = isReverse ? [high, low] : [low, high]
    const flip = isReverse ? ALL : 0
    this.code = new Uint32Array(words)
    this.#words = words
    this.#dimensions = masks.length
    this.#flip = flip
    this.#masks = new Uint32Array(masks.length * words)
    this.#lows = new Uint32Array(masks.length * words)
    this.#highs = new Uint32Array(masks.length * words)
    this.#all = new Uint32Array(words)
    for (let d = 0; d < masks.length; d++) {
      for (let i = 0; i < words; i++) {
        const mask = masks[d][i]
        this.#masks[d * words + i] = mask
        this.#lows[d * words + i] = (from[i] ^ flip) & mask
        this.#highs[d * words + i] = (to[i] ^ flip) & mask
        this.#all[i] |= mask
      }
    }
    const dimensions = codes - 1
    this.#lowSides = (isReverse ? box.highSides : box.lowSides) & dimensions
    this.#highSides = (isReverse ? box.lowSides : box.highSides) & dimensions
  }

  /** True if the code at `words[at]` is inside the box, its first and last code apart. */
  holds(words: Uint32Array, at: number): boolean {
    const count = this.#words
    const masks = this.#masks
    const lows = this.#lows
    const highs = this.#highs
    const flip = this.#flip
    for (let d = 0; d < this.#dimensions; d++) {
      let isLow = (this.#lowSides >>> d) & 1
      let isHigh = (this.#highSides >>> d) & 1
      for (let i = 0, k = d * count; i < count && (isLow | isHigh) !== 0; i++, k++) {
        const x = ((words[at + i] ^ flip) & masks[k]) >>> 0
        if (isLow !== 0) {
          if (x < lows[k]) return false
          if (x > lows[k]) isLow = 0
        }
        if (isHigh !== 0) {
          if (x > highs[k]) return false
          if (x < highs[k]) isHigh = 0
        }
      }
    }
    return true
  }

  /**
   * Finds the least code inside the box that is not below the one at `words[at]`; backwards, the greatest that is not
   * above it.
   * @returns false if there is none
   */
  next(words: Uint32Array, at: number): boolean {
    const flip = this.#flip
    const masks = this.#masks
    // Sides that the code equals so far; and the last place at which it can rise within the box.
    let lows = this.#lowSides
    let highs = this.#highSides
    let rise = -1
    for (let i = 0; i < this.#words; i++) {
      const z = words[at + i] ^ flip
      // Where the code leaves the box within this word.
      let out = 32
      let isAbove = false
      let room = 0
      for (let d = 0, k = i; d < this.#dimensions; d++, k += this.#words) {
        const side = 1 << d
        const mask = masks[k]
        const x = (z & mask) >>> 0
        if ((lows & side) !== 0) {
          const low = this.#lows[k]
          if (x !== low) lows &= ~side
          if (x < low && Math.clz32(x ^ low) < out) {
            out = Math.clz32(x ^ low)
            isAbove = false
          }
        }
        if ((highs & side) === 0) {
          room |= mask & ~z
          continue
        }
        const high = this.#highs[k]
        if (x !== high) highs &= ~side
        if (x < high) room |= mask & ~z & (ALL >>> Math.clz32(x ^ high))
        if (x > high && Math.clz32(x ^ high) < out) {
          out = Math.clz32(x ^ high)
          isAbove = true
        }
      }
      if (out < 32 && !isAbove) return this.#rise(words, at, 32 * i + out)
      if (out < 32) room &= out === 0 ? 0 : ~(ALL >>> out)
      if (room !== 0) rise = 32 * i + Math.clz32(room & -room)
      if (out < 32) return rise >= 0 && this.#rise(words, at, rise)
    }
    for (let i = 0; i < this.#words; i++) this.code[i] = words[at + i]
    return true
  }

  /** Sets the bit at `place` of the code, and makes all behind it as small as the box allows. */
  #rise(words: Uint32Array, at: number, place: number): true {
    const { code } = this
    const count = this.#words
    const flip = this.#flip
    const last = place >>> 5
    const bit = 0x80000000 >>> (place & 31)
    const behind = bit - 1
    for (let i = 0; i < count; i++) code[i] = i <= last ? words[at + i] ^ flip : 0
    code[last] = (code[last] | bit) & ~behind
    for (let d = 0; d < this.#dimensions; d++) {
      const first = d * count
      let isLow = (this.#lowSides >>> d) & 1
      for (let i = 0, k = first; i <= last && isLow !== 0; i++, k++) {
        const before = i === last ? ~behind : ALL
        if (((code[i] ^ this.#lows[k]) & this.#masks[k] & before) !== 0) isLow = 0
      }
      if (isLow === 0) continue
      code[last] |= this.#lows[first + last] & behind
      for (let i = last + 1; i < count; i++) code[i] |= this.#lows[first + i]
    }
    for (let i = 0; i < count; i++) code[i] = (code[i] ^ flip) & this.#all[i]
    return true
  }
}
