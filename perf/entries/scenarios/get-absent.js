// @ts-check
/** Gets of keys that are not there but lie between keys that are. */
import { CHUNK } from '../../data.js'
import { walk } from '../../stage.js'

/** @type {import('../stage.js').Scenario} */
export const getAbsent = {
  name: 'get-absent',
  title: 'get of an absent key',
  figures: { time: 'µs' },
  needs: ['get'],
  start(stage) {
    const { absent } = stage.data
    const { get } = stage.loaded
    const chunk = walk(absent, CHUNK, (from, to) => {
      let found = 0
      for (let i = from; i < to; i++) if (get(absent[i]) !== undefined) found++
      if (found > 0) throw new Error(`${found} keys found that were never written`)
      return to
    })
    return { time: chunk }
  },
}
