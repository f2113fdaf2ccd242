// @ts-check
/**
 * sorted-btree: a B+ tree of JavaScript objects. Its comparator for strings, nodes of 64 (no
 * slower than the default of 32 in any row when tried, mostly faster), iteration with one reused
 * array. Strings come back as the objects that went in, neither copied nor decoded.
 */
import { taste } from '../../measure.js'

/**
 * The part of its interface used here.
 * @typedef {object} Tree
 * @property {(key: string) => string | undefined} get
 * @property {(key: string, value: string) => boolean} set
 * @property {(key: string) => boolean} delete
 * @property {(lowest: string, reused: string[]) => Iterable<[string, string]>} entries
 * @property {(visit: (key: string, value: string) => void) => number} forEachPair
 * @property {() => Tree} clone
 * @property {() => void} clear
 */

/** @returns {Promise<import('../../entries/stage.js').System>} */
export async function sortedBTreeSystem() {
  // Not a literal, so that the root's type check does without this folder's node_modules.
  const { default: loaded } = await import(/** @type {string} */ ('sorted-btree'))
  const BTree = loaded.default ?? loaded
  /** @type {() => Tree} */
  const make = () => new BTree(undefined, loaded.simpleComparator, 64)
  return {
    name: 'sorted-btree',
    orderedLoad: true,
    encodings: ['string'],
    open: () => treeStore(make()),
  }
}

/**
 * @param {Tree} tree
 * @returns {import('../../entries/stage.js').Store}
 */
function treeStore(tree) {
  /** @type {import('../../entries/stage.js').Store['putAll']} */
  const putAll = (keys, values) => {
    for (let i = 0; i < keys.length; i++) tree.set(keys[i], values[i])
  }
  /** @type {string[]} */
  const reused = []
  return {
    get: key => tree.get(key),
    put: (key, value) => void tree.set(key, value),
    putAll,
    loadSorted: putAll,
    deleteAll: keys => {
      for (let i = 0; i < keys.length; i++) tree.delete(keys[i])
    },
    clear: () => tree.clear(),
    range: (from, limit) => {
      let sum = 0
      let left = limit
      for (const [key, value] of tree.entries(from, reused)) {
        sum += taste(key) + taste(value)
        if (--left === 0) break
      }
      return sum
    },
    scan: () => {
      let sum = 0
      tree.forEachPair((key, value) => {
        sum += taste(key) + taste(value)
      })
      return sum
    },
    // `clone` marks the root as shared: that is its whole snapshot. The garbage collector releases
    // it, and the next write pays by copying its path.
    pin: () => void tree.clone(),
    close: () => tree.clear(),
  }
}
