/**
 * One dimension of a Z-order key: turns the values that users pass into unsigned integers of a fixed number
 * of bits in the same order, and back. Any thread; the scratch memory is written and read within a call.
 *
 * An ordered integer stands left-aligned in two words, `high` and `low`: bit 0 of the dimension, the
 * most significant, is the top bit of `high`. Invariants:
 * 1. `a < b` exactly where the ordered integer of `a` is below that of `b`; unused bits are 0.
 * 2. {@link Axis.encode} takes a value that {@link Axis.value} returned back to the same integer.
 */
import { types } from 'node:util'
import { invalidOption } from '../options.js'
import { msOf } from './date.js'
import { describe } from './describe.js'

/**
 * A number reduced to one of 2^`bits` cells of equal width between `min` and `max`. Cell c begins at
 * `min + c * ((max - min) / 2 ** bits)`; a value belongs to the last cell that does not begin above it
 * (`max`, too) and reads back as the start of that cell.
 */
export interface QuantizedDimension {
  readonly type: 'float'
  readonly min: number
  readonly max: number
  /** 1 to 53. */
  readonly bits: number
}

/** The values that a dimension of a Z-order key takes. */
export type Dimension =
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'float32'
  | 'float64'
  | 'date'
  | QuantizedDimension

/** Integers: ordered = value - origin. */
const INTEGER = 0
/** Dates, as ms: ordered = ms + 2^53, in 54 bits. */
const DATE = 1
/** Cells of a quantised number: ordered = the cell's number. */
const CELLS = 2
/** IEEE 754: the sign flipped if positive, all bits flipped if negative. */
const FLOAT32 = 3
const FLOAT64 = 4

const TWO22 = 2 ** 22
const TWO31 = 2 ** 31
const DATE_BITS = 54
/** The first and the last ms that a Date can be. */
const MAX_DATE = 8.64e15
const MAX_CELL_BITS = 53

const single = new Float32Array(1)
const singleBits = new Uint32Array(single.buffer)
const double = new Float64Array(1)
const doubleBits = new Uint32Array(double.buffer)

export class Axis {
  /** The dimension that the axis was made of, frozen. */
  readonly dimension: Dimension
  /** The dimension as it stands in a codec's name. */
  readonly name: string
  readonly bits: number
  /**
   * True if coordinates are `origin + step * count`, where {@link count} gives the integer `count` of an
   * ordered integer. False for floats, whose distances vary.
   */
  readonly linear: boolean
  readonly origin: number
  readonly step: number
  readonly isDate: boolean
  readonly #kind: number
  /** Linear and of 32 bits at most, which is one word. */
  readonly #isNarrow: boolean
  /** How many bits of the last word are unused. */
  readonly #shift: number
  /** Of cells: the last one, and how many share a first word. */
  readonly #last: number
  readonly #behind: number
  /** Least and greatest value. */
  readonly #min: number
  readonly #max: number

  /** @throws ZVerseError `ZVERSE_INVALID_OPTION` if `dimension` is not one; `index` is for the message. */
  constructor(dimension: unknown, index: number) {
    const integer = typeof dimension === 'string' ? /^(u?)int(8|16|32)$/.exec(dimension) : null
    this.dimension = dimension as Dimension
    this.#kind = INTEGER
    this.step = 1
    if (integer !== null) {
      this.name = integer[0]
      this.bits = Number(integer[2])
      this.#min = integer[1] === 'u' ? 0 : -(2 ** (this.bits - 1))
      this.#max = this.#min + 2 ** this.bits - 1
    } else if (dimension === 'date') {
      this.name = dimension
      this.#kind = DATE
      this.bits = DATE_BITS
      this.#min = -MAX_DATE
      this.#max = MAX_DATE
    } else if (dimension === 'float32' || dimension === 'float64') {
      this.name = dimension
      this.#kind = dimension === 'float32' ? FLOAT32 : FLOAT64
      this.bits = dimension === 'float32' ? 32 : 64
      this.#min = Number.NEGATIVE_INFINITY
      this.#max = Number.POSITIVE_INFINITY
    } else {
      const made = quantized(dimension, index)
      const { min, max, bits } = made
      this.name = `float(${min},${max},${bits})`
      this.#kind = CELLS
      this.bits = bits
      this.#min = min
      this.#max = max
      this.step = (max - min) / 2 ** bits
      this.dimension = made
    }
    this.isDate = this.#kind === DATE
    this.linear = this.#kind < FLOAT32
    this.origin = this.isDate ? 0 : this.#min
    this.#isNarrow = this.linear && this.bits <= 32
    this.#shift = -this.bits & 31
    this.#last = 2 ** this.bits - 1
    this.#behind = 2 ** (this.bits - 32)
  }

