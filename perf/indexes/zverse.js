// @ts-check
/**
 * zverse with indexes, values in MessagePack, its default. The types below are the part of docs/indexes.md that the bench
 * uses.
 */
import { loadEngine } from '../entries/zverse.js'
import { consume, taste } from '../measure.js'
import { tasteUser } from './data.js'

/** @typedef {import('./data.js').User} User */
/** @typedef {import('./stage.js').IndexName} IndexName */

/** @typedef {{ eq?: string, gte?: number, limit?: number }} Bounds */

/**
 * @typedef {object} Index
 * @property {(bounds: Bounds) => Iterable<[string, User]>} range
 * @property {(bounds: Bounds) => Iterable<string>} keys
 * @property {(indexKey: string) => User} get
 */

/**
 * @typedef {object} Database
 * @property {(name: string, definition: { on: string, unique: boolean }) => Index} index
 * @property {(name: string) => unknown} dropIndex
 */

/** @param {{ engine?: string }} around @returns {Promise<import('./stage.js').System>} */
export async function zverse({ engine }) {
  const { ZVerse } = await loadEngine(engine)
  const hasIndexes = 'index' in /** @type {any} */ (ZVerse).prototype
  return {
    ...{ name: 'zverse', hasIndexes },
    open({ keys, indexes, history }) {
      const maxBytes = Math.max(2 * 2 ** 30, keys * 1000)
      const db = ZVerse.open({ values: 'msgpack', maxBytes, ...(history && { history }) })
      const store = zverseStore(db)
      for (const name of indexes) store.addIndex?.(name)
      return store
    },
  }
}

/**
 * @param {import('../entries/zverse.js').Database} db
 * @returns {import('./stage.js').Store}
 */
function zverseStore(db) {
  const indexed = /** @type {Database} */ (/** @type {unknown} */ (db))
  const by = /** @type {Record<IndexName, Index>} */ ({})
  /** @type {import('./stage.js').Store['putAll']} */
  const putAll = (keys, users) => {
    db.transact(tx => {
      for (let i = 0; i < keys.length; i++) tx.put(keys[i], users[i])
    })
  }
  return {
    ...{ putAll, changeAll: putAll },
    put: (key, user) => consume(db.put(key, user)),
    addIndex: name => {
      by[name] = indexed.index(name, { on: name, unique: name === 'email' })
    },
    dropIndex: name => void indexed.dropIndex(name),
    equal: city => {
      let sum = 0
      for (const [key, user] of by.city.range({ eq: city })) sum += taste(key) + tasteUser(user)
      return sum
    },
    keysOf: city => {
      let sum = 0
      for (const key of by.city.keys({ eq: city })) sum += taste(key)
      return sum
    },
    from: (score, limit) => {
      let sum = 0
      for (const [key, user] of by.score.range({ gte: score, limit })) {
        sum += taste(key) + tasteUser(user)
      }
      return sum
    },
    find: email => tasteUser(by.email.get(email)),
    usedBytes: () => {
      const { ok, problems, usedBytes } = db.check()
      if (!ok) throw new Error(`check() found problems: ${problems.slice(0, 3)}`)
      return usedBytes
    },
    close: () => db.close(),
  }
}
