/**
 * Changes a copy-on-write tree inside a write transaction.
 *
 * For the holder of the writer lock. A change copies the nodes on its path that the transaction
 * does not own yet, and changes owned nodes in place. Invariants:
 * 1. After each call, and after each call that throws ZVERSE_FULL, the tree under `tree.root` is
 *    whole: every allocation comes before the first store that would leave the tree half changed.
 * 2. node.ts's invariants hold for all nodes; entry counts (N_ENTRIES) are exact.
 * 3. `locate` comes first; `insert`, `replace` or `remove` act on the place it found, once.
 *
 * The editor notices sorted input: while keys come in ascending order and fall into the same leaf, it
 * finds the place without a descent, and leaves a leaf that overflows at its end full.
 */

import type { KeyBuffer } from '../key/codec.js'
import { compareToEntry, entryBits, sharedBitsOfEntries, sharedIfAbove } from '../memory/entry.js'
import { N_ENTRIES, N_HEADS, N_MAX, N_MERGED, N_META, N_MIN } from '../memory/layout.js'
import {
  capacityFor,
  capacityOf,
  closeSlot,
  copySlots,
  countOf,
  deepen,
  depthOf,
  fillFirst,
  kidAt,
  largestBelow,
  levelOf,
  metaWord,
  nodeWords,
  openSlot,
  refAt,
  setDepth,
} from './node.js'
import { Path, UNKNOWN } from './search.js'
import type { Workspace } from './workspace.js'
import { entrySize, nodeSize } from './workspace.js'

const META = N_META
const HEADS = N_HEADS
const ENTRIES = N_ENTRIES
/** Ascending keys in a row after which the place behind the last one is tried first. */
const STREAK = 2
/** Ascending keys in a row after which a new leaf gets the largest capacity at once. */
const LONG_STREAK = 64

/** A tree as a transaction sees it. */
export interface Tree {
  /** Root node, 0 when empty. */
  root: number
  /** Words that its nodes and entries take. */
  words: number
}

export class TreeEditor {
  readonly #W: Uint32Array
  readonly #space: Workspace
  readonly #path = new Path()
  /** The tree and the root that the path belongs to. */
  #tree: Tree | null = null
  #root = 0
  /** The entry put last, and how many were put in ascending order. */
  #last = 0
  #streak = 0
  /** The entry after the last one's place (0: none), if it has been looked up since the last descent. */
  #bound = 0
  #isBounded = false

  constructor(W: Uint32Array, space: Workspace) {
    this.#W = W
    this.#space = space
  }

  /** Forgets the last place: at the start of a transaction and after a roll-back. */
  reset(): void {
    this.#tree = null
    this.#last = 0
    this.#streak = 0
  }

