/**
 * Z-order keys, boxes and neighbours in the contract's words, with no thought of speed.
 *
 * Shares nothing with lib/: an error there must not be repeated here. Imports nothing.
 */

export interface Quantised {
  readonly type: 'float'
  readonly min: number
  readonly max: number
  readonly bits: number
}

export type Plain =
  | ('uint8' | 'uint16' | 'uint32' | 'int8' | 'int16' | 'int32')
  | ('float32' | 'float64' | 'date')

export type Dimension = Plain | Quantised
export type Coordinate = number | Date
export type Point = Coordinate[]
/** One corner of a box, or the point that neighbours are asked of. */
export type Corner = readonly (Coordinate | null)[]
export type Box = readonly [min: Corner, max: Corner]

/** An entry as it can be read at one version. */
export interface Row {
  /** One character a byte of the interleaved code: compares and equals as the key does. */
  readonly code: string
  readonly key: Point
  /** The key's coordinates as numbers. */
  readonly at: readonly number[]
  readonly value: unknown
  readonly version: number
}

export interface Neighbour {
  key: Point
  value: unknown
  distance: number
}

const WIDTHS: Record<Plain, number> = {
  uint8: 8,
  uint16: 16,
  uint32: 32,
  int8: 8,
  int16: 16,
  int32: 32,
  float32: 32,
  float64: 64,
  date: 54,
}

export function widthOf(dimension: Dimension): number {
  return typeof dimension === 'string' ? WIDTHS[dimension] : dimension.bits
}

/** The begin of cell `cell` of a quantised dimension. */
export function beginOf({ min, max, bits }: Quantised, cell: number): number {
  return min + cell * ((max - min) / 2 ** bits)
}

