// @ts-check
/**
 * Documents of Yjs that many threads edit at once, stored by y-leveldb, which others wrote for Level, in
 * one zverse database in shared memory. `--help` lists the options.
 *
 *     node examples/shared-documents/main.js     (after `npm run build`)
 *
 * Compares the final documents of each thread, and the stored ones now and before, with documents in memory
 * that got the same updates; the exit code is 0 if all was well, 1 if not, 2 for an invalid command line.
 */
import { once } from 'node:events'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { main } from '../command-line.js'
import { HELP, readOptions } from './options.js'
import { Plain } from './plain.js'
import { openLevel, openPersistence } from './store.js'
import { flushAndClear, showAt } from './travel.js'
import { compareDocuments, compareSamples, findLost } from './verify.js'

/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('./store.js').Database} Database */
/** @typedef {import('./verify.js').Sample} Sample */

/** Problems, and moments of the past, that are printed. */
const FEW = 5

/** @param {string} [line] */
const say = (line = '') => void process.stdout.write(`${line}\n`)
/** A few of many, the last among them. @template T @param {T[]} items */
const some = items =>
  items.filter((_, i) => (items.length - 1 - i) % Math.ceil(items.length / FEW) === 0)
/** @param {number} count */
const grouped = count => Math.round(count).toLocaleString('en-US').replaceAll(',', ' ')

/**
 * Lets the editors edit, until each has heard of all edits.
 * @param {Database} db @param {Options} options @param {string[]} names
 */
async function work(db, options, names) {
  /** The owners' documents at some versions. @type {Sample[]} */
  const samples = []
  /** The final documents of each editor. @type {[string, string][]} */
  const contents = []
  const { editors, edits } = options
  const workers = Array.from({ length: editors }, (_, number) => {
    const workerData = { handle: db.share(), number, editors, edits, names }
    const worker = new Worker(new URL('./editor.js', import.meta.url), { workerData })
    db.track(worker)
    return worker
  })
  // No thread posts anything before all listen.
  await Promise.all(workers.map(worker => once(worker, 'message')))
  const exits = workers.map(worker => once(worker, 'exit'))
  const begun = performance.now()
  for (const worker of workers) {
    worker.on('message', message => {
      if ('sample' in message) samples.push(message.sample)
      else contents.push(...message.contents)
    })
    worker.postMessage('go')
  }
  await Promise.all(exits)
  return { samples, contents, elapsed: (performance.now() - begun) / 1000 }
}

/** @param {Options} options @returns {Promise<number>} the exit code */
async function run(options) {
  const { editors, edits, documents } = options
  const count = editors * edits
  const names = Array.from({ length: documents }, (_, index) => `document ${index + 1}`)
  // All versions are kept.
  const db = ZVerse.open({ keys: 'binary', values: 'binary', history: {} })
  const level = await openLevel(db)
  const plain = new Plain(names)
  const { samples, contents, elapsed } = await work(db, options, names)
  await plain.end(count)

  const problems = [
    ...findLost(level, count),
    ...(await compareDocuments(level, plain, contents)),
    ...(await compareSamples(level, samples)),
  ]
  if (contents.length !== editors * documents) problems.push('an editor has told nothing')
  say(`${editors} threads edit ${documents} documents, ${grouped(edits)} times each`)
  const rate = `${grouped(count / elapsed)}/s`
  say(`  edits     ${grouped(count)}, ${rate}, in ${grouped(level.version())} versions`)
  say(`  threads   all end with the same documents, which are those that are stored`)
  say(`  stored    ${grouped(count)} updates, none written over`)
  say(`  past      ${grouped(samples.length)} documents read back as they were at a version`)

  const [{ name }] = samples
  const versions = samples.filter(sample => sample.name === name).map(({ version }) => version)
  say(`\nHow ${name} grew`)
  for (const version of some(versions)) say(`  ${await showAt(level, name, version)}`)
  say(`\nWhat y-leveldb does to ${name}`)
  const persistence = openPersistence(db)
  const end = await flushAndClear(level, persistence, name)
  for (const line of end.lines) say(`  ${line}`)
  problems.push(...end.problems)

  await persistence.destroy()
  await level.close()
  const { memory, readers } = db.stats()
  if (readers.pins !== 0) problems.push(`${readers.pins} versions are still held`)
  db.prune({ before: db.version })
  problems.push(...db.check().problems)
  db.close()
  say(`\n  memory    ${(memory.usedBytes / 2 ** 20).toFixed(1)} MiB`)
  for (const problem of problems.slice(0, FEW)) say(`  PROBLEM   ${problem}`)
  say(problems.length === 0 ? '  all is well' : '  NOT ALL IS WELL')
  return problems.length === 0 ? 0 : 1
}

await main(HELP, readOptions, run)
