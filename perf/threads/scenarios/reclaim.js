// @ts-check
/**
 * Does reclamation keep up with 32 threads that always have a snapshot pinned, each released late because
 * they share two cores, while one overwrites 100 000 keys? Memory is sampled ten times a second: the last
 * third of the window must not lie above the first.
 */
import { summarize } from '../../measure.js'
import { sum } from '../threads.js'

const READERS = 32
const KEYS = 100_000
const VERSIONS = 100
/** Windows that this one lasts. */
const LONG = 5
const MIB = 2 ** 20

/** @type {import('../bench.js').Scenario} */
export const reclaim = {
  name: 'reclaim',
  title: `reclamation beside ${READERS} readers`,
  figures: {
    growth: {
      what: 'usedBytes, last third ÷ first third',
      unit: '×',
      target: { sense: 'at most', bound: 1.1, aim: 1 },
    },
    most: { what: `most versions in memory (history: ${VERSIONS})`, unit: '' },
    used: { what: 'most bytes used', unit: 'MiB' },
    pruned: { what: 'all past let go of, used ÷ the set before', unit: '×' },
    loaded: { what: 'bytes used by the set before', unit: 'MiB' },
    commits: { what: 'commits', unit: '/s' },
    reads: { what: 'gets', unit: '/s' },
  },
  async start(bench) {
    const keys = Math.min(KEYS, bench.settings.keys)
    const store = await bench.openZverse({ versions: VERSIONS }, keys)
    const loaded = store.db.stats().memory.usedBytes
    const readers = await bench.threads(store, 'visit', READERS, keys)
    const [writer] = await bench.threads(store, 'write', 1, keys)
    const visitors = readers.map(thread => ({ thread, role: 'visit' }))
    return async () => {
      /** @type {number[]} */
      const used = []
      let most = 0
      const parts = [...visitors, { thread: writer, role: 'write' }]
      const sample = () => {
        const { memory, versions } = store.db.stats()
        used.push(memory.usedBytes)
        most = Math.max(most, versions.retained)
      }
      const seconds = LONG * bench.settings.seconds
      const measured = await bench.window(parts, { seconds, sample })
      // The backlog goes too: each round begins from the same state, and check() has less to walk.
      store.db.prune({ before: store.db.version })
      const { ok, problems, usedBytes } = store.db.check()
      if (!ok) throw new Error(`check(): ${problems.slice(0, 3).join('; ')}`)
      const third = Math.max(1, Math.floor(used.length / 3))
      const first = summarize(used.slice(0, third)).median
      const last = summarize(used.slice(-third)).median
      return {
        growth: last / first,
        most,
        used: Math.max(...used) / MIB,
        pruned: usedBytes / loaded,
        loaded: loaded / MIB,
        commits: measured.rates[READERS],
        reads: sum(measured.rates.slice(0, READERS)),
      }
    }
  },
}
