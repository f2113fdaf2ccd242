// @ts-check
/** The invariants of any version, proved the slow way: by looking at every vehicle. */
import * as fleet from './fleet.js'

/** @typedef {import('./fleet.js').Box} Box */
/** @typedef {import('./fleet.js').Database} Database */
/** @typedef {import('./fleet.js').Point} Point */
/** Where a vehicle is by the index. @typedef {{ id: string, point: Point }} Place */

/** Versions to look at, and questions to ask at each. */
const VERSIONS = 6
const QUESTIONS = 20
/** Metres that two ways to work out a distance may differ by. */
const TOLERANCE = 1e-3

/** Bigger and smaller than a district, and beyond the ends of the fleet's world. @returns {Box} */
function randomBox() {
  const [west, south, east, north] = fleet.AREA
  const longitude = fleet.between(west - 0.05, east)
  const latitude = fleet.between(south - 0.05, north)
  const size = 10 ** fleet.between(-4, -0.7)
  return [longitude, latitude, longitude + size, latitude + size * fleet.between(0.2, 1)]
}

/** @returns {Point} */
function randomPoint() {
  const [west, south, east, north] = fleet.AREA
  return [fleet.between(west - 0.1, east + 0.1), fleet.between(south - 0.1, north + 0.1)]
}

/**
 * The versions that are kept.
 * @param {Database} db @param {number} start the first to have a fleet
 */
const keptSince = (db, start) =>
  db
    .versions()
    .map(({ version }) => version)
    .filter(version => version >= start)

/** Whether there are as many as a proof looks at. @param {Database} db @param {number} start */
export const hasEnough = (db, start) => keptSince(db, start).length >= VERSIONS

/**
 * Some of the versions that are kept, the oldest and the newest among them: one of each stretch.
 * @param {Database} db @param {number} start
 */
function pick(db, start) {
  const versions = keptSince(db, start)
  const stretches = Math.min(VERSIONS, versions.length)
  const begin = (/** @type {number} */ i) => Math.floor((i * versions.length) / stretches)
  return Array.from({ length: stretches }, (_, i) => {
    if (i === 0) return versions[0]
    if (i === stretches - 1) return versions[versions.length - 1]
    return versions[Math.floor(fleet.between(begin(i), begin(i + 1)))]
  })
}

export class Proof {
  /** @type {string[]} */
  problems = []
  versions = 0
  vehicles = 0
  boxes = 0
  neighbours = 0
  diffs = 0
  #db
  #stores
  #count
  #start

  /** @param {Database} db @param {number} count of vehicles @param {number} start their first version */
  constructor(db, count, start) {
    this.#db = db
    this.#stores = fleet.storesOf(db)
    this.#count = count
    this.#start = start
  }

  run() {
    /** @type {{ version: number, places: Place[] } | undefined} */
    let before
    for (const version of pick(this.#db, this.#start)) {
      const all = this.#stores.positions.pairs({ at: version })
      const places = all.toArray().map(([point, id]) => ({ id, point }))
      this.#agree(version, places)
      for (let i = 0; i < QUESTIONS; i++) {
        this.#box(version, places, randomBox())
        this.#nearest(version, places, randomPoint())
        if (before) this.#diff(before.version, version, before.places, places, randomBox())
      }
      before = { version, places }
      this.versions++
    }
  }

  /** Every vehicle has one position. @param {number} version @param {Place[]} places */
  #agree(version, places) {
    const wrong = (/** @type {string} */ what) => this.problems.push(`version ${version}: ${what}`)
    if (places.length !== this.#count) wrong(`${places.length} positions`)
    const positions = new Map(places.map(({ id, point }) => [id, point]))
    let vehicles = 0
    for (const [id, vehicle] of this.#stores.vehicles.range({ at: version })) {
      const point = positions.get(id)
      if (!point || !fleet.isAt(vehicle, point)) wrong(`${id} is not at ${point}`)
      vehicles++
    }
    if (vehicles !== this.#count) wrong(`${vehicles} vehicles`)
    this.vehicles += vehicles
  }

  /** @param {number} version @param {Place[]} places @param {Box} box */
  #box(version, places, box) {
    const { positions } = this.#stores
    const corners = fleet.corners(box)
    const found = positions.box(...corners, { at: version }).toArray()
    const count = positions.count({ box: corners, at: version })
    const expected = places.filter(({ point }) => fleet.isIn(point, box))
    const same = expected.every(({ id }, i) => id === found[i]?.[0])
    if (found.length !== expected.length || count !== expected.length || !same) {
      const counts = `${found.length}, counted as ${count}, not ${expected.length}`
      this.problems.push(`version ${version}: box ${box}: ${counts}`)
    }
    this.boxes++
  }

  /** @param {number} version @param {Place[]} places @param {Point} from */
  #nearest(version, places, from) {
    const k = Math.floor(fleet.between(1, 20))
    const options = { metric: /** @type {const} */ ('haversine'), at: version }
    const found = this.#stores.positions.nearest(from, k, options).toArray()
    const distances = Float64Array.from(places, ({ point }) => fleet.metres(from, point)).sort()
    const same = found.every(({ point, distance }, i) => {
      const own = fleet.metres(from, point)
      return Math.max(Math.abs(distance - own), Math.abs(distance - distances[i])) <= TOLERANCE
    })
    const ids = new Set(found.map(({ key }) => key))
    if (!same || ids.size !== Math.min(k, places.length)) {
      this.problems.push(`version ${version}: the ${k} nearest to ${from} are others`)
    }
    this.neighbours++
  }

  /**
   * @param {number} from @param {number} to @param {Place[]} before @param {Place[]} after
   * @param {Box} box
   */
  #diff(from, to, before, after, box) {
    const found = this.#stores.positions.diff(from, to, { box: fleet.corners(box) }).toArray()
    const then = told(before, box)
    const now = told(after, box)
    const expected = new Set([
      ...[...then].filter(place => !now.has(place)).map(place => `out ${place}`),
      ...[...now].filter(place => !then.has(place)).map(place => `in ${place}`),
    ])
    const same = found.every(({ key, primary, type }) => {
      return expected.has(`${type} ${text({ id: primary, point: key })}`)
    })
    if (!same || found.length !== expected.size) {
      const counts = `${found.length}, not ${expected.size}`
      this.problems.push(`versions ${from} to ${to}: diff in ${box}: ${counts}`)
    }
    this.diffs++
  }
}

/** @param {{ id: string, point: readonly unknown[] }} place */
const text = ({ id, point }) => `${id} ${point}`

/** The places in a box, as texts. @param {Place[]} places @param {Box} box */
const told = (places, box) => {
  return new Set(places.filter(({ point }) => fleet.isIn(point, box)).map(text))
}
