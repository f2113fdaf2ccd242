// @ts-check
/**
 * The same facts as a graph of zverse's own: from a subject to an object leads an edge, whose type is the predicate. What
 * takes quadstore a question for each node on the way is one walk here. The patches are put in after the
 * fact, each in one transaction.
 */
import { isDeepStrictEqual } from 'node:util'
import { ZVerse } from 'zverse'
import { DEPTH } from './questions.js'

/** @typedef {import('./asker.js').Answer} Answer */
/** @typedef {import('./graph.js').Patch} Patch */

export class Walks {
  #db = ZVerse.open({ history: {} })
  /** @type {import('zverse').Graph<string, null>} */
  #graph = this.#db.graph('facts')
  /** Making the graph was a commit, too. */
  #first = this.#db.version

  /** @param {Patch[]} patches the first is that of version 1 */
  constructor(patches) {
    for (const { removed, added } of patches) {
      this.#db.transact(tx => {
        const draft = tx.graph(this.#graph)
        for (const [subject, type, object] of removed) draft.removeEdge(subject, object, { type })
        for (const [subject, type, object] of added) draft.addEdge(subject, object, null, { type })
      })
    }
  }

  /** What a paper builds on after so many patches. @param {string} paper @param {number} version */
  foundations(paper, version) {
    const view = { at: this.#first + version }
    const steps = this.#graph.walk(paper, { type: 'cites', depth: DEPTH, ...view })
    return Array.from(steps, ({ node }) => node).sort()
  }

  /**
   * Answers each question about foundations that was asked of quadstore once more.
   * @param {Answer[]} answers
   */
  compare(answers) {
    const asked = answers.filter(({ kind }) => kind === 'foundations')
    const problems = asked
      .filter(({ about, version, answer }) => {
        return !isDeepStrictEqual(answer, this.foundations(about, version))
      })
      .map(({ about, version }) => `version ${version}: a walk from ${about} comes elsewhere`)
    return { count: asked.length, problems }
  }

  /** @returns {string[]} problems */
  close() {
    const { problems } = this.#db.check()
    this.#db.close()
    return problems
  }
}
