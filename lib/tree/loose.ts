/**
 * Frees the items of lists and of the undo log: blocks, and entries that lie in pieces.
 *
 * For the owner of the writer lock, with H_PHASE set. An odd item is one more than the reference of an
 * entry in pieces, and stands for its pieces as well: so these need no memory to be retired or logged,
 * however many they are. Invariants:
 * 1. No version sees an entry in the list at H_PIECES. Its pieces from the first link on are not yet freed;
 *    those before are free, and so is the entry once it has left the list.
 * 2. Neither retiring nor freeing takes memory, and each step is bounded.
 */

import type { Allocator } from '../memory/allocator.js'
import { valueAt } from '../memory/entry.js'
import { H_PIECES, H_UNDONE, P_NEXT } from '../memory/layout.js'
import { eachPiece } from '../memory/pieces.js'

/** The item of an entry: `ref`, or one more where it lies in pieces. */
export function itemOf(ref: number, inPieces: boolean): number {
  return inPieces ? ref + 1 : ref
}

/** The block that an item leads to. */
export function refOf(item: number): number {
  return (item & 1) === 0 ? item : item - 1
}

/** Frees the block of an item; an entry in pieces goes to {@link freePieces}, which frees a few at a time. */
export function freeItem(W: Uint32Array, allocator: Allocator, item: number): void {
  if ((item & 1) === 0) {
    allocator.free(item)
    return
  }
  W[item - 1] = W[H_PIECES]
  W[H_PIECES] = item - 1
  W[H_UNDONE] = 1
}

/** Frees the block of an item, with all its pieces. */
export function freeAtOnce(W: Uint32Array, allocator: Allocator, item: number): void {
  const ref = refOf(item)
  while (ref !== item && freeFirst(W, allocator, ref));
  allocator.free(ref)
}

/** Frees up to `budget` blocks of entries in the list at H_PIECES; returns how many. */
export function freePieces(W: Uint32Array, allocator: Allocator, budget: number): number {
  let done = 0
  for (; done < budget && W[H_PIECES] !== 0; done++) {
    const entry = W[H_PIECES]
    if (freeFirst(W, allocator, entry)) continue
    W[H_PIECES] = W[entry]
    allocator.free(entry)
  }
  return done
}

/** Frees the first piece that an entry links to; false if there is none. */
function freeFirst(W: Uint32Array, allocator: Allocator, entry: number): boolean {
  const link = valueAt(W, entry) + P_NEXT
  const piece = W[link]
  if (piece === 0) return false
  W[link] = W[piece + P_NEXT]
  allocator.free(piece)
  return true
}

/** Visits the blocks that {@link freePieces} has yet to free, until `visit` returns false for an entry. */
export function walkPieces(W: Uint32Array, visit: (ref: number) => boolean): void {
  for (let entry = W[H_PIECES]; entry !== 0 && visit(entry); entry = W[entry]) {
    eachPiece(W, entry, visit)
  }
}
