// @ts-check
/**
 * Memory after two threads have overwritten the whole set ten times in commits of 1000, while a
 * third pins a snapshot of the beginning and no history is kept.
 */
import { stop } from '../control.js'
import { launch } from '../threads.js'

const TIMES = 10
const COMMIT = 1000
/** Single puts after which the blocks that the snapshot kept have to be free. */
const MORE = 20_000
const MIB = 2 ** 20

/** @type {import('../stage.js').Scenario} */
export const overwrite = {
  name: 'threads-overwrite',
  title: `usedBytes after 2 threads overwrote the set ${TIMES} times under a snapshot`,
  figures: {
    ratio: { what: 'after ÷ before', unit: '×' },
    released: { what: `snapshot let go, ${MORE} commits later, ÷ before`, unit: '×' },
    before: { what: 'before', unit: 'MiB' },
    rate: { what: 'puts', unit: '/s' },
  },
  once: true,
  cold: true,
  needs: 'zverse',
  async start(stage) {
    return async () => {
      const store = await stage.open({ versions: 0 })
      const { keys, values } = stage.set
      const [holder] = await stage.threads(store, 'hold', 1)
      const [one, two] = await stage.threads(store, 'write', 2)
      const before = store.db.check().usedBytes
      const held = await launch([{ thread: holder, role: 'holdSnapshot' }])
      const begun = performance.now()
      const half = keys.length >> 1
      const how = { times: TIMES, commit: COMMIT }
      await Promise.all([
        one.run('overwrite', { from: 0, to: half, ...how }),
        two.run('overwrite', { from: half, to: keys.length, ...how }),
      ])
      const seconds = (performance.now() - begun) / 1000
      const after = sound(store.db)
      stop(held.control)
      await held.results
      for (let i = 0; i < MORE; i++) store.put(keys[i % keys.length], values[i % keys.length])
      const released = sound(store.db)
      await stage.end(store)
      return {
        ratio: after / before,
        released: released / before,
        before: before / MIB,
        rate: (TIMES * keys.length) / seconds,
      }
    }
  },
}

/** The used bytes of a database that is as it should be. @param {import('../stage.js').Database} db */
function sound(db) {
  const { ok, problems, usedBytes } = db.check()
  if (!ok) throw new Error(`check(): ${problems.slice(0, 3).join('; ')}`)
  return usedBytes
}
