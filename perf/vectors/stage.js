// @ts-check
/**
 * The stage of the rows on vectors. A `Store` has the verbs in the fastest documented form of its system; one that a system has no
 * counterpart for is left out, and so are the rows that need it.
 */
import { settle } from '../measure.js'
import { hasVerbs, Stage } from '../stage.js'
import { GROUPS, K, makeVectors, nearestOf } from './data.js'

/**
 * @typedef {object} OpenOptions
 * @property {number} count how many vectors are to come
 * @property {'float32' | 'int8'} [element]
 * @property {boolean} [grouped] entries are found by their groups
 * @property {boolean} [cached] blocks that are hot are kept, where a system knows that
 * @property {{ versions: number }} [history]
 */

/**
 * @typedef {object} Store vectors by the ids 0, 1, …; an id's group is the id modulo 100
 * @property {(vectors: readonly any[]) => void} addAll into an empty store
 * @property {(vector: any, id: number) => void} [put] a commit of its own; replaces the one that is there
 * @property {(vector: Float32Array) => any} [prepared] a vector as `addAll` and `nearest` take it, if not as it is
 * @property {(query: any, effort: number) => number[]} nearest ids of the ten nearest, nearest first
 * @property {readonly number[]} efforts what makes answers better and slower, in order; one: they are exact
 * @property {(query: any, group: number, effort: number) => number[]} [filtered] the same of a group
 * @property {() => number} [version] zverse only, and so:
 * @property {(query: any, version: number) => number[]} [nearestAt] at a version, with the usual effort
 * @property {() => number} [indexBytes] what the index takes
 * @property {() => unknown} [share] what another thread attaches by
 * @property {() => unknown} close
 */

/**
 * @typedef {object} System
 * @property {string} name
 * @property {boolean} hasVectors false: a build of zverse from before
 * @property {(options: OpenOptions) => Store} open
 */

/**
 * @typedef {Omit<import('../stage.js').Scenario, 'start'> & {
 *   needs?: (keyof Store)[],
 *   start: (stage: VectorsStage) => ReturnType<import('../stage.js').Scenario['start']>
 * }} Scenario
 */

/** Queries that recall is measured with, and that are asked: of few vectors, fewer. */
const QUERIES = 300
const PER_QUERY = 50
/** What a system is to find of the nearest. */
export const RECALL = 0.945

/** @extends {Stage<System>} */
export class VectorsStage extends Stage {
  /** @type {import('./data.js').Vectors | undefined} */
  #set
  /** The nearest of each query, and of each query in its group. @type {Set<number>[] | undefined} */
  #nearest
  /** @type {Set<number>[] | undefined} */
  #nearestOfFar
  /** @type {Set<number>[] | undefined} */
  #inGroup
  /** @type {Store | undefined} */
  #loaded

  get set() {
    const queries = Math.min(QUERIES, Math.ceil(this.count / PER_QUERY))
    this.#set ??= makeVectors(this.count, queries, this.seed)
    return this.#set
  }

  /** The store with all vectors, and groups. Rows leave it as it was. */
  get loaded() {
    this.#loaded ??= this.filled({ grouped: true })
    return this.#loaded
  }

  /** @param {Partial<OpenOptions>} [options] */
  filled(options = {}) {
    const store = this.empty(options)
    store.addAll(this.prepared(store, this.set.vectors))
    return store
  }

  /** @param {Partial<OpenOptions>} [options] */
  empty(options = {}) {
    settle()
    return this.system.open({ ...options, count: this.count })
  }

  /** @param {Store} store @param {readonly Float32Array[]} vectors @returns {any[]} */
  prepared({ prepared }, vectors) {
    return prepared === undefined ? [...vectors] : vectors.map(prepared)
  }

  /** The nearest of each query, by brute force. */
  get nearest() {
    const { vectors, queries } = this.set
    this.#nearest ??= queries.map(query => new Set(nearestOf(vectors, query)))
    return this.#nearest
  }

  /** The same of those that are far. */
  get nearestOfFar() {
    const { vectors, far } = this.set
    this.#nearestOfFar ??= far.map(query => new Set(nearestOf(vectors, query)))
    return this.#nearestOfFar
  }

  get inGroup() {
    const { vectors, queries } = this.set
    this.#inGroup ??= queries.map((query, i) => {
      const ids = vectors.map((_, id) => id).filter(id => id % GROUPS === i % GROUPS)
      const near = nearestOf(
        ids.map(id => vectors[id]),
        query,
      )
      return new Set(near.map(place => ids[place]))
    })
    return this.#inGroup
  }

  /**
   * The share of the nearest that are found.
   * @param {(i: number) => number[]} ask the ids for a query
   * @param {Set<number>[]} [nearest]
   */
  recallOf(ask, nearest = this.nearest) {
    let found = 0
    let all = 0
    nearest.forEach((ids, i) => {
      found += ask(i).filter(id => ids.has(id)).length
      all += ids.size
    })
    return found / all
  }

  /**
   * The least effort with which a store finds enough, or its greatest; and what it finds with that.
   * @param {Store} store
   * @param {number} enough
   * @param {(i: number, effort: number) => number[]} ask
   * @param {Set<number>[]} [nearest]
   */
  effortFor({ efforts }, enough, ask, nearest = this.nearest) {
    for (const effort of efforts) {
      const recall = this.recallOf(i => ask(i, effort), nearest)
      if (recall >= enough || effort === efforts[efforts.length - 1]) return { effort, recall }
    }
    throw new Error('a system has one effort at least')
  }

  /** @override @param {Scenario} scenario */
  async fits({ needs = [] }) {
    if (!this.system.hasVectors) return false
    return hasVerbs(this.system.open({ count: 1 }), needs)
  }

  /** @override */
  async close() {
    await super.close()
    this.#loaded?.close()
  }
}

export { K }
