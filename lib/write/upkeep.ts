/** Mutations that make no version and allocate nothing: `prune`, `setHistory`, and the time of a version. */

import type { Batch } from '../engine/batch.js'
import type { Mutation } from '../engine/mutation.js'
import { tipOf } from '../memory/atomic.js'
import { H_AGAIN } from '../memory/layout.js'
import { writeTime } from '../memory/record.js'
import type { AllBounds } from '../options.js'
import { writeBounds } from '../versions/past.js'
import { advanceTip } from '../versions/tip.js'
import { commit } from './commit.js'
import type { Transaction } from './transaction.js'

/** A few stored words, and then a run of reclamation without budget. */
class Upkeep implements Mutation {
  isPublished = false
  readonly stamp = undefined
  readonly endsPast = false
  readonly describe: (batch: Batch) => void
  readonly #tx: Transaction
  readonly #change: () => void

  constructor(tx: Transaction, change: () => void, describe: (batch: Batch) => void) {
    this.#tx = tx
    this.#change = change
    this.describe = describe
  }

  prepare(): void {}

  publish(): void {
    const { W } = this.#tx.engine
    advanceTip(W, tipOf(W))
    this.#change()
    this.isPublished = true
  }

  release(): void {
    const { W, epochs } = this.#tx.engine
    W[H_AGAIN] = 1
    epochs.past.reclaim(Number.POSITIVE_INFINITY, true)
  }

  settled(): void {}
}

function keepUp(tx: Transaction, change: () => void, describe: (batch: Batch) => void): void {
  tx.beginUpkeep()
  commit(tx, new Upkeep(tx, change, describe))
}

/** Drops all versions before `version`, tags and pins apart. */
export function prune(tx: Transaction, version: number): void {
  const { past, versions } = tx.engine.epochs
  const change = () => {
    versions.sealed.raiseFloor(version)
    past.shrink(versions.oldest, version)
  }
  keepUp(tx, change, batch => batch.prune(version))
}

/** Changes the bounds of history; the next commit applies them. */
export function setBounds(tx: Transaction, bounds: AllBounds): void {
  const change = () => writeBounds(tx.engine.epochs.arena, bounds)
  keepUp(tx, change, batch => batch.bounds(bounds))
}

/** Gives the present version another time, ms since 1970: for a load of which nothing can be read yet. */
export function setTime(tx: Transaction, time: number): void {
  const { W, epochs } = tx.engine
  const change = () => writeTime(W, epochs.versions.tip, time)
  keepUp(tx, change, batch => batch.time(time))
}
