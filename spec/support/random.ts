/**
 * Seeded randomness for the tests: the same seed gives the same run on every machine.
 *
 * mulberry32 (Tommy Ettinger): 32 bits of state, good enough to choose test cases.
 */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 … 2³²-1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** 0 … n-1 */
  int(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n)
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.next() < p * 2 ** 32
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error('nothing to pick from')
    return from[this.int(from.length)] as T
  }
}
