// @ts-check
/**
 * The diff of two versions with 100 changes between them, read to its end. Each round makes pairs of
 * its own and goes round them, so that the changed nodes do not all stay in the nearest cache.
 */
import { consume, taste } from '../../measure.js'

const CHANGES = 100
const PAIRS = 200

/**
 * Commits puts on so many keys, all different, drawn from the set; fewer where it is smaller.
 * @param {import('../stage.js').EntriesStage} stage
 * @param {number} most
 * @returns {{ size: number, commit: () => void }}
 */
export function committing({ data, database }, most) {
  const { sorted, values, random, count } = data
  const size = Math.min(most, count)
  const commit = () => {
    const picked = new Set()
    while (picked.size < size) picked.add(random(count))
    database.transact(tx => {
      for (const index of picked) tx.put(sorted[index], values[random(count)])
    })
  }
  return { size, commit }
}

/** @type {import('../stage.js').Scenario} */
export const diff = {
  name: 'diff',
  title: `diff of two versions, ${CHANGES} changes among a million keys`,
  figures: { time: 'µs' },
  needs: ['database'],
  start(stage) {
    const db = stage.database
    const { size: changes, commit } = committing(stage, CHANGES)
    const makePair = () => {
      const from = db.version
      commit()
      return from
    }
    return () => {
      const pairs = Array.from({ length: PAIRS }, makePair)
      let at = 0
      const chunk = () => {
        const from = pairs[at++ % PAIRS]
        let found = 0
        for (const { key, before, after } of db.diff(from, from + 1)) {
          found++
          consume(taste(key) + (before === undefined ? 0 : 1) + (after === undefined ? 0 : 1))
        }
        if (found !== changes) throw new Error(`diff gave ${found} of ${changes} changes`)
        return 1
      }
      return { time: chunk }
    }
  },
}
