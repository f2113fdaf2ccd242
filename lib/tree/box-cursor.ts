/**
 * Walks and counts the keys of a tree that lie in a box, in Z-order, from the first to the last or
 * back. BIGMIN jumps in each node (frame.ts) pass over whole subtrees outside; whole subtrees
 * inside are taken without a test.
 *
 * Any thread, on a root that stays pinned while the cursor is used. Entries are found a few leaves at
 * a time, so the first does not wait for the last.
 */
import type { Box } from '../key/box.js'
import { Cursor, countRange, NEXT_LINE, type Range } from './cursor.js'
import { Frame } from './frame.js'
import { touchNode } from './search.js'

const NEXT = NEXT_LINE

/** A walk: gives one entry after the other, then 0. */
export interface Walker {
  next(): number
  /**
   * Puts the next entries into `into` from index `at` on, at most `most`.
   * @returns how many, which may be fewer than are left; 0 only at the end
   */
  fill(into: number[], at: number, most: number): number
}

/** How many leaves are touched ahead, and how many entries are found before they are touched. */
const LEAVES = 8
const ENTRIES = 64

export class BoxCursor implements Walker {
  readonly #W: Uint32Array
  readonly #box: Box
  readonly #isReverse: boolean
  /** The path from the root: the first `#depth` frames are in use. */
  readonly #frames: Frame[] = []
  #depth = 0
  /** Slots of the lowest frame, of leaves to look at next; those before `#leafAt` are done. */
  readonly #leaves: number[] = []
  #leafAt = 0
  /** Entries in the order in which they are given; those before `#at` are. */
  readonly #found: number[] = []
  #count = 0
  #at = 0
  /** Scratch: slots found in a leaf. */
  readonly #slots: number[] = []
  #left: number
  /** Nodes looked at. */
  nodes = 0
  /** Holds the words that touching ahead reads, so that the loads are not optimised away. */
  ahead = 0

  /** @param limit how many entries to hand out at most. */
  constructor(W: Uint32Array, root: number, box: Box, isReverse: boolean, limit: number) {
    this.#W = W
    this.#box = box
    this.#isReverse = isReverse
    this.#left = limit
    if (root === 0 || limit === 0 || box.isEmpty) return
    this.nodes++
    if (this.#frame().open(root)) this.#take()
    this.#touch()
  }

  /** How many entries were read only to see whether they lie inside. */
  get looks(): number {
    return this.#frames.reduce((sum, frame) => sum + frame.looks, 0)
  }

  /** The next entry's reference, or 0 at the end. */
  next(): number {
    if (!this.#hasMore()) return 0
    this.#left--
    return this.#found[this.#at++]
  }

  fill(into: number[], at: number, most: number): number {
    if (!this.#hasMore()) return 0
    const found = this.#found
    const from = this.#at
    const n = Math.min(most, this.#left, this.#count - from)
    for (let k = 0; k < n; k++) into[at + k] = found[from + k]
    this.#at = from + n
    this.#left -= n
    return n
  }

  /** Searches on if no found entry is left; false at the end. */
  #hasMore(): boolean {
    if (this.#left <= 0) return false
    if (this.#at < this.#count) return true
    this.#at = 0
    this.#count = 0
    this.#search()
    if (this.#count === 0) this.#left = 0
    return this.#count > 0
  }

  /** Finds entries in some more leaves; none only at the end. */
  #search(): void {
    const last = this.nodes + LEAVES
    while (this.#depth > 0) {
      const isEnough = this.nodes >= last || this.#count >= ENTRIES || this.#count >= this.#left
      if (isEnough && this.#count > 0) break
      this.#advance()
    }
    this.#touch()
  }

  /** Reads two words of each entry found: the misses overlap instead of following each other. */
  #touch(): void {
    const W = this.#W
    const found = this.#found
    let sum = 0
    for (let i = 0; i < this.#count; i++) sum ^= W[found[i]] ^ W[found[i] + NEXT]
    this.ahead = sum
  }

  /** The frame below those in use. */
  #frame(): Frame {
    const frames = this.#frames
    if (this.#depth === frames.length) frames.push(new Frame(this.#W, this.#box))
    return frames[this.#depth]
  }

  /** Goes to the next node. */
  #advance(): void {
    const parent = this.#frames[this.#depth - 1]
    const slot = parent.level === 1 ? this.#nextLeaf(parent) : this.#nextSlot(parent)
    if (slot < 0) {
      this.#depth--
      return
    }
    this.nodes++
    if (this.#frame().openKid(parent, slot)) this.#take()
  }

  /** Puts the node that was opened below the frames in use on the path. */
  #take(): void {
    const frame = this.#frames[this.#depth]
    if (frame.level === 0) {
      this.#collect(frame)
      return
    }
    this.#depth++
    if (this.#isReverse) frame.at = frame.count - 1
    this.#leaves.length = 0
    this.#leafAt = 0
  }

  /** The next slot of a frame that may hold keys of the box; -1 if there is none. */
  #nextSlot(frame: Frame): number {
    const slot = this.#isReverse ? frame.previous(frame.at) : frame.next(frame.at)
    if (slot < 0 || slot >= frame.count) return -1
    frame.at = this.#isReverse ? slot - 1 : slot + 1
    return slot
  }

  /** The same for a frame whose kids are leaves: finds several at once, and touches them. */
  #nextLeaf(frame: Frame): number {
    const leaves = this.#leaves
    if (this.#leafAt === leaves.length) {
      leaves.length = 0
      this.#leafAt = 0
      const W = this.#W
      let sum = 0
      while (leaves.length < LEAVES) {
        const slot = this.#nextSlot(frame)
        if (slot < 0) break
        leaves.push(slot)
        sum ^= touchNode(W, frame.kid(slot))
      }
      this.ahead = sum
      if (leaves.length === 0) return -1
    }
    return leaves[this.#leafAt++]
  }

  /** Takes the entries of a leaf that are inside. */
  #collect(leaf: Frame): void {
    const found = this.#found
    const { slots, refs, count } = leaf
    const from = this.#count
    const step = this.#isReverse ? -1 : 1
    const n = leaf.scan(step === 1 ? 0 : count - 1, step, this.#slots, count)
    for (let i = 0; i < n; i++) found[from + i] = slots[refs + this.#slots[i]]
    this.#count = from + n
  }
}

/** A walk of the entries in a range. */
export function walk(
  W: Uint32Array,
  root: number,
  range: Range,
  isReverse: boolean,
  limit: number,
): Walker {
  if (range.box !== null) return new BoxCursor(W, root, range.box, isReverse, limit)
  return new Cursor(W, root, range, isReverse, limit)
}

/** How many entries lie in `range` below `root`; none is touched where heads decide. */
export function count(W: Uint32Array, root: number, range: Range): number {
  const { box } = range
  if (box === null) return countRange(W, root, range)
  if (root === 0 || box.isEmpty) return 0
  const frames: Frame[] = []
  const frameAt = (depth: number) => {
    if (depth === frames.length) frames.push(new Frame(W, box))
    return frames[depth]
  }
  const slots: number[] = []
  const below = (depth: number): number => {
    const frame = frames[depth]
    if (frame.isInside) return frame.entries
    if (frame.level === 0) return frame.scan(0, 1, slots, frame.count)
    let sum = 0
    for (let i = frame.next(0); i < frame.count; i = frame.next(i + 1)) {
      if (frameAt(depth + 1).openKid(frame, i)) sum += below(depth + 1)
    }
    return sum
  }
  return frameAt(0).open(root) ? below(0) : 0
}
