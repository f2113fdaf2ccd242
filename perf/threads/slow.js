// @ts-check
/** Slow operations of this thread, and how much of each was its own doing. */
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { coreSeconds } from './control.js'

/** An operation that takes longer is looked at; to do so costs some 20 µs. */
export const SLOW_MS = 0.2

export class Slow {
  /** @type {{ begun: number, ended: number, waited: number }[]} */
  #operations = []
  /** @type {import('node:perf_hooks').PerformanceEntry[]} */
  #collections = []
  #observer
  #waited = coreSeconds().waited

  constructor() {
    this.#observer = new PerformanceObserver(list => {
      this.#collections.push(...list.getEntries())
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** @param {number} begun @param {number} took ms */
  note(begun, took) {
    const { waited } = coreSeconds()
    // The wait since the slow operation before: faster ones cannot have waited much.
    const share = Math.min(took, 1000 * (waited - this.#waited) || 0)
    this.#waited = waited
    this.#operations.push({ begun, ended: begun + took, waited: share })
  }

  /** The longest, ms, garbage collection and waiting for a core taken out. */
  async longest() {
    // The observer hears when the event loop turns.
    await delay(10)
    this.#observer.disconnect()
    let longest = 0
    for (const { begun, ended, waited } of this.#operations) {
      let own = ended - begun - waited
      for (const { startTime, duration } of this.#collections) {
        const overlap = Math.min(ended, startTime + duration) - Math.max(begun, startTime)
        if (overlap > 0) own -= overlap
      }
      longest = Math.max(longest, own)
    }
    return longest
  }
}
