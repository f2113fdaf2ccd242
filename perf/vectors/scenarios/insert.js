// @ts-check
/** All vectors into an empty store, of zverse in one transaction with their entries; time a vector. */

/** @type {import('../stage.js').Scenario} */
export const insert = {
  name: 'vectors-insert',
  title: 'all vectors into an empty store, a vector',
  figures: { time: 'µs' },
  cold: true,
  start(stage) {
    /** @type {import('../stage.js').Store} */
    let store
    /** @type {any[]} */
    let vectors
    return {
      time: {
        runs: 1,
        before: () => {
          store = stage.empty()
          vectors = stage.prepared(store, stage.set.vectors)
        },
        run: () => {
          store.addAll(vectors)
          return vectors.length
        },
        after: () => void store.close(),
      },
    }
  },
}
