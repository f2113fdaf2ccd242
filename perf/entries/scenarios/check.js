// @ts-check
/**
 * `check()` of the set with a thousand versions, a random put each, against the set as loaded:
 * `check()` should look at shared nodes once.
 */
const VERSIONS = 1000

/** @type {import('../stage.js').Scenario} */
export const check = {
  name: 'check',
  title: 'check() with 1000 versions ÷ with 1 version',
  figures: { ratio: '×', many: 'ms', one: 'ms' },
  ratios: { ratio: ['many', 'one'] },
  needs: ['database'],
  start(stage) {
    const { system, count } = stage
    const { keys, values, reads } = stage.data
    /** @param {number} versions */
    const filled = versions => {
      const store = system.open({ keys: count, history: { versions } })
      stage.after(() => store.close())
      store.putAll(keys, values)
      for (let i = 0; i < versions; i++) store.put(reads[i], values[i % count])
      return /** @type {import('../zverse.js').Database} */ (store.database)
    }
    const checking = (/** @type {number} */ versions) => {
      const db = filled(versions)
      const run = () => {
        const { ok, problems } = db.check()
        if (!ok) throw new Error(`check() found problems: ${problems.slice(0, 3)}`)
        return 1
      }
      return { runs: 1, run }
    }
    return { one: checking(0), many: checking(VERSIONS) }
  },
}
