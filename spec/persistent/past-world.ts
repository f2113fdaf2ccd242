/** Databases with a past on disk, and twins in memory that keep all of it. */
import type { ZVerse } from '../../lib/index.js'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { type Options, openOn, SEGMENT, Time, twinOf } from './world.js'

export const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 31)
export const ALL = { history: { versions: 2, disk: {} } }

export interface Both {
  db: ZVerse
  twin: ZVerse
  disk: Disk
  time: Time
}

export function both(options: Options = ALL): Both {
  const disk = new Disk(SEGMENT)
  const time = new Time()
  return { db: openOn(disk, time, options), twin: twinOf(time, options), disk, time }
}

/** Puts, a version each, on both. */
export function fill(
  { db, twin, time }: Both,
  count: number,
  random = new Random(SEED),
  size = 40,
): void {
  for (let i = 0; i < count; i++) {
    time.ms += random.int(5)
    const key = `key-${random.int(12)}`
    const value = `${i}`.padEnd(random.int(size), '.')
    // To delete what is not there makes no version: the last one does.
    const isGone = random.chance(0.2) && i < count - 1
    for (const one of [db, twin]) {
      if (isGone) one.delete(key)
      else one.put(key, value)
    }
  }
}

export const pastBytes = (disk: Disk) =>
  disk.paths
    .filter(path => /\/past-\d+$/.test(path))
    .reduce((sum, path) => sum + disk.bytesOf(path).length, 0)

/** The oldest version in memory. */
export const inMemory = (db: ZVerse) => db._test.engine.epochs.versions.oldest
