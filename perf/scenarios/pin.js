// @ts-check
/** A snapshot taken and released at once. */
import { timeRepeated } from '../measure.js'

const PINS = 1000

/** @type {import('../bench.js').Scenario} */
export const pin = {
  name: 'pin',
  title: 'pin + unpin of a snapshot',
  figures: { time: 'µs' },
  needs: ['pin'],
  start(bench) {
    const pin = /** @type {() => void} */ (bench.loaded.pin)
    const chunk = () => {
      for (let i = 0; i < PINS; i++) pin()
      return PINS
    }
    return () => ({ time: timeRepeated(chunk) })
  },
}
