// @ts-check
/**
 * `restore` of the version before 100 commits of one put each. Only the restoring is timed, so a
 * sample is the sum of many single ones.
 */
import { timeOnce } from '../measure.js'

const CHANGES = 100
const RESTORES = 100

/** @type {import('../bench.js').Scenario} */
export const restore = {
  name: 'restore',
  title: `restore of a version ${CHANGES} changes back, a million keys`,
  figures: { time: 'µs' },
  needs: ['database'],
  start(bench) {
    const { sorted, values, random, count } = bench.data
    const db = bench.database
    return () => {
      let time = 0
      for (let done = 0; done < RESTORES; done++) {
        const at = db.version
        for (let i = 0; i < CHANGES; i++) db.put(sorted[random(count)], values[random(count)])
        time += timeOnce(() => db.restore({ at })) / RESTORES
      }
      return { time }
    }
  },
}
