/**
 * Gives the event loop a turn: by a message port, because fake clocks stop the timers, those of node:timers too
 * (docs/decisions/0027-globals.md).
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'

/** The ports of one handle, made at the first turn. */
export class EventLoop {
  #port: MessagePort | null = null
  #other: MessagePort | null = null
  #wake: () => void = () => {}

  /** Resolves after the callbacks that already wait; keeps the process alive until then. One at a time. */
  turn(): Promise<void> {
    this.#port ??= this.#open()
    this.#port.ref()
    return new Promise(resolve => {
      this.#wake = resolve
      this.#other?.postMessage(null)
    })
  }

  #open(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#other = port2
    port1.on('message', () => {
      port1.unref()
      this.#wake()
    })
    return port1
  }

  close(): void {
    const port = this.#port
    this.#port = null
    port?.close()
  }
}
