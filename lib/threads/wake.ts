/**
 * Words that threads wait on, WAKES of a kind: that of a thread is given by its id. A word counts calls; who waits
 * loads it before he looks at what he waits for, so no call falls between the two. Any thread.
 */
import { WAKES } from '../memory/layout.js'

/** The word of the thread whose id plus 1 is `id`. @param first the first word of the kind */
export function wordOf(first: number, id: number): number {
  return first + (id & (WAKES - 1))
}

/** Wakes those who wait on a word. */
export function wake(signed: Int32Array, word: number): void {
  Atomics.add(signed, word, 1)
  Atomics.notify(signed, word)
}
