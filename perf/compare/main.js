// @ts-check
/**
 * The rows of docs/performance.md for zverse and its peers in one run, interleaved.
 *
 *     node perf/compare/main.js [rows…] [--rounds 5] [--keys 1000000] [--seed 20]
 *         [--systems zverse,lmdb,…] [--json FILE] [--markdown FILE] [--charts FOLDER]
 *         [--engine FILE]
 *
 * Prints the tables; writes the run as JSON and Markdown and draws its charts, by default into
 * perf/results/. Only one system works at a time.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { measureRow } from '../bench.js'
import { draw, writeCharts } from '../charts/draw.js'
import { makeRun, markdown, withSpread } from '../report.js'
import { choose } from '../scenarios/index.js'
import { readSettings, writeFiles } from '../settings.js'
import { makeDirectory } from '../tmpfs.js'
import { startChild } from './remote.js'
import { systems } from './systems/index.js'

/** @typedef {import('./remote.js').RemoteDriver} RemoteDriver */

/** @param {string[]} names */
function versionsOf(names) {
  /** @type {Record<string, string[]>} */
  const packages = {
    lmdb: ['lmdb'],
    SQLite: ['better-sqlite3'],
    'sorted-btree': ['sorted-btree'],
    rbush: ['rbush', 'rbush-knn'],
    flatbush: ['flatbush'],
    kdbush: ['kdbush', 'geokdbush'],
  }
  /** @type {Record<string, string>} */
  const versions = {}
  for (const name of new Set(names.flatMap(system => packages[system] ?? []))) {
    const file = new URL(`./node_modules/${name}/package.json`, import.meta.url)
    versions[name] = JSON.parse(readFileSync(file, 'utf8')).version
  }
  return versions
}

const settings = readSettings()
const chosen = choose(settings.names)
const names = settings.systems?.split(',') ?? Object.keys(systems)
for (const name of names) {
  if (!Object.hasOwn(systems, name)) {
    throw new Error(`no such system: ${name}; there are ${Object.keys(systems).join(', ')}`)
  }
}
const directory = makeDirectory('zverse-compare-')
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
const { engine, keys, rounds, seed } = settings
/** @type {RemoteDriver[]} */
const drivers = []
for (const system of names) {
  drivers.push(await startChild({ system, directory, engine, keys, seed }))
}
const rows = []
for (const scenario of chosen) {
  const row = await measureRow(scenario, drivers, rounds)
  rows.push(row)
  const [main, unit] = Object.entries(row.units)[0]
  process.stderr.write(`${row.title}\n`)
  for (const [system, figures] of Object.entries(row.systems)) {
    if (figures[main] === undefined) continue
    process.stderr.write(`  ${system.padEnd(14)} ${withSpread(figures[main], unit)}\n`)
  }
}
for (const driver of drivers) await driver.close()
const measured = rows.filter(
  row => Object.keys(row.systems).length + Object.keys(row.failures).length > 0,
)
const run = makeRun({ keys, rounds, seed }, versionsOf(names), measured)
const results = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../results/${name}`, import.meta.url))
const { json = results('compare.json'), markdown: text = results('compare.md') } = settings
writeFiles({ ...settings, json, markdown: text }, run)
writeCharts(draw(run), settings.charts ?? results(''))
process.stdout.write(`\n${markdown(run)}`)
if (rows.some(row => Object.keys(row.failures).length > 0)) process.exitCode = 1
