// @ts-check
/**
 * zverse as the rows see it. The engine is the built one (`dist/`), or any file with the same
 * exports, so that two builds can be measured against each other.
 *
 * The types below are the part of docs/api.md that the bench uses, written down here so that it can be
 * type-checked without a build.
 */
import { consume, taste } from '../measure.js'
import { zversePoints } from './zverse-points.js'

/**
 * @typedef {object} Transaction
 * @property {(key: string, value: unknown) => unknown} put
 * @property {(key: string) => unknown} delete
 */

/**
 * @typedef {object} Database
 * @property {number} version
 * @property {(key: string, view?: { at: number }) => string | undefined} get
 * @property {(key: string, value: unknown) => number} put
 * @property {(range?: { gte?: string, limit?: number }) => Iterable<[string, string]>} range
 * @property {<R>(callback: (tx: Transaction) => R) => R} transact
 * @property {(view: { at: number }) => number} restore
 * @property {(from: number, to: number) => Iterable<{
 *   key: string, before: { value: string } | undefined, after: { value: string } | undefined
 * }>} diff
 * @property {(options: { since: number }) => AsyncIterable<{
 *   version: number, changes: { key: string, value: string }[]
 * }>} changes
 * @property {() => number} clear
 * @property {(bound: { before: number }) => unknown} prune
 * @property {() => { close(): void }} beginRead
 * @property {() => {
 *   ok: boolean, problems: unknown[], entries: number, usedBytes: number, leakedBytes: number
 * }} check
 * @property {() => {
 *   memory: { usedBytes: number, touchedBytes: number },
 *   versions: { retained: number },
 *   readers: { pins: number }
 * }} stats
 * @property {() => void} close
 */

/**
 * @typedef {object} Engine
 * @property {{ open(options?: object): Database }} ZVerse
 * @property {import('./zverse-points.js').ZOrder} [zorder]
 */

/**
 * @param {string} [file] default: this checkout's build
 * @returns {Promise<Engine>}
 */
export async function loadEngine(file) {
  const url = file ?? new URL('../../dist/index.js', import.meta.url).href
  try {
    return /** @type {Engine} */ (await import(url))
  } catch (error) {
    if (
      file === undefined &&
      /** @type {{ code?: string }} */ (error).code?.includes('NOT_FOUND')
    ) {
      throw new Error('there is no build: run `npm run build` in the root first', { cause: error })
    }
    throw error
  }
}

/**
 * @param {Engine} engine
 * @returns {import('./stage.js').System}
 */
export function zverseSystem(engine) {
  return {
    name: 'zverse',
    orderedLoad: true,
    encodings: ['string', 'msgpack'],
    // Ample has room for the past of a million deletions; the system commits only touched memory.
    open({ keys, encoding, maxBytes = Math.max(2 * 2 ** 30, keys * 600), ...others }) {
      const options = { ...others, values: encoding ?? 'string', maxBytes }
      return zverseStore(engine.ZVerse.open(options))
    },
    points: zversePoints(engine),
  }
}

/**
 * @param {Database} db
 * @returns {import('./stage.js').Store}
 */
function zverseStore(db) {
  /** @type {import('./stage.js').Store['putAll']} */
  const putAll = (keys, values) => {
    db.transact(tx => {
      for (let i = 0; i < keys.length; i++) tx.put(keys[i], values[i])
    })
  }
  return {
    database: db,
    get: key => db.get(key),
    put: (key, value) => consume(db.put(key, value)),
    putAll,
    loadSorted: putAll,
    deleteAll: keys => {
      db.transact(tx => {
        for (let i = 0; i < keys.length; i++) tx.delete(keys[i])
      })
    },
    clear: () => consume(db.clear()),
    range: (from, limit) => {
      let sum = 0
      for (const [key, value] of db.range({ gte: from, limit })) sum += taste(key) + taste(value)
      return sum
    },
    scan: () => {
      let sum = 0
      for (const [key, value] of db.range()) sum += taste(key) + taste(value)
      return sum
    },
    pin: () => db.beginRead().close(),
    usedBytes: () => db.stats().memory.usedBytes,
    close: () => db.close(),
  }
}
