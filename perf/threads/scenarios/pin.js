// @ts-check
/** A snapshot taken and released at once by an attached thread, alone and beside a writer. */
import { OTHERS } from '../stage.js'

/** @type {import('../stage.js').Scenario} */
export const pin = {
  name: 'threads-pin',
  title: 'pin + unpin of a snapshot',
  figures: {
    alone: { what: 'by an attached thread', unit: 'ns' },
    beside: { what: 'while another thread commits single puts', unit: 'ns' },
    ...OTHERS,
  },
  needs: 'zverse',
  async start(stage) {
    const store = await stage.shared()
    const [pinner] = await stage.threads(store, 'pin', 1)
    const [writer] = await stage.threads(store, 'write', 1)
    const pin = { thread: pinner, role: 'pin' }
    /** @param {import('../threads.js').Part[]} parts */
    const time = async parts => {
      const { rates } = await stage.window(parts, { seconds: stage.settings.seconds / 2 })
      return 1e9 / rates[0]
    }
    return async () => ({
      alone: await time([pin]),
      beside: await time([pin, { thread: writer, role: 'write' }]),
    })
  },
}
