/**
 * Level's ranges as ranges of stored keys. Any thread; no state.
 *
 * Where Level is given two lower bounds, `gte` counts, and of two upper ones `lte`; zverse would refuse.
 */
import { compareKeys, type Data, type Side } from './side.js'

/** Bounds in the store's own keys: at most one on each side. */
export interface Bounds {
  readonly gt?: unknown
  readonly gte?: unknown
  readonly lt?: unknown
  readonly lte?: unknown
}

/** Bounds in Level's data. */
export type DataBounds = { readonly [name in keyof Bounds]?: Data | undefined }

/** The bounds in `options`, which Level has encoded. */
export function boundsOf({ gt, gte, lt, lte }: DataBounds, keys: Side): Bounds {
  return {
    gt: gte === undefined && gt !== undefined ? keys.take(gt) : undefined,
    gte: gte !== undefined ? keys.take(gte) : undefined,
    lt: lte === undefined && lt !== undefined ? keys.take(lt) : undefined,
    lte: lte !== undefined ? keys.take(lte) : undefined,
  }
}

/** The part of `bounds` from `key` on, in the direction that is walked; null if `key` is outside. */
export function seekTo(bounds: Bounds, key: unknown, reverse: boolean): Bounds | null {
  const { gt, gte, lt, lte } = bounds
  const isBelow =
    (gte !== undefined && compareKeys(key, gte) < 0) ||
    (gt !== undefined && compareKeys(key, gt) <= 0)
  const isAbove =
    (lte !== undefined && compareKeys(key, lte) > 0) ||
    (lt !== undefined && compareKeys(key, lt) >= 0)
  if (isBelow || isAbove) return null
  return reverse ? { gt, gte, lt: undefined, lte: key } : { gt: undefined, gte: key, lt, lte }
}
