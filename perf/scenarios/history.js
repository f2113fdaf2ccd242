// @ts-check
/**
 * The cost of a long past. By depth: the set under a full history of 0 to 10 000 versions, gets at the
 * present and at the oldest version, and single-put commits, each of which releases one version. By
 * age: gets at a version 1 to 10 000 commits back, in turns with gets at the present.
 */
import { walk } from '../bench.js'
import { CHUNK } from '../data.js'
import { taste, timeInTurns, timeRepeated } from '../measure.js'

/** @typedef {import('../bench.js').Bench} Bench */
/** @typedef {import('../bench.js').Scenario} Scenario */
/** @typedef {import('../systems/zverse.js').Database} Database */

const PUTS = 100
/** Commits beyond the history, so that reclamation has begun. */
const BEYOND = 2000

/**
 * A store with the set, and a chunk of commits on it, of which enough were made to fill the history.
 * @param {Bench} bench
 * @param {number} versions
 */
function filled(bench, versions) {
  const { system, count, data } = bench
  const { keys, values, reads } = data
  const store = system.open({ keys: count, history: { versions } })
  bench.after(() => store.close())
  store.putAll(keys, values)
  const committing = walk(reads, PUTS, (from, to) => {
    for (let i = from; i < to; i++) store.put(reads[i], values[i % count])
    return 0
  })
  for (let made = 0; made < versions + BEYOND; made += committing());
  return { db: /** @type {Database} */ (store.database), committing }
}

/**
 * A chunk of gets in the present, and one of gets as many commits back as `back` says.
 * @param {Bench} bench
 * @param {Database} db
 * @param {number} back
 */
function getting({ data }, db, back) {
  const { reads } = data
  const view = { at: 0 }
  const now = walk(reads, CHUNK, (from, to) => {
    let sum = 0
    for (let i = from; i < to; i++) sum += taste(db.get(reads[i]))
    return sum
  })
  const old = walk(reads, CHUNK, (from, to) => {
    let sum = 0
    for (let i = from; i < to; i++) sum += taste(db.get(reads[i], view))
    return sum
  })
  const look = () => {
    view.at = db.version - back
  }
  return { now, old, look }
}

/** @type {(depth: number) => Scenario} */
const depthRow = depth => ({
  name: `history-${depth}`,
  title: `history of ${depth} versions`,
  family: { name: 'history-depth', at: depth },
  figures: { present: 'µs', oldest: 'µs', commit: 'µs' },
  needs: ['database'],
  start(bench) {
    const { db, committing } = filled(bench, depth)
    const { now, old, look } = getting(bench, db, depth)
    return () => {
      look()
      const [present, oldest] = timeInTurns(now, old)
      const commit = timeRepeated(committing)
      // Without a history there is no older version.
      return { present, oldest: depth === 0 ? Number.NaN : oldest, commit }
    }
  },
})

/** @type {(age: number) => Scenario} */
const ageRow = age => ({
  name: `age-${age}`,
  title: `get ${age} commits back`,
  family: { name: 'snapshot-age', at: age },
  figures: { time: 'µs', present: 'µs', ratio: '×' },
  needs: ['database'],
  start(bench) {
    const { db } = filled(bench, age)
    const { now, old, look } = getting(bench, db, age)
    look()
    return () => {
      const [present, time] = timeInTurns(now, old)
      return { time, present, ratio: present / time }
    }
  },
})

export const depths = [0, 10, 1000, 10_000].map(depthRow)

export const ages = [1, 10, 100, 1000, 10_000].map(ageRow)
