// @ts-check
/** Gets of keys that are not there but lie between keys that are. */
import { walk } from '../bench.js'
import { CHUNK } from '../data.js'
import { timeRepeated } from '../measure.js'

/** @type {import('../bench.js').Scenario} */
export const getAbsent = {
  name: 'get-absent',
  title: 'get of an absent key',
  figures: { time: 'µs' },
  needs: ['get'],
  start(bench) {
    const { absent } = bench.data
    const { get } = bench.loaded
    const chunk = walk(absent, CHUNK, (from, to) => {
      let found = 0
      for (let i = from; i < to; i++) if (get(absent[i]) !== undefined) found++
      if (found > 0) throw new Error(`${found} keys found that were never written`)
      return to
    })
    return () => ({ time: timeRepeated(chunk) })
  },
}
