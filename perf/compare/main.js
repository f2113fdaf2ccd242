// @ts-check
/**
 * The rows of PERFORMANCE.md for zverse and its peers in one run, interleaved.
 *
 *     node perf/compare/main.js [rows…] [--rounds 5] [--keys 1000000] [--seed 20]
 *         [--systems zverse,lmdb,…] [--json FILE] [--markdown FILE] [--engine FILE]
 *
 * Each system has a child process of its own: its heap is not swept, nor its call sites made
 * megamorphic, for another's sake. The parent lets one child work at a time.
 */
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { measureRow } from '../bench.js'
import { makeRun, markdown, withSpread } from '../report.js'
import { choose } from '../scenarios/index.js'
import { readSettings, writeFiles } from '../settings.js'
import { makeDirectory } from '../tmpfs.js'
import { systems } from './systems/index.js'

/** @typedef {import('./child.js').Assignment} Assignment */
/** @typedef {import('./child.js').Request} Request */
/** @typedef {import('./child.js').Answer} Answer */
/** @typedef {import('../bench.js').Driver & { close(): Promise<void> }} RemoteDriver */

/**
 * Starts a system's child and waits until it has made its data.
 * @param {Assignment} assignment
 * @returns {Promise<RemoteDriver>}
 */
async function startChild(assignment) {
  const child = fork(new URL('./child.js', import.meta.url), [JSON.stringify(assignment)])
  process.on('exit', () => child.kill())
  /** @type {(send: () => void) => Promise<Answer>} */
  const next = send =>
    new Promise((resolve, reject) => {
      /** @param {number | null} code */
      const onExit = code => reject(new Error(`${assignment.system}: its process ended (${code})`))
      child.once('exit', onExit)
      child.once('message', message => {
        child.off('exit', onExit)
        const answer = /** @type {Answer} */ (message)
        if (answer.error === undefined) resolve(answer)
        else reject(new Error(`${assignment.system}: ${answer.error}`))
      })
      send()
    })
  /** @param {Request} request */
  const ask = request => next(() => void child.send(request))
  await next(() => {})
  return {
    name: assignment.system,
    // A child that died in one row has no later ones.
    start: async ({ name }) => child.connected && (await ask({ start: name })).taken === true,
    round: async () => (await ask({ round: true })).figures ?? {},
    stop: async () => void (child.connected && (await ask({ stop: true }))),
    close: async () => void (child.connected && (await ask({ close: true }))),
  }
}

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
writeFiles(settings, run)
process.stdout.write(`\n${markdown(run)}`)
if (rows.some(row => Object.keys(row.failures).length > 0)) process.exitCode = 1
