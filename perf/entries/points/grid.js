// @ts-check
/**
 * A grid over the first two dimensions of a point set: it checks every system's answers, and fits
 * boxes. Slow and simple next to the systems.
 */

/** @typedef {import('./data.js').Points} Points */

const SIDE = 2048

export class Grid {
  /** The points, cell after cell. @type {Uint32Array} */
  #order
  /** The index of each cell's first point. @type {Uint32Array} */
  #starts

  /** @param {Points} points with the unit square for their first two dimensions */
  constructor(points) {
    this.points = points
    const [x, y] = points.columns
    const cells = Uint32Array.from(x, (_, i) => cellOf(x[i]) * SIDE + cellOf(y[i]))
    this.#starts = new Uint32Array(SIDE * SIDE + 1)
    for (const cell of cells) this.#starts[cell + 1]++
    for (let i = 0; i < SIDE * SIDE; i++) this.#starts[i + 1] += this.#starts[i]
    const next = this.#starts.slice()
    this.#order = new Uint32Array(points.count)
    for (let i = 0; i < points.count; i++) this.#order[next[cells[i]]++] = i
  }

  /**
   * Calls `visit` with each point inside, sides inclusive.
   * @param {readonly number[]} min
   * @param {readonly number[]} max
   * @param {(point: number) => void} visit
   */
  inside(min, max, visit) {
    const { columns } = this.points
    const [x, y, t] = columns
    const lastRow = cellOf(max[1])
    for (let column = cellOf(min[0]); column <= cellOf(max[0]); column++) {
      const begin = this.#starts[column * SIDE + cellOf(min[1])]
      const end = this.#starts[column * SIDE + lastRow + 1]
      for (let at = begin; at < end; at++) {
        const i = this.#order[at]
        if (x[i] < min[0] || x[i] > max[0] || y[i] < min[1] || y[i] > max[1]) continue
        if (t !== undefined && (t[i] < min[2] || t[i] > max[2])) continue
        visit(i)
      }
    }
  }

  /**
   * The number of points in a square of the first two dimensions; whole cells are not looked into.
   * @param {number} x its middle
   * @param {number} y
   * @param {number} half
   */
  count(x, y, half) {
    const [xs, ys] = this.points.columns
    const left = cellOf(x - half)
    const right = cellOf(x + half)
    const bottom = cellOf(y - half)
    const top = cellOf(y + half)
    let found = 0
    /** @type {(from: number, to: number) => void} */
    const look = (from, to) => {
      for (let at = this.#starts[from]; at < this.#starts[to + 1]; at++) {
        const i = this.#order[at]
        if (Math.abs(xs[i] - x) <= half && Math.abs(ys[i] - y) <= half) found++
      }
    }
    for (let column = left; column <= right; column++) {
      const first = column * SIDE + bottom
      const last = column * SIDE + top
      if (column === left || column === right || bottom === top) {
        look(first, last)
        continue
      }
      look(first, first)
      look(last, last)
      found += this.#starts[last] - this.#starts[first + 1]
    }
    return found
  }

  /**
   * Half the side of a square with about so many points.
   * @param {number} x its middle
   * @param {number} y
   * @param {number} hits
   */
  fit(x, y, hits) {
    let low = 0
    let high = 2 ** -15
    while (high < 1 && this.count(x, y, high) < hits) {
      low = high
      high *= 2
    }
    for (let step = 0; step < 24; step++) {
      const half = (low + high) / 2
      const found = this.count(x, y, half)
      if (Math.abs(found - hits) <= hits / 50) return half
      if (found < hits) low = half
      else high = half
    }
    return high
  }
}

/** @param {number} coordinate */
function cellOf(coordinate) {
  return Math.min(SIDE - 1, Math.max(0, Math.floor(coordinate * SIDE)))
}
