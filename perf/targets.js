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
 * @property {string | readonly string[]} [peer] the target is then for our speed ÷ the peer's, or for our time ÷
 *   the peer's if `slower`; of several peers the fastest counts
 * @property {string} [own] our system that is measured; zverse unless said
 * @property {boolean} [slower]
 * @property {'at least' | 'at most'} sense
 * @property {number} [floor] not to be fallen below, if there is one
 * @property {number} aim where zverse is to be
 * @property {string} [remark]
 */

const DURABLE = ['lmdb', 'SQLite', 'classic-level']

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
  { row: 'index-put', figure: 'ratio', sense: 'at most', floor: 1.6, aim: 1.25 },
  { row: 'index-put', peer: 'SQLite', sense: 'at least', floor: 1.2, aim: 2 },
  { row: 'index-put', peer: 'LokiJS', sense: 'at least', floor: 4, aim: 15 },
  { row: 'index-commit', figure: 'ratio', sense: 'at most', floor: 1.15, aim: 1.05 },
  {
    ...{ row: 'index-commit', figure: 'moved', peer: 'SQLite', sense: 'at least' },
    ...{ floor: 0.8, aim: 1.5 },
  },
  { row: 'index-equal', peer: 'SQLite', sense: 'at least', floor: 1.2, aim: 2 },
  { row: 'index-keys', peer: 'SQLite', sense: 'at least', floor: 0.5, aim: 1 },
  { row: 'index-range', peer: 'SQLite', sense: 'at least', floor: 1, aim: 2 },
  { row: 'index-get', peer: 'SQLite', sense: 'at least', floor: 1, aim: 2 },
  { row: 'index-build', peer: 'SQLite', sense: 'at least', floor: 0.25, aim: 0.6 },
  { row: 'index-bytes', figure: 'bytes', sense: 'at most', floor: 40, aim: 30 },
  { row: 'graph-insert', peer: 'graphology', sense: 'at least', floor: 1.5, aim: 4 },
  { row: 'graph-neighbours', peer: 'graphology', sense: 'at least', floor: 0.3, aim: 0.6 },
  {
    ...{ row: 'graph-two-hops', own: 'zverse+cache', peer: 'graphology' },
    ...{ sense: 'at least', floor: 0.9, aim: 2 },
    remark: 'of zverse with `cache: { indexes: true }`',
  },
  { row: 'graph-bytes', figure: 'bytes', sense: 'at most', floor: 140, aim: 110 },
  { row: 'vectors-query', peer: 'hnswlib', sense: 'at least', floor: 0.7, aim: 1.2 },
  { row: 'vectors-query', peer: 'brute force', sense: 'at least', floor: 12, aim: 25 },
  { row: 'vectors-insert', peer: 'hnswlib', sense: 'at least', floor: 4, aim: 8 },
  { row: 'vectors-filter', peer: 'hnswlib', sense: 'at least', floor: 10, aim: 30 },
  { row: 'vectors-replaced', figure: 'lost', sense: 'at most', floor: 0.01, aim: 0 },
  { row: 'vectors-old', figure: 'ratio', sense: 'at most', floor: 1.11, aim: 1 },
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
  { row: 'queue-producers', figure: 'all÷', sense: 'at least', floor: 5, aim: 10 },
  { row: 'queue-producers', peer: 'lmdb', sense: 'at least', floor: 2, aim: 5 },
  { row: 'queue-latency', figure: 'enqueue', sense: 'at most', floor: 1, aim: 0.4 },
  { row: 'queue-latency', figure: 'p99', sense: 'at most', floor: 200, aim: 100 },
  { row: 'durable-commit', peer: DURABLE, sense: 'at least', floor: 1.1, aim: 1.25 },
  { row: 'durable-commit', figure: '÷raw', sense: 'at least', floor: 0.9, aim: 0.97 },
  { row: 'durable-threads', peer: 'SQLite', sense: 'at least', floor: 2.5, aim: 3 },
  { row: 'durable-threads', peer: 'classic-level', sense: 'at least', floor: 1.5, aim: 1.8 },
  { row: 'durable-threads', figure: 'syncs', sense: 'at most', floor: 0.35, aim: 0.26 },
  { row: 'durable-threads', figure: '8÷1', sense: 'at least', floor: 2.2, aim: 2.7 },
  { row: 'durable-transaction', peer: 'lmdb', sense: 'at least', floor: 1.3, aim: 2 },
  { row: 'never-commit', figure: 'more', sense: 'at most', floor: 3, aim: 2 },
  { row: 'persistent-reads', figure: 'get', sense: 'at least', floor: 0.95, aim: 1 },
  { row: 'persistent-reads', figure: 'range', sense: 'at least', floor: 0.95, aim: 1 },
  { row: 'persistent-reads', figure: 'scan', sense: 'at least', floor: 0.95, aim: 1 },
  { row: 'reopen', figure: 'base', sense: 'at most', floor: 0.8, aim: 0.4 },
  { row: 'reopen', figure: 'log', sense: 'at most', floor: 0.8, aim: 0.4 },
  { row: 'reopen', figure: 'base÷log', sense: 'at most', floor: 1, aim: 0.8 },
  { row: 'disk-churn', figure: 'disk÷live', sense: 'at most', floor: 3.5, aim: 3 },
  { row: 'disk-churn', figure: 'stall', sense: 'at most', floor: 20, aim: 5 },
  { row: 'deep-past', figure: 'get', sense: 'at most', floor: 20, aim: 8 },
  { row: 'deep-past', figure: 'any', sense: 'at most', floor: 20, aim: 8 },
  { row: 'deep-past', figure: 'range÷', sense: 'at most', floor: 5, aim: 2 },
  { row: 'deep-past', figure: 'box÷', sense: 'at most', floor: 5, aim: 2 },
  { row: 'past-churn', figure: 'stall', sense: 'at most', floor: 20, aim: 5 },
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
 * @property {string} [shown] what a page has shown of it, where a run has nothing of it
 * @property {'falls short' | 'misses the aim' | 'holds' | 'reaches the aim' | ''} verdict
 * @property {string} remark
 */

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
 * The fastest of some peers, as far as there are any.
 * @param {readonly string[]} peers
 * @param {Row | undefined} row
 * @param {string} figure
 */
