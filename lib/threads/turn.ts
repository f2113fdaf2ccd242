/**
 * A handle's turn to write: taking the lock and giving it back, a turn that a cut-off call or a dead
 * thread left, and the question which threads live.
 *
 * For the thread of the handle. Invariants:
 * 1. T_WRITING of the line says what this handle has the lock for; WRITING_NOT while it has not. It is
 *    set right after the lock is taken and cleared right before it is given back.
 * 2. An owner that finds the arena dirty recovers before anything else.
 * 3. A lock that this very thread has, but none of its handles for a transaction that may still be
 *    running, was left by a call that was cut off: this thread goes on with it.
 */
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import {
  BURIED,
  H_COMMITS_SINCE_SCAN,
  H_DIRTY,
  H_HIGH_WATER,
  H_LOCK_TIMEOUT,
  H_MAGIC,
  H_PHASE,
  H_SHARED,
  MAGIC,
  T_ID,
  T_SLOT,
  T_WRITING,
  THREAD_WORDS,
  THREADS_AT,
  WRITING_NOT,
  WRITING_OPEN,
  WRITING_VERB,
} from '../memory/layout.js'
import type { Claim } from './claims.js'
import { monotonic } from './clock.js'
import { bury, isAlive, leaveRoles, sweep } from './lines.js'
import { WriterLock } from './lock.js'
import { isRunning, WRITING_FRAME } from './running.js'
import { eachLine } from './table.js'
import { sleepOn } from './watch.js'

/** ms to wait for readers before a transaction is refused. */
const PATIENCE = 5
/** One turn in so many is timed. */
const SAMPLED = 15
/** ms between two looks whether some thread lives. */
const ASK_EVERY = 50

export class Turn {
  readonly #arena: Arena
  readonly #W: Uint32Array
  readonly #line: number
  readonly #threadId: number
  readonly #lock: WriterLock
  readonly #recover: () => void
  /** When the turn was taken, if it is timed; else 0. */
  began = 0
  #taken = 0
  /** How many more times the transaction may wait for room. */
  #patience = 0
  /** WRITING_…: why the turn is kept between transactions; WRITING_NOT where each gives it back. */
  #kept = WRITING_NOT
  /** The turn is kept, and no transaction is under way. */
  #idle = false
  /** The line whose thread was looked at last, and when to look at the next. */
  #asked = 0
  #askNext = 0

  /** @param recover makes the arena consistent again */
  constructor({ arena, line, threadId }: Claim, recover: () => void) {
    this.#arena = arena
    this.#W = arena.words
    this.#line = line
    this.#threadId = threadId
    this.#recover = recover
    this.#lock = new WriterLock(arena, line, threadId, owner => this.#askFor(owner))
  }

  /** True from `take` to `give`. */
  get mine(): boolean {
    return this.#W[this.#line + T_WRITING] !== WRITING_NOT && this.#lock.mine
  }

  /** True while a transaction, or another change, is under way. */
  get busy(): boolean {
    return this.kind !== WRITING_NOT && !this.#idle
  }

  /** WRITING_…: why the turn was taken. */
  get kind(): number {
    return this.#W[this.#line + T_WRITING]
  }

