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
import { areOfOneNode, UnitDiff } from './unit-diff.js'

/** A node that a walk is in. */
class Level extends Slots {
  /** The slot that the walk is at. */
  at = 0

  /** Goes on, with a node of the same level, to the last of the slots from here on that lead to the same. */
  passShared(other: Level): void {
    const [mine, its] = this.level === 0 ? [this.refs, other.refs] : [this.kids, other.kids]
    const { at } = this
    const there = other.at
    const most = Math.min(this.count - at, other.count - there)
    let n = 1
    while (n < most && mine[at + n] === its[there + n]) n++
    this.at = at + n - 1
    other.at = there + n - 1
  }
}

/** Levels that no walk uses: their arrays lie outside the heap of JavaScript, and are slow to make. */
const spare: Level[] = []
const spareUnits: UnitDiff[] = []
/** The most that are kept of each. */
const SPARE = 64

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
    if (this.#depth === this.#levels.length) this.#levels.push(spare.pop() ?? new Level())
    const level = this.#levels[this.#depth++]
    level.read(this.#W, node)
    level.at = 0
    return level
  }

  /** The smallest entry of what comes after the item; 0: nothing does. */
  get nextLeast(): number {
    for (let depth = this.#depth - 1; depth >= 0; depth--) {
      const { at, count, refs } = this.#levels[depth]
      if (at + 1 < count) return refs[at + 1]
    }
    return 0
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

  /** Goes past an item that both walks stand before, and past those that follow it in both nodes. */
  skipShared(other: Walk): void {
    if (this.#box === null && this.#depth > 0 && other.#depth > 0) {
      const here = this.#levels[this.#depth - 1]
      const there = other.#levels[other.#depth - 1]
      if (here.level === there.level) here.passShared(there)
    }
    this.skip()
    other.skip()
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

  /** Gives back what other walks can use: this one is over. */
  end(): void {
    while (this.#levels.length > 0 && spare.length < SPARE) spare.push(this.#levels.pop() as Level)
  }

  /** Leaves the lowest node. */
  #leave(): void {
    this.#depth--
    if (this.#depth > 0) this.#levels[this.#depth - 1].at++
  }
}

/** Two nodes, or trees, that are compared. */
class Comparison {
  readonly a: Walk
  readonly b: Walk
  /** What differs below a node that both walks have come to: told before they go on. */
  readonly units: UnitDiff

  constructor(W: Uint32Array, box: Box | null, isForAfter: boolean) {
    this.a = new Walk(W, box)
    this.b = new Walk(W, box)
    this.units = (spareUnits.pop() ?? new UnitDiff()).open(W, isForAfter)
  }

  begin(from: number, to: number, lower: Bound | null): void {
    this.a.begin(from, lower)
    this.b.begin(to, lower)
  }
}

export class DiffCursor {
  readonly #W: Uint32Array
  readonly #range: Range
  readonly #isForAfter: boolean
  /** That of the trees, then each below two nodes of the one before; the first `#depth` are in use. */
  readonly #comparisons: Comparison[] = []
  #depth = 0
  #done = false
  /** Entries of the key found by {@link next} on either side, 0 where it is absent. */
  before = 0
  after = 0

  /** @param isForAfter where a key has an entry after, that before is not asked for: it may be 0 */
  constructor(W: Uint32Array, from: number, to: number, range: Range, isForAfter = false) {
    this.#W = W
    this.#range = range
    this.#isForAfter = isForAfter
    this.#done = from === to || isEmpty(range)
    if (!this.#done) this.#push().begin(from, to, range.lower)
  }

  #push(): Comparison {
    const all = this.#comparisons
    if (this.#depth === all.length) {
      all.push(new Comparison(this.#W, this.#range.box, this.#isForAfter))
    }
    return all[this.#depth++]
  }

  /** Finds the next key whose entries differ; false when there is none. */
  next(): boolean {
    if (this.#done) return false
    this.#done = !this.#find() || this.#beyond(this.before === 0 ? this.after : this.before)
    if (this.#done) this.#end()
    return !this.#done
  }

  #end(): void {
    for (const { a, b, units } of this.#comparisons) {
      a.end()
      b.end()
      if (spareUnits.length < SPARE) spareUnits.push(units.close())
    }
    this.#comparisons.length = 0
  }

  #find(): boolean {
    while (this.#depth > 0) {
      const comparison = this.#comparisons[this.#depth - 1]
      const { units } = comparison
      if (!units.next()) {
        if (this.#step(comparison)) return true
      } else if (units.isPair) {
        this.#push().begin(units.before, units.after, null)
      } else {
        this.before = units.before
        this.after = units.after
        return true
      }
    }
    return false
  }

  /** Lets the walks go on; true if they have found a difference. */
  #step({ a, b, units }: Comparison): boolean {
    while (a.item !== 0 || b.item !== 0) {
      if (a.item === b.item) {
        a.skipShared(b)
        continue
      }
      const order = a.item === 0 ? 1 : b.item === 0 ? -1 : compareEntries(this.#W, a.least, b.least)
      if (order === 0 && this.#isOneNode(a, b)) {
        units.begin(a.item, b.item)
        a.skip()
        b.skip()
        return false
      }
      if (descends(a, b, order)) continue
      this.before = order <= 0 ? a.item : 0
      this.after = order >= 0 ? b.item : 0
      if (order <= 0) a.skip()
      if (order >= 0) b.skip()
      return true
    }
    this.#depth--
    return false
  }

  /** True if both walks stand before one node, and what comes after it begins with the same entry. */
  #isOneNode(a: Walk, b: Walk): boolean {
    if (this.#range.box !== null || a.level < 0 || a.level !== b.level) return false
    return areOfOneNode(a.item, b.item) && a.nextLeast === b.nextLeast
  }

  #beyond(entry: number): boolean {
    const { upper } = this.#range
    if (upper === null) return false
    const order = compareToEntry(upper.words, upper.bytes, this.#W, entry)
    return order < 0 || (order === 0 && !upper.after)
  }
}

/** Descends into a node if that comes next; false if an entry is to be reported. */
function descends(a: Walk, b: Walk, order: number): boolean {
  const level = order < 0 ? a.level : order > 0 ? b.level : Math.max(a.level, b.level)
  if (level < 0) return false
  if (order <= 0 && a.level === level) a.descend()
  if (order >= 0 && b.level === level) b.descend()
  return true
}
