/** Commits for others on a disk whose syncs take long; tells what the others had been told of by then. */
import { parentPort, workerData } from 'node:worker_threads'
import { SYSTEM } from '../../dist/storage/files.js'
import * as zverse from '../../dist/zverse.js'

/** `words`: how many submissions were told of, by the thread that waits for them; one to sleep on; syncs. */
const { handle, ms } = workerData
/** @type {Int32Array} */
const words = workerData.words
/** @type {number[]} */
const told = []
const files = {
  ...SYSTEM,
  datasync(/** @type {number} */ file) {
    // Whoever is too early has time to be.
    Atomics.wait(words, 1, 0, ms)
    told.push(Atomics.load(words, 0))
    SYSTEM.datasync(file)
    Atomics.add(words, 2, 1)
  },
}
const { attachWith } = /** @type {any} */ (zverse)
const db = attachWith(handle, undefined, { now: Date.now, files })
const over = new AbortController()
const drained = db.drain({ signal: /** @type {any} */ (over.signal) })
parentPort?.once('message', async () => {
  over.abort()
  await drained
  db.close()
  parentPort?.postMessage(told)
})
parentPort?.postMessage('ready')
