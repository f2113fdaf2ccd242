// @ts-check
/**
 * The same questions answered by looking at each city in turn, and the differences. The answers come
 * from the source of the data, not from the database: a city that is not stored, or stored in a wrong
 * place, shows.
 */

/** @typedef {import('./ask.js').Question} Question */
/** @typedef {import('./ask.js').Found} Found */
/** @typedef {import('./world.js').City} City */
/** @typedef {import('./world.js').Key} Key */
/** @typedef {import('./world.js').Source} Source */
/** @typedef {import('./world.js').World} World */

const RADIUS = 6_371_008.8
const RADIAN = Math.PI / 180
const CELLS = 2 ** 32
/** Metres that two ways to work out a distance may differ by. */
const TOLERANCE = 1e-3
/** Differences that are printed one by one. */
const FEW = 5

/** The begin of the cell of `value`. @param {number} value @param {number} most */
function cell(value, most) {
  const size = (2 * most) / CELLS
  let index = Math.min(CELLS - 1, Math.floor((value + most) / size))
  // The division rounds.
  while (-most + index * size > value) index--
  while (index < CELLS - 1 && -most + (index + 1) * size <= value) index++
  return -most + index * size
}

/** The problems of one answer: a few of them, and how many more there are. */
class Problems {
  #count = 0
  /** @type {string[]} */
  #told = []

  /** @param {string} problem */
  add(problem) {
    if (this.#count++ < FEW) this.#told.push(problem)
  }

  get list() {
    const more = this.#count - this.#told.length
    return more > 0 ? [...this.#told, `… and ${more} more`] : this.#told
  }
}

export class BruteForce {
  #cities
  /** As keys read back. */
  #longitudes
  #latitudes
  #populations
  /** Which city has a key. @type {Map<string, number>} */
  #places = new Map()

  /** @param {Source[]} cities @param {Key[]} keys as they were put */
  constructor(cities, keys) {
    this.#cities = cities
    this.#longitudes = Float64Array.from(keys, ([longitude]) => cell(longitude, 180))
    this.#latitudes = Float64Array.from(keys, ([, latitude]) => cell(latitude, 90))
    this.#populations = Float64Array.from(keys, ([, , population]) => population)
    for (const [i, [, , population, number]] of keys.entries()) {
      const key = [this.#longitudes[i], this.#latitudes[i], population, number]
      this.#places.set(key.join(), i)
    }
  }

  /** Compares the stored cities with the source. @param {World} db @returns {string[]} the problems */
  compareAll(db) {
    const problems = new Problems()
    /** @type {Map<string, City>} */
    const stored = new Map()
    for (const [key, value] of db) stored.set(key.join(), value)
    if (stored.size !== this.#cities.length) {
      problems.add(`${stored.size} cities are stored, not ${this.#cities.length}`)
    }
    for (const [place, i] of this.#places) {
      const { name, country } = this.#cities[i]
      const value = stored.get(place)
      if (value?.name !== name || value.country !== country) problems.add(`${name} is not stored`)
    }
    return problems.list
  }

  /**
   * The problems of an answer.
   * @param {Question} question @param {Found[]} found @returns {string[]}
   */
  compare(question, found) {
    const problems = new Problems()
    /** @type {Set<number>} */
    const met = new Set()
    for (const { key, value } of found) {
      const i = this.#places.get(key.join()) ?? -1
      if (i < 0 || !this.#isIn(i, question)) problems.add(`${value.name} should not be found`)
      if (met.has(i)) problems.add(`${value.name} is found twice`)
      met.add(i)
    }
    if (question.near) this.#compareNearest(question, question.near, found, problems)
    else {
      for (let i = 0; i < this.#cities.length; i++) {
        if (this.#isIn(i, question) && !met.has(i)) {
          problems.add(`${this.#cities[i].name} is not found`)
        }
      }
    }
    return problems.list
  }

  /** @param {number} i @param {Question} question */
  #isIn(i, { box, name, country, population }) {
    if (this.#populations[i] < population) return false
    const city = this.#cities[i]
    if (name !== undefined && !city.name.startsWith(name)) return false
    if (country !== undefined && city.country !== country) return false
    if (!box) return true
    const [west, south, east, north] = box
    const latitude = this.#latitudes[i]
    if (latitude < south || latitude > north) return false
    const longitude = this.#longitudes[i]
    if (west <= east) return longitude >= west && longitude <= east
    return longitude >= west || longitude <= east
  }

  /**
   * Distances are compared, not keys: cities may be equally far away.
   * @param {Question} question @param {[number, number]} near @param {Found[]} found
   * @param {Problems} problems
   */
  #compareNearest(question, near, found, problems) {
    const { k, within = Number.POSITIVE_INFINITY } = question
    // All that are not farther away than the last of those found, or than is allowed.
    const last = found.length < k ? within : (found.at(-1)?.distance ?? 0)
    const distances = []
    for (let i = 0; i < this.#cities.length; i++) {
      if (!this.#isIn(i, question)) continue
      const distance = this.#metres(near, i)
      if (distance <= last + TOLERANCE) distances.push(distance)
    }
    distances.sort((a, b) => a - b)
    const sure = distances.filter(distance => distance < last - TOLERANCE).length
    const missing = Math.min(k, sure) - found.length
    if (missing > 0) problems.add(`${missing} neighbours are not found`)
    for (const [i, { key, value, distance = Number.NaN }] of found.entries()) {
      const own = this.#metres(near, this.#places.get(key.join()) ?? -1)
      for (const expected of [own, distances[i]]) {
        if (Math.abs(distance - expected) <= TOLERANCE) continue
        problems.add(`neighbour ${i + 1}, ${value.name}, is ${distance} m away, not ${expected} m`)
      }
      if (distance > within) problems.add(`${value.name} is too far away, ${distance} m`)
      if (i > 0 && !(distance >= (found[i - 1].distance ?? Number.NaN))) {
        problems.add(`neighbour ${i + 1} comes too late`)
      }
    }
    if (found.length > k) problems.add(`${found.length} neighbours, not ${k}`)
  }

  /** Metres from a point to a city. @param {[number, number]} point @param {number} i */
  #metres([longitude, latitude], i) {
    const across = Math.sin(((this.#longitudes[i] - longitude) * RADIAN) / 2)
    const along = Math.sin(((this.#latitudes[i] - latitude) * RADIAN) / 2)
    const cosines = Math.cos(latitude * RADIAN) * Math.cos(this.#latitudes[i] * RADIAN)
    const haversine = along * along + cosines * across * across
    return 2 * RADIUS * Math.asin(Math.sqrt(Math.min(1, haversine)))
  }
}
