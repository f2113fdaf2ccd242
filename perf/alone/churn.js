// @ts-check
/**
 * Memory over time: used and touched bytes of the arena, and resident ones of the process, while a set of
 * entries is churned and snapshots are pinned and released.
 *
 * After one period of the longest snapshot a sample is taken every second (more often if there would be fewer
 * than 150), after a collection. Thirds of the time have whole periods, and are compared by their means: used and
 * touched bytes may be a little higher in the last, resident ones more, because they include the engine's own heap.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { settle } from '../measure.js'
import { Churn } from './churning.js'

/** Periods of the snapshots in a run, of which three thirds can be made, and one more before. */
const PERIODS = 15
const LONGEST_PERIOD_MS = 60_000
/** Commits that fill the history before anything is sampled. */
const SETTLING = 3000
const FEWEST_SAMPLES = 150
/** Commits between two looks at the event loop: finalizers want their turn. */
const AT_ONCE = 200
const MIB = 2 ** 20

/** @type {import('../stage.js').Scenario} */
export const churn = {
  name: 'churn',
  title: 'churn',
  figures: {
    used: { what: 'used, of the arena', unit: 'MiB' },
    touched: { what: 'touched, of the arena', unit: 'MiB' },
    resident: { what: 'resident, of the process', unit: 'MiB' },
    'used ratio': { what: 'used, last third ÷ first third', unit: '×' },
    'touched ratio': { what: 'touched, last third ÷ first third', unit: '×' },
    'resident ratio': { what: 'resident, last third ÷ first third', unit: '×' },
    before: { what: 'resident before the database was opened', unit: 'MiB' },
    held: { what: 'snapshots pinned', unit: '' },
    second: { what: 'time', unit: 's' },
    commits: { what: 'commits', unit: '' },
  },
  once: true,
  start({ system: { ZVerse }, settings }) {
    const { minutes, keys, seed } = settings
    const duration = minutes * 60_000
    const period = Math.min(LONGEST_PERIOD_MS, duration / PERIODS)
    const interval = Math.min(1000, duration / FEWEST_SAMPLES)
    return async () => {
      settle()
      const before = process.memoryUsage.rss() / MIB
      // An entry takes some 220 bytes; each holder may keep a set of its own, and more is no harm.
      const maxBytes = Math.min(2 ** 34, Math.max(2 ** 30, keys * 6000))
      const db = ZVerse.open({ values: 'string', maxBytes })
      const churn = new Churn(db, keys, seed, period)
      for (let i = 0; i < SETTLING; i++) churn.step(0)
      const start = performance.now()
      await work(churn, start, start + period)
      const begun = start + period
      const first = churn.commits
      /** @type {Record<'second' | 'used' | 'touched' | 'resident' | 'held', number[]>} */
      const series = { second: [], used: [], touched: [], resident: [], held: [] }
      for (let next = 1; next * interval <= duration; next++) {
        await work(churn, begun, begun + next * interval)
        settle()
        const { memory } = db.stats()
        series.second.push((performance.now() - begun) / 1000)
        series.used.push(memory.usedBytes / MIB)
        series.touched.push(memory.touchedBytes / MIB)
        series.resident.push(process.memoryUsage.rss() / MIB)
        series.held.push(churn.held)
      }
      const commits = churn.commits - first
      const problems = churn.end()
      db.close()
      if (problems.length > 0) throw new Error(problems.join('; '))
      return {
        ...{ ...series, before, commits },
        'used ratio': growth(series.used),
        'touched ratio': growth(series.touched),
        'resident ratio': growth(series.resident),
      }
    }
  },
}

/**
 * Churns from `begun` on until `until`, both in ms.
 * @param {Churn} churn
 * @param {number} begun
 * @param {number} until
 */
async function work(churn, begun, until) {
  for (let now = performance.now(); now < until; now = performance.now()) {
    for (let i = 0; i < AT_ONCE && now < until; i++) churn.step((now = performance.now()) - begun)
    await nextTurn()
  }
}

/** The mean of the last third ÷ that of the first. @param {readonly number[]} series */
export function growth(series) {
  const third = Math.floor(series.length / 3)
  const mean = (/** @type {readonly number[]} */ some) =>
    some.reduce((sum, one) => sum + one, 0) / some.length
  return mean(series.slice(-third)) / mean(series.slice(0, third))
}
