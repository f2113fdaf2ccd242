/**
 * Vectors as codes of signed bytes, and distances between vectors.
 *
 * A code is the vector times 127 over its largest coordinate, rounded. With it go two numbers, so that for a query
 * with the code `a` and a vector with the code `b`
 *
 *     likeness = (a · b) × a's scale × b's scale + b's bias
 *
 * is the larger the nearer they are: under 'cosine' the cosine of the codes, under 'dot' and 'euclid' an inner product, less half
 * of the vector's own, which orders by euclidean distance (and which a search by 'dot' leaves out).
 *
 * Any thread; each object belongs to one thread.
 */

/** How far two vectors are from each other: 1 − cos, −q·v, √Σ(q−v)². */
export type VectorMetric = 'cosine' | 'dot' | 'euclid'

export const METRICS: readonly VectorMetric[] = ['cosine', 'dot', 'euclid']

/** Bytes of a code are a multiple of this. */
const LANES = 16
const MOST = 127

/** Bytes of a code, padded. */
export function strideOf(dims: number): number {
  return Math.ceil(dims / LANES) * LANES
}

export class Codes {
  readonly dims: number
  readonly metric: VectorMetric
  /** Bytes of a code; those behind the last coordinate are 0. */
  readonly stride: number
  /** Of the vector that was encoded last. */
  scale = 0
  bias = 0

  constructor(dims: number, metric: VectorMetric) {
    this.dims = dims
    this.metric = metric
    this.stride = strideOf(dims)
  }

  /** Writes the code of a vector to `bytes[at]` and on. */
  encode(vector: Float32Array | Float64Array, bytes: Int8Array, at: number): void {
    const { dims, stride } = this
    let largest = 0
    let squares = 0
    for (let i = 0; i < dims; i++) {
      const x = vector[i]
      squares += x * x
      if (Math.abs(x) > largest) largest = Math.abs(x)
    }
    const factor = largest === 0 ? 0 : MOST / largest
    for (let i = 0; i < dims; i++) bytes[at + i] = Math.round(vector[i] * factor)
    for (let i = dims; i < stride; i++) bytes[at + i] = 0
    const norm = this.metric === 'cosine' ? Math.sqrt(squares) : 1
    this.scale = norm === 0 ? 0 : Math.fround(largest / MOST / norm)
    this.bias = this.metric === 'cosine' ? 0 : Math.fround(-squares / 2)
  }
}

/**
 * True if a vector is one that distances can be told of: of finite numbers; not of zeros only under 'cosine'; else not so
 * long that the square of its length is beyond a 32-bit float.
 */
export function isUsable(metric: VectorMetric, vector: Float32Array): boolean {
  let squares = 0
  for (let i = 0; i < vector.length; i++) squares += vector[i] * vector[i]
  if (metric === 'cosine') return squares > 0 && squares < Number.POSITIVE_INFINITY
  return Math.fround(squares) < Number.POSITIVE_INFINITY
}

/** The sum of a vector's squares. */
export function squaresOf(vector: Float32Array): number {
  return dot(vector, vector)
}

/**
 * The distance of a vector from another one, whose numbers are from `at` on.
 * @param squares {@link squaresOf} the first; used under 'cosine'
 */
export function distanceOf(
  metric: VectorMetric,
  vector: Float32Array,
  squares: number,
  numbers: Float32Array,
  at: number,
): number {
  let sum = 0
  if (metric === 'euclid') {
    for (let i = 0; i < vector.length; i++) {
      const difference = vector[i] - numbers[at + i]
      sum += difference * difference
    }
    return Math.sqrt(sum)
  }
  let own = 0
  for (let i = 0; i < vector.length; i++) {
    const number = numbers[at + i]
    sum += vector[i] * number
    own += number * number
  }
  return metric === 'dot' ? -sum : 1 - sum / Math.sqrt(squares * own)
}

/** The distance of a vector, of these {@link squaresOf}, from one that is known by its code only. */
export function codeDistance(
  metric: VectorMetric,
  vector: Float32Array,
  squares: number,
  code: Int8Array,
  scale: number,
): number {
  let sum = 0
  if (metric === 'euclid') {
    for (let i = 0; i < vector.length; i++) {
      const difference = vector[i] - code[i] * scale
      sum += difference * difference
    }
    return Math.sqrt(sum)
  }
  for (let i = 0; i < vector.length; i++) sum += vector[i] * code[i]
  const product = sum * scale
  return metric === 'dot' ? -product : 1 - product / Math.sqrt(squares)
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
