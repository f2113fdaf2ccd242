// @ts-check
/**
 * `npm run bench`: measures rows, and groups of rows, on zverse and, with `--compare`, on its peers; `--help` lists
 * the options, README.md what is measured and how.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import yargs from 'yargs'
import { draw, writeCharts } from './charts/draw.js'
import { fileSystemOf, makeDiskDirectory } from './disk.js'
import { fillPage } from './docs.js'
import { drive } from './drive.js'
import { machine, markdown, today, withSpread, write } from './report.js'
import { mainOf } from './rows.js'
import { bySuite, choose, groups, suites, USUAL } from './suites.js'
import { verdicts } from './targets.js'
import { makeDirectory } from './tmpfs.js'

/** The rows on one thread and no disk: what is measured if nothing is named. */
const DEFAULT = ['entries', 'past', 'ycsb', 'size', 'value-size', 'points', 'indexes', 'graphs']
const FULL = { keys: Number.POSITIVE_INFINITY, rounds: 5, seconds: 2, minutes: 15, sampleMs: 200 }
const QUICK = { keys: 100_000, rounds: 3, seconds: 0.3, minutes: 0.1, sampleMs: 100 }
const defaults = process.argv.includes('--quick') ? QUICK : FULL
const all = groups.map(({ name }) => name)

/** @param {string} describe */
const flag = describe => ({ type: /** @type {const} */ ('boolean'), describe })
/** @param {string} describe */
const text = describe => ({ type: /** @type {const} */ ('string'), describe })
/** @param {string} describe */
const number = describe => ({ type: /** @type {const} */ ('number'), describe })

const options = await yargs(process.argv.slice(2))
  .usage(`$0 [rows or groups…] [options]\n\nGroups: ${all.join(', ')}`)
  .options({
    compare: flag('beside the peers, which `npm ci` in perf/compare installs'),
    systems: text('only these, separated by commas'),
    quick: flag('small and short: an answer in a minute'),
    rounds: { ...number('how many count; one before them warms up'), default: defaults.rounds },
    keys: number('in the set, instead of what the group takes'),
    seed: { ...number('of all that is drawn'), default: 20 },
    seconds: { ...number('a window of threads'), default: defaults.seconds },
    minutes: { ...number('of churn'), default: defaults.minutes },
    engine: text("another build's dist/index.js"),
    json: text('file to write the run to, after each row'),
    markdown: text('file to write the tables to'),
    charts: text('folder to draw charts into'),
    docs: flag('measure everything, fill docs/performance.md and its charts'),
    fail: flag('exit with 1 if a row falls short of its floor'),
  })
  .check(({ rounds, keys = 1, seed, seconds, minutes, docs, quick, systems, _: names }) => {
    for (const [name, value] of Object.entries({ rounds, keys, seed })) {
      const isRight = Number.isSafeInteger(value) && value > 0
      if (!isRight) throw new Error(`--${name} takes a whole number above 0`)
    }
    if (!(seconds > 0 && minutes > 0)) throw new Error('--seconds and --minutes are above 0')
    choose(names.map(String))
    const known = Object.values(suites).flatMap(suite => Object.keys(suite.systems))
    const unknown = systems?.split(',').find(name => !known.includes(name))
    if (unknown !== undefined) {
      throw new Error(`no such system: ${unknown}; there are ${[...new Set(known)].join(', ')}`)
    }
    if (docs && (names.length > 0 || quick || systems !== undefined)) {
      throw new Error('--docs measures everything: it takes no rows, --quick or --systems')
    }
    return true
  })
  .strictOptions()
  .showHelpOnFail(false)
  .version(false)
  .parse()

const { docs, compare = docs, engine, rounds, seed, seconds, minutes } = options
const { sampleMs } = defaults
const names = options._.map(String)
const usual = docs ? all : options.quick ? USUAL : DEFAULT
const scenarios = choose(names.length > 0 ? names : usual)
const directory = makeDirectory('zverse-bench-')
/** @type {string | undefined} */
let disk
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

/** The versions of the peers' packages; none if they are not installed. @returns {Record<string, string>} */
function peers() {
  const read = (/** @type {string} */ file) =>
    JSON.parse(readFileSync(new URL(`compare/${file}`, import.meta.url), 'utf8'))
  try {
    const names = Object.keys(read('package.json').dependencies)
    return Object.fromEntries(
      names.map(name => [name, read(`node_modules/${name}/package.json`).version]),
    )
  } catch {
    process.stderr.write('the peers are not installed and left out: run `npm ci` in perf/compare\n')
    return {}
  }
}

const asked = options.systems?.split(',')
const versions = compare || asked ? peers() : {}

/** The systems of a suite that this run measures. @param {string} suite */
function systemsOf(suite) {
  const { systems, own } = suites[suite]
  const all = Object.keys(systems).filter(name => own.includes(name) || 'lmdb' in versions)
  return all.filter(name => asked?.includes(name) ?? (compare || own.includes(name)))
}

/** @type {import('./report.js').Run} */
const run = {
  ...{ machine: machine(), date: today() },
  settings: { rounds, seed, seconds, minutes, sampleMs },
  ...{ versions, rows: [] },
}

const results = fileURLToPath(new URL('results/run.json', import.meta.url))

/** @param {import('./rows.js').Row} row */
function onRow(row) {
  const { name, title, systems, failures, figures } = row
  if (Object.keys({ ...systems, ...failures }).length === 0) return
  run.rows.push(row)
  write(options.json ?? (compare ? results : undefined), `${JSON.stringify(run, null, 2)}\n`)
  const main = mainOf(row)
  const lines = Object.entries(systems)
    .filter(([, measured]) => measured[main] !== undefined)
    .map(([system, measured]) => [system, withSpread(measured[main], figures[main].unit)])
    .map(([system, text]) => `  ${system.padEnd(18)} ${text}\n`)
  process.stderr.write(`${name}: ${title}\n${lines.join('')}`)
}

/** The directory around the systems of a suite. @param {string} suite */
function directoryFor(suite) {
  if (!suites[suite].onDisk) return directory
  disk ??= makeDiskDirectory('zverse-bench-')
  run.disk = fileSystemOf(disk)
  return disk
}

for (const [suite, some] of bySuite(scenarios)) {
  const settings = {
    ...{ seed, seconds, minutes, sampleMs, engine: engine && pathToFileURL(engine).href },
    keys: options.keys ?? Math.min(defaults.keys, suites[suite].keys),
  }
  const systems = systemsOf(suite).map(system => {
    const assignment = { suite, system, directory: directoryFor(suite), settings }
    return { name: system, assignment }
  })
  if (systems.length > 0) await drive(some, systems, rounds, onRow)
}

write(options.markdown, markdown(run))
if (options.charts !== undefined) writeCharts(draw(run), options.charts)
if (docs) fillPage(run)
process.stdout.write(`\n${markdown(run)}`)
const failed = run.rows.some(({ failures }) => Object.keys(failures).length > 0)
const short = options.fail && verdicts(run.rows).some(({ verdict }) => verdict === 'falls short')
process.exitCode = failed || short ? 1 : 0
