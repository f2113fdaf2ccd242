/**
 * A role that one thread has at a time, by a word of shared memory: its id plus 1, or 0.
 *
 * Any thread. Who dies with a role is buried by the next that wants it (lines.ts), which frees it. Invariants:
 * 1. A role *of one call* is taken and given back by a call that waits for nothing but files, and runs no user code. So a
 *    thread that wants such a role, and has it, has it from a call that was cut off: by a vm timeout, which runs no
 *    `finally`. It goes on with it.
 * 2. Other roles are taken from the event loop only, which nothing cuts off: a thread that has one is at it, or rests.
 */
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import { monotonic } from './clock.js'
import { bury, isAlive } from './lines.js'

/** Longest wait before the waiter looks again, ms. */
const SLICE = 20

export class Role {
  readonly #arena: Arena
  readonly #word: number
  readonly #me: number
  readonly #isOfOneCall: boolean

  /**
   * @param word of the header, one that `bury` knows
   * @param isOfOneCall see invariant 1
   */
  constructor(arena: Arena, threadId: number, word: number, isOfOneCall: boolean) {
    this.#arena = arena
    this.#me = threadId + 1
    this.#word = word
    this.#isOfOneCall = isOfOneCall
  }

  /**
   * Takes the role; false where another thread has it that is not known to be dead, or this one is at it.
   * @param asks if that one lives: on Linux a file is read for it
   */
  take(asks = true): boolean {
    const W = this.#arena.words
    const other = Atomics.load(W, this.#word)
    if (other === this.#me) return this.#isOfOneCall
    if (other !== 0 && !(asks && this.#buried(other - 1))) return false
    return Atomics.compareExchange(W, this.#word, 0, this.#me) === 0
  }

  /**
   * Waits until no other thread has the role, and takes it. For a role of one call.
   * @param timeout ms to wait at most
   * @throws ZVerseError `ZVERSE_WRITER_BUSY`
   */
  await(timeout: number): void {
    for (let since = 0; !this.take(); ) {
      const other = this.holder
      if (other === 0) continue
      if (since === 0) since = monotonic()
      const waited = monotonic() - since
      if (waited >= timeout) throw busy(waited, other - 1)
      Atomics.wait(this.#arena.signed, this.#word, other | 0, Math.min(SLICE, timeout - waited))
    }
  }

  /** Waits until no other thread has the role. */
  awaitOthers(): void {
    for (;;) {
      const other = this.holder
      if (other === 0 || other === this.#me || this.#buried(other - 1)) return
      Atomics.wait(this.#arena.signed, this.#word, other | 0, SLICE)
    }
  }

  give(): void {
    Atomics.compareExchange(this.#arena.words, this.#word, this.#me, 0)
    Atomics.notify(this.#arena.signed, this.#word)
  }

  /** The thread that has the role: its id plus 1, or 0. */
  get holder(): number {
    return Atomics.load(this.#arena.words, this.#word)
  }

  /** True if this thread has it. */
  get isMine(): boolean {
    return this.holder === this.#me
  }

  /** True if a thread has it that is not known to be dead. @param asks as for {@link take} */
  isTaken(asks: boolean): boolean {
    const { holder } = this
    return this.isMine || (holder !== 0 && !(asks && this.#buried(holder - 1)))
  }

  #buried(threadId: number): boolean {
    if (isAlive(this.#arena, threadId) !== false) return false
    bury(this.#arena, threadId, this.#me - 1)
    return true
  }
}

/** Another thread has the role for too long. */
export function busy(waitedMs: number, threadId: number): ZVerseError {
  const message =
    `thread ${threadId} has been writing the past to disk for ${Math.round(waitedMs)} ms: look at the disk, ` +
    'or open with a longer lockTimeout'
  return new ZVerseError('ZVERSE_WRITER_BUSY', message, { waitedMs, threadId })
}
