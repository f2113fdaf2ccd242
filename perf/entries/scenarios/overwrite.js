// @ts-check
/**
 * Used bytes after the whole set was overwritten ten times, each time in another random order, in
 * commits of 1000, while one snapshot of the beginning is pinned and no history is kept.
 */
import { shuffled } from '../../data.js'

const TIMES = 10
const COMMIT = 1000
const MIB = 2 ** 20

/** @type {import('../stage.js').Scenario} */
export const overwrite = {
  name: 'overwrite',
  title: `usedBytes after overwriting the set ${TIMES} times under one held snapshot`,
  figures: { ratio: '×', before: 'MiB', after: 'MiB', released: 'MiB' },
  needs: ['database'],
  once: true,
  note: 'ratio: after ÷ before; released: once the snapshot is let go and one more put committed',
  start(stage) {
    const { count, data } = stage
    const { keys, values, random } = data
    return async () => {
      const store = stage.system.open({ keys: count, history: { versions: 0 } })
      store.putAll(keys, values)
      const db = /** @type {import('../stage.js').Database} */ (store.database)
      const before = db.check().usedBytes
      const held = db.beginRead()
      for (let time = 0; time < TIMES; time++) {
        const order = shuffled(count, random)
        for (let from = 0; from < count; from += COMMIT) {
          db.transact(tx => {
            const to = Math.min(count, from + COMMIT)
            for (let i = from; i < to; i++) tx.put(keys[order[i]], values[(i + time) % count])
          })
        }
      }
      const after = db.check().usedBytes
      held.close()
      db.put(keys[0], values[0])
      const released = db.check().usedBytes
      await store.close()
      return {
        ratio: after / before,
        before: before / MIB,
        after: after / MIB,
        released: released / MIB,
      }
    }
  },
}
