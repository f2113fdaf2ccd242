// @ts-check
/**
 * Puts the figures of runs into docs/performance.md and draws its charts, so that the two agree:
 *
 *     node perf/fill.js results.json …
 *
 * Files as for charts/draw.js. The text between `<!-- NAME:start -->` and `<!-- NAME:end -->` is
 * replaced if a run has rows of that section; the rest stays unchanged.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { draw, kindOf, readRun, writeCharts } from './charts/draw.js'
import { markdown as churnMarkdown } from './churn/verdict.js'
import { markdown as levelMarkdown } from './level/report.js'
import { markdown } from './report.js'
import { markdown as threadsMarkdown } from './threads/report.js'

/** @typedef {import('./report.js').Run} Run */
/** @typedef {import('./bench.js').Row} Row */

/** Sections of a comparison: which rows are theirs, and their chart. */
const SECTIONS = [
  {
    name: 'bench',
    chart: 'perf-speed.svg',
    has: (/** @type {Row} */ row) => row.on === 'entries' && row.family === undefined,
  },
  { name: 'points', chart: '', has: (/** @type {Row} */ row) => row.on === 'points' },
  ...[
    { name: 'ycsb', chart: 'perf-ycsb.svg', families: ['ycsb'] },
    { name: 'size', chart: 'perf-size.svg', families: ['size'] },
    { name: 'value-size', chart: 'perf-value-size.svg', families: ['value-size'] },
    { name: 'past', chart: 'perf-history.svg', families: ['history-depth', 'snapshot-age'] },
  ].map(({ name, chart, families }) => ({
    ...{ name, chart },
    has: (/** @type {Row} */ row) => families.includes(row.family?.name ?? ''),
  })),
]

/**
 * A run with some of its rows.
 * @param {Run} run
 * @param {(row: Row) => boolean} has
 * @returns {Run}
 */
function part(run, has) {
  const rows = run.rows.filter(has)
  const verdicts = run.verdicts.filter(({ row }) => rows.some(({ name }) => name === row))
  const used = new Set(rows.flatMap(row => Object.keys(row.systems)))
  // A package goes by its system's name, or begins with it.
  const measured = Object.entries(run.versions).filter(([name]) =>
    [...used].some(system => name.includes(system.toLowerCase().split('+')[0])),
  )
  return { ...run, rows, verdicts, versions: Object.fromEntries(measured) }
}

/**
 * The text of each section that a run has something for.
 * @param {import('./charts/draw.js').AnyRun} run
 * @returns {Map<string, string>}
 */
export function sections(run) {
  const { compare, threads, churn } = kindOf(run)
  const charts = draw(run)
  /** @param {string} name @param {string} text */
  const illustrated = (name, text) => {
    const title = charts.get(name)?.match(/<title>(.*)<\/title>/)?.[1]
    return title === undefined ? text : `![${title}](pictures/${name})\n\n${text}`
  }
  /** @type {Map<string, string>} */
  const found = new Map()
  if (threads) found.set('threads', illustrated('perf-threads.svg', threadsMarkdown(threads)))
  if (churn) found.set('churn', illustrated('perf-churn.svg', churnMarkdown(churn)))
  if (compare === undefined) return found
  const levels = compare.rows.filter(({ on }) => on === 'level')
  if (levels.length > 0) found.set('level', levelMarkdown({ ...compare, rows: levels }))
  for (const { name, chart, has } of SECTIONS) {
    if (!compare.rows.some(has)) continue
    found.set(name, illustrated(chart, markdown(part(compare, has))))
  }
  return found
}

/**
 * The page with sections replaced.
 * @param {string} page
 * @param {Map<string, string>} found
 */
export function fill(page, found) {
  let filled = page
  for (const [name, text] of found) {
    const [start, end] = [`<!-- ${name}:start -->\n`, `<!-- ${name}:end -->`]
    const [from, to] = [filled.indexOf(start), filled.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`the page has no section ${name}`)
    filled = filled.slice(0, from + start.length) + text + filled.slice(to)
  }
  return filled
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2)
  if (files.length === 0) throw new Error('say which JSON files to fill in')
  const page = new URL('../docs/performance.md', import.meta.url)
  for (const file of files) {
    const run = readRun(file)
    const found = sections(run)
    writeFileSync(page, fill(readFileSync(page, 'utf8'), found))
    writeCharts(draw(run), fileURLToPath(new URL('../docs/pictures', import.meta.url)))
    process.stdout.write(`${file}: ${[...found.keys()].join(', ')}\n`)
  }
}
