/**
 * Freeing what lists and logs tell of: blocks, and entries that lie in pieces.
 *
 * For the holder of the writer lock, with H_PHASE set. An odd item is one more than the reference of an
 * entry in pieces, and stands for its pieces as well: so these need no memory to be retired or logged,
 * however many they are. Invariants:
 * 1. An entry in the list at H_PIECES is seen by nobody. Its pieces from the first link on are in use; those
 *    before are free, and so is, once it has left the list, the entry.
 * 2. Neither takes memory, and each step is bounded.
 */

import type { Allocator } from '../memory/allocator.js'
import { valueAt } from '../memory/entry.js'
import { H_PIECES, H_UNDONE, P_NEXT } from '../memory/layout.js'
import { eachPiece } from '../memory/pieces.js'

/** What a list has for an entry: `ref`, or one more where it lies in pieces. */
export function itemOf(ref: number, inPieces: boolean): number {
  return inPieces ? ref + 1 : ref
}

/** The block that an item leads to. */
export function refOf(item: number): number {
  return (item & 1) === 0 ? item : item - 1
}

/** Frees what an item stands for; the pieces of an entry a few at a time, by {@link freePieces}. */
export function freeItem(W: Uint32Array, allocator: Allocator, item: number): void {
  if ((item & 1) === 0) {
    allocator.free(item)
    return
  }
  W[item - 1] = W[H_PIECES]
  W[H_PIECES] = item - 1
  W[H_UNDONE] = 1
}

/** Frees what an item stands for, with all its pieces. */
export function freeAtOnce(W: Uint32Array, allocator: Allocator, item: number): void {
  const ref = refOf(item)
  while (ref !== item && freeFirst(W, allocator, ref));
  allocator.free(ref)
}

/** Frees up to `budget` pieces of entries that are free; returns how many blocks. */
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

/** Visits what {@link freePieces} has left to do, until a visitor says that it has been at an entry. */
export function walkPieces(W: Uint32Array, visit: (ref: number) => boolean): void {
  for (let entry = W[H_PIECES]; entry !== 0 && visit(entry); entry = W[entry]) {
    eachPiece(W, entry, visit)
  }
}
