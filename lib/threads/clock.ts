/**
 * How long something takes: durations, by which threads wait for each other. They come from where no fake clock
 * reaches: not from a property of an object that it could replace, whether before this module is loaded or after
 * (docs/decisions/0027-globals.md; what time it is, is another question: lib/engine/time.ts). Any thread; no state.
 */
import { performance } from 'node:perf_hooks'

// Fake clocks put a `now` of their own on the object (and replace `process.hrtime`, and the functions of
// node:timers); what the prototype has they leave alone.
const stopwatch = performance
const { now } = Object.getPrototypeOf(performance) as typeof performance

/** ms since some moment; rises steadily, whatever time it is said to be. */
export function monotonic(): number {
  return now.call(stopwatch)
}
