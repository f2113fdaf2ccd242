/**
 * Visits every block of the arena, from the block or list that refers to it. For `check()` and recovery.
 *
 * For the owner of the writer lock. A visitor gets a reference and the version the block was born in,
 * and says whether to go below it. The pieces of an entry are visited after it, as below it.
 */

import type { Arena } from '../memory/arena.js'
import { birthOf } from '../memory/birth.js'
import { isInPieces, versionOf } from '../memory/entry.js'
import {
  CHUNK_ITEMS,
  H_FREE,
  H_GENERATIONS,
  H_HIGH_WATER,
  H_LIMBO,
  H_LOG_CHUNK,
  H_LOG_COUNT,
  H_SPARE,
  H_WALK_DEPTH,
  H_WALK_PATH,
  H_WALK_TARGET,
  INLINE_MAX,
  K_BASE,
  K_COUNT,
  K_ITEMS,
  L_BEFORE,
  L_ENTRIES,
  L_FIRST,
  LOG_AT,
  LOG_CHUNK,
  LOG_INLINE,
  NO_REST,
  R_CATALOG,
  R_DEAD,
  R_ITEMS,
  R_PENDING,
  R_STATE,
  S_LIVE,
  S_REST,
  SR_GRAVE,
  SR_GRAVE_OLD,
  SR_INDEX,
  T_QUEUE,
  THREAD_WORDS,
  THREADS_AT,
  TREE_ITEM,
} from '../memory/layout.js'
import type { Marks } from '../memory/marks.js'
import { eachPiece } from '../memory/pieces.js'
import { inlineOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { walkDropped } from '../point/dropped.js'
import { eachOverflow } from '../threads/slots.js'
import { walkCatalog } from '../tree/catalog.js'
import { refOf, walkPieces } from '../tree/loose.js'
import { addressOf, countOf, kidAt, levelOf, refAt, Slots } from '../tree/node.js'
import { firstChunk, nextChunk } from './chunks.js'
import { walkReserve } from './reserve.js'
import type { Versions } from './versions.js'

/** Special kinds of block: an entry in pieces; a piece, which is on lists by its entry. */
export const IN_PIECES = 1
export const PIECE = 2

/** Called for a block; true to go on below it. */
export type Visit = (ref: number, birth: number, kind?: number) => boolean

/** Visits an entry and its pieces. */
function walkEntry(W: Uint32Array, entry: number, birth: number, visit: Visit): void {
  if (!isInPieces(W, entry)) visit(entry, birth)
  else if (visit(entry, birth, IN_PIECES)) eachPiece(W, entry, ref => visit(ref, birth, PIECE))
}

/** Visits the entry or block, no tree, that an item of a list or of the undo log refers to. */
function walkLoose(W: Uint32Array, item: number, birth: number, visit: Visit): void {
  const ref = refOf(item)
  if (ref === item) visit(ref, birth)
  else walkEntry(W, ref, birth, visit)
}

/**
 * Visits the nodes and entries of a tree. Several pointers may lead to a node, with other blocks below it: the walk goes
 * on below each pointer once.
 * @param seen the pointers that the walk, or others before it, have gone below
 */
export function walkTree(W: Uint32Array, pointer: number, visit: Visit, seen: Marks): void {
  if (pointer === 0) return
  const block = addressOf(pointer)
  visit(block, birthOf(W, block))
  walkBelow(W, pointer, visit, seen)
}

/** Visits the blocks below a pointer, if that has not been done. */
export function walkBelow(W: Uint32Array, pointer: number, visit: Visit, seen: Marks): void {
  // What is no block has nothing below it.
  if (!seen.fits(pointer) || !seen.add(pointer)) return
  const { level, count, refs, kids } = new Slots().read(W, pointer)
  for (let i = 0; i < count; i++) {
    if (level === 0) walkEntry(W, refs[i], versionOf(W, refs[i]), visit)
    else walkTree(W, kids[i], visit, seen)
  }
}

/** Visits the trees of a store's state, its rest, and the head of its index. */
function walkState(W: Uint32Array, state: number, visit: Visit, seen: Marks): void {
  walkTree(W, W[state + S_LIVE], visit, seen)
  const rest = W[state + S_REST]
  if (rest === NO_REST || !visit(rest, birthOf(W, rest))) return
  walkTree(W, W[rest + SR_GRAVE], visit, seen)
  walkTree(W, W[rest + SR_GRAVE_OLD], visit, seen)
  const head = W[rest + SR_INDEX]
  if (head !== 0) visit(head, birthOf(W, head))
}

/** Visits all blocks that a snapshot reads, but for its record. */
export function walkRecord(W: Uint32Array, record: number, visit: Visit, seen: Marks): void {
  walkState(W, record + R_STATE, visit, seen)
  walkCatalog(W, W[record + R_CATALOG], visit, state => {
    if (visit(state, birthOf(W, state))) walkState(W, state, visit, seen)
  })
}

/**
 * Visits the chunks of a list (`chunk`, which says whether to go on) and the blocks that their items
 * refer to, trees with all below them.
 */
export function walkList(
  W: Uint32Array,
  list: number,
  chunk: (ref: number) => boolean,
  visit: Visit,
  seen: Marks,
): void {
  for (let c = firstChunk(W, list); c !== 0 && chunk(c); c = nextChunk(W, list, c)) {
    const base = load48(W, c + K_BASE)
    // Where there cannot be so many, 0, which is no block.
    if (W[c + K_COUNT] > CHUNK_ITEMS) visit(0, 0)
    const count = Math.min(W[c + K_COUNT], CHUNK_ITEMS)
    for (let i = 0; i < count; i++) walkItem(W, c + K_ITEMS + 2 * i, base, visit, seen)
  }
}

/** Visits what the two words of an item in a chunk refer to. */
function walkItem(W: Uint32Array, at: number, base: number, visit: Visit, seen: Marks): void {
  if (W[at + 1] >= TREE_ITEM) walkTree(W, W[at], visit, seen)
  else walkLoose(W, W[at], Math.max(0, base + W[at + 1] - 2 ** 29), visit)
}

/** Visits the blocks on a record's dead and pending lists, and the lists' chunks. */
export function walkDead(
  W: Uint32Array,
  record: number,
  chunk: (ref: number) => boolean,
  visit: Visit,
  seen: Marks,
): void {
  const count = inlineOf(W, record)
  if (count > INLINE_MAX) visit(0, 0)
  for (let i = 0; i < Math.min(count, INLINE_MAX); i++) {
    const item = W[record + R_ITEMS + i]
    walkLoose(W, item, birthOf(W, refOf(item)), visit)
  }
  walkList(W, record + R_DEAD, chunk, visit, seen)
  walkList(W, record + R_PENDING, chunk, visit, seen)
  walkRest(W, record, visit, seen)
}

/** Visits the rest of the dead tree that is being taken apart for `target` (0: for no record). */
function walkRest(W: Uint32Array, target: number, visit: Visit, seen: Marks): void {
  if (W[H_WALK_TARGET] !== target) return
  const depth = W[H_WALK_DEPTH]
  for (let level = 0; level < depth; level++) {
    const node = W[H_WALK_PATH + 2 * level]
    const at = W[H_WALK_PATH + 2 * level + 1]
    visit(addressOf(node), 0)
    // The kid at `at` is the next level of the path, where there is one.
    for (let i = level === depth - 1 ? at : at + 1; i < countOf(W, node); i++) {
      if (levelOf(W, node) === 0) walkEntry(W, refAt(W, node, i), 0, visit)
      else walkTree(W, kidAt(W, node, i), visit, seen)
    }
  }
}

/** Visits the blocks that wait beside the chain: free list, limbo, a dead tree, the undo log. */
export function walkWaiting(
  W: Uint32Array,
  chunk: (ref: number) => boolean,
  visit: Visit,
  seen: Marks,
): void {
  walkList(W, H_FREE, chunk, visit, seen)
  walkList(W, H_LIMBO, chunk, visit, seen)
  walkRest(W, 0, visit, seen)
  if (W[H_SPARE] !== 0) chunk(W[H_SPARE])
  walkPieces(W, ref => visit(ref, 0))
  let n = W[H_LOG_COUNT]
  for (let page = W[H_LOG_CHUNK]; page !== 0 && chunk(page); page = W[page + L_BEFORE]) {
    const first = W[page + L_FIRST]
    const count = Math.max(0, n - first)
    if (count > LOG_CHUNK - L_ENTRIES) visit(0, 0)
    for (let i = Math.min(count, LOG_CHUNK - L_ENTRIES) - 1; i >= 0; i--) {
      walkLoose(W, W[page + L_ENTRIES + i], 0, visit)
    }
    n = Math.min(n, first)
  }
  if (n > LOG_INLINE) visit(0, 0)
  for (let i = Math.min(n, LOG_INLINE) - 1; i >= 0; i--) walkLoose(W, W[LOG_AT + i], 0, visit)
}

/**
 * Visits the blocks of the database itself: ring segments, overflow slots, blocks of the queue, dropped index
 * tables, the reserve. The tables in use are the stores' (walkTables).
 */
export function walkFixtures(arena: Arena, versions: Versions, visit: (ref: number) => void): void {
  const W = arena.words
  versions.segments(visit)
  for (let i = 0; i < W[H_HIGH_WATER]; i++) {
    const line = THREADS_AT + i * THREAD_WORDS
    eachOverflow(W, line, visit)
    if (W[line + T_QUEUE] !== 0) visit(W[line + T_QUEUE])
  }
  walkDropped(W, visit)
  if (W[H_GENERATIONS] !== 0) visit(W[H_GENERATIONS])
  walkReserve(W, visit)
}
