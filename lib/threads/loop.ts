/**
 * Gives the event loop a turn. No timer does it, because fake clocks stop them, those of node:timers too
 * (docs/decisions/0027-globals.md); nor a message port that stays, because up to 1000 messages of one are delivered in
 * one turn of the loop, those that are posted meanwhile among them. Any thread; no state.
 */
import { anchor } from './alive.js'
import { waitAsync } from './watch.js'

/** Resolves after the callbacks that already wait; keeps the process alive until then. */
export async function turn(): Promise<void> {
  const word = new Int32Array(new SharedArrayBuffer(4))
  anchor.hold()
  try {
    const result = waitAsync(word, 0, 0, 1000)
    Atomics.notify(word, 0)
    if (result.async) await result.value
  } finally {
    anchor.letGo()
  }
}
