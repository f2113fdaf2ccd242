// @ts-check
/** All scenarios, in the order they run: what changes the shared set comes after what reads it. */
import { bulkLoad } from './bulk-load.js'
import { clear } from './clear.js'
import { diff } from './diff.js'
import { getAbsent } from './get-absent.js'
import { getMsgpack } from './get-msgpack.js'
import { getOld } from './get-old.js'
import { getPresent } from './get-present.js'
import { growth } from './growth.js'
import { overhead } from './overhead.js'
import { overwrite } from './overwrite.js'
import { pin } from './pin.js'
import { putCommit } from './put-commit.js'
import { putTransaction } from './put-transaction.js'
import { range } from './range.js'
import { restore } from './restore.js'
import { scan } from './scan.js'

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
  growth,
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
