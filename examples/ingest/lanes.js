// @ts-check
/** Submitting, and what a thread counts of it: how many, how long in the queue, how many had no room. */
import { ZVerseError } from 'zverse'

/** @typedef {import('./sensors.js').Database} Database */
/** @typedef {import('./sensors.js').Operation} Operation */
/** @typedef {'high' | 'normal' | 'low'} Lane */
/** @typedef {{ acknowledged: number, rejected: number, times: number[] }} Counts */

/** One submission in so many of the normal lane is timed, and all of the others. */
const SAMPLED = 16

export class Lanes {
  /** Times in ms. @type {Record<Lane, Counts>} */
  counts = {
    high: { acknowledged: 0, rejected: 0, times: [] },
    normal: { acknowledged: 0, rejected: 0, times: [] },
    low: { acknowledged: 0, rejected: 0, times: [] },
  }
  /** Submissions whose outcome is not known yet. */
  waiting = 0
  isTimed = true
  #db
  #number = 0

  /** @param {Database} db */
  constructor(db) {
    this.#db = db
  }

  /**
   * @param {Lane} priority @param {Operation[]} operations
   * @param {(version: number) => void} done
   * @param {(retryAfterMs: number) => void} full nothing was written, for the lane has no room
   */
  submit(priority, operations, done, full) {
    const counts = this.counts[priority]
    const isSample = this.isTimed && (priority !== 'normal' || ++this.#number % SAMPLED === 0)
    const begun = isSample ? performance.now() : 0
    this.waiting++
    this.#db.submit(operations, { priority }).then(
      version => {
        this.waiting--
        counts.acknowledged++
        if (begun > 0 && this.isTimed) counts.times.push(performance.now() - begun)
        done(version)
      },
      error => {
        this.waiting--
        const isFull = error instanceof ZVerseError && error.code === 'ZVERSE_OVER_CAPACITY'
        if (!isFull) throw error
        counts.rejected++
        full(error.retryAfterMs ?? 1)
      },
    )
  }
}
