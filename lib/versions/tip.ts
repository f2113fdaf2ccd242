/**
 * The tip: the newest staged version, in front of the present one until the log is durable up to it; and where the
 * log ends.
 *
 * The owner of the writer lock stages: {@link Tip.stage} and the store of TIP that follows (record.ts). Any thread
 * settles, without the lock: one at a time is the syncer. Invariants (docs/decisions/0033):
 * 1. One store of TIP publishes a staged version and the end of the log behind it.
 * 2. The syncer loads TIP before it syncs, and stores CURRENT after: what can be read is durable.
 * 3. CURRENT only moves forward. A syncer that was replaced meanwhile stores nothing.
 * 4. After a failed sync nothing more becomes readable, and nothing more is appended: nobody can tell what a later
 *    sync would prove.
 */
import type { Arena } from '../memory/arena.js'
import { acquire48, tipOf } from '../memory/atomic.js'
import {
  DURABLE_WORDS,
  H_COMING,
  H_CURRENT,
  H_DURABLE,
  H_DURABLES,
  H_FAILED,
  H_FAILED_CALL,
  H_IMPATIENT,
  H_LOCK_TIMEOUT,
  H_LOG_BEGUN,
  H_LOG_ENDS,
  H_LOG_MARK,
  H_PUBLISHED,
  H_SERVED,
  H_SETTLING,
  H_STAGED,
  H_SYNC,
  H_SYNCER,
  H_TAG_NEXT,
  H_TAG_ROOT,
  H_TAG_SIDE,
  H_TIP,
  H_WATCHERS,
  LOG_END_WORDS,
  R_VERSION,
  SYNC_COMMIT,
} from '../memory/layout.js'
import { store48 } from '../memory/words.js'
import { monotonic } from '../threads/clock.js'
import { isAlive } from '../threads/lines.js'
import type { Slots } from '../threads/slots.js'

/** Longest wait before the waiter looks again, ms. */
const SLICE = 20
/** ms that a syncer waits for those whom the last sync served: they are likely to commit again. */
const STRAGGLE = 0.1
/** Syncs that nobody is waited for before, after one that was in vain. */
const IMPATIENT = 3

/** A place between two records of the log. */
export interface LogPlace {
  readonly segment: number
  /** Bytes from the begin of the segment. */
  readonly offset: number
  /** Check of the record before. */
  readonly check: number
}

/** What is durable. */
export interface Durable {
  readonly version: number
  readonly segment: number
  readonly offset: number
}

/** A call of the disk that failed, for all threads to tell. */
export interface Failure {
  readonly errno: number
  /** Which call: its place in {@link CALLS}. */
  readonly call: number
}

/** Calls of the system that may fail, as other threads are told of them. */
export const CALLS: readonly string[] = [
  ...['unknown', 'open', 'read', 'write', 'fdatasync', 'fsync', 'fstat', 'ftruncate'],
  ...['link', 'unlink', 'scandir', 'mkdir', 'close', 'stat'],
]

export const numberOf = (syscall: string): number => Math.max(0, CALLS.indexOf(syscall))

/** Makes a segment of the log durable, and all before it; calls {@link Tip.fail} where it throws. */
export type Sync = (segment: number) => void

/** A staged version that a failed call keeps from ever being readable. */
export const FAILED: unique symbol = Symbol('failed')

/** Publishes `record`, and the end of the log that was staged, if one was. Also for {@link Tip.turn}. */
export function advanceTip(W: Uint32Array, record: number): void {
  const staged = W[H_STAGED]
  const side = staged === 0 ? W[H_TIP] & 1 : staged & 1
  Atomics.store(W, H_TIP, record + side)
  W[H_STAGED] = 0
  W[H_LOG_BEGUN] = 0
}

/**
 * Makes `record` the present one, unless another one than `before` is by now; tells those who watch. The caller has
 * announced a read since before it loaded `before`: so that record is not another one's by now.
 */
