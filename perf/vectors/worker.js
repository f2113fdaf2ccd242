// @ts-check
/** A thread that asks for neighbours, or replaces vectors, for as long as it is told. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadEngine } from '../entries/zverse.js'

const { handle, engine, queries, count, seed } = workerData
const { ZVerse } = await loadEngine(engine)
const db = /** @type {any} */ (ZVerse).attach(handle)
const index = db.index('vectors')

let at = seed
const work = {
  read: () => {
    at = (at + 1) % queries.length
    return index.nearest(queries[at], 10).toArray().length
  },
  write: () => {
    at = (at + 7919) % count
    return db.put(at, { vector: queries[at % queries.length], group: at % 100 })
  },
}

parentPort?.on(
  'message',
  (/** @type {{ role: 'read' | 'write', seconds: number }} */ { role, seconds }) => {
    const until = performance.now() + 1000 * seconds
    let done = 0
    for (; performance.now() < until; done++) work[role]()
    parentPort?.postMessage(done / seconds)
  },
)
parentPort?.postMessage('ready')
