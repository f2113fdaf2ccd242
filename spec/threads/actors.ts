/** Workers under a test's orders, and the built library that they and the test share. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ZVerse as Built } from '../../dist/index.js'
import type * as zverse from '../../lib/index.js'

/** The database as built: the workers load the same code. */
export const ZVerse = Built as unknown as typeof zverse.ZVerse
export type Db = zverse.ZVerse<string, unknown>

export class Actor {
  readonly worker: Worker
  readonly exited: Promise<unknown>
  #next = 0

  constructor(handle: unknown, more = {}, options = {}) {
    this.worker = new Worker(new URL('./actor.js', import.meta.url), {
      workerData: { handle, ...more },
      ...options,
    })
    this.worker.setMaxListeners(0)
    this.exited = once(this.worker, 'exit')
  }

  /** Runs `code` there; resolves to its result. */
  async run<T = unknown>(code: string, args?: unknown): Promise<T> {
    const id = this.#next++
    this.worker.postMessage({ id, code, args })
    for (;;) {
      const [answer] = await once(this.worker, 'message')
      if (answer.id !== id) continue
      if (answer.error !== undefined) throw Object.assign(new Error(), answer.error)
      return answer.value
    }
  }

  /** Gives an order without waiting for an answer. */
  order(code: string, args?: unknown): void {
    this.worker.postMessage({ id: this.#next++, code, args })
  }

  async kill(): Promise<void> {
    await this.worker.terminate()
  }
}

export const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** ms after which a missing event counts as lost: no machine is as slow, however busy. */
export const NEVER = 120_000

/** Waits until `there`. */
export async function until(there: () => boolean): Promise<void> {
  const end = performance.now() + NEVER
  while (!there()) {
    if (performance.now() > end) throw new Error('it did not come about')
    await sleep(2)
  }
}
