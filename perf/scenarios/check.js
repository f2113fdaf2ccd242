// @ts-check
/**
 * `check()` of the set with a thousand versions, a random put each, against the set as loaded:
 * `check()` should look at shared nodes once.
 */
import { timeOnce } from '../measure.js'

const VERSIONS = 1000

/** @type {import('../bench.js').Scenario} */
export const check = {
  name: 'check',
  title: 'check() with 1000 versions ÷ with 1 version',
  figures: { ratio: '×', many: 'ms', one: 'ms' },
  needs: ['database'],
  start(bench) {
    const { system, count } = bench
    const { keys, values, reads } = bench.data
    /** @param {number} versions */
    const filled = versions => {
      const store = system.open({ keys: count, history: { versions } })
      bench.after(() => store.close())
      store.putAll(keys, values)
      for (let i = 0; i < versions; i++) store.put(reads[i], values[i % count])
      return /** @type {import('../systems/zverse.js').Database} */ (store.database)
    }
    const [one, many] = [filled(0), filled(VERSIONS)]
    return () => {
      const times = [one, many].map(db =>
        timeOnce(() => {
          const { ok, problems } = db.check()
          if (!ok) throw new Error(`check() found problems: ${problems.slice(0, 3)}`)
        }),
      )
      return { ratio: times[1] / times[0], many: times[1], one: times[0] }
    }
  },
}
