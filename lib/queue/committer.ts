/**
 * Commits a group of submissions as one version: applies each as one, and leaves each its outcome.
 *
 * For one handle; each call takes the writer's turn. Rules:
 * 1. A submission that fails changes nothing, and the group goes on. Where memory ends, so does the group; a submission
 *    that fails in a group of its own, and without the past, has no room.
 * 2. Exactly once, wherever the thread dies: lib/threads/rings.ts tells how.
 */

import type { Engine } from '../engine/engine.js'
import { ZVerseError } from '../errors.js'
import { addCount } from '../memory/counts.js'
import {
  H_GROUP_SIZES,
  H_GROUPS,
  H_PROMOTED,
  H_SETTLED,
  LANES,
  SIZE_BUCKETS,
  WRITING_CALLBACK,
} from '../memory/layout.js'
import { U_BATCH, U_CHANGES, U_OUTCOME, U_STORE, U_WORDS } from '../memory/queue-layout.js'
import * as rings from '../threads/rings.js'
import { inCallback } from '../threads/running.js'
import { commitVersion } from '../write/commit.js'
import { Applier } from '../write/replay.js'
import { type Group, inTurn, type Transaction } from '../write/transaction.js'
import type { Backlog } from './backlog.js'
import { setError, setVersion } from './outcome.js'
import { Selection, type Unit } from './selection.js'

/** Submissions that a group may have, where nothing has failed. */
const ANY = 2 ** 30

export class Committer implements Group {
  readonly #engine: Engine
  readonly #W: Uint32Array
  readonly #chosen: Selection
  readonly #begun: () => void
  number = 0
  #isTaken = false
  /** Submissions that a group may have: one after a group that has failed, then more again. */
  #most = ANY
  /** The past goes with the next group: it has no room beside it. */
  #forgets = false

  /**
   * @param backlogs of each lane what this thread has not in a ring
   * @param begun called when this thread has the turn
   */
  constructor(engine: Engine, backlogs: readonly Backlog[], begun: () => void = () => {}) {
    this.#begun = begun
    this.#engine = engine
    this.#W = engine.W
    this.#chosen = new Selection(engine.W, engine.epochs.line, backlogs)
  }

  /**
   * Commits one group.
   * @param held this thread has the lock already
   * @param isOwn only what this thread has submitted
   * @returns false if there was nothing to commit
   * @throws ZVerseError `ZVERSE_WRITER_BUSY`, `ZVERSE_NESTED_TRANSACTION`, `ZVERSE_CLOSED`; nothing was taken then
   */
  commit(held: boolean, isOwn: boolean): boolean {
    const { epochs } = this.#engine
    const chosen = this.#chosen
    this.#isTaken = false
    chosen.clear()
    try {
      inTurn(this.#engine, WRITING_CALLBACK, tx => inCallback(() => this.#commit(tx, held, isOwn)))
    } catch (error) {
      if (chosen.units.length === 0) throw error
      // One that was taken has its outcome: who reads it finds out that its version cannot be read.
      if (!this.#isTaken) return this.#failed(error)
    }
    this.#most = Math.min(ANY, this.#most * 2)
    this.#forgets = false
    chosen.tell(epochs.arena.signed)
    const isDone = chosen.units.length > 0
    // Else the memory of a backlog would stay as long as nothing else is committed.
    chosen.clear()
    return isDone
  }

  #commit(tx: Transaction, held: boolean, isOwn: boolean): void {
    const chosen = this.#chosen
    tx.begin(held, undefined, this.#forgets)
    this.#begun()
    chosen.choose(isOwn, this.#most)
    if (chosen.units.length === 0) {
      tx.close()
      return
    }
    chosen.cut(this.#apply(tx))
    const version = tx.hasChanges ? tx.version : tx.seen
    for (const { words, at } of chosen.units) {
      if (words[at + U_OUTCOME] === 0) setVersion(words, at, version)
    }
    this.number = rings.nextGroup(this.#W)
    chosen.note(this.number)
    tx.group = this
    // No version comes: done again it would change as little.
    if (!tx.hasChanges) this.taken()
    commitVersion(tx)
  }

  /** Applies the submissions that were chosen; returns how many, where memory has ended before the last. */
  #apply(tx: Transaction): number {
    const { units } = this.#chosen
    const applier = new Applier(tx)
    for (const [i, unit] of units.entries()) {
      unit.words[unit.at + U_OUTCOME] = 0
      try {
        applyOne(tx, applier, unit)
      } catch (error) {
        if (!(error instanceof ZVerseError)) throw error
        const isFull = error.code === 'ZVERSE_FULL'
        if (isFull && i > 0) return i
        if (isFull) throw error
        setError(this.#engine, unit.words, unit.at, error)
      }
    }
    return units.length
  }

  /** What a commit that was cut off has taken of the backlogs. In the turn; `block` is settled. */
  settleOwn(block: number): void {
    this.#chosen.settleOwn(block)
  }

  /** The version has been published, or there is none. Neither allocates nor throws. */
  taken(): void {
    this.#chosen.take()
    this.#isTaken = true
    this.#count()
  }

  #count(): void {
    const { units, counts, promoted } = this.#chosen
    const W = this.#W
    for (let lane = 0; lane < LANES; lane++) {
      addCount(W, H_SETTLED + 2 * lane, counts[lane])
      addCount(W, H_PROMOTED + 2 * lane, promoted[lane])
    }
    addCount(W, H_GROUPS, 1)
    W[H_GROUP_SIZES + Math.min(SIZE_BUCKETS - 1, 31 - Math.clz32(units.length))]++
  }

  /** The group could not be committed: each of its submissions is to fail, or not, by itself. */
  #failed(error: unknown): boolean {
    const { writer, epochs } = this.#engine
    const chosen = this.#chosen
    const isFull = error instanceof ZVerseError && error.code === 'ZVERSE_FULL'
    if (chosen.units.length > 1) this.#most = 1
    else if (isFull && !this.#forgets && writer.couldForget) this.#forgets = true
    else {
      this.#forgets = false
      const isMine = epochs.turn.exclusively(() => {
        if (!chosen.isThere) return false
        const [{ words, at }] = chosen.units
        setError(this.#engine, words, at, error)
        chosen.takeOne()
        this.#count()
        return true
      })
      // Whoever has taken it tells, once its version can be read.
      if (isMine) chosen.tell(epochs.arena.signed)
    }
    return true
  }
}

/** Applies a submission to a transaction that is open, as one. @throws ZVerseError: nothing has changed */
export function applyOne(tx: Transaction, applier: Applier, { words, at }: Unit): void {
  const end = at + words[at + U_WORDS]
  if (!tx.has(words[at + U_STORE] | 0)) {
    throw new ZVerseError('ZVERSE_UNKNOWN_STORE', 'the store has been dropped')
  }
  const body = () => applier.apply(words, at + U_BATCH, end)
  // One change is done as a whole or not at all.
  if (words[at + U_CHANGES] === 1) tx.change(body)
  else tx.all(body)
}
