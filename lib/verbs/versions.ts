/** `versions`: all that can be read by number. */

import type { Engine } from '../engine/engine.js'
import { R_VERSION } from '../memory/layout.js'
import { timeOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'

/** One version that can be read by number. */
export interface VersionInfo {
  version: number
  /** ms since 1970 */
  timestamp: number
  tags: string[]
}

/** All versions that can be read by number, oldest first, with their tags. */
export function listVersions(engine: Engine): VersionInfo[] {
  const { epochs, W } = engine
  // First the tags, then the run: reading tags holds all reclamation up, so it must be short.
  epochs.slots.enterAll()
  const tags = engine.tags.all()
  epochs.slots.enterRun()
  try {
    const all = new Map<number, VersionInfo>()
    const { current } = epochs.versions
    const newest = load48(W, current + R_VERSION)
    const oldest = epochs.versions.readableBefore(newest)
    const { past } = engine.reader
    const inMemory = Math.max(oldest, epochs.versions.oldestBefore(newest))
    for (let version = past === null ? inMemory : oldest; version < newest; version++) {
      const record = version < inMemory ? 0 : epochs.versions.record(version)
      const timestamp = record !== 0 ? timeOf(W, record) : past?.timeOf(version)
      if (timestamp !== undefined) all.set(version, { version, timestamp, tags: [] })
      // Another thread has released it meanwhile: the run begins behind it.
      else all.clear()
    }
    all.set(newest, { version: newest, timestamp: timeOf(W, current), tags: [] })
    for (const { version, time } of tags) {
      if (!all.has(version)) all.set(version, { version, timestamp: time, tags: [] })
    }
    for (const tag of tags) all.get(tag.version)?.tags.push(tag.name)
    return [...all.values()].sort((a, b) => a.version - b.version)
  } finally {
    epochs.slots.exit()
  }
}
