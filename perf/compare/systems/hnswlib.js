// @ts-check
/**
 * hnswlib-node: a graph of small worlds, 16 links a node, 200 candidates while it is built, as its README has them; and
 * its brute force, which compares all by SIMD; with a filter that hands out fewer than it is asked for, and so has no such row. Vectors and queries are arrays, made before: it takes no others.
 */
const K = 10
const LINKS = 16
const CANDIDATES = 200
const SEED = 100
const EFFORTS = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 120, 140, 170, 200, 250, 300, 400, 600]
const GROUPS = 100

/**
 * The part of its interface used here.
 * @typedef {object} Space
 * @property {(...sizes: number[]) => void} initIndex
 * @property {(vector: number[], id: number, replace?: boolean) => void} addPoint
 * @property {(ef: number) => void} setEf
 * @property {(query: number[], k: number, filter?: (id: number) => boolean) => {
 *   distances: number[], neighbors: number[]
 * }} searchKnn
 */

/** @typedef {new (metric: string, dims: number) => Space} Spaces */
/** @typedef {{ HierarchicalNSW: Spaces, BruteforceSearch: Spaces }} Module */

async function load() {
  const { default: module } = await import(/** @type {string} */ ('hnswlib-node'))
  return /** @type {Module} */ (module)
}

/** @returns {Promise<import('../../vectors/stage.js').System>} */
export async function hnswlib() {
  const { HierarchicalNSW } = await load()
  return {
    ...{ name: 'hnswlib', hasVectors: true },
    open({ count }) {
      const space = new HierarchicalNSW('cosine', 100)
      space.initIndex(2 * count, LINKS, CANDIDATES, SEED)
      return {
        ...storeOf(space),
        efforts: EFFORTS,
        nearest: (query, effort) => {
          space.setEf(effort)
          return space.searchKnn(query, K).neighbors
        },
        filtered: (query, group, effort) => {
          space.setEf(effort)
          return space.searchKnn(query, K, id => id % GROUPS === group).neighbors
        },
      }
    },
  }
}

/** @returns {Promise<import('../../vectors/stage.js').System>} */
export async function bruteForce() {
  const { BruteforceSearch } = await load()
  return {
    ...{ name: 'brute force', hasVectors: true },
    open({ count }) {
      const space = new BruteforceSearch('cosine', 100)
      space.initIndex(2 * count)
      return {
        ...storeOf(space),
        efforts: [1],
        nearest: query => space.searchKnn(query, K).neighbors,
      }
    },
  }
}

/** @param {Space} space */
function storeOf(space) {
  return {
    prepared: (/** @type {Float32Array} */ vector) => Array.from(vector),
    addAll: (/** @type {readonly number[][]} */ vectors) => {
      vectors.forEach((vector, id) => void space.addPoint(vector, id))
    },
    put: (/** @type {number[]} */ vector, /** @type {number} */ id) => space.addPoint(vector, id),
    close: () => {},
  }
}
