/**
 * Gives the event loop a turn: by a message port, because fake clocks stop the timers, those of
 * node:timers/promises too (docs/decisions/0027-globals.md). Any thread; no state.
 */
import { MessageChannel } from 'node:worker_threads'

/** Resolves after the callbacks that already wait; keeps the process alive until then. */
export function turn(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.once('message', () => {
      port1.close()
      resolve()
    })
    port2.postMessage(null)
  })
}