/** The last cell whose begin is not above `value`. */
export function cellOf(dimension: Quantised, value: number): number {
  let low = 0
  let high = 2 ** dimension.bits - 1
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2)
    if (beginOf(dimension, middle) <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** The unsigned integer for a value, `widthOf` bits wide, in the order of the values. */
export function orderedOf(dimension: Dimension, value: Coordinate): bigint {
  const number = Number(value)
  if (typeof dimension !== 'string') return BigInt(cellOf(dimension, number))
  const width = BigInt(WIDTHS[dimension])
  if (dimension.startsWith('uint')) return BigInt(number)
  if (dimension.startsWith('int')) return BigInt(number) + (1n << (width - 1n))
  if (dimension === 'date') return BigInt(number) + (1n << 53n)
  const view = new DataView(new ArrayBuffer(8))
  // -0 is stored as 0.
  if (width === 32n) view.setFloat32(0, number === 0 ? 0 : number)
  else view.setFloat64(0, number === 0 ? 0 : number)
  const bits = width === 32n ? BigInt(view.getUint32(0)) : view.getBigUint64(0)
  const sign = 1n << (width - 1n)
  return bits & sign ? (sign << 1n) - 1n - bits : bits | sign
}

/** The value whose `orderedOf` is `ordered`, as it reads back. */
export function coordinateOf(dimension: Dimension, ordered: bigint): Coordinate {
  if (typeof dimension !== 'string') return beginOf(dimension, Number(ordered))
  const width = BigInt(WIDTHS[dimension])
  if (dimension.startsWith('uint')) return Number(ordered)
  if (dimension.startsWith('int')) return Number(ordered - (1n << (width - 1n)))
  if (dimension === 'date') return new Date(Number(ordered - (1n << 53n)))
  const view = new DataView(new ArrayBuffer(8))
  const sign = 1n << (width - 1n)
  const bits = ordered & sign ? ordered ^ sign : (sign << 1n) - 1n - ordered
  if (width === 32n) view.setUint32(0, Number(bits))
  else view.setBigUint64(0, bits)
  return width === 32n ? view.getFloat32(0) : view.getFloat64(0)
}

/** A coordinate as it reads back. */
export function storedOf(dimension: Dimension, value: Coordinate): Coordinate {
  if (typeof dimension !== 'string') return beginOf(dimension, cellOf(dimension, Number(value)))
  if (dimension === 'date') return new Date(Number(value))
  return value === 0 ? 0 : value
}

/** The bits of all dimensions: of each its highest, then of each its second, … */
export function interleave(dimensions: readonly Dimension[], ordered: readonly bigint[]): string {
  const columns = dimensions.map((dimension, d) => {
    return ordered[d].toString(2).padStart(widthOf(dimension), '0')
  })
  const bits: string[] = []
  for (let round = 0; round < Math.max(...columns.map(column => column.length)); round++) {
    for (const column of columns) if (round < column.length) bits.push(column[round])
  }
  return bits.join('')
}

export function rowOf(
  dimensions: readonly Dimension[],
  point: readonly Coordinate[],
  value: unknown,
  version: number,
): Row {
  const bits = interleave(
    dimensions,
    dimensions.map((dimension, d) => orderedOf(dimension, point[d])),
  )
  let code = ''
  for (let i = 0; i < bits.length; i += 8) {
    code += String.fromCharCode(Number.parseInt(bits.slice(i, i + 8).padEnd(8, '0'), 2))
  }
  const key = dimensions.map((dimension, d) => storedOf(dimension, point[d]))
  return { code, key, at: key.map(Number), value, version }
}

export function byCode(a: Row, b: Row): number {
  return a.code < b.code ? -1 : a.code > b.code ? 1 : 0
}

/** A `null` side is open; all others are compared as they are. */
export function isInBox(row: Row, [min, max]: Box): boolean {
  return row.at.every((at, d) => {
    return (min[d] === null || Number(min[d]) <= at) && (max[d] === null || at <= Number(max[d]))
  })
}

export function inBox(rows: readonly Row[], box: Box): Row[] {
  return rows.filter(row => isInBox(row, box))
}

export interface Nearest {
  metric?: 'euclidean' | 'haversine'
  scale?: readonly number[]
  within?: number
  box?: Box
}

/** The nearest rows by `distance`, ties in key order; `rows` are in key order. */
export function nearestBy(
  rows: readonly Row[],
  distance: (row: Row) => number,
  k: number,
  { within = Infinity, box }: Nearest,
): Neighbour[] {
  return (box ? inBox(rows, box) : rows)
    .map((row, place) => ({ row, place, distance: distance(row) }))
    .filter(found => found.distance <= within)
    .sort((a, b) => (a.distance === b.distance ? a.place - b.place : a.distance - b.distance))
    .slice(0, k)
    .map(({ row, distance }) => ({ key: row.key, value: row.value, distance }))
}

/** Dates in ms; a `null` and a scale of 0 leave their dimension out. */
export function euclidean(row: Row, point: Corner, scale?: readonly number[]): number {
  let sum = 0
  point.forEach((from, d) => {
    const unit = scale ? scale[d] : 1
    if (from === null || unit === 0) return
    const side = (row.at[d] - Number(from)) * unit
    sum += side * side
  })
  return Math.sqrt(sum)
}

export const EARTH_RADIUS = 6_371_008.8

/**
 * Metres between two places in degrees, by the chord and its complement: exact to about 1e-8 m
 * everywhere, at the antipodes too, where the haversine formula is not.
 */
export function greatCircle(a: readonly number[], b: readonly number[]): number {
  const [p, q] = [onSphere(a), onSphere(b)]
  const chord = Math.hypot(...p.map((x, i) => x - q[i]))
  const complement = Math.hypot(...p.map((x, i) => x + q[i]))
  return 2 * EARTH_RADIUS * Math.atan2(chord, complement)
}

function onSphere([longitude, latitude]: readonly number[]): number[] {
  const lambda = ((longitude % 360) * Math.PI) / 180
  const phi = (latitude * Math.PI) / 180
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
}

/**
 * How far a distance computed by the haversine formula in doubles may lie from `metres`: near the
 * antipode its last bits are worth decimetres; and near the point itself if one of the two lies `beyond` a
 * pole, for then a cosine is negative and the formula's terms cancel out.
 */
export function tolerance(metres: number, beyond = false): number {
  const left = Math.max(0, Math.PI * EARTH_RADIUS - metres) / EARTH_RADIUS
  const near = beyond ? Math.min(5e-8, 1e-15 / Math.max(metres / EARTH_RADIUS, 1e-12)) : 0
  const far = Math.min(1e-7, 4e-15 / Math.max(left, 1e-12))
  return 1e-3 + 1e-9 * metres + EARTH_RADIUS * (near + far)
}
