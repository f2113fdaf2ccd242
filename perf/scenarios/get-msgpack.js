// @ts-check
/** The same gets with values in the default codec, MessagePack, instead of 'string'. */
import { walk } from '../bench.js'
import { CHUNK } from '../data.js'
import { taste, timeRepeated } from '../measure.js'

/** @type {import('../bench.js').Scenario} */
export const getMsgpack = {
  name: 'get-msgpack',
  title: 'get, present, values in MessagePack',
  figures: { time: 'µs' },
  needs: ['get'],
  suits: system => system.encodings.includes('msgpack'),
  start(bench) {
    const { count, data } = bench
    const { reads } = data
    const store = bench.system.open({ keys: count, encoding: 'msgpack' })
    bench.after(() => store.close())
    store.putAll(data.keys, data.values)
    const { get } = store
    const chunk = walk(reads, CHUNK, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(get(reads[i]))
      return sum
    })
    return () => ({ time: timeRepeated(chunk) })
  },
}
