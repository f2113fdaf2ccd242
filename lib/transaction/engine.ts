/**
 * One thread's use of one database: what all its verbs share.
 *
 * Ties epochs, trees and codecs together: gates calls, resolves views to records, runs write
 * transactions and puts things right when one is cut off. Invariants:
 * 1. `barred` is 0 whenever a verb may run. User code that runs inside a codec finds it set.
 * 2. `active` is the write transaction that this handle has open, if any; only it may write. One that
 *    was cut off without unwinding (by a vm timeout) is recognised by the next verb that it bars.
 * 3. The scratch buffers hold one key and one value, from encoding to the end of the verb.
 */
import type { EpochManager } from '../epoch/manager.js'
import type { Stamp } from '../epoch/past.js'
import { CODEC_FRAME, isRunning, marked, WRITING_FRAME } from '../epoch/running.js'
import { ZVerseError } from '../errors.js'
import { Tags } from '../history/tags.js'
import { PointIndex } from '../hot/point-index.js'
import { AccessSketch } from '../hot/sketch.js'
import { ValueCache } from '../hot/value-cache.js'
import { KeyBuffer, type KeyCodec } from '../key/codec.js'
import { msOf } from '../key/date.js'
import {
  H_CACHE_BYTES,
  H_CACHE_FREEZES,
  R_TIME,
  R_UNTIL,
  R_VERSION,
  WRITING_OPEN,
  WRITING_VERB,
} from '../memory/layout.js'
import { Gatherer } from '../memory/pieces.js'
import { load48 } from '../memory/words.js'
import { invalidOption } from '../options.js'
import { TreeEditor } from '../snapshot/editor.js'
import { ValueBuffer } from '../value/codec.js'
import { KeyBatch } from './key-batch.js'
import { Leases } from './lease.js'
import { Names } from './names.js'
import { NO_SURVEY, type Survey } from './stats.js'
import type { View } from './view.js'
import { Writer } from './writer.js'

const OPEN = 0
const IN_CODEC = 1
const CLOSED = 2

/** The key under which a read transaction keeps what it gives the engine as a view. */
export const PINNED: unique symbol = Symbol('pinned')

/** What a read transaction gives the engine when it is used as a view. */
export interface Pinned {
  readonly engine: Engine
  /** The record it holds; throws ZVERSE_TRANSACTION_CLOSED after its end. */
  heldRecord(): number
}

/** A write transaction that is open on this handle. */
export interface Active {
  /** Set to false when it ends. */
  open: boolean
  /** WRITING_…: what it is for. */
  readonly kind: number
}

export class Engine {
  readonly epochs: EpochManager
  readonly W: Uint32Array
  readonly editor: TreeEditor
  readonly tags: Tags
  readonly names: Names
  readonly index: PointIndex
  readonly writer: Writer
  readonly key = new KeyBuffer()
  readonly other = new KeyBuffer()
  readonly value = new ValueBuffer()
  readonly batch = new KeyBatch()
  /** Brings values that lie in pieces together. */
  readonly gatherer: Gatherer
  readonly leases = new Leases()
  /** Which keys this thread reads often; what is kept of them decoded, if anything is. */
  readonly sketch = new AccessSketch()
  readonly cache: ValueCache | null
  /** Not 0 while no verb may begin. */
  barred = OPEN
  active: Active | null = null
  /** What `stats` saw last of what only the writer may look at. */
  survey: Survey = NO_SURVEY
  /** Called at close: ends iterators and transactions. */
  readonly onClose = new Set<() => void>()

  constructor(epochs: EpochManager) {
    this.epochs = epochs
    this.W = epochs.arena.words
    this.gatherer = new Gatherer(epochs.arena)
    this.editor = new TreeEditor(this.W, epochs.space)
    this.tags = new Tags(this.W, this.editor, epochs.space)
    this.names = new Names(this)
    this.index = new PointIndex(epochs)
    const bytes = epochs.arena.floats[H_CACHE_BYTES / 2]
    const freezes = this.W[H_CACHE_FREEZES] !== 0
    this.cache = bytes > 0 ? new ValueCache(bytes, freezes, this.sketch) : null
    this.writer = new Writer(this)
  }

  /** The present version. */
  get newest(): number {
    const { epochs } = this
    epochs.slots.enter()
    const { newest } = epochs
    epochs.slots.exit()
    return newest
  }

  // ── Gates ─────────────────────────────────────────────────────────────────────────────────────

  /** Throws where no verb may begin: after close, or inside a codec. */
  gate(): void {
    if (this.barred !== OPEN) this.#refuse()
  }

