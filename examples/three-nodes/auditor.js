// @ts-check
/** A thread of a node: reads whole versions beside the one that replicates, and submits what it has found. */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { audit, file, surely, TOTAL } from './bank.js'

const { handle, name } = workerData
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
const db = ZVerse.attach(handle)
let running = true
port.on('message', () => {
  running = false
})

for (let i = 0; running; i++) {
  const found = audit(db)
  if (found.total !== TOTAL) port.postMessage({ problem: `${name}: ${JSON.stringify(found)}` })
  const key = `audit:${name}:${i}`
  await surely(
    () => file(db, key, found),
    why => port.postMessage({ again: why }),
  )
  port.postMessage({ acknowledged: { key, version: db.getEntry(key)?.version } })
}
db.close()
port.close()
