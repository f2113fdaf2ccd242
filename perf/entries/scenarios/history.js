// @ts-check
/**
 * The cost of a long past. By depth: the set under a full history of 0 to 10 000 versions, gets at the
 * present and at the oldest version, and single-put commits, each of which releases one version. By
 * age: gets at a version 1 to 10 000 commits back, in turns with gets at the present.
 */
import { CHUNK } from '../../data.js'
import { taste } from '../../measure.js'
import { walk } from '../../stage.js'

/** @typedef {import('../stage.js').EntriesStage} EntriesStage */
/** @typedef {import('../stage.js').Scenario} Scenario */
/** @typedef {import('../zverse.js').Database} Database */

const PUTS = 100
/** Commits beyond the history, so that reclamation has begun. */
const BEYOND = 2000

/**
 * A store with the set, and a chunk of commits on it, of which enough were made to fill the history.
 * @param {EntriesStage} stage
 * @param {number} versions
 */
function filled(stage, versions) {
  const { system, count, data } = stage
  const { keys, values, reads } = data
  const store = system.open({ keys: count, history: { versions } })
  stage.after(() => store.close())
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
 * @param {EntriesStage} stage
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
  at: depth,
  figures: {
    present: { what: 'get, present', unit: 'µs' },
    oldest: { what: 'get, oldest version', unit: 'µs' },
    commit: { what: 'single-put commit', unit: 'µs' },
  },
  inTurns: ['present', 'oldest'],
  needs: ['database'],
  start(stage) {
    const { db, committing } = filled(stage, depth)
    const { now, old, look } = getting(stage, db, depth)
    return () => {
      look()
      // Without a history there is no older version.
      return { present: now, ...(depth > 0 && { oldest: old }), commit: committing }
    }
  },
})

/** @type {(age: number) => Scenario} */
const ageRow = age => ({
  name: `age-${age}`,
  title: `get ${age} commits back`,
  at: age,
  figures: {
    time: { what: 'get there', unit: 'µs' },
    present: { what: 'get, present', unit: 'µs' },
    ratio: { what: 'present ÷ there', unit: '×' },
  },
  ratios: { ratio: ['present', 'time'] },
  inTurns: ['present', 'time'],
  needs: ['database'],
  start(stage) {
    const { db } = filled(stage, age)
    const { now, old, look } = getting(stage, db, age)
    look()
    return { present: now, time: old }
  },
})

export const depths = [0, 10, 1000, 10_000].map(depthRow)

export const ages = [1, 10, 100, 1000, 10_000].map(ageRow)
