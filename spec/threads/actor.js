/**
 * A worker that runs the code it is sent: each message is the body of an async function of `db`,
 * `ZVerse`, `state` (kept between messages) and `args`; the answer is what it returns or throws.
 */
import { parentPort, threadId, Worker, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'

const { handle, attach = true, options } = workerData
const db = attach ? ZVerse.attach(handle, options) : undefined
/** @type {Record<string, any>} */
const state = { handle, threadId, Worker }
const AsyncFunction = /** @type {any} */ (async () => {}).constructor

parentPort?.on('message', async ({ id, code, args }) => {
  try {
    const run = new AsyncFunction('db', 'ZVerse', 'state', 'args', code)
    parentPort?.postMessage({ id, value: await run(db, ZVerse, state, args) })
  } catch (error) {
    const { name, message, code: errorCode, ...fields } = /** @type {any} */ (error)
    parentPort?.postMessage({ id, error: { ...fields, name, message, code: errorCode } })
  }
})
