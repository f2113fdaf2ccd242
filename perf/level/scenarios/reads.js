// @ts-check
/** Getting: one after the other, many in one call, some at once. µs a key. */
import { CHUNK } from '../../data.js'
import { taste } from '../../measure.js'
import { load, walk } from '../stage.js'

/** @typedef {import('../stage.js').Level} Level */
/** @typedef {import('../stage.js').LevelRow} LevelRow */

/** Keys of one `getMany`, and gets that run at once. */
const MANY = 100
const AT_ONCE = 10

/**
 * Work that reads the loaded level.
 * @param {'reads' | 'absent'} which keys
 * @param {number} size of a chunk
 * @param {(level: Level, keys: string[]) => (from: number, to: number) => Promise<number>} loop
 * @returns {LevelRow['start']}
 */
function reading(which, size, loop) {
  return async stage => {
    const keys = stage.data[which]
    return walk(keys, size, loop(await stage.loaded(), keys))
  }
}

/** @type {LevelRow[]} */
export const reads = [
  {
    name: 'get',
    title: 'get, present',
    start: reading('reads', CHUNK, (level, keys) => async (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(await level.get(keys[i]))
      return sum
    }),
  },
  {
    name: 'get-miss',
    title: 'get, absent',
    start: reading('absent', CHUNK, (level, keys) => async (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) if ((await level.get(keys[i])) === undefined) sum++
      if (sum !== to - from) throw new Error('found what is not there')
      return sum
    }),
  },
  {
    name: 'get-sync',
    title: 'getSync, present',
    start: reading('reads', CHUNK, (level, keys) => async (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(level.getSync(keys[i]))
      return sum
    }),
  },
  {
    name: 'get-10',
    title: `get, ${AT_ONCE} at once`,
    start: reading('reads', CHUNK, (level, keys) => async (from, to) => {
      let sum = 0
      for (let i = from; i < to; i += AT_ONCE) {
        const gets = []
        for (let k = i; k < i + AT_ONCE; k++) gets.push(level.get(keys[k]))
        for (const value of await Promise.all(gets)) sum += taste(value)
      }
      return sum
    }),
  },
  {
    name: 'get-many',
    title: `getMany of ${MANY}, a key`,
    start: reading('reads', MANY, (level, keys) => async (from, to) => {
      let sum = 0
      for (const value of await level.getMany(keys.slice(from, to))) sum += taste(value)
      return sum
    }),
  },
  {
    name: 'get-json',
    title: 'get, values in JSON',
    note: 'values are `{ "number": …, "name": … }`, 54 characters or so',
    async start(stage) {
      const level = await stage.own({ valueEncoding: 'json' })
      const { keys, values, reads } = stage.data
      const records = values.map((name, number) => ({ number, name }))
      await load(level, keys, /** @type {string[]} */ (/** @type {unknown} */ (records)))
      return walk(reads, CHUNK, async (from, to) => {
        let sum = 0
        for (let i = from; i < to; i++) {
          const record = /** @type {unknown} */ (await level.get(reads[i]))
          sum += taste(/** @type {{ name: string }} */ (record).name)
        }
        return sum
      })
    },
  },
  {
    name: 'sublevel-get',
    title: 'get in a sublevel',
    async start(stage) {
      const level = await stage.own()
      const { keys, values, reads } = stage.data
      const sublevel = /** @type {Level} */ (/** @type {unknown} */ (level.sublevel('words')))
      await load(sublevel, keys, values)
      return walk(reads, CHUNK, async (from, to) => {
        let sum = 0
        for (let i = from; i < to; i++) sum += taste(await sublevel.get(reads[i]))
        return sum
      })
    },
  },
]
