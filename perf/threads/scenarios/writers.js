// @ts-check
/** Commits of single puts a second of all of 1, 4 and 8 threads together, on random keys of the whole set. */
import { figuresFor, OTHERS, threadsOf } from '../stage.js'
import { sum } from '../threads.js'

const COUNTS = [1, 4, 8]

/** @type {import('../stage.js').Scenario} */
export const writers = {
  name: 'threads-writers',
  title: 'threads that put, a commit each put',
  figures: {
    '4÷1': { what: '4 threads ÷ 1', unit: '×' },
    '8÷1': { what: '8 threads ÷ 1', unit: '×' },
    ...figuresFor(COUNTS, n => [`by ${n}`, { what: threadsOf(n), unit: '/s' }]),
    ...OTHERS,
  },
  ratios: { '4÷1': ['by 4', 'by 1'], '8÷1': ['by 8', 'by 1'] },
  needs: 'store',
  async start(stage) {
    const all = await stage.threads(await stage.shared(), 'write together', Math.max(...COUNTS))
    return async () => {
      /** @type {Record<string, number>} */
      const figures = {}
      for (const count of COUNTS) {
        const parts = all.slice(0, count).map(thread => ({ thread, role: 'write' }))
        figures[`by ${count}`] = sum((await stage.window(parts)).rates)
      }
      return figures
    }
  },
}
