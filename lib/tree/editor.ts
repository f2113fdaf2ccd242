/**
 * Changes a copy-on-write tree inside a write transaction.
 *
 * For the holder of the writer lock. own-path.ts tells how nodes on the path to a place are changed: in place, by units,
 * or as copies. Invariants:
 * 1. After each call, and after each call that throws ZVERSE_FULL, the tree under `tree.root` is
 *    whole: every allocation comes before the first store that would leave the tree half changed.
 * 2. node.ts's invariants hold for all nodes; entry counts (N_ENTRIES) are exact.
 * 3. `locate` comes first; `insert`, `replace` or `remove` act on the place it found, once.
 *
 * The editor notices sorted input: while keys come in ascending order and fall into the same leaf, it
 * finds the place without a descent, and leaves a leaf that overflows at its end full.
 */

import type { ZVerseError } from '../errors.js'
import type { KeyBuffer } from '../key/codec.js'
import { compareToEntry, sharedBitsOfEntries, sharedIfAbove } from '../memory/entry.js'
import { COUNT_MASK, N_ENTRIES, N_HEADS, N_MAX, N_MERGED, N_META, N_MIN } from '../memory/layout.js'
import {
  addressOf,
  capacityFor,
  capacityOf,
  countOf,
  depthOf,
  entriesBelow,
  kidAt,
  largestBelow,
  levelOf,
  metaWord,
  nodeWords,
  refAt,
  Slots,
  unitsOf,
} from './node.js'
import {
  closeSlot,
  copySlots,
  deepen,
  fillFirst,
  openSlot,
  setDepth,
  setKid,
  setRef,
} from './own-node.js'
import { OwnPath, SPLITS, type Tree } from './own-path.js'
import { UNKNOWN } from './search.js'
import { entrySize, nodeSize } from './size.js'
import type { Workspace } from './workspace.js'

/** Ascending keys in a row after which the place behind the last one is tried first. */
const STREAK = 2
/** Ascending keys in a row after which a new leaf gets the largest capacity at once. */
const LONG_STREAK = 64

/** A point index, for a key that is about to be changed: loads its lines while other work goes on. */
export interface Prefetch {
  /** Loads the line of the key with this hash. */
  expect(head: number, hash: number): void
  /** Loads the entry that is likely the key's. */
  load(): void
}

