/**
 * Keeps the process alive while something waits on this thread.
 *
 * A timer would do, but for fake clocks, which stop all that come from globals or from node:timers. A
 * message port keeps a process alive as well, and fake clocks leave it alone. Making one takes 80 µs, so a
 * thread makes its port at its first wait, and counts waits after that.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'

class Anchor {
  #waiting = 0
  #port: MessagePort | null = null

  /** The process stays alive until as many calls of {@link letGo}. */
  hold(): void {
    if (this.#waiting++ > 0) return
    this.#port ??= new MessageChannel().port1
    this.#port.ref()
  }

  letGo(): void {
    if (--this.#waiting === 0) this.#port?.unref()
  }
}

/** The anchor of this thread. */
export const anchor = new Anchor()
