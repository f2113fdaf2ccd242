// @ts-check
/** A snapshot taken and released at once by an attached thread, alone and beside a writer. */
/** @type {import('../bench.js').Scenario} */
export const pin = {
  name: 'pin',
  title: 'pin + unpin of a snapshot',
  figures: {
    alone: {
      what: 'by an attached thread',
      unit: 'ns',
      target: { sense: 'at most', bound: 300, aim: 100 },
    },
    beside: {
      what: 'while another thread commits single puts',
      unit: 'ns',
      target: { sense: 'at most', bound: 300, aim: 100 },
    },
  },
  async start(bench) {
    const store = await bench.shared('zverse')
    const [pinner] = await bench.threads(store, 'pin', 1)
    const [writer] = await bench.threads(store, 'write', 1)
    const pin = { thread: pinner, role: 'pin' }
    /** @param {import('../threads.js').Part[]} parts */
    const time = async parts => {
      const { rates } = await bench.window(parts, { seconds: bench.settings.seconds / 2 })
      return 1e9 / rates[0]
    }
    return async () => ({
      alone: await time([pin]),
      beside: await time([pin, { thread: writer, role: 'write' }]),
    })
  },
}
