// @ts-check
/** Gets among ten times the keys of the set, against gets among a tenth of them, in turns. */
import { CHUNK, presentKey, shuffled } from '../../data.js'
import { taste } from '../../measure.js'
import { walk } from '../../stage.js'

const LOAD = 1_000_000
const READS = 1_000_000

/** @typedef {import('../stage.js').EntriesStage} EntriesStage */

/**
 * A store of `count` keys, loaded in random order, and a chunk of random gets on it.
 * @param {EntriesStage} stage
 * @param {number} count
 */
function filled(stage, count) {
  const { random, values } = stage.data
  const store = stage.system.open({ keys: count, history: { versions: 0 } })
  stage.after(() => store.close())
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

/** @type {import('../stage.js').Scenario} */
export const growth = {
  name: 'growth',
  title: 'growth: get at 10 million keys against 100 thousand',
  figures: { ratio: '×', large: 'µs', small: 'µs' },
  ratios: { ratio: ['large', 'small'] },
  inTurns: ['small', 'large'],
  needs: ['database'],
  note: 'ratio: time at ten times the set ÷ time at a tenth of it',
  start(stage) {
    return {
      small: filled(stage, Math.ceil(stage.count / 10)),
      large: filled(stage, stage.count * 10),
    }
  },
}
