// @ts-check
/**
 * The floors and aims of all rows, once, and the verdict on a run. docs/performance.md shows them as its table of
 * targets.
 *
 * A ratio against a peer is taken within each round, from two samples that lie next to each other
 * in time; its median is what counts.
 */
import { ratioOf } from './rows.js'
import { unitOf } from './stage.js'
import { scenarioOf, suiteOf, suites } from './suites.js'

/** @typedef {import('./rows.js').Row} Row */
/** @typedef {import('./rows.js').Summary} Summary */

/**
 * @typedef {object} Target
 * @property {string} row
 * @property {string} [figure] which figure; the row's own unless said
 * @property {string} [peer] the target is then for the peer's time ÷ ours, or for ours ÷ the peer's if `slower`
 * @property {boolean} [slower]
 * @property {'at least' | 'at most'} sense
 * @property {number} [floor] not to be fallen below, if there is one
 * @property {number} aim where zverse is to be
 * @property {string} [remark]
 */

/** @type {Target[]} */
const TARGETS = [
  { row: 'get-present', peer: 'lmdb', sense: 'at least', floor: 1.7, aim: 2.5 },
  { row: 'get-present', peer: 'Map', slower: true, sense: 'at most', floor: 1.35, aim: 1 },
  {
    ...{ row: 'get-old', figure: 'ratio', sense: 'at least', floor: 0.9, aim: 1.3 },
    remark: 'to our own get without the point index',
  },
  { row: 'get-absent', peer: 'lmdb', sense: 'at least', floor: 3, aim: 6 },
  { row: 'range', peer: 'lmdb', sense: 'at least', floor: 1.4, aim: 2.5 },
  { row: 'range', peer: 'sorted-btree', slower: true, sense: 'at most', floor: 1.4, aim: 0.8 },
  { row: 'scan', peer: 'lmdb', sense: 'at least', floor: 1.5, aim: 2.5 },
  { row: 'scan', peer: 'sorted-btree', slower: true, sense: 'at most', floor: 1.4, aim: 0.9 },
  { row: 'put-transaction', peer: 'lmdb', sense: 'at least', floor: 1.6, aim: 2.5 },
  { row: 'bulk-load', peer: 'lmdb', sense: 'at least', floor: 1.3, aim: 2.5 },
  { row: 'put-commit', peer: 'lmdb', sense: 'at least', floor: 2, aim: 4 },
  { row: 'put-commit', peer: 'lmdb+writemap', sense: 'at least', floor: 1, aim: 2 },
  { row: 'put-commit', peer: 'SQLite', sense: 'at least', floor: 0.8, aim: 1.5 },
  { row: 'pin', figure: 'time', sense: 'at most', floor: 0.3, aim: 0.1 },
  { row: 'overhead', figure: 'bytes', sense: 'at most', floor: 38, aim: 30 },
  { row: 'version-bytes', figure: 'put', sense: 'at most', floor: 400, aim: 240 },
  { row: 'version-bytes', figure: 'ten', sense: 'at most', floor: 2800, aim: 1800 },
  { row: 'version-bytes', figure: 'insert', sense: 'at most', floor: 500, aim: 290 },
  { row: 'overwrite', figure: 'ratio', sense: 'at most', floor: 2.3, aim: 2.05 },
  { row: 'check', figure: 'ratio', sense: 'at most', floor: 2, aim: 1.2 },
  { row: 'diff', figure: 'time', sense: 'at most', floor: 400, aim: 100 },
  { row: 'restore', figure: 'time', sense: 'at most', floor: 950, aim: 200 },
  { row: 'changes', figure: 'time', sense: 'at most', floor: 60, aim: 25 },
  { row: 'clear', figure: 'ratio', sense: 'at most', floor: 0.2, aim: 0.001 },
  {
    ...{ row: 'size-0.01', figure: 'get', peer: 'Map', slower: true, sense: 'at most' },
    ...{ floor: 6, aim: 3 },
  },
  { row: 'growth', figure: 'ratio', sense: 'at most', floor: 3, aim: 2 },
  { row: 'box-100', peer: 'rbush', sense: 'at least', floor: 1.2, aim: 2 },
  {
    ...{ row: 'box-100', peer: 'flatbush', sense: 'at least', aim: 0.8 },
    remark: 'flatbush hands out indexes only',
  },
  {
    ...{ row: 'nearest', peer: 'flatbush', sense: 'at least', floor: 0.4, aim: 0.8 },
    remark: 'flatbush hands out indexes only',
  },
  { row: 'points-insert', peer: 'rbush', sense: 'at least', floor: 3.7, aim: 8 },
  { row: 'threads-readers', figure: '2÷1', sense: 'at least', floor: 1.85, aim: 1.97 },
  { row: 'threads-readers', figure: '8÷2', sense: 'at least', floor: 0.94, aim: 1 },
  { row: 'threads-beside-writer', figure: 'ratio', sense: 'at least', floor: 0.85, aim: 0.95 },
  { row: 'threads-blocked-writer', figure: 'open', sense: 'at least', floor: 0.95, aim: 1 },
  { row: 'threads-blocked-writer', figure: 'killed', sense: 'at least', floor: 0.95, aim: 1 },
  { row: 'threads-writers', figure: '4÷1', sense: 'at least', floor: 0.5, aim: 0.9 },
  { row: 'threads-writers', figure: '8÷1', sense: 'at least', floor: 0.5, aim: 0.9 },
  { row: 'threads-pin', figure: 'alone', sense: 'at most', floor: 300, aim: 100 },
  { row: 'threads-pin', figure: 'beside', sense: 'at most', floor: 300, aim: 100 },
  { row: 'threads-reclaim', figure: 'growth', sense: 'at most', floor: 1.1, aim: 1 },
  { row: 'threads-overwrite', figure: 'ratio', sense: 'at most', floor: 2.3, aim: 2.05 },
  { row: 'churn', figure: 'used ratio', sense: 'at most', floor: 1.05, aim: 1 },
  { row: 'churn', figure: 'touched ratio', sense: 'at most', floor: 1.05, aim: 1 },
  { row: 'churn', figure: 'resident ratio', sense: 'at most', floor: 1.1, aim: 1 },
]

