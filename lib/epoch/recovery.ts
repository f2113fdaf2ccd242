/**
 * Recovery: what the next owner of the writer lock does when it finds it dirty.
 *
 * The commit point is one store, so the chain that begins at CURRENT is the truth. Readers are never
 * stopped: nothing that a slot can reach is moved or freed. Steps (PROTOCOL.md, Recovery):
 * 1. If all lists were whole and nothing was published, undo by the log: time proportional to the
 *    transaction.
 * 2. Else mark what each record sees, newest first. What is first marked at record s is retired by
 *    the record after s: so the dead lists are made anew. Whatever is not marked is free.
 * Being stopped in the middle leaves the lock dirty; the next one starts over.
 */
import { assert } from '../errors.js'
import type { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import {
  E_KEY,
  H_COMMITS_SINCE_SCAN,
  H_CURRENT,
  H_FREE_HEAD,
  H_FREE_TAIL,
  H_FRONTIER,
  H_LIMBO_HEAD,
  H_LIMBO_TAIL,
  H_LOG_CHUNK,
  H_LOG_CHUNKS,
  H_LOG_COUNT,
  H_LOG_VERSION,
  H_OLDEST,
  H_PAST_WORDS,
  H_PHASE,
  H_PUBLISHED,
  H_RESERVE,
  H_SPARE,
  H_TAG_ROOT,
  H_WALK_DEPTH,
  PAGE,
  R_DEAD_HEAD,
  R_DEAD_TAIL,
  R_INLINE,
  R_NEXT,
  R_PENDING_HEAD,
  R_PENDING_TAIL,
  R_PREV,
  R_RETIRED,
  R_TAGS,
  R_VERSION,
  TAG_BY_NAME,
} from '../memory/layout.js'
import { countOf, kidAt, levelOf, refAt } from '../memory/node.js'
import { keyBytesOf, load48 } from '../memory/words.js'
import type { Chunks } from './chunks.js'
import type { Ring } from './ring.js'
import { Marks, walkFixtures, walkRecord, walkTree } from './walk.js'
import { undoLog } from './workspace.js'

/** True if undoing by the log is enough: no list half changed, nothing published. */
export function canUndo(W: Uint32Array, allocator: Allocator): boolean {
  if (W[H_PHASE] !== 0 || !allocator.consistent) return false
  return load48(W, W[H_CURRENT] + R_VERSION) < load48(W, H_LOG_VERSION)
}

/** Makes the arena whole again after an owner of the lock that did not finish. */
export function recover(arena: Arena, allocator: Allocator, chunks: Chunks, ring: Ring): void {
  const W = arena.words
  if (canUndo(W, allocator)) {
    undoLog(W, allocator, 0)
    mendRing(W, ring)
    return
  }
  W[H_PHASE] = 1
  for (const at of [H_FREE_HEAD, H_FREE_TAIL, H_LIMBO_HEAD, H_LIMBO_TAIL]) W[at] = 0
  for (const at of [H_SPARE, H_WALK_DEPTH, H_FRONTIER, H_COMMITS_SINCE_SCAN]) W[at] = 0
  for (const at of [H_LOG_CHUNK, H_LOG_CHUNKS, H_LOG_COUNT]) W[at] = 0
  mendRing(W, ring)
  const marks = new Marks(PAGE * Math.ceil(allocator.touchedWords / PAGE))
  const retired = markChain(W, marks)
  markTags(W, marks)
  walkFixtures(arena, ring, ref => marks.add(ref))
  allocator.rebuild(ref => marks.has(ref))
  if (W[H_RESERVE] !== 0) {
    // Records and their lists were in memory before, but not packed alike: this makes up for it.
    const reserve = W[H_RESERVE]
    W[H_RESERVE] = 0
    allocator.free(reserve)
  }
  assert(relist(arena, chunks, retired), 'memory for the dead lists')
  W[H_PHASE] = 0
}

/** PUBLISHED, PREV/NEXT and the ring say what the chain says. */
function mendRing(W: Uint32Array, ring: Ring): void {
  const current = W[H_CURRENT]
  const newest = load48(W, current + R_VERSION)
  Atomics.store(W, H_PUBLISHED, W[current + R_VERSION])
  W[current + R_NEXT] = 0
  const oldest = newest - ((W[H_PUBLISHED] - W[H_OLDEST]) >>> 0)
  for (let record = current; W[record + R_PREV] !== 0; record = W[record + R_PREV]) {
    W[W[record + R_PREV] + R_NEXT] = record
  }
  for (let record = current; record !== 0; record = W[record + R_PREV]) {
    const version = load48(W, record + R_VERSION)
    if (version < oldest) break
    ring.set(version, record)
  }
}

/** What each record loses against the one after it, oldest facts first: reference, birth, … */
type Retired = Map<number, number[]>

/** Marks all that the chain sees. */
function markChain(W: Uint32Array, marks: Marks): Retired {
  const retired: Retired = new Map()
  for (let record = W[H_CURRENT]; record !== 0; record = W[record + R_PREV]) {
    marks.add(record)
    const lost: number[] = []
    walkRecord(W, record, (ref, birth) => {
      if (!marks.add(ref)) return false
      lost.push(ref, birth)
      return true
    })
    const next = W[record + R_NEXT]
    if (next !== 0) retired.set(next, lost)
  }
  return retired
}

/** Marks the tag tree and counts the tags of each record anew. */
function markTags(W: Uint32Array, marks: Marks): void {
  for (let record = W[H_CURRENT]; record !== 0; record = W[record + R_PREV]) W[record + R_TAGS] = 0
  const root = W[H_TAG_ROOT]
  walkTree(W, root, ref => marks.add(ref))
  eachEntry(W, root, entry => {
    if (W[entry + E_KEY] >>> 24 !== TAG_BY_NAME) return
    W[W[entry + E_KEY + ((keyBytesOf(W, entry) + 3) >>> 2)] + R_TAGS]++
  })
}

function eachEntry(W: Uint32Array, node: number, visit: (entry: number) => void): void {
  if (node === 0) return
  for (let i = 0; i < countOf(W, node); i++) {
    if (levelOf(W, node) === 0) visit(refAt(W, node, i))
    else eachEntry(W, kidAt(W, node, i), visit)
  }
}

/** Makes the dead lists anew; false if memory is too short for them. */
function relist(arena: Arena, chunks: Chunks, retired: Retired): boolean {
  const W = arena.words
  const age = (W[H_PUBLISHED] - W[H_OLDEST]) >>> 0
  const oldest = load48(W, W[H_CURRENT] + R_VERSION) - age
  let past = 0
  for (let record = W[H_CURRENT]; record !== 0; record = W[record + R_PREV]) {
    for (const at of [R_DEAD_HEAD, R_DEAD_TAIL, R_PENDING_HEAD, R_PENDING_TAIL, R_INLINE]) {
      W[record + at] = 0
    }
    if (load48(W, record + R_VERSION) > oldest) past += W[record + R_RETIRED]
    const lost = retired.get(record) ?? []
    for (let i = 0; i < lost.length; i += 2) {
      if (!chunks.push(record + R_DEAD_HEAD, lost[i], lost[i + 1], false)) return false
    }
  }
  arena.floats[H_PAST_WORDS / 2] = past
  return true
}
