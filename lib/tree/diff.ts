/**
 * The structural difference of two trees: finds what differs without looking at what they share.
 *
 * Any thread, on two pinned roots. Two snapshots share every subtree that no commit between them
 * touched; two walks in key order skip such a subtree together when both stand before it. The cost
 * is that of the nodes that differ, times their width.
 */

import type { Box } from '../key/box.js'
import { compareEntries, compareToEntry } from '../memory/entry.js'
import { N_HEADS } from '../memory/layout.js'
import { type Bound, isEmpty, type Range } from './cursor.js'
import { Frame } from './frame.js'
import { capacityOf, countOf, kidAt, levelOf, refAt } from './node.js'
import { Path } from './search.js'

/** One of the two walks: a stack of nodes, the lowest of which holds the item it stands before. */
class Walk {
  readonly #W: Uint32Array
  readonly #nodes: number[] = []
  readonly #at: number[] = []
  /** With a box: a frame for each node of the stack, which passes over what lies outside. */
  readonly #box: Box | null
  readonly #frames: Frame[] = []
  /** The item: a kid (level above 0) or an entry; 0 at the end. */
  item = 0
  /** Level of the item if it is a node, -1 for an entry. */
  level = -1
  /** Smallest entry of the item. */
  least = 0

  constructor(W: Uint32Array, root: number, { lower, box }: Range) {
    this.#W = W
    this.#box = box
    if (root === 0) return
    if (lower === null) {
      this.#set(root, levelOf(W, root), refAt(W, root, 0))
      return
    }
    const path = new Path()
    path.seek(W, root, lower.words, lower.bytes)
    if (lower.after && path.found) path.at[0]++
    for (let level = path.top; level >= 0; level--) {
      this.#nodes.push(path.nodes[level])
      this.#at.push(path.at[level])
    }
    this.#load()
  }

  #set(item: number, level: number, least: number): void {
    this.item = item
    this.level = level
    this.least = least
  }

  /** Goes into the item, a node. */
  descend(): void {
    if (this.#box !== null && !this.#frame(this.#box)) {
      this.skip()
      return
    }
    this.#nodes.push(this.item)
    this.#at.push(0)
    this.#load()
  }

  /** Looks at the item, a node, through the box; false if all below it is outside. */
  #frame(box: Box): boolean {
    const depth = this.#nodes.length
    if (depth === this.#frames.length) this.#frames.push(new Frame(this.#W, box))
    const frame = this.#frames[depth]
    if (depth === 0) return frame.open(this.item)
    return frame.openKid(this.#frames[depth - 1], this.#at[depth - 1])
  }

  /** Goes past the item. */
  skip(): void {
    const top = this.#at.length - 1
    if (top >= 0) this.#at[top]++
    this.#load()
  }

  /** Finds the item at the stack's place, and leaves nodes that are done. */
  #load(): void {
    const W = this.#W
    const nodes = this.#nodes
    const at = this.#at
    for (let top = at.length - 1; top >= 0; top--) {
      const node = nodes[top]
      if (this.#box !== null) at[top] = this.#frames[top].next(at[top])
      const i = at[top]
      if (i < countOf(W, node)) {
        const ref = W[node + N_HEADS + capacityOf(W, node) + i]
        const level = levelOf(W, node)
        this.#set(level === 0 ? ref : kidAt(W, node, i), level - 1, ref)
        return
      }
      nodes.pop()
      at.pop()
      if (top > 0) at[top - 1]++
    }
    this.#set(0, -1, 0)
  }
}

export class DiffCursor {
  readonly #W: Uint32Array
  readonly #a: Walk
  readonly #b: Walk
  readonly #upper: Bound | null
  #done = false
  /** Entries of the key found by {@link next} on either side, 0 where it is absent. */
  before = 0
  after = 0

  constructor(W: Uint32Array, from: number, to: number, range: Range) {
    this.#W = W
    this.#upper = range.upper
    this.#done = from === to || isEmpty(range)
    this.#a = new Walk(W, this.#done ? 0 : from, range)
    this.#b = new Walk(W, this.#done ? 0 : to, range)
  }

  /** Finds the next key whose entries differ; false when there is none. */
  next(): boolean {
    const W = this.#W
    const a = this.#a
    const b = this.#b
    while (!this.#done && (a.item !== 0 || b.item !== 0)) {
      if (a.item === b.item) {
        a.skip()
        b.skip()
        continue
      }
      const order = a.item === 0 ? 1 : b.item === 0 ? -1 : compareEntries(W, a.least, b.least)
      if (this.#open(order)) continue
      this.before = order <= 0 ? a.item : 0
      this.after = order >= 0 ? b.item : 0
      if (order <= 0) a.skip()
      if (order >= 0) b.skip()
      if (!this.#beyond(this.before === 0 ? this.after : this.before)) return true
      this.#done = true
    }
    return false
  }

  /** Descends into a node if that comes next; false if an entry is to be reported. */
  #open(order: number): boolean {
    const a = this.#a
    const b = this.#b
    if (order < 0) {
      if (a.level < 0) return false
      a.descend()
    } else if (order > 0) {
      if (b.level < 0) return false
      b.descend()
    } else {
      if (a.level < 0 && b.level < 0) return false
      const level = Math.max(a.level, b.level)
      if (a.level === level) a.descend()
      if (b.level === level) b.descend()
    }
    return true
  }

  #beyond(entry: number): boolean {
    const upper = this.#upper
    if (upper === null) return false
    const order = compareToEntry(upper.words, upper.bytes, this.#W, entry)
    return order < 0 || (order === 0 && !upper.after)
  }
}
