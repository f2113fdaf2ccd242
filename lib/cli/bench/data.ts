/**
 * The set that every workload works on, from a seed: two runs, and all threads of a run, see the same.
 *
 * Keys are `key-` and 8 digits. Present keys are even, so that an absent key lies between
 * present ones, and not outside the set.
 */

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'
/** Letters that values are cut from. */
const POOL = 2 ** 16

/** A uniform integer ≥ 0 and < `below`. */
export type Random = (below: number) => number

/** mulberry32 (Tommy Ettinger): 32 bits of state, good enough to draw keys. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/**
 * Deals 0 … count - 1 in random order, one a call: Fisher and Yates's shuffle, done as far as needed, so
 * that a caller does not wait for ten million to be shuffled.
 */
export function dealt(count: number, random: Random): () => number {
  const left = new Uint32Array(count)
  for (let i = 0; i < count; i++) left[i] = i
  let at = 0
  return () => {
    const taken = at + random(count - at)
    const index = left[taken]
    left[taken] = left[at++]
    return index
  }
}

const keyOf = (number: number) => `key-${String(number).padStart(8, '0')}`

export const presentKey = (index: number): string => keyOf(2 * index)

export const missingKey = (index: number): string => keyOf(2 * index + 1)

/**
 * Makes random texts of `bytes` ASCII characters. Each is cut from a pool of letters at a random place:
 * a flat string, made fast, without patterns that compression or comparison could use.
 */
export function texts(bytes: number, random: Random): () => string {
  const letters = Buffer.alloc(POOL + bytes)
  for (let i = 0; i < letters.length; i++) letters[i] = LETTERS.charCodeAt(random(LETTERS.length))
  return () => {
    const from = random(POOL)
    return letters.toString('latin1', from, from + bytes)
  }
}

/**
 * Items drawn beforehand, in order and round again: the clock should measure zverse, not the making
 * of a key.
 */
export class Draws {
  readonly #drawn: readonly string[]
  #at = 0

  constructor(drawn: readonly string[]) {
    this.#drawn = drawn
  }

  next(): string {
    if (this.#at === this.#drawn.length) this.#at = 0
    return this.#drawn[this.#at++]
  }
}
