// @ts-check
/**
 * What an index takes: used bytes of the set with an index of cities less those without, beyond the bytes of index key and
 * key an entry. The index was there when the set was put, or was built over it; or entries have moved since, a tenth as
 * many as there are, in commits of their own, without a past. An index of SQLite's has row numbers in place of keys.
 */
import { KEY_BYTES } from '../../data.js'

/** @type {import('../stage.js').Scenario} */
export const bytes = {
  name: 'index-bytes',
  title: 'bytes of an index an entry, beyond index key and key',
  figures: {
    bytes: { what: 'put with the set', unit: 'bytes' },
    built: { what: 'built over it', unit: 'bytes' },
    moved: { what: 'after a tenth has moved', unit: 'bytes' },
  },
  once: true,
  needs: ['usedBytes', 'addIndex', 'put'],
  async start(stage) {
    const { count, set, system } = stage
    const { keys, users, cities } = set
    const own = KEY_BYTES + users.reduce((sum, { city }) => sum + city.length, 0) / count
    const history = { versions: 0 }
    /** @param {import('../stage.js').OpenOptions['indexes']} indexes */
    const filled = async indexes => {
      const store = await system.open({ keys: count, indexes, history })
      store.putAll(keys, users)
      return store
    }
    return async () => {
      const plain = await filled([])
      const before = plain.usedBytes?.() ?? Number.NaN
      /** @param {import('../stage.js').Store} store */
      const more = store => ((store.usedBytes?.() ?? Number.NaN) - before) / count - own
      plain.addIndex?.('city')
      const built = more(plain)
      await plain.close()
      const indexed = await filled(['city'])
      const put = more(indexed)
      for (let i = 0; i < count; i += 10) {
        const city = cities[(i * 7919) % cities.length]
        indexed.put?.(keys[i], { ...users[i], city })
      }
      const moved = more(indexed)
      await indexed.close()
      return { bytes: put, built, moved }
    }
  },
}
