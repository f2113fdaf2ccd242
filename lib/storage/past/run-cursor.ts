/**
 * Walks the intervals of a run that are wanted, in key order, either way, between bounds or in a box.
 *
 * A block that can have none is passed over by the index and not read: its births and deaths do not fit, or, with a box,
 * none of the codes between its first key and that of the next block lies inside. Within a block the walk jumps from
 * where the curve leaves the box to where it enters it again.
 *
 * For one thread, on a run that is open. If reading fails, the next call goes on where this one failed.
 */
import type { Found } from '../../engine/deep.js'
import type { KeyWords } from '../../memory/entry.js'
import { E_KEY, E_META } from '../../memory/layout.js'
import { compareKeys } from '../../memory/words.js'
import { type Bound, endsOf, isEmpty, type Range } from '../../tree/cursor.js'
import { Leap } from '../../tree/leap.js'
import type { Block } from './block-cache.js'
import type { Run } from './run.js'
import { I_DEATH, I_ENTRY } from './run-format.js'
import { mayHave, type Wanted } from './wanted.js'

const META = E_META
const KEY_AT = E_KEY
const TO_ENTRY = I_ENTRY
const TO_DEATH = I_DEATH
const TWO32 = 2 ** 32
const FIRST: KeyWords = { words: new Uint32Array(0), bytes: 0 }
/** Above all versions. */
const NEVER = 2 ** 48
const NOTHING = new Uint32Array(0)

/** A walk, and the entry that it stands at once `move` has returned true. */
export interface Head extends Found {
  /** Goes to the next entry; false at the end. */
  move(): boolean
}

export class RunCursor implements Head {
  words: Uint32Array = NOTHING
  entry = 0
  death = 0
  readonly #run: Run
  readonly #store: number
  readonly #isReverse: boolean
  readonly #bornAfter: number
  readonly #bornUntil: number
  readonly #diedAfter: number
  readonly #diedUntil: number
  readonly #leap: Leap | null
  readonly #lower: Bound | null
  readonly #upper: Bound | null
  /** Blocks that may have keys of the range, and the one to look at next. */
  readonly #begin: number
  readonly #end: number
  #block: number
  /** In the block: before the next interval forwards, behind it backwards; and where to stop. */
  #at = 0
  #stop = 0
  /** Scratch, for a code; and one to search for. */
  readonly #edge: Uint32Array
  readonly #target: KeyWords

  constructor(run: Run, store: number, range: Range, isReverse: boolean, wanted: Wanted) {
    const { box } = range
    const isOver = isEmpty(range) || !mayHave(run, wanted)
    this.#run = run
    this.#store = store
    this.#isReverse = isReverse
    this.#bornAfter = wanted.bornAfter
    this.#bornUntil = wanted.bornUntil
    this.#diedAfter = wanted.diedAfter
    this.#diedUntil = wanted.diedUntil
    const { lower, upper } = endsOf(range)
    this.#lower = lower
    this.#upper = upper
    this.#leap = box === null || isOver ? null : new Leap(box, isReverse)
    this.#edge = this.#leap === null ? NOTHING : new Uint32Array(this.#leap.code.length)
    this.#target =
      this.#leap === null ? FIRST : { words: this.#leap.code, bytes: box?.curve.bytes ?? 0 }
    this.#begin = isOver ? 0 : this.#blocksBefore(this.#lower, store)
    if (this.#begin > 0) this.#begin--
    this.#end = isOver ? 0 : this.#blocksBefore(this.#upper, store + 1)
    this.#block = isReverse ? this.#end - 1 : this.#begin
  }

  /** Blocks that begin before a bound, or, where there is none, before a store. */
  #blocksBefore(bound: Bound | null, store: number): number {
    if (bound === null) return this.#run.blocksBefore(store, FIRST, 0)
    return this.#run.blocksBefore(this.#store, bound, bound.after ? NEVER : 0)
  }

