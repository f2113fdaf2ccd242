/** The history of one key: from memory as far as that reaches, and before that from the deep past. */

import type { DeepPast, Lifetime } from '../engine/deep.js'
import { NAMES_STORE, UNNAMED } from '../engine/names.js'
import type { ZVerseError } from '../errors.js'
import { happenings } from '../history/key-history.js'
import type { KeyBuffer } from '../key/codec.js'
import { R_VERSION } from '../memory/layout.js'
import { timeOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import type { StoreCore } from './store-core.js'

/** A write of the key, or a deletion (`entry` 0). */
export interface Happened {
  readonly version: number
  readonly words: Uint32Array
  readonly entry: number
}

/** What happened to a key, the newest first; and when versions were committed, where that is known. */
export interface KeyPast {
  readonly all: Happened[]
  timeOf(version: number): number | undefined
}

/**
 * The writes and deletions of the key in a buffer, down to the entry as it stood at the oldest version that can be read.
 * Under an announced read of the window.
 * @param record of the version to begin with; 0: the deep one that the reader has found
 */
export function pastOfKey(core: StoreCore, key: KeyBuffer, record: number): KeyPast {
  const { W, reader, epochs } = core.engine
  const { past } = reader
  const { versions } = epochs
  const top = record === 0 ? reader.deep : load48(W, record + R_VERSION)
  for (;;) {
    const readable = versions.readableBefore(versions.newest)
    // A version that something keeps in memory, below all that can be read by number, has no past.
    const isAlone = record !== 0 && top <= readable
    const found =
      past === null || isAlone
        ? inMemory(core, key, record, top, Math.min(readable, top))
        : inBoth(core, past, key, record, top)
    if (found !== null) return found
  }
}

function inMemory(
  core: StoreCore,
  key: KeyBuffer,
  record: number,
  top: number,
  oldest: number,
): KeyPast {
  const { W, epochs } = core.engine
  const { versions } = epochs
  const recordOf = (version: number) => (version === top ? record : versions.record(version))
  const { all, low } = happenings(W, core, key, record, oldest, recordOf)
  const when = (version: number) => {
    const at = version < low || version > top ? 0 : recordOf(version)
    return at === 0 ? undefined : timeOf(W, at)
  }
  return { all: all.map(({ version, entry }) => ({ version, words: W, entry })), timeOf: when }
}

/** Null where memory has let go of more meanwhile. Of a deep version, under a hint for all. */
function inBoth(
  core: StoreCore,
  past: DeepPast,
  key: KeyBuffer,
  record: number,
  top: number,
): KeyPast | null {
  const { W, epochs, reader, tags } = core.engine
  const { versions } = epochs
  const first = reader.oldestRecord
  const oldest = load48(W, first + R_VERSION)
  const low = Math.min(versions.readableBefore(versions.newest), top)
  const recordOf = (version: number) =>
    version === top && record !== 0 ? record : versions.record(version)
  const all: Happened[] = []
  if (top >= oldest) {
    const recent = happenings(W, core, key, record, Math.max(low, oldest), recordOf)
    if (recent.low > Math.max(low, oldest)) return null
    for (const { version, entry } of recent.all) {
      if (low >= oldest || version > oldest) all.push({ version, words: W, entry })
    }
  }
  try {
    if (low < oldest) all.push(...deepPast(core, past, key, first, low, Math.min(top, oldest)))
  } catch (error) {
    // Less can be read by now; but of the version itself there must be something.
    if (low < top && (error as ZVerseError).code === 'ZVERSE_VERSION_NOT_RETAINED') return null
    throw error
  }
  const when = (version: number) => {
    if (version < low || version > top) return undefined
    const at = version >= oldest || version === top ? recordOf(version) : 0
    if (at !== 0) return timeOf(W, at)
    // Below what the files have the times of, a tag tells.
    const isTagged = version === top && record === 0
    return past.timeOf(version) ?? (isTagged ? tags.findVersion(version)?.time : undefined)
  }
  return { all, timeOf: when }
}

/** What happened up to version `top`, the newest first, down to the entry as it stood at `low`. */
function deepPast(
  core: StoreCore,
  past: DeepPast,
  key: KeyBuffer,
  first: number,
  low: number,
  top: number,
): Happened[] {
  const lifetimes = idsSince(core, past, first, low)
    .flatMap(id => past.lifetimes(id, key, low, first))
    .filter(({ birth }) => birth <= top)
    .sort((a, b) => a.birth - b.birth)
  const all: Happened[] = []
  for (const [i, { birth, death, found }] of lifetimes.entries()) {
    all.push({ version: birth, ...found })
    const isDeleted = death <= top && lifetimes[i + 1]?.birth !== death
    if (isDeleted) all.push({ version: death, words: found.words, entry: 0 })
  }
  return all.reverse()
}

/** The ids of the stores that a handle stood for since a version, up to memory's oldest. */
export function idsSince(core: StoreCore, past: DeepPast, first: number, low: number): number[] {
  if (core.id === UNNAMED) return [UNNAMED]
  const { names } = core.engine
  const named = past.lifetimes(NAMES_STORE, names.keyOf(core.name as string), low, first)
  const ids = named.map(({ found }: Lifetime) => names.describeFound(found))
  return ids
    .filter(({ id, keys, values }) => {
      return id === core.id || (keys === core.keys.name && values === core.values.name)
    })
    .map(({ id }) => id)
}
