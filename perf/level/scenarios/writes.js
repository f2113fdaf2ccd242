// @ts-check
/**
 * Putting, and clearing a range. µs an entry.
 *
 * A row that fills a level does so once a round, on an empty one; opening it is not timed.
 */
import { load, puts } from '../stage.js'

/** @typedef {import('../stage.js').Level} Level */
/** @typedef {import('../stage.js').LevelRow} LevelRow */

/** Puts that run at once; entries of a range that is cleared. */
const AT_ONCE = 10
const CLEARED = 1000

/**
 * Work that fills an empty level, once a round.
 * @param {(level: Level, keys: readonly string[], values: readonly string[]) => Promise<void>} fill
 * @param {{ isSorted?: boolean, sublevel?: string }} [how] with keys in order; within a sublevel
 * @returns {LevelRow['start']}
 */
function filling(fill, { isSorted = false, sublevel } = {}) {
  return async stage => {
    const { keys: shuffled, sorted, values } = stage.data
    const keys = isSorted ? sorted : shuffled
    /** @type {Level} */
    let level
    let close = async () => {}
    return {
      runs: 1,
      before: async () => {
        const empty = await stage.empty()
        close = empty.close
        level = sublevel === undefined ? empty.level : partOf(empty.level, sublevel)
      },
      run: async () => {
        await fill(level, keys, values)
        return keys.length
      },
      after: async () => {
        const last = await level.get(keys[keys.length - 1])
        await close()
        if (last === undefined) throw new Error('nothing put')
      },
    }
  }
}

/** @param {Level} level @param {string} name */
function partOf(level, name) {
  return /** @type {Level} */ (/** @type {unknown} */ (level.sublevel(name)))
}

/** @param {number} size */
function inBatches(size) {
  return filling(async (level, keys, values) => {
    for (let from = 0; from < keys.length; from += size) {
      await level.batch(puts(keys, values, from, from + size))
    }
  })
}

/** @param {Level} level @param {readonly string[]} keys @param {readonly string[]} values */
async function oneByOne(level, keys, values) {
  for (let i = 0; i < keys.length; i++) await level.put(keys[i], values[i])
}

/** @type {LevelRow[]} */
export const writes = [
  {
    name: 'put-sequential',
    title: 'put, keys in order',
    start: filling(oneByOne, { isSorted: true }),
  },
  { name: 'put-random', title: 'put, keys in random order', start: filling(oneByOne) },
  {
    name: 'put-10',
    title: `put, random, ${AT_ONCE} at once`,
    start: filling(async (level, keys, values) => {
      for (let i = 0; i < keys.length; i += AT_ONCE) {
        const all = []
        for (let k = i; k < i + AT_ONCE && k < keys.length; k++) {
          all.push(level.put(keys[k], values[k]))
        }
        await Promise.all(all)
      }
    }),
  },
  { name: 'batch-100', title: 'batch of 100 puts, random, an entry', start: inBatches(100) },
  { name: 'batch-1000', title: 'batch of 1000 puts, random, an entry', start: inBatches(1000) },
  {
    name: 'chained-1000',
    title: 'chained batch of 1000 puts, random, an entry',
    start: filling(async (level, keys, values) => {
      for (let from = 0; from < keys.length; from += 1000) {
        const batch = level.batch()
        const to = Math.min(from + 1000, keys.length)
        for (let i = from; i < to; i++) batch.put(keys[i], values[i])
        await batch.write()
      }
    }),
  },
  {
    name: 'sublevel-put',
    title: 'put in a sublevel, random',
    start: filling(oneByOne, { sublevel: 'words' }),
  },
  {
    name: 'clear-range',
    title: `clear of a range of ${CLEARED}, an entry`,
    note: 'what was cleared is put back before the next, which is not timed',
    async start(stage) {
      const level = await stage.own()
      await load(level, stage.data.keys, stage.data.values)
      const { sorted, values, random } = stage.data
      const size = Math.min(CLEARED, sorted.length)
      /** @type {string[]} */
      let keys = []
      return {
        before: async () => {
          await load(level, keys, values)
          const from = random(sorted.length - size + 1)
          keys = sorted.slice(from, from + size)
        },
        run: async () => {
          await level.clear({ gte: keys[0], lte: keys[size - 1] })
          return size
        },
        after: async () => {
          if ((await level.get(keys[0])) !== undefined) throw new Error('nothing cleared')
        },
      }
    },
  },
]
