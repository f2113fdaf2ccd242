// @ts-check
/**
 * Measures one commit against another, in turns, to find rows that became slower:
 *
 *     node perf/commits.js <base> [<head>] [rows…] [--pairs 3] [--rounds 4] [--keys 200000] [--seed 20]
 *                          [--fail] [--json FILE]
 *
 * `head` is the working tree unless said; `.` and `worktree` mean it too. Both are built in a temporary
 * folder and measured by the rows of this checkout. Exit code 1 with `--fail` if a row is slower outside
 * of noise or fails with `head`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { measureRow } from './bench.js'
import { Builds } from './commits/build.js'
import { compare } from './commits/verdict.js'
import { startChild } from './compare/remote.js'
import { digits, machine, machineLine, table, today } from './report.js'
import { choose, scenarios } from './scenarios/index.js'

/** @typedef {import('./bench.js').Row} Row */
/** @typedef {import('./bench.js').Scenario} Scenario */

/** The rows measured by default: each path of the engine once, a few seconds each. */
const USUAL = [
  ...['get-present', 'get-absent', 'range', 'scan', 'pin', 'get-old', 'put-transaction'],
  ...['bulk-load', 'put-commit', 'diff', 'restore', 'clear', 'overhead', 'ycsb-a', 'ycsb-e'],
  ...['box-100', 'nearest', 'points-insert'],
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '4' },
    keys: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '20' },
    fail: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})

/** @param {'pairs' | 'rounds' | 'keys' | 'seed'} name */
function whole(name) {
  const number = Number(values[name].replaceAll('_', ''))
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`--${name} takes a positive whole number, not ${values[name]}`)
}

/** @param {string} line */
const say = line => void process.stderr.write(`${line}\n`)

const settings = {
  ...{ pairs: whole('pairs'), rounds: whole('rounds') },
  ...{ keys: whole('keys'), seed: whole('seed') },
}
const [base, ...rest] = positionals
if (base === undefined) throw new Error('say which commit to compare with')
const isRow = (/** @type {string} */ name) => scenarios.some(scenario => scenario.name === name)
const head =
  rest[0] === undefined || isRow(rest[0]) ? 'worktree' : /** @type {string} */ (rest.shift())
const chosen = choose(rest.length > 0 ? rest : USUAL)

const folder = new Builds()
say(`building ${base} and ${head}`)
const built = { base: folder.make('base', base), head: folder.make('head', head) }

/**
 * All rows, by a new pair of processes. Every other pair begins with the other one.
 * @param {number} pair
 */
async function measurePair(pair) {
  const { keys, seed } = settings
  const drivers = []
  const turn = Object.entries(built)
  for (const [role, { engine }] of pair % 2 === 0 ? turn : turn.reverse()) {
    drivers.push(await startChild({ system: 'zverse', directory: '', engine, keys, seed }, role))
  }
  /** @type {Row[]} */
  const rows = []
  for (const scenario of chosen) {
    rows.push(await measureRow(scenario, drivers, settings.rounds))
    say(`pair ${pair + 1} of ${settings.pairs}, ${scenario.name}`)
  }
  for (const driver of drivers) await driver.close()
  return rows
}

/**
 * The result of all pairs for a row's own figure.
 * @param {readonly Row[]} measured
 */
function resultOf(measured) {
  const [{ name, title, units }] = measured
  const [main] = Object.keys(units)
  const ratios = measured.map(({ systems }) => {
    const before = systems.base?.[main]?.samples ?? []
    const after = systems.head?.[main]?.samples ?? []
    return after.slice(0, before.length).map((figure, round) => figure / before[round])
  })
  const failures = Object.assign({}, ...measured.map(row => row.failures))
  return { name, title, comparison: compare(ratios), failures }
}

/** @param {ReturnType<typeof resultOf>} result */
function lineOf({ name, title, comparison, failures }) {
  const broken = Object.entries(failures).map(([role, message]) => `${role} failed: ${message}`)
  if (comparison === undefined) return [name, title, '–', broken.join('; ')]
  const { median, low, high, outside } = comparison
  const text = `${median.toFixed(3)} (${digits(low)}–${digits(high)})`
  return [name, title, text, [outside, ...broken].filter(part => part !== '').join('; ')]
}

/** @type {Row[][]} */
const pairs = []
for (let pair = 0; pair < settings.pairs; pair++) pairs.push(await measurePair(pair))
const results = chosen.map((_, i) => resultOf(pairs.map(rows => rows[i])))
const names = { base: built.base.name, head: built.head.name }
if (values.json !== undefined) {
  const run = { kind: 'commits', machine: machine(), date: today(), settings, ...names, results }
  mkdirSync(dirname(values.json), { recursive: true })
  writeFileSync(values.json, `${JSON.stringify(run, null, 2)}\n`)
}
process.stdout.write(
  `${machineLine(machine())}; ${today()}; ${settings.keys} keys, ` +
    `${settings.pairs} pairs of ${settings.rounds} rounds, seed ${settings.seed}.\n\n` +
    `${names.head} ÷ ${names.base}: the median of ratios and its 99 % interval; above 1 is worse.\n\n` +
    `${table(['row', 'work', 'ratio', 'outside of noise'], results.map(lineOf))}\n`,
)
const worse = results.some(
  ({ comparison, failures }) => comparison?.outside === 'slower' || failures.head !== undefined,
)
if (values.fail && worse) process.exitCode = 1
