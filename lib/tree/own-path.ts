/**
 * The path from the root to a place in a leaf, as the present transaction changes it.
 *
 * For the holder of the writer lock. A change of a node is made in place, if the transaction owns the node; else by a
 * unit, where units can say it and the node has room for them; else the node is copied whole, and the copy is owned.
 * Invariants:
 * 1. After each call, and after each that throws ZVERSE_FULL, the tree below `tree.root` is whole, and has the content
 *    it had but for what the call is to change: what is to be copied is copied before anything else is changed.
 * 2. Only the newest pointer to a node gets units: those behind its own are left by transactions that came to nothing.
 * 3. A node that is {@link OwnPath.prepare prepared} takes one new kid and one new count in each slot on the path,
 *    however often they change: the transaction changes units that no cursor or savepoint of its own can see.
 */
import { birthOf } from '../memory/birth.js'
import { entryBits } from '../memory/entry.js'
import {
  COUNT_MASK,
  DEPTH_SHIFT,
  H_UNITS,
  INNER_UNITS,
  LEAF_UNITS,
  N_CHANGED,
  N_ENTRIES,
  N_HEADS,
  N_MAX,
  N_META,
  UNIT_CODE,
  UNIT_ENTRIES,
  UNIT_INSERT,
  UNIT_REACH,
  UNIT_SET,
  UNIT_SHIFT,
  UNIT_WHAT,
  UNITS,
} from '../memory/layout.js'
import {
  addressOf,
  capacityFor,
  capacityOf,
  countOf,
  entriesBelow,
  logOf,
  metaWord,
  nodeWords,
  unitsOf,
} from './node.js'
import { copyNode, openSlot, setDepth, setKid, setRef } from './own-node.js'
import { Path, UNKNOWN } from './search.js'
import { nodeSize } from './size.js'
import type { Workspace } from './workspace.js'

/** Units that a node on a path may take for a change below it: a kid and a count. */
const ABOVE = 2

/** In place of a number of slots: the leaf is to be split, and need not be owned. */
export const SPLITS = -1

/** A tree as a transaction sees it. */
export interface Tree {
  /** Pointer to the root node, 0 when empty. */
  root: number
  /** Words that its nodes and entries take. */
  words: number
}

export class OwnPath extends Path {
  readonly #W: Uint32Array
  readonly #space: Workspace
  /** Units that a leaf, and an inner node, take at most. */
  readonly #leafUnits: number
  readonly #innerUnits: number

  /** All of the path was owned when {@link insertOwned} last looked, and it has not changed since. */
  isOwned = false

  constructor(W: Uint32Array, space: Workspace) {
    super()
    this.#W = W
    this.#space = space
    this.#leafUnits = Math.min(LEAF_UNITS, W[H_UNITS])
    this.#innerUnits = Math.min(INNER_UNITS, W[H_UNITS])
  }

  // ── What it may do ────────────────────────────────────────────────────────────────────────────

  /** The path's node at `level` is the transaction's. */
  isOwn(level: number): boolean {
    const pointer = this.nodes[level]
    return (pointer & UNITS) === 0 && this.#space.isOwn(pointer)
  }

  /** The path's node at `level` has room for so many more units. */
  #hasRoom(level: number, count: number): boolean {
    const pointer = this.nodes[level]
    const most = level === 0 ? this.#leafUnits : this.#innerUnits
    if (unitsOf(pointer) + count > most) return false
    const space = this.#space
    return space.version - birthOf(this.#W, addressOf(pointer)) < UNIT_REACH
  }

  /** The leaf's entry at the place can be replaced, or one be inserted there, by a unit. */
  get logsLeaf(): boolean {
    return !this.isOwn(0) && this.#hasRoom(0, 1)
  }

