/**
 * Distances for `nearest`: of points, and the least of any point in a cell of the curve.
 *
 * Invariant: `bound` of a cell is not above `distance` of any point in it, as computed, rounding
 * included: a search that takes cells by their bound gives points by their distance. Any thread.
 */
/** Coordinates stand in arrays of one number a dimension. */
export interface Metric {
  /** The dimensions that count. */
  readonly dimensions: readonly number[]
  /** The point that distances are from; any number where a dimension does not count. */
  readonly point: readonly number[]
  /** The distance of a point. */
  distance(at: number[]): number
  /** A distance that no point between `low` and `high` falls below. */
  bound(low: number[], high: number[]): number
  /**
   * Intervals, one a dimension, within which each place has one coordinate; empty if that holds
   * everywhere. `reach` may be used only if all keys lie in them.
   */
  readonly whole: readonly { readonly low: number; readonly high: number }[]
  /** Narrows `low` and `high` to a box that holds every point within `distance`, and maybe others. */
  reach(distance: number, low: number[], high: number[]): void
}

/** sqrt(Σ ((x - point) · scale)²), summed in the order of the dimensions. */
export class Euclidean implements Metric {
  readonly whole: Metric['whole'] = []
  readonly dimensions: readonly number[]
  readonly point: readonly number[]
  readonly #scale: readonly number[]

  /** @param point NaN: the dimension does not count; nor does it where the scale is 0. */
  constructor(point: readonly number[], scale: readonly number[]) {
    const dimensions: number[] = []
    for (let d = 0; d < point.length; d++) {
      if (!Number.isNaN(point[d]) && scale[d] !== 0) dimensions.push(d)
    }
    this.dimensions = dimensions
    this.point = point
    this.#scale = scale
  }

  distance(at: number[]): number {
    const { dimensions } = this
    let sum = 0
    for (let k = 0; k < dimensions.length; k++) {
      const d = dimensions[k]
      const x = (at[d] - this.point[d]) * this.#scale[d]
      sum += x * x
    }
    return Math.sqrt(sum)
  }

  // Each step rounds in the same direction for a smaller difference, so this needs no slack.
  bound(low: number[], high: number[]): number {
    const { dimensions } = this
    let sum = 0
    for (let k = 0; k < dimensions.length; k++) {
      const d = dimensions[k]
      const p = this.point[d]
      const x = (p < low[d] ? low[d] - p : p > high[d] ? p - high[d] : 0) * this.#scale[d]
      sum += x * x
    }
    return Math.sqrt(sum)
  }

  reach(distance: number, low: number[], high: number[]): void {
    for (const d of this.dimensions) {
      const away = ((distance + TINY) / this.#scale[d]) * SLACK
      low[d] = this.point[d] - away
      high[d] = this.point[d] + away
    }
  }
}

/** A factor larger than a handful of roundings can take away from a distance. */
const SLACK = 1 + 2 ** -48
/** The square of a smaller distance may be 0, or a rounded number. */
const TINY = 1e-160

/** Mean radius of the earth, m (IUGG). */
const RADIUS = 6_371_008.8
const DEGREE = Math.PI / 180
const TURN = 2 * Math.PI
/** An angle, below π, up to which an arc sine gives it to a billionth. */
const ALMOST_HALF = 3

/**
 * Great-circle distance in metres on a sphere; dimension 0 is the longitude, 1 the latitude, in degrees.
 *
 * Haversine formula (R. W. Sinnott, Virtues of the haversine, Sky and Telescope 68, 1984). Cells are
 * measured by the haversine h = sin²(distance / 2 radius), which along a meridian has one least value, at
 * the foot of the perpendicular (C. F. F. Karney and others: tan φ = tan φ₁ / cos Δλ); if the foot is
 * not on the cell's side, one end of the side is nearest.
 */
export class Haversine implements Metric {
  readonly dimensions = [0, 1]
  readonly whole: Metric['whole']
  readonly point: readonly number[]
  readonly #longitude: number
  readonly #latitude: number
  /** In radians. */
  readonly #phi: number
  readonly #sin: number
  readonly #cos: number

