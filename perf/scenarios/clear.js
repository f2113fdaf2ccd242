// @ts-check
/** `clear` of the whole set, against deleting every key, in key order, in one transaction. */
import { timeOnce } from '../measure.js'

/** @type {import('../bench.js').Scenario} */
export const clear = {
  name: 'clear',
  title: 'clear of a million keys',
  figures: { time: 'ms', deleting: 'ms', ratio: '×' },
  needs: ['clear', 'deleteAll', 'loadSorted'],
  note: 'ratio: time of clear ÷ time of deleting key by key in one transaction',
  start(bench) {
    const { count, data } = bench
    /** @param {(store: import('../bench.js').Store) => void} work */
    const onFullStore = async work => {
      const store = bench.system.open({ keys: count })
      store.loadSorted(data.sorted, data.values)
      const time = timeOnce(() => work(store))
      await store.close()
      return time
    }
    return async () => {
      const time = await onFullStore(store => store.clear())
      const deleting = await onFullStore(store => store.deleteAll?.(data.sorted))
      return { time, deleting, ratio: time / deleting }
    }
  },
}
