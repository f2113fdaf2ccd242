// @ts-check
/**
 * The data every row is measured on: seeded, so that two runs and two systems see the same.
 *
 * Present keys are `key-` + 8 digits with even numbers, absent ones have odd numbers, so that an
 * absent key lies between present ones and is not turned away at the edge. Arrays of keys to read
 * are made of fresh strings in reading order: a row measures the system's work on a string the
 * caller has at hand, not the fetching of that string from a random place.
 */

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'
export const VALUE_BYTES = 30
export const KEY_BYTES = 12
/** Reads are consumed in chunks of this many; the read arrays are whole multiples of it. */
export const CHUNK = 1000

/**
 * A seeded generator (mulberry32).
 * @param {number} seed
 * @returns {(below: number) => number} a uniform integer ≥ 0 and < `below`
 */
export function seeded(seed) {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/**
 * 0 … count-1 in random order (Fisher-Yates).
 * @param {number} count
 * @param {(below: number) => number} random
 */
export function shuffled(count, random) {
  const order = new Int32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  for (let i = count - 1; i > 0; i--) {
    const j = random(i + 1)
    const other = order[i]
    order[i] = order[j]
    order[j] = other
  }
  return order
}

/** @param {number} index */
export const presentKey = index => `key-${String(2 * index).padStart(8, '0')}`

/** @param {number} index */
export const absentKey = index => `key-${String(2 * index + 1).padStart(8, '0')}`

/** Letters that {@link texts} cuts from. */
const POOL = 2 ** 20

/**
 * Random ASCII texts of one size, made one by one, fast: each is cut from a pool of letters at a random
 * place, so all differ, though they overlap.
 * @param {number} bytes
 * @param {(below: number) => number} random
 */
export function texts(bytes, random) {
  const letters = Buffer.alloc(POOL + bytes)
  for (let i = 0; i < letters.length; i++) letters[i] = LETTERS.charCodeAt(random(LETTERS.length))
  return () => {
    const from = random(POOL)
    return letters.toString('latin1', from, from + bytes)
  }
}

/**
 * Random values of the set's size.
 * @param {number} count
 * @param {(below: number) => number} random
 */
export const makeValues = (count, random) =>
  Array.from({ length: count }, texts(VALUE_BYTES, random))

/**
 * @typedef {object} Data
 * @property {number} count how many entries the set has
 * @property {string[]} keys every key, in random order
 * @property {string[]} values as many values
 * @property {string[]} sorted every key, in order
 * @property {string[]} reads keys drawn at random, with repetition; a multiple of CHUNK
 * @property {string[]} absent absent keys, as many as `reads`
 * @property {(below: number) => number} random for a scenario's own draws
 */

/**
 * @param {number} count
 * @param {number} seed
 * @returns {Data}
 */
export function makeData(count, seed) {
  const random = seeded(seed)
  const order = shuffled(count, random)
  const draws = Math.max(100_000, Math.ceil(count / CHUNK) * CHUNK)
  return {
    count,
    keys: Array.from(order, presentKey),
    values: makeValues(count, random),
    sorted: Array.from(order, (_, index) => presentKey(index)),
    reads: Array.from({ length: draws }, () => presentKey(random(count))),
    absent: Array.from({ length: draws }, () => absentKey(random(count))),
    random,
  }
}
