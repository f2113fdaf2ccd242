/**
 * `check()` the plain way: each version by itself, with all its stores and all nodes of their trees,
 * shared or not. It costs keys × versions, and is the measure for the check that looks at each node once.
 */

import {
  compareEntries,
  entryBits,
  keyBytesOf,
  sharedBitsOfEntries,
  versionOf,
} from '../../lib/memory/entry.js'
import {
  C_LEVEL,
  H_CURRENT,
  H_TAG_ROOT,
  N_ENTRIES,
  N_HEADS,
  N_MAX,
  PAGE,
  R_CATALOG,
  R_NEXT,
  R_PREV,
  R_STATE,
  R_VERSION,
  S_LIVE,
  S_REST,
  SR_GRAVE,
  SR_GRAVE_OLD,
  SR_INDEX,
} from '../../lib/memory/layout.js'
import { Marks } from '../../lib/memory/marks.js'
import { load48 } from '../../lib/memory/words.js'
import { walkTables } from '../../lib/point/dropped.js'
import { verifyIndex } from '../../lib/point/verify.js'
import { nextStoreIn, stateOf } from '../../lib/tree/catalog.js'
import {
  addressOf,
  capacityOf,
  countOf,
  depthOf,
  entriesBelow,
  kidAt,
  levelOf,
  nodeBirth,
  readHeads,
  refAt,
  unitsOf,
} from '../../lib/tree/node.js'
import type { EpochManager } from '../../lib/versions/manager.js'
import {
  walkDead,
  walkFixtures,
  walkRecord,
  walkTree,
  walkWaiting,
} from '../../lib/versions/walk.js'

type Say = (what: string) => void

/** Stores looked at in a version, for a wrong number of them may be any. */
const MOST_STORES = 1000

/** The problems of a database that no thread writes to meanwhile. */
export function checkEach(epochs: EpochManager): string[] {
  const { arena, allocator, versions } = epochs
  const W = arena.words
  const problems: string[] = []
  const say: Say = what => problems.push(what)
  const held = new Marks(allocator.touchedWords + PAGE)
  const own = (ref: number) => {
    const isNew = held.add(ref)
    if (!isNew) say(`block ${ref} is held twice`)
    return isNew
  }
  const seen = new Marks(allocator.touchedWords + PAGE, 1)
  const heads = checkChain(W, held, seen, say)
  checkTree(W, W[H_TAG_ROOT], Number.POSITIVE_INFINITY, say)
  walkTree(W, W[H_TAG_ROOT], own, seen)
  walkFixtures(arena, versions, own)
  walkTables(W, heads, own)
  walkWaiting(W, own, ref => held.add(ref), seen)
  let used = 0
  const structure = allocator.inspect(ref => {
    if (held.has(ref)) used++
    else say(`block ${ref} is lost`)
  })
  if (used !== held.size) say(`${held.size - used} held blocks are free`)
  return [...problems, ...structure]
}

function checkChain(W: Uint32Array, held: Marks, seen: Marks, say: Say): number[] {
  const heads: number[] = []
  const waiting = new Set<number>()
  const newest = W[H_CURRENT]
  for (let record = newest; record !== 0; record = W[record + R_PREV]) {
    if (!held.add(record)) {
      say(`record ${record} is held twice`)
      break
    }
    const next = W[record + R_NEXT]
    if (record !== newest && W[next + R_PREV] !== record) say(`record ${record}: link`)
    walkRecord(
      W,
      record,
      ref => {
        if (held.has(ref) && !waiting.has(ref)) return false
        if (!waiting.delete(ref) && record !== newest) say(`block ${ref} is on no list`)
        held.add(ref)
        return true
      },
      seen,
    )
    checkRecord(W, record, say, heads)
    const chunk = (ref: number) => {
      const isNew = held.add(ref)
      if (!isNew) say(`chunk ${ref} is held twice`)
      return isNew
    }
    walkDead(
      W,
      record,
      chunk,
      ref => {
        const isNew = held.add(ref)
        if (!isNew) say(`block ${ref} is still seen`)
        waiting.add(ref)
        return isNew
      },
      seen,
    )
  }
  return heads
}

