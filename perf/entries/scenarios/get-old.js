// @ts-check
/**
 * Gets at the version 500 commits back, in turns with gets at the present on the same keys, and with gets
 * at the present of a store without point index: the promise is about that one.
 */
import { CHUNK } from '../../data.js'
import { taste } from '../../measure.js'
import { walk } from '../../stage.js'

/** @typedef {import('../zverse.js').Database} Database */

const COMMITS_BACK = 500

/** @type {import('../stage.js').Scenario} */
export const getOld = {
  name: 'get-old',
  title: `get at a version ${COMMITS_BACK} commits back`,
  figures: { time: 'µs', present: 'µs', unindexed: 'µs', ratio: '×', toPresent: '×' },
  ratios: { ratio: ['unindexed', 'time'], toPresent: ['present', 'time'] },
  inTurns: ['present', 'time', 'unindexed'],
  needs: ['get', 'database'],
  note:
    'ratio: time of a present get in a store without point index ÷ time of the old one; ' +
    'toPresent: time of the present get ÷ time of the old one',
  start(stage) {
    const { keys, reads, values, random, count } = stage.data
    const db = stage.database
    for (let i = 0; i < 2 * COMMITS_BACK; i++) {
      db.put(reads[random(reads.length)], values[random(count)])
    }
    const plain = stage.system.open({ keys: count, pointIndex: false })
    stage.after(() => plain.close())
    plain.putAll(keys, values)
    const bare = /** @type {Database} */ (plain.database)
    const view = { at: db.version - COMMITS_BACK }
    const old = walk(reads, CHUNK, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(db.get(reads[i], view))
      return sum
    })
    const now = walk(reads, CHUNK, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(db.get(reads[i]))
      return sum
    })
    const unindexed = walk(reads, CHUNK, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(bare.get(reads[i]))
      return sum
    })
    return { present: now, time: old, unindexed }
  },
}
