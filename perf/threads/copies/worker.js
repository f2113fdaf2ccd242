// @ts-check
/** One of the workers that copies/main.js lets read. It answers each message but updates. */
import { parentPort } from 'node:worker_threads'
import { settle, taste } from '../../measure.js'
import { attach } from '../systems.js'

/**
 * @typedef {{ type: 'settle' }
 *   | { type: 'map', data: Map<string, string>, key: string }
 *   | { type: 'entries', data: [string, string][], key: string }
 *   | { type: 'attach', address: import('../systems.js').Address, key: string }
 *   | { type: 'watch', how: 'message' | 'waitFor' | 'changes', stamps: BigInt64Array }
 *   | { type: 'set', key: string, value: string }} Message
 */

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
/** @type {Map<string, string>} */
let map = new Map()
/** @type {import('../systems.js').Store | undefined} */
let store
/** @type {BigInt64Array} */
let stamps = new BigInt64Array()
let next = 0

const stamp = () => {
  stamps[next++] = process.hrtime.bigint()
}

/** @param {import('../systems.js').Database} db @param {number} updates */
async function waitForEach(db, updates) {
  const begun = db.version
  for (let i = 1; i <= updates; i++) {
    await db.waitFor(begun + i)
    stamp()
  }
}

/** @param {import('../systems.js').Database} db @param {number} updates */
async function followChanges(db, updates) {
  const last = db.version + updates
  for await (const { version } of db.changes({ since: db.version })) {
    stamp()
    if (version === last) break
  }
}

/** @param {'message' | 'waitFor' | 'changes'} how */
function watch(how) {
  next = 0
  const db = store?.db
  if (db === undefined) return
  const updates = stamps.length
  const watching = how === 'waitFor' ? waitForEach(db, updates) : followChanges(db, updates)
  watching.catch(error => {
    process.stderr.write(`${how}: ${error.stack}\n`)
    process.exit(1)
  })
}

port.on('message', async (/** @type {Message} */ message) => {
  switch (message.type) {
    case 'set':
      map.set(message.key, message.value)
      return stamp()
    case 'settle':
      settle()
      break
    case 'map':
      map = message.data
      taste(map.get(message.key))
      break
    case 'entries':
      map = new Map(message.data)
      taste(map.get(message.key))
      break
    case 'attach':
      store = await attach(message.address)
      taste(store.get(message.key))
      break
    case 'watch':
      stamps = message.stamps
      watch(message.how)
      break
  }
  port.postMessage('done')
})
