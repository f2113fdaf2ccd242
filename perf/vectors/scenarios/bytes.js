// @ts-check
/** What the index takes for a vector of 100 dimensions, beside the entry. */

/** @type {import('../stage.js').Scenario} */
export const bytes = {
  name: 'vectors-bytes',
  title: 'bytes of the index for a vector',
  figures: {
    bytes: { what: "'float32'", unit: 'bytes' },
    codes: { what: "'int8'", unit: 'bytes' },
  },
  once: true,
  needs: ['indexBytes'],
  start(stage) {
    return () => {
      const [bytes, codes] = /** @type {const} */ (['float32', 'int8']).map(element => {
        const store = stage.filled({ element, history: { versions: 0 } })
        const used = store.indexBytes?.() ?? 0
        store.close()
        return used / stage.set.vectors.length
      })
      return { bytes, codes }
    }
  },
}
