/**
 * Random dimensions, points in the shapes that data has, and boxes around and beside them.
 *
 * fast-check chooses dimensions and a {@link Recipe}; points and queries follow from its seed, so
 * thousands of points cost it nothing and a failure still shrinks to few of them.
 */
import fc from 'fast-check'
import type { Random } from '../support/random.js'
import {
  beginOf,
  type Coordinate,
  coordinateOf,
  type Dimension,
  orderedOf,
  type Plain,
  type Point,
  type Quantised,
  widthOf,
} from './oracle.js'

const PLAIN: readonly Plain[] = [
  ...(['uint8', 'uint16', 'uint32', 'int8', 'int16', 'int32'] as const),
  ...(['float32', 'float64', 'date'] as const),
]

const RANGES: readonly (readonly [number, number])[] = [
  ...([
    [-180, 180],
    [-90, 90],
    [0, 1],
    [-1, 1],
    [0.1, 0.3],
    [-5, 250],
  ] as const),
  ...([
    [-1e9, 1e9 + 0.5],
    [1e-200, 1e-190],
    [-1e300, 1e300],
    [1e6, 1e6 + 1],
  ] as const),
]

/** A cell narrower than this is no normal number, and the sum of all need not reach `max`. */
const LEAST_CELL = 2 ** -1000

const range = fc.oneof(
  fc.constantFrom(...RANGES),
  fc
    .tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true }))
    .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)])
    .filter(([a, b]) => (b - a) / 2 ** 53 > LEAST_CELL && b - a < Infinity),
)

/** Whether no cell is narrower than the widest step from one number to the next. */
export function isCoarse({ min, max, bits }: Quantised): boolean {
  const far = Math.max(-min, max)
  return (max - min) / 2 ** bits >= far - nudged(far, -1)
}

export const quantised: fc.Arbitrary<Quantised> = fc
  .tuple(range, fc.oneof(fc.integer({ min: 1, max: 53 }), fc.constantFrom(1, 7, 31, 32, 33, 53)))
  .map(([[min, max], bits]): Quantised => ({ type: 'float', min, max, bits }))
  .filter(isCoarse)

export const dimension: fc.Arbitrary<Dimension> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...PLAIN) },
  { weight: 1, arbitrary: quantised },
)

export const dimensions: fc.Arbitrary<Dimension[]> = fc.oneof(
  { weight: 5, arbitrary: fc.array(dimension, { minLength: 1, maxLength: 6 }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(dimension, fc.integer({ min: 1, max: 4 }))
      .map(([one, count]) => new Array<Dimension>(count).fill(one)),
  },
  { weight: 1, arbitrary: fc.array(dimension, { minLength: 7, maxLength: 16 }) },
)

/** From `least` to `most` dimensions in which thousands of points find room. */
export const roomy = (least: number, most: number): fc.Arbitrary<Dimension[]> =>
  fc.array(dimension, { minLength: least, maxLength: most }).filter(list => {
    return list.map(widthOf).reduce((a, b) => a + b) > 30
  })

/** The dimensions whose codes are longest. */
export const wide: fc.Arbitrary<Dimension[]> = fc.array(
  fc.oneof(fc.constantFrom<Dimension>('float64', 'float64', 'date'), quantised),
  { minLength: 1, maxLength: 4 },
)

export const SHAPES = [
  ...(['uniform', 'clustered', 'diagonal', 'grid'] as const),
  ...(['extremes', 'raw', 'neighbours', 'packed', 'mixed'] as const),
]

export type Shape = (typeof SHAPES)[number]

/** All that a database is made from. */
export interface Recipe {
  dimensions: Dimension[]
  shape: Shape
  /** How many points are written; equal ones meet. */
  count: number
  /** In how many transactions. */
  commits: number
  seed: number
}

export interface Sizes {
  count: fc.Arbitrary<number>
  commits: fc.Arbitrary<number>
  dimensions?: fc.Arbitrary<Dimension[]>
  shapes?: readonly Shape[]
}

export function recipes({ count, commits, dimensions: list = dimensions, shapes }: Sizes) {
  const seed = fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 }))
  const shape = fc.constantFrom(...(shapes ?? SHAPES))
  return fc.record<Recipe>({ dimensions: list, shape, count, commits, seed })
}

