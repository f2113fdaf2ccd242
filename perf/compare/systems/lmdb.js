// @ts-check
/**
 * lmdb-js on a tmpfs, `noSync`, strings encoded as strings: `get`, `getRange`, one `transactionSync`
 * for many puts, `putSync` for a commit of one, `append` for sorted input.
 *
 * Of its options those are set that made it faster here or, as documented, should: `noMemInit`, a
 * `mapSize` from the start (no remapping while it grows), and no `overlappingSync`, which only orders
 * syncs that `noSync` does not do (when tried, `clearSync` took three times as long with it, the rest the same).
 *
 * `useWritemap` halves the time of a single commit but lets a stray write corrupt the file, and its
 * types discourage it. The system `lmdb+writemap` is measured beside it; only single commits have a
 * target against it (docs/performance.md, Targets). It has no row for deleting a whole set in one
 * transaction: lmdb 3.5.6 ends the process there (`mdb_freelist_save`, an assertion).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { taste } from '../../measure.js'

/**
 * The part of its interface used here.
 * @typedef {object} Environment
 * @property {(key: string) => string | undefined} get
 * @property {(key: string, value: string, options?: { append: boolean }) => unknown} putSync
 * @property {(key: string) => unknown} removeSync
 * @property {(work: () => void) => unknown} transactionSync
 * @property {(range?: { start: string, limit: number }) => Iterable<{ key: string, value: string }>} getRange
 * @property {() => { done(): void }} useReadTransaction
 * @property {() => {
 *   pageSize: number, treeBranchPageCount: number, treeLeafPageCount: number, overflowPages: number
 * }} getStats
 * @property {() => void} clearSync
 * @property {() => Promise<void>} close
 */

/**
 * @param {string} directory on a tmpfs
 * @param {boolean} useWritemap
 * @returns {Promise<import('../../entries/stage.js').System>}
 */
export async function lmdbSystem(directory, useWritemap) {
  const { open } = await import(/** @type {string} */ ('lmdb'))
  return {
    name: useWritemap ? 'lmdb+writemap' : 'lmdb',
    variant: useWritemap || undefined,
    orderedLoad: true,
    encodings: ['string', 'msgpack'],
    open({ encoding = 'string' }) {
      const path = mkdtempSync(join(directory, 'lmdb-'))
      const options = { path, encoding, useWritemap, noSync: true, overlappingSync: false }
      const store = lmdbStore(open({ ...options, noMemInit: true, mapSize: 4 * 2 ** 30 }), path)
      return useWritemap ? { ...store, deleteAll: undefined } : store
    },
  }
}

/**
 * @param {Environment} lmdb
 * @param {string} path
 * @returns {import('../../entries/stage.js').Store}
 */
function lmdbStore(lmdb, path) {
  const append = { append: true }
  return {
    get: key => lmdb.get(key),
    put: (key, value) => void lmdb.putSync(key, value),
    putAll: (keys, values) => {
      lmdb.transactionSync(() => {
        for (let i = 0; i < keys.length; i++) lmdb.putSync(keys[i], values[i])
      })
    },
    loadSorted: (keys, values) => {
      lmdb.transactionSync(() => {
        for (let i = 0; i < keys.length; i++) lmdb.putSync(keys[i], values[i], append)
      })
    },
    deleteAll: keys => {
      lmdb.transactionSync(() => {
        for (let i = 0; i < keys.length; i++) lmdb.removeSync(keys[i])
      })
    },
    clear: () => lmdb.clearSync(),
    range: (start, limit) => {
      let sum = 0
      for (const { key, value } of lmdb.getRange({ start, limit })) sum += taste(key) + taste(value)
      return sum
    },
    scan: () => {
      let sum = 0
      for (const { key, value } of lmdb.getRange()) sum += taste(key) + taste(value)
      return sum
    },
    pin: () => lmdb.useReadTransaction().done(),
    usedBytes: () => {
      const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = lmdb.getStats()
      return pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages)
    },
    async close() {
      await lmdb.close()
      rmSync(path, { recursive: true, force: true })
    },
  }
}