/**
 * @typedef {object} Verdict
 * @property {string} row
 * @property {string} title
 * @property {string} what the meaning of the measured figure
 * @property {import('./stage.js').Unit} unit
 * @property {Target['sense']} sense
 * @property {number | undefined} floor
 * @property {number} aim
 * @property {Summary | undefined} measured
 * @property {'falls short' | 'misses the aim' | 'holds' | 'reaches the aim' | ''} verdict
 * @property {string} remark
 */

const RANK = ['falls short', 'misses the aim', 'holds', 'reaches the aim', '']

/**
 * @param {Target} target
 * @param {number} median
 * @returns {Verdict['verdict']}
 */
function judge({ sense, floor, aim }, median) {
  const within = (/** @type {number} */ limit) =>
    sense === 'at least' ? median >= limit : median <= limit
  if (within(aim)) return 'reaches the aim'
  if (floor === undefined) return 'misses the aim'
  return within(floor) ? 'holds' : 'falls short'
}

/**
 * Every target, those that fall short first, those without a figure last.
 * @param {readonly Row[]} rows
 * @returns {Verdict[]}
 */
export function verdicts(rows) {
  const lmdbGet = rows.find(({ name }) => name === 'get-present')?.systems.lmdb?.time.median
  const all = TARGETS.map(target => {
    const { peer, slower, sense, floor, aim, remark } = target
    const scenario = scenarioOf(target.row)
    const figure = target.figure ?? Object.keys(scenario.figures)[0]
    const declared = scenario.figures[figure]
    // A target is for the set that the group usually takes.
    const { keys: count } = suites[suiteOf(scenario)]
    const row = rows.find(({ name, keys }) => name === target.row && keys === count)
    const whose = [peer ?? '', 'zverse']
    if (slower) whose.reverse()
    const measured =
      row && (peer ? ratioOf(row, whose[0], whose[1], figure) : row.systems.zverse?.[figure])
    const unit = peer ? '×' : unitOf(declared)
    const own = typeof declared === 'string' ? figure : declared.what
    const speed = `${slower ? 'time' : 'speed'} ÷ ${peer}’s`
    const compared = target.figure ? `${own}, ${speed}` : speed
    // An absolute time is to be read against that of lmdb's get in the same run.
    const gets =
      unit === 'µs' && measured && lmdbGet ? (measured.median / lmdbGet).toPrecision(3) : ''
    return {
      ...{ row: target.row, title: scenario.title, what: peer ? compared : own, unit },
      ...{ sense, floor, aim, measured },
      verdict: /** @type {Verdict['verdict']} */ (measured ? judge(target, measured.median) : ''),
      remark: [remark ?? '', gets && `${gets} lmdb gets of this run`]
        .filter(text => text)
        .join('; '),
    }
  })
  return all.sort((a, b) => RANK.indexOf(a.verdict) - RANK.indexOf(b.verdict))
}
