/**
 * Ordered access to shared words for the folders above epoch/: a thread that loads a reference by `acquire`
 * sees all that was written before `release` stored it. For any thread.
 */

/** Loads a word; the thread sees from here on all that was written before the word was stored. */
export function acquire(W: Uint32Array, at: number): number {
  return Atomics.load(W, at)
}

/** Stores a word; a thread that loads it sees all that was written before. */
export function release(W: Uint32Array, at: number, value: number): void {
  Atomics.store(W, at, value)
}
