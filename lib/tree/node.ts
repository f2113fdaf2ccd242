/**
 * The nodes of the ordered tree (layout.ts draws one): their parts, and how they are filled. Pure functions on words.
 *
 * Nodes that a snapshot can reach never change. The functions that write are for nodes that the
 * present transaction owns. Invariants of every node:
 * 1. refs are in key order, strictly; heads[i] are the 32 bits from `depth` on of the key of ref i.
 * 2. All keys below the node share their first `depth` bits, which lie within the words that each of
 *    them has. The depth may be less than they share: that only costs comparisons.
 * 3. In an inner node, ref i is the smallest entry below kid i, in this snapshot.
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

const META = N_META
const HEADS = N_HEADS
/** The most words moved one by one; for more, a call (20 ns and 0.2 a word, not 1.1) is cheaper. */
const FEW = 16
/** The fewest bits for which a node gets a greater depth: that costs a read of each key. */
const DEEPEN = 4

// ── Its parts ───────────────────────────────────────────────────────────────────────────────────

export function countOf(W: Uint32Array, node: number): number {
  return W[node + META] & COUNT_MASK
}

export function capacityOf(W: Uint32Array, node: number): number {
  return ((W[node + META] >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
}

export function levelOf(W: Uint32Array, node: number): number {
  return (W[node + META] >>> LEVEL_SHIFT) & LEVEL_MASK
}

/** Entry `i` of a leaf; the smallest entry below kid `i` of an inner node. */
export function refAt(W: Uint32Array, node: number, i: number): number {
  return W[node + N_HEADS + capacityOf(W, node) + i]
}

/** Kid `i` of an inner node. */
export function kidAt(W: Uint32Array, node: number, i: number): number {
  return W[node + N_HEADS + 2 * capacityOf(W, node) + i]
}

/** Bits that all keys below the node share. */
export function depthOf(W: Uint32Array, node: number): number {
  return W[node + META] >>> DEPTH_SHIFT
}

/** The first word of a node. */
export function metaWord(depth: number, level: number, capacity: number, count: number): number {
  const sizes = ((capacity >>> 3) << CAPACITY_SHIFT) | count
  return ((depth << DEPTH_SHIFT) | (level << LEVEL_SHIFT) | sizes) >>> 0
}

/** Words of a node of `capacity` at `level`. */
export function nodeWords(level: number, capacity: number): number {
  return N_HEADS + (level === 0 ? 2 : 3) * capacity
}

/** Visits the entries below a node (0: none), in key order. */
export function eachEntry(W: Uint32Array, node: number, visit: (entry: number) => void): void {
  if (node === 0) return
  const isLeaf = levelOf(W, node) === 0
  for (let i = 0; i < countOf(W, node); i++) {
    if (isLeaf) visit(refAt(W, node, i))
    else eachEntry(W, kidAt(W, node, i), visit)
  }
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────

/** Capacity that holds `count` refs: the next multiple of 8. */
export function capacityFor(count: number): number {
  return (count + 7) & ~7
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
  const refs = node + HEADS + ((meta >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
  W[node + META] = ((meta & ((1 << DEPTH_SHIFT) - 1)) | (depth << DEPTH_SHIFT)) >>> 0
  if (depth < old) {
    const shift = old - depth
    const shared = entryBits(W, W[refs], depth)
    if (shift >= 32) {
      for (let i = 0; i < count; i++) W[node + HEADS + i] = shared
    } else {
      const top = ((shared >>> (32 - shift)) << (32 - shift)) >>> 0
      for (let i = 0; i < count; i++) {
        W[node + HEADS + i] = (top | (W[node + HEADS + i] >>> shift)) >>> 0
      }
    }
  } else {
    for (let i = 0; i < count; i++) W[node + HEADS + i] = entryBits(W, W[refs + i], depth)
  }
}

/** Copies `count` words from `from` to `to`; where they overlap, `to` is below. */
function move(W: Uint32Array, from: number, to: number, count: number): void {
  if (count > FEW) W.copyWithin(to, from, from + count)
  else for (let i = 0; i < count; i++) W[to + i] = W[from + i]
}

/** Copies `count` slots from slot `from` of node `source` to slot `to` of `target`, heads as they are. */
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
  const rows = levelOf(W, source) === 0 ? 2 : 3
  for (let row = 0; row < rows; row++) {
    const a = source + HEADS + row * sourceCapacity + from
    const b = target + HEADS + row * targetCapacity + to
    move(W, a, b, count)
  }
}

/** Makes room for one slot at `at` in a node with spare capacity; the count grows by one. */
export function openSlot(W: Uint32Array, node: number, at: number): void {
  const capacity = capacityOf(W, node)
  const count = countOf(W, node)
  const rows = levelOf(W, node) === 0 ? 2 : 3
  for (let row = 0; row < rows; row++) {
    const base = node + HEADS + row * capacity
    if (count - at > FEW) W.copyWithin(base + at + 1, base + at, base + count)
    else for (let i = count; i > at; i--) W[base + i] = W[base + i - 1]
  }
  W[node + META]++
}

/** Removes slot `at`; the count shrinks by one. */
export function closeSlot(W: Uint32Array, node: number, at: number): void {
  const capacity = capacityOf(W, node)
  const count = countOf(W, node)
  const rows = levelOf(W, node) === 0 ? 2 : 3
  for (let row = 0; row < rows; row++) {
    const base = node + HEADS + row * capacity
    move(W, base + at + 1, base + at, count - at - 1)
  }
  W[node + META]--
}

/** Gives a node a depth that its keys are known to share, if that is worth it. */
export function deepen(W: Uint32Array, node: number, shared: number): void {
  if (shared >= depthOf(W, node) + DEEPEN) setDepth(W, node, shared)
}

/** Makes `entry` the only entry of an empty leaf. */
export function fillFirst(W: Uint32Array, leaf: number, entry: number): void {
  const depth = ((keyBytesOf(W, entry) + 3) >>> 2) * 32
  W[leaf + META] = metaWord(depth, 0, capacityOf(W, leaf), 1)
  W[leaf + HEADS] = 0
  W[leaf + HEADS + capacityOf(W, leaf)] = entry
  W[leaf + N_ENTRIES] = 1
}

/** The largest entry below `node`. */
export function largestBelow(W: Uint32Array, node: number): number {
  while (levelOf(W, node) > 0) node = kidAt(W, node, countOf(W, node) - 1)
  return refAt(W, node, countOf(W, node) - 1)
}
