// @ts-check
/**
 * kdbush: a flat k-d tree, built once, as flatbush is. Nodes of 32: faster for small boxes than its
 * default of 64 when tried, and no slower for large ones. It hands out indexes; `kdbush+values` fetches
 * coordinates and values by them from plain arrays. It has no nearest points in the plane; those on the
 * sphere are geokdbush's.
 *
 * It has two dimensions; a third is filtered afterwards.
 */
import { added, fetched } from './flatbush.js'
import { noEntries } from './no-entries.js'

const NODE = 32

/**
 * The part of its interface used here.
 * @typedef {object} Index
 * @property {(x: number, y: number) => number} add
 * @property {() => unknown} finish
 * @property {(minX: number, minY: number, maxX: number, maxY: number) => number[]} range
 */

/** @typedef {(index: Index, longitude: number, latitude: number, k: number) => number[]} Around */

/**
 * @param {boolean} fetching
 * @returns {Promise<import('../../entries/stage.js').System>}
 */
export async function kdbushSystem(fetching) {
  const { default: KDBush } = await import(/** @type {string} */ ('kdbush'))
  const { around } = await import(/** @type {string} */ ('geokdbush'))
  return noEntries(fetching ? 'kdbush+values' : 'kdbush', {
    keys: ['cells'],
    handsOut: fetching ? 'entries' : 'indexes',
    readsOnly: fetching,
    open: () => kdbushStore(count => new KDBush(count, NODE), around, fetching),
  })
}

/**
 * @param {(count: number) => Index} make
 * @param {Around} around
 * @param {boolean} fetching
 * @returns {import('../../entries/points/field.js').PointStore}
 */
function kdbushStore(make, around, fetching) {
  /** @type {Index} */
  let index
  /** @type {import('../../entries/points/field.js').Points} */
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
      const found = index.range(min[0], min[1], max[0], max[1])
      const t = held.columns[2]
      if (t === undefined) return use(found, held)
      return use(
        found.filter(i => t[i] >= min[2] && t[i] <= max[2]),
        held,
      )
    },
    nearestOnSphere: (centre, k) => use(around(index, centre[0], centre[1], k), held),
    close: () => {},
  }
}
