/**
 * The parts of a tree node (layout.ts draws one). Pure functions on words, for any thread.
 */
import {
  CAPACITY_MASK,
  CAPACITY_SHIFT,
  COUNT_MASK,
  DEPTH_SHIFT,
  LEVEL_MASK,
  LEVEL_SHIFT,
  N_HEADS,
} from '../memory/layout.js'

export function countOf(W: Uint32Array, node: number): number {
  return W[node] & COUNT_MASK
}

export function capacityOf(W: Uint32Array, node: number): number {
  return ((W[node] >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
}

export function levelOf(W: Uint32Array, node: number): number {
  return (W[node] >>> LEVEL_SHIFT) & LEVEL_MASK
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
  return W[node] >>> DEPTH_SHIFT
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
