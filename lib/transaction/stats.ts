/** `stats()`: plain numbers, grouped; all of them cost a few loads. */
import {
  H_COMMITS_SINCE_SCAN,
  H_CURRENT,
  H_PAST_WORDS,
  H_RECLAIMED,
  H_RETIRED_SINCE_SCAN,
  R_PREV,
  R_VERSION,
} from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import type { Engine } from './engine.js'

export interface Stats {
  /** Bytes. */
  memory: {
    /** Address space reserved. */
    maxBytes: number
    /** Ever touched: what the system may have committed. */
    touchedBytes: number
    usedBytes: number
    freeBytes: number
  }
  versions: {
    version: number
    oldestVersion: number
    /** Snapshots in memory, pinned and tagged ones below the run included. */
    retained: number
    /** Bytes that only past versions of the run hold. */
    pastBytes: number
  }
  readers: {
    /** Snapshots that this thread has pinned. */
    pins: number
    /** The oldest of them; the present version if there is none. */
    oldestPinned: number
  }
  writer: {
    /** Bytes freed that past versions had held. */
    reclaimedBytes: number
    commitsSinceScan: number
    retiredBytesSinceScan: number
  }
}

export function stats(engine: Engine): Stats {
  const { W, epochs } = engine
  const { allocator, arena, slots } = epochs
  const touchedBytes = allocator.touchedWords * 4
  const freeBytes = allocator.freeWords * 4
  const version = epochs.newest
  let retained = 0
  for (let record = W[H_CURRENT]; record !== 0; record = W[record + R_PREV]) retained++
  let oldestPinned = version
  for (const record of slots.pinned()) {
    oldestPinned = Math.min(oldestPinned, load48(W, record + R_VERSION))
  }
  return {
    memory: {
      maxBytes: W.length * 4,
      touchedBytes,
      usedBytes: touchedBytes - freeBytes,
      freeBytes,
    },
    versions: {
      version,
      oldestVersion: epochs.oldest,
      retained,
      pastBytes: arena.floats[H_PAST_WORDS / 2] * 4,
    },
    readers: { pins: slots.count, oldestPinned },
    writer: {
      reclaimedBytes: arena.floats[H_RECLAIMED / 2] * 4,
      commitsSinceScan: W[H_COMMITS_SINCE_SCAN],
      retiredBytesSinceScan: W[H_RETIRED_SINCE_SCAN] * 4,
    },
  }
}