function checkRecord(W: Uint32Array, record: number, say: Say, heads: number[]): void {
  const version = load48(W, record + R_VERSION)
  const look = (state: number) => {
    checkTree(W, W[state + S_LIVE], version, say)
    const rest = W[state + S_REST]
    if (load48(W, rest) > version) say(`state ${state}: its rest is younger`)
    checkTree(W, W[rest + SR_GRAVE], version, say)
    checkTree(W, W[rest + SR_GRAVE_OLD], version, say)
    if (record !== W[H_CURRENT]) return
    const head = W[rest + SR_INDEX]
    if (head !== 0) heads.push(head)
    for (const what of verifyIndex(W, head, W[state + S_LIVE], version)) say(what)
  }
  look(record + R_STATE)
  const catalog = W[record + R_CATALOG]
  // As many levels as a store's number has digits: more are looked through without end.
  if (catalog !== 0 && W[catalog + C_LEVEL] > 7) {
    say(`record ${record}: catalog's level`)
    return
  }
  for (let id = 0; id < Math.min(nextStoreIn(W, catalog), MOST_STORES); id++) {
    const state = stateOf(W, catalog, id)
    if (state !== 0) look(state)
  }
}

function checkTree(W: Uint32Array, root: number, version: number, say: Say): void {
  if (root !== 0) checkNode(W, root, levelOf(W, root), version, say)
}

function checkNode(W: Uint32Array, node: number, level: number, version: number, say: Say): number {
  const count = countOf(W, node)
  const capacity = capacityOf(W, addressOf(node))
  const depth = depthOf(W, node)
  const birth = nodeBirth(W, node)
  if (levelOf(W, node) !== level) {
    // Going on by a wrong level leads anywhere.
    say(`node ${node} says level ${levelOf(W, node)}`)
    return 0
  }
  const own = countOf(W, addressOf(node))
  if (own < 1 || own > capacity || capacity > N_MAX) say(`node ${node}: count ${own}`)
  if (count > N_MAX) {
    say(`node ${node}: ${count} slots`)
    return 0
  }
  const heads = headsIn(W, node)
  if (birth > version) say(`node ${node} is younger than what leads to it`)
  let entries = level === 0 ? count : 0
  for (let i = 0; i < count; i++) {
    const ref = refAt(W, node, i)
    if (heads[i] !== entryBits(W, ref, depth)) say(`node ${node}: head ${i}`)
    if (depth > ((keyBytesOf(W, ref) + 3) >>> 2) * 32) say(`node ${node}: depth beyond key ${i}`)
    if (i > 0) {
      const before = refAt(W, node, i - 1)
      if (compareEntries(W, before, ref) >= 0) say(`node ${node}: order at ${i}`)
      if (sharedBitsOfEntries(W, before, ref) < depth) say(`node ${node}: prefix at ${i}`)
    }
    if (level > 0) entries += checkKid(W, node, i, level, say)
    else if (versionOf(W, ref) > birth) say(`node ${node}: entry ${i} is younger`)
  }
  const told = unitsOf(node) === 0 ? W[node + N_ENTRIES] : entriesBelow(W, node)
  if (told !== entries) say(`node ${node} says ${told} entries`)
  return entries
}

/** The heads of a node as its units make them. */
function headsIn(W: Uint32Array, node: number): Uint32Array {
  const heads = new Uint32Array(N_MAX)
  const refs = Uint32Array.from({ length: countOf(W, node) }, (_, i) => refAt(W, node, i))
  if (levelOf(W, node) === 0) readHeads(W, node, heads, 0, refs, 0)
  else for (let i = 0; i < refs.length; i++) heads[i] = W[addressOf(node) + N_HEADS + i] as number
  return heads
}

function checkKid(W: Uint32Array, node: number, i: number, level: number, say: Say): number {
  const kid = kidAt(W, node, i)
  const entries = checkNode(W, kid, level - 1, nodeBirth(W, node), say)
  if (refAt(W, kid, 0) !== refAt(W, node, i)) say(`node ${node}: smallest below kid ${i}`)
  let last = kid
  for (let at = level - 1; at > 0; at--) last = kidAt(W, last, countOf(W, last) - 1)
  const largest = refAt(W, last, countOf(W, last) - 1)
  if (sharedBitsOfEntries(W, largest, refAt(W, node, 0)) < depthOf(W, node)) {
    say(`node ${node}: prefix of kid ${i}`)
  }
  if (i + 1 < countOf(W, node) && compareEntries(W, largest, refAt(W, node, i + 1)) >= 0) {
    say(`node ${node}: kid ${i} reaches beyond the next one`)
  }
  return entries
}
