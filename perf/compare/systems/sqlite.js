// @ts-check
/**
 * better-sqlite3 on `:memory:`: prepared statements, a table WITHOUT ROWID, rows as arrays (`raw`),
 * `all` for short ranges and `iterate` for the full scan, `INSERT OR REPLACE` for puts: each the
 * fastest of the documented forms when tried here.
 */
import { taste } from '../../measure.js'
import { sqlitePoints } from './sqlite-points.js'

/**
 * The part of its interface used here.
 * @typedef {object} Statement
 * @property {(...bound: unknown[]) => unknown} run
 * @property {(...bound: unknown[]) => string | undefined} get
 * @property {(...bound: unknown[]) => unknown[]} all
 * @property {(...bound: unknown[]) => Iterable<[string, string]>} iterate
 * @property {() => Statement} raw
 * @property {() => Statement} pluck
 */

/**
 * @typedef {object} Connection
 * @property {(sql: string) => unknown} exec
 * @property {(sql: string) => Statement} prepare
 * @property {(work: () => void) => () => void} transaction
 * @property {(pragma: string, options: { simple: true }) => number} pragma
 * @property {() => void} close
 */

/** @returns {Promise<import('../../entries/stage.js').System>} */
export async function sqliteSystem() {
  const { default: Sqlite } = await import(/** @type {string} */ ('better-sqlite3'))
  return {
    name: 'SQLite',
    orderedLoad: true,
    encodings: ['string'],
    open: () => sqliteStore(new Sqlite(':memory:')),
    points: sqlitePoints(Sqlite),
  }
}

/**
 * @param {Connection} sqlite
 * @returns {import('../../entries/stage.js').Store}
 */
function sqliteStore(sqlite) {
  sqlite.exec('CREATE TABLE entry (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID')
  const get = sqlite.prepare('SELECT value FROM entry WHERE key = ?').pluck()
  const put = sqlite.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?)')
  const remove = sqlite.prepare('DELETE FROM entry WHERE key = ?')
  const removeAll = sqlite.prepare('DELETE FROM entry')
  const from = 'SELECT key, value FROM entry WHERE key >= ? ORDER BY key LIMIT ?'
  const some = sqlite.prepare(from).raw()
  const every = sqlite.prepare('SELECT key, value FROM entry ORDER BY key').raw()
  /** @type {import('../../entries/stage.js').Store['putAll']} */
  const putAll = (keys, values) => {
    sqlite.transaction(() => {
      for (let i = 0; i < keys.length; i++) put.run(keys[i], values[i])
    })()
  }
  return {
    get: key => get.get(key),
    put: (key, value) => void put.run(key, value),
    putAll,
    loadSorted: putAll,
    deleteAll: keys => {
      sqlite.transaction(() => {
        for (let i = 0; i < keys.length; i++) remove.run(keys[i])
      })()
    },
    clear: () => {
      removeAll.run()
    },
    range: (first, limit) => {
      let sum = 0
      const found = /** @type {[string, string][]} */ (some.all(first, limit))
      for (const [key, value] of found) sum += taste(key) + taste(value)
      return sum
    },
    scan: () => {
      let sum = 0
      for (const [key, value] of every.iterate()) sum += taste(key) + taste(value)
      return sum
    },
    usedBytes: () => {
      const pages = sqlite.pragma('page_count', { simple: true })
      return pages * sqlite.pragma('page_size', { simple: true })
    },
    close: () => sqlite.close(),
  }
}
