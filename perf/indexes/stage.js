// @ts-check
/**
 * The stage of the rows on indexes. A `Store` has the verbs in the fastest documented form of its system; one that a
 * system has no counterpart for is left out, and so are the rows that need it.
 */
import { hasVerbs, Stage } from '../stage.js'
import { Answers, expect, makeUsers } from './data.js'

/** @typedef {import('./data.js').User} User */
/** @typedef {import('./data.js').Users} Users */

/** @typedef {'city' | 'score' | 'email'} IndexName `email` is unique */
/** @typedef {number | Promise<number>} Sum over all that was handed out; a promise where a system is async */

/**
 * @typedef {object} OpenOptions
 * @property {number} keys the number of entries to come
 * @property {readonly IndexName[]} indexes that are there before the entries
 * @property {true} [covering] the index of cities has to answer for keys alone
 * @property {{ versions: number }} [history] zverse only; its default unless said
 */

/**
 * @typedef {object} Store
 * @property {(keys: readonly string[], users: readonly any[]) => unknown} putAll
 *   one transaction, of keys that are not there
 * @property {(keys: readonly string[], users: readonly User[]) => any[]} [documents]
 *   makes what `putAll` takes for users, not timed: a system that keeps the objects needs its own
 * @property {(key: string, user: User) => void} [put] a commit of its own, of a key that is there
 * @property {(keys: readonly string[], users: readonly User[]) => void} [changeAll]
 *   one transaction, of keys that are there
 * @property {(name: IndexName) => void} [addIndex] builds it over what is there
 * @property {(name: IndexName) => void} [dropIndex]
 * @property {(city: string) => Sum} equal hands out keys and users
 * @property {(city: string) => Sum} keysOf keys alone
 * @property {(score: number, limit: number) => Sum} from keys and users, in the order of scores
 * @property {(email: string) => Sum} find a user without its key
 * @property {() => number} [usedBytes] all it takes outside JavaScript's heap
 * @property {() => unknown} close
 */

/**
 * @typedef {object} System
 * @property {string} name
 * @property {boolean} hasIndexes false: a build of zverse from before
 * @property {true} [isAsync] its verbs give promises; it has only rows of small sets
 * @property {(options: OpenOptions) => Store | Promise<Store>} open an empty store
 */

/**
 * @typedef {Omit<import('../stage.js').Scenario, 'start'> & {
 *   needs?: (keyof Store)[], small?: true,
 *   start: (stage: IndexesStage) => ReturnType<import('../stage.js').Scenario['start']>
 * }} Scenario
 */

/** @type {IndexName[]} */
export const INDEXES = ['city', 'score', 'email']

/** Cities that are looked at where entries have been put. */
const CHECKED = 20

/** @extends {Stage<System>} */
export class IndexesStage extends Stage {
  /** @type {Users | undefined} */
  #set
  /** @type {Answers | undefined} */
  #answers
  /** @type {Promise<Store> | undefined} */
  #loaded

  /** The set. Scenarios do not change its users. */
  get set() {
    this.#set ??= makeUsers(this.count, this.seed)
    return this.#set
  }

  /** What the set answers. */
  get answers() {
    this.#answers ??= new Answers(this.set.keys, this.set.users)
    return this.#answers
  }

  /** The store with the set and all indexes, which are there from the beginning. Rows only read it. */
  loaded() {
    this.#loaded ??= this.#fill({ indexes: INDEXES })
    return this.#loaded
  }

  /** A store with the set, of the present scenario alone. @param {Omit<OpenOptions, 'keys'>} options */
  async filled(options) {
    const store = await this.#fill(options)
    this.after(() => store.close())
    return store
  }

  /** @param {Omit<OpenOptions, 'keys'>} options */
  async #fill(options) {
    const { keys, users } = this.set
    const store = await this.system.open({ ...options, keys: this.count })
    await store.putAll(keys, store.documents?.(keys, users) ?? users)
    return store
  }

  /**
   * Work that puts a set into an empty store in one transaction; opening it is not timed, and some cities are looked for
   * afterwards.
   * @param {Users} set
   * @param {readonly IndexName[]} indexes
   * @param {Answers} answers
   * @param {number} [runs] in a round
   * @returns {import('../measure.js').Work}
   */
  filling({ keys, users, cities }, indexes, answers, runs = 1) {
    /** @type {Store} */
    let store
    /** @type {readonly any[]} */
    let documents = []
    return {
      ...{ runs, isAsync: this.system.isAsync },
      before: async () => {
        store = await this.system.open({ keys: keys.length, indexes })
        documents = store.documents?.(keys, users) ?? users
      },
      run: this.system.isAsync
        ? async () => {
            await store.putAll(keys, documents)
            return keys.length
          }
        : () => {
            store.putAll(keys, documents)
            return keys.length
          },
      after: async () => {
        if (indexes.includes('city')) await look(store, cities, answers)
        await store.close()
        documents = []
      },
    }
  }

  /** @override @param {Scenario} scenario */
  async fits({ needs = [], small }) {
    if (!this.system.hasIndexes || (this.system.isAsync && !small)) return false
    return hasVerbs(await this.system.open({ keys: 1, indexes: [] }), needs)
  }

  /** @override */
  async close() {
    await super.close()
    await (await this.#loaded)?.close()
  }
}

/**
 * Throws unless some cities are as they must be.
 * @param {Store} store
 * @param {string[]} cities
 * @param {Answers} answers
 */
export async function look(store, cities, answers) {
  const step = Math.ceil(cities.length / CHECKED)
  for (let i = 0; i < cities.length; i += step) {
    expect(cities[i], await store.equal(cities[i]), answers.equal(cities[i]))
  }
}
