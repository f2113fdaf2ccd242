// @ts-check
/** The questions: words near to one, or to a sum and difference of several; of the tour, and at random. */
import { DIMS } from './words.js'

/** @typedef {import('./store.js').Words} Words */
/** @typedef {import('./store.js').Index} Index */

/**
 * What is nearest to the sum of some words less others, these words excepted; of the `most` most frequent.
 * @typedef {{ plus: string[], minus: string[], most?: number }} Question
 */
/**
 * Nearest first; null: one of the words is not there.
 * @typedef {{ word: string, distance: number }[] | null} Answer
 */

/** How many words answer. */
export const K = 5

/** @param {string} word @param {number} [most] @returns {Question} */
const like = (word, most) => ({ plus: [word], minus: [], ...(most !== undefined && { most }) })
/** `one` is to `other` as what to `third`? @param {string} one @param {string} other @param {string} third */
const analogy = (one, other, third) => ({ plus: [one, third], minus: [other] })

/** @type {Question[]} */
export const TOUR = [
  ...['king', 'doctor', 'music', 'january', 'tokyo'].map(word => like(word)),
  ...[like('king', 500), like('tokyo', 500)],
  analogy('king', 'man', 'woman'),
  analogy('paris', 'france', 'germany'),
  analogy('moscow', 'russia', 'japan'),
  analogy('bigger', 'big', 'small'),
  analogy('better', 'good', 'bad'),
]

/** @param {Question} question */
export function textOf({ plus, minus, most }) {
  const [first, ...others] = plus
  const sum = [first, ...minus.map(word => `− ${word}`), ...others.map(word => `+ ${word}`)]
  return `${sum.join(' ')}${most === undefined ? '' : `, of the ${most} most frequent`}`
}

/**
 * The vector that a question is about; null: one of its words is not there.
 * @param {Question} question @param {(words: string[]) => (Float32Array | undefined)[]} vectorsOf
 */
export function vectorOf({ plus, minus }, vectorsOf) {
  const sum = new Float32Array(DIMS)
  for (const [i, vector] of vectorsOf([...plus, ...minus]).entries()) {
    if (vector === undefined) return null
    for (let d = 0; d < DIMS; d++) sum[d] += i < plus.length ? vector[d] : -vector[d]
  }
  return sum
}

/**
 * @param {Words} words @param {Index} index @param {Question} question
 * @param {{ exact?: boolean, at?: number | string }} [options] @returns {Answer}
 */
export function ask(words, index, question, { exact = false, ...view } = {}) {
  const { plus, minus, most } = question
  const vector = vectorOf(question, keys => {
    return words.getMany(keys, view).map(value => value?.vector)
  })
  if (vector === null) return null
  const named = new Set([...plus, ...minus])
  const found = index.nearest(vector, K, {
    exact,
    where: most === undefined ? undefined : { rank: { lt: most } },
    filter: word => !named.has(word),
    ...view,
  })
  return Array.from(found, ({ key, distance }) => ({ word: key, distance }))
}

/** Numbers below another, the same for a seed each time (mulberry32). @param {number} seed */
export function randomNumbers(seed) {
  let state = seed >>> 0
  return (/** @type {number} */ below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** Questions about some words, from a seed. */
export class RandomQuestions {
  #words
  #random

  /** @param {string[]} words @param {number} seed */
  constructor(words, seed) {
    this.#words = words
    this.#random = randomNumbers(seed)
  }

  /** @returns {Question} */
  next() {
    const count = this.#words.length
    const kind = this.#random(4)
    /** @type {Set<string>} */
    const few = new Set()
    while (few.size < (kind < 2 ? 1 : 3)) few.add(this.#words[this.#random(count)])
    const [first, ...others] = few
    if (kind === 0) return like(first, 1 + this.#random(count))
    return others.length === 0 ? like(first) : analogy(first, others[0], others[1])
  }
}