  /** The unit of a node with a code that the transaction may change; 0: there is none. */
  #ownUnit(pointer: number, code: number): number {
    const W = this.#W
    const address = addressOf(pointer)
    const age = this.#space.version - birthOf(W, address)
    const units = unitsOf(pointer)
    const log = logOf(W, address)
    const first = log + 2 * this.#space.firstUnit(address, units)
    for (let at = log + 2 * units - 2; at >= first; at -= 2) {
      if (W[at] >>> UNIT_SHIFT !== age || (W[at] & UNIT_WHAT) === UNIT_INSERT) return 0
      if ((W[at] & UNIT_CODE) === code) return at
    }
    return 0
  }

  // ── Making room ───────────────────────────────────────────────────────────────────────────────

  /**
   * Makes the nodes of the path ready for a change: those up to level `whole` are owned, the others are owned or have
   * room for the units that follow from a change below them. The leaf gets room for `more` entries, if it is
   * owned.
   * @throws ZVerseError `ZVERSE_FULL`
   */
  prepare(tree: Tree, whole: number, more: number): void {
    for (let level = this.top; level > 0; level--) {
      if (this.isOwn(level)) continue
      if (level <= whole || !this.#hasRoom(level, ABOVE)) this.own(tree, level, 0)
    }
    if (whole < 0 || more === SPLITS) return
    const W = this.#W
    const leaf = this.nodes[0]
    if (!this.isOwn(0)) this.own(tree, 0, more)
    else {
      const count = countOf(W, leaf)
      const isFull = count === capacityOf(W, leaf) && count < N_MAX
      if (more > 0 && isFull) this.own(tree, 0, more)
    }
  }

  /**
   * Puts a copy of the path's node at `level` in its place, with room for `more` slots.
   * @throws ZVerseError `ZVERSE_FULL`
   */
  own(tree: Tree, level: number, more: number): void {
    const W = this.#W
    const count = countOf(W, this.nodes[level])
    const capacity = capacityFor(level, Math.min(count + more, N_MAX))
    this.#replaceBy(tree, level, this.#space.allocateNode(level, capacity), capacity)
  }

  /** {@link own}; false, with nothing changed, where there is no memory for it. */
  tryOwn(tree: Tree, level: number): boolean {
    if (this.isOwn(level)) return true
    const capacity = capacityFor(level, countOf(this.#W, this.nodes[level]))
    const copy = this.#space.tryAllocateNode(nodeWords(level, capacity))
    if (copy !== 0) this.#replaceBy(tree, level, copy, capacity)
    return copy !== 0
  }

  #replaceBy(tree: Tree, level: number, copy: number, capacity: number): void {
    const W = this.#W
    this.#space.stampNode(copy)
    copyNode(W, this.nodes[level], copy, capacity)
    tree.words += nodeSize(W, copy)
    this.replace(tree, level, copy)
  }

  /** A new node that is owned, with everything but its slots set. @throws ZVerseError `ZVERSE_FULL` */
  make(tree: Tree, level: number, capacity: number): number {
    const W = this.#W
    const node = this.#space.allocateNode(level, capacity)
    W[node + N_META] = metaWord(0, level, capacity, 0)
    this.#space.stampNode(node)
    W[node + N_ENTRIES] = 0
    tree.words += nodeSize(W, node)
    return node
  }

  /** Retires a node that the tree no longer reaches. */
  drop(tree: Tree, pointer: number): void {
    const address = addressOf(pointer)
    tree.words -= nodeSize(this.#W, address)
    this.#space.retireNode(address)
  }

  // ── Changes, for which there is room ──────────────────────────────────────────────────────────

  /**
   * Inserts an entry at the place, if all of the path is owned and the leaf has room, as mostly in large transactions;
   * false, with nothing changed, where not.
   */
  insertOwned(entry: number): boolean {
    const W = this.#W
    const { nodes, shared, top } = this
    // A cursor makes what was owned another's, the leaf as well as what is above it: the leaf tells for all.
    if (!this.isOwn(0)) return false
    for (let level = 1; level <= top && !this.isOwned; level++) {
      if (!this.isOwn(level)) return false
    }
    this.isOwned = true
    const leaf = nodes[0]
    const count = W[leaf + N_META] & COUNT_MASK
    const capacity = capacityOf(W, leaf)
    if (count === capacity) return false
    for (let level = 0; level <= top; level++) {
      const node = nodes[level]
      if (shared !== UNKNOWN && W[node + N_META] >>> DEPTH_SHIFT > shared) setDepth(W, node, shared)
      W[node + N_ENTRIES]++
    }
    const slot = this.at[0]
    if (slot < count) {
      openSlot(W, leaf, slot)
      setRef(W, leaf, slot, entry)
      if (slot === 0) this.lowerLeast(entry, 1)
    } else {
      const head = leaf + N_HEADS + slot
      W[head] = entryBits(W, entry, W[leaf + N_META] >>> DEPTH_SHIFT)
      W[head + capacity] = entry
      W[leaf + N_META]++
    }
    return true
  }

  /** Puts another node in the place of the path's at `level`, and drops that. */
  replace(tree: Tree, level: number, node: number): void {
    const old = this.nodes[level]
    this.nodes[level] = node
    this.#link(tree, level)
    this.drop(tree, old)
  }

  /** Writes the path's pointer at `level`, which is a new one, where the node above has it, and so on up. */
  #link(tree: Tree, level: number): void {
    for (; level < this.top; level++) {
      const above = this.nodes[level + 1]
      const changed = this.#set(above, this.at[level + 1], this.nodes[level])
      if (changed === above) return
      this.nodes[level + 1] = changed
    }
    tree.root = this.nodes[this.top]
  }

  /** Sets a kid; returns the new pointer to the node. */
  #set(pointer: number, slot: number, kid: number): number {
    if ((pointer & UNITS) !== 0 || !this.#space.isOwn(pointer)) {
      return this.#note(pointer, UNIT_SET + slot, kid)
    }
    setKid(this.#W, pointer, slot, kid)
    return pointer
  }

  /** Changes the transaction's unit with a code, or adds one; returns the new pointer to the node. */
  #note(pointer: number, code: number, value: number): number {
    const W = this.#W
    const own = this.#ownUnit(pointer, code)
    if (own !== 0) {
      W[own + 1] = value
      return pointer
    }
    return this.#append(pointer, code, value)
  }

  #append(pointer: number, code: number, value: number): number {
    const W = this.#W
    const address = addressOf(pointer)
    const units = unitsOf(pointer)
    this.#space.adds(address, units)
    const at = logOf(W, address) + 2 * units
    W[at] = ((this.#space.version - birthOf(W, address)) << UNIT_SHIFT) | code
    W[at + 1] = value
    if ((code & UNIT_WHAT) === UNIT_SET) W[address + N_CHANGED + (code >>> 5)] |= 1 << (code & 31)
    else if ((code & UNIT_WHAT) === UNIT_INSERT)
      W.fill(0xffffffff, address + N_CHANGED, address + N_HEADS)
    return pointer + 1
  }

  /** Adds to the entry counts of the path's nodes from level `from` on. */
  count(tree: Tree, from: number, more: number): void {
    const W = this.#W
    for (let level = from; level <= this.top; level++) {
      const pointer = this.nodes[level]
      if (this.isOwn(level)) {
        W[pointer + N_ENTRIES] += more
        continue
      }
      const changed = this.#note(pointer, UNIT_ENTRIES, entriesBelow(W, pointer) + more)
      if (changed === pointer) continue
      this.nodes[level] = changed
      this.#link(tree, level)
    }
  }

  /** Replaces the entry at the place by a unit. */
  logEntry(tree: Tree, entry: number): void {
    this.#logged(tree, this.#note(this.nodes[0], UNIT_SET + this.at[0], entry))
  }

  /** Inserts an entry at the place by a unit. */
  logInsert(tree: Tree, entry: number): void {
    this.#logged(tree, this.#append(this.nodes[0], UNIT_INSERT + this.at[0], entry))
  }

  #logged(tree: Tree, leaf: number): void {
    if (leaf === this.nodes[0]) return
    this.nodes[0] = leaf
    this.#link(tree, 0)
  }

  // ── Smallest entries ──────────────────────────────────────────────────────────────────────────

  /**
   * The highest level at which a node has the smallest entry of the path's node under level `from` as a ref; below
   * `from` where there is none.
   */
  leastLevel(from: number): number {
    if (from > this.top) return from - 1
    let level = from
    while (level < this.top && this.at[level] === 0) level++
    return level
  }

  /** Makes `entry` the smallest below the path's node under level `from`, in the refs of the nodes above. */
  lowerLeast(entry: number, from: number): void {
    const last = this.leastLevel(from)
    for (let level = from; level <= last; level++) {
      setRef(this.#W, this.nodes[level], this.at[level], entry)
    }
  }
}
