// @ts-check
/** Every entry of the set, keys and values handed out; time an entry. */
import { consume, timeRepeated } from '../measure.js'

/** @type {import('../bench.js').Scenario} */
export const scan = {
  name: 'scan',
  title: 'full scan, an entry',
  figures: { time: 'µs' },
  needs: ['scan'],
  start(bench) {
    const { scan } = bench.loaded
    const chunk = () => {
      consume(scan())
      return bench.count
    }
    return () => ({ time: timeRepeated(chunk) })
  },
}