/** Mostly small: most faults show with few. */
export const upTo = (most: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.integer({ min: 0, max: Math.min(most, 12) }) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: Math.min(most, 300) }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: most }) },
  )

const YEAR = 365.25 * 24 * 3600 * 1000
const LATEST = 8.64e15

/** The ranges of the points of most shapes: the whole of a dimension, or a part as data has it. */
const FRAMES: Record<Plain, readonly (readonly [number, number])[]> = {
  uint8: [[0, 255]],
  uint16: [
    [0, 65535],
    [100, 300],
  ],
  uint32: [
    [0, 2 ** 32 - 1],
    [0, 1000],
  ],
  int8: [[-128, 127]],
  int16: [
    [-32768, 32767],
    [-180, 180],
  ],
  int32: [
    [-(2 ** 31), 2 ** 31 - 1],
    [-1000, 1000],
  ],
  float32: [
    [-1000, 1000],
    [0, 1],
    [-3e38, 3e38],
    [-1e-44, 1e-44],
  ],
  float64: [
    [-180, 180],
    [0, 1],
    [-1e9, 1e9],
    [-1e308, 1e308],
    [1e-320, 1e-310],
  ],
  date: [
    [30 * YEAR, 60 * YEAR],
    [-LATEST, LATEST],
    [-1000, 1000],
  ],
}

