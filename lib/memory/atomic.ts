/**
 * Ordered access to shared words for the folders above epoch/: a thread that loads a reference by `acquire`
 * sees all that was written before `release` stored it. For any thread.
 */
import { H_TIP } from './layout.js'

/** Loads a word; the thread sees from here on all that was written before the word was stored. */
export function acquire(W: Uint32Array, at: number): number {
  return Atomics.load(W, at)
}

/**
 * The newest record, for the owner of the lock. References are even: the low bit of the word says which end of the
 * log counts.
 */
export function tipOf(W: Uint32Array): number {
  return W[H_TIP] - (W[H_TIP] & 1)
}

/** {@link acquire} of a 48-bit number: loads that a look at another word proves must be ordered before it. */
export function acquire48(W: Uint32Array, at: number): number {
  return (Atomics.load(W, at + 1) & 0xffff) * 2 ** 32 + Atomics.load(W, at)
}

/** Stores a word; a thread that loads it sees all that was written before. */
export function release(W: Uint32Array, at: number, value: number): void {
  Atomics.store(W, at, value)
}

/** Adds to a word that several threads add to; returns what it was. */
export function add(W: Uint32Array, at: number, n: number): number {
  return Atomics.add(W, at, n)
}

/** Raises a word that several threads raise, to `n` at least. */
export function raise(W: Uint32Array, at: number, n: number): void {
  for (let seen = Atomics.load(W, at); seen < n; ) {
    const before = Atomics.compareExchange(W, at, seen, n)
    if (before === seen) return
    seen = before
  }
}

/** Stores a word that several threads store; true if it was another. */
export function turnTo(W: Uint32Array, at: number, value: number): boolean {
  return Atomics.exchange(W, at, value) !== value
}
