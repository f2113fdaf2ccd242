// @ts-check
/** Ranges of 100 entries from a random key on, keys and values handed out; time an entry. */
import { consume } from '../../measure.js'

const LIMIT = 100
const RANGES = 20

/** @type {import('../stage.js').Scenario} */
export const range = {
  name: 'range',
  title: `range of ${LIMIT} entries, an entry`,
  figures: { time: 'µs' },
  needs: ['range'],
  start(stage) {
    const { count, data } = stage
    const { random, sorted } = data
    const read = /** @type {(from: string, limit: number) => number} */ (stage.loaded.range)
    // Starts are chosen so that every range is full.
    const last = Math.max(1, count - LIMIT)
    const starts = Array.from({ length: 20_000 }, () => sorted[random(last)])
    let at = 0
    const chunk = () => {
      let sum = 0
      for (let i = 0; i < RANGES; i++) sum += read(starts[at + i], LIMIT)
      at = at + RANGES >= starts.length ? 0 : at + RANGES
      consume(sum)
      return RANGES * LIMIT
    }
    return { time: chunk }
  },
}
