// @ts-check
/**
 * A graph of people and papers in quadstore, an RDF store that others wrote for Level, over one zverse
 * database in shared memory. One thread changes the graph; others ask, about now and about any version
 * before; main hears of each patch as it is made. `--help` lists the options.
 *
 *     node examples/knowledge-graph/main.js     (after `npm run build`)
 *
 * Compares all answers with plain Sets; the exit code is 0 if all was well, 1 if not, 2 for an invalid
 * command line.
 */
import { once } from 'node:events'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { main } from '../command-line.js'
import { graphAt, openLevel } from './graph.js'
import { HELP, readOptions } from './options.js'
import { follow, ground, lookInto } from './travel.js'
import { isSamePatch, verifyAnswers } from './verify.js'
import { Walks } from './walks.js'

/** @typedef {import('./asker.js').Answer} Answer */
/** @typedef {import('./graph.js').Database} Database */
/** @typedef {import('./graph.js').Patch} Patch */
/** @typedef {import('./options.js').Options} Options */

/** Problems that are printed. */
const FEW = 10

/** @param {string} [line] */
const say = (line = '') => void process.stdout.write(`${line}\n`)
/** @param {number} count */
const grouped = count => Math.round(count).toLocaleString('en-US').replaceAll(',', ' ')

/** @param {Database} db @param {string} file @param {object} data */
function start(db, file, data) {
  const workerData = { ...data, handle: db.share() }
  const worker = new Worker(new URL(file, import.meta.url), { workerData })
  db.track(worker)
  return { worker, exited: once(worker, 'exit') }
}

/**
 * Lets one thread write and the others ask, until all patches are made.
 * @param {Database} db @param {Options} options @param {string[]} problems
 */
async function work(db, options, problems) {
  /** The patch of each version, from the thread that made it. @type {Patch[]} */
  const made = []
  /** @type {Answer[]} */
  const answers = []
  const begun = performance.now()
  const editor = start(db, './editor.js', options)
  editor.worker.on('message', ({ version, patch }) => {
    made.push(patch)
    if (version !== made.length) problems.push(`patch ${made.length} made version ${version}`)
  })
  await db.waitFor(1)
  const askers = Array.from({ length: options.askers }, (_, i) => {
    return start(db, './asker.js', { ...options, seed: options.seed + 1 + i })
  })
  for (const { worker } of askers) worker.on('message', answer => answers.push(answer))
  await editor.exited
  const elapsed = (performance.now() - begun) / 1000
  for (const { worker } of askers) worker.postMessage('stop')
  await Promise.all(askers.map(({ exited }) => exited))
  return { made, answers, elapsed }
}

/** @param {Options} options @returns {Promise<number>} the exit code */
async function run(options) {
  // All versions are kept.
  const db = ZVerse.open({ keys: 'binary', values: 'binary', history: {} })
  const last = options.patches + 1
  const level = await openLevel(db)
  const following = follow(level, last)
  /** @type {string[]} */
  const problems = []
  const { made, answers, elapsed } = await work(db, options, problems)

  const heard = await following
  for (const [index, patch] of made.entries()) {
    if (!isSamePatch(patch, heard[index])) problems.push(`version ${index + 1}: heard wrong of it`)
  }
  problems.push(...(await verifyAnswers(made, answers)))
  if (answers.length === 0) problems.push('nothing was asked')
  const walks = new Walks(made)
  const walked = walks.compare(answers)
  problems.push(...walked.problems, ...walks.close())

  const facts = await graphAt(level, last, graph => graph.facts())
  const whole = answers.filter(({ kind }) => kind === 'everything').length
  const versions = new Set(answers.map(({ version }) => version)).size
  say(
    `${grouped(options.people)} people and their papers: ${grouped(facts.length)} facts in the end`,
  )
  say(`  patches   ${grouped(last)}, each one version, ${grouped(made.length / elapsed)}/s`)
  say(`  heard     ${grouped(heard.length)} patches, as they were made`)
  say(
    `  answers   ${grouped(answers.length)}, by ${options.askers} threads, at ${grouped(versions)} versions`,
  )
  say(`            ${grouped(whole)} of them the whole graph; all as a plain Set has it`)
  say(`  walks     ${grouped(walked.count)} of the answers once more, in a graph of zverse’s own`)

  const index = made.map(({ added }) => added[0]?.[2]).lastIndexOf('retracted')
  if (index !== -1) {
    const [version, name] = [index + 1, made[index].added[0][0]]
    const { patch, lines } = lookInto(level, version)
    if (!isSamePatch(patch, made[index])) problems.push(`version ${version}: the diff is another`)
    say(`\nVersion ${version}: ${name} is retracted, with each citation from and to it`)
    for (const line of lines) say(`  ${line}`)
    for (const at of [version - 1, version]) say(`  ${await ground(level, at, name)}`)
  }

  await level.close()
  const { memory, readers } = db.stats()
  if (readers.pins !== 0) problems.push(`${readers.pins} versions are still held`)
  // Without its past: to check each node of each version takes a while.
  db.prune({ before: db.version })
  problems.push(...db.check().problems)
  db.close()
  say(`\n  memory    ${(memory.usedBytes / 2 ** 20).toFixed(1)} MiB, ${grouped(last + 1)} versions`)
  for (const problem of problems.slice(0, FEW)) say(`  PROBLEM   ${problem}`)
  say(problems.length === 0 ? '  all is well' : '  NOT ALL IS WELL')
  return problems.length === 0 ? 0 : 1
}

await main(HELP, readOptions, run)
