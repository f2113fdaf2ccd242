// @ts-check
/**
 * The child's side of a comparison. The parent sends `{ start: row }`, `{ round: true }`, `{ stop: true }`
 * or `{ close: true }`, one at a time, and waits for the answer: only one child works at any time.
 */
import { consumed } from '../measure.js'

/**
 * @typedef {object} Assignment
 * @property {string} system
 * @property {number} keys
 * @property {number} seed
 * @property {string} directory
 * @property {string} [engine]
 */
/** @typedef {{ start?: string, round?: true, stop?: true, close?: true }} Request */
/** @typedef {{ error?: string, taken?: boolean, figures?: import('../bench.js').Figures }} Answer */

/**
 * @typedef {object} Worker the verbs of a child; rows go by their names
 * @property {(row: string) => Promise<boolean>} start
 * @property {() => Promise<import('../bench.js').Figures>} round
 * @property {() => Promise<void>} stop
 * @property {() => Promise<void>} close
 */

/**
 * Answers the parent until it says `close`.
 * @param {string} name of the system
 * @param {Worker} worker
 */
export function serve(name, worker) {
  /**
   * @param {Request} request
   * @returns {Promise<Answer>}
   */
  async function answer({ start, round, stop, close }) {
    if (start !== undefined) return { taken: await worker.start(start) }
    if (round) return { figures: await worker.round() }
    if (stop) await worker.stop()
    if (close) await worker.close()
    return {}
  }

  process.on('message', async request => {
    const { close } = /** @type {Request} */ (request)
    /** @type {Answer} */
    let reply
    try {
      reply = await answer(/** @type {Request} */ (request))
    } catch (error) {
      reply = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
    process.send?.(reply, () => {
      if (!close) return
      process.stderr.write(`(${name} consumed ${consumed()})\n`)
      process.disconnect()
    })
  })
  process.send?.({})
}
