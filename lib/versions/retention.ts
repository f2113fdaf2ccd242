/**
 * Which past a database keeps: a pure choice over plain numbers; reclaim.ts acts on it.
 */
import type { Bounds } from '../options.js'

/** The numbers that decide which past is kept. */
export interface Timeline {
  readonly oldest: number
  readonly newest: number
  /** The present time, ms. */
  readonly now: number
  /** When a version from oldest to newest was committed, ms; never less than its predecessor's. */
  time(version: number): number
  /** Bytes that the versions after one from oldest to newest have replaced. */
  replacedSince(version: number): number
}

/**
 * The oldest version to keep: the first that no bound excludes. Never below `oldest`, never above
 * `newest`. Each bound excludes a version only if it excludes all older ones, so halving finds it,
 * however many versions go at once.
 */
export function oldestToKeep(line: Timeline, { versions, ms, bytes }: Bounds): number {
  const { newest, now } = line
  let low = Math.max(line.oldest, newest - versions)
  if (ms !== Number.POSITIVE_INFINITY) {
    low = firstThat(low, newest, version => now - line.time(version + 1) <= ms)
  }
  if (bytes !== Number.POSITIVE_INFINITY) {
    low = firstThat(low, newest, version => line.replacedSince(version) <= bytes)
  }
  return low
}

/** The first version from `low` on for which `holds` is true (as for all after it), at most `high`. */
function firstThat(low: number, high: number, holds: (version: number) => boolean): number {
  // Mostly it is the first one, or the second.
  for (let tries = 0; tries < 2; tries++) if (low < high && !holds(low)) low++
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
