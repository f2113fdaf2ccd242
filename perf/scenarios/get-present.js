// @ts-check
/** Gets of keys that are there, at the present: the row every other read is measured against. */
import { walk } from '../bench.js'
import { CHUNK } from '../data.js'
import { taste, timeRepeated } from '../measure.js'

/** @type {import('../bench.js').Scenario} */
export const getPresent = {
  name: 'get-present',
  title: 'get, present',
  figures: { time: 'µs' },
  needs: ['get'],
  start(bench) {
    const { reads } = bench.data
    const { get } = bench.loaded
    const chunk = walk(reads, CHUNK, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(get(reads[i]))
      return sum
    })
    return () => ({ time: timeRepeated(chunk) })
  },
}
