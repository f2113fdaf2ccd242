// @ts-check
/**
 * A graph as an application has it: from each node lead ten edges, to others that are drawn at random, so that to a node
 * lead ten in the mean. Names are texts of 12 characters; edges are put in random order, and have neither type nor value.
 */
import { seeded, shuffled } from '../data.js'
import { taste } from '../measure.js'

/** Edges from each node. */
export const DEGREE = 10

/**
 * @typedef {object} Edges
 * @property {string[]} from
 * @property {string[]} to as many
 */

/**
 * @typedef {Edges & {
 *   names: string[], targets: Int32Array, random: (below: number) => number
 * }} Graph `targets`: of node `i` from `DEGREE * i` on; `random`: for a scenario's own draws
 */

/** @param {number} node */
export const nameOf = node => `node-${String(node).padStart(7, '0')}`

/**
 * @param {number} edges
 * @param {number} seed
 * @returns {Graph}
 */
export function makeGraph(edges, seed) {
  const random = seeded(seed)
  const nodes = Math.max(DEGREE + 1, Math.floor(edges / DEGREE))
  const targets = new Int32Array(nodes * DEGREE)
  for (let node = 0; node < nodes; node++) {
    const of = new Set([node])
    while (of.size <= DEGREE) of.add(random(nodes))
    of.delete(node)
    targets.set([...of], node * DEGREE)
  }
  const order = shuffled(targets.length, random)
  return {
    names: Array.from({ length: nodes }, (_, node) => nameOf(node)),
    from: Array.from(order, edge => nameOf(Math.floor(edge / DEGREE))),
    to: Array.from(order, edge => nameOf(targets[edge])),
    ...{ targets, random },
  }
}

/**
 * Edges that a graph does not have, each once.
 * @param {number} count
 * @param {Graph} graph
 * @returns {Edges}
 */
export function otherEdges(count, { targets, names, random }) {
  const drawn = new Set()
  while (drawn.size < Math.min(count, names.length)) {
    const [from, to] = [random(names.length), random(names.length)]
    const own = targets.subarray(from * DEGREE, (from + 1) * DEGREE)
    if (!own.includes(to)) drawn.add(from * names.length + to)
  }
  const all = [...drawn]
  return {
    from: all.map(edge => nameOf(Math.floor(edge / names.length))),
    to: all.map(edge => nameOf(edge % names.length)),
  }
}

/** The right answers: sums over what was tasted of nodes. */
export class Answers {
  #graph
  #tastes
  /** @type {number[][]} nodes that lead to each */
  #sources
  /** @type {Map<string, number>} */
  #places

  /** @param {Graph} graph */
  constructor(graph) {
    const { names, targets } = graph
    this.#graph = graph
    this.#tastes = names.map(taste)
    this.#places = new Map(names.map((name, node) => [name, node]))
    this.#sources = names.map(() => [])
    targets.forEach((to, edge) => {
      this.#sources[to].push(Math.floor(edge / DEGREE))
    })
  }

  /** @param {string} name */
  #placeOf = name => /** @type {number} */ (this.#places.get(name))

  /** @param {number} node */
  #from = node => [...this.#graph.targets.subarray(node * DEGREE, (node + 1) * DEGREE)]

  /** @param {Iterable<number>} nodes */
  #sum(nodes) {
    let sum = 0
    for (const node of nodes) sum += this.#tastes[node]
    return sum
  }

  /** @param {string} name */
  targets = name => this.#sum(this.#from(this.#placeOf(name)))

  /** @param {string} name */
  sources = name => this.#sum(this.#sources[this.#placeOf(name)])

  /** Nodes that are one or two edges away. @param {string} name */
  twoHops = name => {
    const node = this.#placeOf(name)
    const first = this.#from(node)
    const all = new Set([...first, ...first.flatMap(this.#from)])
    all.delete(node)
    return this.#sum(all)
  }

  /** Edges from one node to another, at least; 0 where there is no way. @param {[string, string]} ends */
  path = ends => {
    const [from, to] = ends.map(this.#placeOf)
    const seen = new Set([from])
    let level = [from]
    for (let depth = 0; level.length > 0; depth++) {
      if (level.includes(to)) return depth
      level = level.flatMap(this.#from).filter(node => !seen.has(node) && seen.add(node))
    }
    return 0
  }
}
