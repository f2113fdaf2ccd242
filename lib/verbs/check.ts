/**
 * `check()`: walks the whole arena and proves each byte reachable, retired and waiting, or free.
 *
 * Under the writer lock, so that nothing moves meanwhile. Blocks that snapshots share are checked once
 * (docs/decisions/0028). It proves:
 * 1. Every tree of every retained snapshot keeps the invariants of node.ts; in its catalog no block is
 *    younger than the block that leads to it.
 * 2. A block that an older snapshot sees and the next one does not is on the next one's lists, and no
 *    list has a block that the record, or a newer one, still sees.
 * 3. The point index of each store leads to each of its present entries, and to nothing else.
 * 4. The allocator's own structures are right, and the blocks it counts as used are exactly those
 *    that are reachable or waiting.
 */

import { tipOf } from '../memory/atomic.js'
import { H_TAG_ROOT, PAGE, R_NEXT, R_PREV, R_VERSION } from '../memory/layout.js'
import { Marks } from '../memory/marks.js'
import { load48 } from '../memory/words.js'
import { walkTables } from '../point/dropped.js'
import { TreeProof } from '../tree/verify.js'
import type { EpochManager } from '../versions/manager.js'
import { walkDead, walkFixtures, walkRecord, walkTree, walkWaiting } from '../versions/walk.js'
import { SnapshotProof } from './proof.js'

/** The result of `check()`. */
export interface CheckReport {
  /** No problems, nothing leaked. */
  ok: boolean
  problems: string[]
  /** Blocks of trees and records, of all snapshots. */
  nodes: number
  /** Keys present, over all stores. */
  entries: number
  /** Bytes not free, metadata and reserve included. */
  usedBytes: number
  /** Bytes that were used and are free. */
  freeBytes: number
  /** Bytes that are neither reachable nor waiting nor free. */
  leakedBytes: number
}

export function check(epochs: EpochManager): CheckReport {
  const { arena, allocator } = epochs
  const W = arena.words
  const problems: string[] = []
  const words = allocator.touchedWords + PAGE
  const held = new Marks(words)
  const seen = new Marks(words, 1)
  const { nodes, entries, heads } = checkChain(W, words, held, seen, problems)
  const own = (ref: number) => {
    const isNew = held.add(ref)
    if (!isNew) problems.push(`block ${ref} is held twice`)
    return isNew
  }
  new TreeProof(W, words, problems).prove(W[H_TAG_ROOT], Number.POSITIVE_INFINITY)
  walkTree(W, W[H_TAG_ROOT], own, seen)
  walkFixtures(arena, epochs.versions, own)
  walkTables(W, heads, own)
  // In an open transaction the undo log's blocks may be part of trees that are not published.
  walkWaiting(W, own, ref => held.add(ref), seen)
  const found = countUsed(epochs, held, problems)
  const touched = allocator.writtenWords * 4
  const freeBytes = allocator.freeWords * 4
  return {
    ok: problems.length === 0 && found.leaked === 0,
    problems,
    nodes,
    entries,
    usedBytes: touched - freeBytes,
    freeBytes,
    leakedBytes: found.leaked * 4,
  }
}

/** Compares the blocks that the allocator counts as used with those that are reachable or waiting. */
function countUsed(epochs: EpochManager, held: Marks, problems: string[]): { leaked: number } {
  let leaked = 0
  let matched = 0
  problems.push(
    ...epochs.allocator.inspect((ref, words) => {
      if (held.has(ref)) matched++
      else leaked += words
    }),
  )
  if (matched !== held.size) problems.push(`${held.size - matched} held blocks are free`)
  return { leaked }
}

/** Checks all snapshots and their lists, newest first. */
function checkChain(W: Uint32Array, words: number, held: Marks, seen: Marks, problems: string[]) {
  const proof = new SnapshotProof(W, words)
  // As many as a transaction can replace: too many for a Set.
  const waiting = new Marks(words)
  let nodes = 0
  const newest = tipOf(W)
  for (let record = newest; record !== 0; record = W[record + R_PREV]) {
    const version = load48(W, record + R_VERSION)
    if (!held.add(record)) {
      problems.push(`record ${record} is held twice`)
      // The chain may be a ring.
      break
    }
    nodes++
    const next = W[record + R_NEXT]
    if (record !== newest && W[next + R_PREV] !== record) problems.push(`record ${version}: link`)
    walkRecord(
      W,
      record,
      ref => {
        if (waiting.delete(ref)) nodes++
        else if (!held.add(ref)) return false
        else if (record === newest) nodes++
        else problems.push(`block ${ref} of version ${version} is on no list`)
        return true
      },
      seen,
    )
    for (const what of proof.prove(record, version)) problems.push(`version ${version}: ${what}`)
    walkDead(
      W,
      record,
      chunk => {
        const isNew = held.add(chunk)
        if (!isNew) problems.push(`chunk ${chunk} is held twice`)
        return isNew
      },
      ref => {
        const isNew = held.add(ref)
        if (!isNew) problems.push(`block ${ref}, retired by ${version}, is still seen`)
        waiting.add(ref)
        return isNew
      },
      seen,
    )
  }
  return { nodes, entries: proof.entries, heads: proof.heads }
}
