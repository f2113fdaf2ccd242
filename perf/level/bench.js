// @ts-check
/**
 * A row of Level's workloads, and its surroundings: one system, the data, and a level with the whole
 * set that the reading rows share.
 */
import { CHUNK, makeData } from '../data.js'
import { consume, settle } from '../measure.js'

/** @typedef {import('./systems.js').Level} Level */
/** @typedef {import('./systems.js').TravellingLevel} TravellingLevel */

/**
 * @typedef {object} LevelRow
 * @property {string} name how it is chosen on the command line
 * @property {string} title
 * @property {string} [note]
 * @property {true} [travels] only levels with a past have it
 * @property {(bench: LevelBench) => Promise<() => Promise<number>>} start
 *   the preparation, not measured; returns the round, which gives µs
 */

/** Operations of one batch of a load, which is not measured. */
const BATCH = 1000

export class LevelBench {
  /** @type {import('../data.js').Data | undefined} */
  #data
  /** @type {Level | undefined} */
  #loaded
  /** @type {(() => Promise<void>)[]} */
  #cleanups = []
  /** @type {(() => Promise<void>)[]} */
  #closes = []

  /**
   * @param {import('./systems.js').LevelSystem} system
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

  /** The level with the set, loaded in random order. Rows leave it unchanged. */
  async loaded() {
    if (this.#loaded !== undefined) return this.#loaded
    const { level, close } = this.system.create()
    this.#closes.push(close)
    await load(level, this.data.keys, this.data.values)
    this.#loaded = level
    return level
  }

  /**
   * An empty level, open; closed when the row ends, unless `close` is called before.
   * @param {object} [options]
   */
  async empty(options) {
    const { level, close } = this.system.create(options)
    await level.open()
    this.#cleanups.push(close)
    return { level, close }
  }

  /** A level with the set of the row's own. @param {object} [options] */
  async own(options) {
    const { level } = await this.empty(options)
    await load(level, this.data.keys, this.data.values)
    return level
  }

  /** When a row ends. */
  async cleanUp() {
    for (const close of this.#cleanups.splice(0)) await close()
  }

  async close() {
    await this.cleanUp()
    for (const close of this.#closes.splice(0)) await close()
  }
}

/**
 * Puts entries, in batches.
 * @param {Level} level
 * @param {readonly string[]} keys
 * @param {readonly string[]} values
 */
export async function load(level, keys, values) {
  for (let from = 0; from < keys.length; from += BATCH) {
    await level.batch(puts(keys, values, from, from + BATCH))
  }
}

/**
 * Operations for the entries from index `from` to before `to`.
 * @param {readonly string[]} keys
 * @param {readonly string[]} values
 * @param {number} from
 * @param {number} to
 */
export function puts(keys, values, from, to) {
  return keys.slice(from, to).map((key, i) => {
    return { type: /** @type {const} */ ('put'), key, value: values[from + i] }
  })
}

/**
 * A chunk of work over an array of keys, from where the last one ended.
 * @param {readonly string[]} keys a multiple of {@link CHUNK}
 * @param {number} size a divisor of it
 * @param {(from: number, to: number) => Promise<number>} loop works on `keys[from]` up to before `keys[to]`
 */
export function walk(keys, size, loop) {
  if (CHUNK % size !== 0) throw new Error(`${CHUNK} is no multiple of ${size}`)
  let at = 0
  return async () => {
    const from = at
    at = from + size >= keys.length ? 0 : from + size
    consume(await loop(from, from + size))
    return size
  }
}

/**
 * The driver of a bench in this process.
 * @param {LevelBench} bench
 * @param {(name: string) => LevelRow} rowOf
 * @returns {import('../compare/serve.js').Worker}
 */
export function driverOf(bench, rowOf) {
  /** @type {() => Promise<number>} */
  let round = async () => 0
  return {
    async start(name) {
      const row = rowOf(name)
      if (row.travels && !bench.system.travels) return false
      round = await row.start(bench)
      return true
    },
    async round() {
      settle()
      return { time: await round() }
    },
    async stop() {
      round = async () => 0
      await bench.cleanUp()
    },
    close: () => bench.close(),
  }
}
