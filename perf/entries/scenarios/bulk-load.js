// @ts-check
/** The whole set loaded into an empty store in one transaction, in key order; time an entry. */
import { onEmptyStore } from './put-transaction.js'

/** @type {import('../stage.js').Scenario} */
export const bulkLoad = {
  name: 'bulk-load',
  title: 'bulk load of sorted input, an entry',
  figures: { time: 'µs' },
  needs: ['loadSorted'],
  suits: system => system.orderedLoad,
  start(stage) {
    const { sorted, values } = stage.data
    return { time: onEmptyStore(stage, store => store.loadSorted(sorted, values)) }
  },
}
