/**
 * What to do next with past runs: a pure function of what is known of them.
 *
 * Runs lie one after the other in time. They are merged by size, FANOUT neighbours of a tier at a time, as the
 * logarithmic method does (Bentley and Saxe, *Decomposable Searching Problems I*, 1980): a run of tier t has FANOUT^t
 * times the bytes of the least. So each interval is written about once for each tier. Small runs may come to lie
 * before larger ones, as runs are sealed larger and smaller: they go along when those are merged, or when a reader would have
 * to ask more than FANOUT − 1 runs for each tier there is.
 *
 * Needed are the versions from one on, and tagged ones before it. A run that has nothing else is deleted; an old one of
 * which half is estimated to be so is written anew, and one that only tags need once, and again when they are fewer.
 */
import { firstFrom, type Needed } from './merge.js'

/** Runs of one tier that become one of the next. */
export const FANOUT = 4
/** Bytes of the largest run of tier 0, about a block: within a tier runs are merged again and again. */
export const LEAST = 2 ** 14

/** What is known of a run without reading it. */
export interface RunInfo {
  readonly number: number
  /** The versions at which its intervals died: after `from`, up to `to`. */
  readonly from: number
  readonly to: number
  readonly bytes: number
  /** The least birth of its intervals. */
  readonly birth: number
  /** The tagged versions for which it was written, where nothing else needs it: all else is gone from it. */
  readonly kept?: readonly number[]
}

/** Runs to delete; and neighbours to make one of, oldest first (a single one is written anew). */
export interface Choice {
  readonly drop: readonly number[]
  readonly merge: readonly number[]
}

const tierOf = (bytes: number): number =>
  Math.max(0, Math.ceil(Math.log(Math.max(1, bytes) / LEAST) / Math.log(FANOUT)))

/** The share of a run's intervals that died at or before `horizon`, if they died evenly over its span. */
function spent({ from, to }: RunInfo, horizon: number): number {
  return Math.min(1, Math.max(0, (horizon - from) / Math.max(1, to - from)))
}

/** @param runs all, oldest first */
export function choose(runs: readonly RunInfo[], needed: Needed): Choice {
  const old = runs.filter(({ to }) => to <= needed.from)
  const isGone = (run: RunInfo) => taggedIn(run, needed).length === 0
  const drop = old.filter(isGone).map(({ number }) => number)
  const left = old.filter(run => !isGone(run))
  // What only tags need is little: these become one when they are several.
  const stale = left.find(
    run => run.kept === undefined || run.kept.length > taggedIn(run, needed).length,
  )
  const rewritten = left.length >= FANOUT ? left : stale === undefined ? [] : [stale]
  const merge = rewritten.length > 0 ? rewritten : mergeOf(runs.slice(old.length), needed.from)
  return { drop, merge: merge.map(({ number }) => number) }
}

/** The tagged versions that a run may be asked for. */
export function taggedIn(
  { birth, to }: Pick<RunInfo, 'birth' | 'to'>,
  { tagged }: Needed,
): number[] {
  const first = firstFrom(tagged, birth)
  return first === undefined ? [] : tagged.filter(tag => tag >= first && tag < to)
}

function mergeOf(runs: readonly RunInfo[], from: number): readonly RunInfo[] {
  const [oldest] = runs
  if (oldest !== undefined && spent(oldest, from) >= 0.5) return [oldest]
  // For each tier, from the least on: the newest runs that are of it or less.
  const tiers = runs.map(({ bytes }) => tierOf(bytes))
  const highest = Math.max(0, ...tiers)
  for (let tier = 0, first = runs.length; tier <= highest; tier++) {
    while (first > 0 && (tiers[first - 1] as number) <= tier) first--
    const ofTier = tiers.slice(first).filter(other => other === tier).length
    const count = runs.length - first
    if (ofTier >= FANOUT || count > (FANOUT - 1) * (tier + 1)) return runs.slice(first)
  }
  return []
}
