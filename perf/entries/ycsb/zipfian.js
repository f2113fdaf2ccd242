// @ts-check
/**
 * Zipfian ranks in constant time: the generator of Gray, Sundaresan, Englert, Baclawski and Weinberger,
 * "Quickly generating billion-record synthetic databases" (SIGMOD 1994), which YCSB uses too.
 *
 * Rank r (from 0) of n comes with probability (r + 1)^-theta / zeta(n, theta). The first two ranks have
 * exactly that; the others follow from a continuous curve: rank 2 comes a fifth too often, rank 9 by 3 %.
 */

/** YCSB's value: the higher, the more skewed; below 1. */
export const THETA = 0.99

/**
 * Sum of i^-theta for i from `first` to `last`.
 * @param {number} first
 * @param {number} last
 * @param {number} theta
 */
export function zeta(first, last, theta) {
  let sum = 0
  for (let i = first; i <= last; i++) sum += i ** -theta
  return sum
}

export class Zipfian {
  #count = 0
  #zeta = 0
  #eta = 0

  /**
   * @param {number} count of ranks
   * @param {() => number} uniform ≥ 0 and < 1
   * @param {number} [theta]
   */
  constructor(count, uniform, theta = THETA) {
    this.uniform = uniform
    this.theta = theta
    this.alpha = 1 / (1 - theta)
    this.second = 1 + 0.5 ** theta
    this.grow(count)
  }

  get count() {
    return this.#count
  }

  /**
   * Has `count` ranks from now on, no fewer than before; costs as much as there are more.
   * @param {number} count
   */
  grow(count) {
    this.#zeta += zeta(this.#count + 1, count, this.theta)
    this.#count = count
    const beyond = 1 - (2 / count) ** (1 - this.theta)
    this.#eta = beyond / (1 - this.second / this.#zeta)
  }

  /** A rank ≥ 0 and < `count`, 0 the most frequent. */
  next() {
    const u = this.uniform()
    const place = u * this.#zeta
    if (place < 1) return 0
    if (place < this.second) return 1
    const rank = Math.floor(this.#count * (this.#eta * u - this.#eta + 1) ** this.alpha)
    return Math.min(rank, this.#count - 1)
  }
}
