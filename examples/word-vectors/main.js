// @ts-check
/**
 * Words by what they mean: an index of vectors finds those that are near to another, or to a sum of several,
 * in a store that one thread edits while others ask, about now and about any version before. `--help` lists
 * the options.
 *
 *     node examples/word-vectors/main.js     (after `npm run build`)
 *
 * Compares answers with brute force; the exit code is 0 if all was well, 1 if not, 2 for an invalid command
 * line.
 */
import { once } from 'node:events'
import process from 'node:process'
import { isDeepStrictEqual } from 'node:util'
import { Worker } from 'node:worker_threads'
import { main } from '../command-line.js'
import { PlainWords } from './brute.js'
import { HELP, readOptions } from './options.js'
import { ask, RandomQuestions, TOUR, textOf } from './questions.js'
import { addIndex, BEFORE, store } from './store.js'
import { verify, verifyAsked } from './verify.js'
import { PACKAGE, readWords } from './words.js'

/** @typedef {import('./asker.js').Asked} Asked */
/** @typedef {import('./edits.js').Edit} Edit */
/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('./questions.js').Answer} Answer */
/** @typedef {import('./store.js').Opened} Opened */

/** Problems that are printed. */
const FEW_PROBLEMS = 10
/** Of the true nearest so many must be found. */
const LEAST_RECALL = 0.8

/** @param {string} [line] */
const say = (line = '') => void process.stdout.write(`${line}\n`)
/** @param {number} count */
const grouped = count => Math.round(count).toLocaleString('en-US').replaceAll(',', ' ')
/** @param {number} share */
const percent = share => `${(100 * share).toFixed(1)} %`
/** @param {number} bytes */
const mebibytes = bytes => `${(bytes / 2 ** 20).toFixed(1)} MiB`
/** @param {number} begun */
const since = begun => `${((performance.now() - begun) / 1000).toFixed(2)} s`

/** @param {number | undefined} count @returns {{ opened: Opened, plain: PlainWords, all: string[] }} */
function load(count) {
  const read = readWords(count)
  let begun = performance.now()
  const { db, words } = store(read)
  const source = read.isSmall ? 'the built-in set' : PACKAGE
  say(`${grouped(words.size)} words of ${source}, stored in ${since(begun)}`)
  if (read.isSmall) {
    say('  all 341 479: npm install --prefix examples/word-vectors/data (118 MB, 307 MB on disk)')
  }
  begun = performance.now()
  const index = addIndex(words)
  const { indexes, memory } = db.stats()
  say(`  indexed in ${since(begun)}: ${mebibytes(indexes.bytes)} of ${mebibytes(memory.usedBytes)}`)
  return { opened: { db, words, index }, plain: new PlainWords(read), all: read.words }
}

/** @param {Answer} answer */
const shown = answer => {
  if (answer === null) return 'not there'
  return answer.map(({ word, distance }) => `${word} ${distance.toFixed(2)}`).join('  ')
}

/** @param {Opened} opened */
function tour({ words, index }) {
  const width = Math.max(...TOUR.map(question => textOf(question).length))
  const answers = TOUR.map(question => ask(words, index, question))
  say()
  for (const [i, question] of TOUR.entries()) {
    say(`  ${textOf(question).padEnd(width)}  ${shown(answers[i])}`)
  }
  return answers
}

/** @param {import('zverse').ZVerse} db @param {string} file @param {object} data */
function start(db, file, data) {
  const workerData = { ...data, handle: db.share() }
  const worker = new Worker(new URL(file, import.meta.url), { workerData })
  db.track(worker)
  return { worker, exited: once(worker, 'exit') }
}

/**
 * Lets one thread edit and the others ask.
 * @param {Opened} opened @param {Options} options @param {string[]} problems
 */
