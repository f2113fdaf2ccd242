/**
 * A signal of our own: what stands for the global one is replaced by test runners, or missing (docs/decisions/0027).
 */
import type { Signal } from '../engine/signal.js'

export class Ending implements Signal {
  aborted = false
  readonly reason = undefined
  readonly #listeners = new Set<() => void>()

  /** Tells all listeners, once. */
  abort(): void {
    if (this.aborted) return
    this.aborted = true
    for (const tell of [...this.#listeners]) tell()
    this.#listeners.clear()
  }

  addEventListener(_: 'abort', listener: () => void): void {
    if (!this.aborted) this.#listeners.add(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }
}
