/**
 * A vector that others are compared with by their codes: how like it they are, at most and more or less.
 *
 * Likeness is an inner product that is the larger the nearer: see codes.ts. What rounding to codes can change of it is bounded: for
 * a query q and a vector v, and what is lost of either in its code,
 *
 *     |q·v − q̂·v̂|  ≤  |q| |v − v̂| + |q − q̂| |v̂|,   where |v − v̂| ≤ √dims / 2 quanta of v's code.
 *
 * Under 'euclid' a distance from v̂ itself, where nothing else is kept, has |v̂|² in place of |v|²; and a distance is as likeness
 * what is left of |q|², which may be much more.
 */
import { Codes, squaresOf, type VectorMetric } from './codes.js'

/** More than what 64-bit sums and the rounding of scales and biases to 32 bits can lose, of 1. */
const LOST = 2 ** -20
/** What 32 bits lose of a scale where it is tiny, times 256; of a square; and of a bias. */
const LEAST_SCALE = 2 ** -142
const LEAST_SQUARE = 2 ** -148
const LEAST = 2 ** -140

/** How vectors are compared, and whether they are known by their codes only: 'int8'. */
interface QueryForm {
  readonly metric: VectorMetric
  readonly element: string
}

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
  /** Distances are from codes, and their squares count. */
  readonly #isOfSquares: boolean
  /** What is lost of a sum with the square of the query. */
  readonly #ofSquares: number

  /** @param form of the vectors that it is compared with */
  constructor(vector: Float32Array, { metric, element }: QueryForm) {
    const codes = new Codes(vector.length, metric)
    this.metric = metric
    this.vector = vector
    this.squares = squaresOf(vector)
    this.code = new Int8Array(codes.stride)
    codes.encode(vector, this.code, 0)
    this.scale = codes.scale
    const length = Math.sqrt(this.squares)
    const unit = metric === 'cosine' ? length : 1
    let lost = 0
    for (let i = 0; i < vector.length; i++) {
      const part = vector[i] / unit - this.code[i] * codes.scale
      lost += part * part
    }
    this.#length = length / unit
    this.#lost = Math.sqrt(lost)
    this.#halfQuantum = Math.sqrt(vector.length) / 2
    this.#isOfSquares = element === 'int8' && metric === 'euclid'
    this.#ofSquares = metric === 'euclid' ? this.squares * LOST : 0
  }

  /** How like it a code is, by the product of both codes. */
  likeness(product: number, scale: number, bias: number): number {
    return product * this.scale * scale + (this.metric === 'euclid' ? bias : 0)
  }

  /** How much more like it the vector of a code may be. */
  slack(scale: number, bias: number): number {
    const own = this.metric === 'cosine' ? 1 : Math.sqrt(LEAST_SQUARE - 2 * bias)
    const lost = this.#halfQuantum * (scale + LEAST_SCALE)
    let slack = this.#length * lost + this.#lost * (own + lost)
    if (this.#isOfSquares) slack += lost * (own + lost)
    return slack + (this.#length * (own + lost) + own * own) * LOST + this.#ofSquares + LEAST
  }

  /** The likeness of a vector at a distance. */
  likenessAt(distance: number): number {
    if (this.metric === 'cosine') return 1 - distance
    return this.metric === 'dot' ? -distance : (this.squares - distance * distance) / 2
  }
}
