// @ts-check
/** All scenarios, in the order of a round. */
import { besideWriter } from './beside-writer.js'
import { blockedWriter } from './blocked-writer.js'
import { commitLatency } from './commit-latency.js'
import { copies } from './copies.js'
import { overwrite } from './overwrite.js'
import { pin } from './pin.js'
import { readers } from './readers.js'
import { reclaim } from './reclaim.js'

export const scenarios = [
  ...[readers, besideWriter, blockedWriter, pin],
  ...[reclaim, commitLatency, copies, overwrite],
]

/**
 * Those named; all if none is.
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
