// @ts-check
/**
 * One node of the trial, a process: submits as fast as it can when it is told to, and says how much that was.
 */

import { ZVerse } from '../../dist/index.js'
import { jetstream } from '../../dist/nats/index.js'

const [servers = '', stream = '', node = ''] = process.argv.slice(2)
const log = jetstream({ servers: servers.split(','), stream, replicas: 3 })
const db = await ZVerse.replicate({
  log,
  node,
  maxBytes: 2 ** 30,
  snapshot: { bytes: 2 ** 31 - 1 },
})
const value = 'x'.repeat(100)
/** @param {any} message */
const onMessage = async message => {
  if (message.end) {
    await db.close()
    process.disconnect()
    return
  }
  const { ms, window } = message
  const begun = performance.now()
  const before = db.replica?.applied ?? 0
  let count = 0
  /** @param {number} first */
  const lane = async first => {
    for (let i = first; performance.now() - begun < ms; i++) {
      await db.submit({ type: 'put', key: `${node} ${i % 200_000}`, value })
      count++
    }
  }
  await Promise.all(Array.from({ length: window }, (_, i) => lane(i * 1000)))
  const seconds = (performance.now() - begun) / 1000
  process.send?.({ count, seconds, records: (db.replica?.applied ?? 0) - before })
}
process.on('message', onMessage)
process.send?.({ isReady: true })
