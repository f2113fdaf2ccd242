/**
 * Nodes that the present transaction owns: they are changed in place, and have no units, so each is its own pointer.
 * Pure functions on words. node.ts tells the invariants.
 */
import { entryBits, keyBytesOf } from '../memory/entry.js'
import {
  CAPACITY_MASK,
  CAPACITY_SHIFT,
  COUNT_MASK,
  DEPTH_SHIFT,
  LEVEL_MASK,
  LEVEL_SHIFT,
  N_ENTRIES,
  N_HEADS,
  N_META,
} from '../memory/layout.js'
import {
  addressOf,
  capacityOf,
  countOf,
  depthOf,
  entriesBelow,
  levelOf,
  metaWord,
  readEntries,
  readHeads,
  readKids,
  unitsOf,
} from './node.js'

const META = N_META
const HEADS = N_HEADS
/** The most words moved one by one; for more, a call (20 ns and 0.2 a word, not 1.1) is cheaper. */
const FEW = 16
/** The fewest bits for which a node gets a greater depth: that costs a read of each key. */
const DEEPEN = 4

/** Copies `count` words from `from` to `to`; where they overlap, `to` is below. */
function move(W: Uint32Array, from: number, to: number, count: number): void {
  if (count > FEW) W.copyWithin(to, from, from + count)
  else for (let i = 0; i < count; i++) W[to + i] = W[from + i]
}

/**
 * Makes an owned node, of which the birth is written already, a copy of what a pointer leads to.
 * @param capacity at least the count
 */
export function copyNode(W: Uint32Array, source: number, node: number, capacity: number): void {
  const level = levelOf(W, source)
  const count = countOf(W, source)
  W[node + META] = metaWord(depthOf(W, source), level, capacity, count)
  W[node + N_ENTRIES] = entriesBelow(W, source)
  if (unitsOf(source) === 0) copySlots(W, source, 0, node, 0, count)
  else if (level === 0) {
    const heads = node + HEADS
    readEntries(W, source, W, heads + capacity)
    readHeads(W, source, W, heads, W, heads + capacity)
  } else {
    const from = addressOf(source)
    const heads = node + HEADS
    const width = capacityOf(W, from)
    move(W, from + HEADS, heads, count)
    move(W, from + HEADS + width, heads + capacity, count)
    readKids(W, source, W, heads + 2 * capacity)
  }
}

/**
 * Copies `count` slots from slot `from` of the node at `source`, which has no units, to slot `to` of `target`, heads as
 * they are.
 */
export function copySlots(
  W: Uint32Array,
  source: number,
  from: number,
  target: number,
  to: number,
  count: number,
): void {
  const sourceCapacity = capacityOf(W, source)
  const targetCapacity = capacityOf(W, target)
  const a = source + HEADS + from
  const b = target + HEADS + to
  const rows = levelOf(W, source) === 0 ? 2 : 3
  for (let row = 0; row < rows; row++) {
    move(W, a + row * sourceCapacity, b + row * targetCapacity, count)
  }
}

/**
 * Gives a node a new depth, with heads to match. A smaller depth is derived from the old heads and
 * one key; a greater one needs every key.
 */
export function setDepth(W: Uint32Array, node: number, depth: number): void {
  const meta = W[node + META]
  const old = meta >>> DEPTH_SHIFT
  if (old === depth) return
  const count = meta & COUNT_MASK
  const heads = node + HEADS
  const refs = heads + ((meta >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
  W[node + META] = ((meta & ((1 << DEPTH_SHIFT) - 1)) | (depth << DEPTH_SHIFT)) >>> 0
  if (depth < old) {
    const shift = old - depth
    const shared = entryBits(W, W[refs], depth)
    if (shift >= 32) {
      for (let i = 0; i < count; i++) W[heads + i] = shared
    } else {
      const top = ((shared >>> (32 - shift)) << (32 - shift)) >>> 0
      for (let i = 0; i < count; i++) W[heads + i] = (top | (W[heads + i] >>> shift)) >>> 0
    }
  } else {
    for (let i = 0; i < count; i++) W[heads + i] = entryBits(W, W[refs + i], depth)
  }
}

/** Gives a node a depth that its keys are known to share, if that is worth it. */
export function deepen(W: Uint32Array, node: number, shared: number): void {
  if (shared >= depthOf(W, node) + DEEPEN) setDepth(W, node, shared)
}

/** Makes room for one slot at `at` in a node with spare capacity; the count grows by one. */
export function openSlot(W: Uint32Array, node: number, at: number): void {
  const meta = W[node + META]
  const capacity = ((meta >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
  const count = meta & COUNT_MASK
  W[node + META] = meta + 1
  if (at === count) return
  const rows = ((meta >>> LEVEL_SHIFT) & LEVEL_MASK) === 0 ? 2 : 3
  for (let row = 0, base = node + HEADS; row < rows; row++, base += capacity) {
    if (count - at > FEW) W.copyWithin(base + at + 1, base + at, base + count)
    else for (let i = base + count; i > base + at; i--) W[i] = W[i - 1]
  }
}

/** Removes slot `at`; the count shrinks by one. */
export function closeSlot(W: Uint32Array, node: number, at: number): void {
  const capacity = capacityOf(W, node)
  const count = W[node + META] & COUNT_MASK
  const heads = node + HEADS
  const rows = levelOf(W, node) === 0 ? 2 : 3
  for (let row = 0; row < rows; row++) {
    const base = heads + row * capacity
    move(W, base + at + 1, base + at, count - at - 1)
  }
  W[node + META]--
}

/** Writes slot `i`: an entry, with its head; of an inner node, the smallest entry below its kid. */
export function setRef(W: Uint32Array, node: number, i: number, entry: number): void {
  const heads = node + HEADS
  W[heads + i] = entryBits(W, entry, W[node + META] >>> DEPTH_SHIFT)
  W[heads + capacityOf(W, node) + i] = entry
}

/** Writes the kid in slot `i` of an inner node. */
export function setKid(W: Uint32Array, node: number, i: number, kid: number): void {
  W[node + HEADS + 2 * capacityOf(W, node) + i] = kid
}

/** Makes `entry` the only entry of an empty leaf. */
export function fillFirst(W: Uint32Array, leaf: number, entry: number): void {
  const depth = ((keyBytesOf(W, entry) + 3) >>> 2) * 32
  const capacity = capacityOf(W, leaf)
  W[leaf + META] = metaWord(depth, 0, capacity, 1)
  W[leaf + HEADS] = 0
  W[leaf + HEADS + capacity] = entry
  W[leaf + N_ENTRIES] = 1
}