async function work({ db }, options, problems) {
  const first = db.version
  /** @type {Edit[]} */
  const edits = []
  /** @type {Asked[]} */
  const asked = []
  const begun = performance.now()
  const askers = Array.from({ length: options.askers }, (_, i) => {
    return start(db, './asker.js', { first, seed: options.seed + 1 + i })
  })
  for (const { worker } of askers) worker.on('message', answer => asked.push(answer))
  const editor = start(db, './editor.js', options)
  editor.worker.on('message', ({ version, edit }) => {
    edits.push(edit)
    const expected = first + edits.length
    if (version !== expected) problems.push(`version ${version} was made, not ${expected}`)
  })
  await editor.exited
  const time = since(begun)
  for (const { worker } of askers) worker.postMessage('stop')
  await Promise.all(askers.map(({ exited }) => exited))
  return { first, edits, asked, time }
}

/** @param {Options} options @returns {Promise<number>} the exit code */
async function run(options) {
  const { opened, plain, all } = load(options.words)
  const { db, words, index } = opened
  db.tag(BEFORE)
  const then = tour(opened)
  const random = new RandomQuestions(all, options.seed)
  const questions = Array.from({ length: options.verify }, () => random.next())
  const answers = questions.map(question => ask(words, index, question))

  say('\nCompared with brute force')
  const compared = verify(opened, plain, [...TOUR, ...questions])
  const problems = compared.problems
  say(`  exact        ${grouped(compared.exact)} answers are right`)
  say(`  by default   ${percent(compared.share)} of the nearest were found`)
  const before = index.recall()

  const { first, edits, asked, time } = await work(opened, options, problems)
  const others = verifyAsked(opened, plain, first, edits, asked)
  problems.push(...others.problems)
  const versions = new Set(asked.map(({ version }) => version)).size
  say(`\n${grouped(edits.length)} edits in ${time}, each of them a version`)
  say(`  asked        ${grouped(asked.length)} times, by ${options.askers} threads`)
  say(`  versions     ${grouped(versions)}; asked again, all is answered alike`)
  say(`  exact        ${grouped(others.exact)} answers are right`)
  say(`  by default   ${percent(others.share)} of the nearest were found`)

  const at = { at: BEFORE }
  const same = [...TOUR, ...questions].filter((question, i) => {
    return isDeepStrictEqual(ask(words, index, question, at), [...then, ...answers][i])
  }).length
  const total = TOUR.length + questions.length
  if (same < total) problems.push(`${total - same} answers about the past are others now`)
  const changed = TOUR.filter((question, i) => {
    return !isDeepStrictEqual(ask(words, index, question), then[i])
  }).length
  say('\nThe questions from before')
  say(`  about then   ${grouped(same)} of ${grouped(total)} have the answers that they had`)
  say(`  about now    ${changed} of the ${TOUR.length} above have others`)
  const recalls = [before, index.recall({}, at), index.recall()]
  const [was, past, is] = recalls
  if (was !== past) problems.push('the recall of the past is another now')
  for (const recall of recalls) {
    if (!(recall >= LEAST_RECALL)) problems.push(`a recall of ${percent(recall)}`)
  }
  say(`  recall       ${percent(was)} before the edits, ${percent(is)} after them`)
  return end(opened, plain, problems)
}

/** @param {Opened} opened @param {PlainWords} plain @param {string[]} problems */
function end({ db, words, index }, plain, problems) {
  if (words.size !== plain.size) problems.push(`${words.size} words are stored, not ${plain.size}`)
  if (index.count() !== words.size) problems.push(`the index has ${index.count()} words`)
  const { memory, readers, versions } = db.stats()
  if (readers.pins !== 0) problems.push(`${readers.pins} versions are still held`)
  problems.push(...db.check().problems)
  db.close()
  say(
    `  memory       ${mebibytes(memory.usedBytes)}, ${mebibytes(versions.pastBytes)} of them the past`,
  )
  for (const problem of problems.slice(0, FEW_PROBLEMS)) say(`  PROBLEM   ${problem}`)
  say(problems.length === 0 ? '  all is well' : '  NOT ALL IS WELL')
  return problems.length === 0 ? 0 : 1
}

await main(HELP, readOptions, run)
