// @ts-check
/**
 * Does reclamation keep up with 32 threads that always have a snapshot pinned, each released late because
 * they share two cores, while one overwrites 100 000 keys? Memory is sampled ten times a second: the last
 * third of the window must not lie above the first.
 */
import { median } from '../../rows.js'
import { OTHERS } from '../stage.js'
import { sum } from '../threads.js'

const READERS = 32
const KEYS = 100_000
const VERSIONS = 100
/** Windows that this one lasts. */
const LONG = 5
const MIB = 2 ** 20
/** @type {import('../stage.js').Scenario} */
export const reclaim = {
  name: 'threads-reclaim',
  title: `reclamation beside ${READERS} readers`,
  figures: {
    growth: { what: 'usedBytes, last third ÷ first third', unit: '×' },
    most: { what: `most versions in memory (history: ${VERSIONS})`, unit: '' },
    used: { what: 'most bytes used', unit: 'MiB' },
    pruned: { what: 'all past let go of, used ÷ the set before', unit: '×' },
    loaded: { what: 'bytes used by the set before', unit: 'MiB' },
    commits: { what: 'commits', unit: '/s' },
    reads: { what: 'gets', unit: '/s' },
    ...OTHERS,
  },
  needs: 'zverse',
  async start(stage) {
    const keys = Math.min(KEYS, stage.count)
    const store = await stage.open({ versions: VERSIONS }, keys)
    stage.after(() => stage.end(store))
    const loaded = store.db.stats().memory.usedBytes
    const readers = await stage.threads(store, 'visit', READERS, keys)
    const [writer] = await stage.threads(store, 'write', 1, keys)
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
      const seconds = LONG * stage.settings.seconds
      const measured = await stage.window(parts, { seconds, sample })
      // The backlog goes too: each round begins from the same state, and check() has less to walk.
      store.db.prune({ before: store.db.version })
      const { ok, problems, usedBytes } = store.db.check()
      if (!ok) throw new Error(`check(): ${problems.slice(0, 3).join('; ')}`)
      const third = Math.max(1, Math.floor(used.length / 3))
      const first = median(used.slice(0, third))
      const last = median(used.slice(-third))
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
