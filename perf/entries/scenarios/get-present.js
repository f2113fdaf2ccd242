// @ts-check
/** Gets of keys that are there, at the present: the row every other read is measured against. */
import { CHUNK } from '../../data.js'
import { taste } from '../../measure.js'
import { walk } from '../../stage.js'

/** @type {import('../stage.js').Scenario} */
export const getPresent = {
  name: 'get-present',
  title: 'get, present',
  figures: { time: 'µs' },
  needs: ['get'],
  start(stage) {
    const { reads } = stage.data
    const { get } = stage.loaded
    const chunk = walk(reads, CHUNK, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(get(reads[i]))
      return sum
    })
    return { time: chunk }
  },
}
