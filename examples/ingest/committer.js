// @ts-check
/** A thread that commits what the others submit, so that they have nothing to do but to submit. */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from 'zverse'

const db = ZVerse.attach(workerData.handle)
const end = new AbortController()
parentPort?.once('message', () => end.abort())
await db.drain({ signal: end.signal })
db.close()
