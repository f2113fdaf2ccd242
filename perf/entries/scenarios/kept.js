// @ts-check
/**
 * Bytes that a version keeps, in the long run: nodes are copied when their logs are full, which takes thousands of
 * commits to show. By puts a commit, all versions kept; and by depth of the history, commits of one put.
 */

/** @typedef {import('../stage.js').Scenario} Scenario */
/** @typedef {import('../stage.js').EntriesStage} EntriesStage */

/** Puts before the first look, and between the looks. */
const WARM = 300_000
const PUTS = 100_000
/** Commits beyond a history, so that reclamation has begun. */
const BEYOND = 2000

/**
 * @param {EntriesStage} stage
 * @param {number} versions
 */
function filled(stage, versions) {
  const { system, count, data } = stage
  const store = system.open({ keys: count, history: { versions } })
  stage.after(() => store.close())
  store.putAll(data.keys, data.values)
  const db = /** @type {import('../stage.js').Database} */ (store.database)
  const { sorted, values, random } = data
  /** @param {number} puts @param {number} each */
  const commit = (puts, each) => {
    for (let made = 0; made < puts; made += each) {
      db.transact(tx => {
        for (let i = 0; i < each; i++) tx.put(sorted[random(count)], values[random(count)])
      })
    }
  }
  return { db, commit, used: () => db.stats().memory.usedBytes }
}

/** @type {(puts: number) => Scenario} */
const byPuts = puts => ({
  name: `kept-${puts}`,
  title: `${puts} ${puts === 1 ? 'put' : 'puts'} a commit`,
  at: puts,
  figures: {
    version: { what: 'bytes kept for a version', unit: 'bytes' },
    put: { what: 'bytes kept for a put', unit: 'bytes' },
  },
  once: true,
  needs: ['database'],
  start(stage) {
    const { commit, used } = filled(stage, Number.POSITIVE_INFINITY)
    commit(WARM, puts)
    return () => {
      const before = used()
      commit(PUTS, puts)
      const put = (used() - before) / PUTS
      return { version: put * puts, put }
    }
  },
})

/** @type {(depth: number) => Scenario} */
const byDepth = depth => ({
  name: `window-${depth}`,
  title: `a history of ${depth} versions`,
  at: depth,
  figures: { version: { what: 'bytes kept for a version', unit: 'bytes' } },
  once: true,
  needs: ['database'],
  start(stage) {
    const { db, commit, used } = filled(stage, depth)
    commit(WARM + depth + BEYOND, 1)
    return () => {
      commit(BEYOND, 1)
      const before = used()
      db.prune({ before: db.version })
      const version = (before - used()) / depth
      commit(depth + BEYOND, 1)
      return { version }
    }
  },
})

export const keptByPuts = [1, 3, 10, 30, 100, 1000].map(byPuts)
export const keptByDepth = [10, 100, 1000, 10_000, 100_000].map(byDepth)
