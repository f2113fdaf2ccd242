// @ts-check
/** A thread that opens a directory once and answers how long that took: no opening has warmed up its code. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadEngine } from '../entries/zverse.js'

const { engine, path, maxBytes } = workerData
const { ZVerse } = /** @type {import('./systems.js').Engine} */ (await loadEngine(engine))
const begun = performance.now()
const db = ZVerse.open({ path, maxBytes, values: 'string', background: false })
const seconds = (performance.now() - begun) / 1000
const { size } = db
db.close()
parentPort?.postMessage({ seconds, size })
