// @ts-check
/** The invariants of any version, proved the slow way: by looking at every vehicle. */
import * as fleet from './fleet.js'

/** @typedef {import('./fleet.js').Box} Box */
/** @typedef {import('./fleet.js').Database} Database */
/** @typedef {import('./fleet.js').Point} Point */
/** @typedef {import('./fleet.js').Position} Position */
/** @typedef {import('./fleet.js').Positions} Positions */
/** @typedef {import('./fleet.js').Vehicles} Vehicles */
/** @typedef {import('zverse').Entry<Position, string>} Entry */

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
    /** @type {{ version: number, entries: Entry[] } | undefined} */
    let before
    for (const version of pick(this.#db, this.#start)) {
      const entries = this.#stores.positions.getEntries({ at: version }).toArray()
      this.#agree(version, entries)
      for (let i = 0; i < QUESTIONS; i++) {
        this.#box(version, entries, randomBox())
        this.#nearest(version, entries, randomPoint())
        if (before) this.#diff(before.version, version, before.entries, entries, randomBox())
      }
      before = { version, entries }
      this.versions++
    }
  }

  /** Every vehicle has one position. @param {number} version @param {Entry[]} entries */
  #agree(version, entries) {
    const wrong = (/** @type {string} */ what) => this.problems.push(`version ${version}: ${what}`)
    if (entries.length !== this.#count) wrong(`${entries.length} positions`)
    const positions = new Map(entries.map(({ key, value }) => [value, key]))
    let vehicles = 0
    for (const [id, vehicle] of this.#stores.vehicles.range({ at: version })) {
      const key = positions.get(id)
      if (!key || !fleet.isAt(vehicle, key)) wrong(`${id} is not at ${key}`)
      vehicles++
    }
    if (vehicles !== this.#count) wrong(`${vehicles} vehicles`)
    this.vehicles += vehicles
  }

  /** @param {number} version @param {Entry[]} entries @param {Box} box */
  #box(version, entries, box) {
    const found = this.#stores.positions.box(...fleet.corners(box), { at: version }).toArray()
    const expected = entries.filter(({ key }) => fleet.isIn(key, box))
    const same = expected.every(({ value }, i) => value === found[i]?.[1])
    if (found.length !== expected.length || !same) {
      this.problems.push(`version ${version}: box ${box}: ${found.length}, not ${expected.length}`)
    }
    this.boxes++
  }

  /** @param {number} version @param {Entry[]} entries @param {Point} point */
  #nearest(version, entries, point) {
    const k = Math.floor(fleet.between(1, 20))
    const options = { metric: /** @type {const} */ ('haversine'), at: version }
    const [longitude, latitude] = point
    const found = this.#stores.positions.nearest([longitude, latitude, null], k, options).toArray()
    const distances = Float64Array.from(entries, ({ key }) => fleet.metres(point, key)).sort()
    const same = found.every(({ key, distance }, i) => {
      const own = fleet.metres(point, key)
      return Math.max(Math.abs(distance - own), Math.abs(distance - distances[i])) <= TOLERANCE
    })
    const ids = new Set(found.map(({ value }) => value))
    if (!same || ids.size !== Math.min(k, entries.length)) {
      this.problems.push(`version ${version}: the ${k} nearest to ${point} are others`)
    }
    this.neighbours++
  }

  /**
   * @param {number} from @param {number} to @param {Entry[]} before @param {Entry[]} after
   * @param {Box} box
   */
  #diff(from, to, before, after, box) {
    const found = this.#stores.positions.diff(from, to, { box: fleet.corners(box) }).toArray()
    const then = written(before, box)
    const now = written(after, box)
    const changed = new Set(
      [...then.keys(), ...now.keys()].filter(key => then.get(key) !== now.get(key)),
    )
    const same = found.every(({ key }) => changed.has(key.join()))
    if (!same || found.length !== changed.size) {
      const counts = `${found.length}, not ${changed.size}`
      this.problems.push(`versions ${from} to ${to}: diff in ${box}: ${counts}`)
    }
    this.diffs++
  }
}

/** Which version wrote each key of a box. @param {Entry[]} entries @param {Box} box */
const written = (entries, box) => {
  const inside = entries.filter(({ key }) => fleet.isIn(key, box))
  return new Map(inside.map(({ key, version }) => [key.join(), version]))
}
