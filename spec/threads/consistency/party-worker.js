// @ts-check
/**
 * A thread that does one step at a time, on request: the other end of `party.ts`.
 *
 * A step is a verb, its target, and its arguments. The thread may have one write transaction (`tx`)
 * and one read transaction (`read`).
 */
import { parentPort } from 'node:worker_threads'
import { ZVerse, ZVerseError } from '../../../dist/index.js'

/** @type {Record<string, any>} */
const held = {}

/** @type {Record<string, (on: any, ...args: any[]) => unknown>} */
const STEPS = {
  /** Another database, for another test. */
  attach(_, handle) {
    held.db = ZVerse.attach(handle)
  },
  /** Leaves it with all that is still open. */
  detach() {
    held.db.close()
    held.tx = held.read = held.db = undefined
  },
  async begin(db) {
    held.tx = await db.beginWriteAsync()
    return held.tx.version
  },
  beginBlocking(db) {
    held.tx = db.beginWrite()
    return held.tx.version
  },
  beginRead(db, view) {
    held.read = db.beginRead(view)
    return held.read.version
  },
  all: (on, options) => [...on.range(options)],
  diff: (on, from, to, range) => [...on.diff(from, to, range)],
  version: on => on.version,
  add: (on, key, n) => on.update(key, (/** @type {number} */ old) => old + n),
  /** Deletes each key whose value is `value`. */
  deleteWhere(on, value) {
    for (const [key, found] of on.range()) if (found === value) on.delete(key)
  },
  addToAll(on, n) {
    for (const [key] of on.range()) on.update(key, (/** @type {number} */ old) => old + n)
  },
  /** Writes `key` if all entries are still of the versions that were read. */
  putIfUnchanged: (on, key, value, versions) =>
    on.transact((/** @type {any} */ tx) => {
      for (const [read, version] of versions) {
        if (tx.getEntry(read)?.version !== version) throw new Error(`${read} has changed`)
      }
      tx.put(key, value)
      return tx.version
    }),
  /** Writes `key` if nothing in the range has changed since a version. */
  putIfNone: (on, key, value, since, range) =>
    on.transact((/** @type {any} */ tx) => {
      const changed = [...on.diff(since, tx.version - 1, range)]
      if (changed.length > 0) throw new Error(`${changed[0].key} has changed`)
      tx.put(key, value)
      return tx.version
    }),
}

parentPort?.on('message', async ({ id, on, verb, args }) => {
  try {
    const target = held[on]
    const step = STEPS[verb]
    const value = await (step ? step(target, ...args) : target[verb](...args))
    parentPort?.postMessage({ id, value })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const fields = error instanceof ZVerseError ? { .../** @type {object} */ (error) } : {}
    parentPort?.postMessage({ id, error: { message: error.message, ...fields } })
  }
})
