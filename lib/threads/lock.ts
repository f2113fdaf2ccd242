/**
 * The writer lock: one word, the owner's thread id plus one, taken by CAS.
 *
 * Any thread. Invariants (docs/protocol.md, Lock and turns):
 * 1. Only the owner gives it back, or who has established that the owner is dead.
 * 2. Waiting is in slices, since a notification can go to a waiter that is about to die; after each,
 *    the waiter asks whether the owner lives.
 * 3. Who has waited a while may reserve the next turn, so that nobody starves. A reservation that is
 *    not taken up within a slice may be set aside; ownership never.
 * 4. The count of waiters is never too low: it goes up before the first wait, and down after the
 *    last. Without waiters a release does not notify, which would cost 120 ns.
 */
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import { H_LOCK, H_TURN, H_WAITERS, T_WAITED, T_WAITING, T_WAITS } from '../memory/layout.js'
import { monotonic } from './clock.js'

/** Longest wait before looking again, ms. */
const SLICE = 20
/** Waiting time after which the next turn is reserved, ms. */
const PATIENCE = 1

export class WriterLock {
  readonly #words: Uint32Array
  readonly #signed: Int32Array
  readonly #line: number
  readonly #me: number
  /** Gives up what a thread held, if it is dead. */
  readonly #askFor: (threadId: number) => void
  #closed = false

  constructor(arena: Arena, line: number, threadId: number, askFor: (threadId: number) => void) {
    this.#words = arena.words
    this.#signed = arena.signed
    this.#line = line
    this.#me = threadId + 1
    this.#askFor = askFor
  }

  /** Takes the lock if it is free and not promised to another. */
  tryAcquire(): boolean {
    const S = this.#signed
    const turn = Atomics.load(S, H_TURN)
    if (turn !== 0 && turn !== this.#me) return false
    if (Atomics.compareExchange(S, H_LOCK, 0, this.#me) !== 0) return false
    if (turn !== 0) Atomics.compareExchange(S, H_TURN, turn, 0)
    return true
  }

  /**
   * Takes the lock; blocks the thread until then.
   * @param timeout ms to wait at most
   * @throws ZVerseError `ZVERSE_WRITER_BUSY { waitedMs, threadId }`
   */
  acquire(timeout: number): void {
    if (this.tryAcquire()) return
    const wait = new Wait(this.#signed, this.#me, timeout, this.#askFor)
    this.#arrive()
    try {
      while (!this.tryAcquire()) {
        const { owner, ms } = wait.next()
        Atomics.wait(this.#signed, H_LOCK, owner, ms)
      }
    } finally {
      this.#leave(wait)
    }
  }

  /**
   * Takes the lock without blocking the thread, and calls `taken` in the same instant: else another
   * call of this thread could take what was taken here for its own.
   * @param isLeft true if this thread has the lock already, from calls that were cut off
   * @param sleep resolves after so many ms at most, earlier when the word is no longer `value`;
   * rejects when the wait is to end
   */
  async acquireAsync(
    timeout: number,
    isLeft: () => boolean,
    sleep: (word: number, value: number, ms: number) => Promise<void>,
    taken: () => void,
  ): Promise<void> {
    const wait = new Wait(this.#signed, this.#me, timeout, this.#askFor)
    this.#arrive()
    try {
      while (!this.tryAcquire() && !isLeft()) {
        const { owner, ms } = wait.next()
        await sleep(H_LOCK, owner, ms)
      }
      taken()
    } finally {
      this.#leave(wait)
    }
  }

  release(): void {
    Atomics.store(this.#signed, H_LOCK, 0)
    // After the store: a waiter counted before it waits, so either is seen by the other.
    if (Atomics.load(this.#signed, H_WAITERS) !== 0) Atomics.notify(this.#signed, H_LOCK)
  }

  /** The line is about to be given back: asynchronous waits that end later leave it alone. */
  close(): void {
    this.#closed = true
  }

  /** True if this thread is the owner. */
  get mine(): boolean {
    return Atomics.load(this.#signed, H_LOCK) === this.#me
  }

  #arrive(): void {
    Atomics.add(this.#signed, H_WAITERS, 1)
    this.#words[this.#line + T_WAITING]++
  }

  #leave(wait: Wait): void {
    const W = this.#words
    const line = this.#line
    wait.end()
    // A line that was given back meanwhile took this waiter from the count, and is another's now.
    if (this.#closed) return
    W[line + T_WAITING]--
    Atomics.sub(this.#signed, H_WAITERS, 1)
    const micros = Math.round(wait.waitedMs * 1000)
    if (++W[line + T_WAITS] === 0) W[line + T_WAITS + 1]++
    const low = W[line + T_WAITED]
    W[line + T_WAITED] = low + micros
    if (W[line + T_WAITED] < low) W[line + T_WAITED + 1]++
  }
}

/** One thread's wait for the lock: for whom, how long, and when to do something about it. */
class Wait {
  readonly #signed: Int32Array
  readonly #me: number
  readonly #timeout: number
  readonly #askFor: (threadId: number) => void
  readonly #since = monotonic()
  /** Who has been in the way, as owner (> 0) or with the next turn (< 0), and since when. */
  #obstacle = 0
  #obstacleSince = 0

  constructor(signed: Int32Array, me: number, timeout: number, askFor: (threadId: number) => void) {
    this.#signed = signed
    this.#me = me
    this.#timeout = timeout
    this.#askFor = askFor
  }

  get waitedMs(): number {
    return monotonic() - this.#since
  }

  /** What to wait for next, and how long. @throws ZVerseError `ZVERSE_WRITER_BUSY` */
  next(): { owner: number; ms: number } {
    const S = this.#signed
    const now = monotonic()
    const waitedMs = now - this.#since
    const owner = Atomics.load(S, H_LOCK)
    const turn = Atomics.load(S, H_TURN)
    if (waitedMs >= this.#timeout) {
      if (owner === 0) return this.#setAside(turn)
      this.#askFor(owner - 1)
      if (Atomics.load(S, H_LOCK) === owner) throw busy(waitedMs, owner - 1)
    }
    const obstacle = owner !== 0 ? owner : -turn
    if (obstacle !== this.#obstacle) {
      this.#obstacle = obstacle
      this.#obstacleSince = now
    } else if (now - this.#obstacleSince >= SLICE) {
      this.#obstacleSince = now
      if (owner !== 0) this.#askFor(owner - 1)
      else return this.#setAside(turn)
    }
    if (waitedMs >= PATIENCE && turn === 0) Atomics.compareExchange(S, H_TURN, 0, this.#me)
    const slice = waitedMs < PATIENCE ? PATIENCE : SLICE
    return { owner, ms: Math.max(0, Math.min(slice, this.#timeout - waitedMs)) }
  }

  /** The lock is free, but promised to a thread that does not come for it. */
  #setAside(turn: number): { owner: number; ms: number } {
    Atomics.compareExchange(this.#signed, H_TURN, turn, 0)
    return { owner: 0, ms: 0 }
  }

  /** The wait is over, whichever way: the next turn is somebody else's. */
  end(): void {
    Atomics.compareExchange(this.#signed, H_TURN, this.#me, 0)
  }
}

function busy(waitedMs: number, threadId: number): ZVerseError {
  const message =
    `no turn to write in ${Math.round(waitedMs)} ms: thread ${threadId} has the lock. Keep its transactions ` +
    'short, or open with a longer lockTimeout'
  return new ZVerseError('ZVERSE_WRITER_BUSY', message, { waitedMs, threadId })
}
