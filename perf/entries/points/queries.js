// @ts-check
/**
 * The queries on the point sets, and the right answers. Queries are drawn from the row's own seed, so
 * every system gets the same ones, after any other rows.
 *
 * An answer is a sum over its hits: of the coordinates and of the last character of the value, or of
 * the indexes if a system hands out nothing else. Any hit too many or too few shows in it.
 */
import { seeded } from '../../data.js'
import { taste } from '../../measure.js'
import { SECONDS, toCell } from './data.js'

/** @typedef {import('./data.js').Points} Points */
/** @typedef {import('./grid.js').Grid} Grid */
/** @typedef {'indexes' | 'entries'} HandsOut */

/**
 * @typedef {object} Box sides inclusive, on cells
 * @property {number[]} min
 * @property {number[]} max
 */

/** The shape of boxes: squares, oblong by a thousand to one, or from side to side. */
/** @typedef {'square' | 'wide' | 'tall' | 'strip'} Shape */

const OBLONG = 1000
/** The range of query points around a point of the set. */
const JITTER = 0.0005
/** How many nearest queries are compared with all distances. */
const CHECKED = 30

/**
 * The contribution of one hit to an answer.
 * @param {Points} points
 * @param {HandsOut} handsOut
 * @returns {(index: number) => number}
 */
function worth({ columns, values }, handsOut) {
  if (handsOut === 'indexes') return index => index
  return index => {
    let sum = taste(values[index])
    for (const column of columns) sum += column[index]
    return sum
  }
}

/**
 * Boxes of one shape with about `hits` points each. In the uniform sets all are of one size and lie
 * anywhere; in the clustered one each has a point in its middle and a size that fits the place.
 * @param {Grid} grid
 * @param {Shape} shape
 * @param {number} hits
 * @param {number} count
 * @param {number} seed
 */
export function makeBoxes(grid, shape, hits, count, seed) {
  const random = seeded(seed ^ hits)
  const { points } = grid
  const share = Math.min(1, hits / points.count)
  /** @type {(box: Box) => Box} */
  const onCells = ({ min, max }) => ({
    min: min.map((side, d) => (d < 2 ? toCell(Math.max(0, side)) : Math.floor(side))),
    max: max.map((side, d) => (d < 2 ? toCell(Math.min(1 - 2 ** -32, side)) : Math.floor(side))),
  })
  /** @type {(widths: number[]) => Box} */
  const somewhere = widths => {
    const min = widths.map(width => (random(2 ** 32) / 2 ** 32) * (1 - width))
    const max = min.map((side, d) => side + widths[d])
    for (const sides of [min, max]) if (sides.length > 2) sides[2] *= SECONDS
    return onCells({ min, max })
  }
  const long = Math.min(1, Math.sqrt(share * OBLONG))
  return Array.from({ length: count }, (_, i) => {
    if (points.set === 'clustered') {
      const index = random(points.count)
      const [x, y] = points.columns.map(column => column[index])
      const half = grid.fit(x, y, hits)
      return onCells({ min: [x - half, y - half], max: [x + half, y + half] })
    }
    if (shape === 'wide') return somewhere([long, share / long])
    if (shape === 'tall') return somewhere([share / long, long])
    if (shape === 'strip') return somewhere(i % 2 === 0 ? [1, share] : [share, 1])
    const dimensions = points.columns.length
    return somewhere(Array(dimensions).fill(share ** (1 / dimensions)))
  })
}

/**
 * Compares each box's answer with the grid's and returns the mean number of hits.
 * @param {Grid} grid
 * @param {readonly Box[]} boxes
 * @param {HandsOut} handsOut
 * @param {(min: number[], max: number[]) => number} ask
 */
export function checkBoxes(grid, boxes, handsOut, ask) {
  const add = worth(grid.points, handsOut)
  let hits = 0
  for (const { min, max } of boxes) {
    let right = 0
    grid.inside(min, max, index => {
      right += add(index)
      hits++
    })
    compare('box', [...min, ...max], ask(min, max), right)
  }
  return hits / boxes.length
}

/**
 * Points near points of the set, inside its extents.
 * @param {Points} points
 * @param {number} count
 * @param {number} seed
 * @returns {number[][]}
 */
export function makeCentres(points, count, seed) {
  const random = seeded(seed ^ 0xca11)
  return Array.from({ length: count }, () => {
    const index = random(points.count)
    return points.columns.map((column, d) => {
      const { min, max } = points.extents[d]
      const shift = ((2 * random(2 ** 32)) / 2 ** 32 - 1) * JITTER * (max - min)
      return Math.min(max - 1e-9, Math.max(min, column[index] + shift))
    })
  })
}

/** Of a sphere of radius 1. @type {(a: readonly number[], b: readonly number[]) => number} */
function haversine([lonA, latA], [lonB, latB]) {
  const radians = Math.PI / 180
  const lat = Math.sin(((latB - latA) * radians) / 2) ** 2
  const lon = Math.sin(((lonB - lonA) * radians) / 2) ** 2
  return lat + Math.cos(latA * radians) * Math.cos(latB * radians) * lon
}

/**
 * Compares some answers to "the `k` nearest" with those found by looking at every point.
 * @param {Points} points
 * @param {readonly number[][]} centres
 * @param {number} k
 * @param {HandsOut} handsOut
 * @param {(centre: number[], k: number) => number} ask
 */
export function checkNearest(points, centres, k, handsOut, ask) {
  const add = worth(points, handsOut)
  const [x, y] = points.columns
  const onSphere = points.set === 'sphere'
  const distances = new Float64Array(points.count)
  for (const centre of centres.slice(0, CHECKED)) {
    for (let i = 0; i < points.count; i++) {
      distances[i] = onSphere
        ? haversine([x[i], y[i]], centre)
        : (x[i] - centre[0]) ** 2 + (y[i] - centre[1]) ** 2
    }
    const bound = smallest(distances, k)
    let right = 0
    for (let i = 0; i < points.count; i++) if (distances[i] <= bound) right += add(i)
    compare(`${k} nearest`, centre, ask(centre, k), right)
  }
}

/**
 * The `k`th smallest, or the largest if there are fewer.
 * @param {Float64Array} numbers
 * @param {number} k
 */
function smallest(numbers, k) {
  /** @type {number[]} */
  const best = []
  for (const number of numbers) {
    if (best.length === k && number >= best[k - 1]) continue
    if (best.length === k) best.pop()
    const at = best.findIndex(other => other > number)
    best.splice(at < 0 ? best.length : at, 0, number)
  }
  return best[best.length - 1]
}

/**
 * @param {string} what
 * @param {readonly number[]} place
 * @param {number} given
 * @param {number} right
 */
function compare(what, place, given, right) {
  // The order of the sum may show in its last bits when times are added to fractions.
  if (Math.abs(given - right) <= 1e-9 * Math.abs(right)) return
  throw new Error(`wrong answer: ${what} at [${place}] adds up to ${given} instead of ${right}`)
}
