/**
 * Waiting for time to pass, or for something to happen. Belongs to the thread that made it.
 *
 * The timers are those of Node: what fake clocks stop here, they stop in the packages of NATS as well.
 */
import { performance } from 'node:perf_hooks'
import { clearTimeout, setTimeout } from 'node:timers'

/** ms, by a clock that goes forwards only. */
export const now = (): number => performance.now()

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Whether `promise` resolves within so many ms. One that rejects does not. */
export async function isWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const done = promise.then(
    () => true,
    () => false,
  )
  const result = await Promise.race([done, late])
  clearTimeout(timer)
  return result
}

/** Wakes those that wait on it. They look themselves what has happened. */
export class Bell {
  readonly #waiting = new Set<() => void>()

  readonly ring = (): void => {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** Resolves when it rings, with true, or after so many ms. */
  wait(ms?: number): Promise<boolean> {
    return new Promise(resolve => {
      const wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
      const end = () => {
        this.#waiting.delete(wake)
        resolve(false)
      }
      const timer = ms === undefined ? undefined : setTimeout(end, Math.max(0, ms))
      this.#waiting.add(wake)
    })
  }
}
