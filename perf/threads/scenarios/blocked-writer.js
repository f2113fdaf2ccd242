// @ts-check
/**
 * A reader while a writer keeps the lock with uncommitted changes, and after that writer was
 * killed. No thread has recovered yet: the next commit does, and is timed.
 */
import { OTHERS } from '../stage.js'
import { launch } from '../threads.js'

const PUTS = 1000

/** @type {import('../stage.js').Scenario} */
export const blockedWriter = {
  name: 'threads-blocked-writer',
  title: 'a reader and a writer that does not go on',
  figures: {
    open: { what: `open transaction with ${PUTS} puts, ÷ the reader alone`, unit: '×' },
    killed: { what: 'writer killed in it, ÷ the reader alone', unit: '×' },
    recovery: { what: 'the commit that mends it', unit: 'ms' },
    freed: { what: 'from the kill to the end of that commit', unit: 'ms' },
    ...OTHERS,
  },
  needs: 'zverse',
  async start(stage) {
    const store = await stage.open()
    stage.after(() => stage.end(store))
    const [reader] = await stage.threads(store, 'read', 1)
    const { keys, values } = stage.set
    const read = { thread: reader, role: 'read' }
    const rate = async () => (await stage.window([read])).rates[0]
    return async () => {
      const writer = stage.newThread(store)
      await writer.started()
      const before = await rate()
      const part = { thread: writer, role: 'holdLock', options: { puts: PUTS } }
      const { results } = await launch([part])
      results.catch(() => {})
      const open = await rate()
      const kill = performance.now()
      await writer.end()
      const gone = performance.now()
      const killed = await rate()
      const mend = performance.now()
      store.put(keys[0], values[0])
      const mended = performance.now()
      const after = await rate()
      const alone = (before + after) / 2
      return {
        open: open / alone,
        killed: killed / alone,
        recovery: mended - mend,
        freed: gone - kill + (mended - mend),
      }
    }
  },
}
