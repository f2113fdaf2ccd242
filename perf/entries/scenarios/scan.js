// @ts-check
/** Every entry of the set, keys and values handed out; time an entry. */
import { consume } from '../../measure.js'

/** @type {import('../stage.js').Scenario} */
export const scan = {
  name: 'scan',
  title: 'full scan, an entry',
  figures: { time: 'µs' },
  needs: ['scan'],
  start(stage) {
    const { scan } = stage.loaded
    const chunk = () => {
      consume(scan())
      return stage.count
    }
    return { time: chunk }
  },
}
