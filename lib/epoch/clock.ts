/**
 * The two clocks: what time it is, and how long something takes. Test runners replace clocks, and they are
 * to replace the first one only (docs/decisions/0027-globals.md). Any thread; no state.
 *
 * 1. The time of a version is what `Date.now` says when the version is made, so a mocked clock is obeyed. What
 *    it says may be anything: only what a record can hold goes any further.
 * 2. Durations, by which threads wait for each other, come from where no fake clock reaches: not from a
 *    property of an object that it could replace, whether before this module is loaded or after.
 */
import { performance } from 'node:perf_hooks'

/** What the outside world provides; tests bring their own. */
export interface Environment {
  /** The time, ms since 1970. */
  now(): number
}

/** The world as it is. */
export const WORLD: Environment = {
  now: () => Date.now(),
}

/** The last ms that a record can hold: 48 bits. */
const MAX_TIME = 2 ** 48 - 1

/**
 * What the clock of `environment` says, whole ms from 0 to {@link MAX_TIME}; `before` where it says nothing
 * of the kind. Throws what the clock throws.
 */
export function timeIn(environment: Environment, before: number): number {
  const said: unknown = environment.now()
  return typeof said === 'number' && said >= 0 && said <= MAX_TIME ? Math.floor(said) : before
}

// Fake clocks put a `now` of their own on the object (and replace `process.hrtime`, and the functions of
// node:timers); what the prototype has they leave alone.
const stopwatch = performance
const { now } = Object.getPrototypeOf(performance) as typeof performance

/** ms since some moment; rises steadily, whatever time it is said to be. */
export function monotonic(): number {
  return now.call(stopwatch)
}
