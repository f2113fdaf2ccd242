// @ts-check
/**
 * Memory over time: the used and touched bytes of the arena, and the resident ones of the process,
 * while a set of entries is churned and snapshots are pinned and released.
 *
 *     node perf/churn.js [--minutes 60] [--keys 200000] [--seed 20]
 *                        [--json FILE] [--markdown FILE] [--engine FILE]
 *
 * A sample is taken every second (more often if there would be fewer than 150), after a collection.
 * The exit code is 1 if the last third is above the first one, or if `check()` finds anything at the end.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Churn } from './churn/churn.js'
import { growthOf, markdown } from './churn/verdict.js'
import { settle } from './measure.js'
import { machine, today } from './report.js'
import { positive } from './settings.js'
import { loadEngine } from './systems/zverse.js'

/** @typedef {import('./churn/verdict.js').Sample} Sample */
/** @typedef {import('./churn/verdict.js').ChurnRun} ChurnRun */

/** Periods of the snapshots in a run, of which three thirds can be made, and one more before. */
const PERIODS = 15
const LONGEST_PERIOD_MS = 60_000
/** Commits that fill the history before anything is sampled. */
const SETTLING = 3000
const FEWEST_SAMPLES = 150
/** Commits between two looks at the event loop: finalizers want their turn. */
const AT_ONCE = 200

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    keys: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '20' },
    json: { type: 'string' },
    markdown: { type: 'string' },
    engine: { type: 'string' },
  },
})

const minutes = positive('minutes', values.minutes, false)
const keys = positive('keys', values.keys, true)
const seed = positive('seed', values.seed, true)
const duration = minutes * 60_000
const period = Math.min(LONGEST_PERIOD_MS, duration / PERIODS)
const interval = Math.min(1000, duration / FEWEST_SAMPLES)
const engine = values.engine && new URL(values.engine, `file://${process.cwd()}/`).href

const { ZVerse } = await loadEngine(engine)
settle()
const before = process.memoryUsage.rss()
// An entry takes some 220 bytes; each holder may keep a set of its own, and more is no harm.
const db = ZVerse.open({
  values: 'string',
  maxBytes: Math.min(2 ** 34, Math.max(2 ** 30, keys * 6000)),
})
const churn = new Churn(db, keys, seed, period)

/**
 * Churns from `begun` on until `until`, both in ms.
 * @param {number} begun
 * @param {number} until
 */
async function work(begun, until) {
  for (let now = performance.now(); now < until; now = performance.now()) {
    for (let i = 0; i < AT_ONCE && now < until; i++) churn.step((now = performance.now()) - begun)
    await nextTurn()
  }
}

/** @param {number} begun @param {number} commits @returns {Sample} */
function sample(begun, commits) {
  settle()
  const { memory, versions } = db.stats()
  return {
    second: (performance.now() - begun) / 1000,
    used: memory.usedBytes,
    touched: memory.touchedBytes,
    resident: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
    held: churn.held,
    retained: versions.retained,
    entries: churn.count,
    commits: churn.commits - commits,
  }
}

process.stderr.write(`filling, and one period of ${(period / 1000).toFixed(1)} s before\n`)
for (let i = 0; i < SETTLING; i++) churn.step(0)
const start = performance.now()
await work(start, start + period)
const begun = start + period
/** @type {Sample[]} */
const samples = []
let commits = churn.commits
for (let next = 1; next * interval <= duration; next++) {
  await work(begun, begun + next * interval)
  const taken = sample(begun, commits)
  commits = churn.commits
  samples.push(taken)
  if (Math.floor(taken.second / 10) === Math.floor((taken.second - interval / 1000) / 10)) continue
  const [used, touched, resident] = [taken.used, taken.touched, taken.resident].map(bytes =>
    (bytes / 2 ** 20).toFixed(0),
  )
  process.stderr.write(
    `${taken.second.toFixed(0)} s: used ${used}, touched ${touched}, resident ${resident} MiB, ` +
      `${taken.held} held\n`,
  )
}

const problems = churn.end()
/** @type {ChurnRun} */
const run = {
  ...{ kind: 'churn', machine: machine(), date: today() },
  settings: { minutes, keys, seed, period: period / 1000 },
  ...{ before, samples, growth: growthOf(samples), problems },
}
/** @type {[string | undefined, string][]} */
const files = [
  [values.json, `${JSON.stringify(run)}\n`],
  [values.markdown, markdown(run)],
]
for (const [file, text] of files) {
  if (file === undefined) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
process.stdout.write(`\n${markdown(run)}`)
if (problems.length > 0 || run.growth.some(({ holds }) => !holds)) process.exitCode = 1
db.close()