  /**
   * Waits for the turn and takes it.
   * @param kind WRITING_…: why
   * @param held this thread has the lock already
   * @throws ZVerseError `ZVERSE_WRITER_BUSY`, `ZVERSE_NESTED_TRANSACTION`
   */
  take(kind: number, held = false): void {
    if (!held && !this.#lock.tryAcquire()) {
      // A transaction of this thread that was cut off, by a stack overflow say, still has the lock.
      if (!this.#lock.mine) this.#lock.acquire(this.#W[H_LOCK_TIMEOUT])
      else if (!this.#isLeft()) throw nested()
    }
    this.began = (++this.#taken & SAMPLED) === 0 ? monotonic() : 0
    this.#patience = PATIENCE
    this.#idle = false
    this.#W[this.#line + T_WRITING] = kind
    if (this.#W[H_DIRTY] === 0) return
    // Perhaps by a call of this thread, cut off while it sealed or synced.
    leaveRoles(this.#arena, this.#threadId)
    this.mend()
    this.#W[H_DIRTY] = 0
  }

  /** Makes the arena consistent again. If that fails, gives the turn back; the next owner begins anew. */
  mend(): void {
    let whole = false
    try {
      this.#recover()
      whole = true
    } finally {
      if (!whole) this.giveDirty()
    }
  }

  /**
   * Takes the turn if no thread has it, this one included, and the arena is not dirty.
   * @returns whether it was taken
   */
  tryTake(kind: number): boolean {
    if (this.#lock.mine || !this.#lock.tryAcquire()) return false
    this.#W[this.#line + T_WRITING] = kind
    if (this.#W[H_DIRTY] === 0) return true
    this.giveDirty()
    return false
  }

  /**
   * Waits for the lock without blocking the thread.
   * @param goesOn throws to end the wait
   * @param isWriting true while this handle has a transaction open
   * @param taken takes the turn, with `held`
   * @param least ms that it waits, however short the lock's timeout is
   */
  waitFor(
    goesOn: () => void,
    isWriting: () => boolean,
    taken: () => void,
    least = 0,
  ): Promise<void> {
    const sleep = async (word: number, value: number, ms: number) => {
      await sleepOn(this.#arena, word, value, ms)
      goesOn()
    }
    const isLeft = () => this.#lock.mine && !isWriting() && this.#isLeft()
    const timeout = Math.max(this.#W[H_LOCK_TIMEOUT], least)
    return this.#lock.acquireAsync(timeout, isLeft, sleep, () => {
      try {
        taken()
      } finally {
        if (this.#lock.mine && this.kind === WRITING_NOT) this.#lock.release()
      }
    })
  }

  /**
   * Takes the turn for several transactions in a row: no other thread writes before {@link stopKeeping}.
   * @param kind WRITING_…: why
   */
  keep(kind: number): void {
    this.take(kind)
    this.#kept = kind
    this.#idle = true
  }

  /** The turn ends with the transaction under way, at once if there is none. Idempotent. */
  stopKeeping(): void {
    const isOurs = this.#idle && this.mine
    this.#kept = WRITING_NOT
    this.#idle = false
    // Where the call that kept the turn was cut off, another handle of this thread may have taken it.
    if (isOurs) this.#end()
  }

  /** Gives the turn back, if it is not kept; the arena is consistent. */
  give(): void {
    this.#W[H_DIRTY] = 0
    this.#end()
  }

  #end(): void {
    this.#W[this.#line + T_WRITING] = this.#kept
    this.#idle = this.#kept !== WRITING_NOT
    if (!this.#idle) this.#lock.release()
  }

  /** Repeats the end of `give`, which may have been cut off; a turn that is kept stays. */
  letGo(): void {
    if (this.#kept === WRITING_NOT && this.#lock.mine) this.#lock.release()
  }

  /** Gives the turn back with the arena dirty, for the next owner to recover. */
  giveDirty(): void {
    this.#end()
  }

  /** Runs `body` while no other thread writes. @throws ZVerseError as {@link take} */
  exclusively<T>(body: () => T): T {
    this.take(WRITING_VERB)
    try {
      return body()
    } finally {
      this.give()
    }
  }

  /** Runs `body` while no other thread writes, if that needs no waiting; undefined otherwise. */
  tryExclusively<T>(body: () => T): T | undefined {
    if (this.mine) return body()
    if (!this.tryTake(WRITING_VERB)) return undefined
    try {
      return body()
    } finally {
      this.give()
    }
  }

  /** Runs `body`, which may change lists but not allocate, if the turn can be had without waiting. */
  tryToTidy(body: () => void): void {
    if (!this.tryTake(WRITING_VERB)) return
    const W = this.#W
    // A death, or an error, in between is mended by marking.
    W[H_PHASE] = 1
    W[H_DIRTY] = 1
    let whole = false
    try {
      body()
      W[H_PHASE] = 0
      whole = true
    } finally {
      if (whole) this.give()
      else this.giveDirty()
    }
  }

  /** The handle is about to give its line back. */
  close(): void {
    this.stopKeeping()
    // Of a call that was cut off: nobody would find out that it is over once the line is gone.
    if (this.#lock.mine && this.#isLeft()) this.giveDirty()
    this.#lock.close()
  }

  /**
   * This very thread has the lock, and not for a transaction of this handle. False if another of its
   * handles is in the middle of a write; else calls that were cut off have left the lock, and this
   * handle goes on with it.
   */
  #isLeft(): boolean {
    const W = this.#W
    let isLeft = true
    eachLine(W, line => {
      if (Atomics.load(W, line + T_ID) !== this.#threadId + 1 || line === this.#line) return false
      const kind = W[line + T_WRITING]
      if (kind === WRITING_NOT) return false
      if (kind === WRITING_OPEN || isRunning(WRITING_FRAME)) isLeft = false
      else W[line + T_WRITING] = WRITING_NOT
      return !isLeft
    })
    return isLeft
  }

  // ── Other threads ─────────────────────────────────────────────────────────────────────────────

  #askFor(threadId: number): void {
    if (isAlive(this.#arena, threadId) === false) bury(this.#arena, threadId, this.#threadId)
  }

  /**
   * Nothing more can be freed. Perhaps a dead thread has pins, or the system has only suspended a
   * reader in the middle of a read; true if it is worth trying again.
   */
  waitForRoom(): boolean {
    if (this.#patience-- <= 0) return false
    if (sweep(this.#arena, this.#threadId)) return true
    const W = this.#W
    let reading = false
    eachLine(W, line => {
      reading ||= line !== this.#line && Atomics.load(W, line + T_SLOT) !== 0
      return reading
    })
    if (reading) Atomics.wait(this.#arena.signed, H_MAGIC, MAGIC, 1)
    return reading
  }

  /** Now and then looks whether one thread lives, for it may be dead and untracked. */
  lookAround(): void {
    const W = this.#W
    if (W[H_COMMITS_SINCE_SCAN] !== 0 || W[H_SHARED] === 0) return
    const now = monotonic()
    if (now < this.#askNext) return
    this.#askNext = now + ASK_EVERY
    this.#asked = (this.#asked + 1) % Atomics.load(W, H_HIGH_WATER)
    const id = W[THREADS_AT + this.#asked * THREAD_WORDS + T_ID] % BURIED
    if (id !== 0 && id !== this.#threadId + 1) this.#askFor(id - 1)
  }
}

function nested(): ZVerseError {
  const message = 'this thread has a write transaction open through another handle: end it first'
  return new ZVerseError('ZVERSE_NESTED_TRANSACTION', message)
}
