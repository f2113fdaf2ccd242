/**
 * `track`: a worker's 'exit' is the news of its death; who hears it buries it, and with it what it
 * tracked itself.
 */

import type { Arena } from '../memory/arena.js'
import { invalidOption } from '../options.js'
import { bury, noteTrack, sweep } from './lines.js'

/** The databases that a worker is tracked for, so that one listener serves all of them. */
const tracked = new WeakMap<object, Set<Arena>>()

/** What of a Worker of node:worker_threads is used. */
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
    // Its id is lost; where the system can be asked, that finds what it held.
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
