/**
 * The writer lock: one word, the owner's thread id plus one, taken by CAS; and who has it next.
 *
 * Any thread. Invariants (docs/protocol.md, Lock and turns):
 * 1. Only the owner gives the lock back, or a thread that has established that the owner is dead.
 * 2. An owner that gives the lock back while threads wait gives the next turn to the one that came first, and wakes
 *    that one alone. Until it is awake the thread that had the lock last may take it again, and after that for as long
 *    as its tenure lasts: else the lock would change hands at each commit, a sleep and a wake each.
 * 3. A thread waits in slices, since a call can go to a waiter that is about to die; after each slice it asks whether
 *    the owner lives. A waiter may set aside a next turn that is not taken up within a slice; ownership never.
 * 4. The count of waiters is never too low: it goes up before the first wait, and down after the
 *    last. Without waiters a release does not notify, which would cost 120 ns.
 */
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import {
  H_LAST,
  H_LOCK,
  H_TICKET,
  H_TURN,
  H_WAITERS,
  T_TICKET,
  T_WAITED,
  T_WAITING,
  T_WAITS,
  TURN_PRESENT,
} from '../memory/layout.js'
import { monotonic } from './clock.js'
import { call, callNext, giveOn, setAside, wakeWord } from './next.js'

/** Longest wait before the waiter looks again, ms. */
const SLICE = 20
/** One tenure after the other for all who wait, and bounds of one, ms. */
const TENURES = 4
const LONGEST_TENURE = 0.5
const SHORTEST_TENURE = 0.2
/** How long the last owner leaves its processor to the next one, ms. */
const MOMENT = 0.2

/** How long the thread that had the lock last may go on while the next one is awake, ms. */
function tenure(waiters: number): number {
  return Math.min(LONGEST_TENURE, Math.max(SHORTEST_TENURE, TENURES / waiters))
}

export class WriterLock {
  readonly #words: Uint32Array
  readonly #signed: Int32Array
  readonly #line: number
  readonly #me: number
  /** Buries a thread if it is dead. */
  readonly #askFor: (threadId: number) => void
  /** When this handle got the lock from another thread. */
  #since = 0
  /** The thread that did not come when this one stepped aside, and since when. */
  #calledFor = 0
  #calledSince = 0
  /** Asynchronous waits of this handle. */
  #asyncs = 0
  #closed = false

  constructor(arena: Arena, line: number, threadId: number, askFor: (threadId: number) => void) {
    this.#words = arena.words
    this.#signed = arena.signed
    this.#line = line
    this.#me = threadId + 1
    this.#askFor = askFor
  }

