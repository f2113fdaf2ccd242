/**
 * The writer lock: one word, the owner's thread id plus one, taken by CAS.
 *
 * Any thread. Invariants (docs/protocol.md, Lock and turns):
 * 1. Only the owner gives the lock back, or a thread that has established that the owner is dead.
 * 2. A thread waits in slices, since a notification can go to a waiter that is about to die; after
 *    each slice it asks whether the owner lives.
 * 3. A thread that has waited for 1 ms may reserve the next turn, so that no thread starves. A waiter
 *    may set aside a reservation that is not taken up within a slice; ownership never.
 * 4. The count of waiters is never too low: it goes up before the first wait, and down after the
 *    last. Without waiters a release does not notify, which would cost 120 ns.
 */
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import { H_LOCK, H_TURN, H_WAITERS, T_WAITED, T_WAITING, T_WAITS } from '../memory/layout.js'
import { monotonic } from './clock.js'

/** Longest wait before the waiter looks again, ms. */
const SLICE = 20
/** Waiting time after which a thread reserves the next turn, ms. */
const PATIENCE = 1

export class WriterLock {
  readonly #words: Uint32Array
  readonly #signed: Int32Array
  readonly #line: number
  readonly #me: number
  /** Buries a thread if it is dead. */
  readonly #askFor: (threadId: number) => void
  #closed = false

  constructor(arena: Arena, line: number, threadId: number, askFor: (threadId: number) => void) {
    this.#words = arena.words
    this.#signed = arena.signed
    this.#line = line
    this.#me = threadId + 1
    this.#askFor = askFor
  }

  /** Takes the lock if it is free and the next turn is not reserved for another thread. */
  tryAcquire(): boolean {
    const S = this.#signed
    const turn = Atomics.load(S, H_TURN)
    if (turn !== 0 && turn !== this.#me) return false
    if (Atomics.compareExchange(S, H_LOCK, 0, this.#me) !== 0) return false
    if (turn !== 0) Atomics.compareExchange(S, H_TURN, turn, 0)
    return true
  }

  /**
   * Waits for the lock, with the thread blocked, and takes it.
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
   * call of this thread could take the lock for its own.
   * @param isLeft true if this thread has the lock already, from calls that were cut off
   * @param sleep resolves after so many ms at most, earlier when the word is no longer `value`;
   * rejects to end the wait
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
    // After the store: a waiter counts itself before it waits, so one of the two sees the other.
    if (Atomics.load(this.#signed, H_WAITERS) !== 0) Atomics.notify(this.#signed, H_LOCK)
  }

  /** The handle is about to give its line back: asynchronous waits that end later leave it alone. */
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
    // The line was given back meanwhile, its waiters with it; it may be another handle's now.
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

/** One thread's wait for the lock: for which thread, how long, and when to act. */
class Wait {
  readonly #signed: Int32Array
  readonly #me: number
  readonly #timeout: number
  readonly #askFor: (threadId: number) => void
  readonly #since = monotonic()
  /** The thread in the way, as owner (> 0) or with the next turn reserved (< 0), and since when. */
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

  /** The owner to wait for next, and how long. @throws ZVerseError `ZVERSE_WRITER_BUSY` */
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

  /** The lock is free, but reserved for a thread that does not take it. */
  #setAside(turn: number): { owner: number; ms: number } {
    Atomics.compareExchange(this.#signed, H_TURN, turn, 0)
    return { owner: 0, ms: 0 }
  }

  /** The wait is over, with the lock or without: drops this thread's reservation. */
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
