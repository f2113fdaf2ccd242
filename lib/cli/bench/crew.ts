/**
 * Makes worker threads do the same work at the same time.
 *
 * Each worker attaches, prepares, warms up, and reports that it is ready. Once all are, each gets the time
 * to begin, on the clock that all threads of a process share; until then it works on without being
 * measured, so that no thread begins on idle cores. Each ends by the clock, too, and answers with its own
 * measurement: while they are measured, only zverse itself communicates between threads.
 */
import { Worker } from 'node:worker_threads'
import { hrtimeNow } from 'tinybench'
import type { Handle } from '../../index.js'
import type { Measured } from './measure.js'
import type { Database, Plan } from './stage.js'

/** The `workerData` of a worker. */
export interface Post {
  readonly handle: Handle<string, string>
  readonly plan: Plan
  /** Name of the workload. */
  readonly workload: string
  /** True if it does the work beside the measured one. */
  readonly beside: boolean
  /** Its index among the threads that do the same. */
  readonly seat: { readonly number: number; readonly of: number }
}

/** The order to begin, at a time of `hrtimeNow`, the clock that all threads share. */
export interface Start {
  readonly at: number
}

/** The messages of a worker: that it is ready, then its measurement. */
export type Report = { readonly ready: true } | Measured

const WORKER = new URL('./worker.js', import.meta.url)
/** ms from the order to the begin: enough for all threads to receive it, even on shared cores. */
const LEAD = 20
const LEAD_PER_THREAD = 5

/**
 * @param crew of each thread: the workload, its part in it
 * @param signal terminates all threads; the promise rejects with its reason
 * @returns the measurement of each thread, in the order of `crew`
 */
export async function together(
  db: Database,
  plan: Plan,
  crew: readonly Pick<Post, 'workload' | 'beside' | 'seat'>[],
  signal: AbortSignal | undefined,
): Promise<Measured[]> {
  const handle = db.share()
  const threads: Thread[] = []
  const abort = () => {
    for (const thread of threads) thread.fail(signal?.reason)
  }
  signal?.addEventListener('abort', abort)
  try {
    signal?.throwIfAborted()
    for (const part of crew) {
      const thread = new Thread({ handle, plan, ...part })
      threads.push(thread)
      db.track(thread.worker)
    }
    await Promise.all(threads.map(thread => thread.ready))
    const at = hrtimeNow() + LEAD + threads.length * LEAD_PER_THREAD
    return await Promise.all(threads.map(thread => thread.measure({ at })))
  } finally {
    signal?.removeEventListener('abort', abort)
    await Promise.all(threads.map(thread => thread.worker.terminate()))
  }
}

/** A worker thread: two promises, both of which fail when it does. */
export class Thread {
  readonly worker: Worker
  readonly ready: Promise<void>
  readonly #measured: Promise<Measured>
  /** Gives the thread up with an error. */
  readonly fail: (error: unknown) => void

  constructor(post: Post, file: URL = WORKER) {
    const ready = promise<void>()
    const measured = promise<Measured>()
    this.ready = ready.promise
    this.#measured = measured.promise
    this.fail = error => {
      ready.reject(error)
      measured.reject(error)
    }
    const { workload } = post
    this.worker = new Worker(file, { workerData: post })
      .on('message', (report: Report) => {
        if ('ready' in report) ready.resolve()
        else measured.resolve(report)
      })
      .on('error', cause => {
        this.fail(new Error(`${workload}: a thread failed: ${messageOf(cause)}`, { cause }))
      })
      .once('exit', code => {
        this.fail(new Error(`${workload}: a thread ended before its work, with code ${code}`))
      })
  }

  measure(start: Start): Promise<Measured> {
    this.worker.postMessage(start)
    return this.#measured
  }
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** A promise that is settled from outside; a rejection before anyone waits for it is no crash. */
function promise<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  promise.catch(() => {})
  return { promise, resolve, reject }
}
