// @ts-check
/**
 * The stage of the rows on threads: a store with the set, and threads that are started once and used in every
 * round. Threads of different purpose are kept apart.
 *
 * A window: threads start, work until all are warm, and are counted from one flag in shared memory to the next,
 * each by its own clock. Cores that other programs take meanwhile are counted, too.
 */
import { makeValues, presentKey, seeded, shuffled } from '../data.js'
import { summarize } from '../rows.js'
import { Stage } from '../stage.js'
import { measureWindow, Thread } from './threads.js'

/** @typedef {import('./systems.js').SharedStore} SharedStore */
/** @typedef {import('./systems.js').Database} Database */
/** @typedef {SharedStore & { db: Database }} OwnStore only rows of zverse alone may ask for `db` */

/**
 * @typedef {Omit<import('../stage.js').Scenario, 'start'> & {
 *   needs: 'cores' | 'store' | 'zverse',
 *   start: (stage: ThreadsStage) => Promise<() => Promise<Record<string, number>>>
 * }} Scenario `needs`: which systems have the row
 */

/** Cores that others may take in a window that is to count, and so many tries at it; the quietest counts. */
const QUIET = 0.1
const TRIES = 3

/** @extends {Stage<import('./systems.js').ThreadSystem>} */
export class ThreadsStage extends Stage {
  /** @type {{ keys: string[], values: string[] } | undefined} */
  #set
  /** @type {Promise<OwnStore> | undefined} */
  #store
  /** @type {Map<SharedStore | undefined, Map<string, Thread[]>>} */
  #threads = new Map()
  #threadSeed = this.seed
  /** Cores that other programs took in each window of the round. @type {number[]} */
  #others = []

  /** @override @param {Scenario} scenario */
  async fits({ needs }) {
    return (
      needs === 'cores' || this.system.name === 'zverse' || (needs === 'store' && this.hasStore)
    )
  }

  get hasStore() {
    return this.system.open !== undefined
  }

  /** @override */
  async round() {
    this.#others = []
    const figures = await super.round()
    return this.#others.length === 0
      ? figures
      : { ...figures, others: summarize(this.#others).median }
  }

  /** Keys in random order, and values. */
  get set() {
    if (this.#set === undefined) {
      const random = seeded(this.seed)
      const keys = Array.from(shuffled(this.count, random), presentKey)
      this.#set = { keys, values: makeValues(this.count, random) }
    }
    return this.#set
  }

  /** The store with the set that scenarios share: each leaves it as large as it was. None for bare cores. */
  async shared() {
    if (this.hasStore) this.#store ??= this.open()
    return this.#store
  }

  /**
   * A store with the set, or the first `count` keys of it in order of number.
   * @param {{ versions: number }} [history]
   * @param {number} [count]
   * @returns {Promise<OwnStore>}
   */
  async open(history, count = this.count) {
    const { open } = this.system
    if (open === undefined) throw new Error(`${this.system.name} has no store`)
    const store = await open(this.count, history)
    const { keys, values } = this.set
    if (count === keys.length) store.putAll(keys, values)
    else store.putAll(Array.from(shuffled(count, seeded(1)), presentKey), values.slice(0, count))
    return /** @type {OwnStore} */ (store)
  }

  /**
   * Threads attached to a store, started at the first call.
   * @param {SharedStore | undefined} store
   * @param {string} purpose threads of one name are the same ones
   * @param {number} count
   * @param {number} [keys] of the store
   */
  async threads(store, purpose, count, keys) {
    const ofStore = this.#threads.get(store) ?? new Map()
    this.#threads.set(store, ofStore)
    /** @type {Thread[]} */
    const threads = ofStore.get(purpose) ?? []
    ofStore.set(purpose, threads)
    while (threads.length < count) threads.push(this.newThread(store, keys))
    await Promise.all(threads.map(thread => thread.started()))
    return threads.slice(0, count)
  }

  /** @param {SharedStore | undefined} store @param {number} [keys] */
  newThread(store, keys = this.count) {
    const seed = ++this.#threadSeed
    return new Thread({ address: store?.address(), keys, seed }, store)
  }

  /** Ends a store that is not needed any more, and its threads. @param {SharedStore} store */
  async end(store) {
    const threads = [...(this.#threads.get(store)?.values() ?? [])].flat()
    this.#threads.delete(store)
    await Promise.all(threads.map(thread => thread.end()))
    await store.close()
  }

  /**
   * Makes threads work at the same time; again if another program worked too, of which the quietest counts.
   * @param {import('./threads.js').Part[]} parts
   * @param {{ seconds?: number, sample?: () => void, tries?: number }} [options] `sample`: called ten times a second
   */
  async window(
    parts,
    { seconds = this.settings.seconds, sample, tries = sample ? 1 : TRIES } = {},
  ) {
    let best = await measureWindow(parts, seconds, sample)
    for (let i = 1; i < tries && (best.others ?? 0) > QUIET; i++) {
      const again = await measureWindow(parts, seconds)
      if ((again.others ?? 0) < (best.others ?? 0)) best = again
    }
    if (best.others !== undefined) this.#others.push(best.others)
    return best
  }

  /** @override */
  async close() {
    await super.close()
    const store = await this.#store
    if (store !== undefined) await this.end(store)
    for (const threads of this.#threads.get(undefined)?.values() ?? []) {
      await Promise.all(threads.map(thread => thread.end()))
    }
  }
}

/** The last figure of a row that counts windows. */
export const OTHERS = {
  others: { what: 'cores that other programs took', unit: /** @type {const} */ ('') },
}

/** @param {number} count */
export const threadsOf = count => (count === 1 ? '1 thread' : `${count} threads`)

/**
 * The same figures for each of some names.
 * @param {readonly (string | number)[]} names
 * @param {(name: any) => [string, import('../stage.js').Scenario['figures'][string]]} make
 */
export const figuresFor = (names, make) => Object.fromEntries(names.map(make))
