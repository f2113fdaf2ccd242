// @ts-check
/**
 * Dexie over fake-indexeddb, which is IndexedDB in JavaScript's heap: `bulkPut`, which is a transaction; `where().equals()`
 * with `toArray` and `primaryKeys`, `aboveOrEqual` with a limit, and `first` for one user (`get` with a property took
 * longer). A transaction around the queries made them no faster. What it puts takes 15 µs
 * at 20 000 users and 40 at 100 000: it has only the row of small sets.
 */
import { tasteUser } from '../../indexes/data.js'
import { taste } from '../../measure.js'

/** @typedef {import('../../indexes/data.js').User & { key: string }} Document */

/**
 * The part of its interface used here.
 * @typedef {object} Found
 * @property {() => Promise<Document[]>} toArray
 * @property {() => Promise<string[]>} primaryKeys
 * @property {() => Promise<Document>} first
 * @property {(count: number) => Found} limit
 */

/**
 * @typedef {object} Table
 * @property {(documents: Document[]) => Promise<unknown>} bulkPut
 * @property {(index: string) => {
 *   equals(value: string): Found, aboveOrEqual(value: number): Found
 * }} where
 */

/** @returns {Promise<import('../../indexes/stage.js').System>} */
export async function dexie() {
  const { Dexie } = await import(/** @type {string} */ ('dexie'))
  const { indexedDB, IDBKeyRange } = await import(/** @type {string} */ ('fake-indexeddb'))
  let opened = 0
  return {
    ...{ name: 'Dexie', hasIndexes: true, isAsync: true },
    async open({ indexes }) {
      const db = new Dexie(`users ${opened++}`, { indexedDB, IDBKeyRange })
      const own = indexes.map(name => (name === 'email' ? '&email' : name))
      db.version(1).stores({ users: ['key', ...own].join(', ') })
      await db.open()
      return dexieStore(db.users, () => db.delete())
    },
  }
}

/** @param {Document[]} found */
function sumOf(found) {
  let sum = 0
  for (const user of found) sum += taste(user.key) + tasteUser(user)
  return sum
}

/**
 * @param {Table} users
 * @param {() => Promise<void>} close
 * @returns {import('../../indexes/stage.js').Store}
 */
function dexieStore(users, close) {
  return {
    documents: (keys, users) => users.map((user, i) => ({ key: keys[i], ...user })),
    putAll: (_, documents) => users.bulkPut(/** @type {Document[]} */ (documents)),
    equal: async city => sumOf(await users.where('city').equals(city).toArray()),
    keysOf: async city => {
      let sum = 0
      for (const key of await users.where('city').equals(city).primaryKeys()) sum += taste(key)
      return sum
    },
    from: async (score, limit) =>
      sumOf(await users.where('score').aboveOrEqual(score).limit(limit).toArray()),
    find: async email => tasteUser(await users.where('email').equals(email).first()),
    close,
  }
}
