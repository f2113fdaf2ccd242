// @ts-check
/**
 * The whole set of points into an empty store, time a point: one by one in random order in one
 * transaction; in bulk, however a system does that; and in one transaction along the curve.
 */
import { timeOnce } from '../measure.js'
import { alongCurve } from '../points/data.js'
import { checkBoxes, makeBoxes } from '../points/queries.js'

/** @typedef {import('../bench.js').Bench} Bench */
/** @typedef {import('../bench.js').Scenario} Scenario */
/** @typedef {import('../points/field.js').Points} Points */
/** @typedef {import('../points/field.js').PointStore} PointStore */

const CHECKED = 20
const HITS = 100

/**
 * A round that fills an empty store and then asks it some boxes, untimed.
 * @param {Bench} bench
 * @param {(store: PointStore) => void} fill
 */
function filling({ field, seed, count }, fill) {
  const boxes = makeBoxes(field.grid, 'square', HITS, CHECKED, seed)
  return () => {
    const store = field.empty()
    try {
      const time = timeOnce(() => fill(store)) / count
      checkBoxes(field.grid, boxes, field.system.handsOut, store.box)
      return { time }
    } finally {
      store.close()
    }
  }
}

/** @type {(name: string, what: string, keys: import('../points/field.js').KeyKind) => Scenario} */
const inserting = (name, what, keys) => ({
  name,
  title: `inserting points, one transaction${what}, a point`,
  figures: { time: 'µs' },
  points: 'uniform',
  keys,
  needs: ['insert'],
  start(bench) {
    const { points } = bench.field
    return filling(bench, store => store.insert?.(points))
  },
})

export const pointsInsert = inserting('points-insert', '', 'cells')

export const pointsInsertFloat64 = inserting(
  'points-insert-float64',
  ', float64 dimensions',
  'float64',
)

/** @type {Scenario} */
export const pointsBulk = {
  name: 'points-bulk',
  title: 'points in bulk, a point',
  figures: { time: 'µs' },
  points: 'uniform',
  needs: ['load'],
  suits: ({ points }) => points?.readsOnly !== true,
  start(bench) {
    const { points } = bench.field
    return filling(bench, store => store.load(points))
  },
}

/** @type {Scenario} */
export const pointsSorted = {
  name: 'points-sorted',
  title: 'inserting points along the curve, one transaction, a point',
  figures: { time: 'µs' },
  points: 'uniform',
  needs: ['insert'],
  suits: ({ points }) => points?.orderedLoad === true,
  start(bench) {
    const points = alongCurve(bench.field.points)
    // Reads are checked by the points in the boxes, in any order.
    return filling(bench, store => store.insert?.(points))
  },
}
