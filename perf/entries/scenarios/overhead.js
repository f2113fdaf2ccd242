// @ts-check
/** Used bytes of a store with the set alone, metadata and reserve included, beyond keys and values. */
import { KEY_BYTES, VALUE_BYTES } from '../../data.js'

/** @type {import('../stage.js').Scenario} */
export const overhead = {
  name: 'overhead',
  title: 'overhead an entry, beyond key and value bytes',
  figures: { bytes: 'bytes', sorted: 'bytes' },
  needs: ['database'],
  once: true,
  note: 'sorted: the same after a bulk load of sorted input',
  start(stage) {
    const { count, data } = stage
    /** @param {(store: import('../stage.js').Store) => void} load */
    const measure = async load => {
      const store = stage.system.open({ keys: count })
      load(store)
      const report = /** @type {import('../stage.js').Database} */ (store.database).check()
      await store.close()
      if (!report.ok) throw new Error(`check() found problems: ${report.problems.slice(0, 3)}`)
      return report.usedBytes / count - KEY_BYTES - VALUE_BYTES
    }
    return async () => ({
      bytes: await measure(store => store.putAll(data.keys, data.values)),
      sorted: await measure(store => store.loadSorted(data.sorted, data.values)),
    })
  },
}
