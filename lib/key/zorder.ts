/**
 * Z-order keys: points as arrays of coordinates, sorted along the Z-order curve.
 *
 * `zorder` describes the dimensions of a key; the codec made of them belongs to one thread. Invariant:
 * all keys of a codec have as many bytes as a code of its curve, so comparing keys is comparing codes.
 */
import { ZVerseError } from '../errors.js'
import { invalidOption } from '../options.js'
import { Axis, type Dimension } from './axis.js'
import type { KeyBuffer, KeyCodec } from './codec.js'
import { Curve } from './curve.js'
import { describe, isArray } from './describe.js'

const MAX_DIMENSIONS = 16
const NAME = /^zorder\((.+)\)$/

/** A point: one value a dimension. */
export type Point = readonly (number | Date)[]

/** The key that a list of dimensions takes. */
export type PointOf<D extends readonly Dimension[]> = {
  -readonly [I in keyof D]: D[I] extends 'date'
    ? Date
    : 'date' extends D[I]
      ? number | Date
      : number
}

/** The value of the option `keys` for Z-order keys; made by {@link zorder}. */
export class ZOrder<K = Point> {
  readonly dimensions: readonly Dimension[]
  /** Never present: carries the type of the keys. */
  declare readonly '~key'?: K
  readonly #curve: Curve

  /** @internal */
  constructor(axes: readonly Axis[]) {
    this.dimensions = Object.freeze(axes.map(({ dimension }) => dimension))
    this.#curve = new Curve(axes)
    Object.freeze(this)
  }

  /**
   * The curve of a result of {@link zorder}; undefined for any other value, whose code is not run.
   * @internal
   */
  static curveOf(option: unknown): Curve | undefined {
    const isOurs = typeof option === 'object' && option !== null && #curve in option
    return isOurs ? option.#curve : undefined
  }
}

/**
 * Keys that are points. They sort along the Z-order (Morton) curve: the bits of all dimensions
 * interleaved, most significant first, dimension 0 giving the highest.
 *
 * @param dimensions 1 to 16 of `'uint8'`, `'uint16'`, `'uint32'`, `'int8'`, `'int16'`, `'int32'`,
 * `'float32'`, `'float64'`, `'date'` (a Date) and `{ type: 'float', min, max, bits }`, which reduces
 * numbers to 2^bits cells. Values of all other dimensions come back exactly as given, but -0 as 0.
 * @throws ZVerseError `ZVERSE_INVALID_OPTION`
 * @example
 * const db = ZVerse.open({ keys: zorder(['float64', 'float64', 'date']) })
 * db.put([8.54, 47.37, new Date()], 'Zürich')
 */
export function zorder<const D extends readonly Dimension[]>(dimensions: D): ZOrder<PointOf<D>> {
  if (!isArray(dimensions)) throw invalidOption('dimensions', 'must be an array')
  const given: unknown[] = [...dimensions]
  if (given.length === 0 || given.length > MAX_DIMENSIONS) {
    throw invalidOption('dimensions', `must be 1 to ${MAX_DIMENSIONS}, not ${given.length}`)
  }
  return new ZOrder(given.map((dimension, i) => new Axis(dimension, i)))
}

/**
 * Points of keys that go on behind them: those of indexes.
 * @param dimensions as {@link zorder} takes them
 * @throws ZVerseError `ZVERSE_INVALID_OPTION`
 */
export function pointsOf(dimensions: unknown): ZOrderKeys {
  const curve = ZOrder.curveOf(dimensions) ?? ZOrder.curveOf(zorder(dimensions as Dimension[]))
  return new ZOrderKeys(new Curve((curve as Curve).axes, true))
}

/** The dimensions in the name of a Z-order codec; undefined if it is another name. */
export function zorderNamed(name: string): ZOrder | undefined {
  const list = NAME.exec(name)?.[1]
  if (list === undefined) return undefined
  const dimensions = list.split(/,(?![^(]*\))/).map(dimension => {
    const [, min, max, bits] = /^float\((.+),(.+),(.+)\)$/.exec(dimension) ?? []
    if (min === undefined) return dimension as Dimension
    return { type: 'float' as const, min: Number(min), max: Number(max), bits: Number(bits) }
  })
  return zorder(dimensions)
}

export class ZOrderKeys implements KeyCodec<Point> {
  readonly name: string
  readonly curve: Curve
  /** Ordered integers on their way in or out, two words a dimension. */
  readonly #ordered: Uint32Array
  readonly #hasDates: boolean

  constructor(curve: Curve) {
    this.curve = curve
    this.name = `zorder(${curve.axes.map(({ name }) => name).join(',')})`
    this.#ordered = new Uint32Array(2 * curve.axes.length)
    this.#hasDates = curve.axes.some(axis => axis.isDate)
  }

  encode(key: Point, into: KeyBuffer): void {
    const { curve } = this
    const { axes } = curve
    checkCount(key, axes.length, 'a key')
    for (let d = 0; d < axes.length; d++) {
      const value = key[d]
      if (!axes[d].encode(value, this.#ordered, 2 * d)) {
        throw wrongValue(curve, d, axes[d].refusal(value))
      }
    }
    curve.encode(this.#ordered, into.words)
    into.bytes = curve.bytes
  }

  encodePrefix(): never {
    throw invalidOption('prefix', 'is not for Z-order keys: use box')
  }

  decode(words: Uint32Array, at: number): Point {
    const { curve } = this
    const { axes } = curve
    const ordered = this.#ordered
    curve.decode(words, at, ordered)
    const n = axes.length
    // Literals: an array that grows by push takes memory for seventeen elements.
    if (n === 2 && !this.#hasDates) {
      const x = axes[0].coordinate(ordered[0], ordered[1])
      return [x, axes[1].coordinate(ordered[2], ordered[3])]
    }
    const first = axes[0].value(ordered[0], ordered[1])
    if (n === 1) return [first]
    const second = axes[1].value(ordered[2], ordered[3])
    if (n === 2) return [first, second]
    const key = [first, second, axes[2].value(ordered[4], ordered[5])]
    for (let d = 3; d < n; d++) key.push(axes[d].value(ordered[2 * d], ordered[2 * d + 1]))
    return key
  }
}

/** @throws ZVerseError `ZVERSE_INVALID_KEY` if `point` is not an array of `count` values. */
export function checkCount(point: unknown, count: number, what: string): void {
  if (!isArray(point)) {
    const message = `${what} must be an array of length ${count}, not ${describe(point)}`
    throw new ZVerseError('ZVERSE_INVALID_KEY', message)
  }
  if (point.length !== count) {
    const message = `${what} must have length ${count}, a value for each dimension, not ${point.length}`
    throw new ZVerseError('ZVERSE_INVALID_KEY', message)
  }
}

/** The error that says `what` of dimension `d`. */
export function wrongValue(curve: Curve, d: number, what: string): ZVerseError {
  return new ZVerseError('ZVERSE_INVALID_KEY', `dimension ${d} (${curve.axes[d].name}) ${what}`)
}
