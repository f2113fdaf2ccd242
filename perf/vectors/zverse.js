// @ts-check
/**
 * zverse with an index of vectors over values of MessagePack, its default, which have a group and a Float32Array. A
 * group is found by an index by property. The types below are the part of docs/vectors.md that the bench uses.
 */
import { loadEngine } from '../entries/zverse.js'
import { consume } from '../measure.js'

/** @typedef {{ vector: Float32Array, group: number }} Value */

/**
 * @typedef {object} Index
 * @property {(query: Float32Array, k: number, options?: object) => Iterable<{ key: number }>} nearest
 */

/**
 * @typedef {object} Database
 * @property {(name: string, definition: object) => Index} index
 * @property {(callback: (tx: { put(key: number, value: Value): unknown }) => void) => unknown} transact
 * @property {(key: number, value: Value) => unknown} put
 * @property {() => { indexes: { bytes: number } }} stats
 * @property {() => { ok: boolean, problems: string[] }} check
 * @property {() => unknown} share
 * @property {number} version
 * @property {() => void} close
 */

const K = 10
const GROUPS = 100
const EFFORTS = [
  ...[0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  ...[1.2, 1.4, 1.7, 2, 2.5, 3, 4, 6, 8],
]
const CACHE = 2 ** 30

/**
 * @param {{ engine?: string }} around
 * @param {boolean} [cached]
 * @returns {Promise<import('./stage.js').System>}
 */
export async function zverse({ engine }, cached = false) {
  const { ZVerse } = await loadEngine(engine)
  return {
    name: cached ? 'zverse+cache' : 'zverse',
    hasVectors: 'graph' in /** @type {any} */ (ZVerse).prototype,
    open({ count, element, grouped, history }) {
      const db = ZVerse.open(
        /** @type {any} */ ({
          ...{ keys: 'tuple', maxBytes: Math.max(2 ** 30, count * 4000) },
          ...(cached && { cache: { bytes: CACHE, indexes: true } }),
          ...(history && { history }),
        }),
      )
      return zverseStore(/** @type {Database} */ (/** @type {unknown} */ (db)), element, grouped)
    },
  }
}

/** The same with blocks of vectors kept by the thread that asks. @param {{ engine?: string }} around */
export const zverseCached = around => zverse(around, true)

/**
 * @param {Database} db
 * @param {'float32' | 'int8' | undefined} element
 * @param {boolean | undefined} grouped
 * @returns {import('./stage.js').Store}
 */
function zverseStore(db, element = 'float32', grouped = false) {
  const of = { kind: 'vector', on: 'vector', dims: 100, element }
  const index = db.index('vectors', of)
  if (grouped) db.index('group', { on: 'group' })
  /** @param {Iterable<{ key: number }>} found */
  const ids = found => Array.from(found, ({ key }) => key)
  return {
    efforts: EFFORTS,
    addAll: vectors => {
      db.transact(tx => {
        vectors.forEach((vector, id) => void tx.put(id, { vector, group: id % GROUPS }))
      })
    },
    put: (vector, id) => {
      consume(/** @type {number} */ (db.put(id, { vector, group: id % GROUPS })))
    },
    nearest: (query, effort) => ids(index.nearest(query, K, { effort })),
    filtered: (query, group) => ids(index.nearest(query, K, { where: { group } })),
    version: () => db.version,
    nearestAt: (query, at) => ids(index.nearest(query, K, { at })),
    indexBytes: () => {
      const { ok, problems } = db.check()
      if (!ok) throw new Error(`check() found problems: ${problems.slice(0, 3)}`)
      return db.stats().indexes.bytes
    },
    share: () => db.share(),
    close: () => db.close(),
  }
}
