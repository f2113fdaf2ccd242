// @ts-check
/** The edits, from a seed: each one commit, in which a word changes, one goes and one comes. */
import { randomNumbers } from './questions.js'
import { DIMS, toLength1 } from './words.js'

/** @typedef {[word: string, vector: Float32Array]} Pair */
/** @typedef {{ changed: Pair, gone: string, added: Pair }} Edit */

/** How much of another word's vector a changed one takes. */
const MUCH = 2

export class Edits {
  #words
  #vectorOf
  #random

  /**
   * @param {string[]} words those that are there; it keeps the list up
   * @param {(word: string) => Float32Array} vectorOf what they have now
   * @param {number} seed
   */
  constructor(words, vectorOf, seed) {
    this.#words = words
    this.#vectorOf = vectorOf
    this.#random = randomNumbers(seed)
  }

  /** @returns {Edit} */
  next() {
    const words = this.#words
    const gone = this.#taken()
    const [word, other, one, two] = [1, 2, 3, 4].map(() => words[this.#random(words.length)])
    const name = `${one}-${two}`
    if (!words.includes(name)) words.push(name)
    return {
      changed: [word, this.#sum(word, other, MUCH)],
      gone,
      added: [name, this.#sum(one, two, 1)],
    }
  }

  /** A word that is there no longer. */
  #taken() {
    const words = this.#words
    const at = this.#random(words.length)
    const [gone] = words.splice(at, 1, words[words.length - 1])
    words.pop()
    return gone
  }

  /** @param {string} one @param {string} other @param {number} much */
  #sum(one, other, much) {
    const [a, b] = [this.#vectorOf(one), this.#vectorOf(other)]
    return toLength1(Float32Array.from({ length: DIMS }, (_, d) => a[d] + much * b[d]))
  }
}
