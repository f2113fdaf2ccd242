/**
 * What differs between a version before the oldest one in memory, `o`, and a later one, before `o` or in memory.
 *
 * Two walks, merged by key: what the first version has and the second has not, and what the second has and the first has
 * not. Of a store that both know, the one is what died between them, the other what was born between them and is
 * there in the second. Where a later version is in memory, all that it has of the earlier ones it shares with `o`:
 *
 *     second    gone: runs with birth ≤ from < death   gone: memory                    new: runs, and memory
 *     ≤ o       death ≤ to                             nothing                         from < birth ≤ to < death; tree of o
 *     > o       death ≤ o                              o's, not in to, birth ≤ from    none; tree of to, birth > from
 *
 * Of two stores (a store was dropped, and one made with its name) all entries differ. For one thread, as deep.ts.
 */
import type { Difference, Found } from '../../engine/deep.js'
import { R_VERSION } from '../../memory/layout.js'
import { load48 } from '../../memory/words.js'
import { BornCursor } from '../../tree/born.js'
import { walk } from '../../tree/box-cursor.js'
import type { Range } from '../../tree/cursor.js'
import { DiffCursor } from '../../tree/diff.js'
import { rootIn } from './beside.js'
import { Deep } from './deep.js'
import { compareFound, DeepWalk, type Entries, MemoryHead } from './deep-walk.js'
import type { Run } from './run.js'
import { type Head, RunCursor } from './run-cursor.js'
import type { Wanted } from './wanted.js'

/** What is compared. */
export interface Between {
  /** The first version, before the oldest one in memory. */
  readonly from: number
  /** The second version, after the first. */
  readonly to: number
  /** The record of the second version; 0 where that is before the oldest one in memory. */
  readonly record: number
  /** Ids of the store in either version; null where it has none. */
  readonly storeBefore: number | null
  readonly storeAfter: number | null
  readonly range: Range
}

/** The entries of the first tree that the second has not. */
class Gone implements Entries {
  readonly #cursor: DiffCursor

  constructor(cursor: DiffCursor) {
    this.#cursor = cursor
  }

  next(): number {
    while (this.#cursor.next()) if (this.#cursor.before !== 0) return this.#cursor.before
    return 0
  }
}

export class DeepDiff {
  readonly #before: DeepWalk
  readonly #after: DeepWalk
  /** What each stands at, and whether it has been given. */
  #old: Head | null = null
  #new: Head | null = null
  #isOldGiven = true
  #isNewGiven = true

  /**
   * @param oldest record of the oldest version in memory
   * @param runs all of deaths from the first version on, oldest first
   */
  constructor(W: Uint32Array, oldest: number, runs: readonly Run[], between: Between) {
    const { from, storeBefore, storeAfter, range } = between
    if (storeBefore !== null && storeBefore === storeAfter) {
      const part = new Part(W, oldest, runs, between, storeBefore)
      this.#before = new DeepWalk(part.gone(), false)
      this.#after = new DeepWalk(part.born(), false)
    } else {
      this.#before =
        storeBefore === null
          ? new DeepWalk([], false)
          : new Deep(W, oldest, runs, from).walk(storeBefore, range, false)
      this.#after = secondOf(W, oldest, runs, between)
    }
  }

  /** The next key whose entries differ; null at the end. @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_IO` */
  next(): Difference | null {
    if (this.#isOldGiven) this.#old = this.#before.move()
    this.#isOldGiven = false
    if (this.#isNewGiven) this.#new = this.#after.move()
    this.#isNewGiven = false
    const [before, after] = [this.#old, this.#new]
    if (before === null && after === null) return null
    const order = before === null ? 1 : after === null ? -1 : compareFound(before, after)
    this.#isOldGiven = order <= 0
    this.#isNewGiven = order >= 0
    return { before: order <= 0 ? found(before) : null, after: order >= 0 ? found(after) : null }
  }
}

/** All that the second version has, of a store that the first does not know. */
function secondOf(
  W: Uint32Array,
  oldest: number,
  runs: readonly Run[],
  between: Between,
): DeepWalk {
  const { to, record, storeAfter, range } = between
  if (storeAfter === null) return new DeepWalk([], false)
  if (record === 0) return new Deep(W, oldest, runs, to).walk(storeAfter, range, false)
  const all = walk(W, rootIn(W, record, storeAfter), range, false, Number.POSITIVE_INFINITY)
  return new DeepWalk([new MemoryHead(W, all, to)], false)
}

/** What differs in a store that both versions know. */
class Part {
  readonly #W: Uint32Array
  readonly #runs: readonly Run[]
  readonly #between: Between
  readonly #store: number
  readonly #until: number
  /** Roots of the oldest version in memory, and of the second if that is younger. */
  readonly #oldest: number
  readonly #root: number

  constructor(
    W: Uint32Array,
    oldest: number,
    runs: readonly Run[],
    between: Between,
    store: number,
  ) {
    const { to, record } = between
    this.#W = W
    this.#runs = runs
    this.#between = between
    this.#store = store
    this.#until = load48(W, oldest + R_VERSION)
    this.#oldest = rootIn(W, oldest, store)
    this.#root = to > this.#until ? rootIn(W, record, store) : this.#oldest
  }

  /** What the first version has and the second has not. */
  gone(): Head[] {
    const W = this.#W
    const { from, to, range } = this.#between
    const diedUntil = Math.min(to, this.#until)
    const heads = this.#cursors({ bornAfter: -1, bornUntil: from, diedAfter: from, diedUntil })
    if (to > this.#until) {
      const gone = new Gone(new DiffCursor(W, this.#oldest, this.#root, range))
      heads.push(new MemoryHead(W, gone, from))
    }
    return heads
  }

  /** What the second version has and the first has not. */
  born(): Head[] {
    const W = this.#W
    const { from, to, range } = this.#between
    const until = this.#until
    const wanted = { bornAfter: from, bornUntil: to, diedAfter: to, diedUntil: until }
    const heads = to < until ? this.#cursors(wanted) : []
    heads.push(new MemoryHead(W, new BornCursor(W, this.#root, range, from, false), to))
    return heads
  }

  #cursors(wanted: Wanted): Head[] {
    const { range } = this.#between
    return this.#runs.map(run => new RunCursor(run, this.#store, range, false, wanted))
  }
}

const found = (head: Head | null): Found | null =>
  head && { words: head.words, entry: head.entry, death: head.death }
