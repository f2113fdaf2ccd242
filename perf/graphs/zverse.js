// @ts-check
/**
 * zverse with a graph, values in MessagePack, its default. Two hops are read in a read transaction, by `neighbours` of
 * the node and then of each neighbour; `walk`, which hands out edges as well, is a figure of its own. The types
 * below are the part of docs/graphs.md that the bench uses.
 */
import { loadEngine } from '../entries/zverse.js'
import { consume, taste } from '../measure.js'

/** @typedef {{ direction?: 'in', at?: number }} NeighboursOptions */

/**
 * @typedef {object} Graph
 * @property {(from: string, to: string) => unknown} addEdge
 * @property {(from: string, to: string) => unknown} removeEdge
 * @property {(node: string, options?: NeighboursOptions) => Iterable<string> & { toArray(): string[] }} neighbours
 * @property {(node: string, options: { depth: number }) => Iterable<{
 *   node: string, depth: number, edge: { from: string, value: unknown }
 * }>} walk
 * @property {(from: string, to: string) => { cost: number } | undefined} path
 */

/** @typedef {{ graph: (graph: Graph) => Graph }} Transaction */

/**
 * @typedef {object} Database
 * @property {(name: string) => Graph} graph
 * @property {(callback: (tx: Transaction) => void) => unknown} transact
 * @property {() => Transaction & { close(): void }} beginRead
 */

/** Of a cache that has room for all. */
const CACHE = { bytes: 2 ** 30, indexes: true }

/**
 * @param {{ engine?: string }} around
 * @param {boolean} [cached]
 * @returns {Promise<import('./stage.js').System>}
 */
export async function zverse({ engine }, cached = false) {
  const { ZVerse } = await loadEngine(engine)
  return {
    name: cached ? 'zverse+cache' : 'zverse',
    hasGraphs: 'graph' in /** @type {any} */ (ZVerse).prototype,
    open({ edges, history }) {
      const maxBytes = Math.max(2 ** 30, edges * 1000)
      const options = { maxBytes, ...(history && { history }), ...(cached && { cache: CACHE }) }
      return zverseStore(ZVerse.open(options))
    },
  }
}

/** The same with lists of neighbours kept by the thread that asks. @param {{ engine?: string }} around */
export const zverseCached = (/** @type {{ engine?: string }} */ around) => zverse(around, true)

/** @param {import('../entries/zverse.js').Database} db @returns {import('./stage.js').Store} */
function zverseStore(db) {
  const graphs = /** @type {Database} */ (/** @type {unknown} */ (db))
  const graph = graphs.graph('graph')
  /** @param {Iterable<string>} nodes */
  const sumOf = nodes => {
    let sum = 0
    for (const node of nodes) sum += taste(node)
    return sum
  }
  return {
    addAll: (_, { from, to }) => {
      graphs.transact(tx => {
        const draft = tx.graph(graph)
        for (let i = 0; i < from.length; i++) draft.addEdge(from[i], to[i])
      })
    },
    add: (from, to) => consume(/** @type {number} */ (graph.addEdge(from, to))),
    remove: (from, to) => consume(/** @type {number} */ (graph.removeEdge(from, to))),
    targets: node => sumOf(graph.neighbours(node)),
    sources: node => sumOf(graph.neighbours(node, { direction: 'in' })),
    twoHops: node => {
      const tx = graphs.beginRead()
      const view = tx.graph(graph)
      const first = view.neighbours(node).toArray()
      const all = new Set(first)
      for (const near of first) for (const far of view.neighbours(near)) all.add(far)
      tx.close()
      all.delete(node)
      return sumOf(all)
    },
    walk: node => {
      let sum = 0
      for (const step of graph.walk(node, { depth: 2 })) sum += taste(step.node)
      return sum
    },
    path: (from, to) => graph.path(from, to)?.cost ?? 0,
    version: () => db.version,
    targetsAt: (node, at) => sumOf(graph.neighbours(node, { at })),
    usedBytes: () => {
      const { ok, problems, usedBytes } = db.check()
      if (!ok) throw new Error(`check() found problems: ${problems.slice(0, 3)}`)
      return usedBytes
    },
    close: () => db.close(),
  }
}
