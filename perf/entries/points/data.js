// @ts-check
/**
 * The point sets: seeded, so that two runs and two systems see the same.
 *
 * Coordinates are whole multiples of 2^-32 of a dimension's width, the cells of a quantised dimension
 * of 32 bits. So a point is the same number in every system (SQLite's R*Tree keeps 32-bit integers, the
 * others doubles), every system has the same hits, and sums of coordinates are exact in any order.
 *
 * - `uniform`: in the unit square.
 * - `clustered`: like places in a country. Centres with Zipf weights, each with a width of its own and
 *   either a Gaussian or an exponential fall-off, and one point in twenty anywhere.
 * - `time`: uniform in the unit square and in 2^25 s (388 days), whole seconds.
 * - `sphere`: `clustered`, stretched over longitudes and latitudes.
 */
import { makeValues, seeded } from '../../data.js'

/** @typedef {'uniform' | 'clustered' | 'time' | 'sphere'} SetName */

/** @typedef {{ min: number, max: number }} Extent of one dimension: its values are ≥ min and < max */

/**
 * @typedef {object} Points
 * @property {SetName} set
 * @property {number} count
 * @property {Extent[]} extents one a dimension
 * @property {Float64Array[]} columns the coordinates, one column a dimension, points in random order
 * @property {string[]} values one a point
 */

/** Cells of a dimension. */
export const CELLS = 2 ** 32
/** The width of the time dimension in seconds. */
export const SECONDS = 2 ** 25

const CENTRES = 3000
const NARROWEST = 0.0005
const WIDEST = 0.01
const BACKGROUND = 0.05

/** @typedef {(below: number) => number} Random */

/**
 * The beginning of the cell of the unit interval that `value` lies in.
 * @param {number} value
 */
export const toCell = value => Math.floor(value * CELLS) / CELLS

/** @type {(random: Random) => number} */
const unit = random => random(CELLS) / CELLS

/** @type {(random: Random) => [number, number]} */
const anywhere = random => [unit(random), unit(random)]

/**
 * Draws from the mixture of clusters; may lie outside the unit square.
 * @param {Random} random
 * @returns {() => [number, number]}
 */
function mixture(random) {
  const centres = Array.from({ length: CENTRES }, () => ({
    x: unit(random),
    y: unit(random),
    width: NARROWEST * (WIDEST / NARROWEST) ** unit(random),
    gaussian: random(2) === 0,
  }))
  /** Weights 1, 1/2, 1/3 …, added up. */
  const reached = new Float64Array(CENTRES)
  let total = 0
  for (let rank = 0; rank < CENTRES; rank++) reached[rank] = total += 1 / (rank + 1)
  return () => {
    if (unit(random) < BACKGROUND) return anywhere(random)
    const drawn = unit(random) * total
    let low = 0
    let high = CENTRES - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (reached[middle] > drawn) high = middle
      else low = middle + 1
    }
    const { x, y, width, gaussian } = centres[low]
    const depth = -Math.log(1 - unit(random))
    const radius = width * (gaussian ? Math.sqrt(2 * depth) : depth)
    const angle = 2 * Math.PI * unit(random)
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)]
  }
}

/**
 * @param {SetName} set
 * @param {number} count
 * @param {number} seed
 * @returns {Points}
 */
export function makePoints(set, count, seed) {
  const random = seeded(seed ^ 0x5eed)
  const clustered = set === 'clustered' || set === 'sphere'
  const draw = clustered ? mixture(random) : () => anywhere(random)
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  /** Keys are unique, so points are: the whole first coordinate and 21 bits of the second are. */
  const taken = new Set()
  for (let i = 0; i < count; ) {
    const [drawnX, drawnY] = draw()
    if (drawnX < 0 || drawnX >= 1 || drawnY < 0 || drawnY >= 1) continue
    x[i] = toCell(drawnX)
    y[i] = toCell(drawnY)
    const place = x[i] * CELLS * 2 ** 21 + Math.floor(y[i] * 2 ** 21)
    if (taken.has(place)) continue
    taken.add(place)
    i++
  }
  const extents = [
    { min: 0, max: 1 },
    { min: 0, max: 1 },
  ]
  const columns = [x, y]
  if (set === 'time') {
    extents.push({ min: 0, max: SECONDS })
    columns.push(Float64Array.from({ length: count }, () => random(SECONDS)))
  }
  if (set === 'sphere') {
    stretch(x, (extents[0] = { min: -180, max: 180 }))
    stretch(y, (extents[1] = { min: -90, max: 90 }))
  }
  return { set, count, extents, columns, values: makeValues(count, random) }
}

/**
 * From the unit interval to an extent; exact for the extents used here.
 * @param {Float64Array} column
 * @param {Extent} extent
 */
function stretch(column, { min, max }) {
  for (let i = 0; i < column.length; i++) column[i] = min + column[i] * (max - min)
}

/**
 * The same points in the order of the Z-order curve (dimension 0 gives the higher bit): of two points
 * the dimension decides in which they differ in the highest bit.
 * @param {Points} points in the unit square
 * @returns {Points}
 */
export function alongCurve(points) {
  const [x, y] = points.columns.map(column => Uint32Array.from(column, value => value * CELLS))
  const order = Uint32Array.from({ length: points.count }, (_, i) => i).sort((a, b) => {
    const byX = (x[a] ^ x[b]) >>> 0
    const byY = (y[a] ^ y[b]) >>> 0
    // The highest bit of byY is above that of byX.
    const yDecides = byX < byY && byX < (byX ^ byY) >>> 0
    return yDecides ? y[a] - y[b] : x[a] - x[b]
  })
  return {
    ...points,
    columns: points.columns.map(column => Float64Array.from(order, i => column[i])),
    values: Array.from(order, i => points.values[i]),
  }
}
