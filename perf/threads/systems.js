// @ts-check
/**
 * zverse and lmdb-js as threads see them: one thread makes a store, the others attach to it.
 *
 * lmdb-js has the options of perf/compare/systems/lmdb.js: on a tmpfs, `noSync`, strings encoded as
 * strings. Each thread opens the path itself, as its documentation says. Its reads go on in one read
 * transaction until the event loop turns; `renew` ends that by hand, once a chunk of reads, so that
 * its readers keep up with the present and its writer can reuse pages. zverse needs no such call:
 * each read sees the newest commit.
 */
import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { loadEngine } from '../entries/zverse.js'
import { peers } from '../persistent/peers.js'

/** @typedef {import('node:worker_threads').Worker} Worker */

/**
 * The part of the API used here, as far as perf/entries/zverse.js has not written it down.
 * @typedef {object} Threaded
 * @property {() => unknown} share
 * @property {(worker: Worker) => unknown} track
 * @property {(operation: { type: 'put', key: string, value: string }) => Promise<number>} submit
 * @property {(version: number) => Promise<unknown>} waitFor
 * @property {(options: { since: number }) => AsyncIterable<{ version: number }>} changes
 * @property {() => Snapshot} beginRead
 * @property {() => { put(key: string, value: string): unknown, abort(): void }} beginWrite
 * @property {(options: { before: number }) => number} prune
 * @property {() => { memory: { usedBytes: number }, versions: { retained: number } }} stats
 * @property {() => { ok: boolean, problems: unknown[], usedBytes: number, leakedBytes: number }} check
 */

/** @typedef {{ get(key: string): string | undefined, close(): void }} Snapshot */

/** @typedef {Omit<import('../entries/zverse.js').Database, keyof Threaded> & Threaded} Database */

/** @typedef {{ ZVerse: { open(options?: object): Database, attach(handle: unknown): Database } }} Engine */

/**
 * All that a worker needs to attach.
 * @typedef {{ system: 'zverse', engine: string | undefined, handle: unknown }
 *   | { system: 'lmdb', path: string }
 *   | { system: 'durable', name: string, path: string }} Address `durable`: one of persistent/peers.js
 */

/**
 * A store as a thread uses it.
 * @typedef {object} Store
 * @property {(key: string) => string | undefined} get
 * @property {(key: string, value: string) => unknown} put a commit of its own
 * @property {(key: string, value: string) => Promise<unknown>} submit one of a group
 * @property {(keys: readonly string[], values: readonly string[]) => void} putAll one transaction
 * @property {() => void} renew once a chunk of reads
 * @property {() => void | Promise<void>} close
 * @property {Database} [db]
 */

/** @typedef {Store & { address: () => Address, track: (worker: Worker) => void }} SharedStore */

const KEY_BYTES_AND_MORE = 600
const GIB = 2 ** 30

/** @param {string | undefined} engine */
async function load(engine) {
  const loaded = /** @type {Engine} */ (/** @type {unknown} */ (await loadEngine(engine)))
  if (typeof loaded.ZVerse.attach !== 'function') throw new Error('this build has no threads')
  return loaded
}

/** @param {Database} db @returns {Store & { db: Database }} */
function zverseStore(db) {
  return {
    db,
    get: key => db.get(key),
    put: (key, value) => db.put(key, value),
    submit: (key, value) => db.submit({ type: 'put', key, value }),
    putAll: (keys, values) => {
      db.transact(tx => {
        for (let i = 0; i < keys.length; i++) tx.put(keys[i], values[i])
      })
    },
    renew: () => {},
    close: () => db.close(),
  }
}

/**
 * @param {string | undefined} engine URL of another build
 * @param {number} keys the number of keys to come
 * @param {{ versions: number }} [history]
 * @returns {Promise<SharedStore & { db: Database }>}
 */
export async function openZverse(engine, keys, history) {
  const { ZVerse } = await load(engine)
  const maxBytes = Math.max(2 * GIB, keys * KEY_BYTES_AND_MORE)
  const db = ZVerse.open({ values: 'string', history, maxBytes })
  return {
    ...zverseStore(db),
    address: () => ({ system: 'zverse', engine, handle: db.share() }),
    track: worker => void db.track(worker),
  }
}

/** @typedef {{ open(options: object): any }} Lmdb */

const compare = createRequire(new URL('../compare/package.json', import.meta.url))

/** @param {string} path @returns {Store} */
function lmdbStore(path) {
  const { open } = /** @type {Lmdb} */ (compare('lmdb'))
  const options = { path, encoding: 'string', noSync: true, overlappingSync: false }
  const db = open({ ...options, noMemInit: true, mapSize: 4 * GIB })
  return {
    get: key => db.get(key),
    put: (key, value) => db.putSync(key, value),
    submit: (key, value) => db.put(key, value),
    putAll: (keys, values) => {
      db.transactionSync(() => {
        for (let i = 0; i < keys.length; i++) db.putSync(keys[i], values[i])
      })
    },
    renew: () => db.resetReadTxn(),
    close: () => db.close(),
  }
}

/** @param {string} directory on a tmpfs @returns {SharedStore} */
function openLmdb(directory) {
  const path = mkdtempSync(join(directory, 'lmdb-'))
  return {
    ...lmdbStore(path),
    address: () => ({ system: 'lmdb', path }),
    track: () => {},
  }
}

/** @param {Address} address @returns {Promise<Store>} */
export async function attach(address) {
  if (address.system === 'lmdb') return lmdbStore(address.path)
  if (address.system === 'durable') {
    const store = await peers[address.name](address.path)
    const get = () => undefined
    const submit = async () => {}
    return { ...store, get, submit, renew: () => {}, close: () => void store.close() }
  }
  return zverseStore((await load(address.engine)).ZVerse.attach(address.handle))
}

/**
 * @typedef {object} ThreadSystem
 * @property {string} name
 * @property {(keys: number, history?: { versions: number }) => SharedStore | Promise<SharedStore>} [open]
 *   an empty store for so many keys; none: only cores, which do arithmetic
 */

/** @type {Record<string, (around: { directory: string, engine?: string }) => ThreadSystem>} */
export const systems = {
  zverse: ({ engine }) => ({
    name: 'zverse',
    open: (keys, history) => openZverse(engine, keys, history),
  }),
  lmdb: ({ directory }) => ({ name: 'lmdb', open: () => openLmdb(directory) }),
  arithmetic: () => ({ name: 'arithmetic' }),
}