function fastest(peers, row, figure) {
  const sign = row?.figures[figure].unit === '/s' ? -1 : 1
  const time = (/** @type {string} */ peer) =>
    sign * (row?.systems[peer]?.[figure]?.median ?? sign * Number.POSITIVE_INFINITY)
  return [...peers].sort((a, b) => time(a) - time(b))[0]
}

/**
 * Every target, those that fall short first, those without a figure last.
 * @param {readonly Row[]} rows
 * @returns {Verdict[]}
 */
export function verdicts(rows) {
  const lmdbGet = rows.find(({ name }) => name === 'get-present')?.systems.lmdb?.time.median
  return TARGETS.map(target => {
    const { slower, sense, floor, aim, remark, own: system = 'zverse' } = target
    const scenario = scenarioOf(target.row)
    const figure = target.figure ?? Object.keys(scenario.figures)[0]
    const declared = scenario.figures[figure]
    // A target is for the set that the group usually takes.
    const { keys: count } = suites[suiteOf(scenario)]
    const row = rows.find(({ name, keys }) => name === target.row && keys === count)
    const isRate = unitOf(declared) === '/s'
    const peer = typeof target.peer === 'object' ? fastest(target.peer, row, figure) : target.peer
    const whose = [peer ?? '', system]
    if (slower || isRate) whose.reverse()
    const measured =
      row && (peer ? ratioOf(row, whose[0], whose[1], figure) : row.systems[system]?.[figure])
    const unit = peer ? '×' : unitOf(declared)
    const own = typeof declared === 'string' ? figure : declared.what
    const peerName = typeof target.peer === 'object' ? 'the best peer' : peer
    const speed = `${slower ? 'time' : 'speed'} ÷ ${peerName}’s`
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
}