  /** Takes the lock if it is free and the next turn is not another thread's. */
  tryAcquire(): boolean {
    const S = this.#signed
    const turn = Atomics.load(S, H_TURN)
    const isMine = (turn & ~TURN_PRESENT) === this.#me
    if (turn !== 0 && !isMine && !this.#mayGoOn(turn)) return false
    if (Atomics.compareExchange(S, H_LOCK, 0, this.#me) !== 0) return false
    if (isMine) Atomics.compareExchange(S, H_TURN, turn, 0)
    if (isMine || S[H_LAST] !== this.#me) {
      S[H_LAST] = this.#me
      this.#since = monotonic()
      this.#words[this.#line + T_TICKET] = ++S[H_TICKET] << 1
    }
    return true
  }

  /** The next turn is another thread's, but this one has had the lock last, and its tenure is not over. */
  #mayGoOn(turn: number): boolean {
    if (Atomics.load(this.#signed, H_LAST) !== this.#me) return false
    if (!this.#isOver) return true
    // It was not over when this thread gave the lock back, and called nobody.
    if ((turn & TURN_PRESENT) !== 0) call(this.#signed, turn & ~TURN_PRESENT)
    return false
  }

  /**
   * The thread that has been called has not come. Perhaps it waits for this one's processor: sleeps for a moment, and
   * goes on if it has not come then, either.
   */
  #stepAside(): boolean {
    const S = this.#signed
    const turn = Atomics.load(S, H_TURN)
    if (turn === 0 || (turn & TURN_PRESENT) !== 0) return false
    if (Atomics.load(S, H_LAST) !== this.#me || Atomics.load(S, H_LOCK) !== 0) return false
    const now = monotonic()
    if (turn !== this.#calledFor) {
      this.#calledFor = turn
      this.#calledSince = now
    } else if (now - this.#calledSince >= SLICE) {
      this.#calledSince = now
      this.#askFor(turn - 1)
    }
    Atomics.wait(S, H_TURN, turn, MOMENT)
    if (Atomics.load(S, H_TURN) !== turn) return false
    this.#since = monotonic()
    return this.tryAcquire()
  }

  get #isOver(): boolean {
    return monotonic() - this.#since >= tenure(Atomics.load(this.#signed, H_WAITERS))
  }

  /**
   * Waits for the lock, with the thread blocked, and takes it.
   * @param timeout ms to wait at most
   * @throws ZVerseError `ZVERSE_WRITER_BUSY { waitedMs, threadId }`
   */
  acquire(timeout: number): void {
    if (this.tryAcquire() || this.#stepAside()) return
    const wait = new Wait(this.#words, this.#signed, this.#me, timeout, this.#askFor)
    const word = wakeWord(this.#me)
    this.#arrive(false)
    try {
      for (;;) {
        const calls = Atomics.load(this.#signed, word)
        if (this.tryAcquire()) return
        Atomics.wait(this.#signed, word, calls, wait.next())
        this.#isAwake()
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
    if (this.tryAcquire()) return taken()
    const wait = new Wait(this.#words, this.#signed, this.#me, timeout, this.#askFor)
    const word = wakeWord(this.#me)
    this.#arrive(true)
    this.#asyncs++
    try {
      for (;;) {
        const calls = Atomics.load(this.#signed, word)
        if (this.tryAcquire() || isLeft()) break
        await sleep(word, calls, wait.next())
        this.#isAwake()
      }
      taken()
    } finally {
      this.#asyncs--
      this.#leave(wait)
    }
  }

  release(): void {
    const S = this.#signed
    Atomics.store(S, H_LOCK, 0)
    // After the store: a waiter counts itself before it tries the lock, so one of the two sees the other.
    if (Atomics.load(S, H_WAITERS) === 0) return
    this.#dropCutOff()
    const turn = Atomics.load(S, H_TURN)
    if (turn === 0) callNext(S, this.#words)
    // Given to this thread when it had taken the lock already.
    else if ((turn & ~TURN_PRESENT) === this.#me) giveOn(S, this.#words, this.#me)
    else if ((turn & TURN_PRESENT) !== 0 && this.#isOver) call(S, turn & ~TURN_PRESENT)
  }

  /** The handle is about to give its line back: asynchronous waits that end later leave it alone. */
  close(): void {
    this.#closed = true
  }

  /** True if this thread is the owner. */
  get mine(): boolean {
    return Atomics.load(this.#signed, H_LOCK) === this.#me
  }

  /** @param isShy its event loop may be at other work: the next turn is given to it once it has been awake */
  #arrive(isShy: boolean): void {
    const W = this.#words
    const line = this.#line
    this.#dropCutOff()
    Atomics.add(this.#signed, H_WAITERS, 1)
    if (!isShy) this.#isAwake()
    else if (W[line + T_WAITING] === 0) W[line + T_TICKET] |= 1
    Atomics.store(W, line + T_WAITING, W[line + T_WAITING] + 1)
  }

  #isAwake(): void {
    if (!this.#closed) Atomics.and(this.#words, this.#line + T_TICKET, ~1)
  }

  /** Takes out of the counts a wait that a vm timeout cut off: it ran no `finally`. */
  #dropCutOff(): void {
    const W = this.#words
    const left = W[this.#line + T_WAITING] - this.#asyncs
    if (left <= 0 || this.#closed) return
    Atomics.store(W, this.#line + T_WAITING, this.#asyncs)
    Atomics.sub(W, H_WAITERS, left)
  }

  #leave(wait: Wait): void {
    const W = this.#words
    const line = this.#line
    // The line was given back meanwhile, its waiters with it; it may be another handle's now.
    if (!this.#closed) {
      Atomics.store(W, line + T_WAITING, W[line + T_WAITING] - 1)
      Atomics.sub(this.#signed, H_WAITERS, 1)
      const micros = Math.round(wait.waitedMs * 1000)
      if (++W[line + T_WAITS] === 0) W[line + T_WAITS + 1]++
      const low = W[line + T_WAITED]
      W[line + T_WAITED] = low + micros
      if (W[line + T_WAITED] < low) W[line + T_WAITED + 1]++
    }
    // Also where it has the lock now: the turn may have been given to it when it had taken that.
    giveOn(this.#signed, W, this.#me)
  }
}

/** One thread's wait for the lock: for which thread, how long, and when to act. */
class Wait {
  readonly #words: Uint32Array
  readonly #signed: Int32Array
  readonly #me: number
  readonly #timeout: number
  readonly #askFor: (threadId: number) => void
  readonly #since = monotonic()
  /** The owner, and the thread that has the next turn and is not awake, and since when. */
  #owner = 0
  #ownerSince = 0
  #turn = 0
  #turnSince = 0

  constructor(
    words: Uint32Array,
    signed: Int32Array,
    me: number,
    timeout: number,
    askFor: (threadId: number) => void,
  ) {
    this.#words = words
    this.#signed = signed
    this.#me = me
    this.#timeout = timeout
    this.#askFor = askFor
  }

  get waitedMs(): number {
    return monotonic() - this.#since
  }

  /** How long to wait next, ms. @throws ZVerseError `ZVERSE_WRITER_BUSY` */
  next(): number {
    const S = this.#signed
    const now = monotonic()
    const waitedMs = now - this.#since
    const owner = Atomics.load(S, H_LOCK)
    const turn = Atomics.load(S, H_TURN)
    if (waitedMs >= this.#timeout) {
      if (owner === 0) return this.#takeOver(turn)
      this.#askFor(owner - 1)
      if (Atomics.load(S, H_LOCK) === owner) throw busy(waitedMs, owner - 1)
    }
    if (owner !== this.#owner) {
      this.#owner = owner
      this.#ownerSince = now
    } else if (owner !== 0 && now - this.#ownerSince >= SLICE) {
      this.#ownerSince = now
      this.#askFor(owner - 1)
    }
    if ((turn & ~TURN_PRESENT) === this.#me) {
      // From here on this thread looks again by itself, and is called where the tenure of the last owner is over.
      Atomics.compareExchange(S, H_TURN, turn, this.#me | TURN_PRESENT)
      return Math.min(tenure(Atomics.load(S, H_WAITERS)), Math.max(0, this.#timeout - waitedMs))
    }
    if (turn !== this.#turn) {
      this.#turn = turn
      this.#turnSince = now
    } else if (turn !== 0 && now - this.#turnSince >= SLICE) {
      this.#turnSince = now
      this.#askFor((turn & ~TURN_PRESENT) - 1)
      // One that is awake waits for the owner, as this thread does.
      if (owner === 0 || (turn & TURN_PRESENT) === 0) {
        setAside(this.#words, turn & ~TURN_PRESENT)
        return this.#takeOver(turn)
      }
    }
    return Math.max(0, Math.min(SLICE, this.#timeout - waitedMs))
  }

  /** Another thread has the next turn, and does not take it up: this one is awake, and has it instead. */
  #takeOver(turn: number): number {
    Atomics.compareExchange(this.#signed, H_TURN, turn, this.#me | TURN_PRESENT)
    return 0
  }
}

function busy(waitedMs: number, threadId: number): ZVerseError {
  const message =
    `no turn to write in ${Math.round(waitedMs)} ms: thread ${threadId} has the lock. Keep its transactions ` +
    'short, or open with a longer lockTimeout'
  return new ZVerseError('ZVERSE_WRITER_BUSY', message, { waitedMs, threadId })
}
