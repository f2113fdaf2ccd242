/**
 * How work is timed, the same on every thread.
 *
 * **Calls and operations.** A call is what a user waits for: a get, a commit, a range. Latencies are of
 * calls. Rates count operations, which are what calls have in common with one another: a commit of 100 puts
 * is 100 operations, a range of 100 entries too.
 *
 * **Bundles.** To read the clock takes some 50 ns. That is nothing beside a commit, and much beside a get:
 * calls that take less than 2 µs are timed in bundles that last about 5 µs, and what is recorded is the
 * time of a bundle divided by its calls. A quantile of such calls is therefore one of small means: a slow
 * call shows, but thinned down by the few calls around it. The clock is read once a bundle, the end of one
 * being the beginning of the next, so nothing that happens goes unmeasured, garbage collection included.
 *
 * **Slices.** After 20 ms the event loop has a turn, which is not counted. A call is never interrupted.
 *
 * **Warming up.** Work runs before it is timed, until the optimiser has seen it, and that tells how long a
 * call takes.
 */
import { Histogram } from './histogram.js'

/** What is measured. */
export interface Work {
  /** Makes so many calls, returns how many operations they were. The loop is its own: see `tasks.ts`. */
  run(calls: number): number
  /** Gives back what the work holds. */
  end?(): void
}

/** What came of it; goes from thread to thread. */
export interface Measured {
  readonly operations: number
  readonly ms: number
  /** Of a {@link Histogram} of the times of calls. */
  readonly counts: Uint32Array
}

const SLICE_MS = 20
/** ms: calls that take less are bundled, to bundles that take about so much. */
const SHORT_CALL = 0.002
const BUNDLE = 0.005
/** Warming up takes half as long as measuring does, at most so many ms. */
const MOST_WARMING = 150
/** A run of calls while warming up: once one takes so many ms, they grow no longer. */
const WARMING_RUN = 5

/**
 * Runs `work` until it is warm.
 * @returns how many calls make a bundle
 */
export async function warmUp(
  work: Work,
  seconds: number,
  pause: () => Promise<void>,
): Promise<number> {
  const end = performance.now() + Math.min(MOST_WARMING, seconds * 500)
  let calls = 1
  for (;;) {
    const begun = performance.now()
    work.run(calls)
    const ended = performance.now()
    await pause()
    const took = (ended - begun) / calls
    if (ended >= end) return took < SHORT_CALL ? Math.max(1, Math.ceil(BUNDLE / took)) : 1
    if (ended - begun < WARMING_RUN) calls *= 2
  }
}

/**
 * Runs `work` from one time to another, of `performance.now()`, and measures it: a bundle of it at least,
 * however late it is.
 * @param pause called between slices
 */
export async function measure(
  work: Work,
  bundle: number,
  { from, to }: { from: number; to: number },
  pause: () => Promise<void>,
): Promise<Measured> {
  const histogram = new Histogram()
  let operations = 0
  let ms = 0
  while (performance.now() < from) work.run(bundle)
  do {
    const slice = timeSlice(work, bundle, to, histogram)
    operations += slice.operations
    ms += slice.ms
    await pause()
  } while (performance.now() < to)
  return { operations, ms, counts: histogram.counts }
}

/** A function of its own, with no pause in it, for the optimiser. */
function timeSlice(work: Work, bundle: number, to: number, histogram: Histogram) {
  const toNs = 1e6 / bundle
  const begun = performance.now()
  const end = Math.min(begun + SLICE_MS, to)
  let operations = 0
  let now = begun
  do {
    const before = now
    operations += work.run(bundle)
    now = performance.now()
    histogram.record((now - before) * toNs)
  } while (now < end)
  return { operations, ms: now - begun }
}
