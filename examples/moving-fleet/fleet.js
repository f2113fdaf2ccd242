// @ts-check
/** Shared by all threads: the store and its index, the region of the fleet, and the invariants. */

/** Degrees. @typedef {[longitude: number, latitude: number]} Point */
/** Degrees. @typedef {[west: number, south: number, east: number, north: number]} Box */

/**
 * Metres a second, degrees clockwise from north, ms since 1970.
 * @typedef {{ plate: string, speed: number, heading: number, longitude: number, latitude: number,
 *   moved: number }} Vehicle
 * @typedef {import('zverse').ZVerse} Database
 * @typedef {import('zverse').Store<string, Vehicle>} Vehicles
 * @typedef {import('zverse').SpatialIndex<string, Vehicle, Point>} Positions
 */

const BITS = 32

/**
 * The vehicles by their id, and an index of them by their place, in cells of at most a centimetre. All
 * threads say how it is defined: the first one makes it.
 * @param {Database} db @returns {{ vehicles: Vehicles, positions: Positions }}
 */
export function storesOf(db) {
  const vehicles = /** @type {Vehicles} */ (db.store('vehicles'))
  const positions = vehicles.index('position', {
    kind: 'spatial',
    on: ['longitude', 'latitude'],
    dimensions: [
      { type: 'float', min: -180, max: 180, bits: BITS },
      { type: 'float', min: -90, max: 90, bits: BITS },
    ],
  })
  return { vehicles, positions }
}

/** Whether `point`, the corner of a cell as the index tells it, is the place of `vehicle`. */
export const isAt = (
  /** @type {Vehicle} */ { longitude, latitude },
  /** @type {readonly number[]} */ [west, south],
) => {
  const near = 1.001 / 2 ** BITS
  return Math.abs(longitude - west) <= 360 * near && Math.abs(latitude - south) <= 180 * near
}

/** @param {number} number */
export const idOf = number => `vehicle-${number}`

/** A box as the index takes it, by two corners. @returns {[min: Point, max: Point]} */
export const corners = (/** @type {Box} */ [west, south, east, north]) => [
  [west, south],
  [east, north],
]

/** The region of the fleet: in and around Zürich. @type {Box} */
export const AREA = [8.4, 47.3, 8.7, 47.47]

/** @type {{ name: string, box: Box }[]} */
export const DISTRICTS = [
  { name: 'Oerlikon', box: [8.53, 47.402, 8.56, 47.42] },
  { name: 'Altstetten', box: [8.47, 47.38, 8.5, 47.398] },
  { name: 'Wiedikon', box: [8.5, 47.358, 8.525, 47.376] },
  { name: 'Seefeld', box: [8.545, 47.345, 8.57, 47.365] },
  { name: 'Dübendorf', box: [8.605, 47.39, 8.635, 47.408] },
]

/** @type {{ name: string, point: Point }[]} */
export const PLACES = [
  { name: 'main station', point: [8.5402, 47.3782] },
  { name: 'opera', point: [8.5452, 47.367] },
  { name: 'airport', point: [8.5622, 47.4504] },
  { name: 'mountain top', point: [8.4914, 47.3495] },
]

/** @param {number} from @param {number} to */
export const between = (from, to) => from + Math.random() * (to - from)

/** @template T @param {readonly T[]} items */
export const oneOf = items => items[Math.floor(Math.random() * items.length)]

const RADIUS = 6_371_008.8
const RADIAN = Math.PI / 180
/** Metres that go on a degree of latitude. */
export const DEGREE = RADIUS * RADIAN
/** Metres on a degree of longitude. @param {number} latitude */
export const degreeAt = latitude => DEGREE * Math.cos(latitude * RADIAN)

/** Metres between two points, haversine. @param {readonly number[]} a @param {readonly number[]} b */
export function metres([longitude0, latitude0], [longitude1, latitude1]) {
  const across = Math.sin(((longitude1 - longitude0) * RADIAN) / 2)
  const along = Math.sin(((latitude1 - latitude0) * RADIAN) / 2)
  const cosines = Math.cos(latitude0 * RADIAN) * Math.cos(latitude1 * RADIAN)
  return 2 * RADIUS * Math.asin(Math.sqrt(along ** 2 + cosines * across ** 2))
}

/** @param {readonly number[]} point @param {Box} box */
export const isIn = ([longitude, latitude], [west, south, east, north]) => {
  return longitude >= west && longitude <= east && latitude >= south && latitude <= north
}

/** A box with all places within `far` metres of a point. @param {Point} point @param {number} far */
export function around([longitude, latitude], far) {
  const up = far / DEGREE
  const aside = far / degreeAt(latitude + up)
  return /** @type {Box} */ ([longitude - aside, latitude - up, longitude + aside, latitude + up])
}
