/**
 * Times work, in the same way on every thread.
 *
 * **Calls and operations.** A user waits for a call: a get, a commit, a range. Latencies are of
 * calls. Rates count operations, by which calls can be compared: a commit of 100 puts
 * is 100 operations, a range of 100 entries too.
 *
 * **Bundles.** To read the clock takes some 50 ns. That is nothing beside a commit, and much beside a get:
 * calls that take less than 2 µs are timed in bundles that last about 5 µs, and the time of a bundle divided
 * by its calls is recorded. A quantile of such calls is therefore one of small means: a slow
 * call shows, but diluted by the few calls around it. The clock is read once a bundle, whose end
 * is the beginning of the next, so no time goes unmeasured, garbage collection included.
 *
 * **Slices.** After 20 ms the event loop has a turn, which is not counted. A call is never interrupted.
 *
 * **Warming up.** Work runs before it is timed, until the optimiser has seen it; this run also shows how
 * long a call takes.
 */
import { availableParallelism } from 'node:os'
import { Histogram } from './histogram.js'

/** The work that is measured. */
export interface Work {
  /** Makes so many calls, returns how many operations they were. The loop is its own: see `tasks.ts`. */
  run(calls: number): number
  /** Releases the pins and memory of the work. */
  end?(): void
}

/** A measurement; goes from thread to thread. */
export interface Measured {
  readonly operations: number
  readonly ms: number
  /** The counts of a {@link Histogram} of the times of calls. */
  readonly counts: Float64Array
}

const SLICE_MS = 20
/** ms: shorter calls are timed in bundles, and about how long a bundle takes. */
const SHORT_CALL = 0.002
const BUNDLE = 0.005
const SHORTEST_CALL = 0.00001
/** Warming up takes half as long as measuring, at most so many ms of a core of its own. */
const MOST_WARMING = 250
/** Runs of calls while warming up grow until one takes so many ms. */
const WARMING_RUN = 5

/**
 * Runs `work` until it is warm.
 * @param seconds how long it will be measured
 * @param threads how many warm up at the same time: if they have to share a core, each takes longer
 * @returns how many calls make a bundle
 */
export async function warmUp(
  work: Work,
  seconds: number,
  threads: number,
  pause: () => Promise<void>,
): Promise<number> {
  const sharing = Math.max(1, threads / availableParallelism())
  const begun = performance.now()
  const warming = Math.min(MOST_WARMING, seconds * 500) * sharing
  let calls = 1
  let took = 0
  for (let now = begun; now < begun + warming / 2; ) {
    const before = now
    work.run(calls)
    took = (performance.now() - before) / calls
    if (took * calls < WARMING_RUN) calls *= 2
    await pause()
    now = performance.now()
  }
  const bundle = took < SHORT_CALL ? Math.ceil(BUNDLE / Math.max(took, SHORTEST_CALL)) : 1
  // The optimiser has yet to see the measuring loops, with bundles of their later length.
  await measure(work, bundle, begun + warming, pause)
  return bundle
}

/**
 * Measures `work` from now on, for at least one bundle.
 * @param to a time of `performance.now()`
 * @param pause called between slices
 */
export async function measure(
  work: Work,
  bundle: number,
  to: number,
  pause: () => Promise<void>,
): Promise<Measured> {
  const histogram = new Histogram()
  let operations = 0
  let ms = 0
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
