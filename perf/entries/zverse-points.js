// @ts-check
/**
 * zverse as a store of points: Z-order keys, values 'string'. Coordinates are quantised to 32 bits over
 * the set's extents, so that whole cells come back exactly, or kept as float64. A time may also be kept
 * as a date; its bits then begin far above those that differ within a set, see the README.
 *
 * The types below are the part of docs/api.md that these rows use.
 */
import { consume, taste } from '../measure.js'

/** @typedef {import('./points/field.js').PointSystem} PointSystem */
/** @typedef {import('./points/field.js').PointStore} PointStore */
/** @typedef {import('./points/field.js').PointOptions} PointOptions */
/** @typedef {import('./points/data.js').Points} Points */

/** @typedef {(number | Date)[]} Place a key, or a corner of a box, or the point to look around */

/**
 * @typedef {object} PointTransaction
 * @property {(key: Place, value: string) => unknown} put
 * @property {(key: Place) => unknown} delete
 */

/**
 * @typedef {object} PointDatabase
 * @property {number} version
 * @property {(min: Place, max: Place, view?: { at: number }) => Iterable<[number[], string]>} box
 * @property {(point: Place, k: number, options?: { metric: 'haversine' }) => Iterable<{
 *   key: number[], value: string, distance: number
 * }>} nearest
 * @property {<R>(callback: (tx: PointTransaction) => R) => R} transact
 * @property {() => void} close
 */

/** @typedef {(dimensions: unknown[]) => unknown} ZOrder */

const BITS = 32
/** The begin of the sets' times, in ms. */
const EPOCH = Date.UTC(2026, 0, 1)

/** @param {number} seconds */
const toDate = seconds => new Date(EPOCH + seconds * 1000)

/**
 * @param {{ ZVerse: { open(options?: object): unknown }, zorder?: ZOrder }} engine
 * @returns {PointSystem | undefined} undefined for a build that has no Z-order keys
 */
export function zversePoints({ ZVerse, zorder }) {
  if (zorder === undefined) return undefined
  return {
    keys: ['cells', 'float64', 'date'],
    handsOut: 'entries',
    orderedLoad: true,
    open({ count, extents, keys }) {
      const dimensions = extents.map(({ min, max }, d) => {
        if (keys === 'date' && d === extents.length - 1) return 'date'
        return keys === 'float64' ? 'float64' : { type: 'float', min, max, bits: BITS }
      })
      const maxBytes = Math.max(2 * 2 ** 30, count * 600)
      const options = { keys: zorder(dimensions), values: 'string', maxBytes }
      const db = /** @type {PointDatabase} */ (ZVerse.open(options))
      const store = keys === 'date' ? withDates(db) : extents.length > 2 ? inSpace(db) : onPlane(db)
      return { ...store, version: () => db.version, close: () => db.close() }
    },
  }
}

/**
 * @param {PointDatabase} db
 * @returns {PointStore}
 */
function onPlane(db) {
  /** @param {Points} points */
  const insert = ({ count, columns: [x, y], values }) => {
    db.transact(tx => {
      for (let i = 0; i < count; i++) tx.put([x[i], y[i]], values[i])
    })
  }
  return {
    load: insert,
    insert,
    box: (min, max) => {
      let sum = 0
      for (const [key, value] of db.box(min, max)) sum += key[0] + key[1] + taste(value)
      return sum
    },
    boxAt: (min, max, at) => {
      let sum = 0
      for (const [key, value] of db.box(min, max, { at })) sum += key[0] + key[1] + taste(value)
      return sum
    },
    nearest: (centre, k) => {
      let sum = 0
      let far = 0
      for (const { key, value, distance } of db.nearest(centre, k)) {
        sum += key[0] + key[1] + taste(value)
        far += distance
      }
      consume(far)
      return sum
    },
    nearestOnSphere: (centre, k) => {
      let sum = 0
      let far = 0
      for (const { key, value, distance } of db.nearest(centre, k, { metric: 'haversine' })) {
        sum += key[0] + key[1] + taste(value)
        far += distance
      }
      consume(far)
      return sum
    },
    move: ({ indexes, from, to }, values) => {
      db.transact(tx => {
        for (let i = 0; i < indexes.length; i++) {
          tx.delete([from[0][i], from[1][i]])
          tx.put([to[0][i], to[1][i]], values[indexes[i]])
        }
      })
    },
    close: () => {},
  }
}

/**
 * @param {PointDatabase} db
 * @returns {PointStore}
 */
function inSpace(db) {
  /** @param {Points} points */
  const insert = ({ count, columns: [x, y, t], values }) => {
    db.transact(tx => {
      for (let i = 0; i < count; i++) tx.put([x[i], y[i], t[i]], values[i])
    })
  }
  return {
    load: insert,
    insert,
    box: (min, max) => {
      let sum = 0
      for (const [key, value] of db.box(min, max)) sum += key[0] + key[1] + key[2] + taste(value)
      return sum
    },
    close: () => {},
  }
}

/**
 * @param {PointDatabase} db
 * @returns {PointStore}
 */
function withDates(db) {
  /** @param {Points} points */
  const insert = ({ count, columns: [x, y, t], values }) => {
    db.transact(tx => {
      for (let i = 0; i < count; i++) tx.put([x[i], y[i], toDate(t[i])], values[i])
    })
  }
  return {
    load: insert,
    insert,
    box: (min, max) => {
      let sum = 0
      const from = [min[0], min[1], toDate(min[2])]
      for (const [key, value] of db.box(from, [max[0], max[1], toDate(max[2])])) {
        // zverse hands out a Date; the other systems hand out its value.
        sum += key[0] + key[1] + (Number(key[2]) - EPOCH) / 1000 + taste(value)
      }
      return sum
    },
    close: () => {},
  }
}
