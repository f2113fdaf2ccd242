/**
 * Histograms of durations, in shared memory: four buckets to each doubling, from 1 ns to 2⁴⁰ ns. Any
 * thread adds to them; only a sample is timed, so contention is rare.
 */
import { TIME_BUCKETS } from '../memory/layout.js'

const PER_DOUBLING = 4

/** Times in µs that so many of a hundred did not exceed, as far as buckets can tell (19 %). */
export interface Times {
  /** Times taken. */
  readonly samples: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** Adds a time to the histogram at word `at`, unless a broken clock gave no time. */
export function noteTime(W: Uint32Array, at: number, ms: number): void {
  if (!(ms >= 0)) return
  const bucket = Math.floor(Math.log2(Math.max(1, ms * 1e6)) * PER_DOUBLING)
  Atomics.add(W, at + Math.min(bucket, TIME_BUCKETS - 1), 1)
}

/** Percentiles of the histogram at word `at`. */
export function timesAt(W: Uint32Array, at: number): Times {
  let samples = 0
  for (let i = 0; i < TIME_BUCKETS; i++) samples += Atomics.load(W, at + i)
  const below = (share: number) => {
    let left = samples * share
    for (let i = 0; i < TIME_BUCKETS; i++) {
      left -= Atomics.load(W, at + i)
      // The bucket's upper end.
      if (left <= 0 && samples > 0) return 2 ** ((i + 1) / PER_DOUBLING) / 1000
    }
    return 0
  }
  return { samples, p50: below(0.5), p99: below(0.99), p999: below(0.999) }
}
