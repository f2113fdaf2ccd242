/** The lines of the table of threads, one by one. Any thread. */
import { H_FIRST_LINE, H_HIGH_WATER, THREAD_WORDS, THREADS_AT } from '../memory/layout.js'

/** Visits the lines of users' threads that were ever used, until `visit` returns true. */
export function eachUser(W: Uint32Array, visit: (line: number) => boolean | undefined): void {
  const lines = Atomics.load(W, H_HIGH_WATER)
  for (let i = W[H_FIRST_LINE]; i < lines; i++) if (visit(THREADS_AT + i * THREAD_WORDS)) return
}

/** Visits every line that was ever used, until `visit` returns true. */
export function eachLine(W: Uint32Array, visit: (line: number) => boolean | undefined): void {
  const lines = Atomics.load(W, H_HIGH_WATER)
  for (let i = 0; i < lines; i++) if (visit(THREADS_AT + i * THREAD_WORDS)) return
}
