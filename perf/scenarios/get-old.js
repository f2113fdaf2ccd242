// @ts-check
/**
 * Gets at the version 500 commits back, in turns with gets at the present on the same keys, so that
 * the ratio does not depend on what the machine did in between.
 */
import { walk } from '../bench.js'
import { CHUNK } from '../data.js'
import { taste, timeInTurns } from '../measure.js'

const COMMITS_BACK = 500

/** @type {import('../bench.js').Scenario} */
export const getOld = {
  name: 'get-old',
  title: `get at a version ${COMMITS_BACK} commits back`,
  figures: { time: 'µs', present: 'µs', ratio: '×' },
  needs: ['get', 'database'],
  note: 'ratio: time of the present get ÷ time of the old one',
  start(bench) {
    const { reads, values, random, count } = bench.data
    const db = bench.database
    for (let i = 0; i < 2 * COMMITS_BACK; i++) {
      db.put(reads[random(reads.length)], values[random(count)])
    }
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
    return () => {
      const [present, time] = timeInTurns(now, old)
      return { time, present, ratio: present / time }
    }
  },
}
