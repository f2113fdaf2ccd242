// @ts-check
/**
 * A stage: one system, and the data that the scenarios of a suite share. It prepares a scenario and plays its
 * rounds, in the process of that system.
 */
import { makeData } from './data.js'
import { consume, measure, measureInTurns, settle } from './measure.js'

/** @typedef {'ns' | 'µs' | 'ms' | 's' | '×' | 'bytes' | 'MiB' | 'hits' | '/s' | ''} Unit */
/** @typedef {import('./measure.js').Sample} Sample */
/** @typedef {import('./measure.js').Work} Work */

/**
 * The figures of a round, each in its unit: measured by tinybench, counted, or a series of counts.
 * @typedef {Record<string, Sample | number | number[]>} Figures
 */

/**
 * What gives a figure: work to be timed, of which a bare function is repeated in chunks; a count, taken in its
 * turn; or the figure itself.
 * @typedef {Record<string, Work | Work['run'] | { count: () => number } | number | number[]>} Round
 */

/**
 * @typedef {object} Scenario
 * @property {string} name how it is chosen on the command line
 * @property {string} title
 * @property {Record<string, Unit | { what: string, unit: Unit }>} figures
 *   of a round, which may leave some out; the first is the row's own
 * @property {Record<string, [string, string]>} [ratios] figures that are a quotient of two others
 * @property {string[]} [inTurns] figures whose works are measured in turns
 * @property {number} [longer] so many times as long as other samples
 * @property {boolean} [once] its figures do not vary: one round, no warm-up
 * @property {boolean} [cold] each round begins from nothing: no round of warming up
 * @property {number | string} [at] its place among the rows of a group that is a family
 * @property {string} [note]
 * @property {(stage: any) => Round | (() => Round | Promise<Round>) | Promise<Round | (() => Round | Promise<Round>)>} start
 *   the preparation, not measured; returns what each round measures
 */

/**
 * @typedef {object} Settings of a suite
 * @property {number} keys
 * @property {number} seed
 * @property {number} sampleMs how long a sample of repeated work lasts at least
 * @property {number} seconds a window of threads lasts
 * @property {number} minutes of churn
 * @property {string} [engine] URL of another build of zverse
 */

/** Repeated work runs so many times as long as a sample before it is timed. */
const WARM = 0.75

/** Figures of time are kept in their units; tinybench's are µs. @type {Partial<Record<Unit, number>>} */
const IN_MICROS = { ns: 1e3, µs: 1, ms: 1e-3, s: 1e-6 }

/** @param {Scenario['figures'][string]} figure */
export const unitOf = figure => (typeof figure === 'string' ? figure : figure.unit)

/**
 * Whether a store has all of some verbs; it is closed then.
 * @template {{ close(): unknown }} T
 * @param {T} store
 * @param {readonly (keyof T)[]} needs
 */
export async function hasVerbs(store, needs) {
  await store.close()
  return needs.every(verb => store[verb] !== undefined)
}

/** @template S the system */
export class Stage {
  /** @type {import('./data.js').Data | undefined} */
  #data
  /** @type {(() => unknown)[]} */
  #cleanups = []
  /** @type {Scenario | undefined} */
  #scenario
  /** @type {Round | (() => Round | Promise<Round>)} */
  #round = {}

  /**
   * @param {S} system
   * @param {Settings} settings
   */
  constructor(system, settings) {
    this.system = system
    this.settings = settings
  }

  get count() {
    return this.settings.keys
  }

  get seed() {
    return this.settings.seed
  }

  get data() {
    this.#data ??= makeData(this.count, this.seed)
    return this.#data
  }

  dropData() {
    this.#data = undefined
  }

  /**
   * Registers a cleanup for the end of the present scenario; it may be async.
   * @param {() => unknown} cleanup
   */
  after(cleanup) {
    this.#cleanups.push(cleanup)
  }

  /**
   * Makes what a scenario needs; false if the system cannot do its work.
   * @param {Scenario} _
   * @returns {Promise<boolean>}
   */
  async fits(_) {
    return true
  }

  /** @param {Scenario} scenario @returns {Promise<boolean>} false if the system has no such row */
  async start(scenario) {
    if (!(await this.fits(scenario))) return false
    this.#scenario = scenario
    this.#round = await scenario.start(this)
    return true
  }

  /** @returns {Promise<Figures>} */
  async round() {
    const scenario = /** @type {Scenario} */ (this.#scenario)
    settle()
    const round = this.#round
    const works = typeof round === 'function' ? await round() : round
    const figures = await this.#measure(works, scenario)
    for (const [name, [over, under]] of Object.entries(scenario.ratios ?? {})) {
      if (over in figures && under in figures)
        figures[name] = one(figures[over]) / one(figures[under])
    }
    return figures
  }

  /** @param {Round} round @param {Scenario} scenario */
  async #measure(round, { figures: declared, inTurns = [], longer = 1 }) {
    const ms = this.settings.sampleMs * longer
    /** @type {Figures} */
    const figures = {}
    const put = (/** @type {string} */ name, /** @type {Sample} */ { mean, p50, p99, error }) => {
      const by = IN_MICROS[unitOf(declared[name])] ?? 1
      figures[name] = { mean: mean * by, p50: p50 * by, p99: p99 * by, error }
    }
    const turning = inTurns.filter(name => name in round)
    const taken = await measureInTurns(
      turning.map(name => workOf(round[name])),
      ms,
    )
    taken.forEach((sample, i) => {
      put(turning[i], sample)
    })
    for (const [name, source] of Object.entries(round)) {
      if (turning.includes(name)) continue
      if (typeof source === 'number' || Array.isArray(source)) figures[name] = source
      else if (typeof source === 'object' && !('run' in source)) figures[name] = source.count()
      else put(name, await measure(workOf(source), ms, this.settings.sampleMs * WARM))
    }
    return figures
  }

  async stop() {
    this.#round = {}
    for (const cleanup of this.#cleanups.splice(0)) await cleanup()
  }

  async close() {
    await this.stop()
    this.dropData()
  }
}

/** @param {Round[string]} source @returns {Work} */
const workOf = source =>
  typeof source === 'function' ? { run: source } : /** @type {Work} */ (source)

/** @param {Figures[string]} figure */
export const one = figure =>
  typeof figure === 'object' && 'mean' in figure ? figure.mean : Number(figure)

/**
 * A chunk of reads over an array of keys, or of what else is asked for, from where the last one ended.
 * @param {readonly unknown[]} keys a multiple of `size`
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
