// @ts-check
/**
 * The whole set of points into an empty store, time a point: one by one in random order in one
 * transaction; in bulk, however a system does that; and in one transaction along the curve.
 */
import { alongCurve } from '../points/data.js'
import { checkBoxes, makeBoxes } from '../points/queries.js'

/** @typedef {import('../stage.js').Scenario} Scenario */
/** @typedef {import('../points/field.js').PointStore} PointStore */

const CHECKED = 20
const HITS = 100

/**
 * @typedef {object} Kind
 * @property {'insert' | 'load'} [verb] 'insert' unless said
 * @property {import('../points/field.js').KeyKind} [keys]
 * @property {boolean} [sorted] along the curve
 * @property {Scenario['suits']} [suits]
 */

/** @type {(name: string, title: string, kind: Kind) => Scenario} */
const row = (name, title, { verb = 'insert', keys, sorted = false, suits }) => ({
  ...{ name, title: `${title}, a point`, figures: { time: 'µs' }, points: 'uniform' },
  ...{ keys, needs: [verb], suits },
  start({ field, seed, count }) {
    const boxes = makeBoxes(field.grid, 'square', HITS, CHECKED, seed)
    const points = sorted ? alongCurve(field.points) : field.points
    /** @type {PointStore} */
    let store
    let isFull = false
    const work = {
      runs: 1,
      before: () => {
        store = field.empty()
        isFull = false
      },
      run: () => {
        store[verb]?.(points)
        isFull = true
        return count
      },
      after: () => {
        try {
          if (isFull) checkBoxes(field.grid, boxes, field.system.handsOut, store.box)
        } finally {
          store.close()
        }
      },
    }
    return { time: work }
  },
})

export const fills = [
  row('points-insert', 'inserting points, one transaction', {}),
  row('points-bulk', 'points in bulk', {
    ...{ verb: 'load', suits: ({ points }) => points?.readsOnly !== true },
  }),
  row('points-sorted', 'inserting points along the curve, one transaction', {
    ...{ sorted: true, suits: ({ points }) => points?.orderedLoad === true },
  }),
]

export const fillFloat64 = row(
  'points-insert-float64',
  'inserting points, one transaction, float64 dimensions',
  { keys: 'float64' },
)
