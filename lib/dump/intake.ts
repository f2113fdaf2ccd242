/**
 * The back of a load: takes batches, makes commits of them, and undoes all of them if the load fails.
 *
 * It keeps the writer's turn from `begin` to the end, so that no other thread can write in between; readers
 * see the versions of a history as they come. Invariant: after `fail` nothing of the load stays. One more
 * version takes away the versions of a history that can be read by then, their tags included.
 */

import type { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import type { Stamp } from '../engine/mutation.js'
import { UNNAMED } from '../engine/names.js'
import { ZVerseError } from '../errors.js'
import type { Defined } from '../indexes/definition.js'
import { R_STATE, S_LIVE, WRITING_OPEN } from '../memory/layout.js'
import { timeOf } from '../memory/record.js'
import { invalidOption } from '../options.js'
import { transactionClosed } from '../read/source.js'
import type { StoreCore } from '../read/store-core.js'
import { WHOLE } from '../tree/cursor.js'
import { oldestHintAge } from '../versions/reclaim.js'
import { commitVersion } from '../write/commit.js'
import { apply } from '../write/replay.js'
import { putTag, takeTag } from '../write/tagging.js'
import { Transaction } from '../write/transaction.js'
import { setTime } from '../write/upkeep.js'
import { WriteLease } from '../write/write-lease.js'

/** Numbers that the next version may skip while others may read, and half of those that all may skip. */
const FAR = 2 ** 28

export class Intake {
  readonly #main: StoreCore
  readonly #engine: Engine
  /** Keeps the turn. */
  readonly #tx: Transaction
  /** Ends a load whose async iterable is dropped. */
  #lease: WriteLease | undefined
  #hasHistory = false
  /** The version that was committed last. */
  #made = 0
  /** The present version's time before the load. */
  #timeBefore = 0
  /** Some of the history can be read already. */
  #isVisible = false

  /** @param kind WRITING_…: how the records come */
  constructor(main: StoreCore, kind: number) {
    this.#main = main
    this.#engine = main.engine
    this.#tx = new Transaction(main.engine, kind)
  }

  /**
   * Takes the turn.
   * @param hasHistory versions will come, for an empty database; else the load is one commit
   * @throws ZVerseError `ZVERSE_CONFLICT` where a history has no place
   */
  begin(hasHistory: boolean): void {
    const { W, epochs } = this.#engine
    this.#tx.keepTurn()
    this.#settle()
    if (this.#tx.kind === WRITING_OPEN) this.#lease = new WriteLease(this.#tx, 'load')
    this.#tx.isUsers = this.#tx.kind === WRITING_OPEN
    this.#hasHistory = hasHistory
    this.#timeBefore = timeOf(W, epochs.versions.tip)
    if (hasHistory) this.#checkEmpty()
  }

  #checkEmpty(): void {
    const { epochs, names, tags, W } = this.#engine
    const isEmpty =
      W[epochs.versions.tip + R_STATE + S_LIVE] === 0 &&
      names.all(epochs.versions.tip).length === 0 &&
      tags.all().length === 0
    if (isEmpty) return
    throw this.conflict('a dump with history is for a database without keys, stores and tags')
  }

  /** Throws if the load was cut off: by a codec that closed the database, say. */
  check(): void {
    this.#engine.gate.check()
    if (!this.#tx.isHeld) throw transactionClosed('write')
  }

  conflict(message: string): ZVerseError {
    return new ZVerseError('ZVERSE_CONFLICT', message, { expected: 0, actual: this.newest })
  }

  /** Waits until all that is committed can be read. */
  #settle(): void {
    this.#engine.log?.settle(this.newest)
  }

  /** The newest version, which may be staged, or on its way to a replicated log. */
  get newest(): number {
    return Math.max(this.#made, this.#engine.epochs.versions.staged)
  }

  /** True if there is nothing before the present version. */
  get isFirst(): boolean {
    return this.#engine.epochs.versions.oldest === this.newest
  }

  /** The id of the next store that is made. */
  get nextStore(): number {
    return this.#tx.nextStore
  }

  /** Root of a store's tree in the transaction under way. */
  rootOf(core: StoreCore): number {
    return this.#tx.root(core)
  }

  // ── Commits ───────────────────────────────────────────────────────────────────────────────────

  /** Begins the transaction that makes the next version, or that of a stamp. */
  open(stamp?: Stamp): void {
    if (stamp !== undefined) this.#checkReach(stamp.version)
    this.#tx.begin(true, stamp)
  }

  /** Applies a batch to the transaction under way. */
  apply(batch: Batch): void {
    // After whatever error the load fails, so that nobody asks what state the drafts are in.
    apply(this.#tx, batch)
  }

  /** Makes an index in the transaction under way. @throws `ZVERSE_INVALID_OPTION` if there is another */
  makeIndex(core: StoreCore, name: string, defined: Defined): void {
    const tx = this.#tx
    const of = tx.idOf(core)
    const known = tx.indexesOf(of).find(index => index.name === name)
    if (known === undefined) tx.createIndex(of, name, defined)
    else if (known.defined.text !== defined.text) {
      throw invalidOption(
        'definition',
        `of index ${JSON.stringify(name)}: the database has another of that name`,
      )
    }
  }

  /** Drops an index; false if there is none. */
  dropIndex(core: StoreCore, name: string): boolean {
    const tx = this.#tx
    const known = tx.indexesOf(tx.idOf(core)).find(index => index.name === name)
    if (known !== undefined) tx.dropIndex(known)
    return known !== undefined
  }

  /** Commits the transaction under way. */
  commit(): void {
    // Once more: since the version began, other threads may have come.
    if (this.#hasHistory) this.#checkReach(this.#tx.version)
    this.#made = commitVersion(this.#tx, this.#hasHistory)
    this.#isVisible = this.#hasHistory
  }

  /** Tags the present version. */
  tag(name: string): void {
    this.#settle()
    putTag(this.#tx, name, undefined)
    this.#isVisible = true
  }

  /** Gives the present version its time, before any of the history can be read. */
  setTime(time: number): void {
    setTime(this.#tx, time)
  }

  /** Throws if the gap would make hints of reads under way so old that they look young again. */
  #checkReach(version: number): void {
    const { newest } = this
    const gap = version - newest
    if (gap === 1 || this.#engine.epochs.isAlone) return
    if (gap <= FAR && gap + oldestHintAge(this.#engine.W) <= 2 * FAR) return
    const message = `version ${version} is too far from ${newest} for a database that is being read`
    throw this.conflict(`${message}: load the dump before it is shared, with no dump under way`)
  }

  // ── Its end ───────────────────────────────────────────────────────────────────────────────────

  /** All is committed: gives the turn back. */
  finish(): void {
    this.#settle()
    this.#lease?.leave()
    this.#tx.close()
    if (this.#engine.log === null || !this.#isVisible) return
    // While versions were staged the window reached back to one before them.
    const { turn, past, versions } = this.#engine.epochs
    const now = this.#timeNow()
    turn.tryToTidy(() => past.applyBounds(versions.newest, now))
  }

  /** Undoes the load. Throws nothing. */
  fail(): void {
    this.#lease?.leave()
    const tx = this.#tx
    // The turn was never taken, or the database has been closed.
    if (!tx.isHeld) {
      tx.close()
      return
    }
    try {
      tx.undo()
      if (this.#isVisible) this.#empty()
      else if (this.#hasHistory) setTime(tx, this.#timeBefore)
    } catch {
      // Memory, or the stack, is too short even for that; the caller gets the cause.
    } finally {
      // The commit that undoes it may still be under way.
      tx.cutOff()
      tx.close()
    }
  }

  /** Takes away all that can be read of the history. */
  #empty(): void {
    const { epochs, names, tags } = this.#engine
    const tx = this.#tx
    for (const { name } of tags.all()) takeTag(tx, name)
    const { tip, staged } = epochs.versions
    // Not after the dump's times, which may be of the future.
    const time = Math.max(this.#timeNow(), this.#timeBefore)
    tx.begin(true, { version: staged + 1, time, ended: undefined, forgets: true })
    for (const { name, description } of names.list(tip)) tx.dropStore(name, description.id)
    tx.clear(this.#main, WHOLE)
    for (const index of tx.indexesOf(UNNAMED)) tx.dropIndex(index)
    commitVersion(tx, true)
  }

  /** The time; where a clock throws, the time before the load: no clock may stop the undoing. */
  #timeNow(): number {
    try {
      return this.#engine.clock.after(this.#timeBefore)
    } catch {
      return this.#timeBefore
    }
  }
}