  /** The same of a block's intervals. */
  #before(block: Block, bound: Bound | null, store: number): number {
    if (bound === null) return this.#run.intervalsBefore(block, store, FIRST, 0)
    return this.#run.intervalsBefore(block, this.#store, bound, bound.after ? NEVER : 0)
  }

  move(): boolean {
    while (!this.#scan()) if (!this.#enter()) return false
    return true
  }

  /** The next interval's entry; null at the end. */
  next(): Found | null {
    return this.move() ? { words: this.words, entry: this.entry, death: this.death } : null
  }

  /** Finds the next wanted interval in the block; false if there is none. */
  #scan(): boolean {
    const { words } = this
    const leap = this.#leap
    const stop = this.#stop
    const bornAfter = this.#bornAfter
    const bornUntil = this.#bornUntil
    const diedAfter = this.#diedAfter
    const diedUntil = this.#diedUntil
    const step = this.#isReverse ? -1 : 1
    const behind = this.#isReverse ? 1 : 0
    let at = this.#at
    while (at !== stop) {
      const begin = words[at - behind]
      const entry = begin + TO_ENTRY
      at += step
      const birth = (words[entry + META] & 0xffff) * TWO32 + words[entry]
      if (birth > bornUntil || birth <= bornAfter) continue
      const death = (words[begin + TO_DEATH + 1] & 0xffff) * TWO32 + words[begin + TO_DEATH]
      if (death <= diedAfter || death > diedUntil) continue
      if (leap !== null && !leap.holds(words, entry + KEY_AT)) {
        if (leap.next(words, entry + KEY_AT)) at = this.#seek(at)
        else {
          at = stop
          this.#block = this.#isReverse ? this.#begin - 1 : this.#end
        }
        continue
      }
      this.#at = at
      this.entry = entry
      this.death = death
      return true
    }
    this.#at = stop
    return false
  }

  /** The place of the leap's code in what is left of the block: before it forwards, behind it backwards. */
  #seek(at: number): number {
    const { words } = this
    const { words: code, bytes } = this.#target
    const isReverse = this.#isReverse
    let low = isReverse ? this.#stop : at
    let high = isReverse ? at : this.#stop
    while (low < high) {
      const middle = (low + high) >>> 1
      const key = words[middle] + TO_ENTRY + KEY_AT
      const order = compareKeys(code, 0, bytes, words, key, bytes)
      if (isReverse ? order >= 0 : order > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Goes to the next block that may have wanted intervals; false if there is none. */
  #enter(): boolean {
    const run = this.#run
    const leap = this.#leap
    const isReverse = this.#isReverse
    while (this.#block >= this.#begin && this.#block < this.#end) {
      const block = this.#block
      const next = isReverse ? block - 1 : block + 1
      if (!run.blockMayHave(block, this.#bornUntil, this.#diedAfter)) {
        this.#block = next
        continue
      }
      if (leap !== null) {
        if (!leap.next(this.#edgeOf(isReverse ? block + 1 : block), 0)) {
          this.#block = isReverse ? this.#begin - 1 : this.#end
          return false
        }
        const { words, bytes } = this.#target
        const far = this.#edgeOf(isReverse ? block : block + 1)
        const order = compareKeys(words, 0, bytes, far, 0, bytes)
        if (isReverse ? order < 0 : order > 0) {
          const last = run.blocksBefore(this.#store, this.#target, isReverse ? NEVER : 0) - 1
          this.#block = isReverse ? Math.min(next, last) : Math.max(next, last)
          continue
        }
      }
      this.#open(block)
      this.#block = next
      return true
    }
    return false
  }

  /** The code at which the keys of a block may begin, and those of the one before it end. */
  #edgeOf(block: number): Uint32Array {
    if (block === this.#begin) return (this.#lower as Bound).words
    if (block === this.#end) return (this.#upper as Bound).words
    this.#run.firstKey(block, this.#edge)
    return this.#edge
  }

  /** Reads a block, and finds its part of the range. */
  #open(block: number): void {
    const run = this.#run
    const body = run.block(block)
    const isFirst = block === this.#begin
    const isLast = block === this.#end - 1
    let low = isFirst ? this.#before(body, this.#lower, this.#store) : 0
    let high = isLast ? this.#before(body, this.#upper, this.#store + 1) : body.count
    const isReverse = this.#isReverse
    if (this.#leap !== null) {
      const birth = isReverse ? NEVER : 0
      const at = run.intervalsBefore(body, this.#store, this.#target, birth)
      if (isReverse) high = at
      else low = at
    }
    this.words = body.words
    this.#at = isReverse ? high : low
    this.#stop = isReverse ? low : high
  }
}