  /**
   * @param longitude any finite number, in degrees
   * @param latitude from -90 to 90
   * @param start the longitude at which the range of the keys begins, such as -180 or 0
   * @param n how many dimensions there are
   */
  constructor(longitude: number, latitude: number, start: number, n: number) {
    const isInRound = longitude >= start && longitude <= start + 360
    this.#longitude = isInRound ? longitude : start + turned((longitude % 360) - start)
    this.#latitude = latitude
    this.whole = [
      { low: start, high: start + 360 },
      { low: -90, high: 90 },
    ]
    this.point = Array.from({ length: n }, (_, d) => [this.#longitude, latitude][d] ?? 0)
    this.#phi = latitude * DEGREE
    this.#sin = Math.sin(this.#phi)
    this.#cos = Math.cos(this.#phi)
  }

  distance(at: number[]): number {
    // The remainder is exact: a place is at distance 0 from itself plus any number of full turns.
    const delta = (at[0] - this.#longitude) % 360
    return metres(this.#haversine(at[1] * DEGREE, delta * DEGREE))
  }

  bound(low: number[], high: number[]): number {
    const width = high[0] - low[0]
    const south = low[1]
    const north = high[1]
    if (!(north <= 270 && south >= -270 && width < 360)) return 0
    // Degrees from the point eastwards to the western side, and from the eastern side to the point.
    const east = turned(low[0] - this.#longitude)
    const west = 360 - east - width
    const near = east === 0 || west <= 0 ? 0 : Math.min(east, west)
    let least = 1
    if (south <= 90 && north >= -90) {
      least = this.#meridian(Math.max(south, -90), Math.min(north, 90), near)
    }
    if (south < -90 || north > 90) {
      // Beyond a pole the meridian comes down on the other side, so the farthest longitude is nearest.
      const isOpposite = east <= 180 ? east + width >= 180 : east + width >= 540
      const back = turned(west)
      const far = isOpposite
        ? 180
        : Math.max(Math.min(east, 360 - east), Math.min(back, 360 - back))
      if (north > 90) least = Math.min(least, this.#meridian(Math.max(south, 90), north, far))
      if (south < -90) least = Math.min(least, this.#meridian(south, Math.min(north, -90), far))
    }
    // More than rounding takes: 1e-15 is 0.4 m where distances are small.
    return metres(least * (1 - 1e-12) - 1e-15)
  }

  reach(distance: number, low: number[], high: number[]): void {
    const angle = (distance / RADIUS) * (1 + 1e-9) + 1e-12
    // Next to the antipode a distance gives the angle to decimetres only.
    if (angle > ALMOST_HALF) return
    const away = angle / DEGREE
    low[1] = this.#latitude - away
    high[1] = this.#latitude + away
    if (low[1] <= -90 || high[1] >= 90) return
    // Next to 90 degrees the arc sine is exact to 1e-8 only.
    const aside = Math.asin(Math.min(1, Math.sin(angle) / this.#cos)) / DEGREE + 1e-6
    const west = this.#longitude - aside
    const east = this.#longitude + aside
    // Across the end of the range there would be two boxes.
    if (angle >= Math.PI / 2 || west <= this.whole[0].low || east >= this.whole[0].high) return
    low[0] = west
    high[0] = east
  }

  /** The least haversine to a stretch of the meridian `delta` degrees away. */
  #meridian(south: number, north: number, delta: number): number {
    const a = south * DEGREE
    const b = north * DEGREE
    const lambda = delta * DEGREE
    const foot = Math.atan2(this.#sin, this.#cos * Math.cos(lambda))
    for (const phi of [foot, foot + TURN, foot - TURN]) {
      if (phi >= a && phi <= b) return this.#haversine(phi, lambda)
    }
    return Math.min(this.#haversine(a, lambda), this.#haversine(b, lambda))
  }

  #haversine(phi: number, lambda: number): number {
    const x = Math.sin((phi - this.#phi) / 2)
    const y = Math.sin(lambda / 2)
    return x * x + this.#cos * Math.cos(phi) * y * y
  }
}

/** Degrees, from 0 to below 360. */
function turned(degrees: number): number {
  const rest = degrees % 360
  return rest < 0 ? rest + 360 : rest
}

/** The distance of a haversine; that of a point at infinity (NaN) is infinite. */
function metres(haversine: number): number {
  if (Number.isNaN(haversine)) return Number.POSITIVE_INFINITY
  return 2 * RADIUS * Math.asin(Math.sqrt(Math.min(1, Math.max(0, haversine))))
}
