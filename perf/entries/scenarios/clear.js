// @ts-check
/** `clear` of the whole set, against deleting every key, in key order, in one transaction. */
/** @type {import('../stage.js').Scenario} */
export const clear = {
  name: 'clear',
  title: 'clear of a million keys',
  figures: { time: 'ms', deleting: 'ms', ratio: '×' },
  ratios: { ratio: ['time', 'deleting'] },
  needs: ['clear', 'deleteAll', 'loadSorted'],
  note: 'ratio: time of clear ÷ time of deleting key by key in one transaction',
  start(stage) {
    const { count, data } = stage
    /** @param {(store: import('../stage.js').Store) => void} work */
    const onFullStore = work => {
      /** @type {import('../stage.js').Store} */
      let store
      return {
        runs: 1,
        before: () => {
          store = stage.system.open({ keys: count })
          store.loadSorted(data.sorted, data.values)
        },
        run: () => {
          work(store)
          return 1
        },
        after: () => store.close(),
      }
    }
    return {
      time: onFullStore(store => store.clear()),
      deleting: onFullStore(store => store.deleteAll?.(data.sorted)),
    }
  },
}