function expose(arena: Arena, before: number, record: number): void {
  const W = arena.words
  Atomics.compareExchange(W, H_CURRENT, before, record)
  for (;;) {
    const seen = Atomics.load(W, H_PUBLISHED)
    // Of the record that is there: where the exchange failed it may be an earlier one than ours. Loaded after PUBLISHED,
    // which follows CURRENT, it is none before that: low words would not tell across a gap in the numbers.
    const version = W[Atomics.load(W, H_CURRENT) + R_VERSION]
    if (version === seen || Atomics.compareExchange(W, H_PUBLISHED, seen, version) === seen) break
  }
  if (Atomics.load(W, H_WATCHERS) !== 0) Atomics.notify(arena.signed, H_PUBLISHED)
}

/**
 * The tag tree gets a new root with the change of the log that is staged: publishes both as one. A death in between
 * is mended by {@link mendTags}.
 */
export function turnTags(W: Uint32Array, root: number): void {
  if (W[H_STAGED] !== 0) {
    W[H_TAG_SIDE] = W[H_STAGED]
    W[H_TAG_NEXT] = root
    advanceTip(W, tipOf(W))
  }
  Atomics.store(W, H_TAG_ROOT, root)
  W[H_TAG_SIDE] = 0
}

/** Recovery: the tags are changed where the log is. */
export function mendTags(W: Uint32Array): void {
  const side = W[H_TAG_SIDE]
  if (side !== 0 && (side & 1) === (W[H_TIP] & 1)) Atomics.store(W, H_TAG_ROOT, W[H_TAG_NEXT])
  W[H_TAG_SIDE] = 0
}

export class Tip {
  readonly #arena: Arena
  readonly #W: Uint32Array
  readonly #me: number
  /** In H_SERVED and H_COMING. */
  readonly #bit: number
  readonly #slots: Slots

  constructor(arena: Arena, threadId: number, slots: Slots) {
    this.#arena = arena
    this.#W = arena.words
    this.#me = threadId + 1
    this.#bit = 1 << (threadId & 31)
    this.#slots = slots
  }

  /** SYNC_…: how commits are made durable. */
  get mode(): number {
    return this.#W[H_SYNC]
  }

  // ── For the owner of the lock ─────────────────────────────────────────────────────────────────

  /** Where the log ends. */
  get end(): LogPlace {
    return this.#endOf(this.#W[H_TIP] & 1)
  }

