/**
 * The difference of two pointers to one node: its units tell it, without a look at what both share.
 *
 * Any thread, on two pinned roots. Pairs of pointers are followed down level by level, some at a time, so that their cache
 * misses overlap; where a slot leads to another node, which was copied between, the caller compares the two.
 */
import { N_META, UNIT_ENTRIES, UNIT_INSERT, UNIT_SLOT, UNIT_WHAT } from '../memory/layout.js'
import { NEXT_LINE } from './cursor.js'
import { addressOf, kidAt, levelOf, logOf, refAt, slotAfter, unitsOf } from './node.js'

const NEXT = NEXT_LINE
const NO_WORDS = new Uint32Array(0)
/** Pairs that are followed down together. */
const TOGETHER = 32

/** True if two pointers, which are not the same, lead to one node. */
export function areOfOneNode(from: number, to: number): boolean {
  return addressOf(from) === addressOf(to) && from !== 0
}

/** The slots that differ by two pointers to one node. */
class Between {
  /** Upwards, as they are by the pointer that counts more units; and how many. */
  readonly slots: number[] = []
  count = 0
  /** Those that were inserted between the two. */
  readonly #inserted: number[] = []
  #insertions = 0

  read(W: Uint32Array, from: number, to: number): void {
    this.count = 0
    this.#insertions = 0
    const log = logOf(W, addressOf(from))
    const end = log + 2 * Math.max(unitsOf(from), unitsOf(to))
    for (let at = log + 2 * Math.min(unitsOf(from), unitsOf(to)); at < end; at += 2) {
      const what = W[at] & UNIT_WHAT
      if (what === UNIT_ENTRIES) continue
      const slot = slotAfter(W, at + 2, end, W[at] & UNIT_SLOT)
      if (what === UNIT_INSERT) this.#inserted[this.#insertions++] = slot
      this.#add(slot)
    }
  }

  #add(slot: number): void {
    const { slots } = this
    let at = this.count
    while (at > 0 && slots[at - 1] > slot) at--
    if (at > 0 && slots[at - 1] === slot) return
    for (let i = this.count; i > at; i--) slots[i] = slots[i - 1]
    slots[at] = slot
    this.count++
  }

  /** The entry that a leaf had in a slot by the pointer that counts fewer units; 0: none. */
  older(W: Uint32Array, pointer: number, slot: number): number {
    let before = slot
    for (let i = 0; i < this.#insertions; i++) {
      const inserted = this.#inserted[i]
      if (inserted === slot) return 0
      if (inserted < slot) before--
    }
    return refAt(W, pointer, before)
  }
}

/** Pairs, in key order; those before `at` are done. Places are used again: to set a length is slow. */
class Pairs {
  readonly from: number[] = []
  readonly to: number[] = []
  /** In place of pointers: entries. */
  readonly areEntries: boolean[] = []
  count = 0
  at = 0

  get isOver(): boolean {
    return this.at === this.count
  }

  clear(): void {
    this.count = 0
    this.at = 0
  }

  push(from: number, to: number, areEntries: boolean): void {
    const { count } = this
    this.from[count] = from
    this.to[count] = to
    this.areEntries[count] = areEntries
    this.count++
  }
}

export class UnitDiff {
  #W: Uint32Array = NO_WORDS
  /** By level, pairs of pointers that are not the same. */
  readonly #levels: Pairs[] = []
  /** What was found: pairs of entries, 0 for none; or of pointers to different nodes. */
  readonly #found = new Pairs()
  readonly #between = new Between()
  /** What {@link next} has found: two entries, one of them maybe 0; or, with `isPair`, two nodes. */
  before = 0
  after = 0
  isPair = false
  /** Where there is an entry after, that before is not asked for: {@link before} may be 0. */
  #isForAfter = false
  /** Holds the words that touching ahead reads, so that the loads are not optimised away. */
  ahead = 0

  /** One of the present use: all that the one before has found has been told, or is forgotten. */
  open(W: Uint32Array, isForAfter: boolean): this {
    this.#W = W
    this.#isForAfter = isForAfter
    this.#found.clear()
    for (const pairs of this.#levels) pairs.clear()
    return this
  }

  /** It waits for another use, and keeps no database in memory meanwhile. */
  close(): this {
    return this.open(NO_WORDS, false)
  }

  /** Begins with two pointers to one node. */
  begin(from: number, to: number): void {
    const level = levelOf(this.#W, from)
    while (this.#levels.length <= level) this.#levels.push(new Pairs())
    this.#levels[level].push(from, to, false)
  }

  /** Goes to the next difference; false if there is none. */
  next(): boolean {
    const found = this.#found
    while (found.isOver) if (!this.#goOn()) return false
    const { at } = found
    this.before = found.from[at]
    this.after = found.to[at]
    this.isPair = !found.areEntries[at]
    found.at++
    return true
  }

  /** Follows some pairs of the lowest level that has any; false if there are none. */
  #goOn(): boolean {
    const found = this.#found
    found.clear()
    const level = this.#levels.findIndex(pairs => !pairs.isOver)
    if (level < 0) return false
    const pairs = this.#levels[level]
    const end = Math.min(pairs.at + TOGETHER, pairs.count)
    this.#touchNodes(pairs, end)
    if (level > 0) this.#levels[level - 1].clear()
    // A pair of different nodes, of which the ones before must be told first.
    for (; pairs.at < end; pairs.at++) {
      const [from, to] = [pairs.from[pairs.at], pairs.to[pairs.at]]
      if (areOfOneNode(from, to)) this.#expand(level, from, to)
      else if (level > 0 && !this.#levels[level - 1].isOver) break
      else found.push(from, to, false)
      // Below a pair of different nodes the caller looks, before what follows is told.
      if (found.count > 0 && level > 0) {
        pairs.at++
        break
      }
    }
    this.#touchEntries()
    return true
  }

  /** Puts what differs in a node's slots below it. */
  #expand(level: number, from: number, to: number): void {
    const W = this.#W
    const between = this.#between
    between.read(W, from, to)
    const isForward = unitsOf(from) < unitsOf(to)
    for (let i = 0; i < between.count; i++) {
      const slot = between.slots[i]
      if (level > 0) {
        this.#levels[level - 1].push(kidAt(W, from, slot), kidAt(W, to, slot), false)
        continue
      }
      const newer = refAt(W, isForward ? to : from, slot)
      if (isForward && this.#isForAfter) {
        this.#found.push(0, newer, true)
        continue
      }
      const older = between.older(W, isForward ? from : to, slot)
      if (isForward) this.#found.push(older, newer, true)
      else this.#found.push(newer, older, true)
    }
  }

  /** Reads the header and the first unit of each node at once. */
  #touchNodes({ from, at }: Pairs, end: number): void {
    const W = this.#W
    let sum = 0
    for (let i = at; i < end; i++) sum ^= W[addressOf(from[i]) + N_META]
    for (let i = at; i < end; i++) sum ^= W[logOf(W, addressOf(from[i])) + 2 * unitsOf(from[i])]
    this.ahead = sum
  }

  #touchEntries(): void {
    const W = this.#W
    const { from, to, count } = this.#found
    let sum = 0
    for (let i = 0; i < count; i++) {
      sum ^= W[from[i]] ^ W[from[i] + NEXT] ^ W[to[i]] ^ W[to[i] + NEXT]
    }
    this.ahead = sum
  }
}
