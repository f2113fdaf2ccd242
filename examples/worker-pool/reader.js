// @ts-check
/** One thread of the pool: it answers questions out of the shared database, without a copy. */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse, ZVerseError } from 'zverse'

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

/** The answer to a question about a time whose version the database has released. */
const GONE = { gone: true }

const db = /** @type {Market} */ (ZVerse.attach(workerData))
const book = /** @type {Book} */ (db.store('book'))

/**
 * A question waits for its turn, while the database goes on releasing versions older than its history: a
 * question about the past may come too late, and its answer says so.
 * @param {Question} question
 */
function answer(question) {
  try {
    return find(question)
  } catch (error) {
    if (error instanceof ZVerseError && error.code === 'ZVERSE_VERSION_NOT_RETAINED') return GONE
    throw error
  }
}

/** @param {Question} question */
function find(question) {
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
  parentPort?.postMessage({ reporting: snapshot.version })
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
