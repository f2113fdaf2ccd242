// @ts-check
/** The whole set put into an empty store in one transaction, in random order; time a put. */
import { timeOnce } from '../measure.js'

/** @type {import('../bench.js').Scenario} */
export const putTransaction = {
  name: 'put-transaction',
  title: 'a million puts in one transaction, a put',
  figures: { time: 'µs' },
  needs: ['putAll'],
  start(bench) {
    const { count, data } = bench
    return async () => {
      const store = bench.system.open({ keys: count })
      const time = timeOnce(() => store.putAll(data.keys, data.values)) / count
      await store.close()
      return { time }
    }
  },
}
