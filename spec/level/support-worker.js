/**
 * A thread with a level over a database of another: it carries out orders, one at a time.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'
import { ZVerseLevel } from '../../dist/level/index.js'

const db = ZVerse.attach(workerData)
const level = new ZVerseLevel({ db })

/** @type {Record<string, (n: number) => Promise<unknown>>} */
const ORDERS = {
  /** Writes pairs that are always equal, `n` times. */
  async write(n) {
    for (let i = 0; i < n; i++) {
      const value = `theirs ${i}`
      await level.batch([
        { type: 'put', key: 'left', value },
        { type: 'put', key: `mine ${i % 100}`, value },
        { type: 'put', key: 'right', value },
      ])
      if (i % 50 === 0) await new Promise(resolve => setTimeout(resolve))
    }
  },
  /** Reads all, `n` times; how often the pair was not equal. */
  async read(n) {
    let wrong = 0
    for (let i = 0; i < n; i++) {
      const entries = new Map(await level.iterator().all())
      if (entries.get('left') !== entries.get('right')) wrong++
    }
    return wrong
  },
  /** Begins iterators, a snapshot and a level of the past, and leaves them. */
  async hold(n) {
    for (let i = 0; i < n; i++) await level.iterator().next()
    level.snapshot()
    await level.at(level.version()).keys().next()
    return db.stats().readers.pins
  },
  async close() {
    await level.close()
    return db.stats().readers.pins
  },
}

await level.open()
parentPort?.on('message', async ({ order, n }) => {
  const action = /** @type {(n: number) => Promise<unknown>} */ (ORDERS[order])
  parentPort?.postMessage({ order, result: await action(n) })
})
parentPort?.postMessage({ order: 'ready' })
