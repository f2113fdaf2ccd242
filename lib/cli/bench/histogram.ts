/**
 * Counts times in a fixed number of buckets that grow with the time, so that a million samples take no
 * more room than ten and recording one costs a few ns, never an allocation.
 *
 * The bits of a positive float, read as an integer, are its exponent followed by its mantissa: cut off
 * after a few bits of mantissa they number buckets whose width is a fixed share of their times. Here
 * 64 buckets cover each doubling, and a quantile is the middle of its bucket: at most 1/128 off.
 */

/** Bits of mantissa that tell buckets apart. */
const FINENESS = 6
const SHIFT = 23 - FINENESS
/** The bucket of 1 ns, the shortest time told apart: a float's exponent is stored plus 127. */
const FIRST = 127 << FINENESS
/** Doublings covered: to 2^40 ns, some 18 minutes. Longer times count as that long. */
const DOUBLINGS = 40
const BUCKETS = DOUBLINGS << FINENESS

/** The greatest distance of a quantile from its sample, as a share of the sample. */
export const HISTOGRAM_ERROR = 1 / (2 << FINENESS)

export class Histogram {
  /** Samples in each bucket: the whole state of a histogram, which another thread may send. */
  readonly counts = new Float64Array(BUCKETS)
  readonly #number = new Float32Array(1)
  readonly #bits = new Uint32Array(this.#number.buffer)

  /** Counts one time, in ns. */
  record(ns: number): void {
    this.#number[0] = ns
    const bucket = (this.#bits[0] >>> SHIFT) - FIRST
    this.counts[bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1]++
  }

  /** Adds the samples of another histogram. */
  add(counts: Float64Array): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.counts[bucket] += counts[bucket]
  }

  /**
   * The time in ns that a share `q` of the samples does not exceed (nearest rank), or NaN of none.
   * @param q 0 to 1
   */
  quantile(q: number): number {
    const samples = this.counts.reduce((sum, count) => sum + count, 0)
    const rank = Math.max(1, Math.ceil(q * samples))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket]
      if (seen >= rank) return this.#middle(bucket)
    }
    return Number.NaN
  }

  #middle(bucket: number): number {
    this.#bits[0] = ((bucket + FIRST) << SHIFT) | (1 << (SHIFT - 1))
    return this.#number[0]
  }
}
