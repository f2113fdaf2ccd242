/**
 * The entries of a version before the oldest one in memory, from the nearest to a point to the farthest.
 *
 * Two searches, merged: one of memory (nearest.ts), one of past runs (run-nearest.ts). Each goes only as far as the other
 * has not found anything nearer. What memory has was partly born later and does not count, so its search may have to give
 * more entries than are wanted: it begins anew for several times as many where those it was begun for do not suffice.
 *
 * For one thread, as deep.ts. If reading fails, the next call goes on where this one failed.
 */

import type { Found, Near } from '../../engine/deep.js'
import type { Curve } from '../../key/curve.js'
import { versionOf } from '../../memory/entry.js'
import { isWhole, Nearest, type Wanted } from '../../tree/nearest.js'
import { nodeBirth } from '../../tree/node.js'
import { type Beside, rootIn } from './beside.js'
import { compareFound } from './deep-walk.js'
import { RunNearest } from './run-nearest.js'

/** How many entries more than are wanted memory is searched for at first, and how many times as many then. */
const SPARE = 6
const MORE = 4
/** The greatest k for which memory is asked for all first, so that less of the runs is looked at. */
const MAX_AHEAD = 32

export class DeepNearest {
  readonly #memory: MemoryNearest
  readonly #runs: RunNearest
  readonly #ahead: number
  readonly #bornUntil: number
  /** Where what decides between equal distances begins in keys. */
  readonly #tail: number
  #left: number
  #hasBegun = false
  /** What memory is at has been looked at. */
  #isTaken = true

  /**
   * @param store of the curve's keys
   * @param wanted its `canReach` is not used: that of the version in memory is found out here
   */
  constructor(deep: Beside, store: number, curve: Curve, wanted: Wanted) {
    const { k } = wanted
    this.#left = k
    this.#ahead = k <= MAX_AHEAD ? k : 0
    this.#bornUntil = deep.moment.at
    this.#tail = curve.tail
    this.#memory = new MemoryNearest(deep, store, curve, wanted)
    this.#runs = new RunNearest(deep.runs, deep.moment, store, curve, wanted)
  }

  /**
   * The nearest entry not yet given; null if there is none.
   * @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_IO`
   */
  next(): Near | null {
    if (this.#left === 0) return null
    const memory = this.#memory
    if (!this.#hasBegun) this.#runs.limit(memory.farthest(this.#ahead))
    this.#hasBegun = true
    for (;;) {
      if (this.#isTaken) memory.move()
      this.#isTaken = false
      const isEnd = memory.entry === 0
      const item = this.#runs.first(isEnd ? Number.POSITIVE_INFINITY : memory.distance)
      const isInRun =
        item !== null &&
        (isEnd || item.distance < memory.distance || compareFound(item, memory, this.#tail) < 0)
      if (!isInRun && isEnd) return null
      const { words, entry, death, distance } = isInRun ? item : memory
      if (isInRun) this.#runs.take()
      else this.#isTaken = true
      if (!isInRun && versionOf(words, entry) > this.#bornUntil) continue
      this.#left--
      return { found: { words, entry, death }, distance }
    }
  }
}

/** The entries of memory, from the nearest on, with those that do not count. */
class MemoryNearest implements Found {
  readonly words: Uint32Array
  readonly death = Number.POSITIVE_INFINITY
  /** The present entry, 0 at the end; and its distance. */
  entry = 0
  distance = 0
  readonly #root: number
  readonly #curve: Curve
  readonly #wanted: Wanted
  readonly #bornUntil: number
  /** How many entries the search gives at most, and has given. */
  #most: number
  #given = 0
  #search: Nearest
  /** Entries that the search has given ahead, and their distances; those before `#at` are done. */
  readonly #entries: number[] = []
  readonly #distances: number[] = []
  #at = 0

  constructor({ W, record, moment }: Beside, store: number, curve: Curve, wanted: Wanted) {
    const root = rootIn(W, record, store)
    const isOld = root === 0 || nodeBirth(W, root) <= moment.at
    this.words = W
    this.#root = root
    this.#curve = curve
    this.#wanted = { ...wanted, canReach: isWhole(W, root, curve, wanted.metric) }
    this.#bornUntil = moment.at
    this.#most = isOld ? wanted.k : wanted.k + SPARE
    this.#search = this.#begin()
  }

  #begin(): Nearest {
    return new Nearest(this.words, this.#root, this.#curve, { ...this.#wanted, k: this.#most })
  }

  /** A distance within which there are `k` entries that count; infinite if that is not known. */
  farthest(k: number): number {
    for (let left = k; left > 0; ) {
      const entry = this.#search.next()
      if (entry === 0) break
      this.#given++
      this.#entries.push(entry)
      this.#distances.push(this.#search.distance)
      if (versionOf(this.words, entry) <= this.#bornUntil) left--
      if (left === 0) return this.#search.distance
    }
    return Number.POSITIVE_INFINITY
  }

  /** Goes to the next entry. */
  move(): void {
    if (this.#at < this.#entries.length) {
      this.entry = this.#entries[this.#at]
      this.distance = this.#distances[this.#at++]
      return
    }
    this.entry = this.#search.next()
    if (this.entry === 0 && this.#given === this.#most) {
      this.#most *= MORE
      this.#search = this.#begin()
      for (let i = 0; i < this.#given; i++) this.#search.next()
      this.entry = this.#search.next()
    }
    if (this.entry !== 0) this.#given++
    this.distance = this.#search.distance
  }
}
