// @ts-check
/**
 * The ten nearest of a vector, with the least effort that finds 94.5 % of them; and of a group of one vector in a hundred.
 * zverse hands out entries with their values; hnswlib ids.
 */
import { K, RECALL } from '../stage.js'

/** Queries of a run. */
const CHUNK = 20

/**
 * Work that asks one query after the other.
 * @param {number} count
 * @param {(i: number) => number[]} ask
 */
export function asking(count, ask) {
  let at = 0
  return () => {
    let sum = 0
    for (let i = 0; i < CHUNK; i++) sum += ask((at + i) % count).length
    at = (at + CHUNK) % count
    if (sum !== CHUNK * K) throw new Error(`${sum} neighbours instead of ${CHUNK * K}`)
    return CHUNK
  }
}

/** @type {(name: string, what: string, isFar: boolean) => import('../stage.js').Scenario} */
const row = (name, what, isFar) => ({
  name,
  title: `the ${K} nearest of ${what}, of which 94.5 % are found`,
  figures: {
    time: { what: 'a query', unit: 'µs' },
    recall: { what: 'found of the true nearest', unit: '' },
    effort: { what: 'effort, or ef', unit: '' },
  },
  start(stage) {
    const { loaded: store, set } = stage
    const queries = stage.prepared(store, isFar ? set.far : set.queries)
    const ask = (/** @type {number} */ i, /** @type {number} */ effort) =>
      store.nearest(queries[i], effort)
    const nearest = isFar ? stage.nearestOfFar : stage.nearest
    const { effort, recall } = stage.effortFor(store, RECALL, ask, nearest)
    const time = asking(queries.length, i => ask(i, effort))
    return { time, recall, effort }
  },
})

/** @type {import('../stage.js').Scenario[]} */
export const queries = [
  row('vectors-query', 'words like those of the set', false),
  row('vectors-query-far', 'words that are rarer than all of them', true),
  {
    name: 'vectors-filter',
    title: `the ${K} nearest of a hundredth of the vectors, of which 94.5 % are found`,
    figures: {
      time: { what: 'a query', unit: 'µs' },
      recall: { what: 'found of the true nearest', unit: '' },
    },
    needs: ['filtered'],
    note: 'zverse by `where`, hnswlib by its filter function',
    start(stage) {
      const { loaded: store, set } = stage
      const queries = stage.prepared(store, set.queries)
      const ask = (/** @type {number} */ i, /** @type {number} */ effort) =>
        store.filtered?.(queries[i], i % 100, effort) ?? []
      const { effort, recall } = stage.effortFor(store, RECALL, ask, stage.inGroup)
      return { time: asking(queries.length, i => ask(i, effort)), recall }
    },
  },
]