  // ── Keys ──────────────────────────────────────────────────────────────────────────────────────

  /** Writes the ordered integer of `value` to `to[at]` and `to[at + 1]`; false if it has none. */
  encode(value: unknown, to: Uint32Array, at: number): boolean {
    if (this.#kind === DATE) {
      const ms = msOf(value)
      if (Number.isNaN(ms)) return false
      setDate(ms, to, at)
      return true
    }
    if (typeof value !== 'number' || !(value >= this.#min && value <= this.#max)) return false
    if (this.#kind === INTEGER) {
      if (!Number.isInteger(value)) return false
      to[at] = (value - this.#min) << this.#shift
      to[at + 1] = 0
    } else if (this.#kind === CELLS) this.#setCell(this.#cellOf(value), to, at)
    else if (this.#kind === FLOAT64) setDouble(value, to, at)
    else {
      if (Math.fround(value) !== value) return false
      setSingle(value, to, at)
    }
    return true
  }

  /** The end of the message about a value that {@link encode} refused. */
  refusal(value: unknown): string {
    const must = this.isDate
      ? 'be a valid Date'
      : this.#kind === INTEGER
        ? `be an integer from ${this.#min} to ${this.#max}`
        : this.#kind === CELLS
          ? `be a number from ${this.#min} to ${this.#max}`
          : this.#kind === FLOAT32
            ? 'be a number that float32 holds exactly (see Math.fround)'
            : 'be a number'
    const what = types.isDate(value) && this.isDate ? 'an invalid one' : describe(value)
    return `must ${must}, not ${typeof value === 'number' ? value : what}`
  }

  /** The value of an ordered integer, as users get it. */
  value(high: number, low: number): number | Date {
    return this.#kind === DATE ? new Date(dateOf(high, low)) : this.coordinate(high, low)
  }

  // ── Geometry ──────────────────────────────────────────────────────────────────────────────────

  /**
   * The place of an ordered integer on the axis: a number, for dates ms. It rises with the integer, also
   * with integers that no value has.
   */
  coordinate(high: number, low: number): number {
    if (this.#isNarrow) return this.origin + (high >>> this.#shift) * this.step
    if (this.#kind === FLOAT64) return doubleOf(high, low)
    if (this.#kind === FLOAT32) return singleOf(high)
    return this.origin + this.count(high, low) * this.step
  }

  /** For linear axes: the number of steps from the origin. */
  count(high: number, low: number): number {
    if (this.#isNarrow) return high >>> this.#shift
    if (this.#kind === DATE) return dateOf(high, low)
    return high * this.#behind + (low >>> this.#shift)
  }

  /**
   * Writes the least ordered integer that a key can have and whose coordinate is not below `x` (a
   * number, not NaN); false if there is none.
   */
  ceiling(x: number, to: Uint32Array, at: number): boolean {
    if (x > this.#max) return false
    if (this.#kind >= FLOAT32) {
      this.#setFloat(x, to, at, 1)
      return true
    }
    const least = Math.max(x, this.#min)
    if (this.#kind === CELLS) {
      let cell = this.#cellOf(least)
      if (this.#begin(cell) < least) cell++
      if (cell > this.#last) return false
      this.#setCell(cell, to, at)
    } else this.#setInteger(Math.ceil(least), to, at)
    return true
  }

  /** The same for the greatest ordered integer whose coordinate is not above `x`. */
  floor(x: number, to: Uint32Array, at: number): boolean {
    if (x < this.#min) return false
    if (this.#kind >= FLOAT32) {
      this.#setFloat(x, to, at, -1)
      return true
    }
    const most = Math.min(x, this.#max)
    if (this.#kind === CELLS) this.#setCell(this.#cellOf(most), to, at)
    else this.#setInteger(Math.floor(most), to, at)
    return true
  }

  // ── Inside ────────────────────────────────────────────────────────────────────────────────────

  #begin(cell: number): number {
    return this.origin + cell * this.step
  }

  /** The last cell that does not begin above `value`, which is from min to max. */
  #cellOf(value: number): number {
    const last = this.#last
    // Division rounds, and so do the starts of cells, by which cells are defined.
    const cell = Math.min(last, Math.floor((value - this.#min) / this.step))
    const isRight = this.#begin(cell) <= value && (cell === last || this.#begin(cell + 1) > value)
    return isRight ? cell : this.#searchCell(value)
  }

  #searchCell(value: number): number {
    let low = 0
    let high = this.#last
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2)
      if (this.#begin(middle) <= value) low = middle
      else high = middle - 1
    }
    return low
  }

  #setCell(cell: number, to: Uint32Array, at: number): void {
    if (this.#isNarrow) {
      to[at] = cell << this.#shift
      to[at + 1] = 0
    } else {
      const high = Math.floor(cell / this.#behind)
      to[at] = high
      to[at + 1] = (cell - high * this.#behind) << this.#shift
    }
  }

  #setInteger(value: number, to: Uint32Array, at: number): void {
    if (this.#kind === DATE) {
      setDate(value, to, at)
      return
    }
    to[at] = (value - this.#min) << this.#shift
    to[at + 1] = 0
  }

  /** The float nearest to `x` on the side that `direction` says, or `x` itself. */
  #setFloat(x: number, to: Uint32Array, at: number, direction: 1 | -1): void {
    if (this.#kind === FLOAT64) {
      setDouble(x, to, at)
      return
    }
    const near = Math.fround(x)
    setSingle(near, to, at)
    if (direction === 1 ? near < x : near > x) to[at] += direction
  }
}

function setDate(ms: number, to: Uint32Array, at: number): void {
  const high = Math.floor(ms / TWO22)
  to[at] = high + TWO31
  to[at + 1] = (ms - high * TWO22) << 10
}

function dateOf(high: number, low: number): number {
  return (high - TWO31) * TWO22 + (low >>> 10)
}

function setSingle(value: number, to: Uint32Array, at: number): void {
  single[0] = value + 0 // -0 becomes 0
  const bits = singleBits[0]
  to[at] = bits < TWO31 ? bits + TWO31 : ~bits
  to[at + 1] = 0
}

function singleOf(high: number): number {
  singleBits[0] = high >= TWO31 ? high - TWO31 : ~high
  const value = single[0]
  return Number.isNaN(value) ? beyond(high) : value
}

function setDouble(value: number, to: Uint32Array, at: number): void {
  double[0] = value + 0 // -0 becomes 0
  const high = doubleBits[1]
  const isNegative = high >= TWO31
  to[at] = isNegative ? ~high : high + TWO31
  to[at + 1] = isNegative ? ~doubleBits[0] : doubleBits[0]
}

function doubleOf(high: number, low: number): number {
  const isNegative = high < TWO31
  doubleBits[1] = isNegative ? ~high : high - TWO31
  doubleBits[0] = isNegative ? ~low : low
  const value = double[0]
  return Number.isNaN(value) ? beyond(high) : value
}

/** The value of NaN's bit patterns, which lie beyond the infinities on both sides. */
function beyond(high: number): number {
  return high >= TWO31 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
}

/** Checks a quantised dimension. */
function quantized(dimension: unknown, index: number): QuantizedDimension {
  const names =
    "'uint8', 'uint16', 'uint32', 'int8', 'int16', 'int32', 'float32', 'float64', 'date'"
  const wrong = (what: string) => invalidOption(`dimensions[${index}]`, what)
  if (typeof dimension !== 'object' || dimension === null) {
    throw wrong(`must be ${names} or { type: 'float', min, max, bits }`)
  }
  const { type, min, max, bits, ...rest } = dimension as Record<string, unknown>
  if (type !== 'float') throw wrong(`must be ${names}, or an object whose type is 'float'`)
  const [other] = Object.keys(rest)
  if (other !== undefined)
    throw wrong(`has the unknown field ${other}: use type, min, max and bits`)
  if (!Number.isFinite(min) || !Number.isFinite(max) || (min as number) >= (max as number)) {
    throw wrong('must have finite numbers as min and max, min below max')
  }
  if (!Number.isInteger(bits) || (bits as number) < 1 || (bits as number) > MAX_CELL_BITS) {
    throw wrong(`must have an integer from 1 to ${MAX_CELL_BITS} as bits`)
  }
  const made = { type, min, max, bits } as QuantizedDimension
  const step = (made.max - made.min) / 2 ** made.bits
  if (step === 0 || step === Number.POSITIVE_INFINITY) {
    throw wrong(`cannot be cut into 2^${bits} cells: each would be ${step} wide`)
  }
  return Object.freeze(made)
}

/** Raises the ordered integer at `words[at]` to that of `x` or the next; false if there is none. */
export function raiseTo(axis: Axis, x: number, words: Uint32Array, at: number): boolean {
  const high = words[at]
  const low = words[at + 1]
  const isThere = axis.ceiling(x, words, at)
  if (!isThere || words[at] < high || (words[at] === high && words[at + 1] < low)) {
    words[at] = high
    words[at + 1] = low
  }
  return isThere
}

/** Lowers the ordered integer at `words[at]` to that of `x` or the one before; false if there is none. */
export function lowerTo(axis: Axis, x: number, words: Uint32Array, at: number): boolean {
  const high = words[at]
  const low = words[at + 1]
  const isThere = axis.floor(x, words, at)
  if (!isThere || words[at] > high || (words[at] === high && words[at + 1] > low)) {
    words[at] = high
    words[at + 1] = low
  }
  return isThere
}
