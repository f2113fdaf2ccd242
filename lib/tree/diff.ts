/**
 * The structural difference of two trees: finds what differs without looking at what they share.
 *
 * Any thread, on two pinned roots. Two snapshots share every subtree that no commit between them
 * touched; two walks in key order skip such a subtree together when both stand before it. The cost
 * is that of the nodes that differ, times their width; where two pointers lead to one node, that of the units between
 * them (unit-diff.ts).
 */

import type { Box } from '../key/box.js'
import { compareEntries, compareToEntry } from '../memory/entry.js'
import { type Bound, isEmpty, type Range } from './cursor.js'
import { Frame } from './frame.js'
import { levelOf, refAt, Slots } from './node.js'
import { Path } from './search.js'
import { UnitDiff } from './unit-diff.js'

/** A node that a walk is in. */
class Level extends Slots {
  /** The slot that the walk is at. */
  at = 0
}

/** One of the two walks: a stack of nodes, the lowest of which holds the item it stands before. */
class Walk {
  readonly #W: Uint32Array
  /** Levels that were ever in use; the first `#depth` are. */
  readonly #levels: Level[] = []
  #depth = 0
  /** With a box: a frame for each node of the stack, which passes over what lies outside. */
  readonly #box: Box | null
  readonly #frames: Frame[] = []
  /** The item: a kid (level above 0) or an entry; 0 at the end. */
  item = 0
  /** Level of the item if it is a node, -1 for an entry. */
  level = -1
  /** Smallest entry of the item. */
  least = 0

  constructor(W: Uint32Array, box: Box | null) {
    this.#W = W
    this.#box = box
  }

  /** Begins at the first place of a tree, or at that of a bound. */
  begin(root: number, lower: Bound | null): void {
    const W = this.#W
    this.#depth = 0
    if (root === 0) {
      this.#set(0, -1, 0)
      return
    }
    if (lower === null) {
      this.#set(root, levelOf(W, root), refAt(W, root, 0))
      return
    }
    const path = new Path()
    path.seek(W, root, lower.words, lower.bytes)
    if (lower.after && path.found) path.at[0]++
    for (let level = path.top; level >= 0; level--) {
      this.#push(path.nodes[level]).at = path.at[level]
    }
    this.#load()
  }

  #set(item: number, level: number, least: number): void {
    this.item = item
    this.level = level
    this.least = least
  }

  #push(node: number): Level {
    if (this.#depth === this.#levels.length) this.#levels.push(new Level())
    const level = this.#levels[this.#depth++]
    level.read(this.#W, node)
    level.at = 0
    return level
  }

  /** Goes into the item, a node. */
  descend(): void {
    if (this.#box !== null && !this.#frame(this.#box)) {
      this.skip()
      return
    }
    this.#push(this.item)
    this.#load()
  }

  /** Looks at the item, a node, through the box; false if all below it is outside. */
  #frame(box: Box): boolean {
    const depth = this.#depth
    if (depth === this.#frames.length) this.#frames.push(new Frame(this.#W, box))
    const frame = this.#frames[depth]
    if (depth === 0) return frame.open(this.item)
    return frame.openKid(this.#frames[depth - 1], this.#levels[depth - 1].at)
  }

  /** Goes past the item. */
  skip(): void {
    if (this.#depth > 0) this.#levels[this.#depth - 1].at++
    this.#load()
  }

  /** Finds the item at the stack's place, and leaves nodes that are done. */
  #load(): void {
    for (; this.#depth > 0; this.#leave()) {
      const top = this.#depth - 1
      const level = this.#levels[top]
      if (this.#box !== null) level.at = this.#frames[top].next(level.at)
      const i = level.at
      if (i >= level.count) continue
      const ref = level.refs[i]
      this.#set(level.level === 0 ? ref : level.kids[i], level.level - 1, ref)
      return
    }
    this.#set(0, -1, 0)
  }

  /** Leaves the lowest node. */
  #leave(): void {
    this.#depth--
    if (this.#depth > 0) this.#levels[this.#depth - 1].at++
  }
}

export class DiffCursor {
  readonly #W: Uint32Array
  readonly #range: Range
  /** Nodes of which two pointers are compared, from the root down; those from `#depth` on are not in use. */
  readonly #units: UnitDiff[] = []
  #depth = 0
  /** Two walks, below one of those nodes or from the roots, until both are at their end. */
  readonly #a: Walk
  readonly #b: Walk
  #done = false
  /** Entries of the key found by {@link next} on either side, 0 where it is absent. */
  before = 0
  after = 0

  constructor(W: Uint32Array, from: number, to: number, range: Range) {
    this.#W = W
    this.#range = range
    this.#a = new Walk(W, range.box)
    this.#b = new Walk(W, range.box)
    this.#done = from === to || isEmpty(range)
    if (this.#done) return
    // Units do not know what a range leaves out at its begin.
    if (range.lower === null && range.box === null) this.#compare(from, to)
    else this.#walk(from, to)
  }

  /** Finds the next key whose entries differ; false when there is none. */
  next(): boolean {
    if (this.#done || !this.#find()) return false
    this.#done = this.#beyond(this.before === 0 ? this.after : this.before)
    return !this.#done
  }

  #find(): boolean {
    const W = this.#W
    for (;;) {
      if (this.#findByWalks(this.#a, this.#b)) return true
      if (this.#depth === 0) return false
      const units = this.#units[this.#depth - 1]
      if (!units.next()) this.#depth--
      else if (units.level > 0) this.#compare(units.before(W), units.after(W))
      else {
        this.before = units.before(W)
        this.after = units.after(W)
        return true
      }
    }
  }

  /** Goes on with what is below two pointers that are not the same. */
  #compare(from: number, to: number): void {
    if (!UnitDiff.serves(from, to)) {
      this.#walk(from, to)
      return
    }
    if (this.#depth === this.#units.length) this.#units.push(new UnitDiff())
    this.#units[this.#depth++].begin(this.#W, from, to)
  }

  #walk(from: number, to: number): void {
    this.#a.begin(from, this.#range.lower)
    this.#b.begin(to, this.#range.lower)
  }

  #findByWalks(a: Walk, b: Walk): boolean {
    while (a.item !== 0 || b.item !== 0) {
      if (a.item === b.item) {
        a.skip()
        b.skip()
        continue
      }
      const order = a.item === 0 ? 1 : b.item === 0 ? -1 : compareEntries(this.#W, a.least, b.least)
      if (open(a, b, order)) continue
      this.before = order <= 0 ? a.item : 0
      this.after = order >= 0 ? b.item : 0
      if (order <= 0) a.skip()
      if (order >= 0) b.skip()
      return true
    }
    return false
  }

  #beyond(entry: number): boolean {
    const { upper } = this.#range
    if (upper === null) return false
    const order = compareToEntry(upper.words, upper.bytes, this.#W, entry)
    return order < 0 || (order === 0 && !upper.after)
  }
}

/** Descends into a node if that comes next; false if an entry is to be reported. */
function open(a: Walk, b: Walk, order: number): boolean {
  const level = order < 0 ? a.level : order > 0 ? b.level : Math.max(a.level, b.level)
  if (level < 0) return false
  if (order <= 0 && a.level === level) a.descend()
  if (order >= 0 && b.level === level) b.descend()
  return true
}
