/**
 * Walking and counting the keys of a tree that lie in a box, in Z-order, from the first to the last or
 * back. Whole subtrees outside are passed over by BIGMIN jumps in each node (frame.ts), whole subtrees
 * inside are taken without a test.
 *
 * Any thread, on a root that stays pinned while the cursor is used. Entries are found a leaf at a time,
 * so the first does not wait for the last.
 */
import type { Box } from '../key/box.js'
import { N_MAX } from '../memory/layout.js'
import { Cursor, countRange, type Range } from './cursor.js'
import { Frame } from './frame.js'

/** Words from an entry's begin to what is most likely the cache line after its first. */
const NEXT_LINE = 13

/** What walks: gives one entry after the other, then 0. */
export interface Walker {
  next(): number
}

export class BoxCursor implements Walker {
  readonly #W: Uint32Array
  readonly #box: Box
  readonly #isReverse: boolean
  /** The path from the root: as many frames are in use as `#depth` says. */
  readonly #frames: Frame[] = []
  #depth = 0
  /** Entries of the leaf in hand, in the order in which they are given. */
  readonly #found = new Uint32Array(N_MAX)
  #count = 0
  #at = 0
  #left: number
  /** Nodes looked at. */
  nodes = 0
  /** Takes what touching ahead reads, so that it is not optimised away. */
  ahead = 0

  /** @param limit how many entries to hand out at most. */
  constructor(W: Uint32Array, root: number, box: Box, isReverse: boolean, limit: number) {
    this.#W = W
    this.#box = box
    this.#isReverse = isReverse
    this.#left = limit
    if (root !== 0 && limit > 0 && !box.isEmpty) this.#take(this.#frame().open(root))
  }

  /** Entries that were looked at only to see whether they lie inside. */
  get looks(): number {
    return this.#frames.reduce((sum, frame) => sum + frame.looks, 0)
  }

  /** The next entry's reference, or 0 at the end. */
  next(): number {
    if (this.#left <= 0) return 0
    while (this.#at === this.#count) {
      if (!this.#advance()) {
        this.#left = 0
        return 0
      }
    }
    this.#left--
    return this.#found[this.#at++]
  }

  /** The frame below those in use. */
  #frame(): Frame {
    const frames = this.#frames
    if (this.#depth === frames.length) frames.push(new Frame(this.#W, this.#box))
    return frames[this.#depth]
  }

  /** Takes the frame below into use if its node may hold something. */
  #take(mayHold: boolean): void {
    this.nodes++
    if (!mayHold) return
    const frame = this.#frames[this.#depth]
    if (this.#isReverse) frame.at = frame.count - 1
    if (frame.level === 0) this.#collect(frame)
    else this.#depth++
  }

  /** Goes on to the next node; false at the end. */
  #advance(): boolean {
    if (this.#depth === 0) return false
    const parent = this.#frames[this.#depth - 1]
    const i = this.#isReverse ? parent.previous(parent.at) : parent.next(parent.at)
    if (i < 0 || i >= parent.count) this.#depth--
    else {
      parent.at = this.#isReverse ? i - 1 : i + 1
      this.#take(this.#frame().openKid(parent, i))
    }
    return true
  }

  /** Takes the leaf's entries that are inside, and touches them: the misses overlap. */
  #collect(leaf: Frame): void {
    const W = this.#W
    const found = this.#found
    const { refs, count } = leaf
    const most = Math.min(this.#left, count)
    let n = 0
    if (this.#isReverse) {
      for (let i = leaf.previous(count - 1); i >= 0 && n < most; i = leaf.previous(i - 1)) {
        found[n++] = W[refs + i]
      }
    } else {
      for (let i = leaf.next(0); i < count && n < most; i = leaf.next(i + 1)) {
        found[n++] = W[refs + i]
      }
    }
    let sum = 0
    for (let i = 0; i < n; i++) sum ^= W[found[i]] ^ W[found[i] + NEXT_LINE]
    this.ahead = sum
    this.#at = 0
    this.#count = n
  }
}

/** Walks what lies in a range. */
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
  const below = (depth: number): number => {
    const frame = frames[depth]
    if (frame.isInside) return frame.entries
    let sum = 0
    for (let i = frame.next(0); i < frame.count; i = frame.next(i + 1)) {
      if (frame.level === 0) sum++
      else if (frameAt(depth + 1).openKid(frame, i)) sum += below(depth + 1)
    }
    return sum
  }
  return frameAt(0).open(root) ? below(0) : 0
}
