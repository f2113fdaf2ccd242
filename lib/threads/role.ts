/**
 * A role that one thread has at a time, by a word of shared memory: its id plus 1, or 0.
 *
 * Any thread. Who dies with a role is buried by the next that wants it (lines.ts), which frees it.
 */
import type { Arena } from '../memory/arena.js'
import { bury, isAlive } from './lines.js'

/** Longest wait before the waiter looks again, ms. */
const SLICE = 20

export class Role {
  readonly #arena: Arena
  readonly #word: number
  readonly #me: number

  /** @param word of the header, one that `bury` knows */
  constructor(arena: Arena, threadId: number, word: number) {
    this.#arena = arena
    this.#me = threadId + 1
    this.#word = word
  }

  /** Takes the role; false where another thread has it that is not known to be dead, or this one has. */
  take(): boolean {
    const W = this.#arena.words
    const other = Atomics.load(W, this.#word)
    if (other === this.#me || (other !== 0 && !this.#buried(other - 1))) return false
    return Atomics.compareExchange(W, this.#word, 0, this.#me) === 0
  }

  /** Waits until no other thread has the role, and takes it. Not for a thread that has it. */
  await(): void {
    while (!this.take()) {
      const other = this.holder
      if (other !== 0) Atomics.wait(this.#arena.signed, this.#word, other | 0, SLICE)
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

  #buried(threadId: number): boolean {
    if (isAlive(this.#arena, threadId) !== false) return false
    bury(this.#arena, threadId, this.#me - 1)
    return true
  }
}