  #endOf(side: number): LogPlace {
    const W = this.#W
    const at = H_LOG_ENDS + side * LOG_END_WORDS
    // Atomic, here and below, where another look at a word proves what was loaded: plain loads may come after it.
    return {
      segment: Atomics.load(W, at),
      offset: Atomics.load(W, at + 1),
      check: Atomics.load(W, at + 2),
    }
  }

  /** The log ends at `end` as soon as the commit under way is published. */
  stage({ segment, offset, check }: LogPlace): void {
    const W = this.#W
    const side = 1 - (W[H_TIP] & 1)
    const at = H_LOG_ENDS + side * LOG_END_WORDS
    W[at] = segment
    W[at + 1] = offset
    W[at + 2] = check
    W[H_STAGED] = 2 + side
    Atomics.or(W, H_COMING, this.#bit)
  }

  /** The end that was staged. */
  get stagedEnd(): LogPlace {
    return this.#endOf(this.#W[H_STAGED] & 1)
  }

  /** The log ends at what was staged, and nothing else has changed. */
  turn(): void {
    advanceTip(this.#W, tipOf(this.#W))
  }

  /** The segment that was begun from the end of the log; 0: none. */
  get begun(): number {
    const W = this.#W
    const begun = W[H_LOG_BEGUN]
    // One that is not behind the end was left by an owner that died between the store of TIP and the store of 0.
    return begun > W[H_LOG_ENDS + (W[H_TIP] & 1) * LOG_END_WORDS] ? begun : 0
  }

  set begun(segment: number) {
    this.#W[H_LOG_BEGUN] = segment
  }

  /** A place that the log has come to. */
  get place(): LogPlace {
    return this.#loadTip().place
  }

  /** The newest version, and where the log ends behind it. */
  get newest(): { version: number; place: LogPlace } {
    return this.#loadTip()
  }

  /** True if the log ends with a mark. */
  get isMarked(): boolean {
    const W = this.#W
    return W[H_LOG_MARK] !== 0 && W[H_LOG_MARK] === this.end.check
  }

  /** The last record of the log is a mark. */
  setMarked(): void {
    this.#W[H_LOG_MARK] = this.end.check
  }

  // ── For any thread ────────────────────────────────────────────────────────────────────────────

  /** The call that failed; null while none has. */
  get failure(): Failure | null {
    const errno = Atomics.load(this.#W, H_FAILED)
    return errno === 0 ? null : { errno: -errno, call: this.#W[H_FAILED_CALL] }
  }

  /** From now on nothing is made durable any more. The first failure stays. */
  fail({ errno, call }: Failure): void {
    const W = this.#W
    if (Atomics.load(W, H_FAILED) !== 0) return
    W[H_FAILED_CALL] = call
    Atomics.compareExchange(W, H_FAILED, 0, Math.abs(errno) || 1)
    Atomics.notify(this.#arena.signed, H_SYNCER)
    Atomics.notify(this.#arena.signed, H_DURABLE)
  }

  /** What was last made durable. */
  get durable(): Durable {
    const W = this.#W
    for (;;) {
      const count = Atomics.load(W, H_DURABLE)
      const at = H_DURABLES + (count & 1) * DURABLE_WORDS
      const version = acquire48(W, at)
      const segment = Atomics.load(W, at + 2)
      const offset = Atomics.load(W, at + 3)
      if (Atomics.load(W, H_DURABLE) === count) return { version, segment, offset }
    }
  }

  /** ms after which a thread does not rely on another one's end any more. */
  get patience(): number {
    return this.#W[H_LOCK_TIMEOUT]
  }

  /** Waits for what other threads make readable, for `ms` at most. */
  pause(ms: number): void {
    Atomics.wait(this.#arena.signed, H_PUBLISHED, Atomics.load(this.#arena.signed, H_PUBLISHED), ms)
  }

  /** How often {@link durable} has changed. */
  get durables(): number {
    return Atomics.load(this.#W, H_DURABLE)
  }

  /** For the syncer, and for whoever opens the database. */
  setDurable({ version, segment, offset }: Durable): void {
    const W = this.#W
    const count = W[H_DURABLE] + 1
    const at = H_DURABLES + (count & 1) * DURABLE_WORDS
    store48(W, at, version)
    W[at + 2] = segment
    W[at + 3] = offset
    Atomics.store(W, H_DURABLE, count)
    Atomics.notify(this.#arena.signed, H_DURABLE)
  }

  /** True once a version can be read. */
  isOut(version: number): boolean {
    // A gap in the numbers, which a load makes, may be so wide that the low word alone looks later than it is.
    return ((version - this.#versionOut) | 0) <= 0 && version <= this.#current
  }

  /** The version of CURRENT. For a thread that has announced nothing. */
  get #current(): number {
    const W = this.#W
    for (;;) {
      const record = Atomics.load(W, H_CURRENT)
      const version = acquire48(W, record + R_VERSION)
      // While it is the present one its record is there.
      if (Atomics.load(W, H_CURRENT) === record) return version
    }
  }

  /**
   * Waits until a staged version can be read, or makes it so.
   * @param sync what it throws is thrown here
   * @returns FAILED where a call of the disk has failed, so that it never can
   */
  settle(version: number, sync: Sync): typeof FAILED | undefined {
    if (this.mode !== SYNC_COMMIT) return undefined
    return this.#await(
      () => this.isOut(version),
      () => this.#expose(sync),
    )
  }

  /** Makes durable all that has been committed. As {@link settle}. */
  flush(sync: Sync): typeof FAILED | undefined {
    let isDone = false
    return this.#await(
      () => isDone,
      () => {
        isDone = this.#expose(sync)
      },
    )
  }

  /** For the owner: makes the end that was staged durable before it counts. As {@link settle}. */
  syncStaged(sync: Sync): typeof FAILED | undefined {
    let isDone = false
    return this.#await(
      () => isDone,
      () => {
        isDone = this.#lead(() => sync(this.stagedEnd.segment))
      },
    )
  }

  /** The newest version, staged or not. For a thread that has announced nothing, too. */
  get staged(): number {
    const W = this.#W
    for (;;) {
      const tip = Atomics.load(W, H_TIP)
      const version = acquire48(W, tip - (tip & 1) + R_VERSION)
      // While it is the tip its record is there.
      if (Atomics.load(W, H_TIP) === tip) return version
    }
  }

  /**
   * Waits until `isDone`, as one of those that take turns as the syncer.
   * @param lead what a syncer does; it gives the role back
   */
  #await(isDone: () => boolean, lead: () => void): typeof FAILED | undefined {
    const W = this.#W
    let since = 0
    try {
      for (;;) {
        if (isDone()) return undefined
        if (this.failure !== null) return FAILED
        const leader = Atomics.load(W, H_SYNCER)
        if (this.#mayLead(leader, since)) {
          if (Atomics.compareExchange(W, H_SYNCER, leader, this.#me) === leader) lead()
          continue
        }
        // Counted before the leader is looked at again: one of the two sees the other.
        if (since === 0) {
          since = monotonic()
          Atomics.add(W, H_SETTLING, 1)
        } else Atomics.wait(this.#arena.signed, H_SYNCER, leader | 0, SLICE)
      }
    } finally {
      if (since !== 0) Atomics.sub(W, H_SETTLING, 1)
    }
  }

  /** True if there is no other syncer, or none that will come to an end. */
  #mayLead(leader: number, since: number): boolean {
    if (leader === 0 || leader === this.#me) return true
    if (since === 0) return false
    const waited = monotonic() - since
    if (waited < SLICE) return false
    // A call that a vm timeout has cut off lives as long as its thread.
    return isAlive(this.#arena, leader - 1) === false || waited > this.patience
  }

  /**
   * As the syncer: calls `sync`, and then `publish`, if that still may be.
   * @returns false if another thread has taken the role, or a call of the disk has failed, meanwhile
   */
  #lead(sync: () => void, publish: () => void = () => {}): boolean {
    try {
      sync()
      // After the sync, in this order: whose call has failed says so before it gives the role back. It may have been
      // told of what this one was not.
      const may = Atomics.load(this.#W, H_SYNCER) === this.#me && this.failure === null
      if (may) publish()
      return may
    } finally {
      this.#leave()
    }
  }

  /** As the syncer: makes what is staged durable, and readable. */
  #expose(sync: Sync): boolean {
    const W = this.#W
    const slots = this.#slots
    slots.cover()
    try {
      const before = Atomics.load(W, H_CURRENT)
      if (this.mode === SYNC_COMMIT) this.#awaitStragglers()
      const { record, version, place } = this.#loadTip()
      return this.#lead(
        () => sync(place.segment),
        () => {
          this.setDurable({ version, segment: place.segment, offset: place.offset })
          expose(this.#arena, before, record)
        },
      )
    } finally {
      slots.exit()
    }
  }

  #leave(): void {
    const W = this.#W
    if (Atomics.compareExchange(W, H_SYNCER, this.#me, 0) !== this.#me) return
    if (Atomics.load(W, H_SETTLING) !== 0) Atomics.notify(this.#arena.signed, H_SYNCER)
  }

  /** Low word of the version that can be read. */
  get #versionOut(): number {
    return Atomics.load(this.#W, H_PUBLISHED)
  }

  /** The tip, and a place that the log has come to with it. */
  #loadTip(): { record: number; version: number; place: LogPlace } {
    const W = this.#W
    for (;;) {
      const tip = Atomics.load(W, H_TIP)
      const record = tip - (tip & 1)
      const version = acquire48(W, record + R_VERSION)
      // Two changes later its words are another end's. A later segment would do, too: the one before it is synced by
      // then.
      const place = this.#endOf(tip & 1)
      if (Atomics.load(W, H_TIP) === tip) return { record, version, place }
    }
  }

  /** As the syncer: waits a moment for those who have just been served, and were not waited for in vain. */
  #awaitStragglers(): void {
    const W = this.#W
    const served = W[H_SERVED] & ~this.#bit
    const until = monotonic() + STRAGGLE
    let missing = served & ~Atomics.load(W, H_COMING)
    if (W[H_IMPATIENT] > 0) W[H_IMPATIENT]--
    else if (missing !== 0) {
      const before = missing
      while (missing !== 0 && monotonic() < until) missing = served & ~Atomics.load(W, H_COMING)
      if (missing === before) W[H_IMPATIENT] = IMPATIENT
    }
    // Before TIP is loaded: who stages after that is served by the next sync.
    W[H_SERVED] = Atomics.exchange(W, H_COMING, 0)
  }
}
