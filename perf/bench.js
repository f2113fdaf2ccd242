// @ts-check
/**
 * Scenarios, the stores they work on, and the driver of rows.
 *
 * A `System` is one database as all rows see it; a `Store` is one opened, with the verbs in the
 * fastest documented form that system has for each kind of work. A verb a system has no counterpart
 * for is left out, and the rows that need it are left out for that system.
 *
 * A row is driven scenario by scenario, round by round, and within a round system by system; the
 * first round warms up and is thrown away.
 */
import { makeData } from './data.js'
import { consume, settle, summarize } from './measure.js'
import { Field } from './points/field.js'

/** @typedef {import('./systems/zverse.js').Database} Database */
/** @typedef {import('./points/field.js').PointSystem} PointSystem */
/** @typedef {import('./points/field.js').PointStore} PointStore */
/** @typedef {import('./points/field.js').KeyKind} KeyKind */
/** @typedef {import('./points/data.js').SetName} SetName */

/**
 * @typedef {object} OpenOptions
 * @property {number} keys the number of entries to come
 * @property {'string' | 'msgpack'} [encoding] of the values; 'string' unless said
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

/** @typedef {'µs' | 'ms' | '×' | 'bytes' | 'MiB' | 'hits'} Unit */
/** @typedef {Record<string, number>} Figures times in µs, in whatever unit they are printed */

/**
 * Rows that measure the same at one place after another, and so share tables and a chart.
 * families.js names the places.
 * @typedef {'ycsb' | 'size' | 'value-size' | 'history-depth' | 'snapshot-age'} FamilyName
 * @typedef {{ name: FamilyName, at: number | string }} Family
 */

/**
 * @typedef {object} RowBase
 * @property {string} name how it is chosen on the command line
 * @property {string} title
 * @property {Record<string, Unit>} figures the figures of a round; the first is the row's own
 * @property {boolean} [once] its figure does not vary: one round, no warm-up
 * @property {(system: System) => boolean} [suits] a further condition
 * @property {(bench: Bench) => () => Figures | Promise<Figures>} start the preparation, not
 *   measured; returns the round, which may leave figures out or NaN. Runs anew for each system
 * @property {string} [note]
 * @property {Family} [family]
 */

/**
 * @typedef {{ points?: undefined, needs: (keyof Store)[] }} OnEntries
 *   works on `bench.loaded` or on stores of its own
 */

/**
 * @typedef {object} OnPoints works on `bench.field`
 * @property {SetName} points
 * @property {KeyKind} [keys] 'cells' unless said
 * @property {(keyof PointStore)[]} needs
 */

/** @typedef {RowBase & (OnEntries | OnPoints)} Scenario */

/**
 * The part of a row that its driver needs: a {@link Scenario}, or a row of the bench for Level.
 * @typedef {Omit<RowBase, 'start' | 'suits'> & { points?: SetName, on?: Row['on'] }} Driven
 */

/**
 * One system, its data, and the store with the whole set that the reading rows share: entries with
 * string keys, or one set of points, as the present row needs. The other is dropped.
 */
export class Bench {
  /** @type {import('./data.js').Data | undefined} */
  #data
  /** @type {Store | undefined} */
  #loaded
  /** @type {Field | undefined} */
  #field
  /** @type {(() => void | Promise<void>)[]} */
  #cleanups = []

  /**
   * @param {System} system
   * @param {number} count
   * @param {number} seed
   */
  constructor(system, count, seed) {
    this.system = system
    this.count = count
    this.seed = seed
  }

  get data() {
    this.#data ??= makeData(this.count, this.seed)
    return this.#data
  }

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
   * Drops the data that the scenario does not work on. False if the system has no such row.
   * @param {Scenario} scenario
   */
  async prepare(scenario) {
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
    this.#data = undefined
  }

  /**
   * Registers a cleanup for the end of the present scenario.
   * @param {() => void | Promise<void>} cleanup
   */
  after(cleanup) {
    this.#cleanups.push(cleanup)
  }

