// @ts-check
/**
 * The stage of the rows on graphs. A `Store` has the verbs in the fastest documented form of its system; one that a
 * system has no counterpart for is left out, and so are the rows that need it.
 */
import { expect } from '../indexes/data.js'
import { settle } from '../measure.js'
import { hasVerbs, Stage } from '../stage.js'
import { Answers, makeGraph } from './data.js'

/** @typedef {import('./data.js').Edges} Edges */
/** @typedef {import('./data.js').Graph} Graph */

/** @typedef {{ edges: number, history?: { versions: number } }} OpenOptions how many edges are to come */

/**
 * @typedef {object} Store a graph; sums are over all that was handed out
 * @property {(names: readonly string[], edges: Edges) => void} addAll one transaction, into an empty graph
 * @property {(from: string, to: string) => void} add a commit of its own, of an edge that is not there
 * @property {(from: string, to: string) => void} remove the same of one that is there
 * @property {(node: string) => number} targets nodes that edges from it lead to
 * @property {(node: string) => number} sources nodes that edges to it come from
 * @property {(node: string) => number} twoHops nodes that are one or two edges away, each once, without itself
 * @property {(node: string) => number} [walk] the same, with the edge that has led to each, and how far it is
 * @property {(from: string, to: string) => number} path edges of the shortest path
 * @property {() => number} [version] zverse only, and so:
 * @property {(node: string, version: number) => number} [targetsAt] `targets` at a version
 * @property {() => number} usedBytes all it takes, or all of JavaScript's heap
 * @property {() => unknown} close
 */

/**
 * @typedef {object} System
 * @property {string} name
 * @property {boolean} hasGraphs false: a build of zverse from before
 * @property {(options: OpenOptions) => Store} open an empty graph
 */

/**
 * @typedef {Omit<import('../stage.js').Scenario, 'start'> & {
 *   needs?: (keyof Store)[],
 *   start: (stage: GraphsStage) => ReturnType<import('../stage.js').Scenario['start']>
 * }} Scenario
 */

/** Nodes whose neighbours are looked at where edges have been added. */
const CHECKED = 100

/** @extends {Stage<System>} */
export class GraphsStage extends Stage {
  /** @type {Graph | undefined} */
  #graph
  /** @type {Answers | undefined} */
  #answers
  /** @type {Store | undefined} */
  #loaded

  get graph() {
    this.#graph ??= makeGraph(this.count, this.seed)
    return this.#graph
  }

  get answers() {
    this.#answers ??= new Answers(this.graph)
    return this.#answers
  }

  /** The store with the graph. Rows leave it as it was. */
  get loaded() {
    this.#loaded ??= this.filled()
    return this.#loaded
  }

  filled() {
    const store = this.empty()
    store.addAll(this.graph.names, this.graph)
    return store
  }

  /** @param {Pick<OpenOptions, 'history'>} [options] */
  empty(options = {}) {
    settle()
    return this.system.open({ ...options, edges: this.graph.from.length })
  }

  /** Throws unless some nodes have the neighbours that they must have. @param {Store} store */
  look(store) {
    const { names } = this.graph
    const step = Math.ceil(names.length / CHECKED)
    for (let node = 0; node < names.length; node += step) {
      const { [node]: name } = names
      expect(name, store.targets(name), this.answers.targets(name))
      expect(name, store.sources(name), this.answers.sources(name))
    }
  }

  /** @override @param {Scenario} scenario */
  async fits({ needs = [] }) {
    if (!this.system.hasGraphs) return false
    return hasVerbs(this.system.open({ edges: 1 }), needs)
  }

  /** @override */
  async close() {
    await super.close()
    this.#loaded?.close()
  }
}
