/**
 * Point index tables that were dropped whole: by `clear`, by `dropStore`, by recovery. They wait until
 * no reader can be in them, and are freed a segment at a time.
 *
 * For the owner of the writer lock. Listing a dropped table takes no memory: its directory is a link of
 * the list at H_TABLES. Invariants:
 * 1. A table is in the list before the store that unlinks it, so that no death loses it.
 * 2. Readers find it unchanged until every announced read began at or after the version that dropped
 *    it. Then D_VERSION is 0, and the segments of the directory's words from D_LEFT on are freed already.
 */

import type { Allocator } from '../memory/allocator.js'
import { release, tipOf } from '../memory/atomic.js'
import { H_TABLES, R_CATALOG, R_STATE, S_REST, SR_INDEX } from '../memory/layout.js'
import {
  D_DEPTH,
  D_LEFT,
  D_MAX_DEPTH,
  D_NEXT,
  D_SEGMENTS,
  D_VERSION,
  X_COUNT,
  X_DIRECTORY,
  X_WORDS,
} from '../memory/point-layout.js'
import { load48, store48 } from '../memory/words.js'
import { walkCatalog } from '../tree/catalog.js'
import { directoryLength, eachRef, eachSegment, segmentIn } from './table.js'

/** Takes the table off the head of an index, as unlinked in `version`; false if it has none. */
export function dropTable(W: Uint32Array, head: number, version: number): boolean {
  const directory = W[head + X_DIRECTORY]
  if (directory === 0) return false
  W[directory + D_NEXT] = W[H_TABLES]
  store48(W, directory + D_VERSION, version)
  W[directory + D_LEFT] = directoryLength(W, directory)
  W[H_TABLES] = directory
  unhook(W, head)
  return true
}

function unhook(W: Uint32Array, head: number): void {
  release(W, head + X_DIRECTORY, 0)
  W[head + X_COUNT] = 0
  W[head + X_WORDS] = 0
}

/**
 * Drops the tables of all stores of the newest record, as unlinked in `version`; false if there is none.
 * An owner may have died while it dropped a table: that table is the first of the list.
 */
export function dropTables(W: Uint32Array, version: number): boolean {
  const half = W[H_TABLES]
  let dropped = false
  eachHead(W, tipOf(W), head => {
    if (half !== 0 && W[head + X_DIRECTORY] === half) unhook(W, head)
    else if (dropTable(W, head, version)) dropped = true
  })
  return dropped
}

/** Marks the tables that no read announced from version `m` on can be in. */
export function settleTables(W: Uint32Array, m: number): void {
  for (let d = W[H_TABLES]; d !== 0; d = W[d + D_NEXT]) {
    if (load48(W, d + D_VERSION) <= m) store48(W, d + D_VERSION, 0)
  }
}

/** Frees up to `budget` segments of tables that no reader can be in; returns how many blocks. */
export function freeTables(W: Uint32Array, allocator: Allocator, budget: number): number {
  let done = 0
  let link = H_TABLES
  while (W[link] !== 0 && done < budget) {
    const directory = W[link]
    if (load48(W, directory + D_VERSION) !== 0) {
      link = directory + D_NEXT
      continue
    }
    for (let left = W[directory + D_LEFT]; left > 0 && done < budget; done++) {
      const word = W[directory + D_SEGMENTS + left - 1]
      while (left > 0 && W[directory + D_SEGMENTS + left - 1] === word) left--
      W[directory + D_LEFT] = left
      allocator.free(segmentIn(word))
    }
    if (W[directory + D_LEFT] > 0) return done
    W[link] = W[directory + D_NEXT]
    allocator.free(directory)
    done++
  }
  return done
}

/** Visits the blocks of a table of which the first `count` words of the directory are left. */
function walkTable(
  W: Uint32Array,
  directory: number,
  count: number,
  visit: (ref: number) => void,
): void {
  visit(directory)
  eachSegment(W, directory, count, visit)
}

/** Visits the blocks of all dropped tables. */
export function walkDropped(W: Uint32Array, visit: (ref: number) => void): void {
  for (let d = W[H_TABLES]; d !== 0; d = W[d + D_NEXT]) walkTable(W, d, W[d + D_LEFT], visit)
}

/** Visits the head of the index of each store that `record` has. */
export function eachHead(W: Uint32Array, record: number, visit: (head: number) => void): void {
  const look = (state: number) => {
    const head = W[W[state + S_REST] + SR_INDEX]
    if (head !== 0) visit(head)
  }
  look(record + R_STATE)
  walkCatalog(W, W[record + R_CATALOG], () => true, look)
}

/** Visits the blocks of the tables of some indexes, but for directories of an impossible depth. */
export function walkTables(
  W: Uint32Array,
  heads: readonly number[],
  visit: (ref: number) => void,
): void {
  for (const head of heads) {
    const directory = W[head + X_DIRECTORY]
    if (directory === 0 || W[directory + D_DEPTH] > D_MAX_DEPTH) continue
    walkTable(W, directory, directoryLength(W, directory), visit)
  }
}

/** Visits the references in tables dropped after version `newest`: a dying commit may have added some. */
export function eachLateRef(W: Uint32Array, newest: number, visit: (ref: number) => void): void {
  for (let d = W[H_TABLES]; d !== 0; d = W[d + D_NEXT]) {
    if (load48(W, d + D_VERSION) <= newest) continue
    eachSegment(W, d, W[d + D_LEFT], (segment, code) => eachRef(W, segment, code, visit))
  }
}
