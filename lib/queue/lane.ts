/**
 * One lane of one handle: its submissions in their order, the first ones in the lane's ring, the rest in the backlog; and
 * the promises that wait for their outcomes.
 */

import type { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import { H_QUEUE_TIMES } from '../memory/layout.js'
import { L_SIZE, U_BATCH, U_CHANGES, U_OUTCOME, U_TICKET, U_WORDS } from '../memory/queue-layout.js'
import type { StoreCore } from '../read/store-core.js'
import { monotonic } from '../threads/clock.js'
import * as rings from '../threads/rings.js'
import { noteTime } from '../threads/times.js'
import { Backlog } from './backlog.js'
import { errorAt, unavailable, versionAt } from './outcome.js'
import { closed, type Outcome, Waiting } from './waiting.js'

export class Lane {
  readonly backlog = new Backlog()
  readonly #engine: Engine
  readonly #W: Uint32Array
  readonly #index: number
  readonly #stores: ReadonlyMap<number, StoreCore>
  /** The lane's words in the handle's block; 0: there is none. */
  #at = 0
  /** Position up to where outcomes were read. */
  #read = 0
  readonly #waiting = new Waiting()

  /** @param stores those that submissions were made to, by id */
  constructor(engine: Engine, index: number, stores: ReadonlyMap<number, StoreCore>) {
    this.#engine = engine
    this.#stores = stores
    this.#W = engine.W
    this.#index = index
  }

  /** Submissions whose outcomes are not known yet. */
  get depth(): number {
    return this.#waiting.depth
  }

  /** The handle has a block of its own from now on. */
  use(block: number): void {
    this.#at = rings.laneAt(block, this.#index)
    this.#read = rings.headOf(this.#W, this.#at)
  }

  /** True if there is something that nobody has taken. */
  get hasWork(): boolean {
    if (this.backlog.hasWork) return true
    return this.#at !== 0 && rings.headOf(this.#W, this.#at) !== rings.tailOf(this.#W, this.#at)
  }

  /** False for a batch that has no room in the lane's ring, ever. */
  mayFit(batch: Batch): boolean {
    return this.#at === 0 || rings.fits(this.#W, this.#at, U_BATCH + batch.length)
  }

  /** Bytes that a submission in the ring may have. */
  get mostBytes(): number {
    return this.#at === 0 ? 0 : 2 * this.#W[this.#at + L_SIZE] - 4 * U_BATCH
  }

  /** True if what comes next in the backlog never goes into the ring: this thread is to commit it. */
  get hasOwn(): boolean {
    const { backlog } = this
    if (!backlog.hasWork) return false
    return this.#at === 0 || !rings.fits(this.#W, this.#at, backlog.words[backlog.taken + U_WORDS])
  }

  /**
   * Submits a batch that begins with its store. Its last call makes the submission: where the stack ends, nothing was
   * submitted.
   * @param changes how many follow the store
   * @throws ZVerseError `ZVERSE_FULL` where the process has no memory left; nothing is submitted then
   */
  submit(batch: Batch, changes: number): Promise<number> {
    const waiting = this.#waiting
    const result = waiting.add()
    const { ticket } = waiting
    const words = U_BATCH + batch.length
    const ring = this.#roomInRing(words)
    if (ring !== 0) {
      write(this.#W, ring, batch, changes, ticket)
      rings.submitAt(this.#W, this.#at, ring, words)
    } else {
      const { backlog } = this
      const at = backlog.roomFor(words)
      write(backlog.words, at, batch, changes, ticket)
      backlog.end = at + words
    }
    waiting.adding = -1
    return result
  }

  #roomInRing(words: number): number {
    if (this.#at === 0 || !this.backlog.isEmpty) return 0
    if (!rings.fits(this.#W, this.#at, words)) return 0
    return rings.roomFor(this.#W, this.#at, this.#read, words)
  }

  /** Moves what has room from the backlog into the ring. */
  refill(): void {
    const { backlog } = this
    const W = this.#W
    if (this.#at === 0 || backlog.from !== backlog.taken) return
    while (!backlog.isEmpty) {
      const { words, from } = backlog
      const size = words[from + U_WORDS]
      if (!rings.fits(W, this.#at, size)) return
      const ring = rings.roomFor(W, this.#at, this.#read, size)
      if (ring === 0) return
      W.set(words.subarray(from, from + size), ring)
      rings.submitAt(W, this.#at, ring, size)
      backlog.dropTo(from + size)
    }
  }

  /**
   * Reads outcomes, and settles promises.
   * @param all of all that was taken, decided or not: the handle closes
   * @returns how many
   */
  read(all: boolean): number {
    const before = this.depth
    const W = this.#W
    if (this.#at !== 0) {
      const tail = rings.tailOf(W, this.#at)
      const decided = rings.doneOf(W, this.#at)
      const done = all ? tail : decided
      while (this.#read !== tail) {
        const position = rings.skipTo(W, this.#at, this.#read)
        const unit = rings.unitAt(W, this.#at, position)
        const isWithdrawn = rings.isWithdrawn(W, unit)
        // Nobody tells of what was taken back.
        if (((done - this.#read) | 0) <= 0 && !isWithdrawn) break
        // First, since the call may be cut off: then it is read once more.
        const isOut = this.#engine.isReplica && ((decided - this.#read) | 0) <= 0
        if (!isWithdrawn) this.#settle(W, unit, all, isOut)
        this.#read = (position + W[unit + U_WORDS]) >>> 0
      }
    }
    const { backlog } = this
    while (backlog.from < backlog.taken) {
      const { words, from } = backlog
      this.#settle(words, from, all)
      backlog.dropTo(from + words[from + U_WORDS])
    }
    const read = before - this.depth
    this.#waiting.tell()
    // At the close what was taken back waits for its rejection.
    if (!all && this.#isRead) this.fail(closed)
    return read
  }

  /** True if there is nothing whose outcome is to come. */
  get #isRead(): boolean {
    return (
      this.backlog.isEmpty && (this.#at === 0 || this.#read === rings.headOf(this.#W, this.#at))
    )
  }

  /** @param isOut it is on its way to a replicated log, and nobody waits for what that says */
  #settle(words: Uint32Array, at: number, all: boolean, isOut = false): void {
    const ticket = words[at + U_TICKET]
    const chunk = this.#waiting.chunkOf(ticket)
    if (chunk === undefined) return
    if (ticket === chunk.first) noteTime(this.#W, H_QUEUE_TIMES, monotonic() - chunk.since)
    const outcome = isOut ? { error: unavailable('unknown') } : this.#outcomeAt(words, at, all)
    this.#waiting.settle(chunk, ticket, outcome)
  }

  #outcomeAt(words: Uint32Array, at: number, all: boolean): Outcome {
    const version = versionAt(words, at)
    const { log, epochs } = this.#engine
    try {
      // A version that was published, but could not be made durable: its log tells why. What was refused may follow
      // from such a version.
      const seen = version ?? (all || log?.hasFailed ? epochs.versions.staged : 0)
      if (log !== null && seen > epochs.versions.newest) log.settle(seen)
      return version ?? { error: errorAt(this.#engine, words, at, this.#stores) }
    } catch (error) {
      return { error }
    }
  }

  /** Rejects what waits. */
  fail(because: () => unknown): void {
    this.#waiting.fail(because)
  }
}

function write(
  words: Uint32Array,
  at: number,
  batch: Batch,
  changes: number,
  ticket: number,
): void {
  words[at + U_WORDS] = U_BATCH + batch.length
  words[at + U_CHANGES] = changes
  words[at + U_OUTCOME] = 0
  words[at + U_TICKET] = ticket
  batch.copyTo(words, at + U_BATCH)
}
