// @ts-check
/**
 * The floors and aims of docs/performance.md, Targets, for rows that need no second thread, and the verdict on a run.
 *
 * A ratio against a peer is taken within each round, from two samples that lie next to each other
 * in time; its median is what counts.
 */
import { summarize } from './measure.js'

/** @typedef {import('./bench.js').Row} Row */

/**
 * @typedef {object} Target
 * @property {string} row
 * @property {string} [peer] the figure is then peer's time ÷ ours, or ours ÷ peer's if `slower`
 * @property {boolean} [slower]
 * @property {string} [figure] without a peer: which of our own figures
 * @property {'at least' | 'at most'} sense
 * @property {number} [bound] the promise, if there is one
 * @property {number} aim
 * @property {string} [remark]
 */

/** @type {Target[]} */
const TARGETS = [
  { row: 'get-present', peer: 'lmdb', sense: 'at least', bound: 1.7, aim: 2.5 },
  { row: 'get-present', peer: 'Map', slower: true, sense: 'at most', bound: 1.35, aim: 1 },
  {
    ...{ row: 'get-old', figure: 'ratio', sense: 'at least', bound: 0.9, aim: 1.3 },
    remark: 'to our own get without the point index',
  },
  { row: 'get-absent', peer: 'lmdb', sense: 'at least', bound: 3, aim: 6 },
  { row: 'range', peer: 'lmdb', sense: 'at least', bound: 1.4, aim: 2.5 },
  { row: 'range', peer: 'sorted-btree', slower: true, sense: 'at most', bound: 1.4, aim: 0.8 },
  { row: 'scan', peer: 'lmdb', sense: 'at least', bound: 1.5, aim: 2.5 },
  { row: 'scan', peer: 'sorted-btree', slower: true, sense: 'at most', bound: 1.4, aim: 0.9 },
  { row: 'put-transaction', peer: 'lmdb', sense: 'at least', bound: 1.6, aim: 2.5 },
  { row: 'bulk-load', peer: 'lmdb', sense: 'at least', bound: 1.3, aim: 2.5 },
  { row: 'put-commit', peer: 'lmdb', sense: 'at least', bound: 2, aim: 4 },
  { row: 'put-commit', peer: 'lmdb+writemap', sense: 'at least', bound: 1, aim: 2 },
  { row: 'put-commit', peer: 'SQLite', sense: 'at least', bound: 0.8, aim: 1.5 },
  { row: 'pin', figure: 'time', sense: 'at most', bound: 0.3, aim: 0.1 },
  { row: 'overhead', figure: 'bytes', sense: 'at most', bound: 38, aim: 30 },
  { row: 'overwrite', figure: 'ratio', sense: 'at most', bound: 2.3, aim: 2.05 },
  { row: 'check', figure: 'ratio', sense: 'at most', bound: 2, aim: 1.2 },
  { row: 'diff', figure: 'time', sense: 'at most', bound: 400, aim: 100 },
  { row: 'restore', figure: 'time', sense: 'at most', bound: 950, aim: 200 },
  { row: 'clear', figure: 'ratio', sense: 'at most', bound: 0.2, aim: 0.001 },
  { row: 'growth', figure: 'ratio', sense: 'at most', bound: 3, aim: 2 },
  { row: 'box-100', peer: 'rbush', sense: 'at least', bound: 1.2, aim: 2 },
  {
    ...{ row: 'box-100', peer: 'flatbush', sense: 'at least', aim: 0.8 },
    remark: 'flatbush hands out indexes only',
  },
  {
    ...{ row: 'nearest', peer: 'flatbush', sense: 'at least', bound: 0.4, aim: 0.8 },
    remark: 'flatbush hands out indexes only',
  },
  { row: 'points-insert', peer: 'rbush', sense: 'at least', bound: 3.7, aim: 8 },
]

/**
 * @typedef {object} Verdict
 * @property {string} row
 * @property {string} title
 * @property {string} what the meaning of the measured figure
 * @property {import('./bench.js').Unit} unit
 * @property {'at least' | 'at most'} sense
 * @property {number | undefined} bound
 * @property {number} aim
 * @property {import('./measure.js').Summary} measured
 * @property {'falls short' | 'misses the aim' | 'holds' | 'reaches the aim'} verdict
 * @property {number | undefined} lmdbGets an absolute time as a multiple of the run's lmdb get
 * @property {string | undefined} remark
 */

/**
 * @param {Row} row
 * @param {Target} target
 * @returns {{ measured: import('./measure.js').Summary, unit: import('./bench.js').Unit, what: string } | undefined}
 */
function figureOf(row, target) {
  const own = row.systems.zverse
  if (own === undefined) return undefined
  if (target.peer === undefined) {
    const name = /** @type {string} */ (target.figure)
    if (own[name] === undefined) return undefined
    return { measured: own[name], unit: row.units[name], what: name }
  }
  const peer = row.systems[target.peer]
  if (own.time === undefined || peer?.time === undefined) return undefined
  const ratios = own.time.samples.map((mine, round) => {
    const theirs = peer.time.samples[round]
    return target.slower ? mine / theirs : theirs / mine
  })
  const what = target.slower ? `time ÷ ${target.peer}’s` : `speed ÷ ${target.peer}’s`
  return { measured: summarize(ratios), unit: '×', what }
}

/**
 * @param {Target} target
 * @param {number} median
 * @returns {Verdict['verdict']}
 */
function judge({ sense, bound, aim }, median) {
  const within = (/** @type {number} */ limit) =>
    sense === 'at least' ? median >= limit : median <= limit
  if (within(aim)) return 'reaches the aim'
  if (bound === undefined) return 'misses the aim'
  return within(bound) ? 'holds' : 'falls short'
}

/**
 * Every target the run has figures for, those that fall short first.
 * @param {readonly Row[]} rows
 * @returns {Verdict[]}
 */
export function verdicts(rows) {
  const lmdbGet = rows.find(row => row.name === 'get-present')?.systems.lmdb?.time.median
  /** @type {Verdict[]} */
  const all = []
  for (const target of TARGETS) {
    const row = rows.find(candidate => candidate.name === target.row)
    const figure = row && figureOf(row, target)
    if (row === undefined || figure === undefined) continue
    const absolute = figure.unit === 'µs' && lmdbGet !== undefined
    all.push({
      row: row.name,
      title: row.title,
      ...figure,
      sense: target.sense,
      bound: target.bound,
      aim: target.aim,
      verdict: judge(target, figure.measured.median),
      lmdbGets: absolute ? figure.measured.median / lmdbGet : undefined,
      remark: target.remark,
    })
  }
  const rank = { 'falls short': 0, 'misses the aim': 1, holds: 2, 'reaches the aim': 3 }
  return all.sort((a, b) => rank[a.verdict] - rank[b.verdict])
}
