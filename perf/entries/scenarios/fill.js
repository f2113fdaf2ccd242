// @ts-check
/** The whole set into an empty store in one transaction, in random or in key order; time a put. */

/**
 * Work that fills an empty store, once a round; opening it is not timed.
 * @param {import('../stage.js').EntriesStage} stage
 * @param {(store: import('../stage.js').Store) => void} fill
 */
function onEmptyStore({ system, count }, fill) {
  /** @type {import('../stage.js').Store} */
  let store
  return {
    runs: 1,
    before: () => {
      store = system.open({ keys: count })
    },
    run: () => {
      fill(store)
      return count
    },
    after: () => store.close(),
  }
}

/** @type {import('../stage.js').Scenario[]} */
export const fills = [
  {
    name: 'put-transaction',
    title: 'a million puts in one transaction, a put',
    figures: { time: 'µs' },
    needs: ['putAll'],
    start(stage) {
      const { keys, values } = stage.data
      return { time: onEmptyStore(stage, store => store.putAll(keys, values)) }
    },
  },
  {
    name: 'bulk-load',
    title: 'bulk load of sorted input, an entry',
    figures: { time: 'µs' },
    needs: ['loadSorted'],
    suits: system => system.orderedLoad,
    start(stage) {
      const { sorted, values } = stage.data
      return { time: onEmptyStore(stage, store => store.loadSorted(sorted, values)) }
    },
  },
]
