/**
 * `track`: the thread that hears a worker's 'exit' buries the worker, and with it the threads that the
 * worker tracked itself.
 */

import type { Arena } from '../memory/arena.js'
import { invalidOption } from '../options.js'
import { bury, noteTrack, sweep } from './lines.js'

/** The databases for which a worker is tracked: one listener serves all of them. */
const tracked = new WeakMap<object, Set<Arena>>()

/** The used part of a Worker of node:worker_threads. */
export interface TrackedWorker {
  /** -1 once it has exited. */
  readonly threadId: number
  once(event: 'exit', listener: () => void): unknown
}

/** Buries `worker` when it ends. Works on after this handle is closed. */
export function trackWorker(arena: Arena, me: number, worker: unknown): void {
  const { threadId, once } = (worker ?? {}) as Partial<TrackedWorker>
  if (typeof threadId !== 'number' || typeof once !== 'function') {
    throw invalidOption('worker', 'must be a Worker of node:worker_threads')
  }
  if (threadId < 0) {
    // Its id is lost; a sweep finds its lines where the system tells which threads live.
    sweep(arena, me)
    throw invalidOption('worker', 'has exited already: track a worker when it is made')
  }
  if (threadId === me) throw invalidOption('worker', 'must be another thread')
  if (!noteTrack(arena, threadId, me)) return
  const arenas = tracked.get(worker as object)
  if (arenas !== undefined) {
    arenas.add(arena)
    return
  }
  const all = new Set([arena])
  tracked.set(worker as object, all)
  ;(worker as TrackedWorker).once('exit', () => {
    for (const each of all) bury(each, threadId, me)
  })
}
