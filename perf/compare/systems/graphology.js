// @ts-check
/**
 * graphology: a `DirectedGraph`, and the bidirectional search of graphology-shortest-path. It has no commits: edges are
 * added to the one graph there is.
 *
 * Tried at 100 000 nodes and a million edges, in random order: all nodes by `addNode`, then the edges by `addEdge` 7.6 µs an
 * edge; `mergeEdge`, which makes nodes as it goes, 8.1; `addDirectedEdgeWithKey` 7.9; `import` 8.0. The ten neighbours
 * of a node by `outNeighbors`, an array, 2.1 µs; `forEachOutNeighbor` 3.8; `forEachOutEdge` 3.8; the iterator
 * `outNeighborEntries` 6.1. Two hops by `outNeighbors` and a Set 32 µs, by `forEachOutNeighbor` 59.
 */
import { settle, taste } from '../../measure.js'

/**
 * The part of its interface used here.
 * @typedef {object} Graph
 * @property {(node: string) => unknown} addNode
 * @property {(from: string, to: string) => unknown} addEdge
 * @property {(from: string, to: string) => unknown} dropEdge
 * @property {(node: string) => string[]} outNeighbors
 * @property {(node: string) => string[]} inNeighbors
 */

/** @typedef {(graph: Graph, from: string, to: string) => string[] | null} Bidirectional */

/** @returns {Promise<import('../../graphs/stage.js').System>} */
export async function graphology() {
  const { DirectedGraph } = await import(/** @type {string} */ ('graphology'))
  const { bidirectional } = await import(/** @type {string} */ ('graphology-shortest-path'))
  return {
    ...{ name: 'graphology', hasGraphs: true },
    open: () => graphologyStore(new DirectedGraph(), bidirectional),
  }
}

/** @param {readonly string[]} nodes */
function sumOf(nodes) {
  let sum = 0
  for (const node of nodes) sum += taste(node)
  return sum
}

/**
 * @param {Graph} graph
 * @param {Bidirectional} bidirectional
 * @returns {import('../../graphs/stage.js').Store}
 */
function graphologyStore(graph, bidirectional) {
  return {
    addAll: (names, { from, to }) => {
      for (const name of names) graph.addNode(name)
      for (let i = 0; i < from.length; i++) graph.addEdge(from[i], to[i])
    },
    add: (from, to) => void graph.addEdge(from, to),
    remove: (from, to) => void graph.dropEdge(from, to),
    targets: node => sumOf(graph.outNeighbors(node)),
    sources: node => sumOf(graph.inNeighbors(node)),
    twoHops: node => {
      const first = graph.outNeighbors(node)
      const all = new Set(first)
      for (const near of first) for (const far of graph.outNeighbors(near)) all.add(far)
      all.delete(node)
      let sum = 0
      for (const other of all) sum += taste(other)
      return sum
    },
    path: (from, to) => (bidirectional(graph, from, to)?.length ?? 1) - 1,
    usedBytes: () => {
      settle()
      return process.memoryUsage().heapUsed
    },
    close: () => {},
  }
}