const LIMITS: Record<Plain, readonly number[]> = {
  uint8: [0, 1, 127, 128, 254, 255],
  uint16: [0, 1, 255, 256, 32767, 32768, 65535],
  uint32: [0, 1, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
  int8: [-128, -127, -1, -0, 0, 1, 127],
  int16: [-32768, -1, -0, 0, 1, 255, 256, 32767],
  int32: [-(2 ** 31), -65536, -1, -0, 0, 1, 2 ** 31 - 1],
  float32: [-Infinity, -1, -(2 ** -149), -0, 0, 2 ** -149, 2 ** -126, 1, 2 ** 24, Infinity].concat([
    Math.fround(3.4028234e38),
    -Math.fround(3.4028234e38),
    Math.fround(0.1),
  ]),
  float64: [-Infinity, -Number.MAX_VALUE, -1, -5e-324, -0, 0, 5e-324, 2 ** -1022, 0.1, 1].concat([
    2 ** 53,
    Number.MAX_VALUE,
    Infinity,
  ]),
  date: [-LATEST, -LATEST + 1, -(2 ** 32), -1, -0, 0, 1, 2 ** 32, LATEST - 1, LATEST],
}

function frameOf(dimension: Dimension, random: Random): readonly [number, number] {
  if (typeof dimension === 'string') return random.pick(FRAMES[dimension])
  return [dimension.min, dimension.max]
}

/** Next to `value` in the dimension: the next float above or below. */
export function nudged(value: number, by: 1 | -1): number {
  if (value === 0) return by * 5e-324
  const bits = new BigInt64Array(Float64Array.of(value).buffer)
  bits[0] += value > 0 === by > 0 ? 1n : -1n
  return new Float64Array(bits.buffer)[0]
}

/** One of the values at which a dimension's arithmetic may go wrong. */
export function limitOf(dimension: Dimension, random: Random): Coordinate {
  if (typeof dimension === 'string') return fitted(dimension, random.pick(LIMITS[dimension]))
  const { min, max, bits } = dimension
  const cell = Math.floor(random.int(2 ** 32) * (2 ** bits / 2 ** 32))
  const begin = beginOf(dimension, random.pick([1, 2 ** bits - 1, cell]))
  const near = random.pick([min, max, 0, -0, begin, nudged(begin, 1), nudged(begin, -1)])
  return Math.min(max, Math.max(min, near))
}

/** The possible coordinate nearest `x`. */
export function fitted(dimension: Dimension, x: number): Coordinate {
  if (typeof dimension !== 'string') return Math.min(dimension.max, Math.max(dimension.min, x))
  if (dimension === 'float64') return x
  if (dimension === 'float32') return Math.fround(x)
  if (dimension === 'date') return new Date(Math.round(Math.min(LATEST, Math.max(-LATEST, x))))
  const least = dimension.startsWith('u') ? 0 : -(2 ** (widthOf(dimension) - 1))
  return Math.min(least + 2 ** widthOf(dimension) - 1, Math.max(least, Math.round(x)))
}

/** Any value of the dimension, each of its bits as likely as the other. */
export function rawOf(dimension: Dimension, random: Random): Coordinate {
  for (;;) {
    const bits = (BigInt(random.next()) << 32n) | BigInt(random.next())
    const value = coordinateOf(dimension, BigInt.asUintN(widthOf(dimension), bits))
    if (!Number.isNaN(Number(value))) return value
  }
}

/** Gives point after point. */
export class Points {
  readonly dimensions: readonly Dimension[]
  readonly #shape: Shape
  readonly #random: Random
  readonly #frames: (readonly [number, number])[]
  readonly #centres: Point[]
  readonly #spread: number
  readonly #levels: number
  /** Of each dimension, how many of its last bits vary in `packed`. */
  readonly #free: number[]

  constructor(dimensions: readonly Dimension[], shape: Shape, random: Random) {
    this.dimensions = dimensions
    this.#shape = shape
    this.#random = random
    this.#frames = dimensions.map(dimension => frameOf(dimension, random))
    this.#spread = random.pick([1e-6, 1e-3, 0.05])
    this.#levels = random.pick([2, 3, 5, 8])
    const most = random.pick([4, 8, 16, 30])
    this.#free = dimensions.map(() => random.int(most + 1))
    const rough = random.pick([limitOf, rawOf])
    const isRough = (shape === 'neighbours' || shape === 'packed') && random.chance(0.4)
    this.#centres = Array.from({ length: 1 + random.int(6) }, () => {
      return isRough ? dimensions.map(one => rough(one, random)) : this.#each(() => this.#t())
    })
  }

  next(): Point {
    const random = this.#random
    const shape = this.#shape === 'mixed' ? random.pick(SHAPES.slice(0, -1)) : this.#shape
    if (shape === 'extremes') return this.dimensions.map(one => limitOf(one, random))
    if (shape === 'raw') return this.dimensions.map(one => rawOf(one, random))
    if (shape === 'grid') {
      return this.#each(() => random.int(this.#levels) / (this.#levels - 1))
    }
    if (shape === 'clustered') return this.#around(random.pick(this.#centres))
    if (shape === 'packed') return this.#below(this.#centres[0])
    if (shape === 'neighbours') return this.#beside(random.pick(this.#centres))
    const along = this.#t()
    if (shape === 'diagonal') return this.#each(() => along + (this.#t() - 0.5) * this.#spread)
    return this.#each(() => this.#t())
  }

  /** With the same bits as `centre` but for the last ones. */
  #below(centre: Point): Point {
    return this.dimensions.map((one, d) => {
      const free = BigInt(Math.min(this.#free[d], widthOf(one)))
      const low = BigInt.asUintN(Number(free), BigInt(this.#random.next()))
      const value = coordinateOf(one, ((orderedOf(one, centre[d]) >> free) << free) | low)
      return Number.isNaN(Number(value)) ? centre[d] : value
    })
  }

  #t(): number {
    return this.#random.next() / 2 ** 32
  }

  #each(t: (d: number) => number): Point {
    return this.dimensions.map((one, d) => {
      const [low, high] = this.#frames[d]
      const part = Math.min(1, Math.max(0, t(d)))
      return fitted(one, low * (1 - part) + high * part)
    })
  }

  #around(centre: Point): Point {
    return this.dimensions.map((one, d) => {
      const [low, high] = this.#frames[d]
      const off = 2 * (this.#t() - 0.5)
      return fitted(one, Number(centre[d]) + off ** 3 * this.#spread * (high / 2 - low / 2))
    })
  }

  /** The same but for a step in some dimension. */
  #beside(centre: Point): Point {
    return this.dimensions.map((one, d) => {
      const random = this.#random
      if (random.chance(0.6)) return centre[d]
      const at = Number(centre[d])
      const step = typeof one !== 'string' ? (one.max - one.min) / 2 ** one.bits : 1
      const floats = typeof one !== 'string' || one === 'float64'
      const near = floats && random.chance(0.5) ? nudged(at, random.pick([1, -1])) : at
      const moved = fitted(one, near + step * (random.int(3) - 1))
      return Number.isNaN(Number(moved)) ? centre[d] : moved
    })
  }
}
