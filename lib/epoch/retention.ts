/**
 * Which past a database keeps: a pure choice over plain numbers; reclaim.ts acts on it.
 */

/** The bounds of `history`, each `Infinity` where it is not given. */
export interface Bounds {
  /** Versions kept before the present one. */
  readonly versions: number
  /** A version is let go when the one after it was committed more than so many ms ago. */
  readonly ms: number
  /** Bytes that only past versions may hold. */
  readonly bytes: number
}

/** What the choice looks at. */
export interface Timeline {
  readonly oldest: number
  readonly newest: number
  /** The present time, ms. */
  readonly now: number
  /** Bytes that versions before the newest hold and the newest does not. */
  readonly pastBytes: number
  /** When a version from oldest to newest was committed, ms. */
  time(version: number): number
  /** Bytes that `version` replaced: what goes when its predecessor is let go. */
  replaced(version: number): number
}

/**
 * The oldest version to keep: the first that no bound excludes. Never below `oldest`, never above
 * `newest`. Costs one step for each version let go.
 */
export function oldestToKeep(line: Timeline, bounds: Bounds): number {
  let oldest = Math.max(line.oldest, line.newest - bounds.versions)
  let bytes = line.pastBytes
  if (bounds.bytes !== Number.POSITIVE_INFINITY) {
    for (let v = line.oldest + 1; v <= oldest; v++) bytes -= line.replaced(v)
  }
  while (oldest < line.newest) {
    const late = line.now - line.time(oldest + 1) > bounds.ms
    if (!late && bytes <= bounds.bytes) break
    oldest++
    bytes -= line.replaced(oldest)
  }
  return oldest
}
