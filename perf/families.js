// @ts-check
/**
 * The names of families, and of their places and figures, in tables and charts.
 */

/** @typedef {import('./bench.js').FamilyName} FamilyName */
/** @typedef {import('./bench.js').Row} Row */
/** @typedef {import('./bench.js').Unit} Unit */

/**
 * @typedef {object} FamilyText
 * @property {string} title
 * @property {string} place the name of a row's place
 * @property {(at: number | string, keys: number) => string} label of a place; `keys` of the run
 * @property {Record<string, string>} figures
 */

/**
 * 10 000, with thin spaces.
 * @param {number} number
 */
export const grouped = number => String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f')

/**
 * 10 B, 1 KB.
 * @param {number} bytes
 */
export const sized = bytes => (bytes < 1000 ? `${bytes} B` : `${bytes / 1000} KB`)

/** @type {Record<FamilyName, FamilyText>} */
export const FAMILIES = {
  ycsb: {
    title: 'YCSB',
    place: 'workload',
    label: at => String(at),
    figures: { time: 'an operation' },
  },
  size: {
    title: 'data size',
    place: 'keys',
    label: (at, keys) => grouped(Math.round(Number(at) * keys)),
    figures: {
      get: 'get',
      range: 'range of 100, an entry',
      put: 'put in one transaction',
      bytes: 'memory an entry',
    },
  },
  'value-size': {
    title: 'value size',
    place: 'value',
    label: at => sized(Number(at)),
    figures: { get: 'get', put: 'single-put commit' },
  },
  'history-depth': {
    title: 'history depth',
    place: 'versions kept',
    label: at => grouped(Number(at)),
    figures: {
      present: 'get, present',
      oldest: 'get, oldest version',
      commit: 'single-put commit',
    },
  },
  'snapshot-age': {
    title: 'snapshot age',
    place: 'commits back',
    label: at => grouped(Number(at)),
    figures: { time: 'get there', present: 'get, present', ratio: 'present ÷ there' },
  },
}

/**
 * The rows of a family in the order of their places.
 * @param {readonly Row[]} rows
 * @param {FamilyName} name
 */
export const rowsOf = (rows, name) => rows.filter(row => row.family?.name === name)

/**
 * The systems that some row has, in the order of their first.
 * @param {readonly Row[]} rows
 */
export const systemsOf = rows => [...new Set(rows.flatMap(row => Object.keys(row.systems)))]
