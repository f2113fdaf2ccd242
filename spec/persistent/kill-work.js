/** A thread that commits and says so, before and after each commit, in a file of its own (kill-model.js). */
import { openSync, writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'
import { drawFrom, drawOperation, perform, STORES } from './kill-model.js'
import { PHASES } from './kill-plan.js'

/**
 * @param {import('./kill-model.js').Db} db
 * @param {import('./kill-plan.js').Plan} plan
 * @param {number} thread
 * @param {number} file
 * @param {import('./kill-model.js').Draw} draw
 * @param {number} n
 */
export function work(db, { round, largest }, thread, file, draw, n) {
  attempt(db, thread, file, n, drawOperation(draw, thread, [round, n], largest))
}

/**
 * Does an operation, and tells of it.
 * @param {import('./kill-model.js').Db} db
 * @param {number} thread
 * @param {number} file
 * @param {number} n
 * @param {import('./kill-model.js').Operation} operation
 */
export function attempt(db, thread, file, n, operation) {
  tell(file, ['do', n, operation, db.version])
  try {
    const version = perform(db, thread, operation)
    // What can be read is there at once.
    tell(file, ['did', n, version, db.version])
  } catch (error) {
    tell(file, ['failed', n, String(error)])
    throw error
  }
}

/**
 * Makes the stores that all threads need.
 * @param {import('./kill-model.js').Db} db
 * @param {number} thread
 * @param {number} file
 */
export function makeStores(db, thread, file) {
  for (const [i, name] of STORES.entries())
    attempt(db, thread, file, i - STORES.length, { kind: 'store', name })
}

/** @param {number} file @param {unknown[]} line */
function tell(file, line) {
  writeSync(file, `${JSON.stringify(line)}\n`)
}

if (workerData?.words !== undefined) {
  const { handle, options, plan, thread, file, words } = workerData
  /** @type {import('./kill-model.js').Db} */
  const db = handle === undefined ? ZVerse.open(options) : ZVerse.attach(handle)
  const told = openSync(file, 'a')
  if (handle === undefined) makeStores(db, thread, told)
  parentPort?.postMessage(db.share())
  const draw = drawFrom(plan.seed + 100 * thread)
  for (let n = 0; Atomics.load(words, 0) < PHASES.indexOf('closing'); n++) {
    work(db, plan, thread, told, draw, n)
    if (plan.isSlow && draw(3) === 0) Atomics.wait(words, 1, 1, draw(4))
  }
  if (draw(3) > 0) db.close()
}
