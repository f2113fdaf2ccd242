// @ts-check
/**
 * rbush: an R-tree of JavaScript objects. Items in its own format (`minX` …), which needs no `toBBox`,
 * with the value as a property; `load` in bulk for sets that are read, `insert` and `remove` (which
 * finds an item by identity) one by one. The neighbours are rbush-knn's. Nodes of 9, the default, were
 * the fastest to read when tried; inserting one by one was a fifth faster with 16, so that has 16.
 *
 * It has two dimensions; a third is filtered afterwards.
 */
import { taste } from '../../measure.js'
import { noEntries } from './no-entries.js'

const READ_NODE = 9
const INSERT_NODE = 16

/**
 * @typedef {object} Item
 * @property {number} minX
 * @property {number} minY
 * @property {number} maxX
 * @property {number} maxY
 * @property {string} value
 * @property {number} [t]
 */

/**
 * The part of its interface used here.
 * @typedef {object} Tree
 * @property {(items: Item[]) => unknown} load
 * @property {(item: Item) => unknown} insert
 * @property {(item: Item) => unknown} remove
 * @property {(box: { minX: number, minY: number, maxX: number, maxY: number }) => Item[]} search
 * @property {() => unknown} clear
 */

/** @typedef {(tree: Tree, x: number, y: number, k: number) => Item[]} Knn */

/** @returns {Promise<import('../../entries/stage.js').System>} */
export async function rbushSystem() {
  const { default: RBush } = await import(/** @type {string} */ ('rbush'))
  const { default: knn } = await import(/** @type {string} */ ('rbush-knn'))
  return noEntries('rbush', {
    keys: ['cells'],
    handsOut: 'entries',
    open: ({ extents }) => rbushStore(node => new RBush(node), knn, extents.length > 2),
  })
}

/**
 * @param {(node: number) => Tree} make
 * @param {Knn} knn
 * @param {boolean} timed
 * @returns {import('../../entries/points/field.js').PointStore}
 */
function rbushStore(make, knn, timed) {
  let tree = make(READ_NODE)
  /** By index, for moving. @type {Item[]} */
  let items = []
  /** @type {(points: import('../../entries/points/field.js').Points, i: number) => Item} */
  const item = ({ columns: [x, y, t], values }, i) =>
    timed
      ? { minX: x[i], minY: y[i], maxX: x[i], maxY: y[i], value: values[i], t: t[i] }
      : { minX: x[i], minY: y[i], maxX: x[i], maxY: y[i], value: values[i] }
  return {
    load: points => {
      items = points.values.map((_, i) => item(points, i))
      tree.load(items)
    },
    insert: points => {
      tree = make(INSERT_NODE)
      for (let i = 0; i < points.count; i++) tree.insert(item(points, i))
    },
    box: timed
      ? (min, max) => {
          let sum = 0
          const box = { minX: min[0], minY: min[1], maxX: max[0], maxY: max[1] }
          for (const { minX, minY, value, t = 0 } of tree.search(box)) {
            if (t >= min[2] && t <= max[2]) sum += minX + minY + t + taste(value)
          }
          return sum
        }
      : (min, max) => {
          let sum = 0
          const box = { minX: min[0], minY: min[1], maxX: max[0], maxY: max[1] }
          for (const { minX, minY, value } of tree.search(box)) sum += minX + minY + taste(value)
          return sum
        },
    nearest: (centre, k) => {
      let sum = 0
      for (const { minX, minY, value } of knn(tree, centre[0], centre[1], k)) {
        sum += minX + minY + taste(value)
      }
      return sum
    },
    move: ({ indexes, to: [x, y] }) => {
      for (let i = 0; i < indexes.length; i++) {
        const moved = items[indexes[i]]
        tree.remove(moved)
        moved.minX = moved.maxX = x[i]
        moved.minY = moved.maxY = y[i]
        tree.insert(moved)
      }
    },
    close: () => {
      items = []
      tree.clear()
    },
  }
}
