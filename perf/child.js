// @ts-check
/** The process of one system: plays the rounds that its parent asks for, see process.js. */
import { consumed } from './measure.js'
import { scenarioOf, suites } from './suites.js'

/** @typedef {import('./process.js').Answer} Answer */
/** @typedef {import('./process.js').Request} Request */

const assignment = /** @type {import('./process.js').Assignment} */ (JSON.parse(process.argv[2]))
const { system, settings, directory } = assignment
const { systems, stage: make } = suites[assignment.suite]
const { engine, keys } = settings
const stage = make(await systems[system]({ directory, engine, keys }), settings)

/** @param {Request} request @returns {Promise<Answer>} */
async function answer({ start, round, stop, close }) {
  if (start !== undefined) return { taken: await stage.start(scenarioOf(start)) }
  if (round) return { figures: await stage.round() }
  if (stop) await stage.stop()
  if (close) await stage.close()
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
    process.stderr.write(`(${system} consumed ${consumed()})\n`)
    process.disconnect()
  })
})
process.send?.({})
