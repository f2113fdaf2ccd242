// @ts-check
/** Building an index of cities over the set, which has none before; zverse keeps no past. Time an entry. */
import { look } from '../stage.js'

/** @type {import('../stage.js').Scenario} */
export const build = {
  name: 'index-build',
  title: 'building an index over the set, an entry',
  figures: { time: 'µs' },
  needs: ['addIndex', 'dropIndex'],
  async start(stage) {
    const { answers, count, set } = stage
    const store = await stage.filled({ indexes: [], history: { versions: 0 } })
    return {
      time: {
        runs: 1,
        run: () => {
          store.addIndex?.('city')
          return count
        },
        after: async () => {
          await look(store, set.cities, answers)
          store.dropIndex?.('city')
        },
      },
    }
  },
}
