// @ts-check
/**
 * The rows of docs/performance.md that need threads, on real worker threads.
 *
 *     node perf/threads/main.js [rows…] [--rounds 5] [--seconds 2] [--keys 1000000] [--seed 20]
 *                               [--tries 3] [--json FILE] [--markdown FILE] [--engine FILE]
 *
 * All rows take their turn in each round. The exit code is 0 for any result: verdicts are in the table.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { consumed } from '../measure.js'
import { positive } from '../settings.js'
import { Bench } from './bench.js'
import { makeRun, markdown, rowsOf } from './report.js'
import { choose } from './scenarios/index.js'

/** @typedef {import('./bench.js').Figures} Figures */
/** @typedef {import('./bench.js').Scenario} Scenario */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    tries: { type: 'string', default: '3' },
    keys: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '20' },
    json: { type: 'string' },
    markdown: { type: 'string' },
    engine: { type: 'string' },
  },
})

/** @param {'rounds' | 'tries' | 'keys' | 'seed'} name */
const whole = name => positive(name, values[name], true)

/** @param {string} line */
const say = line => void process.stderr.write(`${line}\n`)

/** A scenario with the figures of its rounds. */
class Series {
  /** @type {Figures[]} */
  rounds = []
  /** @type {(() => Promise<Figures>) | undefined} */
  #round

  /** @param {Scenario} scenario */
  constructor(scenario) {
    this.scenario = scenario
  }

  /** @param {number} round 0 warms up @returns {boolean} */
  wants(round) {
    const { once, cold } = this.scenario
    return round === 0 ? !cold : round === 1 || !once
  }

  /** @param {Bench} bench @param {number} round */
  async measure(bench, round) {
    this.#round ??= await this.scenario.start(bench)
    const figures = await this.#round()
    if (round > 0) this.rounds.push(figures)
  }
}

const settings = {
  ...{ rounds: whole('rounds'), seconds: positive('seconds', values.seconds, false) },
  ...{ tries: whole('tries'), keys: whole('keys'), seed: whole('seed') },
  engine: values.engine && new URL(values.engine, `file://${process.cwd()}/`).href,
}
const bench = new Bench(settings)
if (bench.systems.length === 1) say('lmdb is not there: run `npm ci` in perf/compare to have it')
const all = choose(positionals).map(scenario => new Series(scenario))
/** @type {Set<Series>} */
const broken = new Set()
/** @type {string[]} */
const failures = []

for (let round = 0; round <= settings.rounds; round++) {
  for (const series of all) {
    if (broken.has(series) || !series.wants(round)) continue
    const begun = performance.now()
    try {
      await series.measure(bench, round)
    } catch (error) {
      // The remains of a failed round would spoil the next one: this row is over.
      broken.add(series)
      failures.push(`${series.scenario.title}: ${/** @type {Error} */ (error).message}`)
      say(`${series.scenario.name}: ${/** @type {Error} */ (error).stack}`)
    }
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    say(`round ${round}, ${series.scenario.name}: ${seconds} s`)
  }
}

const rows = all.flatMap(({ scenario, rounds }) => rowsOf(scenario, rounds))
const run = makeRun(settings, bench.others, failures, rows)
/** @type {[string | undefined, string][]} */
const files = [
  [values.json, `${JSON.stringify(run, null, 2)}\n`],
  [values.markdown, markdown(run)],
]
for (const [file, text] of files) {
  if (file === undefined) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
process.stdout.write(`\n${markdown(run)}`)
say(`(consumed ${consumed()})`)
process.exit(0)
