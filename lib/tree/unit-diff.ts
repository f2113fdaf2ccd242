/**
 * The difference of two pointers to one node: its units tell it, without a look at what both share.
 *
 * Any thread, on two pinned roots.
 */
import { UNIT_ENTRIES, UNIT_INSERT, UNIT_SLOT, UNIT_WHAT } from '../memory/layout.js'
import { addressOf, kidAt, levelOf, logOf, refAt, slotAfter, unitsOf } from './node.js'

export class UnitDiff {
  /** Level of the node. */
  level = 0
  /** The slot that {@link next} has come to, as it is after all units. */
  #slot = 0
  #older = 0
  #newer = 0
  #isForward = true
  /** Slots that differ, upwards, as they are after all units: those that were inserted, and all. */
  readonly #inserted: number[] = []
  readonly #slots: number[] = []
  #at = 0

  /** True if two pointers, which are not the same, lead to one node. */
  static serves(from: number, to: number): boolean {
    return addressOf(from) === addressOf(to) && from !== 0
  }

  /** Begins with two pointers to one node. */
  begin(W: Uint32Array, from: number, to: number): this {
    this.#isForward = unitsOf(from) < unitsOf(to)
    this.#older = this.#isForward ? from : to
    this.#newer = this.#isForward ? to : from
    this.level = levelOf(W, from)
    this.#at = 0
    this.#inserted.length = 0
    this.#slots.length = 0
    const log = logOf(W, addressOf(from))
    const end = log + 2 * unitsOf(this.#newer)
    for (let at = log + 2 * unitsOf(this.#older); at < end; at += 2) {
      const what = W[at] & UNIT_WHAT
      if (what === UNIT_ENTRIES) continue
      const slot = slotAfter(W, at + 2, end, W[at] & UNIT_SLOT)
      if (what === UNIT_INSERT) this.#inserted.push(slot)
      if (!this.#slots.includes(slot)) this.#slots.push(slot)
    }
    this.#slots.sort((a, b) => a - b)
    return this
  }

  /** Goes to the next slot that differs; false if there is none. */
  next(): boolean {
    if (this.#at === this.#slots.length) return false
    this.#slot = this.#slots[this.#at++]
    return true
  }

  /** What the slot has by the first pointer: an entry, 0 where it has none, or of an inner node a kid. */
  before(W: Uint32Array): number {
    return this.#isForward ? this.#old(W) : this.#new(W)
  }

  /** What it has by the second. */
  after(W: Uint32Array): number {
    return this.#isForward ? this.#new(W) : this.#old(W)
  }

  #new(W: Uint32Array): number {
    return this.level > 0 ? kidAt(W, this.#newer, this.#slot) : refAt(W, this.#newer, this.#slot)
  }

  #old(W: Uint32Array): number {
    if (this.level > 0) return kidAt(W, this.#older, this.#slot)
    let slot = this.#slot
    for (const inserted of this.#inserted) {
      if (inserted === this.#slot) return 0
      if (inserted < this.#slot) slot--
    }
    return refAt(W, this.#older, slot)
  }
}
