// @ts-check
/**
 * `npm run bench`: measures rows, and groups of rows, on zverse and, with `--compare`, on its peers; `--help` lists
 * the options, README.md what is measured and how.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import yargs from 'yargs'
import { draw, writeCharts } from './charts/draw.js'
import { fillPage } from './docs.js'
import { drive } from './drive.js'
import { machine, markdown, today, withSpread } from './report.js'
import { mainOf } from './rows.js'
import { choose, groups, suiteOf, suites, USUAL } from './suites.js'
import { verdicts } from './targets.js'
import { makeDirectory } from './tmpfs.js'

/** The rows on one thread and no disk: what is measured if nothing is named. */
const DEFAULT = ['entries', 'past', 'ycsb', 'size', 'value-size', 'points']
const SAMPLE_MS = 200
/** Of a quick run. */
const QUICK = { keys: 100_000, rounds: 3, sampleMs: 100, seconds: 0.3, minutes: 0.1 }

const options = await yargs(process.argv.slice(2))
  .usage(`$0 [rows or groups…] [options]\n\nGroups: ${groups.map(({ name }) => name).join(', ')}`)
  .options({
    compare: {
      type: 'boolean',
      describe: 'beside the peers: `npm ci` in perf/compare installs them',
    },
    systems: { type: 'string', describe: 'only these, separated by commas' },
    quick: { type: 'boolean', describe: 'small and short: an answer in a minute' },
    rounds: { type: 'number', describe: 'how many count; one before them warms up', default: 5 },
    keys: { type: 'number', describe: 'in the set; by default what the group takes' },
    seed: { type: 'number', describe: 'of all that is drawn', default: 20 },
    seconds: { type: 'number', describe: 'a window of threads', default: 2 },
    minutes: { type: 'number', describe: 'of churn', default: 15 },
    engine: { type: 'string', describe: "another build's dist/index.js" },
    json: { type: 'string', describe: 'file to write the run to' },
    markdown: { type: 'string', describe: 'file to write the tables to' },
    charts: { type: 'string', describe: 'folder to draw charts into' },
    docs: {
      type: 'boolean',
      describe: 'measure everything, fill docs/performance.md and its charts',
    },
    fail: { type: 'boolean', describe: 'exit with 1 if a row falls short of its floor' },
  })
  .check(({ rounds, keys = 1, seed, seconds, minutes }) => {
    for (const [name, value] of Object.entries({ rounds, keys, seed })) {
      if (!Number.isSafeInteger(value) || value < 1)
        throw new Error(`--${name} takes a whole number from 1 on`)
    }
    if (!(seconds > 0 && minutes > 0)) throw new Error('--seconds and --minutes are above 0')
    return true
  })
  .strictOptions()
  .version(false)
  .parse()

const {
  quick,
  compare = options.docs,
  engine,
  rounds,
  seed,
  seconds,
  minutes,
} = {
  ...options,
  ...(options.quick && QUICK),
}
const names = options._.map(String)
const usual = options.docs ? groups.map(({ name }) => name) : quick ? USUAL : DEFAULT
const scenarios = choose(names.length > 0 ? names : usual)
const directory = makeDirectory('zverse-bench-')
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
const known = Object.values(suites).flatMap(({ systems }) => Object.keys(systems))
const unknown = asked?.filter(name => !known.includes(name)) ?? []
if (unknown.length > 0) {
  const there = [...new Set(known)].join(', ')
  throw new Error(`no such system: ${unknown.join(', ')}; there are ${there}`)
}
const versions = compare || asked ? peers() : {}

/** The systems of a suite that this run measures. @param {string} suite */
function systemsOf(suite) {
  const { systems, own } = suites[suite]
  const all = Object.keys(systems).filter(name => own.includes(name) || 'lmdb' in versions)
  return all.filter(name => asked?.includes(name) ?? (compare || own.includes(name)))
}

/** @type {import('./rows.js').Row[]} */
const rows = []
for (const suite of new Set(scenarios.map(suiteOf))) {
  const keys =
    options.keys ?? (quick ? Math.min(QUICK.keys, suites[suite].keys) : suites[suite].keys)
  const settings = {
    ...{ keys, seed, seconds, minutes, sampleMs: quick ? QUICK.sampleMs : SAMPLE_MS },
    engine: engine && pathToFileURL(engine).href,
  }
  const systems = systemsOf(suite).map(system => {
    return { name: system, assignment: { suite, system, directory, settings } }
  })
  if (systems.length === 0) continue
  const some = scenarios.filter(scenario => suiteOf(scenario) === suite)
  await drive(some, systems, rounds, row => {
    if (Object.keys({ ...row.systems, ...row.failures }).length === 0) return
    rows.push(row)
    process.stderr.write(`${row.name}: ${row.title}\n`)
    for (const [system, figures] of Object.entries(row.systems)) {
      const main = figures[mainOf(row)]
      if (main === undefined) continue
      process.stderr.write(
        `  ${system.padEnd(18)} ${withSpread(main, row.figures[mainOf(row)].unit)}\n`,
      )
    }
  })
}

/** @type {import('./report.js').Run} */
const run = {
  ...{ machine: machine(), date: today() },
  settings: { rounds, seed, seconds, minutes, sampleMs: quick ? QUICK.sampleMs : SAMPLE_MS },
  ...{ versions, rows },
}
const results = fileURLToPath(new URL('results/run.json', import.meta.url))
/** @type {[string | undefined, string][]} */
const files = [
  [options.json ?? (compare ? results : undefined), `${JSON.stringify(run, null, 2)}\n`],
  [options.markdown, markdown(run)],
]
for (const [file, text] of files) {
  if (file === undefined) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
if (options.charts !== undefined) writeCharts(draw(run), options.charts)
if (options.docs) fillPage(run)
process.stdout.write(`\n${markdown(run)}`)
const failed = rows.some(row => Object.keys(row.failures).length > 0)
const short = options.fail && verdicts(rows).some(({ verdict }) => verdict === 'falls short')
process.exitCode = failed || short ? 1 : 0
