/**
 * Recovery: the next owner of the writer lock makes the arena consistent when it finds it dirty.
 *
 * The commit point is one store, so the chain that begins at TIP is the truth. Readers never stop:
 * recovery neither moves nor frees a block that a slot can reach. Steps (docs/protocol.md, Recovery):
 * 1. If all lists were whole and nothing was published, undo by the undo log: time proportional to the
 *    transaction.
 * 2. Else mark the blocks that each record sees, newest first. A block first marked at record s is
 *    retired by the record after s: so the dead lists are made anew. Then the tag tree, the ring and
 *    limbo, for a reader may be in unlinked blocks. Point indexes are dropped, for they may tell of a
 *    version that was never published; entries of such a version that only they lead to are retired by
 *    the next one, for a reader may have come to them. No thread can reach a block without a mark.
 * An owner that is stopped in the middle leaves the arena dirty; the next one starts over.
 */

import type { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import { tipOf } from '../memory/atomic.js'
import { isInPieces, valueAt } from '../memory/entry.js'
import {
  E_KEY,
  H_AGAIN,
  H_COMMITS_SINCE_SCAN,
  H_CURRENT,
  H_FREE,
  H_FRONTIER,
  H_LIMBO,
  H_LOG_CHUNK,
  H_LOG_COUNT,
  H_LOG_VERSION,
  H_OLDEST,
  H_PAGES,
  H_PHASE,
  H_PIECES,
  H_PUBLISHED,
  H_RESERVE,
  H_SEARCH,
  H_SPARE,
  H_SYNC,
  H_TAG_ROOT,
  H_TAIL,
  H_WALK_DEPTH,
  INLINE_MAX,
  K_COUNT,
  K_ITEMS,
  K_NEXT,
  PAGE,
  R_DEAD,
  R_ITEMS,
  R_NEXT,
  R_PENDING,
  R_PREV,
  R_VERSION,
  SYNC_COMMIT,
  TAG_BY_NAME,
  TREE_ITEM,
} from '../memory/layout.js'
import { Marks } from '../memory/marks.js'
import { eachPiece } from '../memory/pieces.js'
import { isTagged, setInline, setTagged } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { dropTables, eachLateRef } from '../point/dropped.js'
import { itemOf, refOf } from '../tree/loose.js'
import { addressOf, eachEntry } from '../tree/node.js'
import { undoLog } from '../tree/undo-log.js'
import { type Chunks, firstChunk, nextChunk } from './chunks.js'
import { Reclaimer } from './reclaim.js'
import { reservePages } from './reserve.js'
import { mendTags } from './tip.js'
import type { Versions } from './versions.js'
import { IN_PIECES, PIECE, walkBelow, walkFixtures, walkRecord, walkTree } from './walk.js'

/** True if the undo log is enough: no list half changed, nothing published. */
export function canUndo(W: Uint32Array, allocator: Allocator): boolean {
  if (W[H_PHASE] !== 0 || !allocator.consistent) return false
  return load48(W, tipOf(W) + R_VERSION) < load48(W, H_LOG_VERSION)
}

/** Makes the arena consistent again after an owner of the lock that did not finish. */
export function recover(
  arena: Arena,
  allocator: Allocator,
  chunks: Chunks,
  versions: Versions,
): void {
  const W = arena.words
  if (canUndo(W, allocator)) {
    undoLog(W, allocator, 0)
    W[tipOf(W) + R_NEXT] = 0
    return
  }
  W[H_PHASE] = 1
  if (!rebuild(arena, allocator, chunks, versions)) {
    // Without history the lists are shorter. Blocks for which even those have no room wait for the next
    // recovery.
    forgetPast(arena, allocator, chunks, versions)
    rebuild(arena, allocator, chunks, versions)
  }
  W[H_PHASE] = 0
}

/** Makes allocator and lists anew from the blocks that the chain reaches; false if memory was too short. */
function rebuild(arena: Arena, allocator: Allocator, chunks: Chunks, versions: Versions): boolean {
  const W = arena.words
  for (const at of [H_FREE, H_SPARE, H_WALK_DEPTH]) W[at] = 0
  for (const at of [H_FRONTIER, H_AGAIN, H_SEARCH, H_COMMITS_SINCE_SCAN]) W[at] = 0
  for (const at of [H_LOG_CHUNK, H_LOG_COUNT, H_PIECES]) W[at] = 0
  // Memory had room for the lists before, but packed otherwise: the reserve's pages make up for it.
  W[H_RESERVE] = 0
  allocator.spared = reservePages(W[H_PAGES])
  mendTags(W)
  mendChain(W, versions)
  const newest = load48(W, tipOf(W) + R_VERSION)
  dropTables(W, newest + 1)
  const words = PAGE * Math.ceil(allocator.touchedWords / PAGE)
  const marks = new Marks(words)
  const seen = new Marks(words, 1)
  const retired = markChain(W, marks, seen)
  markTags(W, marks, seen)
  walkFixtures(arena, versions, ref => marks.add(ref))
  const unpublished: number[] = []
  eachLateRef(W, newest, ref => {
    if (!marks.add(ref)) return
    eachPiece(W, ref, piece => marks.add(piece))
    unpublished.push(itemOf(ref, isInPieces(W, ref)))
  })
  keepLimbo(W, marks, seen)
  allocator.rebuild(ref => marks.has(ref))
  return (
    relist(W, allocator, chunks, retired) &&
    unpublished.every(ref => chunks.push(H_LIMBO, ref, newest + 1, false))
  )
}

/** Takes all versions out of the chain but the present and staged ones, and what a slot or a tag keeps. */
function forgetPast(arena: Arena, allocator: Allocator, chunks: Chunks, versions: Versions): void {
  const W = arena.words
  beginAt(W, versions, W[H_PUBLISHED])
  // After the low-water mark has moved, as always.
  const reclaimer = new Reclaimer(arena, allocator, chunks)
  const m = reclaimer.scan()
  const present = load48(W, W[H_CURRENT] + R_VERSION)
  let kept = tipOf(W)
  for (let record = W[kept + R_PREV]; record !== 0; record = W[record + R_PREV]) {
    const version = load48(W, record + R_VERSION)
    const held = reclaimer.pinned.has(record) || isTagged(W, record) || version >= present
    if (!held && version < m) continue
    Atomics.store(W, kept + R_PREV, record)
    kept = record
  }
  Atomics.store(W, kept + R_PREV, 0)
}

/** Nothing before a version is kept, on disk either: what died up to there may not be on it. */
function beginAt(W: Uint32Array, { sealed }: Versions, version: number): void {
  sealed.begin(version)
  Atomics.store(W, H_OLDEST, version)
}

/** Makes OLDEST, PUBLISHED, NEXT, TAIL and the ring agree with the chain. */
function mendChain(W: Uint32Array, versions: Versions): void {
  const tip = tipOf(W)
  const before = W[tip + R_PREV]
  // The owner may have died between the two: what is committed can be read, but where a log makes it durable first.
  if (W[H_SYNC] !== SYNC_COMMIT) {
    Atomics.store(W, H_CURRENT, tip)
    Atomics.store(W, H_PUBLISHED, W[tip + R_VERSION])
  }
  // The owner may have died after a commit with a gap in the numbers, before it moved the low-water mark.
  const current = W[H_CURRENT]
  const present = load48(W, current + R_VERSION)
  if (current === tip && before !== 0 && load48(W, before + R_VERSION) + 1 < present) {
    beginAt(W, versions, W[tip + R_VERSION])
  }
  // Counted from the present version: a gap before a staged one may be wider than what low words tell.
  const oldest = present - ((W[current + R_VERSION] - W[H_OLDEST]) | 0)
  W[tip + R_NEXT] = 0
  for (let record = tip; record !== 0; record = W[record + R_PREV]) {
    const version = load48(W, record + R_VERSION)
    if (version >= oldest) versions.set(version, record)
    if (W[record + R_PREV] === 0) W[H_TAIL] = record
    else W[W[record + R_PREV] + R_NEXT] = record
  }
}

/**
 * Limbo stays: a reader may be in blocks that were unlinked beside the chain. Blocks come here before
 * they are unlinked, so some may still be in use; those are taken off the list.
 */
function keepLimbo(W: Uint32Array, marks: Marks, seen: Marks): void {
  const chunks: number[] = []
  for (let c = firstChunk(W, H_LIMBO); c !== 0; c = nextChunk(W, H_LIMBO, c)) chunks.push(c)
  const left = chunks.filter(chunk => {
    let kept = 0
    for (let i = 0; i < W[chunk + K_COUNT]; i++) {
      const at = chunk + K_ITEMS + 2 * i
      const isTree = W[at + 1] >= TREE_ITEM
      const ref = isTree ? addressOf(W[at]) : refOf(W[at])
      if (!marks.add(ref)) continue
      if (isTree) walkBelow(W, W[at], ref => marks.add(ref), seen)
      else if (ref !== W[at]) eachPiece(W, ref, piece => marks.add(piece))
      W[chunk + K_ITEMS + 2 * kept] = W[at]
      W[chunk + K_ITEMS + 2 * kept + 1] = W[at + 1]
      kept++
    }
    W[chunk + K_COUNT] = kept
    return kept > 0
  })
  // Chunks that have become empty drop out; whenever this is cut off, the others can be visited.
  W[H_LIMBO] = left.at(-1) ?? 0
  left.forEach((chunk, i) => {
    marks.add(chunk)
    W[chunk + K_NEXT] = left[(i + 1) % left.length]
  })
}

/** Blocks that a record sees and the record after it, the key, no longer does: item, birth, … */
type Retired = Map<number, number[]>

/** Marks all blocks that the chain sees. */
function markChain(W: Uint32Array, marks: Marks, seen: Marks): Retired {
  const retired: Retired = new Map()
  for (let record = tipOf(W); record !== 0; record = W[record + R_PREV]) {
    marks.add(record)
    const next = W[record + R_NEXT]
    if (next === 0) {
      // No version retires blocks that the newest one sees.
      walkRecord(W, record, ref => marks.add(ref), seen)
      continue
    }
    const lost: number[] = []
    walkRecord(
      W,
      record,
      (ref, birth, kind) => {
        if (!marks.add(ref)) return false
        // Pieces are on lists by their entry.
        if (kind !== PIECE) lost.push(itemOf(ref, kind === IN_PIECES), birth)
        return true
      },
      seen,
    )
    retired.set(next, lost)
  }
  return retired
}

/** Marks the tag tree and the records with tags anew. */
function markTags(W: Uint32Array, marks: Marks, seen: Marks): void {
  for (let record = tipOf(W); record !== 0; record = W[record + R_PREV]) setTagged(W, record, false)
  const root = W[H_TAG_ROOT]
  walkTree(W, root, ref => marks.add(ref), seen)
  eachEntry(W, root, entry => {
    if (W[entry + E_KEY] >>> 24 !== TAG_BY_NAME) return
    const record = W[valueAt(W, entry)]
    if (record !== 0) setTagged(W, record, true)
  })
}

/** Makes the dead lists anew; false if memory is too short for them. */
function relist(W: Uint32Array, allocator: Allocator, chunks: Chunks, retired: Retired): boolean {
  for (let record = tipOf(W); record !== 0; record = W[record + R_PREV]) {
    W[record + R_DEAD] = 0
    W[record + R_PENDING] = 0
    setInline(W, record, 0)
  }
  for (let record = tipOf(W); record !== 0; record = W[record + R_PREV]) {
    const lost = retired.get(record) ?? []
    const room = Math.min(INLINE_MAX, allocator.sizeOf(record) - R_ITEMS)
    let inline = 0
    for (let i = 0; i < lost.length; i += 2) {
      if (inline < room) W[record + R_ITEMS + inline++] = lost[i]
      else if (!chunks.push(record + R_DEAD, lost[i], lost[i + 1], false)) return false
    }
    setInline(W, record, inline)
  }
  return true
}
