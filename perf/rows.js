// @ts-check
/** What a run has measured: rows, the figures of each system in them, and ratios within a round. */

/** @typedef {import('./stage.js').Unit} Unit */

/**
 * @typedef {object} Summary of the rounds, in the figure's unit
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number[]} samples one a round, in the order taken; or a series
 * @property {number} [p50] of tinybench's runs: the median over the rounds, as are
 * @property {number} [p99] these
 * @property {number} [error] margin of error within a round, in per cent
 */

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} group
 * @property {string} title
 * @property {number} keys in the set
 * @property {number | string} [at] its place in a family
 * @property {string} [note]
 * @property {Record<string, { what: string, unit: Unit }>} figures the first is the row's own
 * @property {Record<string, Record<string, Summary>>} systems by system, then by figure, as far as there were any
 * @property {Record<string, string>} failures message by system
 */

/** The name of a row's own figure. @param {Pick<Row, 'figures'>} row */
export const mainOf = ({ figures }) => Object.keys(figures)[0]

/** @param {readonly number[]} samples */
export function median(samples) {
  const ordered = [...samples].sort((a, b) => a - b)
  const middle = ordered.length >> 1
  return ordered.length % 2 === 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2
}

/**
 * @param {number[]} samples
 * @returns {Summary}
 */
export function summarize(samples) {
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), samples }
}

/**
 * A figure of one system ÷ that of another, round by round.
 * @param {Row} row
 * @param {string} over
 * @param {string} under
 * @param {string} [figure] the row's own unless said
 */
export function ratioOf({ systems, figures }, over, under, figure = mainOf({ figures })) {
  const [one, other] = [systems[over]?.[figure], systems[under]?.[figure]]
  if (one === undefined || other === undefined) return undefined
  const rounds = Math.min(one.samples.length, other.samples.length)
  return summarize(
    one.samples.slice(0, rounds).map((sample, round) => sample / other.samples[round]),
  )
}

/**
 * The systems that some row has, in the order of their first.
 * @param {readonly Row[]} rows
 */
export const systemsOf = rows => [...new Set(rows.flatMap(row => Object.keys(row.systems)))]
