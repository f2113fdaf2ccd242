/**
 * Waiting in promises: for a version, for the writer's turn. While one waits the process stays
 * alive; an abort rejects with AbortError, closing the database with `ZVERSE_CLOSED`.
 */
import { invalidOption } from '../options.js'
import type { Engine } from './engine.js'

/** What of an AbortSignal is used (its type is not part of the language's own). */
export interface Signal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** Checks an optional `signal`. */
export function signalIn(given: Record<string, unknown>): Signal | undefined {
  const { signal } = given
  if (signal === undefined || signal instanceof AbortSignal) return signal as Signal | undefined
  throw invalidOption('signal', 'must be an AbortSignal')
}

/** The error that an abort rejects with, as Node's own functions do. */
export function abortError(signal: Signal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  error.name = 'AbortError'
  return Object.assign(error, { code: 'ABORT_ERR' })
}

/** @throws what a wait ends with when it is cut short by an abort or the close */
export function checkGoesOn(engine: Engine, signal: Signal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
  engine.checkOpen()
}

/** Longest delay a timer can have: it is there only to keep the process alive. */
const FOREVER = 2 ** 31 - 1

/** Resolves when `there` is true after some commit (of any thread), or at an abort, or the close. */
export function waitUntil(
  engine: Engine,
  signal: Signal | undefined,
  there: () => boolean,
): Promise<void> {
  const { watch } = engine.epochs
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {}, FOREVER)
    const end = () => {
      clearInterval(timer)
      watch.delete(look)
      engine.onClose.delete(look)
      signal?.removeEventListener('abort', look)
    }
    // Others wait, too, and somebody commits: what the signal or `there` throws is for this promise alone.
    const look = () => {
      try {
        if (!engine.closed && !signal?.aborted && !there()) return
        end()
        resolve()
      } catch (error) {
        reject(error)
        end()
      }
    }
    // Listen first, then look: what is committed in between is told.
    watch.add(look)
    engine.onClose.add(look)
    try {
      signal?.addEventListener('abort', look)
    } catch (error) {
      reject(error)
      end()
      return
    }
    look()
  })
}