  /** Finds the place of `key` in `tree`; returns its entry, or 0 if there is none. */
  locate(tree: Tree, key: KeyBuffer): number {
    const W = this.#W
    const path = this.#path
    if (this.#tree === tree && this.#root === tree.root && this.#last !== 0) {
      const shared = sharedIfAbove(key.words, key.bytes, W, this.#last)
      if (shared < 0) this.#streak = 0
      else if (++this.#streak > STREAK && this.#follows(key, shared)) return 0
    }
    this.#tree = tree
    this.#root = tree.root
    this.#isBounded = false
    path.seek(W, tree.root, key.words, key.bytes)
    return path.found ? refAt(W, path.nodes[0], path.at[0]) : 0
  }

  /**
   * True, with the path set, if `key` belongs right after the entry put last.
   * @param shared bits that `key` shares with that entry, which is smaller
   */
  #follows(key: KeyBuffer, shared: number): boolean {
    const W = this.#W
    const path = this.#path
    const leaf = path.nodes[0]
    const i = path.at[0]
    if (i >= countOf(W, leaf) || refAt(W, leaf, i) !== this.#last) return false
    if (!this.#isBounded) this.#findBound()
    const bound = this.#bound
    if (bound !== 0 && compareToEntry(key.words, key.bytes, W, bound) >= 0) return false
    path.at[0] = i + 1
    path.found = false
    path.shared = shared
    return true
  }

  /** Looks up the entry after the path's place: keys below it follow without a descent. */
  #findBound(): void {
    const W = this.#W
    const path = this.#path
    this.#bound = 0
    for (let level = 0; level <= path.top; level++) {
      const node = path.nodes[level]
      const after = path.at[level] + 1
      if (after === countOf(W, node)) continue
      this.#bound = refAt(W, node, after)
      break
    }
    this.#isBounded = true
  }

  /** Replaces the entry just located by `entry`, and retires it. */
  replace(tree: Tree, entry: number): void {
    const W = this.#W
    const path = this.#path
    this.#own(tree, 0)
    const leaf = path.nodes[0]
    const at = path.at[0]
    const slot = leaf + HEADS + capacityOf(W, leaf) + at
    const old = W[slot]
    W[slot] = entry
    tree.words += entrySize(W, entry) - entrySize(W, old)
    this.#space.retireEntry(old)
    if (at === 0) this.#lowerMinimum(entry)
    this.#last = entry
  }

  /** Inserts `entry` at the place just located, where its key was not found. */
  insert(tree: Tree, entry: number): void {
    const W = this.#W
    const path = this.#path
    if (path.top < 0) {
      this.#plant(tree, entry)
      return
    }
    if (path.shared !== UNKNOWN && this.#append(tree, entry)) return
    this.#own(tree, 1)
    const appending = this.#appends()
    // The halves of a node that splits may have a greater depth than it had.
    if (countOf(W, path.nodes[0]) === N_MAX) path.look(W, entry)
    const right = this.#makeRoom(tree, appending)
    // No step below can fail.
    for (let level = right === 0 ? 0 : 1; level <= path.top; level++) {
      const node = path.nodes[level]
      if (path.shared !== UNKNOWN && depthOf(W, node) > path.shared) setDepth(W, node, path.shared)
      W[node + ENTRIES]++
    }
    if (right === 0) {
      const leaf = path.nodes[0]
      const at = path.at[0]
      openSlot(W, leaf, at)
      W[leaf + HEADS + at] = entryBits(W, entry, depthOf(W, leaf))
      W[leaf + HEADS + capacityOf(W, leaf) + at] = entry
      if (at === 0) this.#lowerMinimum(entry)
    } else {
      fillFirst(W, right, entry)
      this.#link(1, right, entry)
      path.nodes[0] = right
      path.at[0] = 0
      path.at[1]++
    }
    tree.words += entrySize(W, entry)
    this.#last = entry
    this.#root = tree.root
  }

  /** Inserts `entry` at the end of an owned leaf, if that is its place and there is room. */
  #append(tree: Tree, entry: number): boolean {
    const W = this.#W
    const { nodes, at, shared, top } = this.#path
    const leaf = nodes[0]
    const count = countOf(W, leaf)
    const capacity = capacityOf(W, leaf)
    if (at[0] !== count || count === capacity || !this.#space.isOwn(leaf)) return false
    for (let level = 0; level <= top; level++) {
      const node = nodes[level]
      if (depthOf(W, node) > shared) setDepth(W, node, shared)
      W[node + ENTRIES]++
    }
    W[leaf + HEADS + count] = entryBits(W, entry, depthOf(W, leaf))
    W[leaf + HEADS + capacity + count] = entry
    W[leaf + META]++
    tree.words += entrySize(W, entry)
    this.#last = entry
    return true
  }

  /** Removes the entry just located and retires it. */
  remove(tree: Tree): void {
    const W = this.#W
    const path = this.#path
    this.#own(tree, 0)
    const leaf = path.nodes[0]
    const at = path.at[0]
    const entry = refAt(W, leaf, at)
    closeSlot(W, leaf, at)
    for (let level = 0; level <= path.top; level++) W[path.nodes[level] + ENTRIES]--
    tree.words -= entrySize(W, entry)
    this.#space.retireEntry(entry)
    if (countOf(W, leaf) === 0) this.#dropEmpty(tree)
    else {
      if (at === 0) this.#lowerMinimum(refAt(W, leaf, 0))
      if (countOf(W, leaf) < N_MIN) this.#merge(tree, 0)
    }
    this.#shorten(tree)
    this.#tree = null
    this.#last = 0
  }

  /** The first leaf of an empty tree. */
  #plant(tree: Tree, entry: number): void {
    const W = this.#W
    const leaf = this.#make(tree, 0, 8)
    fillFirst(W, leaf, entry)
    tree.root = leaf
    tree.words += entrySize(W, entry)
    const path = this.#path
    path.top = 0
    path.nodes[0] = leaf
    path.at[0] = 0
    this.#root = leaf
    this.#last = entry
  }

  /** A new node that the transaction owns, with everything but its slots set. */
  #make(tree: Tree, level: number, capacity: number): number {
    const W = this.#W
    const node = this.#space.allocate(nodeWords(level, capacity))
    W[node + META] = metaWord(0, level, capacity, 0)
    this.#space.stampNode(node)
    W[node + ENTRIES] = 0
    tree.words += nodeSize(W, node)
    return node
  }

  /** Retires a node that the tree no longer reaches. */
  #drop(tree: Tree, node: number): void {
    tree.words -= nodeSize(this.#W, node)
    this.#space.retireNode(node)
  }

  /** Makes all nodes of the path owned, from the root down, with room for `more` in the leaf. */
  #own(tree: Tree, more: number): void {
    const W = this.#W
    const path = this.#path
    const leaf = path.nodes[0]
    const size = countOf(W, leaf)
    const isFull = more !== 0 && size === capacityOf(W, leaf) && size < N_MAX
    // The nodes above an owned node are owned: they were changed when it was linked.
    if (!isFull && this.#space.isOwn(leaf)) return
    for (let level = path.top; level >= 0; level--) {
      const node = path.nodes[level]
      const count = countOf(W, node)
      const full = level === 0 && isFull
      if (this.#space.isOwn(node) && !full) continue
      const wanted = level === 0 ? Math.min(count + more, N_MAX) : count
      this.#replaceNode(tree, level, this.#copy(tree, node, capacityFor(wanted)))
    }
    this.#root = tree.root
  }

  /** An owned copy of `node`, with `capacity`. */
  #copy(tree: Tree, node: number, capacity: number): number {
    const W = this.#W
    const level = levelOf(W, node)
    const words = nodeWords(level, capacity)
    const copy = this.#space.allocate(words)
    if (capacity === capacityOf(W, node)) {
      W.copyWithin(copy, node, node + words)
    } else {
      const count = countOf(W, node)
      W[copy + META] = metaWord(depthOf(W, node), level, capacity, count)
      W[copy + ENTRIES] = W[node + ENTRIES]
      copySlots(W, node, 0, copy, 0, count)
    }
    this.#space.stampNode(copy)
    tree.words += nodeSize(W, copy)
    return copy
  }

  /** Replaces the path's node at `level`, whose parent is owned, by `node`. */
  #replaceNode(tree: Tree, level: number, node: number): void {
    const W = this.#W
    const path = this.#path
    const old = path.nodes[level]
    if (level === path.top) {
      tree.root = node
      this.#root = node
    } else {
      const parent = path.nodes[level + 1]
      W[parent + HEADS + 2 * capacityOf(W, parent) + path.at[level + 1]] = node
    }
    path.nodes[level] = node
    this.#drop(tree, old)
  }

