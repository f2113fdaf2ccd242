/** Counts of 64 bits in two words of shared memory, low word first. */
import { add } from './atomic.js'

export function addCount(W: Uint32Array, at: number, n: number): void {
  if (n === 0) return
  const before = add(W, at, n)
  if (before + n >= 2 ** 32) add(W, at + 1, 1)
}

/** Read racily: a count that passes 2³² meanwhile may be off by that. */
export function countAt(W: Uint32Array, at: number): number {
  return W[at + 1] * 2 ** 32 + W[at]
}
