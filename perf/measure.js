// @ts-check
/**
 * Work as tinybench measures it: warmed up, repeated, each run timed by `hrtime`.
 *
 * Reading the clock costs some 50 ns, so a run is a chunk of many operations wherever one is short. Every
 * consumed result goes through `consume`, whose sum is printed at the end: the optimiser cannot leave out work
 * whose result is used.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Bench } from 'tinybench'

setFlagsFromString('--expose-gc')

/** Collects garbage, so that one row does not pay for the one before. */
export const settle = /** @type {() => void} */ (runInNewContext('gc'))

/** Turns of works that are measured in turns. */
const TURNS = 10

/** @typedef {() => number | Promise<number>} Run does some operations and says how many they were */

/**
 * @typedef {object} Work
 * @property {Run} run what is timed
 * @property {() => void | Promise<void>} [before] each run, not timed
 * @property {() => void | Promise<void>} [after] the same
 * @property {boolean} [isAsync] `run` gives a promise, which is awaited
 * @property {number} [runs] so many runs are the sample, which are not warmed up
 */

/**
 * @typedef {object} Sample µs an operation
 * @property {number} mean
 * @property {number} p50 of runs
 * @property {number} p99 of runs
 * @property {number} error margin of the mean with 95 % confidence, in per cent; NaN of a single run
 */

/**
 * Measures work: repeated runs, or as many as it says.
 * @param {Work} work
 * @param {number} ms how long the timed runs last together at least
 * @param {number} warmMs the same for those before: a forced collection throws optimised code away
 * @returns {Promise<Sample>}
 */
export async function measure({ run, before, after, isAsync = false, runs }, ms, warmMs) {
  let operations = 0
  const begin = () => {
    operations = 0
  }
  const work = isAsync
    ? async () => {
        operations += await run()
      }
    : () => {
        operations += /** @type {number} */ (run())
      }
  const bench = new Bench({
    ...{ time: runs === undefined ? ms : 0, iterations: runs ?? 1 },
    ...{ warmup: runs === undefined, warmupTime: warmMs, warmupIterations: 1 },
    ...{ timestampProvider: 'hrtimeNow', throws: true },
  })
  const hooks = { beforeAll: begin, beforeEach: before, afterEach: after }
  // Told what it is: else tinybench calls the work once to find out.
  bench.add('work', work, { async: isAsync, ...hooks })
  if (isAsync || before || after) await bench.run()
  else bench.runSync()
  const { result } = bench.tasks[0]
  if (result.state !== 'completed') throw new Error(`the work is ${result.state}`)
  const { mean, p50, p99, rme, samplesCount } = result.latency
  const micros = (/** @type {number} */ perRun) => (perRun * 1000 * samplesCount) / operations
  const error = samplesCount < 2 ? Number.NaN : rme
  return { mean: micros(mean), p50: micros(p50), p99: micros(p99), error }
}

/**
 * Measures several works in turns, so that the ratios between them do not depend on other work of the machine.
 * @param {readonly Work[]} works
 * @param {number} ms for each work, in all turns
 * @returns {Promise<Sample[]>}
 */
export async function measureInTurns(works, ms) {
  /** @type {Sample[][]} */
  const turns = []
  for (let turn = 0; turn < TURNS; turn++) {
    const samples = []
    for (const work of works) samples.push(await measure(work, ms / TURNS, ms / TURNS))
    turns.push(samples)
  }
  return works.map((_, i) => {
    const mean = (/** @type {(sample: Sample) => number} */ of) =>
      turns.reduce((sum, samples) => sum + of(samples[i]), 0) / TURNS
    return {
      ...{ mean: mean(one => one.mean), p50: mean(one => one.p50), p99: mean(one => one.p99) },
      error: Math.sqrt(mean(one => one.error ** 2) / TURNS),
    }
  })
}

const sink = { sum: 0 }

/**
 * Uses a result up.
 * @param {number} amount
 */
export function consume(amount) {
  sink.sum = (sink.sum + amount) | 0
}

export const consumed = () => sink.sum

/**
 * Reads a string's last character: a rope has to be flattened for it. Throws on `undefined`, so a
 * system that does not find its entries cannot look fast.
 * @param {string | undefined} text
 */
export function taste(text) {
  const present = /** @type {string} */ (text)
  return present.charCodeAt(present.length - 1)
}
