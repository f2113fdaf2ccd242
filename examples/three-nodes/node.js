// @ts-check
/** The process of a node: a replica with transfers of its own, and threads that read it. */
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { jetstream } from 'zverse/nats'
import { ACCOUNTS, open, surely, transfer } from './bank.js'
import { digest } from './digest.js'

/** @typedef {import('zverse').Replica<string, any>} Database */

const { name, servers, stream, transfers, auditors } = JSON.parse(process.argv[2])
/** @param {object} message */
const tell = message => void process.send?.(message)
const again = (/** @type {string} */ why) => tell({ again: why })
/** @param {number} below */
const random = below => Math.floor(Math.random() * below)

/** Joins, as soon as there is a majority of the servers to join. @returns {Promise<Database>} */
async function joined() {
  for (;;) {
    try {
      const log = jetstream({ servers, stream, replicas: 3 })
      return await ZVerse.replicate({
        ...{ log, node: name, timeout: 3000, maxBytes: 2 ** 28, history: { versions: 1e6 } },
        // So small that it happens while one looks on.
        snapshot: { bytes: 2 ** 17, keep: 60_000 },
      })
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'ZVERSE_UNAVAILABLE') throw error
      await delay(200)
    }
  }
}

const db = await joined()
let running = true
await surely(() => open(db), again)
tell({ joined: { version: db.version, oldest: db.oldestVersion } })

const threads = Array.from({ length: auditors }, (_, i) => {
  const workerData = { handle: db.share(), name: `${name}.${i}` }
  const thread = new Worker(new URL('auditor.js', import.meta.url), { workerData })
  db.track(thread)
  thread.on('message', tell)
  return thread
})
const ends = threads.map(thread => new Promise(resolve => thread.once('exit', resolve)))

/** One transfer after the other. @param {number} teller */
async function work(teller) {
  for (let i = 0; running; i++) {
    const from = random(ACCOUNTS)
    const to = (from + 1 + random(ACCOUNTS - 1)) % ACCOUNTS
    const key = `receipt:${name}.${teller}:${i}`
    await surely(() => transfer(db, key, { from, to, amount: 1 + random(10) }), again)
    tell({ acknowledged: { key, version: db.getEntry(key)?.version } })
  }
}
const all = Array.from({ length: transfers }, (_, teller) => work(teller))

process.on('message', async order => {
  if (order === 'sync') {
    // All that was committed before this, on any node, is here after it.
    await surely(async () => void (await db.sync()), again)
    tell({ synced: db.version })
  }
  if (order === 'stop') {
    running = false
    for (const thread of threads) thread.postMessage('stop')
    await Promise.all([...all, ...ends])
    tell({ stopped: true })
  }
  if (order === 'digest') {
    await surely(async () => void (await db.sync()), again)
    tell({ digest: digest(db) })
  }
  if (order === 'close') {
    await db.close()
    process.disconnect()
  }
})
// Who has started it is gone.
process.on('disconnect', () => process.exit())
