// @ts-check
/**
 * The 10 nearest points of a place near one of the set, nearest first, everything handed out. Before
 * the first round some answers are compared with those found by looking at every point.
 */
import { consume } from '../../measure.js'
import { checkNearest, makeCentres } from '../points/queries.js'

/** @typedef {import('../points/data.js').SetName} SetName */
/** @typedef {import('../points/field.js').KeyKind} KeyKind */
/** @typedef {import('../points/field.js').PointStore} PointStore */

const K = 10
const CENTRES = 10_000
const CHUNK = 20

/** @typedef {{ points: SetName, keys?: KeyKind, verb?: 'nearest' | 'nearestOnSphere' }} Kind */

/** @type {(name: string, title: string, kind: Kind) => import('../stage.js').Scenario} */
const row = (name, title, { points, keys = 'cells', verb = 'nearest' }) => ({
  name,
  title: `${K} nearest, ${title}`,
  figures: { time: 'µs' },
  points,
  keys,
  needs: [verb],
  start({ field, seed }) {
    const ask = /** @type {NonNullable<PointStore['nearest']>} */ (field.store[verb])
    const centres = makeCentres(field.points, CENTRES, seed)
    checkNearest(field.points, centres, K, field.system.handsOut, ask)
    let at = 0
    const chunk = () => {
      let sum = 0
      for (let i = at; i < at + CHUNK; i++) sum += ask(centres[i], K)
      at = at + CHUNK === CENTRES ? 0 : at + CHUNK
      consume(sum)
      return CHUNK
    }
    return { time: chunk }
  },
})

export const nearest = row('nearest', 'uniform', { points: 'uniform' })

export const nearestClustered = row('nearest-clustered', 'clustered', { points: 'clustered' })

export const nearestFloat64 = row('nearest-float64', 'uniform, float64 dimensions', {
  ...{ points: 'uniform', keys: 'float64' },
})

export const nearestOnSphere = row('nearest-sphere', 'clustered, by haversine', {
  ...{ points: 'sphere', verb: 'nearestOnSphere' },
})
