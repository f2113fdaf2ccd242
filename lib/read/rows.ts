/**
 * Entries of a walk as items of an iterator: several are looked up, then decoded, at a time.
 *
 * Invariants:
 * 1. Nothing is decoded ahead where decoding runs the caller's code.
 * 2. Entries ahead are bounded: by the entries asked for so far, by AHEAD entries, by BYTES of values.
 * 3. An exception (the stack's end, say) in the middle loses no entry: only decoded entries are counted.
 *    Where the caller's code throws, its entry is passed over.
 */

import type { Walker } from '../tree/box-cursor.js'
import type { Feed } from './iterator.js'
import type { StoreCore } from './store-core.js'

/** The kinds of items that entries become. */
export const PAIRS = 0
export const KEYS = 1
export const VALUES = 2
export const ENTRIES = 3

/** Entries looked up at a time at first, where the walk has no limit; and at most. */
const BEGIN = 4
const AHEAD = 16

export class Rows implements Feed {
  readonly isPaired: boolean
  readonly #core: StoreCore
  readonly #walker: Walker
  readonly #kind: number
  /** Entries looked up; those before `#at` are decoded. */
  readonly #entries: number[] = []
  #at = 0
  #count = 0
  #ramp: number

  /** @param limit entries that the walk gives at most */
  constructor(core: StoreCore, walker: Walker, kind: number, limit: number) {
    this.#core = core
    this.#walker = walker
    this.#kind = kind
    this.#ramp = limit === Number.POSITIVE_INFINITY ? BEGIN : AHEAD
    this.isPaired = kind === PAIRS
  }

  fill(first: unknown[], second: unknown[], all: boolean): number {
    const core = this.#core
    const kind = this.#kind
    if (this.#at === this.#count && !this.#look(all ? AHEAD : this.#ramp)) return 0
    const entries = this.#entries
    const at = this.#at
    if (kind !== KEYS && !core.values.pure) {
      this.#at = at + 1
      this.#one(entries[at], first, second)
      return 1
    }
    const { decoder } = core
    let count = this.#count - at
    if (kind === KEYS) decoder.keys(entries, at, count, first)
    else {
      count = decoder.values(entries, at, count, kind === VALUES ? first : second)
      if (kind !== VALUES) decoder.keys(entries, at, count, first)
    }
    if (kind === ENTRIES) {
      for (let i = 0; i < count; i++) {
        const version = core.versionOf(entries[at + i])
        first[i] = { key: first[i], value: second[i], version }
      }
    }
    this.#at = at + count
    return count
  }

  /** Looks up to `most` entries up; false at the end. */
  #look(most: number): boolean {
    this.#at = 0
    this.#count = 0
    for (let n = 0; n < most; n = this.#count) {
      const more = this.#walker.fill(this.#entries, n, most - n)
      if (more === 0) break
      this.#count = n + more
    }
    if (this.#ramp < AHEAD) this.#ramp *= 2
    return this.#count > 0
  }

  /** Makes one item. The value comes last: the caller's code may end the iteration. */
  #one(entry: number, first: unknown[], second: unknown[]): void {
    const core = this.#core
    const kind = this.#kind
    const key = kind === VALUES ? undefined : core.keyOf(entry)
    const version = kind === ENTRIES ? core.versionOf(entry) : 0
    const value = core.valueOf(entry)
    if (kind === VALUES) first[0] = value
    else if (kind === ENTRIES) first[0] = { key, value, version }
    else {
      first[0] = key
      second[0] = value
    }
  }
}
