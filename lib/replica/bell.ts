/**
 * Sleeping until something has happened on this thread, or for a time. No fake clock stops it, and it keeps no process
 * alive.
 */
import type { Arena } from '../memory/arena.js'
import { H_REPLICA } from '../memory/layout.js'
import { sleepUnheld } from '../threads/watch.js'

export class Bell {
  readonly #arena: Arena
  readonly #sleepers = new Set<{ is(): boolean; wake(): void }>()

  /** @param arena of a replica */
  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Wakes those who sleep until something is so that is so now. */
  ring(): void {
    for (const sleeper of this.#sleepers) if (sleeper.is()) sleeper.wake()
  }

  /** Sleeps until the bell rings and `is` holds, or for so many ms. */
  async sleep(ms: number, is: () => boolean = () => true): Promise<void> {
    const sleeper = { is, wake: () => {} }
    const woken = new Promise<void>(resolve => {
      sleeper.wake = resolve
    })
    this.#sleepers.add(sleeper)
    try {
      // The word never changes.
      await Promise.race([woken, sleepUnheld(this.#arena, H_REPLICA, 1, ms)])
    } finally {
      this.#sleepers.delete(sleeper)
    }
  }
}
