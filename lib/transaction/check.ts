/**
 * `check()`: walks the whole arena and proves each byte reachable, retired and waiting, or free.
 *
 * Under the writer lock, so that nothing moves meanwhile. What it proves:
 * 1. Every tree of every retained snapshot keeps the invariants of node.ts.
 * 2. What an older snapshot sees and the next one does not is on the next one's lists, and nothing
 *    is on a list that the record, or a newer one, still sees.
 * 3. The point index of each store leads to its present entries, each, and to nothing else.
 * 4. The allocator's own structures are right, and the blocks it counts as used are exactly those
 *    that are reachable or waiting.
 */

import { stateOf } from '../epoch/catalog.js'
import type { EpochManager } from '../epoch/manager.js'
import {
  Marks as MarkSet,
  type Marks,
  walkDead,
  walkFixtures,
  walkRecord,
  walkTree,
  walkWaiting,
} from '../epoch/walk.js'
import { verifyIndex } from '../hot/verify.js'
import {
  H_CURRENT,
  H_TAG_ROOT,
  PAGE,
  R_CATALOG,
  R_NEXT,
  R_NEXT_STORE,
  R_PREV,
  R_STATE,
  R_VERSION,
  S_COUNT,
  S_GRAVE,
  S_GRAVE_OLD,
  S_INDEX,
  S_LIVE,
} from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { verifyTree } from '../snapshot/verify.js'

/** What `check()` found. */
export interface CheckReport {
  /** No problems, nothing leaked. */
  ok: boolean
  problems: string[]
  /** Blocks of trees and records, whichever snapshot holds them. */
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
  const held = new MarkSet(allocator.touchedWords + PAGE)
  const { nodes, entries } = checkChain(W, held, problems)
  const own = (ref: number) => {
    if (!held.add(ref)) problems.push(`block ${ref} is held twice`)
    return true
  }
  problems.push(...verifyTree(W, W[H_TAG_ROOT], null, Number.POSITIVE_INFINITY))
  walkTree(W, W[H_TAG_ROOT], own)
  walkFixtures(arena, epochs.ring, own)
  // In an open transaction the log's blocks may be part of trees that are not published.
  walkWaiting(W, own, ref => held.add(ref))
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

/** Compares what the allocator counts as used with what is held. */
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
function checkChain(W: Uint32Array, held: Marks, problems: string[]) {
  let nodes = 0
  let entries = 0
  const waiting = new Set<number>()
  const newest = W[H_CURRENT]
  for (let record = newest; record !== 0; record = W[record + R_PREV]) {
    const version = load48(W, record + R_VERSION)
    if (!held.add(record)) problems.push(`record ${record} is held twice`)
    nodes++
    const next = W[record + R_NEXT]
    if (record !== newest && W[next + R_PREV] !== record) problems.push(`record ${version}: link`)
    walkRecord(W, record, ref => {
      if (held.has(ref) && !waiting.has(ref)) return false
      if (waiting.delete(ref)) nodes++
      else if (record === newest) nodes++
      else problems.push(`block ${ref} of version ${version} is on no list`)
      held.add(ref)
      return true
    })
    entries += checkTrees(W, record, version, problems, record === newest)
    walkDead(
      W,
      record,
      chunk => {
        if (!held.add(chunk)) problems.push(`chunk ${chunk} is held twice`)
      },
      ref => {
        if (!held.add(ref)) problems.push(`block ${ref}, retired by ${version}, is still seen`)
        waiting.add(ref)
        return true
      },
    )
  }
  return { nodes, entries }
}

/** Checks the trees of one snapshot; returns the keys of all stores where asked. */
function checkTrees(
  W: Uint32Array,
  record: number,
  version: number,
  problems: string[],
  count: boolean,
): number {
  let entries = 0
  const look = (state: number, visible: boolean) => {
    const found = [
      ...verifyTree(W, W[state + S_LIVE], W[state + S_COUNT], version),
      ...verifyTree(W, W[state + S_GRAVE], null, version),
      ...verifyTree(W, W[state + S_GRAVE_OLD], null, version),
    ]
    if (count) found.push(...verifyIndex(W, W[state + S_INDEX], W[state + S_LIVE], version))
    for (const what of found) problems.push(`version ${version}: ${what}`)
    if (visible && count) entries += W[state + S_COUNT]
  }
  look(record + R_STATE, true)
  for (let id = 0; id < W[record + R_NEXT_STORE]; id++) {
    const state = stateOf(W, W[record + R_CATALOG], id)
    if (state !== 0) look(state, id > 0)
  }
  return entries
}
