// @ts-check
/**
 * Timing and statistics. Every consumed result goes through `consume`, whose sum is printed at the
 * end of a run: the optimiser cannot leave out work whose result is used.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = /** @type {() => void} */ (runInNewContext('gc'))

/** No sample is shorter than this, in ms, if an operation can be repeated. */
export const SAMPLE_MS = 200
/**
 * Repeatable work runs so long, in ms, before it is timed: the forced collection before a sample
 * throws optimised code away, and some hundred milliseconds without it would be measured.
 */
export const WARM_MS = 150

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

/** Collects garbage, so that one row does not pay for the one before. */
export function settle() {
  collect()
}

/**
 * µs an operation, repeated until the sample is long enough.
 * @param {() => number} chunk does some operations and returns how many
 * @param {number} [atLeastMs]
 */
export function timeRepeated(chunk, atLeastMs = SAMPLE_MS) {
  const begin = performance.now()
  const warm = Math.min(WARM_MS, atLeastMs)
  while (performance.now() - begin < warm) chunk()
  let operations = 0
  let elapsed = 0
  const start = performance.now()
  do {
    operations += chunk()
    elapsed = performance.now() - start
  } while (elapsed < atLeastMs)
  return (elapsed * 1000) / operations
}

/**
 * µs an operation, with batches of work that are made first, which is not timed.
 * @template B
 * @param {() => B} make
 * @param {(batch: B) => number} work does the operations of a batch and returns how many they were
 * @param {number} [atLeastMs]
 */
export function timeBatches(make, work, atLeastMs = SAMPLE_MS) {
  let operations = 0
  let elapsed = -Math.min(WARM_MS, atLeastMs)
  while (elapsed < atLeastMs) {
    const batch = make()
    const warming = elapsed < 0
    const start = performance.now()
    const done = work(batch)
    elapsed += performance.now() - start
    if (!warming) operations += done
    else if (elapsed >= 0) elapsed = 0
  }
  return (elapsed * 1000) / operations
}

/** Turns that {@link timeInTurns} takes. */
const TURNS = 10

/**
 * µs an operation of several kinds of work in turns, so that the ratios between them do not depend on
 * other work of the machine.
 * @template {(() => number)[]} W
 * @param {W} chunks
 * @returns {{ [K in keyof W]: number }}
 */
export function timeInTurns(...chunks) {
  const times = chunks.map(() => 0)
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, chunk] of chunks.entries()) {
      times[i] += timeRepeated(chunk, SAMPLE_MS / TURNS) / TURNS
    }
  }
  return /** @type {{ [K in keyof W]: number }} */ (times)
}

/**
 * µs that one run of `work` takes.
 * @param {() => void} work
 */
export function timeOnce(work) {
  const start = performance.now()
  work()
  return (performance.now() - start) * 1000
}

/**
 * @typedef {object} Summary
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number[]} samples in the order taken
 */

/**
 * @param {number[]} samples
 * @returns {Summary}
 */
export function summarize(samples) {
  const ordered = [...samples].sort((a, b) => a - b)
  const middle = ordered.length >> 1
  const median =
    ordered.length % 2 === 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2
  return { median, min: ordered[0], max: ordered[ordered.length - 1], samples }
}