export class TreeEditor {
  readonly #W: Uint32Array
  readonly #space: Workspace
  readonly #path: OwnPath
  /** Scratch: two neighbours. */
  readonly #left = new Slots()
  readonly #right = new Slots()
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
    this.#path = new OwnPath(W, space)
  }

  /** Forgets the last place: at the start of a transaction and after a roll-back. */
  reset(): void {
    this.#tree = null
    this.#last = 0
    this.#streak = 0
  }

  /**
   * Finds the place of `key` in `tree`; returns its entry, or 0 if there is none.
   * @param index of the tree's entries, where it {@link Prefetch.expect expects} the key
   */
  locate(tree: Tree, key: KeyBuffer, index: Prefetch | null = null): number {
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
    path.isOwned = false
    if (!path.descend(W, tree.root, key.words, key.bytes)) return 0
    if (index !== null) index.load()
    path.land(W, key.words, key.bytes)
    return path.found ? refAt(W, path.nodes[0], path.at[0]) : 0
  }

  /**
   * True, with the path set, if `key` belongs right after the entry put last.
   * @param shared bits that `key` shares with that entry, which is smaller
   */
  #follows(key: KeyBuffer, shared: number): boolean {
    const W = this.#W
    const path = this.#path
    if (!path.isOwn(0)) return false
    const leaf = path.nodes[0]
    const i = path.at[0]
    if (i >= (W[leaf + N_META] & COUNT_MASK)) return false
    if (W[leaf + N_HEADS + capacityOf(W, leaf) + i] !== this.#last) return false
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
    const at = path.at[0]
    const old = refAt(W, path.nodes[0], at)
    // Nodes above that have it as a ref are copied, and then the leaf is, too.
    let whole = at === 0 ? path.leastLevel(1) : -1
    if (whole < 0 && !path.logsLeaf) whole = 0
    // An owned leaf is the node above's already.
    if (whole !== 0 || !path.isOwn(0)) path.prepare(tree, whole, 0)
    if (whole < 0) path.logEntry(tree, entry)
    else {
      const leaf = path.nodes[0]
      W[leaf + N_HEADS + capacityOf(W, leaf) + at] = entry
      if (at === 0) path.lowerLeast(entry, 1)
    }
    tree.words += entrySize(W, entry) - entrySize(W, old)
    this.#space.retireEntry(old)
    this.#last = entry
    this.#root = tree.root
  }

  /** Inserts `entry` at the place just located, where its key was not found. */
  insert(tree: Tree, entry: number): void {
    const W = this.#W
    const path = this.#path
    if (path.top < 0) {
      this.#plant(tree, entry)
      return
    }
    if (!path.insertOwned(entry)) {
      path.isOwned = false
      this.#insertOrSplit(tree, entry)
    }
    tree.words += entrySize(W, entry)
    this.#last = entry
    this.#root = tree.root
  }

  #insertOrSplit(tree: Tree, entry: number): void {
    try {
      this.#insert(tree, entry, false)
    } catch (error) {
      const { injected } = this.#space
      const { code } = error as ZVerseError
      const isFull = code === 'ZVERSE_FULL' && !injected
      if (!isFull || countOf(this.#W, this.#path.nodes[0]) < 2 * N_MIN) throw error
      // Where no larger block is left, there may be smaller ones: nothing has changed but copies made.
      this.#insert(tree, entry, true)
    }
  }

  /** @param splits the leaf splits, full or not */
  #insert(tree: Tree, entry: number, splits: boolean): void {
    const W = this.#W
    const path = this.#path
    const count = countOf(W, path.nodes[0])
    const isFull = count === N_MAX || splits
    let whole = this.#shallow()
    if (path.at[0] === 0) whole = Math.max(whole, path.leastLevel(1), 0)
    if (isFull) whole = Math.max(whole, this.#splitting())
    // A copy of the leaf, which a delete may need in a full database, must never be larger than the leaf.
    const fits = count < capacityOf(W, addressOf(path.nodes[0]))
    if (whole < 0 && !(fits && path.logsLeaf)) whole = 0
    path.prepare(tree, whole, isFull ? SPLITS : 1)
    if (whole < 0) {
      path.logInsert(tree, entry)
      path.count(tree, 1, 1)
      return
    }
    // The halves of a node that splits may have a greater depth than it had.
    if (isFull) path.look(W, entry)
    const right = isFull ? this.#makeRoom(tree) : 0
    // No step below can fail.
    for (let level = right === 0 ? 0 : 1; level <= path.top; level++) {
      const node = path.nodes[level]
      // Those that are too deep are owned.
      if (path.shared !== UNKNOWN && depthOf(W, node) > path.shared) setDepth(W, node, path.shared)
    }
    path.count(tree, right === 0 ? 0 : 1, 1)
    if (right === 0) {
      const leaf = path.nodes[0]
      const at = path.at[0]
      openSlot(W, leaf, at)
      setRef(W, leaf, at, entry)
      if (at === 0) path.lowerLeast(entry, 1)
    } else {
      fillFirst(W, right, entry)
      this.#linkBehind(1, right, entry)
      path.nodes[0] = right
      path.at[0] = 0
      path.at[1]++
    }
  }

  /** The highest level at which a node is too deep for the key; -1: none is. */
  #shallow(): number {
    const path = this.#path
    if (path.shared === UNKNOWN) return -1
    let level = path.top
    while (level >= 0 && depthOf(this.#W, path.nodes[level]) <= path.shared) level--
    return level
  }

  /** The level of the node that gets one more kid where full nodes below it split. */
  #splitting(): number {
    const { nodes, top } = this.#path
    let level = 1
    while (level <= top && countOf(this.#W, nodes[level]) === N_MAX) level++
    return Math.min(level, top)
  }

  /** Removes the entry just located and retires it. */
  remove(tree: Tree): void {
    const W = this.#W
    const path = this.#path
    const at = path.at[0]
    const entry = refAt(W, path.nodes[0], at)
    path.prepare(tree, this.#emptying(), 0)
    const leaf = path.nodes[0]
    closeSlot(W, leaf, at)
    path.count(tree, 0, -1)
    tree.words -= entrySize(W, entry)
    this.#space.retireEntry(entry)
    if (countOf(W, leaf) === 0) this.#dropEmpty(tree)
    else {
      if (at === 0) path.lowerLeast(refAt(W, leaf, 0), 1)
      if (countOf(W, leaf) < N_MIN) this.#merge(tree, 0)
    }
    this.#shorten(tree)
    this.#tree = null
    this.#last = 0
  }

  /** The highest level at which a node loses a slot, or gets another ref, when the entry is removed. */
  #emptying(): number {
    const { nodes, at, top } = this.#path
    let level = 0
    while (level < top && countOf(this.#W, nodes[level]) === 1) level++
    return at[level] === 0 ? Math.max(level, this.#path.leastLevel(level + 1)) : level
  }

  /** The first leaf of an empty tree. */
  #plant(tree: Tree, entry: number): void {
    const W = this.#W
    const path = this.#path
    const leaf = path.make(tree, 0, capacityFor(0, 1))
    fillFirst(W, leaf, entry)
    tree.root = leaf
    tree.words += entrySize(W, entry)
    path.top = 0
    path.nodes[0] = leaf
    path.at[0] = 0
    this.#root = leaf
    this.#last = entry
  }

  /** True if the place is the end of its leaf and the entry before it is the last one put. */
  #appends(): boolean {
    const W = this.#W
    const leaf = this.#path.nodes[0]
    const at = this.#path.at[0]
    return at === countOf(W, leaf) && at > 0 && refAt(W, leaf, at - 1) === this.#last
  }

  /**
   * Gives the leaf, which is to split, room for one more slot; splits full nodes on the way from the top down, each step
   * leaving a whole tree.
   * @returns 0, or, when appending, a new empty leaf for which the parent has room.
   */
  #makeRoom(tree: Tree): number {
    const W = this.#W
    const path = this.#path
    const appending = this.#appends()
    let level = 1
    while (level <= path.top && countOf(W, path.nodes[level]) === N_MAX) level++
    if (level > path.top) this.#growRoot(tree)
    else this.#widen(tree, level)
    while (--level > 0) {
      this.#split(tree, level, appending)
      this.#widen(tree, level)
    }
    const most = this.#streak > LONG_STREAK ? N_MAX : 1
    if (appending) return path.make(tree, 0, capacityFor(0, most))
    this.#split(tree, 0, false)
    return 0
  }

  /** Gives the inner node at `level` room for one more kid. */
  #widen(tree: Tree, level: number): void {
    const W = this.#W
    const node = this.#path.nodes[level]
    if (countOf(W, node) === capacityOf(W, node)) this.#path.own(tree, level, 1)
  }

  /** A new root above the old one, which becomes its only kid. */
  #growRoot(tree: Tree): void {
    const W = this.#W
    const path = this.#path
    const old = tree.root
    const level = path.top + 1
    const capacity = capacityFor(level, 1)
    const root = path.make(tree, level, capacity)
    W[root + N_META] = metaWord(depthOf(W, old), level, capacity, 1)
    W[root + N_ENTRIES] = entriesBelow(W, old)
    setRef(W, root, 0, refAt(W, old, 0))
    setKid(W, root, 0, old)
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
      path.drop(tree, right)
      throw error
    }
    deepen(W, left, sharedBitsOfEntries(W, refAt(W, left, 0), pivot))
    deepen(W, right, sharedBitsOfEntries(W, pivot, largestBelow(W, right)))
    path.replace(tree, level, left)
    this.#linkBehind(level + 1, right, pivot)
    if (at >= middle && (level > 0 || at > middle)) {
      path.nodes[level] = right
      path.at[level] = at - middle
      path.at[level + 1]++
    }
  }

  /** A new node with slots `from` to `to` of a `node` that is owned, or a leaf. */
  #half(tree: Tree, node: number, from: number, to: number): number {
    const W = this.#W
    const level = levelOf(W, node)
    const capacity = capacityFor(level, Math.min(to - from + 1, N_MAX))
    const half = this.#path.make(tree, level, capacity)
    W[half + N_META] = metaWord(depthOf(W, node), level, capacity, to - from)
    if (unitsOf(node) === 0) copySlots(W, node, from, half, 0, to - from)
    else {
      const { refs } = this.#left.read(W, node)
      for (let i = from; i < to; i++) setRef(W, half, i - from, refs[i])
    }
    let entries = to - from
    if (level > 0) {
      entries = 0
      for (let i = 0; i < to - from; i++) entries += entriesBelow(W, kidAt(W, half, i))
    }
    W[half + N_ENTRIES] = entries
    return half
  }

  /** Links `kid`, whose smallest entry is `least`, behind the path's kid in the owned node at `level`. */
  #linkBehind(level: number, kid: number, least: number): void {
    const W = this.#W
    const parent = this.#path.nodes[level]
    const at = this.#path.at[level] + 1
    openSlot(W, parent, at)
    setRef(W, parent, at, least)
    setKid(W, parent, at, kid)
  }

  /** Removes the path's empty leaf, and each ancestor that then has no kid left. */
  #dropEmpty(tree: Tree): void {
    const W = this.#W
    const path = this.#path
    let level = 0
    while (level <= path.top) {
      const node = path.nodes[level]
      if (countOf(W, node) > 0) break
      path.drop(tree, node)
      level++
      if (level <= path.top) closeSlot(W, path.nodes[level], path.at[level])
    }
    if (level > path.top) {
      tree.root = 0
      return
    }
    const node = path.nodes[level]
    if (path.at[level] === 0) path.lowerLeast(refAt(W, node, 0), level + 1)
    if (countOf(W, node) < N_MIN) this.#merge(tree, level)
  }

  /** Merges the path's small node at `level` with a neighbour if both fit one node. Optional. */
  #merge(tree: Tree, level: number): void {
    const W = this.#W
    const path = this.#path
    if (level >= path.top) return
    const above = path.nodes[level + 1]
    const at = path.at[level + 1]
    const here = countOf(W, path.nodes[level])
    for (const leftAt of [at - 1, at]) {
      if (leftAt < 0 || leftAt + 1 >= countOf(W, above)) continue
      const left = kidAt(W, above, leftAt)
      const right = kidAt(W, above, leftAt + 1)
      const other = leftAt === at ? right : left
      if (here + countOf(W, other) > N_MERGED) continue
      if (!path.tryOwn(tree, level + 1)) return
      const merged = this.#join(tree, left, right)
      if (merged === 0) return
      const parent = path.nodes[level + 1]
      closeSlot(W, parent, leftAt + 1)
      setKid(W, parent, leftAt, merged)
      path.drop(tree, left)
      path.drop(tree, right)
      if (countOf(W, parent) < N_MIN) this.#merge(tree, level + 1)
      return
    }
  }

  /** A new node with all slots of two neighbours; 0 where there is no memory for it. */
  #join(tree: Tree, left: number, right: number): number {
    const W = this.#W
    const a = this.#left.read(W, left)
    const b = this.#right.read(W, right)
    const { level } = a
    const count = a.count + b.count
    const capacity = capacityFor(level, count)
    const node = this.#space.tryAllocateNode(nodeWords(level, capacity))
    if (node === 0) return 0
    const depth = sharedBitsOfEntries(W, a.refs[0], largestBelow(W, right))
    W[node + N_META] = metaWord(depth, level, capacity, count)
    this.#space.stampNode(node)
    W[node + N_ENTRIES] = entriesBelow(W, left) + entriesBelow(W, right)
    for (let i = 0; i < count; i++) {
      const from = i < a.count ? a : b
      const slot = i < a.count ? i : i - a.count
      setRef(W, node, i, from.refs[slot])
      if (level > 0) setKid(W, node, i, from.kids[slot])
    }
    tree.words += nodeSize(W, node)
    return node
  }

  /** Replaces a root that has one kid by that kid. */
  #shorten(tree: Tree): void {
    const W = this.#W
    while (tree.root !== 0 && levelOf(W, tree.root) > 0 && countOf(W, tree.root) === 1) {
      const kid = kidAt(W, tree.root, 0)
      this.#path.drop(tree, tree.root)
      tree.root = kid
    }
  }
}
