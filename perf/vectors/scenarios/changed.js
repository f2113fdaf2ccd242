// @ts-check
/**
 * What changes leave of recall and of the past: each vector was replaced by another, in commits of a hundred; and queries 500
 * commits back, in turns with those at the present.
 */
import { nearestOf } from '../data.js'
import { asking } from './query.js'

const COMMITS_BACK = 500

/** @type {import('../stage.js').Scenario} */
export const replaced = {
  name: 'vectors-replaced',
  title: 'found of the ten nearest after each vector was replaced once',
  figures: {
    recall: { what: 'after that', unit: '' },
    fresh: { what: 'of an index that had only these', unit: '' },
    lost: { what: 'fresh − replaced', unit: '' },
  },
  once: true,
  needs: ['nearestAt'],
  start(stage) {
    const { vectors, queries } = stage.set
    return () => {
      // Each gets the vector of another.
      const step = Math.floor(vectors.length * 0.38) | 1
      const moved = vectors.map((_, id) => vectors[(id * step + 1) % vectors.length])
      const fresh = stage.empty()
      fresh.addAll(moved)
      const store = stage.filled()
      for (let id = 0; id < moved.length; id++) store.put?.(moved[id], id)
      const nearest = queries.map(query => new Set(nearestOf(moved, query)))
      const [after, before] = [store, fresh].map(({ nearest: ask }) => {
        return stage.recallOf(i => ask(queries[i], 1), nearest)
      })
      store.close()
      fresh.close()
      return { recall: after, fresh: before, lost: before - after }
    }
  },
}

/** @type {import('../stage.js').Scenario} */
export const old = {
  name: 'vectors-old',
  title: `the ten nearest, ${COMMITS_BACK} commits back`,
  figures: {
    time: { what: 'then', unit: 'µs' },
    present: { what: 'now', unit: 'µs' },
    ratio: { what: 'then ÷ now, time', unit: '×' },
  },
  ratios: { ratio: ['time', 'present'] },
  inTurns: ['time', 'present'],
  needs: ['version', 'nearestAt'],
  start(stage) {
    const { vectors, queries } = stage.set
    const store = stage.filled()
    stage.after(() => store.close())
    const version = store.version?.() ?? 0
    for (let i = 0; i < COMMITS_BACK; i++) {
      store.put?.(vectors[(i * 31 + 7) % vectors.length], (i * 17) % vectors.length)
    }
    return {
      time: asking(queries.length, i => store.nearestAt?.(queries[i], version) ?? []),
      present: asking(queries.length, i => store.nearest(queries[i], 1)),
    }
  },
}
