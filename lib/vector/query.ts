/**
 * A vector that others are compared with by their codes: how like it they are, at most and more or less.
 *
 * Likeness is an inner product that is the larger the nearer: see codes.ts. What rounding to codes can change of it is bounded: for
 * a query q and a vector v, and what is lost of either in its code,
 *
 *     |q·v − q̂·v̂|  ≤  |q| |v − v̂| + |q − q̂| |v̂|,   where |v − v̂| ≤ √dims / 2 quanta of v's code.
 *
 * Where an index keeps codes only, the distance is that of v̂; under 'euclid' the bias is that of v all the same, and
 * ½ ||v|² − |v̂|²| ≤ |v − v̂| (|v| + |v − v̂|) comes on top.
 */
import { Codes, squaresOf, type VectorMetric } from './codes.js'

/** More than what 64-bit sums and the rounding of scales and biases to 32 bits can lose, of 1. */
const LOST = 2 ** -20
/** The same, where numbers are below what 32 bits can hold. */
const LEAST = 2 ** -140

export class VectorQuery {
  readonly metric: VectorMetric
  readonly vector: Float32Array
  readonly squares: number
  readonly code: Int8Array
  readonly scale: number
  /** Length of the query, and of what its code has lost; under 'cosine' as of a vector of length 1. */
  readonly #length: number
  readonly #lost: number
  readonly #halfQuantum: number
  readonly #ofCodes: boolean

  /** @param ofCodes vectors are known by their codes only */
  constructor(vector: Float32Array, metric: VectorMetric, ofCodes: boolean) {
    const codes = new Codes(vector.length, metric)
    this.metric = metric
    this.vector = vector
    this.squares = squaresOf(vector)
    this.code = new Int8Array(codes.stride)
    codes.encode(vector, this.code, 0)
    this.scale = codes.scale
    let lost = 0
    for (let i = 0; i < vector.length; i++) {
      const part = vector[i] - this.code[i] * codes.quantum
      lost += part * part
    }
    const length = Math.sqrt(this.squares)
    const isUnit = metric === 'cosine'
    this.#length = isUnit ? 1 : length
    this.#lost = Math.sqrt(lost) / (isUnit ? length : 1)
    this.#halfQuantum = Math.sqrt(vector.length) / 2
    this.#ofCodes = ofCodes && metric === 'euclid'
  }

  /** How like it a code is, by the product of both codes. */
  likeness(product: number, scale: number, bias: number): number {
    return product * this.scale * scale + (this.metric === 'euclid' ? bias : 0)
  }

  /** How much more like it the vector of a code may be. */
  slack(scale: number, bias: number): number {
    const own = this.metric === 'cosine' ? 1 : Math.sqrt(-2 * bias)
    const lost = this.#halfQuantum * scale
    const squares = this.#ofCodes ? lost * (own + lost) : 0
    const products = this.#length * lost + this.#lost * (own + lost) + squares
    return products + (this.#length * (own + lost) + own * own) * LOST + LEAST
  }

  /** The likeness of a vector at a distance. */
  likenessAt(distance: number): number {
    if (this.metric === 'cosine') return 1 - distance
    return this.metric === 'dot' ? -distance : (this.squares - distance * distance) / 2
  }
}
