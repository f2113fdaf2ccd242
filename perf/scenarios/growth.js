// @ts-check
/** Gets among ten times the keys of the set, against gets among a tenth of them, in turns. */
import { walk } from '../bench.js'
import { CHUNK, presentKey, shuffled } from '../data.js'
import { taste, timeInTurns } from '../measure.js'

const LOAD = 1_000_000
const READS = 1_000_000

/** @typedef {import('../bench.js').Bench} Bench */

/**
 * A store of `count` keys, loaded in random order, and a chunk of random gets on it.
 * @param {Bench} bench
 * @param {number} count
 */
function filled(bench, count) {
  const { random, values } = bench.data
  const store = bench.system.open({ keys: count, history: { versions: 0 } })
  bench.after(() => store.close())
  const order = shuffled(count, random)
  for (let from = 0; from < count; from += LOAD) {
    const part = Array.from(order.subarray(from, from + LOAD), presentKey)
    store.putAll(
      part,
      Array.from(part, (_, i) => values[i % values.length]),
    )
  }
  const reads = Array.from({ length: READS }, () => presentKey(random(count)))
  const { get } = store
  return walk(reads, CHUNK, (from, to) => {
    let sum = 0
    for (let i = from; i < to; i++) sum += taste(get(reads[i]))
    return sum
  })
}

/** @type {import('../bench.js').Scenario} */
export const growth = {
  name: 'growth',
  title: 'growth: get at 10 million keys against 100 thousand',
  figures: { ratio: '×', large: 'µs', small: 'µs' },
  needs: ['database'],
  note: 'ratio: time at ten times the set ÷ time at a tenth of it',
  start(bench) {
    const readSmall = filled(bench, Math.ceil(bench.count / 10))
    const readLarge = filled(bench, bench.count * 10)
    return () => {
      const [small, large] = timeInTurns(readSmall, readLarge)
      return { ratio: large / small, large, small }
    }
  },
}
