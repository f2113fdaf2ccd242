/**
 * A version before the oldest one in memory: what that one has of it, and what past runs have.
 *
 * For one thread, which holds the record of a version `until` in memory and the runs of all deaths from `at` to there. No
 * key is in two of them (docs/decisions/0035), so looking for one ends where it is found, and a walk only has
 * to take the least of what comes next.
 */

import type { DeepVersion, Found, Near, Steps } from '../../engine/deep.js'
import type { Curve } from '../../key/curve.js'
import { compareToEntry, type KeyWords, versionOf } from '../../memory/entry.js'
import { hashKey } from '../../memory/hash.js'
import { R_VERSION } from '../../memory/layout.js'
import { load48 } from '../../memory/words.js'
import { BornCursor } from '../../tree/born.js'
import { count, walk } from '../../tree/box-cursor.js'
import type { Range } from '../../tree/cursor.js'
import type { Wanted } from '../../tree/nearest.js'
import { find } from '../../tree/search.js'
import { type Beside, rootIn } from './beside.js'
import { DeepNearest } from './deep-nearest.js'
import { DeepWalk, MemoryHead } from './deep-walk.js'
import { hashIn } from './filter.js'
import { countedAt, type Moment, type Run } from './run.js'
import { type Head, RunCursor } from './run-cursor.js'
import { I_ENTRY } from './run-format.js'
import { type Wanted as Intervals, mayHave, wantedAt } from './wanted.js'

/** Where there is no bound. */
const ALL = Number.POSITIVE_INFINITY

/** The entry that a run has of a key at a moment; reads one block at most. */
export function foundIn(run: Run, store: number, key: KeyWords, moment: Moment): Found | null {
  // Intervals of a key do not overlap: the last one that was born by then is the one, if any.
  const birth = moment.at + 1
  const index = run.blocksBefore(store, key, birth) - 1
  if (index < 0 || !run.blockCovers(index, moment)) return null
  const block = run.block(index)
  const { words } = block
  const begin = words[run.intervalsBefore(block, store, key, birth) - 1]
  const isOfKey = compareToEntry(key.words, key.bytes, words, begin + I_ENTRY) === 0
  return isOfKey && (words[begin] | 0) === store ? countedAt(words, begin, moment) : null
}

export class Deep implements DeepVersion, Beside {
  readonly W: Uint32Array
  readonly record: number
  readonly moment: Moment
  readonly state: number
  /** Those that may have something of it. */
  readonly runs: readonly Run[]
  /** Which of their intervals are entries of it. */
  readonly #wanted: Intervals

  /**
   * @param record of the version in memory
   * @param runs oldest first
   * @param at the version to read, before that one
   */
  constructor(W: Uint32Array, record: number, runs: readonly Run[], at: number, state = 0) {
    this.state = state
    this.W = W
    this.record = record
    this.moment = { at, until: load48(W, record + R_VERSION) }
    this.#wanted = wantedAt(this.moment)
    this.runs = runs.filter(run => mayHave(run, this.#wanted))
  }

  get at(): number {
    return this.moment.at
  }

  get until(): number {
    return this.moment.until
  }

  /** The entry of a key; null if it has none. @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_IO` */
  find(store: number, key: KeyWords): Found | null {
    const { W, moment } = this
    const entry = find(W, rootIn(W, this.record, store), key.words, key.bytes)
    if (entry !== 0 && versionOf(W, entry) <= moment.at) return { words: W, entry, death: ALL }
    const hash = hashIn(store, hashKey(key.words, 0, key.bytes))
    for (const run of this.runs) {
      const found = run.mayHave(hash) ? foundIn(run, store, key, moment) : null
      if (found !== null) return found
    }
    return null
  }

  /** Walks the entries in a range, in key order or back. */
  walk(store: number, range: Range, isReverse: boolean): DeepWalk {
    const { W, record, moment } = this
    const heads: Head[] = this.#cursors(store, range, isReverse)
    const entries = walk(W, rootIn(W, record, store), range, isReverse, ALL)
    heads.push(new MemoryHead(W, entries, moment.at))
    return new DeepWalk(heads, isReverse)
  }

  /** How many entries lie in a range. */
  count(store: number, range: Range): number {
    const { W, record, moment } = this
    const root = rootIn(W, record, store)
    let sum = count(W, root, range)
    const later = new BornCursor(W, root, range, moment.at, false)
    while (later.next() !== 0) sum--
    for (const cursor of this.#cursors(store, range, false)) while (cursor.move()) sum++
    return sum
  }

  nearest(store: number, curve: Curve, wanted: Wanted): Steps<Near> {
    return new DeepNearest(this, store, curve, wanted)
  }

  #cursors(store: number, range: Range, isReverse: boolean): RunCursor[] {
    return this.runs.map(run => new RunCursor(run, store, range, isReverse, this.#wanted))
  }
}
