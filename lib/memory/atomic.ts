/**
 * Ordered access to shared words for what stands above epoch/: a reference that is loaded by `acquire`
 * leads to all that was written before it was stored by `release`. For any thread.
 */

/** Loads a word; what was written before it was stored can be seen from here on. */
export function acquire(W: Uint32Array, at: number): number {
  return Atomics.load(W, at)
}

/** Stores a word; whoever loads it sees what was written before. */
export function release(W: Uint32Array, at: number, value: number): void {
  Atomics.store(W, at, value)
}
