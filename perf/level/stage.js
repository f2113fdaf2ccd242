// @ts-check
/** The stage of Level's workloads: a level with the whole set that the reading rows share. */
import { CHUNK } from '../data.js'
import { consume } from '../measure.js'
import { Stage } from '../stage.js'

/** @typedef {import('./systems.js').Level} Level */
/** @typedef {import('./systems.js').TravellingLevel} TravellingLevel */
/** @typedef {import('../measure.js').Work} Work */

/**
 * A row as this suite's files write it down; {@link scenarios} of them have one figure, a time.
 * @typedef {object} LevelRow
 * @property {string} name without the prefix of this suite
 * @property {string} title
 * @property {string} [note]
 * @property {true} [travels] only levels with a past have it
 * @property {(stage: LevelStage) => Promise<Work | Work['run']>} start
 *   the preparation, not measured; returns the work, of which a bare function is repeated
 */

/** @typedef {Omit<import('../stage.js').Scenario, 'start'> & { travels?: true }} Needs */

/**
 * Rows as scenarios.
 * @param {readonly LevelRow[]} rows
 */
export const scenarios = rows =>
  rows.map(({ name, start, ...rest }) => ({
    ...rest,
    name: `level-${name}`,
    figures: { time: /** @type {const} */ ('µs') },
    start: async (/** @type {LevelStage} */ stage) => {
      const work = await start(stage)
      return { time: { ...(typeof work === 'function' ? { run: work } : work), isAsync: true } }
    },
  }))

/** Operations of one batch of a load, which is not measured. */
const BATCH = 1000

/** @extends {Stage<import('./systems.js').LevelSystem>} */
export class LevelStage extends Stage {
  /** @type {Level | undefined} */
  #loaded

  /** @override @param {Needs} scenario */
  async fits({ travels }) {
    return !travels || this.system.travels
  }

  /** The level with the set, loaded in random order. Rows leave it unchanged. */
  async loaded() {
    if (this.#loaded !== undefined) return this.#loaded
    const { level } = this.system.create()
    await load(level, this.data.keys, this.data.values)
    this.#loaded = level
    return level
  }

  /** An empty level, open; the caller closes it. @param {object} [options] */
  async empty(options) {
    const created = this.system.create(options)
    await created.level.open()
    return created
  }

  /** A level of the row's own, closed when it ends. @param {object} [options] */
  async own(options) {
    const { level, close } = await this.empty(options)
    this.after(close)
    return level
  }

  /** @override */
  async close() {
    await super.close()
    await this.#loaded?.close()
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
