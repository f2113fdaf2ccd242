/**
 * How near the codes of a stretch of the curve, from one code to another, can be to a point.
 *
 * As for the nodes of a tree (nearest.ts), but for whole codes: cut at the first bit in which its ends differ, the stretch
 * is two cells, boxes with sides that are powers of two, which shrink further by the bits in which the ends run along
 * the cut.
 *
 * Any thread; stretches belong to their maker.
 */
import type { Curve } from '../key/curve.js'
import { numbers } from '../memory/words.js'
import type { Metric } from './metric.js'

const ALL = 0xffffffff

export class Stretches {
  /** The first and the last code of the curve. */
  readonly first: Uint32Array
  readonly last: Uint32Array
  readonly #curve: Curve
  readonly #metric: Metric
  /** The least and the greatest code of a cell; the ordered integers of a code. */
  readonly #least: Uint32Array
  readonly #greatest: Uint32Array
  readonly #ordered: Uint32Array
  /** Coordinates of a point, or of a cell's corners. */
  readonly #low: number[]
  readonly #high: number[]

  constructor(curve: Curve, metric: Metric) {
    const { words, bits, axes } = curve
    this.#curve = curve
    this.#metric = metric
    this.first = new Uint32Array(words)
    this.last = new Uint32Array(words).fill(ALL)
    if ((bits & 31) !== 0) this.last[words - 1] = ~(ALL >>> (bits & 31))
    this.#least = new Uint32Array(words)
    this.#greatest = new Uint32Array(words)
    this.#ordered = new Uint32Array(2 * axes.length)
    this.#low = numbers(axes.length)
    this.#high = numbers(axes.length)
  }

  /** The distance of the point whose code is at `words[at]`. */
  distance(words: Uint32Array, at: number): number {
    this.#locate(words, at, this.#low)
    return this.#metric.distance(this.#low)
  }

  /** A distance that the point of no code from `a` to `b`, both included, falls below. */
  bound(a: Uint32Array, b: Uint32Array): number {
    const { bits } = this.#curve
    let i = 0
    while (i < a.length && a[i] === b[i]) i++
    if (i === a.length) return this.#cell(a, bits)
    const cut = 32 * i + Math.clz32(a[i] ^ b[i])
    // From a to the last code with its bit at the cut; from the first code with b's bit there to b.
    const left = this.#cell(a, cut + 1 + this.#run(a, cut + 1, ALL))
    if (left === 0) return 0
    return Math.min(left, this.#cell(b, cut + 1 + this.#run(b, cut + 1, 0)))
  }

  /** How many bits of a code, from a place on, are those of `bits`, which is 0 or all ones. */
  #run(code: Uint32Array, place: number, bits: number): number {
    const end = this.#curve.bits
    let at = place
    while (at < end) {
      const left = 32 - (at & 31)
      const same = Math.min(left, Math.clz32((code[at >>> 5] ^ bits) << (at & 31)))
      at += same
      if (same < left) break
    }
    return Math.min(at, end) - place
  }

  /** The least distance to the cell of the codes whose first `count` bits are those of `code`. */
  #cell(code: Uint32Array, count: number): number {
    const least = this.#least
    const greatest = this.#greatest
    for (let i = 0; i < code.length; i++) {
      const kept = count - 32 * i
      const open = kept >= 32 ? 0 : kept <= 0 ? ALL : ALL >>> kept
      least[i] = code[i] & ~open
      greatest[i] = (code[i] | open) & this.last[i]
    }
    this.#locate(least, 0, this.#low)
    this.#locate(greatest, 0, this.#high)
    return this.#metric.bound(this.#low, this.#high)
  }

  /** Writes the coordinates, of the dimensions that count, of the code at `words[at]`. */
  #locate(words: Uint32Array, at: number, to: number[]): void {
    const { axes } = this.#curve
    const { dimensions } = this.#metric
    const ordered = this.#ordered
    this.#curve.decode(words, at, ordered)
    for (let i = 0; i < dimensions.length; i++) {
      const d = dimensions[i]
      to[d] = axes[d].coordinate(ordered[2 * d], ordered[2 * d + 1])
    }
  }
}
