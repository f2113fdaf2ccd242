// @ts-check
/** The ten nearest, with the least effort that finds so much of them. */
import { K } from '../stage.js'
import { asking } from './query.js'

/** @type {(share: number) => import('../stage.js').Scenario} */
const row = share => ({
  name: `vectors-recall-${Math.round(share * 1000)}`,
  title: `the ${K} nearest, of which ${+(share * 100).toFixed(1)} % are found`,
  at: share,
  figures: { time: { what: 'a query', unit: 'µs' } },
  start(stage) {
    const { loaded: store, set } = stage
    const queries = stage.prepared(store, set.queries)
    const ask = (/** @type {number} */ i, /** @type {number} */ effort) =>
      store.nearest(queries[i], effort)
    const { effort, recall } = stage.effortFor(store, share, ask)
    // A small set is compared whole: there is nothing to choose.
    if (recall < share) throw new Error(`${recall} of the nearest were found, not ${share}`)
    return { time: asking(queries.length, i => ask(i, effort)) }
  },
})

export const recalls = [0.8, 0.9, 0.945, 0.97, 0.99].map(row)
