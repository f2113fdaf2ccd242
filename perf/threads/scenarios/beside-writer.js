// @ts-check
/**
 * A reader beside a thread that commits single puts without pause, on a core of its own. The reader
 * alone is measured before and after. The loss beside arithmetic is that of any busy neighbour.
 */
/** @type {import('../bench.js').Scenario} */
export const besideWriter = {
  name: 'beside-writer',
  title: 'a reader beside a writer',
  figures: {
    'zverse ratio': {
      what: 'zverse, ÷ the reader alone',
      unit: '×',
      target: { sense: 'at least', bound: 0.85, aim: 0.95 },
    },
    'on core': { what: 'zverse, gets in a second on a core, ÷ alone', unit: '×' },
    'lmdb ratio': { what: 'lmdb, ÷ the reader alone', unit: '×' },
    'spin ratio': { what: 'zverse beside arithmetic, ÷ alone', unit: '×' },
    'zverse reads': { what: 'zverse, gets beside the writer', unit: '/s' },
    'zverse commits': { what: 'zverse, commits beside the reader', unit: '/s' },
    'lmdb reads': { what: 'lmdb, gets beside the writer', unit: '/s' },
    'lmdb commits': { what: 'lmdb, commits beside the reader', unit: '/s' },
  },
  async start(bench) {
    const [spinner] = await bench.threads(undefined, 'spin', 1)
    /** @type {import('../threads.js').Part} */
    const spin = { thread: spinner, role: 'spin' }
    return async () => {
      /** @type {import('../bench.js').Figures} */
      const figures = {}
      for (const name of bench.systems) {
        const store = await bench.shared(name)
        const [reader] = await bench.threads(store, 'read beside', 1)
        const [writer] = await bench.threads(store, 'write', 1)
        const read = { thread: reader, role: 'read' }
        const before = await bench.window([read])
        const beside = await bench.window([read, { thread: writer, role: 'write' }])
        const after = await bench.window([read])
        figures[`${name} ratio`] = (2 * beside.rates[0]) / (before.rates[0] + after.rates[0])
        figures[`${name} reads`] = beside.rates[0]
        figures[`${name} commits`] = beside.rates[1]
        if (name !== 'zverse') continue
        figures['on core'] = (2 * beside.onCore[0]) / (before.onCore[0] + after.onCore[0])
        const unhurt = await bench.window([read, spin])
        figures['spin ratio'] = unhurt.rates[0] / after.rates[0]
      }
      return figures
    }
  },
}
