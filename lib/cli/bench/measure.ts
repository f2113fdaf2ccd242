/**
 * Times work with tinybench, in the same way on every thread.
 *
 * **Calls and operations.** A user waits for a call: a get, a commit, a range. Latencies are of
 * calls. Rates count operations, by which calls can be compared: a commit of 100 puts
 * is 100 operations, a range of 100 entries too.
 *
 * **Bundles.** To read the clock takes some 50 ns. That is nothing beside a commit, and much beside a get:
 * calls that take less than 2 µs are made in bundles that last about 5 µs. A bundle is an iteration of
 * tinybench, and its time divided by its calls is a sample. A quantile of such calls is therefore one of small
 * means: a slow call shows, but diluted by the few calls around it. tinybench keeps every sample in memory:
 * bundles grow with the seconds and the threads, so that there are about a million samples at most. They take
 * less than 100 MB, and half a second to sort.
 *
 * **Between bundles** tinybench stores the sample, and after 20 ms the event loop has a turn. This is not
 * timed. It leaves the caches colder than a loop does: a get shows about 5 % slower. A call is never
 * interrupted.
 *
 * **Warming up.** Work runs before it is timed, until the optimiser has seen it: first call by call, then in
 * bundles. Both show how long a bundle must be.
 */
import { availableParallelism } from 'node:os'
import { Bench, type TaskResultWithStatistics } from 'tinybench'
import type { Pause } from './stage.js'

/** The work that is measured. */
export interface Work {
  /** Makes so many calls, returns how many operations they were. The loop is its own: see `tasks.ts`. */
  run(calls: number): number | Promise<number>
  /** `run` returns a promise: the thread has other work while it waits. */
  readonly isAsync?: boolean
  /** Releases the pins and memory of the work. */
  end?(): void
}

/** A measurement; goes from thread to thread. */
export interface Measured {
  readonly operations: number
  readonly opsPerSecond: number
  /** tinybench's margin of error of the mean time of a bundle, in percent. */
  readonly rme: number
  /** µs a call, of each bundle, sorted. */
  readonly samples: Float64Array<ArrayBuffer>
}

/** ms between two turns of the event loop. */
const SLICE = 20
/** ms: shorter calls are timed in bundles, and about how long a bundle takes. */
const SHORT_CALL = 0.002
const BUNDLE = 0.005
const MOST_SAMPLES = 1e6
/** Warming up takes half as long as measuring, at most so many ms of a core of its own. */
const MOST_WARMING = 250

/**
 * Warms `work` up and measures it, for at least one bundle.
 * @param threads how many do the same at the same time: if they share a core, each takes longer to warm up
 * @param begin called once the work is warm; it is measured from when that resolves
 */
export async function measure(
  work: Work,
  { seconds, threads }: { seconds: number; threads: number },
  pause: Pause,
  begin = async () => {},
): Promise<Measured> {
  const time = seconds * 1000
  const sharing = Math.max(1, threads / availableParallelism())
  const warming = Math.min(MOST_WARMING, time / 2) * sharing
  let bundle = 1
  for (const part of [warming / 2, warming / 2]) {
    // The median: it does not rise when threads wait for a core.
    const call = (await timed(work, bundle, pause, part)).latency.p50 / bundle
    const least = Math.max(call < SHORT_CALL ? BUNDLE : 0, (time * threads) / MOST_SAMPLES)
    bundle = Math.max(1, Math.ceil(least / call))
  }
  await begin()
  const { operations, totalTime, latency } = await timed(work, bundle, pause, time)
  const samples = new Float64Array(latency.samples ?? []).map(ms => (ms * 1000) / bundle)
  return { operations, opsPerSecond: (operations * 1000) / totalTime, rme: latency.rme, samples }
}

/**
 * One run of tinybench, at least one bundle: its result, and how many operations were measured.
 * @param ms by the wall clock. tinybench's own limit counts what is measured: threads that begin together would
 *   end apart
 */
async function timed(work: Work, bundle: number, pause: Pause, ms: number) {
  const end = new AbortController()
  const bench = new Bench({
    ...{ time: Number.POSITIVE_INFINITY, warmup: false, signal: end.signal },
    ...{ timestampProvider: 'hrtimeNow', throws: true, retainSamples: true },
  })
  let operations = 0
  const until = performance.now() + ms
  let turn = Math.min(until, performance.now() + SLICE)
  const breathe = async () => {
    if (performance.now() >= until) return end.abort()
    await pause()
    turn = Math.min(until, performance.now() + SLICE)
  }
  const isAsync = work.isAsync === true
  const iteration = () => {
    operations += work.run(bundle) as number
  }
  const asyncIteration = async () => {
    operations += await work.run(bundle)
  }
  bench.add('work', isAsync ? asyncIteration : iteration, {
    async: isAsync,
    beforeAll: () => {
      operations = 0
    },
    afterEach: () => (performance.now() < turn ? undefined : breathe()),
  })
  const [{ result }] = await bench.run()
  return { ...(result as TaskResultWithStatistics), operations }
}
