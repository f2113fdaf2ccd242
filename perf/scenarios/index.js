// @ts-check
/**
 * All scenarios, in the order they run: rows that change the shared set come after those that read it,
 * and rows on the same points stand together, so that these are made and loaded once.
 */
import {
  clusteredBoxes,
  clusteredFloat64Boxes,
  timeBoxes,
  uniformBoxes,
  uniformFloat64Boxes,
} from './box.js'
import { boxOld } from './box-old.js'
import { bulkLoad } from './bulk-load.js'
import { check } from './check.js'
import { clear } from './clear.js'
import { diff } from './diff.js'
import { getAbsent } from './get-absent.js'
import { getMsgpack } from './get-msgpack.js'
import { getOld } from './get-old.js'
import { getPresent } from './get-present.js'
import { growth } from './growth.js'
import { ages, depths } from './history.js'
import { nearest, nearestClustered, nearestFloat64, nearestOnSphere } from './nearest.js'
import { overhead } from './overhead.js'
import { overwrite } from './overwrite.js'
import { pin } from './pin.js'
import { pointsBulk, pointsInsert, pointsInsertFloat64, pointsSorted } from './points-fill.js'
import { pointsMove } from './points-move.js'
import { putCommit } from './put-commit.js'
import { putTransaction } from './put-transaction.js'
import { range } from './range.js'
import { restore } from './restore.js'
import { scan } from './scan.js'
import { sizes } from './size.js'
import { valueSizes } from './value-size.js'
import { ycsbA } from './ycsb-a.js'
import { ycsbB } from './ycsb-b.js'
import { ycsbC } from './ycsb-c.js'
import { ycsbD } from './ycsb-d.js'
import { ycsbE } from './ycsb-e.js'
import { ycsbF } from './ycsb-f.js'

/** @type {import('../bench.js').Scenario[]} */
export const scenarios = [
  getPresent,
  getAbsent,
  range,
  scan,
  pin,
  getOld,
  getMsgpack,
  putTransaction,
  bulkLoad,
  putCommit,
  diff,
  restore,
  clear,
  overhead,
  overwrite,
  check,
  growth,
  ...depths,
  ...ages,
  ...[ycsbA, ycsbB, ycsbC, ycsbD, ycsbE, ycsbF],
  ...sizes,
  ...valueSizes,
  ...uniformBoxes,
  nearest,
  pointsInsert,
  pointsBulk,
  pointsSorted,
  pointsMove,
  boxOld,
  ...uniformFloat64Boxes,
  nearestFloat64,
  pointsInsertFloat64,
  ...clusteredBoxes,
  nearestClustered,
  ...clusteredFloat64Boxes,
  ...timeBoxes,
  nearestOnSphere,
]

/**
 * Those named, in running order; all if none is.
 * @param {readonly string[]} names
 */
export function choose(names) {
  const unknown = names.filter(name => !scenarios.some(scenario => scenario.name === name))
  if (unknown.length > 0) {
    const known = scenarios.map(scenario => scenario.name).join(', ')
    throw new Error(`no such row: ${unknown.join(', ')}; there are ${known}`)
  }
  return scenarios.filter(scenario => names.length === 0 || names.includes(scenario.name))
}
