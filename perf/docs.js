// @ts-check
/**
 * Puts the figures of a run into docs/performance.md and draws its charts, so that the two agree: `npm run bench --
 * --docs` measures and does it; this does it with files of runs, of which a later one's rows count.
 *
 *     node perf/docs.js run.json …
 *
 * The text between `<!-- NAME:start -->` and `<!-- NAME:end -->` is replaced, for each group of rows that the run
 * has and for the targets, of which those that the run has nothing of stay as they are; the rest stays unchanged.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CHARTS, draw, writeCharts } from './charts/draw.js'
import { groupsOf, remember, section, targetsTable } from './report.js'
import { scenarios } from './suites.js'
import { verdicts } from './targets.js'

/** @typedef {import('./report.js').Run} Run */

const PAGE = new URL('../docs/performance.md', import.meta.url)
const PICTURES = fileURLToPath(new URL('../docs/pictures', import.meta.url))

/**
 * The text of each section that a run has something for.
 * @param {Run} run
 * @param {string} [page] as it is
 * @returns {Map<string, string>}
 */
export function sections(run, page = '') {
  const charts = draw(run)
  const [, shown = ''] = page.split(/<!-- targets:(?:start|end) -->/)
  const judged = remember(verdicts(run.rows), shown)
  const found = new Map([['targets', `${targetsTable(judged)}\n`]])
  for (const group of groupsOf(run)) {
    const file = CHARTS[group]?.file
    const title = file && charts.get(file)?.match(/<title>(.*)<\/title>/)?.[1]
    const picture = title ? `![${title}](pictures/${file})\n\n` : ''
    found.set(group, `${picture}${section(run, group)}\n`)
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

/** Fills the page, draws its charts. @param {Run} run */
export function fillPage(run) {
  const page = readFileSync(PAGE, 'utf8')
  writeFileSync(PAGE, fill(page, sections(run, page)))
  writeCharts(draw(run), PICTURES)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2)
  if (files.length === 0) throw new Error('say which JSON files to fill in')
  /** @type {Run[]} */
  const runs = files.map(file => JSON.parse(readFileSync(file, 'utf8')))
  const rows = new Map(runs.flatMap(run => run.rows.map(row => [row.name, row])))
  const inOrder = scenarios.flatMap(({ name }) => rows.get(name) ?? [])
  const versions = Object.assign({}, ...runs.map(run => run.versions))
  fillPage({ ...runs[runs.length - 1], versions, rows: inOrder })
}
