// @ts-check
/**
 * The child process of one system. The parent sends `{ start: row }`, `{ round: true }`, `{ stop: true }`
 * or `{ close: true }`, one at a time, and waits for the answer: only one child works at any time.
 */
import { Bench, localDriver } from '../bench.js'
import { consumed } from '../measure.js'
import { choose } from '../scenarios/index.js'
import { systems } from './systems/index.js'

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

const assignment = /** @type {Assignment} */ (JSON.parse(process.argv[2]))
const { directory, engine, keys, seed } = assignment
const bench = new Bench(await systems[assignment.system]({ directory, engine }), keys, seed)
const driver = localDriver(bench)

/**
 * @param {Request} request
 * @returns {Promise<Answer>}
 */
async function answer({ start, round, stop, close }) {
  if (start !== undefined) return { taken: await driver.start(choose([start])[0]) }
  if (round) return { figures: await driver.round() }
  if (stop) await driver.stop()
  if (close) await bench.close()
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
    process.stderr.write(`(${assignment.system} consumed ${consumed()})\n`)
    process.disconnect()
  })
})
process.send?.({})
