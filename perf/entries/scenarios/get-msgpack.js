// @ts-check
/** The same gets with values in the default codec, MessagePack, instead of 'string'. */
import { CHUNK } from '../../data.js'
import { taste } from '../../measure.js'
import { walk } from '../../stage.js'

/** @type {import('../stage.js').Scenario} */
export const getMsgpack = {
  name: 'get-msgpack',
  title: 'get, present, values in MessagePack',
  figures: { time: 'µs' },
  needs: ['get'],
  suits: system => system.encodings.includes('msgpack'),
  start(stage) {
    const { count, data } = stage
    const { reads } = data
    const store = stage.system.open({ keys: count, encoding: 'msgpack' })
    stage.after(() => store.close())
    store.putAll(data.keys, data.values)
    const { get } = store
    const chunk = walk(reads, CHUNK, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(get(reads[i]))
      return sum
    })
    return { time: chunk }
  },
}
