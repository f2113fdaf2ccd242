/**
 * Boxes, points and metrics as callers give them, checked and turned into what trees are searched for.
 * Touches no shared memory; reading what callers give may run their code.
 */
import type { Axis } from '../key/axis.js'
import { Box } from '../key/box.js'
import type { KeyCodec } from '../key/codec.js'
import type { Curve } from '../key/curve.js'
import { checkCount, wrongValue, ZOrderKeys } from '../key/zorder.js'
import { invalidOption } from '../options.js'
import { type Bound, compareBounds } from '../snapshot/cursor.js'
import { Euclidean, Haversine, type Metric } from '../snapshot/metric.js'

/** The curve of a Z-order codec; `option` needs it. */
export function curveOf(codec: KeyCodec, option: string): Curve {
  if (codec instanceof ZOrderKeys) return codec.curve
  throw invalidOption(option, `needs Z-order keys: these are ${JSON.stringify(codec.name)}`)
}

/** `box`, the option, checked. */
export function boxIn(curve: Curve, box: unknown): Box {
  if (!Array.isArray(box) || box.length !== 2) throw invalidOption('box', 'must be [min, max]')
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
    if (a !== null && b !== null && a > b) {
      throw invalidOption('box', `is inverted: in dimension ${d} min is above max`)
    }
    if (a !== null && !axis.ceiling(a, box.lower, 2 * d)) box.isEmpty = true
    if (b !== null && !axis.floor(b, box.upper, 2 * d)) box.isEmpty = true
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

/** One number a dimension, ms for dates; null where nothing is given. */
export function coordinates(curve: Curve, point: unknown, what: string): (number | null)[] {
  const { axes } = curve
  checkCount(point, axes.length, what)
  const values = point as readonly unknown[]
  return axes.map((axis, d) => {
    const value = values[d]
    const x = value === null ? null : coordinate(axis, value)
    if (x === undefined) {
      throw wrongValue(curve, d, `must be ${axis.isDate ? 'a valid Date' : 'a number'} or null`)
    }
    return x
  })
}

function coordinate(axis: Axis, value: unknown): number | undefined {
  const x = axis.isDate ? axis.msOf(value) : value
  return typeof x === 'number' && !Number.isNaN(x) ? x : undefined
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

/** What `nearest` is asked for, checked. */
export function nearestIn(
  curve: Curve,
  point: unknown,
  k: unknown,
  given: Record<string, unknown>,
) {
  const { box, within = Number.POSITIVE_INFINITY } = given
  if (k !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(k) && (k as number) >= 0)) {
    throw invalidOption('k', 'must be an integer ≥ 0 or Infinity')
  }
  if (typeof within !== 'number' || !(within >= 0)) {
    throw invalidOption('within', 'must be a number ≥ 0')
  }
  return {
    metric: metricIn(curve, point, given),
    k: k as number,
    within,
    box: box === undefined ? null : boxIn(curve, box),
  }
}

function metricIn(curve: Curve, point: unknown, given: Record<string, unknown>): Metric {
  const { metric = 'euclidean', scale } = given
  const at = coordinates(curve, point, 'the point')
  at.forEach((x, d) => {
    if (x !== null && !Number.isFinite(x)) throw wrongValue(curve, d, `must be finite, not ${x}`)
  })
  if (metric === 'haversine') return haversine(curve, at, scale)
  if (metric !== 'euclidean') throw invalidOption('metric', "must be 'euclidean' or 'haversine'")
  const scales = scale === undefined ? at.map(() => 1) : scale
  const isScale = (x: unknown) => typeof x === 'number' && x >= 0 && x < Number.POSITIVE_INFINITY
  if (!Array.isArray(scales) || scales.length !== at.length || !scales.every(isScale)) {
    throw invalidOption('scale', 'must be an array with a finite number ≥ 0 for each dimension')
  }
  return new Euclidean(at, [...scales])
}

function haversine(curve: Curve, at: readonly (number | null)[], scale: unknown): Metric {
  const { axes } = curve
  const [longitude, latitude, ...rest] = at
  if (scale !== undefined) throw invalidOption('scale', 'is not for the metric haversine')
  if (axes.length < 2 || axes[0].isDate || axes[1].isDate) {
    throw invalidOption('metric', 'haversine needs longitude and latitude as dimensions 0 and 1')
  }
  if (rest.some(x => x !== null)) {
    throw invalidOption('metric', 'haversine leaves out all dimensions but 0 and 1: give null')
  }
  if (longitude === null || latitude === null) {
    throw invalidOption('metric', 'haversine needs a longitude and a latitude, not null')
  }
  if (Math.abs(latitude) > 90) {
    throw wrongValue(curve, 1, `is a latitude: it must be from -90 to 90, not ${latitude}`)
  }
  return new Haversine(longitude, latitude, axes)
}
