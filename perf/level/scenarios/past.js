// @ts-check
/** Snapshots, and the past of levels that have one. µs a get. */
import { CHUNK } from '../../data.js'
import { taste } from '../../measure.js'
import { load, walk } from '../stage.js'

/** @typedef {import('../stage.js').LevelRow} LevelRow */
/** @typedef {import('../stage.js').TravellingLevel} TravellingLevel */

/** Commits of one put each that lie between the version read and the present. */
const BACK = 500

/**
 * A level with the set, and its version {@link BACK} commits ago.
 * @param {import('../stage.js').LevelStage} stage
 */
async function aged(stage) {
  const level = /** @type {TravellingLevel} */ (await stage.own())
  await load(level, stage.data.keys, stage.data.values)
  const version = level.version()
  const { keys, values } = stage.data
  for (let i = 0; i < BACK; i++) await level.put(keys[i % keys.length], values[0])
  return { level, version }
}

/** @type {LevelRow[]} */
export const past = [
  {
    name: 'snapshot',
    title: 'snapshot, a get in it, close',
    async start(stage) {
      const level = await stage.loaded()
      const { reads } = stage.data
      return walk(reads, CHUNK, async (from, to) => {
        let sum = 0
        for (let i = from; i < to; i++) {
          const snapshot = level.snapshot()
          sum += taste(await level.get(reads[i], { snapshot }))
          await snapshot.close()
        }
        return sum
      })
    },
  },
  {
    name: 'at',
    title: `a level of ${BACK} commits ago, a get in it, close`,
    travels: true,
    async start(stage) {
      const { level, version } = await aged(stage)
      const { reads } = stage.data
      return walk(reads, CHUNK, async (from, to) => {
        let sum = 0
        for (let i = from; i < to; i++) {
          const then = level.at(version)
          sum += taste(await then.get(reads[i]))
          await then.close()
        }
        return sum
      })
    },
  },
  {
    name: 'get-past',
    title: `get in a level of ${BACK} commits ago`,
    travels: true,
    async start(stage) {
      const { level, version } = await aged(stage)
      const { reads } = stage.data
      const then = level.at(version)
      return walk(reads, CHUNK, async (from, to) => {
        let sum = 0
        for (let i = from; i < to; i++) sum += taste(await then.get(reads[i]))
        return sum
      })
    },
  },
]