  /** Makes `entry` the smallest below the path's node under level `from`, in the refs of its ancestors. */
  #lowerMinimum(entry: number, from = 1): void {
    const W = this.#W
    const path = this.#path
    for (let level = from; level <= path.top; level++) {
      const node = path.nodes[level]
      const at = path.at[level]
      W[node + HEADS + at] = entryBits(W, entry, depthOf(W, node))
      W[node + HEADS + capacityOf(W, node) + at] = entry
      if (at !== 0) return
    }
  }

  /** True if the place is the end of its leaf and the entry before it is the last one put. */
  #appends(): boolean {
    const W = this.#W
    const leaf = this.#path.nodes[0]
    const at = this.#path.at[0]
    return at === countOf(W, leaf) && at > 0 && refAt(W, leaf, at - 1) === this.#last
  }

  /**
   * Gives the leaf room for one more slot; splits full nodes on the way from the top down, each step
   * leaving a whole tree.
   * @returns 0, or, when appending to a full leaf, a new empty leaf for which the parent has room.
   */
  #makeRoom(tree: Tree, appending: boolean): number {
    const W = this.#W
    const path = this.#path
    if (countOf(W, path.nodes[0]) < N_MAX) return 0
    let level = 1
    while (level <= path.top && countOf(W, path.nodes[level]) === N_MAX) level++
    if (level > path.top) this.#growRoot(tree)
    else this.#widen(tree, level)
    while (--level > 0) {
      this.#split(tree, level, appending)
      this.#widen(tree, level)
    }
    if (appending) return this.#make(tree, 0, this.#streak > LONG_STREAK ? N_MAX : 8)
    this.#split(tree, 0, false)
    return 0
  }

  /** Gives the inner node at `level` room for one more kid. */
  #widen(tree: Tree, level: number): void {
    const W = this.#W
    const node = this.#path.nodes[level]
    const count = countOf(W, node)
    if (count < capacityOf(W, node)) return
    this.#replaceNode(tree, level, this.#copy(tree, node, capacityFor(count + 1)))
  }

  /** A new root above the old one, which becomes its only kid. */
  #growRoot(tree: Tree): void {
    const W = this.#W
    const path = this.#path
    const old = tree.root
    const level = path.top + 1
    const root = this.#make(tree, level, 8)
    const depth = depthOf(W, old)
    W[root + META] = metaWord(depth, level, 8, 1)
    W[root + ENTRIES] = W[old + ENTRIES]
    const least = refAt(W, old, 0)
    W[root + HEADS] = entryBits(W, least, depth)
    W[root + HEADS + 8] = least
    W[root + HEADS + 16] = old
    tree.root = root
    path.top = level
    path.nodes[level] = root
    path.at[level] = 0
  }

  /**
   * Splits the full node at `level` in two (its parent has room) and turns the path to the half in
   * which its place now is. When appending, an inner node keeps all but its last kid.
   */
  #split(tree: Tree, level: number, appending: boolean): void {
    const W = this.#W
    const path = this.#path
    const node = path.nodes[level]
    const count = countOf(W, node)
    const at = path.at[level]
    const middle = appending && at === count - 1 ? count - 1 : count >>> 1
    const pivot = refAt(W, node, middle)
    const right = this.#half(tree, node, middle, count)
    let left = 0
    try {
      left = this.#half(tree, node, 0, middle)
    } catch (error) {
      this.#drop(tree, right)
      throw error
    }
    deepen(W, left, sharedBitsOfEntries(W, refAt(W, left, 0), pivot))
    deepen(W, right, sharedBitsOfEntries(W, pivot, largestBelow(W, right)))
    this.#replaceNode(tree, level, left)
    this.#link(level + 1, right, pivot)
    if (at >= middle && (level > 0 || at > middle)) {
      path.nodes[level] = right
      path.at[level] = at - middle
      path.at[level + 1]++
    }
  }

  /** A new node with slots `from` to `to` of `node`. */
  #half(tree: Tree, node: number, from: number, to: number): number {
    const W = this.#W
    const level = levelOf(W, node)
    const capacity = Math.min(capacityFor(to - from + 1), N_MAX)
    const half = this.#make(tree, level, capacity)
    W[half + META] = metaWord(depthOf(W, node), level, capacity, to - from)
    copySlots(W, node, from, half, 0, to - from)
    let entries = to - from
    if (level > 0) {
      entries = 0
      for (let i = 0; i < to - from; i++) entries += W[kidAt(W, half, i) + ENTRIES]
    }
    W[half + ENTRIES] = entries
    return half
  }

  /** Links `kid`, whose smallest entry is `least`, behind the path's kid in the node at `level`. */
  #link(level: number, kid: number, least: number): void {
    const W = this.#W
    const parent = this.#path.nodes[level]
    const capacity = capacityOf(W, parent)
    const at = this.#path.at[level] + 1
    openSlot(W, parent, at)
    W[parent + HEADS + at] = entryBits(W, least, depthOf(W, parent))
    W[parent + HEADS + capacity + at] = least
    W[parent + HEADS + 2 * capacity + at] = kid
  }

  /** Removes the path's empty leaf, and each ancestor that then has no kid left. */
  #dropEmpty(tree: Tree): void {
    const W = this.#W
    const path = this.#path
    let level = 0
    while (level <= path.top) {
      const node = path.nodes[level]
      if (countOf(W, node) > 0) break
      this.#drop(tree, node)
      level++
      if (level <= path.top) closeSlot(W, path.nodes[level], path.at[level])
    }
    if (level > path.top) {
      tree.root = 0
      return
    }
    const node = path.nodes[level]
    if (path.at[level] === 0) this.#lowerMinimum(refAt(W, node, 0), level + 1)
    if (countOf(W, node) < N_MIN) this.#merge(tree, level)
  }

  /** Merges the path's small node at `level` with a neighbour if both fit one node. Optional. */
  #merge(tree: Tree, level: number): void {
    const W = this.#W
    const path = this.#path
    if (level >= path.top) return
    const parent = path.nodes[level + 1]
    const at = path.at[level + 1]
    const here = countOf(W, path.nodes[level])
    for (const leftAt of [at - 1, at]) {
      if (leftAt < 0 || leftAt + 1 >= countOf(W, parent)) continue
      const left = kidAt(W, parent, leftAt)
      const right = kidAt(W, parent, leftAt + 1)
      const other = leftAt === at ? right : left
      if (here + countOf(W, other) > N_MERGED) continue
      const merged = this.#join(tree, left, right)
      if (merged === 0) return
      closeSlot(W, parent, leftAt + 1)
      W[parent + HEADS + 2 * capacityOf(W, parent) + leftAt] = merged
      this.#drop(tree, left)
      this.#drop(tree, right)
      if (countOf(W, parent) < N_MIN) this.#merge(tree, level + 1)
      return
    }
  }

  /** A new node with all slots of two neighbours; 0 where there is no memory for it. */
  #join(tree: Tree, left: number, right: number): number {
    const W = this.#W
    const level = levelOf(W, left)
    const a = countOf(W, left)
    const b = countOf(W, right)
    const capacity = capacityFor(a + b)
    const node = this.#space.tryAllocate(nodeWords(level, capacity))
    if (node === 0) return 0
    const depth = sharedBitsOfEntries(W, refAt(W, left, 0), largestBelow(W, right))
    W[node + META] = metaWord(depth, level, capacity, a + b)
    this.#space.stampNode(node)
    copySlots(W, left, 0, node, 0, a)
    copySlots(W, right, 0, node, a, b)
    const refs = node + HEADS + capacity
    for (let i = 0; i < a + b; i++) W[node + HEADS + i] = entryBits(W, W[refs + i], depth)
    W[node + ENTRIES] = W[left + ENTRIES] + W[right + ENTRIES]
    tree.words += nodeSize(W, node)
    return node
  }

  /** Replaces a root that has one kid by that kid. */
  #shorten(tree: Tree): void {
    const W = this.#W
    while (tree.root !== 0 && levelOf(W, tree.root) > 0 && countOf(W, tree.root) === 1) {
      const kid = kidAt(W, tree.root, 0)
      this.#drop(tree, tree.root)
      tree.root = kid
    }
  }
}
