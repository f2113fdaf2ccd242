/**
 * Waiting without blocking the thread: for a commit of any thread, or for a word to change.
 *
 * A notification reaches all waiters, and each looks for itself, so none can be lost to a waiter that
 * dies; the slices are for a process that was stopped for a while. A pending `waitAsync` does not
 * keep the process alive (alive.ts does), and is the only timer here: no fake clock stops it.
 */
import type { Arena } from '../memory/arena.js'
import { H_PUBLISHED, H_WATCHERS, T_WATCHING } from '../memory/layout.js'
import { anchor } from './alive.js'

/** ms after which a waiter looks without a notification. */
const SLICE = 250

type Async = { async: false } | { async: true; value: Promise<unknown> }
/** Not in the language's types yet; in Node since 16. */
interface WaitsAsync {
  waitAsync(words: Int32Array, at: number, value: number, ms: number): Async
}
export const waitAsync = (words: Int32Array, at: number, value: number, ms: number): Async =>
  (Atomics as unknown as WaitsAsync).waitAsync(words, at, value, ms)

/** Resolves when the header word `at` is no longer `value` and a thread has notified, or after `ms`. */
export async function sleepOn(arena: Arena, at: number, value: number, ms: number): Promise<void> {
  anchor.hold()
  try {
    await sleepUnheld(arena, at, value, ms)
  } finally {
    anchor.letGo()
  }
}

/** As {@link sleepOn}; the process may end meanwhile. */
export async function sleepUnheld(
  arena: Arena,
  at: number,
  value: number,
  ms: number,
): Promise<void> {
  const result = waitAsync(arena.signed, at, value | 0, ms)
  if (result.async) await result.value
}

/** As {@link sleepOn}, with this thread blocked. */
export function blockOn({ signed }: Arena, at: number, value: number, ms: number): void {
  Atomics.wait(signed, at, value | 0, ms)
}

/** Tells listeners of this thread of commits by any thread. */
export class Watch {
  readonly #arena: Arena
  readonly #line: number
  readonly #listeners = new Set<() => void>()
  /** Other threads may commit. */
  #shared: boolean
  #counted = false

  constructor(arena: Arena, line: number, shared: boolean) {
    this.#arena = arena
    this.#line = line
    this.#shared = shared
  }

  add(listener: () => void): void {
    this.#listeners.add(listener)
    this.#begin()
  }

  delete(listener: () => void): void {
    this.#listeners.delete(listener)
  }

  /** From now on other threads may commit. */
  share(): void {
    this.#shared = true
    this.#begin()
  }

  /** Tells the listeners of a commit. */
  tell(): void {
    if (this.#listeners.size > 0) for (const listener of [...this.#listeners]) listener()
  }

  clear(): void {
    this.#listeners.clear()
    this.#end()
  }

  #begin(): void {
    if (this.#counted || !this.#shared || this.#listeners.size === 0) return
    this.#counted = true
    // The count first: see freeLine.
    Atomics.add(this.#arena.words, H_WATCHERS, 1)
    this.#arena.words[this.#line + T_WATCHING] = 1
    this.#wait(Atomics.load(this.#arena.signed, H_PUBLISHED))
  }

  #end(): void {
    if (!this.#counted) return
    this.#counted = false
    this.#arena.words[this.#line + T_WATCHING] = 0
    Atomics.sub(this.#arena.words, H_WATCHERS, 1)
  }

  #wait(seen: number): void {
    const again = () => {
      if (!this.#counted) return
      if (this.#listeners.size === 0) return this.#end()
      const now = Atomics.load(this.#arena.signed, H_PUBLISHED)
      if (now !== seen) this.tell()
      this.#wait(now)
    }
    const result = waitAsync(this.#arena.signed, H_PUBLISHED, seen, SLICE)
    if (result.async) result.value.then(again)
    // It has changed meanwhile. Other threads would have to hit this moment each time to keep this up.
    else Promise.resolve().then(again)
  }
}

/** Wakes all that wait on a header word. */
export function notifyWord(arena: Arena, at: number): void {
  Atomics.notify(arena.signed, at)
}
