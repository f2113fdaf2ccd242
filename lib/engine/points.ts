/**
 * Checks boxes, points and metrics that callers give, and turns them into searches of trees. Touches no
 * shared memory; reading the callers' objects may run their code.
 */
import { Box } from '../key/box.js'
import type { KeyCodec } from '../key/codec.js'
import type { Curve } from '../key/curve.js'
import { msOf } from '../key/date.js'
import { isArray } from '../key/describe.js'
import { checkCount, wrongValue, ZOrderKeys } from '../key/zorder.js'
import { numbers } from '../memory/words.js'
import { invalidOption } from '../options.js'
import { type Bound, compareBounds } from '../tree/cursor.js'
import { Euclidean, Haversine, type Metric } from '../tree/metric.js'
import type { Wanted } from '../tree/nearest.js'

/** The curve of a Z-order codec; `option` needs it. */
export function curveOf(codec: KeyCodec, option: string): Curve {
  if (codec instanceof ZOrderKeys) return codec.curve
  throw invalidOption(option, `needs Z-order keys: these are ${JSON.stringify(codec.name)}`)
}

/** `box`, the option, checked. */
export function boxIn(curve: Curve, box: unknown): Box {
  if (!isArray(box) || box.length !== 2) throw invalidOption('box', 'must be [min, max]')
  return boxOf(curve, box[0], box[1])
}

/**
 * The box between two corners.
 * @throws ZVerseError `ZVERSE_INVALID_KEY` naming the dimension, `ZVERSE_INVALID_OPTION` if inverted
 */
export function boxOf(curve: Curve, min: unknown, max: unknown): Box {
  const least = coordinates(curve, min, 'min')
  const greatest = coordinates(curve, max, 'max')
  const box = new Box(curve)
  curve.axes.forEach((axis, d) => {
    const a = least[d]
    const b = greatest[d]
    if (a > b) {
      throw invalidOption('box', `is inverted: in dimension ${d} min is above max`)
    }
    if (!Number.isNaN(a) && !axis.ceiling(a, box.lower, 2 * d)) box.isEmpty = true
    if (!Number.isNaN(b) && !axis.floor(b, box.upper, 2 * d)) box.isEmpty = true
  })
  box.settle()
  return box
}

/** Intersects a box with bounds in Z-order, which are keys of the same curve. */
export function intersect(box: Box, lower: Bound | null, upper: Bound | null): void {
  const { bits } = box.curve
  if (lower !== null && upper !== null && compareBounds(lower, upper) >= 0) box.isEmpty = true
  const from = lower === null ? null : lower.words.slice()
  const to = upper === null ? null : upper.words.slice()
  // Bounds that exclude their key: the code after it, or before it.
  if (from !== null && lower?.after && !add(from, bits, 1)) box.isEmpty = true
  if (to !== null && !upper?.after && !add(to, bits, -1)) box.isEmpty = true
  box.between(from, to)
}

/** One number a dimension, ms for dates; NaN for null. */
export function coordinates(curve: Curve, point: unknown, what: string): number[] {
  const { axes } = curve
  checkCount(point, axes.length, what)
  const values = point as readonly unknown[]
  const at = numbers(axes.length)
  for (let d = 0; d < axes.length; d++) {
    const value = values[d]
    const x = axes[d].isDate && value !== null ? msOf(value) : value
    if (value !== null && (typeof x !== 'number' || Number.isNaN(x))) {
      const must = axes[d].isDate ? 'a valid Date' : 'a number'
      throw wrongValue(curve, d, `of ${what} must be ${must} or null`)
    }
    at[d] = value === null ? Number.NaN : (x as number)
  }
  return at
}

/** Counts a code of `bits` bits up or down by 1; false if that leaves the curve. */
function add(code: Uint32Array, bits: number, step: 1 | -1): boolean {
  let i = (bits - 1) >>> 5
  let unit = 2 ** (31 - ((bits - 1) & 31))
  for (; i >= 0; i--, unit = 1) {
    const sum = code[i] + step * unit
    code[i] = sum // a typed array keeps the low 32 bits
    if (sum >= 0 && sum < 2 ** 32) return true
  }
  return false
}

/** The checked arguments of `nearest`. */
export function nearestIn(
  curve: Curve,
  point: unknown,
  k: unknown,
  given: Record<string, unknown>,
): Wanted {
  const { box, within = Number.POSITIVE_INFINITY } = given
  if (k !== Number.POSITIVE_INFINITY && !(Number.isInteger(k) && (k as number) >= 0)) {
    throw invalidOption('k', 'must be an integer ≥ 0 or Infinity')
  }
  if (typeof within !== 'number' || !(within >= 0)) {
    throw invalidOption('within', 'must be a number ≥ 0')
  }
  const metric = metricIn(curve, point, given)
  return {
    metric,
    k: k as number,
    within,
    box: box === undefined ? null : boxIn(curve, box),
    // Until the caller has looked (StoreCore.isWhole).
    canReach: metric.whole.length === 0,
  }
}

function metricIn(curve: Curve, point: unknown, given: Record<string, unknown>): Metric {
  const { metric = 'euclidean', scale } = given
  const at = coordinates(curve, point, 'the point')
  at.forEach((x, d) => {
    if (Math.abs(x) === Number.POSITIVE_INFINITY) {
      throw wrongValue(curve, d, `must be finite, not ${x}`)
    }
  })
  if (metric === 'haversine') return haversine(curve, at, scale)
  if (metric !== 'euclidean') throw invalidOption('metric', "must be 'euclidean' or 'haversine'")
  if (scale !== undefined && (!isArray(scale) || scale.length !== at.length)) {
    throw invalidOption('scale', 'must be an array with one number for each dimension')
  }
  const factors = numbers(at.length)
  for (let d = 0; d < at.length; d++) {
    const factor: unknown = scale === undefined ? 1 : scale[d]
    if (typeof factor !== 'number' || !(factor >= 0 && factor < Number.POSITIVE_INFINITY)) {
      throw invalidOption('scale', 'must be a finite number ≥ 0 in each dimension')
    }
    factors[d] = factor
  }
  return new Euclidean(at, factors)
}

function haversine(curve: Curve, at: readonly number[], scale: unknown): Metric {
  const { axes } = curve
  const [longitude, latitude, ...rest] = at
  if (scale !== undefined) throw invalidOption('scale', 'is not for the metric haversine')
  if (axes.length < 2 || axes[0].isDate || axes[1].isDate) {
    throw invalidOption('metric', 'haversine needs longitude and latitude as dimensions 0 and 1')
  }
  if (!rest.every(Number.isNaN)) {
    throw invalidOption('metric', 'haversine leaves out all dimensions but 0 and 1: give null')
  }
  if (Number.isNaN(longitude) || Number.isNaN(latitude)) {
    throw invalidOption('metric', 'haversine needs a longitude and a latitude, not null')
  }
  if (Math.abs(latitude) > 90) {
    throw wrongValue(curve, 1, `is a latitude: it must be from -90 to 90, not ${latitude}`)
  }
  const { linear, origin, step, bits } = axes[0]
  const start = linear && step * 2 ** bits <= 360 ? origin : -180
  return new Haversine(longitude, latitude, start, axes.length)
}
