// @ts-check
/**
 * The longest commit: single puts, timed one by one in an attached thread, in the steady state and
 * when there is most to reclaim. Garbage collection and waiting for a core are in all figures but
 * "longest by itself".
 */
import { stop } from '../control.js'
import { launch } from '../threads.js'

const COMMITS = 100_000
const HELD = 200_000
const CASES = {
  steady: 'steady state',
  released: `a snapshot held over ${HELD} overwrites was just closed`,
  cleared: 'after clear() of the set',
}
const PARTS = { p50: 'p50', p99: 'p99', p999: 'p99.9', max: 'longest', own: 'longest by itself' }

/** @type {import('../stage.js').Scenario} */
export const commitLatency = {
  name: 'threads-commit-latency',
  title: `${COMMITS} single-put commits`,
  figures: {
    ...Object.fromEntries(
      Object.entries(CASES).flatMap(([name, title]) =>
        Object.entries(PARTS).map(([part, what]) => {
          return [
            `${name} ${part}`,
            { what: `${title}: ${what}`, unit: /** @type {'ms'} */ ('ms') },
          ]
        }),
      ),
    ),
    clear: { what: 'clear() itself', unit: 'ms' },
  },
  needs: 'zverse',
  async start(stage) {
    const store = await stage.open()
    stage.after(() => stage.end(store))
    const [writer] = await stage.threads(store, 'write', 1)
    const [holder] = await stage.threads(store, 'hold', 1)
    return async () => {
      const steady = await writer.run('timeCommits', { commits: COMMITS })
      const held = await launch([{ thread: holder, role: 'holdSnapshot' }])
      await writer.run('timeCommits', { commits: HELD })
      stop(held.control)
      await held.results
      const released = await writer.run('timeCommits', { commits: COMMITS })
      const cleared = await writer.run('timeCommits', { commits: COMMITS, clear: true })
      const { keys, values } = stage.set
      store.putAll(keys, values)
      return {
        ...named('steady', steady),
        ...named('released', released),
        ...named('cleared', cleared),
        clear: cleared.clear,
      }
    }
  },
}

/** @param {string} name @param {Record<string, number>} times */
function named(name, times) {
  return Object.fromEntries(Object.keys(PARTS).map(part => [`${name} ${part}`, times[part]]))
}
