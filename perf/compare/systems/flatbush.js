// @ts-check
/**
 * flatbush: a packed Hilbert R-tree in one buffer, built once; no point can be inserted, removed or
 * moved afterwards. Nodes of 16, its default. It hands out indexes; `flatbush+values` fetches
 * coordinates and values by them from plain arrays, as zverse and rbush hand them out.
 *
 * It has two dimensions; its filter function looks at a third.
 */
import { taste } from '../../measure.js'
import { noEntries } from './no-entries.js'

/**
 * The part of its interface used here.
 * @typedef {object} Index
 * @property {(x: number, y: number) => number} add
 * @property {() => void} finish
 * @property {(minX: number, minY: number, maxX: number, maxY: number, filter?: (index: number) => boolean) => number[]} search
 * @property {(x: number, y: number, k: number) => number[]} neighbors
 */

/** @typedef {import('../../entries/points/field.js').Points} Points */

/**
 * @param {boolean} fetching
 * @returns {Promise<import('../../entries/stage.js').System>}
 */
export async function flatbushSystem(fetching) {
  const { default: Flatbush } = await import(/** @type {string} */ ('flatbush'))
  return noEntries(fetching ? 'flatbush+values' : 'flatbush', {
    keys: ['cells'],
    handsOut: fetching ? 'entries' : 'indexes',
    readsOnly: fetching,
    open: () => flatbushStore(count => new Flatbush(count), fetching),
  })
}

/**
 * @param {(count: number) => Index} make
 * @param {boolean} fetching
 * @returns {import('../../entries/points/field.js').PointStore}
 */
function flatbushStore(make, fetching) {
  /** @type {Index} */
  let index
  /** @type {Points} */
  let held
  const use = fetching ? fetched : added
  return {
    load: points => {
      const [x, y] = points.columns
      held = points
      index = make(points.count)
      for (let i = 0; i < points.count; i++) index.add(x[i], y[i])
      index.finish()
    },
    box: (min, max) => {
      const t = held.columns[2]
      if (t === undefined) return use(index.search(min[0], min[1], max[0], max[1]), held)
      const [from, to] = [min[2], max[2]]
      /** @param {number} i */
      const within = i => t[i] >= from && t[i] <= to
      return use(index.search(min[0], min[1], max[0], max[1], within), held)
    },
    nearest: (centre, k) => use(index.neighbors(centre[0], centre[1], k), held),
    close: () => {},
  }
}

/** Uses indexes as such. @param {number[]} indexes */
export function added(indexes) {
  let sum = 0
  for (let i = 0; i < indexes.length; i++) sum += indexes[i]
  return sum
}

/**
 * Fetches the points of indexes.
 * @param {number[]} indexes
 * @param {Points} points
 */
export function fetched(indexes, { columns: [x, y, t], values }) {
  let sum = 0
  if (t === undefined) {
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i]
      sum += x[index] + y[index] + taste(values[index])
    }
    return sum
  }
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i]
    sum += x[index] + y[index] + t[index] + taste(values[index])
  }
  return sum
}
