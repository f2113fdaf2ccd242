// @ts-check
/** The whole set loaded into an empty store in one transaction, in key order; time an entry. */
import { timeOnce } from '../measure.js'

/** @type {import('../bench.js').Scenario} */
export const bulkLoad = {
  name: 'bulk-load',
  title: 'bulk load of sorted input, an entry',
  figures: { time: 'µs' },
  needs: ['loadSorted'],
  suits: system => system.orderedLoad,
  start(bench) {
    const { count, data } = bench
    return async () => {
      const store = bench.system.open({ keys: count })
      const time = timeOnce(() => store.loadSorted(data.sorted, data.values)) / count
      await store.close()
      return { time }
    }
  },
}
