// @ts-check
/** Compares answers with the plain words, led through the same edits. */
import { isDeepStrictEqual } from 'node:util'
import { ask, textOf } from './questions.js'

/** @typedef {import('./asker.js').Asked} Asked */
/** @typedef {import('./brute.js').PlainWords} PlainWords */
/** @typedef {import('./edits.js').Edit} Edit */
/** @typedef {import('./questions.js').Question} Question */
/** @typedef {import('./store.js').Opened} Opened */

/** What was compared: answers, the true nearest that answers had which need not be exact, and problems. */
export class Comparison {
  exact = 0
  near = 0
  /** @type {string[]} */
  problems = []
  #found = 0
  #all = 0

  /** The share of the true nearest that was found. */
  get share() {
    return this.#all === 0 ? 1 : this.#found / this.#all
  }

  /** @param {PlainWords} plain @param {Omit<Asked, 'version'>} asked */
  add(plain, { question, answer, exact }) {
    const { problems, found, all } = plain.compare(question, answer, exact)
    this.problems.push(...problems.map(problem => `${textOf(question)}: ${problem}`))
    if (exact) this.exact++
    else {
      this.near++
      this.#found += found
      this.#all += all
    }
  }
}

/** Asks in both ways. @param {Opened} opened @param {PlainWords} plain @param {Question[]} questions */
export function verify({ words, index }, plain, questions) {
  const compared = new Comparison()
  for (const question of questions) {
    for (const exact of [true, false]) {
      compared.add(plain, { question, exact, answer: ask(words, index, question, { exact }) })
    }
  }
  return compared
}

/**
 * Goes from version to version, and answers what other threads have asked at each: once more, by the index,
 * which must give the same, and by brute force.
 * @param {Opened} opened @param {PlainWords} plain as of version `first`
 * @param {number} first @param {Edit[]} edits the first made the version after that
 * @param {Asked[]} asked
 */
export function verifyAsked({ words, index }, plain, first, edits, asked) {
  const compared = new Comparison()
  const sorted = [...asked].sort((one, other) => one.version - other.version)
  let done = 0
  for (let version = first; version <= first + edits.length; version++) {
    if (version > first) plain.apply(edits[version - first - 1])
    for (; sorted[done]?.version === version; done++) {
      const { question, exact, answer } = sorted[done]
      compared.add(plain, sorted[done])
      const again = ask(words, index, question, { exact, at: version })
      if (isDeepStrictEqual(again, answer)) continue
      compared.problems.push(`${textOf(question)}, at version ${version}: another answer now`)
    }
  }
  if (done < sorted.length) compared.problems.push(`${sorted.length - done} answers of no version`)
  return compared
}
