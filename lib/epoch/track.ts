/**
 * `track`: a worker's 'exit' is the news of its death; who hears it buries it, and with it what it
 * tracked itself.
 */

import { invalidOption } from '../options.js'
import type { EpochManager } from './manager.js'
import { bury, noteTrack, sweep } from './threads.js'

/** What of a Worker of node:worker_threads is used. */
export interface TrackedWorker {
  /** -1 once it has exited. */
  readonly threadId: number
  once(event: 'exit', listener: () => void): unknown
}

/** Buries `worker` when it ends. Works on after this handle is closed. */
export function trackWorker(epochs: EpochManager, worker: unknown): void {
  const { arena, threadId: me } = epochs
  const { threadId, once } = (worker ?? {}) as Partial<TrackedWorker>
  if (typeof threadId !== 'number' || typeof once !== 'function') {
    throw invalidOption('worker', 'must be a Worker of node:worker_threads')
  }
  if (threadId < 0) {
    // Its id is lost; where the system can be asked, that finds what it held.
    sweep(arena, me)
    throw invalidOption('worker', 'has exited already: track a worker when it is made')
  }
  if (threadId === me) throw invalidOption('worker', 'must be another thread')
  if (!noteTrack(arena, threadId, me)) return
  ;(worker as TrackedWorker).once('exit', () => bury(arena, threadId, me))
}
