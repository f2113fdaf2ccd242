// @ts-check
/**
 * Shared by the scenarios: the settings, the set, one loaded store for each system, and threads
 * that are started once and used in every round. Threads of different purpose are kept apart.
 */
import { makeValues, presentKey, seeded, shuffled } from '../data.js'
import { hasLmdb, openLmdb, openZverse } from './systems.js'
import { measureWindow, Thread } from './threads.js'

/** @typedef {import('./systems.js').SharedStore} SharedStore */
/** @typedef {import('./systems.js').Database} Database */
/** @typedef {'zverse' | 'lmdb'} SystemName */
/** @typedef {'×' | '/s' | 'ns' | 'µs' | 'ms' | 'MiB' | ''} Unit */
/** @typedef {{ sense: 'at least' | 'at most', bound: number, aim?: number }} Target */
/** @typedef {{ what: string, unit: Unit, target?: Target }} Figure */
/** @typedef {Record<string, number>} Figures */

/**
 * @typedef {object} Scenario
 * @property {string} name how it is chosen on the command line
 * @property {string} title
 * @property {Record<string, Figure>} figures the figures of a round; it may leave some out
 * @property {boolean} [once] so long and even that one round is enough
 * @property {boolean} [cold] each round begins from nothing: no warm-up is thrown away
 * @property {(bench: Bench) => Promise<() => Promise<Figures>>} start the preparation, not
 *   measured; returns the round
 */

/**
 * @typedef {object} Settings
 * @property {number} keys
 * @property {number} rounds
 * @property {number} seconds a window lasts
 * @property {number} tries at a window that others disturb
 * @property {number} seed
 * @property {string} [engine] URL of another build of zverse
 */

/** Cores that others may take in a window that is to count. */
const QUIET = 0.1

export class Bench {
  /** @type {{ keys: string[], values: string[] } | undefined} */
  #set
  /** @type {Map<SystemName, Promise<SharedStore>>} */
  #stores = new Map()
  /** @type {Map<SharedStore | undefined, Map<string, Thread[]>>} */
  #threads = new Map()
  #seed
  /** @type {SystemName[]} */
  systems = hasLmdb() ? ['zverse', 'lmdb'] : ['zverse']
  /** Cores that other programs took in each window used, as far as that can be known. @type {number[]} */
  others = []

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings
    this.#seed = settings.seed
  }

  /** Keys in random order, and values. */
  get set() {
    if (this.#set === undefined) {
      const { keys: count, seed } = this.settings
      const random = seeded(seed)
      const keys = Array.from(shuffled(count, random), presentKey)
      this.#set = { keys, values: makeValues(count, random) }
    }
    return this.#set
  }

  /**
   * A store with the set that scenarios may share: each leaves it as large as it was.
   * @param {SystemName} name
   */
  shared(name) {
    let store = this.#stores.get(name)
    if (store === undefined) {
      store = name === 'lmdb' ? Promise.resolve(openLmdb()) : this.openZverse()
      store = store.then(opened => {
        if (name === 'lmdb') opened.putAll(this.set.keys, this.set.values)
        return opened
      })
      this.#stores.set(name, store)
    }
    return store
  }

  /**
   * A zverse database with the set, or the first `count` keys of it in order of number.
   * @param {{ versions: number }} [history]
   * @param {number} [count]
   */
  async openZverse(history, count = this.settings.keys) {
    const store = await openZverse(this.settings.engine, this.settings.keys, history)
    const { keys, values } = this.set
    if (count === keys.length) store.putAll(keys, values)
    else store.putAll(Array.from(shuffled(count, seeded(1)), presentKey), values.slice(0, count))
    return store
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
  newThread(store, keys = this.settings.keys) {
    const seed = ++this.#seed
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
   * Makes threads work at the same time; again if another program worked too, up to `tries` times,
   * of which the quietest counts.
   * @param {import('./threads.js').Part[]} parts
   * @param {{ seconds?: number, sample?: () => void }} [options] `sample`: called ten times a second
   */
  async window(parts, { seconds = this.settings.seconds, sample } = {}) {
    let best = await measureWindow(parts, seconds, sample)
    const tries = sample === undefined ? this.settings.tries : 1
    for (let i = 1; i < tries && (best.others ?? 0) > QUIET; i++) {
      const again = await measureWindow(parts, seconds)
      if ((again.others ?? 0) < (best.others ?? 0)) best = again
    }
    if (best.others !== undefined) this.others.push(best.others)
    return best
  }
}

/**
 * The same figures for each of some names.
 * @param {readonly (string | number)[]} names
 * @param {(name: any) => [string, Figure]} make
 * @returns {Record<string, Figure>}
 */
export const figuresFor = (names, make) => Object.fromEntries(names.map(make))
