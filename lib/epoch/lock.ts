/**
 * The writer lock: one word, the owner's thread id plus one, taken by CAS.
 *
 * Waiting is in slices, since a notification can go to a waiter that is about to die. With a
 * single thread the lock can only be busy by a mistake of ours or a dead thread's.
 */
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import { H_LOCK } from '../memory/layout.js'

/** Longest wait before looking again, ms. */
const SLICE = 20

export class WriterLock {
  readonly #signed: Int32Array
  readonly #me: number

  constructor(arena: Arena, threadId: number) {
    this.#signed = arena.signed
    this.#me = threadId + 1
  }

  /**
   * Takes the lock.
   * @param timeout ms to wait at most
   * @throws ZVerseError `ZVERSE_WRITER_BUSY { waitedMs, threadId }`
   */
  acquire(timeout: number): void {
    if (Atomics.compareExchange(this.#signed, H_LOCK, 0, this.#me) === 0) return
    const since = performance.now()
    for (;;) {
      const owner = Atomics.load(this.#signed, H_LOCK)
      if (owner === 0) {
        if (Atomics.compareExchange(this.#signed, H_LOCK, 0, this.#me) === 0) return
        continue
      }
      const waitedMs = performance.now() - since
      if (waitedMs >= timeout) {
        const message = `thread ${owner - 1} has been writing for more than ${Math.round(waitedMs)} ms`
        throw new ZVerseError('ZVERSE_WRITER_BUSY', message, { waitedMs, threadId: owner - 1 })
      }
      Atomics.wait(this.#signed, H_LOCK, owner, Math.min(SLICE, timeout - waitedMs))
    }
  }

  release(): void {
    Atomics.store(this.#signed, H_LOCK, 0)
    Atomics.notify(this.#signed, H_LOCK)
  }

  /** True if this thread is the owner. */
  get mine(): boolean {
    return Atomics.load(this.#signed, H_LOCK) === this.#me
  }
}
