// @ts-check
/**
 * SQLite's R*Tree: `rtree_i32`, so that cells are kept exactly (its floats have 24 bits), with the
 * value in an auxiliary column, which saves the join with a table of values. Rows as arrays (`raw`),
 * `all`, prepared statements. There is no bulk load and no nearest. Coordinates go in and come out as
 * cells and are turned into the set's numbers by the caller, as the API would have it.
 */

import { CELLS } from '../../entries/points/data.js'
import { taste } from '../../measure.js'

/** @typedef {import('../../entries/points/data.js').Extent} Extent */

const SIDES = ['x', 'y', 't']
const HALF = CELLS / 2

/** @param {new (file: string) => import('./sqlite.js').Connection} Sqlite */
export function sqlitePoints(Sqlite) {
  /** @type {import('../../entries/points/field.js').PointSystem} */
  const system = {
    keys: ['cells'],
    handsOut: 'entries',
    orderedLoad: true,
    open: ({ extents }) => rtreeStore(new Sqlite(':memory:'), extents),
  }
  return system
}

/**
 * @param {import('./sqlite.js').Connection} sqlite
 * @param {Extent[]} extents
 * @returns {import('../../entries/points/field.js').PointStore}
 */
function rtreeStore(sqlite, extents) {
  const sides = SIDES.slice(0, extents.length)
  const columns = sides.map(side => `${side}, ${side}1`).join(', ')
  sqlite.exec(`CREATE VIRTUAL TABLE point USING rtree_i32(id, ${columns}, +value TEXT)`)
  const places = sides.map(() => '?, ?').join(', ')
  const add = sqlite.prepare(`INSERT INTO point VALUES (?, ${places}, ?)`)
  const where = sides.map(side => `${side} >= ? AND ${side}1 <= ?`).join(' AND ')
  const search = sqlite.prepare(`SELECT ${sides}, value FROM point WHERE ${where}`).raw()
  const set = sides.map(side => `${side} = ?, ${side}1 = ?`).join(', ')
  const update = sqlite.prepare(`UPDATE point SET ${set} WHERE id = ?`)
  const widths = extents.map(({ min, max }) => (max - min) / CELLS)
  /** @type {(d: number, value: number) => number} */
  const cell = (d, value) => (value - extents[d].min) / widths[d] - HALF
  /** @type {(d: number, cell: number) => number} */
  const back = (d, cell) => extents[d].min + (cell + HALF) * widths[d]
  const timed = extents.length > 2
  /** @param {import('../../entries/points/field.js').Points} points */
  const insert = ({ count, columns: [x, y, t], values }) => {
    sqlite.transaction(() => {
      for (let i = 0; i < count; i++) {
        const cx = cell(0, x[i])
        const cy = cell(1, y[i])
        if (timed) {
          const ct = cell(2, t[i])
          add.run(i, cx, cx, cy, cy, ct, ct, values[i])
        } else add.run(i, cx, cx, cy, cy, values[i])
      }
    })()
  }
  return {
    load: insert,
    insert,
    box: timed
      ? (min, max) => {
          let sum = 0
          const [left, right] = [cell(0, min[0]), cell(0, max[0])]
          const [bottom, top] = [cell(1, min[1]), cell(1, max[1])]
          const rows = search.all(left, right, bottom, top, cell(2, min[2]), cell(2, max[2]))
          for (const [x, y, t, value] of /** @type {[number, number, number, string][]} */ (rows)) {
            sum += back(0, x) + back(1, y) + back(2, t) + taste(value)
          }
          return sum
        }
      : (min, max) => {
          let sum = 0
          const rows = search.all(
            cell(0, min[0]),
            cell(0, max[0]),
            cell(1, min[1]),
            cell(1, max[1]),
          )
          for (const [x, y, value] of /** @type {[number, number, string][]} */ (rows)) {
            sum += back(0, x) + back(1, y) + taste(value)
          }
          return sum
        },
    move: ({ indexes, to: [x, y] }) => {
      sqlite.transaction(() => {
        for (let i = 0; i < indexes.length; i++) {
          const cx = cell(0, x[i])
          const cy = cell(1, y[i])
          update.run(cx, cx, cy, cy, indexes[i])
        }
      })()
    },
    close: () => sqlite.close(),
  }
}
