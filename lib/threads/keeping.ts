/**
 * The work in the background: who does it, and one piece of it at a time, be it by the keeper or by `compact`.
 *
 * Any thread. Invariants:
 * 1. H_KEEPER is the thread that sees to the work; where it is dead, or 0, another thread may become it.
 * 2. Whoever touches files that no commit touches has H_KEEPING, and begins nothing once H_CLOSED is set: so whoever
 *    closes the database waits for one piece of work at most.
 * 3. H_KEEPING is taken from the event loop, not by a call of a user: a vm timeout would leave it taken for ever.
 */
import type { Arena } from '../memory/arena.js'
import { H_CLOSED, H_KEEP, H_KEEPER, H_KEEPING } from '../memory/layout.js'
import { Role } from './role.js'

export class Keeping {
  readonly #arena: Arena
  readonly #W: Uint32Array
  readonly #me: number
  readonly #keeper: Role
  readonly #work: Role

  constructor(arena: Arena, threadId: number) {
    this.#arena = arena
    this.#W = arena.words
    this.#me = threadId + 1
    this.#keeper = new Role(arena, threadId, H_KEEPER, false)
    this.#work = new Role(arena, threadId, H_KEEPING, false)
  }

  /** Becomes the keeper, if there is none that lives. False also where this thread is the keeper already. */
  claim(): boolean {
    return this.#keeper.take()
  }

  /** Becomes the keeper in the place of a thread that has claimed that. */
  takeOver(threadId: number): boolean {
    return Atomics.compareExchange(this.#W, H_KEEPER, threadId + 1, this.#me) === threadId + 1
  }

  /** True if this thread is the keeper. */
  get isKeeper(): boolean {
    return this.#keeper.isMine
  }

  /** True while this thread is the keeper of a database that is open. */
  get goesOn(): boolean {
    return !this.isClosed && this.isKeeper
  }

  /** This thread is the keeper no more. */
  leave(): void {
    this.#keeper.give()
  }

  /** The last handle is being closed. */
  get isClosed(): boolean {
    return Atomics.load(this.#W, H_CLOSED) !== 0
  }

  /**
   * Begins a piece of work, from the event loop; false where another thread is at one, or the database is closed.
   */
  begin(): boolean {
    if (!this.#work.take()) return false
    if (!this.isClosed) return true
    this.end()
    return false
  }

  end(): void {
    this.#work.give()
  }

  /** The thread that is at a piece of work: its id plus 1, or 0. */
  get busy(): number {
    return this.#work.holder
  }

  /** The database is closed: waits for the piece of work that is under way. */
  awaitEnd(): void {
    this.#work.awaitOthers()
  }

  /** There may be something to do. */
  wake(): void {
    Atomics.add(this.#W, H_KEEP, 1)
    Atomics.notify(this.#arena.signed, H_KEEP)
  }

  /** Blocks the thread until {@link wake}, for `ms` at most; `seen`: of {@link calls}. */
  sleep(seen: number, ms: number): void {
    Atomics.wait(this.#arena.signed, H_KEEP, seen | 0, ms)
  }

  /** How often the keeper was called. */
  get calls(): number {
    return Atomics.load(this.#W, H_KEEP)
  }
}
