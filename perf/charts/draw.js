// @ts-check
/**
 * Draws the charts for which the JSON of runs has figures:
 *
 *     node perf/charts/draw.js results.json … [--out docs/pictures]
 *
 * Files may come from perf/compare/main.js (or perf/main.js), perf/threads/main.js and perf/churn.js, in
 * any order. If two have the same chart, the later one counts.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machineLine } from '../report.js'
import { drawChurn } from './churn.js'
import { drawHistory, drawSize, drawValueSize } from './families.js'
import { drawSpeed } from './speed.js'
import { drawThreads } from './threads.js'
import { drawYcsb } from './ycsb.js'

/** @typedef {import('../report.js').Run} CompareRun */
/** @typedef {import('../threads/report.js').Run} ThreadsRun */
/** @typedef {import('../churn/verdict.js').ChurnRun} ChurnRun */
/** @typedef {CompareRun | ThreadsRun | ChurnRun} AnyRun */

/**
 * Which bench a run is of.
 * @param {AnyRun} run
 * @returns {{ compare?: CompareRun, threads?: ThreadsRun, churn?: ChurnRun }}
 */
export function kindOf(run) {
  if ('samples' in run) return { churn: run }
  return 'verdicts' in run ? { compare: run } : { threads: run }
}

/**
 * The charts of a run by the names of their files, which begin with `perf-`.
 * @param {AnyRun} run
 * @returns {Map<string, string>}
 */
export function draw(run) {
  const { compare, threads, churn } = kindOf(run)
  const foot = `${machineLine(run.machine)}; ${run.date}`
  /** @type {[string, string | undefined][]} */
  const charts = []
  if (compare !== undefined) {
    const { keys, rounds } = compare.settings
    const how = `${foot}; ${keys} keys, ${rounds} rounds`
    charts.push(
      ['perf-speed.svg', drawSpeed(compare, how)],
      ['perf-size.svg', drawSize(compare, how)],
      ['perf-value-size.svg', drawValueSize(compare, how)],
      ['perf-history.svg', drawHistory(compare, how)],
      ['perf-ycsb.svg', drawYcsb(compare, how)],
    )
  }
  if (threads !== undefined) {
    const { keys, rounds, seconds } = threads.settings
    const how = `${foot}; ${keys} keys, ${rounds} rounds, windows of ${seconds} s`
    charts.push(['perf-threads.svg', drawThreads(threads, how)])
  }
  if (churn !== undefined) charts.push(['perf-churn.svg', drawChurn(churn, foot)])
  /** @type {Map<string, string>} */
  const drawn = new Map()
  for (const [name, svg] of charts) if (svg !== undefined) drawn.set(name, svg)
  return drawn
}

/**
 * Writes charts into a folder and returns their paths.
 * @param {Map<string, string>} charts
 * @param {string} folder
 */
export function writeCharts(charts, folder) {
  mkdirSync(folder, { recursive: true })
  return [...charts].map(([name, svg]) => {
    const file = join(folder, name)
    writeFileSync(file, svg)
    return file
  })
}

/** @param {string} file @returns {AnyRun} */
export const readRun = file => JSON.parse(readFileSync(file, 'utf8'))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const pictures = fileURLToPath(new URL('../../docs/pictures', import.meta.url))
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: pictures } },
  })
  if (positionals.length === 0) throw new Error('say which JSON files to draw')
  for (const file of positionals) {
    for (const written of writeCharts(draw(readRun(file)), values.out)) {
      process.stdout.write(`${written}\n`)
    }
  }
}
