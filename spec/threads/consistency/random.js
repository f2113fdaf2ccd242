// @ts-check
/**
 * Seeded randomness for worker threads: the same choices as `spec/support/random.ts`, which they
 * cannot load (mulberry32, Tommy Ettinger).
 */
export class Random {
  #state

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0
  }

  /** 0 … 2³²-1 */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** 0 … n-1 @param {number} n */
  int(n) {
    return Math.floor((this.next() / 2 ** 32) * n)
  }

  /** True with probability `p`. @param {number} p */
  chance(p) {
    return this.next() < p * 2 ** 32
  }

  /** @template T @param {readonly T[]} from @returns {T} */
  pick(from) {
    if (from.length === 0) throw new Error('nothing to pick from')
    return from[this.int(from.length)]
  }

  /** A generator of its own for a part. @param {number} part */
  fork(part) {
    return new Random(this.next() ^ Math.imul(part + 1, 0x9e3779b1))
  }
}

/** `ZVERSE_SEED`, or any. */
export function firstSeed() {
  return Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))
}
