// @ts-check
/**
 * Gets and single-put commits with values of 10 bytes to 100 KB. Entries are a tenth of `--keys`, fewer
 * if they would take more than 256 MB; only the last character of a value is read, so the row measures
 * making the string, not looking at it.
 */
import { CHUNK, presentKey, seeded, shuffled, texts } from '../../data.js'
import { taste } from '../../measure.js'
import { walk } from '../../stage.js'

const MOST_BYTES = 256e6
/** Values are put in turn from so many. */
const POOL = 64
const PUTS = 50

/** @type {(bytes: number) => import('../stage.js').Scenario} */
const row = bytes => ({
  name: `value-${bytes}`,
  title: `values of ${bytes} bytes`,
  at: bytes,
  figures: { get: { what: 'get', unit: 'µs' }, put: { what: 'single-put commit', unit: 'µs' } },
  needs: ['get', 'put', 'putAll'],
  suits: system => system.variant !== true,
  start(stage) {
    const { system, seed } = stage
    const count = Math.max(1, Math.min(Math.ceil(stage.count / 10), Math.floor(MOST_BYTES / bytes)))
    const random = seeded(seed)
    const value = texts(bytes, random)
    const store = system.open({ keys: count })
    stage.after(() => store.close())
    fill(store, count, random, value)
    const reads = Array.from({ length: 100 * CHUNK }, () => presentKey(random(count)))
    const pool = Array.from({ length: POOL }, value)
    const { get, put } = store
    // Chunks of large values would outlast the sample.
    const some = bytes > 1000 ? CHUNK / 20 : CHUNK
    const getting = walk(reads, some, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(get(reads[i]))
      return sum
    })
    const putting = walk(reads, PUTS, (from, to) => {
      for (let i = from; i < to; i++) put(reads[i], pool[i % POOL])
      return 0
    })
    return { get: getting, put: putting }
  },
})

/**
 * In random order, in transactions of a thousand: strings of 256 MB at once are the collector's matter.
 * @param {import('../stage.js').Store} store
 * @param {number} count
 * @param {(below: number) => number} random
 * @param {() => string} value
 */
function fill(store, count, random, value) {
  const order = shuffled(count, random)
  for (let from = 0; from < count; from += CHUNK) {
    const keys = Array.from(order.subarray(from, from + CHUNK), presentKey)
    store.putAll(keys, keys.map(value))
  }
}

export const valueSizes = [10, 100, 1000, 10_000, 100_000].map(row)
