// @ts-check
/**
 * The stage of the matrix: the same set in zverse in memory, in zverse in a directory with its usual options, and in a
 * `Map`, each in a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { loadEngine } from '../entries/zverse.js'
import { fill, roomFor } from '../persistent/systems.js'
import { Stage } from '../stage.js'
import { Thread } from '../threads/threads.js'

/** @typedef {{ sync?: 'commit' | 'never', history?: { versions: number } }} Options */

/**
 * A store; either a database or a Map.
 * @typedef {object} Store
 * @property {any} [db]
 * @property {Map<string, string>} [map]
 * @property {string} [path] of its directory
 * @property {() => void} close
 */

/**
 * @typedef {object} MatrixSystem
 * @property {string} name
 * @property {string} [engine]
 * @property {boolean} isPersistent
 * @property {(keys: number, options?: Options) => Store} open an empty one
 */

/** @typedef {{ directory: string, engine?: string }} Around */

/** @param {boolean} isPersistent @returns {(around: Around) => Promise<MatrixSystem>} */
const zverse =
  isPersistent =>
  async ({ directory, engine }) => {
    const loaded = /** @type {import('../persistent/systems.js').Engine} */ (
      await loadEngine(engine)
    )
    return {
      ...{ name: isPersistent ? 'persistent' : 'in memory', engine, isPersistent },
      open(keys, options) {
        const path = isPersistent ? mkdtempSync(join(directory, 'matrix-')) : undefined
        const maxBytes = roomFor(keys)
        const db = loaded.ZVerse.open({ path, values: 'string', maxBytes, ...options })
        const close = () => {
          db.close()
          if (path !== undefined) rmSync(path, { recursive: true, force: true })
        }
        return { db, path, close }
      },
    }
  }

/** @type {Record<string, (around: Around) => MatrixSystem | Promise<MatrixSystem>>} */
export const systems = {
  'in memory': zverse(false),
  persistent: zverse(true),
  'plain Map': () => ({
    ...{ name: 'plain Map', isPersistent: false },
    open: () => ({ map: new Map(), close: () => {} }),
  }),
}

/** @extends {Stage<MatrixSystem>} */
export class MatrixStage extends Stage {
  /** @type {Promise<Store> | undefined} */
  #loaded
  /** @type {Thread[]} */
  #threads = []

  /** A store with the set, for the scenario. @param {Options} [options] */
  async open(options) {
    const store = await this.#open(options)
    this.after(() => store.close())
    return store
  }

  /** @param {Options} [options] */
  async #open(options) {
    const store = this.system.open(this.count, options)
    const { keys, values } = this.data
    const { db, map, path } = store
    if (map === undefined) fill(db, keys, values)
    else for (let i = 0; i < keys.length; i++) map.set(keys[i], values[i])
    // The keeper shall have nothing left to do.
    if (path !== undefined) await db.compact()
    return store
  }

  /** The store with the set that rows share; they leave it as large as it was. */
  async loaded() {
    this.#loaded ??= this.#open()
    return this.#loaded
  }

  /** Threads attached to the store with the set, started at the first call. @param {number} count */
  async threads(count) {
    const { db } = await this.loaded()
    const { engine } = this.system
    while (this.#threads.length < count) {
      const seed = this.seed + this.#threads.length + 1
      const address = /** @type {const} */ ({ system: 'zverse', engine, handle: db.share() })
      this.#threads.push(new Thread({ address, keys: this.count, seed }, db))
    }
    await Promise.all(this.#threads.map(thread => thread.started()))
    return this.#threads.slice(0, count)
  }

  /** @override */
  async close() {
    await super.close()
    await Promise.all(this.#threads.map(thread => thread.end()))
    const store = await this.#loaded
    store?.close()
  }
}
