// @ts-check
/**
 * The stage of the rows on entries and on points, and the systems that it has.
 *
 * A `System` is one database as all rows see it; a `Store` is one opened, with the verbs in the
 * fastest documented form that system has for each kind of work. A verb a system has no counterpart
 * for is left out, and the rows that need it are left out for that system.
 */
import { Stage } from '../stage.js'
import { Field } from './points/field.js'

/** @typedef {import('./zverse.js').Database} Database */
/** @typedef {import('./points/field.js').PointSystem} PointSystem */
/** @typedef {import('./points/field.js').PointStore} PointStore */
/** @typedef {import('./points/field.js').KeyKind} KeyKind */
/** @typedef {import('./points/data.js').SetName} SetName */

/**
 * @typedef {object} OpenOptions
 * @property {number} keys the number of entries to come
 * @property {'string' | 'msgpack' | 'json'} [encoding] of the values; 'string' unless said
 * @property {{ above: number }} [compress] zverse only
 * @property {{ versions: number }} [history] zverse only; its default unless said
 * @property {boolean} [pointIndex] zverse only
 * @property {number} [maxBytes] zverse only; ample unless said
 */

/**
 * @typedef {object} Store
 * @property {(key: string) => string | undefined} get
 * @property {(key: string, value: string) => void} put a commit of its own
 * @property {(keys: readonly string[], values: readonly string[]) => void} putAll
 *   one transaction, keys in any order
 * @property {(keys: readonly string[], values: readonly string[]) => void} loadSorted
 *   one transaction into the empty store, keys in order
 * @property {(keys: readonly string[]) => void} [deleteAll] one transaction
 * @property {() => void} clear
 * @property {() => number} scan hands out every entry; a sum over what it tasted
 * @property {(from: string, limit: number) => number} [range] the same for `limit` entries from `from`
 * @property {() => void} [pin] takes a snapshot and releases it
 * @property {() => number} [usedBytes]
 *   all it takes outside JavaScript's heap; left out if it lives in that heap
 * @property {Database} [database] zverse itself, for what only it can do
 * @property {() => void | Promise<void>} close
 */

/**
 * @typedef {object} System
 * @property {string} name
 * @property {boolean} orderedLoad whether sorted input is a case of its own
 * @property {('string' | 'msgpack')[]} encodings
 *   encodings of values; none: it has no string keys, only points
 * @property {(options: OpenOptions) => Store} open
 * @property {PointSystem} [points] the same system as a store of points
 * @property {true} [variant] another system with other settings: it has only rows of docs/performance.md
 */

/**
 * @typedef {{ points?: undefined, needs: (keyof Store)[] }} OnEntries
 *   works on `stage.loaded` or on stores of its own
 */

/**
 * @typedef {object} OnPoints works on `stage.field`
 * @property {SetName} points
 * @property {KeyKind} [keys] 'cells' unless said
 * @property {(keyof PointStore)[]} needs
 */

/**
 * @typedef {Omit<import('../stage.js').Scenario, 'start'> & (OnEntries | OnPoints) & {
 *   suits?: (system: System) => boolean,
 *   start: (stage: EntriesStage) => ReturnType<import('../stage.js').Scenario['start']>
 * }} Scenario
 */

/**
 * The store with the whole set that the reading rows share: entries with string keys, or one set of points, as
 * the present row needs. The other is dropped.
 * @extends {Stage<System>}
 */
export class EntriesStage extends Stage {
  /** @type {Store | undefined} */
  #loaded
  /** @type {Field | undefined} */
  #field

  /** The store with the set, loaded in random order in one transaction. */
  get loaded() {
    if (this.#loaded === undefined) {
      this.#loaded = this.system.open({ keys: this.count })
      this.#loaded.putAll(this.data.keys, this.data.values)
    }
    return this.#loaded
  }

  /** zverse with the set; only scenarios that need `database` may ask. */
  get database() {
    return /** @type {Database} */ (this.loaded.database)
  }

  /** The points of the present scenario. */
  get field() {
    if (this.#field === undefined) throw new Error('this row is on entries, not on points')
    return this.#field
  }

  /**
   * Drops the data that the scenario does not work on.
   * @override
   * @param {Scenario} scenario
   */
  async fits(scenario) {
    if (scenario.suits?.(this.system) === false) return false
    if (scenario.points === undefined) {
      this.dropPoints()
      return this.system.encodings.length > 0 && (await this.#has(scenario.needs))
    }
    await this.#dropEntries()
    const { points: system } = this.system
    const { points: set, keys = 'cells' } = scenario
    if (system?.keys.includes(keys) !== true) return false
    if (this.#field?.set !== set || this.#field.keys !== keys) {
      this.dropPoints()
      this.#field = new Field(system, set, keys, this.count, this.seed)
    }
    const probe = this.field.empty()
    const able = scenario.needs.every(verb => probe[verb] !== undefined)
    probe.close()
    return able
  }

  /** Whether its stores have these verbs. @param {(keyof Store)[]} verbs */
  async #has(verbs) {
    if (this.#loaded !== undefined) return verbs.every(verb => this.#loaded?.[verb] !== undefined)
    const probe = this.system.open({ keys: 1 })
    const able = verbs.every(verb => probe[verb] !== undefined)
    await probe.close()
    return able
  }

  /** Forgets the points, so that the next row makes them anew. */
  dropPoints() {
    this.#field?.close()
    this.#field = undefined
  }

  async #dropEntries() {
    await this.#loaded?.close()
    this.#loaded = undefined
    this.dropData()
  }

  /** @override */
  async close() {
    await this.stop()
    this.dropPoints()
    await this.#dropEntries()
  }
}
