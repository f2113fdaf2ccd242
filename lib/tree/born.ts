/**
 * Walks the entries of a tree that were born after a version, in key order or back.
 *
 * A pointer is as old as the last unit that belongs to it, or its node. No entry below it is younger: a subtree that
 * was born by that version is passed over whole. That holds however the tree was made, for no entry is written that
 * tells a later birth than the version it is written in (verify.ts proves both). The cost is that of the nodes changed
 * since, times their width; a tree that was built at once, of entries that are older (bulk.ts), is looked at as a whole
 * where it was built since.
 *
 * Any thread, on a root that stays pinned while the cursor is used.
 */
import type { Box } from '../key/box.js'
import { versionOf } from '../memory/entry.js'
import { type Bound, isEmpty, type Range } from './cursor.js'
import { Frame } from './frame.js'
import { countOf, kidAt, levelOf, nodeBirth, refAt } from './node.js'
import { Path } from './search.js'

export class BornCursor {
  readonly #W: Uint32Array
  readonly #after: number
  readonly #step: 1 | -1
  readonly #box: Box | null
  /** Nodes from the root down, the slot of each to look at next, and the slot at which to stop. */
  readonly #nodes: number[] = []
  readonly #at: number[] = []
  readonly #stops: number[] = []
  /** With a box: a frame for each node, which passes over what lies outside. */
  readonly #frames: Frame[] = []
  /** Where the range ends; null: where the tree does. */
  readonly #end: Path | null
  /** Nodes looked into. */
  nodes = 0

  constructor(W: Uint32Array, root: number, range: Range, after: number, isReverse: boolean) {
    const { lower, upper, box } = range
    this.#W = W
    this.#after = after
    this.#step = isReverse ? -1 : 1
    this.#box = box
    this.#end = null
    if (root === 0 || nodeBirth(W, root) <= after || isEmpty(range)) return
    const end = isReverse ? lower : upper
    if (end !== null) this.#end = pathTo(W, root, end)
    const begin = isReverse ? upper : lower
    if (begin === null) this.#enter(root, 0)
    else this.#descend(pathTo(W, root, begin))
  }

  /** The next entry's reference, or 0 at the end. */
  next(): number {
    const W = this.#W
    while (this.#nodes.length > 0) {
      const top = this.#nodes.length - 1
      const node = this.#nodes[top]
      const i = this.#box === null ? this.#at[top] : this.#inside(top)
      if (this.#step === 1 ? i >= this.#stops[top] : i <= this.#stops[top]) {
        this.#nodes.pop()
        this.#at.pop()
        this.#stops.pop()
        continue
      }
      this.#at[top] = i + this.#step
      if (levelOf(W, node) > 0) {
        const kid = kidAt(W, node, i)
        if (nodeBirth(W, kid) > this.#after) this.#enter(kid, i)
        continue
      }
      const entry = refAt(W, node, i)
      if (versionOf(W, entry) > this.#after) return entry
    }
    return 0
  }

  /** The slot of a node, from the present one on, that may hold keys of the box. */
  #inside(top: number): number {
    const frame = this.#frames[top]
    const at = this.#at[top]
    return this.#step === 1 ? frame.next(at) : frame.previous(at)
  }

  /** Goes into a node, which is in slot `i` of the present one, unless all of it is outside the box. */
  #enter(node: number, i: number): void {
    const depth = this.#nodes.length
    if (this.#box !== null) {
      if (depth === this.#frames.length) this.#frames.push(new Frame(this.#W, this.#box))
      const frame = this.#frames[depth]
      const isThere = depth === 0 ? frame.open(node) : frame.openKid(this.#frames[depth - 1], i)
      if (!isThere) return
    }
    this.#push(node, this.#step === 1 ? 0 : countOf(this.#W, node) - 1)
  }

  /** Goes into the nodes of a path, down to the first that is as old as what is below it. */
  #descend({ nodes, at, top }: Path): void {
    for (let level = top; level >= 0; level--) {
      if (nodeBirth(this.#W, nodes[level]) <= this.#after) return
      // The kid on the path is gone into, or passed over.
      if (level > 0) this.#push(nodes[level], at[level] + this.#step)
      else this.#push(nodes[0], this.#step === 1 ? at[0] : at[0] - 1)
    }
  }

  #push(node: number, at: number): void {
    const level = levelOf(this.#W, node)
    const end = this.#end !== null && this.#end.nodes[level] === node ? this.#end.at[level] : -1
    let stop = this.#step === 1 ? countOf(this.#W, node) : -1
    if (end >= 0) stop = this.#step === -1 ? end - 1 : level > 0 ? end + 1 : end
    this.nodes++
    this.#nodes.push(node)
    this.#at.push(at)
    this.#stops.push(stop)
  }
}

/** The path to the place of a bound. */
function pathTo(W: Uint32Array, root: number, bound: Bound): Path {
  const path = new Path()
  path.seek(W, root, bound.words, bound.bytes)
  if (bound.after && path.found) path.at[0]++
  return path
}
