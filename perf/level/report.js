// @ts-check
/** The tables of a run of Level's workloads: times, and ratios between the samples of a round. */
import { summarize } from '../measure.js'
import { join, notes, preamble, rowsTable, table, withSpread } from '../report.js'

/** @typedef {import('../report.js').Run} Run */
/** @typedef {import('../bench.js').Row} Row */

/**
 * How many times a peer's time is of ours, round by round.
 * @param {Row} row
 * @param {string} own
 * @param {string} peer
 */
function ratio(row, own, peer) {
  const [mine, theirs] = [row.systems[own]?.time, row.systems[peer]?.time]
  if (mine === undefined || theirs === undefined) return undefined
  return summarize(theirs.samples.map((time, round) => time / mine.samples[round]))
}

/**
 * The fastest, by its median, of the systems whose names begin with `family`.
 * @param {Row} row
 * @param {string} family
 */
function fastest(row, family) {
  const median = (/** @type {string} */ name) => row.systems[name].time.median
  return Object.keys(row.systems)
    .filter(name => name === family || name.startsWith(`${family}-`))
    .sort((a, b) => median(a) - median(b))[0]
}

/** How many times as fast as each other system `zverse` is. @param {Run} run */
export function ratioTable(run) {
  const peers = ['base', 'memory-level', 'classic-level']
  const there = peers.filter(peer => run.rows.some(row => fastest(row, peer) !== undefined))
  if (there.length === 0) return ''
  const lines = run.rows
    .filter(row => row.systems.zverse !== undefined && Object.keys(row.systems).length > 1)
    .map(row => {
      const cells = there.map(family => {
        const peer = fastest(row, family)
        const measured = peer && ratio(row, 'zverse', peer)
        if (!measured) return '–'
        const text = withSpread(measured, '×')
        return peer === family ? text : `${text}, ${peer.slice(family.length + 1)}`
      })
      return [row.title, ...cells]
    })
  const heads = there.map(name => `${name}’s time ÷ zverse’s`)
  return lines.length === 0 ? '' : table(['work', ...heads], lines)
}

/** The whole run as Markdown. @param {Run} run */
export function markdown(run) {
  return `${join(preamble(run), rowsTable(run, 'level'), ratioTable(run), notes(run))}\n`
}
