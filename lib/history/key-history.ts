/**
 * The history of one key: its entry at the oldest version, then each write and deletion since.
 *
 * Walks back from the newest version. A live entry tells the version that wrote it, so the walk goes on
 * at the version before that one; where the key is absent, its tombstone tells which version deleted it,
 * and the store's state tells which one cleared or dropped the store. One or two lookups for each record
 * of the history, however many versions lie between.
 *
 * Synchronous, under a hint that covers the window: every record of it may be read.
 */

import type { KeyBuffer } from '../key/codec.js'
import { versionOf } from '../memory/entry.js'
import { S_LIVE, S_REST, SR_CLEARED, SR_GRAVE, SR_GRAVE_OLD } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { find } from '../tree/search.js'

/** The place of a store in each snapshot. */
export interface Located {
  /** Word of its state, 0 where it is absent. */
  stateIn(record: number): number
  /** Version that made the store of that name in `record`; 0 for the unnamed store. */
  madeIn(record: number): number
  /** Version that last dropped the store of that name before `record`; 0 if it is not known. */
  droppedBefore(record: number): number
}

/** A write (`entry`) or a deletion (`entry` 0) of the key. */
export interface Happening {
  readonly version: number
  readonly entry: number
}

/** The tombstone of `key` in a store's state, or 0. */
export function findTombstone(W: Uint32Array, state: number, key: KeyBuffer): number {
  if (state === 0) return 0
  const rest = W[state + S_REST]
  const young = find(W, W[rest + SR_GRAVE], key.words, key.bytes)
  return young !== 0 ? young : find(W, W[rest + SR_GRAVE_OLD], key.words, key.bytes)
}

/**
 * The writes and deletions of `key`, newest first, down to the entry as it stood at version `low`.
 * @param record the snapshot to begin with, of version `top`
 * @param recordOf the record of a version from `low` to `top`; 0 where it has left the window meanwhile
 * @returns also the `low` that the walk reached: higher where versions have left the window
 */
export function happenings(
  W: Uint32Array,
  store: Located,
  key: KeyBuffer,
  record: number,
  low: number,
  recordOf: (version: number) => number,
): { all: Happening[]; low: number } {
  const all: Happening[] = []
  let here = record
  for (;;) {
    const state = store.stateIn(here)
    const entry = state === 0 ? 0 : find(W, W[state + S_LIVE], key.words, key.bytes)
    const version = entry !== 0 ? versionOf(W, entry) : absentSince(W, store, key, here, state, low)
    if (entry !== 0) all.push({ version, entry })
    if (version <= low) return { all, low }
    here = recordOf(version - 1)
    // The low-water mark has moved to `version` or later: earlier versions are not told.
    if (here === 0) return { all, low: version }
    if (entry === 0 && isLive(W, store, key, here)) all.push({ version, entry: 0 })
  }
}

/** The last version up to `here` that may have taken the key away; 0 if none is known. */
function absentSince(
  W: Uint32Array,
  store: Located,
  key: KeyBuffer,
  here: number,
  state: number,
  low: number,
): number {
  if (state === 0) return store.droppedBefore(here)
  const tombstone = findTombstone(W, state, key)
  const deleted = tombstone === 0 ? 0 : versionOf(W, tombstone)
  const cleared = load48(W, W[state + S_REST] + SR_CLEARED)
  const last = Math.max(deleted, cleared)
  return last > low ? last : store.madeIn(here)
}

function isLive(W: Uint32Array, store: Located, key: KeyBuffer, record: number): boolean {
  const state = store.stateIn(record)
  return state !== 0 && find(W, W[state + S_LIVE], key.words, key.bytes) !== 0
}
