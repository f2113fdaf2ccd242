// @ts-check
/**
 * Bytes that a version keeps: how much a thousand commits, each of one random put, of ten, or of one insert, add to
 * the used bytes of the set, all versions kept.
 */
import { absentKey } from '../../data.js'

const VERSIONS = 1000

/** @type {import('../stage.js').Scenario} */
export const versionBytes = {
  name: 'version-bytes',
  title: 'bytes kept for a version',
  figures: {
    put: { what: 'of one random put', unit: 'bytes' },
    ten: { what: 'of ten', unit: 'bytes' },
    insert: { what: 'of one insert', unit: 'bytes' },
  },
  once: true,
  needs: ['database'],
  start(stage) {
    const { count, data, system } = stage
    const { keys, values, sorted, random } = data
    const store = system.open({ keys: count, history: { versions: Number.POSITIVE_INFINITY } })
    stage.after(() => store.close())
    store.putAll(keys, values)
    const db = /** @type {import('../stage.js').Database} */ (store.database)
    const value = () => values[random(count)]
    /** @param {(tx: import('../zverse.js').Transaction) => void} change */
    const kept = change => {
      const before = db.check().usedBytes
      for (let i = 0; i < VERSIONS; i++) db.transact(change)
      return (db.check().usedBytes - before) / VERSIONS
    }
    return () => ({
      put: kept(tx => void tx.put(sorted[random(count)], value())),
      ten: kept(tx => {
        for (let i = 0; i < 10; i++) tx.put(sorted[random(count)], value())
      }),
      insert: kept(tx => void tx.put(absentKey(random(count)), value())),
    })
  },
}
