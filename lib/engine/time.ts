/**
 * The time of versions: `Date.now` tells it when one is made, so a mocked clock is obeyed
 * (docs/decisions/0027-globals.md). Such a clock is user code, which must not call the database.
 */
import type { Functions } from '../indexes/functions.js'
import type { Gate } from './gate.js'

/** The outside world; tests bring their own. */
export interface Environment {
  /** The functions that the user has given. */
  readonly functions?: Functions
  /** The time, ms since 1970. */
  now(): number
}

/** The real world. */
export const WORLD: Environment = {
  now: () => Date.now(),
}

/** The last ms that fits a record: 48 bits. */
const MAX_TIME = 2 ** 48 - 1

/**
 * The answer of a clock, in whole ms from 0 to {@link MAX_TIME}; `before` where the answer, which may be
 * anything, is none of these.
 */
export function timeFrom(said: unknown, before: number): number {
  return typeof said === 'number' && said >= 0 && said <= MAX_TIME ? Math.floor(said) : before
}

export class Clock {
  readonly #gate: Gate
  readonly #ask: () => unknown

  constructor(gate: Gate, environment: Environment) {
    this.#gate = gate
    this.#ask = () => environment.now()
  }

  /**
   * The time, ms since 1970; `before` where the clock answers nonsense. Throws what the clock throws, and
   * `ZVERSE_CLOSED` where it has closed the database.
   */
  after(before: number): number {
    const said = this.#gate.guarded(this.#ask)
    // A mocked clock may have closed the database: then nothing more may be touched.
    this.#gate.checkOpen()
    return timeFrom(said, before)
  }
}
