// @ts-check
/** Random gets a second of all of 1, 2, 8 and 32 threads together; bare cores show what the machine gives. */
import { figuresFor, OTHERS, threadsOf } from '../stage.js'
import { mean, sum } from '../threads.js'

const COUNTS = [1, 2, 8, 32]

/** @type {import('../stage.js').Scenario} */
export const readers = {
  name: 'threads-readers',
  title: 'readers',
  figures: {
    '2÷1': { what: '2 threads ÷ 1', unit: '×' },
    '8÷2': { what: '8 threads ÷ 2', unit: '×' },
    '32÷2': { what: '32 threads ÷ 2', unit: '×' },
    ...figuresFor([2, 8, 32], n => [
      `on core ${n}`,
      { what: `${threadsOf(n)}, gets in a second on a core, ÷ 1 thread’s`, unit: '×' },
    ]),
    ...figuresFor(COUNTS, n => [`by ${n}`, { what: threadsOf(n), unit: '/s' }]),
    cores: { what: 'cores that 2 threads got', unit: '' },
    ...OTHERS,
  },
  ratios: { '2÷1': ['by 2', 'by 1'], '8÷2': ['by 8', 'by 2'], '32÷2': ['by 32', 'by 2'] },
  needs: 'cores',
  async start(stage) {
    const store = await stage.shared()
    const all = await stage.threads(store, 'read', Math.max(...COUNTS))
    const role = store === undefined ? 'spin' : 'read'
    return async () => {
      /** @type {Record<string, number>} */
      const figures = {}
      let alone = Number.NaN
      for (const count of COUNTS) {
        const parts = all.slice(0, count).map(thread => ({ thread, role }))
        const { rates, onCore, cores } = await stage.window(parts)
        figures[`by ${count}`] = sum(rates)
        if (count === 1) alone = mean(onCore)
        else figures[`on core ${count}`] = mean(onCore) / alone
        if (count === 2) figures.cores = cores
      }
      return figures
    }
  },
}
