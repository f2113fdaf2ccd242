// @ts-check
/** The stage of persistent mode: directories on a disk, and the store with the set that rows share. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Stage } from '../stage.js'
import { Thread } from '../threads/threads.js'

/** @typedef {import('./systems.js').Store} Store */

/**
 * @typedef {Omit<import('../stage.js').Scenario, 'start'> & {
 *   zverse?: true,
 *   start: (stage: PersistentStage) => ReturnType<import('../stage.js').Scenario['start']>
 * }} Scenario `zverse`: no other system has the row
 */

/** @extends {Stage<import('./systems.js').DurableSystem>} */
export class PersistentStage extends Stage {
  /** @type {Promise<Store> | undefined} */
  #loaded
  /** @type {Thread[]} */
  #threads = []

  /** @override @param {Scenario} scenario */
  async fits({ zverse }) {
    const { engine } = this.system
    // A build that has no persistent mode has no row here.
    if (engine !== undefined) return 'durableVersion' in engine.ZVerse.prototype
    return zverse !== true
  }

  /** A new directory, which {@link remove} removes. */
  directory() {
    return mkdtempSync(join(this.system.directory, 'persistent-'))
  }

  /** @param {string} path */
  remove(path) {
    rmSync(path, { recursive: true, force: true })
  }

  /** An empty store; closing it removes its directory. @returns {Promise<Store>} */
  async open() {
    const path = this.directory()
    const store = await this.system.open(path, this.count)
    const close = async () => {
      await store.close()
      this.remove(path)
    }
    return { ...store, close }
  }

  /** The store with the set. Rows leave it as large as it was. */
  async loaded() {
    this.#loaded ??= (async () => {
      const store = await this.open()
      await store.putAll(this.data.keys, this.data.values)
      return store
    })()
    return this.#loaded
  }

  /** Threads attached to the store with the set, started at the first call. @param {number} count */
  async threads(count) {
    const store = await this.loaded()
    while (this.#threads.length < count) {
      const seed = this.seed + this.#threads.length + 1
      const assignment = { address: store.address?.(), keys: this.count, seed }
      this.#threads.push(new Thread(assignment, store))
    }
    await Promise.all(this.#threads.map(thread => thread.started()))
    return this.#threads.slice(0, count)
  }

  /** @override */
  async close() {
    await super.close()
    await Promise.all(this.#threads.map(thread => thread.end()))
    await (await this.#loaded)?.close()
  }
}
