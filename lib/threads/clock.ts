/**
 * Durations, by which threads wait for each other. No fake clock reaches their source: it is no property of
 * an object that a fake clock could replace, before this module is loaded or after
 * (docs/decisions/0027-globals.md; lib/engine/time.ts tells the time of day). Any thread; no state.
 */
import { performance } from 'node:perf_hooks'

// Fake clocks put a `now` of their own on the object (and replace `process.hrtime`, and the functions of
// node:timers); they leave the prototype alone.
const stopwatch = performance
const { now } = Object.getPrototypeOf(performance) as typeof performance

/** ms since some moment; rises steadily, whatever a fake clock says. */
export function monotonic(): number {
  return now.call(stopwatch)
}
