// @ts-check
/**
 * A reader beside a thread that commits single puts without pause, on a core of its own. The reader
 * alone is measured before and after. The loss beside arithmetic is that of any busy neighbour.
 */
import { OTHERS } from '../stage.js'

/** @type {import('../stage.js').Scenario} */
export const besideWriter = {
  name: 'threads-beside-writer',
  title: 'a reader beside a writer',
  figures: {
    ratio: { what: '÷ the reader alone', unit: '×' },
    'on core': { what: 'gets in a second on a core, ÷ alone', unit: '×' },
    spin: { what: 'beside arithmetic, ÷ alone', unit: '×' },
    reads: { what: 'gets beside the writer', unit: '/s' },
    commits: { what: 'commits beside the reader', unit: '/s' },
    ...OTHERS,
  },
  needs: 'store',
  async start(stage) {
    const store = await stage.shared()
    const [spinner] = await stage.threads(undefined, 'spin', 1)
    const [reader] = await stage.threads(store, 'read beside', 1)
    const [writer] = await stage.threads(store, 'write', 1)
    const read = { thread: reader, role: 'read' }
    return async () => {
      const before = await stage.window([read])
      const beside = await stage.window([read, { thread: writer, role: 'write' }])
      const after = await stage.window([read])
      const unhurt = await stage.window([read, { thread: spinner, role: 'spin' }])
      return {
        ratio: (2 * beside.rates[0]) / (before.rates[0] + after.rates[0]),
        'on core': (2 * beside.onCore[0]) / (before.onCore[0] + after.onCore[0]),
        spin: unhurt.rates[0] / after.rates[0],
        reads: beside.rates[0],
        commits: beside.rates[1],
      }
    }
  },
}
