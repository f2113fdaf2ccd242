// @ts-check
/** One thread of the pool: answers questions out of the shared database. Nothing is copied to it. */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from 'zverse'

/** @typedef {import('./market.js').Market} Market */
/** @typedef {import('./market.js').Book} Book */

/**
 * `time` is in ms since 1970.
 * @typedef {{ what: 'price', symbol: string }
 *   | { what: 'priceAt', symbol: string, time: number }
 *   | { what: 'audit', time?: number }
 *   | { what: 'report' }
 *   | { what: 'stop' }} Question
 */

const db = /** @type {Market} */ (ZVerse.attach(workerData))
const book = /** @type {Book} */ (db.store('book'))

/** @param {Question} question */
function answer(question) {
  switch (question.what) {
    case 'price':
      return db.get(question.symbol)
    case 'priceAt':
      return db.getEntry(question.symbol, { asOf: new Date(question.time) })
    case 'audit':
      return audit(question.time)
    case 'report':
      return report()
    case 'stop':
      return db.close()
  }
}

/** A report that needs one version and takes for ever: until this thread is killed. */
function report() {
  const snapshot = db.beginRead()
  for (;;) for (const { bid, ask } of snapshot.values()) if (bid > ask) throw new Error('crossed')
}

/**
 * Looks at all of one version, while the writer goes on. Two reads from the present could belong to
 * two versions; a snapshot is one.
 * @param {number} [time] default: the present
 */
function audit(time) {
  const snapshot = db.beginRead(time === undefined ? undefined : { asOf: new Date(time) })
  try {
    let crossed = 0
    for (const { bid, ask } of snapshot.values()) if (bid > ask) crossed++
    let shares = 0
    for (const held of snapshot.store(book).values()) shares += held
    return { version: snapshot.version, crossed, shares }
  } finally {
    snapshot.close()
  }
}

parentPort?.on('message', ({ id, question }) => {
  parentPort?.postMessage({ id, answer: answer(question) })
  if (question.what === 'stop') parentPort?.close()
})
