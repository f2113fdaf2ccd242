/**
 * Level's ranges, and the ranges of stored keys that they mean. Any thread; no state.
 *
 * Of two lower bounds Level takes `gte`, and of two upper ones `lte`; zverse would refuse both.
 */
import { compareData, type Data, type Side } from './side.js'

/** Bounds in Level's data. */
export interface DataBounds {
  readonly gt?: Data | undefined
  readonly gte?: Data | undefined
  readonly lt?: Data | undefined
  readonly lte?: Data | undefined
}

/** Bounds in a store's own keys. */
export type Bounds = { readonly [name in keyof DataBounds]?: unknown }

/** The bounds in options that Level has encoded, one on each side. */
export function boundsIn({ gt, gte, lt, lte }: DataBounds): DataBounds {
  return {
    gt: gte === undefined ? gt : undefined,
    gte,
    lt: lte === undefined ? lt : undefined,
    lte,
  }
}

/** @throws ZVerseError `ZVERSE_INVALID_KEY` for what no key is */
export function checkBounds(bounds: DataBounds, keys: Side): void {
  if (!isText(bounds)) storedBounds(bounds, keys)
}

/** True if all bounds are strings. */
export function isText({ gt, gte, lt, lte }: DataBounds): boolean {
  return isString(gt) && isString(gte) && isString(lt) && isString(lte)
}

function isString(bound: Data | undefined): boolean {
  return bound === undefined || typeof bound === 'string'
}

/**
 * Bounds as those of a store.
 * @throws ZVerseError `ZVERSE_INVALID_KEY` for what no key is
 */
export function storedBounds({ gt, gte, lt, lte }: DataBounds, keys: Side): Bounds {
  return {
    gt: gt === undefined ? gt : keys.take(gt),
    gte: gte === undefined ? gte : keys.take(gte),
    lt: lt === undefined ? lt : keys.take(lt),
    lte: lte === undefined ? lte : keys.take(lte),
  }
}

/** The part of `bounds` from `key` on, in the direction of the walk; null if `key` is outside. */
export function seekTo(bounds: DataBounds, key: Data, reverse: boolean): DataBounds | null {
  const { gt, gte, lt, lte } = bounds
  const isBelow =
    (gte !== undefined && compareData(key, gte) < 0) ||
    (gt !== undefined && compareData(key, gt) <= 0)
  const isAbove =
    (lte !== undefined && compareData(key, lte) > 0) ||
    (lt !== undefined && compareData(key, lt) >= 0)
  if (isBelow || isAbove) return null
  return reverse ? { gt, gte, lt: undefined, lte: key } : { gt: undefined, gte: key, lt, lte }
}
