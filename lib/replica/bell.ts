/**
 * Sleeping until something has happened on this thread, or for a time. No fake clock stops it, and it keeps no process
 * alive.
 */
import type { Arena } from '../memory/arena.js'
import { H_REPLICA } from '../memory/layout.js'
import { sleepUnheld } from '../threads/watch.js'

export class Bell {
  readonly #arena: Arena
  readonly #sleepers = new Set<() => void>()

  /** @param arena of a replica */
  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Wakes all that sleep. */
  ring(): void {
    for (const wake of [...this.#sleepers]) wake()
  }

  /** Sleeps until the bell rings, or for so many ms. */
  async sleep(ms: number): Promise<void> {
    let wake = () => {}
    const woken = new Promise<void>(resolve => {
      wake = resolve
    })
    this.#sleepers.add(wake)
    try {
      // The word never changes.
      await Promise.race([woken, sleepUnheld(this.#arena, H_REPLICA, 1, ms)])
    } finally {
      this.#sleepers.delete(wake)
    }
  }
}
