// @ts-check
/**
 * The systems beside which persistent mode is measured, each with a put that is on the disk when it has returned, and
 * otherwise in the fastest documented form.
 *
 * - `lmdb`: lmdb-js as it comes: `putSync` and `transactionSync` return after an fdatasync and a synchronous write of
 *   the meta page. Of its options those that cost no durability: `noMemInit`, a `mapSize` from the start.
 * - `SQLite`: better-sqlite3 with `journal_mode = WAL` and `synchronous = FULL`, a table WITHOUT ROWID. Threads that
 *   find the database locked wait in its busy handler.
 * - `classic-level`: LevelDB with `sync: true`; a chained batch for many puts. It is used from one thread, whose
 *   concurrent puts its own threads carry out.
 * - `raw`: no database: a positional write of as many bytes as zverse's log takes for the same commit into a file
 *   that is there already, and `fdatasync`.
 */
import { closeSync, existsSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * A store as a thread uses it; every verb is durable when it has returned, or its promise is resolved.
 * @typedef {object} Durable
 * @property {(key: string, value: string) => unknown} put a commit of its own
 * @property {(keys: readonly string[], values: readonly string[]) => unknown} putAll one commit
 * @property {() => unknown} close
 */

const GIB = 2 ** 30
const MIB = 2 ** 20
/** ms that SQLite waits for another thread. */
const BUSY = 60_000

/** Bytes that zverse's log takes for a commit of one put of the set, and for a put of a larger commit. */
export const COMMIT_BYTES = 128
const ENTRY_BYTES = 64
/** Bare writes of commits go round in so many bytes. */
const RAW_BYTES = 4 * MIB

const compare = createRequire(new URL('../compare/package.json', import.meta.url))

/** @param {string} path @returns {Durable} */
function lmdb(path) {
  const { open } = compare('lmdb')
  const db = open({ path, encoding: 'string', noMemInit: true, mapSize: 4 * GIB })
  return {
    put: (key, value) => db.putSync(key, value),
    putAll: (keys, values) =>
      db.transactionSync(() => {
        for (let i = 0; i < keys.length; i++) db.putSync(keys[i], values[i])
      }),
    close: () => db.close(),
  }
}

/** @param {string} path @returns {Durable} */
function sqlite(path) {
  const Sqlite = compare('better-sqlite3')
  const db = new Sqlite(join(path, 'database'), { timeout: BUSY })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec(
    'CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
  )
  const put = db.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?)')
  return {
    put: (key, value) => put.run(key, value),
    putAll: (keys, values) =>
      db.transaction(() => {
        for (let i = 0; i < keys.length; i++) put.run(keys[i], values[i])
      })(),
    close: () => db.close(),
  }
}

/** @param {string} path @returns {Promise<Durable>} */
async function classicLevel(path) {
  const { ClassicLevel } = compare('classic-level')
  const db = new ClassicLevel(path)
  await db.open()
  const sync = { sync: true }
  return {
    put: (key, value) => db.put(key, value, sync),
    putAll: (keys, values) => {
      const batch = db.batch()
      for (let i = 0; i < keys.length; i++) batch.put(keys[i], values[i])
      return batch.write(sync)
    },
    close: () => db.close(),
  }
}

/** @param {string} path @returns {Durable} */
function raw(path) {
  const file = join(path, 'raw')
  const isNew = !existsSync(file)
  const fd = openSync(file, isNew ? 'w+' : 'r+')
  if (isNew) {
    writeSync(fd, Buffer.alloc(RAW_BYTES), 0, RAW_BYTES, 0)
    fdatasyncSync(fd)
  }
  const bytes = Buffer.alloc(MIB, 7)
  let at = 0
  return {
    put: () => {
      writeSync(fd, bytes, 0, COMMIT_BYTES, at)
      at = at + 2 * COMMIT_BYTES > RAW_BYTES ? 0 : at + COMMIT_BYTES
      fdatasyncSync(fd)
    },
    putAll: keys => {
      const end = keys.length * ENTRY_BYTES
      for (let at = 0; at < end; at += MIB) writeSync(fd, bytes, 0, Math.min(end - at, MIB), at)
      fdatasyncSync(fd)
    },
    close: () => closeSync(fd),
  }
}

/** @type {Record<string, (path: string) => Durable | Promise<Durable>>} */
export const peers = { raw, lmdb, SQLite: sqlite, 'classic-level': classicLevel }
