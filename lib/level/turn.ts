/**
 * Gives the event loop a turn. By a message port, for fake clocks stop the timers, those of
 * node:timers/promises too (docs/decisions/0027-globals.md). Any thread; no state.
 */
import { MessageChannel } from 'node:worker_threads'

/** Resolves after what else has been waiting; keeps the process alive till then. */
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
