// @ts-check
/** zverse in a directory, and its peers, by name. */
import { loadEngine } from '../entries/zverse.js'
import { peers } from './peers.js'

/** @typedef {import('./peers.js').Durable} Durable */
/** @typedef {import('node:worker_threads').Worker} Worker */
/** @typedef {import('../threads/systems.js').Address} Address */

/** A part of zverse that these rows use. @typedef {any} Engine */

/** @typedef {Durable & { db?: any, address?: () => Address, track: (worker: Worker) => void }} Store */

/**
 * @typedef {object} DurableSystem
 * @property {string} name
 * @property {string} directory on a disk
 * @property {boolean} isAsync its verbs give promises, and it is used from one thread
 * @property {Engine} [engine] zverse itself
 * @property {(path: string, keys: number) => Promise<Store>} open an empty directory
 */

/** Room for the set and its past. @param {number} keys */
export const roomFor = keys => Math.max(2 ** 31, keys * 600)

/** @typedef {{ directory: string, engine?: string }} Around */

/** @param {Around} around @returns {Promise<DurableSystem>} */
async function zverse({ directory, engine }) {
  const loaded = /** @type {Engine} */ (await loadEngine(engine))
  return {
    ...{ name: 'zverse', directory, isAsync: false, engine: loaded },
    async open(path, keys) {
      const db = loaded.ZVerse.open({ path, values: 'string', maxBytes: roomFor(keys) })
      return {
        db,
        put: (key, value) => db.put(key, value),
        putAll: (keys, values) => fill(db, keys, values),
        close: () => db.close(),
        address: () => ({ system: 'zverse', engine, handle: db.share() }),
        track: worker => db.track(worker),
      }
    },
  }
}

/**
 * Puts entries in one transaction.
 * @param {any} db
 * @param {readonly string[]} keys
 * @param {readonly string[]} values
 */
export function fill(db, keys, values) {
  return db.transact((/** @type {any} */ tx) => {
    for (let i = 0; i < keys.length; i++) tx.put(keys[i], values[i])
  })
}

/** @param {string} name @returns {(around: Around) => DurableSystem} */
const peer =
  name =>
  ({ directory }) => {
    const isAsync = name === 'classic-level'
    return {
      ...{ name, directory, isAsync },
      async open(path) {
        const store = { ...(await peers[name](path)), track: () => {} }
        return isAsync ? store : { ...store, address: () => ({ system: 'durable', name, path }) }
      },
    }
  }

/** @type {Record<string, (around: Around) => DurableSystem | Promise<DurableSystem>>} */
export const systems = {
  zverse,
  ...Object.fromEntries(Object.keys(peers).map(name => [name, peer(name)])),
}