  #refuse(): void {
    // A codec that was cut off by a vm timeout left this set: it is on the stack no more.
    if (this.barred === IN_CODEC && !isRunning(CODEC_FRAME)) this.barred = OPEN
    else throw this.refusal()
  }

  /** @throws ZVerseError `ZVERSE_CLOSED` */
  checkOpen(): void {
    if (this.barred === CLOSED) throw this.refusal()
  }

  get closed(): boolean {
    return this.barred === CLOSED
  }

  refusal(): ZVerseError {
    if (this.barred === CLOSED)
      return new ZVerseError(
        'ZVERSE_CLOSED',
        'the database is closed: open it, or attach to it, anew',
      )
    const message =
      'a codec, a getter, a Proxy or a clock must not call the database: read what it needs before'
    return new ZVerseError('ZVERSE_NESTED_TRANSACTION', message)
  }

  /** Runs `body`, in which user code may run that must not call the database. */
  guarded<T>(body: () => T): T {
    const before = this.barred
    this.barred = IN_CODEC
    try {
      return body()
    } finally {
      // Closing is final, also from within a codec.
      if (this.barred === IN_CODEC) this.barred = before
    }
  }

  /** {@link guarded} for encoding a key, without making a function each time. */
  guardedEncode(codec: KeyCodec, key: unknown, into: KeyBuffer): void {
    const before = this.barred
    this.barred = IN_CODEC
    try {
      codec.encode(key, into)
    } finally {
      if (this.barred === IN_CODEC) this.barred = before
    }
  }

  static {
    marked(CODEC_FRAME, Engine.prototype.guarded)
    marked(CODEC_FRAME, Engine.prototype.guardedEncode)
  }

  // ── Views ─────────────────────────────────────────────────────────────────────────────────────

  /** The engine's side of a read transaction; throws where `transaction` is none of this database. */
  pinnedBy(transaction: unknown, option: string): Pinned {
    const pin = (transaction as { [PINNED]?: Pinned } | null)?.[PINNED]
    if (pin === undefined || pin.engine !== this) {
      throw invalidOption(option, 'must be a read transaction of this database')
    }
    return pin
  }

  /**
   * Begins a read (`epochs.slots.exit` ends it) and finds the record to read.
   * @param past versions before that record are to be read, too
   * @throws ZVerseError `ZVERSE_VERSION_NOT_RETAINED`, `ZVERSE_FUTURE_VERSION`, `ZVERSE_UNKNOWN_TAG`;
   * the read is then ended already.
   */
  enter(view: View | undefined, past = false): number {
    // What was asked for may have closed the database while it was read (a getter, say).
    this.checkOpen()
    const { slots } = this.epochs
    if (view === undefined) {
      if (past) slots.enterRun()
      else slots.enter()
      return this.epochs.current
    }
    if (view.snapshot !== undefined) {
      // Held by its own pin: what is announced is for what is before it, and for the point index.
      const record = this.pinnedBy(view.snapshot, 'snapshot').heldRecord()
      if (past) slots.enterRun()
      else slots.enter()
      return record
    }
    // What is announced must cover whatever is found from here on: it is not raised later.
    if (typeof view.at === 'string') slots.enterAll()
    else if (view.at === undefined || past) slots.enterRun()
    else slots.enterAt(view.at)
    try {
      return this.#find(view)
    } catch (error) {
      slots.exit()
      throw error
    }
  }

  #find(view: View): number {
    if (typeof view.at === 'string') {
      const record = this.tags.find(this.epochs.tagRoot, view.at)
      if (record !== 0) return record
      const message = `there is no tag ${JSON.stringify(view.at)}`
      throw new ZVerseError('ZVERSE_UNKNOWN_TAG', message, { tag: view.at })
    }
    if (view.at !== undefined) return this.recordOf(view.at)
    return this.#recordAt(view.asOf as Date)
  }

  /** The record of a version that can be read by number, in or below the window; after `enterAt`. */
  recordOf(version: number): number {
    const { epochs } = this
    const newest = epochs.newest
    const oldest = epochs.oldestBefore(newest)
    if (version > newest) throw this.futureVersion(version)
    const record = version >= oldest ? epochs.ring.record(version) : 0
    if (record !== 0) return record
    // Below the run, or let go of since we looked.
    epochs.slots.enterAll()
    const tagged = this.tags.findVersion(epochs.tagRoot, version)
    if (tagged === 0) throw this.notRetained(version)
    return tagged
  }

  futureVersion(requested: number): ZVerseError {
    const newest = this.epochs.newest
    const oldest = this.epochs.oldestBefore(newest)
    const message = `version ${requested} is not there yet: the newest is ${newest}`
    return new ZVerseError('ZVERSE_FUTURE_VERSION', message, { requested, oldest, newest })
  }

  notRetained(requested: number | Date): ZVerseError {
    const newest = this.epochs.newest
    const oldest = this.epochs.oldestBefore(newest)
    const what = typeof requested === 'number' ? `version ${requested}` : 'the version of that date'
    const message = `${what} is no longer kept: the run of versions is ${oldest} to ${newest}`
    const fields = { requested, oldest, newest }
    return new ZVerseError('ZVERSE_VERSION_NOT_RETAINED', message, fields)
  }

  #recordAt(date: Date): number {
    const W = this.W
    const { epochs } = this
    const time = msOf(date)
    const newest = epochs.newest
    const oldest = epochs.oldestBefore(newest)
    const found = epochs.ring.lastAt(time, oldest, newest)
    if (found !== 0) return found
    const first = epochs.ring.record(oldest)
    // Before the first version of all, that is meant: empty.
    if (oldest === 0 && first !== 0) return first
    // A tagged version below the run may be the one: the record tells when the next one came.
    epochs.slots.enterAll()
    const tagged = this.tags.lastBefore(
      epochs.tagRoot,
      record =>
        load48(W, record + R_VERSION) < oldest &&
        (load48(W, record + R_TIME) <= time || load48(W, record + R_VERSION) === 0),
    )
    if (tagged !== 0 && time < load48(W, tagged + R_UNTIL)) return tagged
    throw this.notRetained(new Date(time))
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes the lock for a transaction; nothing else of this thread may write until it ends.
   * @param held the lock has been taken already
   * @param stamp the version and time of the commit, where they are given
   */
  begin(active: Active, tags: boolean, held = false, stamp?: Stamp): void {
    this.gate()
    this.notWriting()
    if (tags) this.epochs.beginTags()
    else this.epochs.begin(active.kind, held, stamp)
    this.editor.reset()
    if (!tags) this.writer.begin()
    if (stamp?.forgets) this.writer.forgetPast()
    this.active = active
  }

  /** True while this handle has a transaction open; one that was cut off is forgotten. */
  get isWriting(): boolean {
    const { active } = this
    if (active === null) return false
    const isHeld = active.kind === WRITING_OPEN
    if (this.epochs.hasTurn && (isHeld || isRunning(WRITING_FRAME))) return true
    // Cut off without unwinding. The lock is dirty; who takes it next recovers.
    active.open = false
    this.active = null
    this.epochs.stopKeepingTurn()
    return false
  }

  /** @throws ZVerseError `ZVERSE_NESTED_TRANSACTION` while this handle has a transaction open. */
  notWriting(): void {
    if (!this.isWriting) return
    const message = 'this thread has a write transaction open: write through it, or end it first'
    throw new ZVerseError('ZVERSE_NESTED_TRANSACTION', message)
  }

  /**
   * Runs `body` as a transaction, whose end it sees to itself. If it throws, or is cut off by a stack
   * overflow, everything is undone; what cannot be undone now is by the next writer.
   */
  write<T>(body: () => T, tags = false, kind: number = WRITING_VERB): T {
    const active = { open: true, kind }
    let ended = false
    try {
      this.begin(active, tags)
      const result = body()
      ended = true
      return result
    } finally {
      if (!ended && this.active === active) {
        this.active = null
        if (this.epochs.writing) this.epochs.abort()
      }
    }
  }

  /**
   * {@link write} for a verb that changes a store and commits, without making a function each time.
   * @param forgets the past goes with the commit
   * @returns the version
   */
  commit<C, A>(
    body: (core: C, argument: A) => void,
    core: C,
    argument: A,
    kind: number,
    forgets: boolean,
  ): number {
    const active = { open: true, kind }
    let ended = false
    try {
      this.begin(active, false)
      if (forgets) this.writer.forgetPast()
      body(core, argument)
      const version = this.writer.commit()
      ended = true
      return version
    } finally {
      if (!ended && this.active === active) {
        this.active = null
        if (this.epochs.writing) this.epochs.abort()
      }
    }
  }

  /**
   * Ends `active`, undoing it, if it is what this thread has open. Assignments come first: they work
   * even where there is no stack left for a call, and what is missing then the next writer does.
   */
  cutOff(active: Active): void {
    if (this.active !== active) return
    active.open = false
    this.active = null
    this.epochs.stopKeepingTurn()
    if (this.epochs.writing) this.epochs.abort()
  }

  // ── End ───────────────────────────────────────────────────────────────────────────────────────

  /** Ends everything this thread has open. Idempotent. */
  close(): void {
    if (this.barred === CLOSED) return
    const { active } = this
    this.barred = CLOSED
    if (active !== null) this.cutOff(active)
    for (const end of [...this.onClose]) end()
    this.onClose.clear()
    this.epochs.close()
  }
}
