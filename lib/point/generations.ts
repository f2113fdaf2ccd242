/**
 * Generation numbers: for each of a few thousand groups of keys, by hash, the version (its low word) that
 * wrote one of them last. `KeyRef.stale` looks at them.
 *
 * The table is made for the first reference (`db.ref`), never moves and is never freed: a reference points
 * to no memory that could be used again. Invariants:
 * 1. The writer stores the version it is about to publish before it publishes: a reader of the new version
 *    finds the number changed.
 * 2. A number ahead of the snapshot that a reference read says nothing about it: the reference has to look.
 */

import { acquire, release } from '../memory/atomic.js'
import type { ChangeList } from '../memory/change-list.js'
import { H_GENERATIONS } from '../memory/layout.js'
import { GENERATIONS } from '../memory/point-layout.js'

/** In place of a generation: none is known. */
export const NO_GENERATION = -1

/** The generation of a hash; {@link NO_GENERATION} where there is no table. */
export function generationOf(W: Uint32Array, hash: number): number {
  const table = acquire(W, H_GENERATIONS)
  return table === 0 ? NO_GENERATION : acquire(W, table + (hash & (GENERATIONS - 1)))
}

/**
 * Marks the keys that a transaction changed in a store as written by `version`.
 * @param changes a list that is whole
 * @param all marks all keys, for the store is dropped
 */
export function advance(W: Uint32Array, changes: ChangeList, version: number, all: boolean): void {
  const table = W[H_GENERATIONS]
  if (table === 0) return
  if (all || changes.isCleared) {
    for (let i = 0; i < GENERATIONS; i++) release(W, table + i, version)
    return
  }
  for (let i = 0; i < changes.count; i++) {
    release(W, table + (changes.hashAt(i) & (GENERATIONS - 1)), version)
  }
}