  async cleanUp() {
    for (const cleanup of this.#cleanups.splice(0)) await cleanup()
  }

  async close() {
    await this.cleanUp()
    this.dropPoints()
    await this.#dropEntries()
  }
}

/**
 * @template {Driven} [S=Scenario]
 * @typedef {object} Driver one system, in this process or in another
 * @property {string} name
 * @property {(scenario: S) => Promise<boolean>} start false if it has no such row
 * @property {() => Promise<Figures>} round
 * @property {() => Promise<void>} stop
 */

/**
 * The driver of a bench in this process.
 * @param {Bench} bench
 * @returns {Driver}
 */
export function localDriver(bench) {
  /** @type {() => Figures | Promise<Figures>} */
  let round = () => ({})
  return {
    name: bench.system.name,
    async start(scenario) {
      if (!(await bench.prepare(scenario))) return false
      round = scenario.start(bench)
      return true
    },
    async round() {
      settle()
      return await round()
    },
    async stop() {
      round = () => ({})
      await bench.cleanUp()
    },
  }
}

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 * @property {'entries' | 'points' | 'level'} on
 * @property {string | undefined} note
 * @property {Family | undefined} family
 * @property {Record<string, Unit>} units
 * @property {Record<string, Record<string, import('./measure.js').Summary>>} systems
 *   by system, then by figure, as far as there were any
 * @property {Record<string, string>} failures message by system
 */

/**
 * Measures one row on all systems, interleaved, every other round in reverse order: none always comes
 * after the same one. A system that fails is left out of the row, and its failure is part of the result.
 * @template {Driven} S
 * @param {S} scenario
 * @param {readonly Driver<S>[]} drivers
 * @param {number} rounds
 * @returns {Promise<Row>}
 */
export async function measureRow(scenario, drivers, rounds) {
  /** @type {Map<Driver<S>, Figures[]>} */
  const taken = new Map()
  /** @type {Row['failures']} */
  const failures = {}
  /** @type {(driver: Driver<S>, step: () => Promise<void>) => Promise<void>} */
  const attempt = async (driver, step) => {
    try {
      await step()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      process.stderr.write(`${scenario.name}, ${driver.name} failed: ${message}\n`)
      // A stack names paths of files, which a published result must not.
      failures[driver.name] = message.split('\n')[0]
      taken.delete(driver)
    }
  }
  for (const driver of drivers) {
    await attempt(driver, async () => {
      if (await driver.start(scenario)) taken.set(driver, [])
    })
  }
  const first = scenario.once ? 0 : -1
  for (let round = first; round < (scenario.once ? 1 : rounds); round++) {
    const turn = round % 2 === 0 ? [...taken] : [...taken].reverse()
    for (const [driver, all] of turn) {
      await attempt(driver, async () => {
        const figures = await driver.round()
        if (round >= 0) all.push(figures)
      })
    }
  }
  for (const driver of drivers) await attempt(driver, () => driver.stop())
  /** @type {Row['systems']} */
  const systems = {}
  for (const [driver, all] of taken) {
    const measured = Object.keys(scenario.figures)
      .map(name => ({ name, samples: all.map(figures => figures[name]).filter(Number.isFinite) }))
      .filter(({ samples }) => samples.length > 0)
    systems[driver.name] = Object.fromEntries(
      measured.map(({ name, samples }) => [name, summarize(samples)]),
    )
  }
  const { name, title, note, family, figures } = scenario
  const on = scenario.on ?? (scenario.points === undefined ? 'entries' : 'points')
  return { name, title, on, note, family, units: figures, systems, failures }
}

/**
 * A chunk of `get`s over an array of keys, from where the last one ended.
 * @param {readonly string[]} keys a multiple of `size`
 * @param {number} size
 * @param {(from: number, to: number) => number} loop reads `keys[from]` up to before `keys[to]`
 */
export function walk(keys, size, loop) {
  let at = 0
  return () => {
    const from = at
    at = from + size >= keys.length ? 0 : from + size
    consume(loop(from, from + size))
    return size
  }
}
