// @ts-check
/** The words without any database, to compare with: each answer looks at all of them. */
import { K, vectorOf } from './questions.js'
import { DIMS, vectorAt } from './words.js'

/** @typedef {import('./questions.js').Question} Question */
/** @typedef {import('./questions.js').Answer} Answer */
/** @typedef {import('./edits.js').Edit} Edit */

/** What two ways to work out a distance may differ by. */
const TOLERANCE = 1e-9

/** @param {Float32Array} a @param {Float32Array} b */
function dot(a, b) {
  let sum = 0
  for (let d = 0; d < DIMS; d++) sum += a[d] * b[d]
  return sum
}

export class PlainWords {
  /** @type {Map<string, { vector: Float32Array, rank: number }>} */
  #words = new Map()
  #ranks

  /** @param {import('./words.js').WordVectors} read */
  constructor({ words, vectors }) {
    for (const [rank, word] of words.entries()) {
      this.#words.set(word, { vector: vectorAt(vectors, rank), rank })
    }
    this.#ranks = words.length
  }

  get size() {
    return this.#words.size
  }

  /** @param {Edit} edit */
  apply({ changed: [word, vector], gone, added: [name, own] }) {
    this.#words.delete(gone)
    this.#words.set(word, { vector, rank: this.#words.get(word)?.rank ?? 0 })
    this.#words.set(name, { vector: own, rank: this.#ranks++ })
  }

  /** @param {Question} question */
  #vectorOf(question) {
    return vectorOf(question, words => words.map(word => this.#words.get(word)?.vector))
  }

  /** The K nearest, nearest first. @param {Question} question @returns {Answer} */
  answer(question) {
    const vector = this.#vectorOf(question)
    if (vector === null) return null
    const { plus, minus, most = Number.POSITIVE_INFINITY } = question
    const named = new Set([...plus, ...minus])
    const squares = dot(vector, vector)
    /** @type {{ word: string, distance: number }[]} */
    const nearest = []
    for (const [word, { vector: other, rank }] of this.#words) {
      if (rank >= most || named.has(word)) continue
      const distance = 1 - dot(vector, other) / Math.sqrt(squares * dot(other, other))
      if (nearest.length === K && distance >= nearest[K - 1].distance) continue
      let at = nearest.length
      while (at > 0 && nearest[at - 1].distance > distance) at--
      nearest.splice(at, 0, { word, distance })
      if (nearest.length > K) nearest.pop()
    }
    return nearest
  }

  /**
   * What is wrong with an answer, and how many of the true nearest it has.
   * @param {Question} question @param {Answer} answer @param {boolean} exact
   */
  compare(question, answer, exact) {
    const truth = this.answer(question)
    if (truth === null || answer === null) {
      const problem = truth === answer ? [] : ['a word is there for one only']
      return { problems: problem, found: 0, all: 0 }
    }
    const problems = []
    if (answer.length !== truth.length) problems.push(`${answer.length}, not ${truth.length} words`)
    const farthest = (truth.at(-1)?.distance ?? 0) + TOLERANCE
    for (const [i, { word, distance }] of answer.entries()) {
      const own = this.#distance(question, word)
      if (!(Math.abs(own - distance) <= TOLERANCE)) problems.push(`${word} is at ${own}`)
      if (i > 0 && distance < answer[i - 1].distance) problems.push(`${word} comes too late`)
      const last = truth[i]?.distance ?? 0
      if (exact && Math.abs(last - distance) > TOLERANCE) {
        problems.push(`${word} is at ${distance}, but one is at ${last}`)
      }
    }
    if (new Set(answer.map(({ word }) => word)).size < answer.length) problems.push('a word twice')
    const found = answer.filter(({ distance }) => distance <= farthest).length
    return { problems, found, all: truth.length }
  }

  /** NaN: it should not be found. @param {Question} question @param {string} word */
  #distance(question, word) {
    const vector = this.#vectorOf(question)
    const other = this.#words.get(word)
    const { plus, minus, most = Number.POSITIVE_INFINITY } = question
    if (vector === null || other === undefined || other.rank >= most) return Number.NaN
    if ([...plus, ...minus].includes(word)) return Number.NaN
    const squares = dot(vector, vector) * dot(other.vector, other.vector)
    return 1 - dot(vector, other.vector) / Math.sqrt(squares)
  }
}
