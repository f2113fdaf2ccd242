// @ts-check
/** A thread that asks while another edits, about now and about any version before, and posts the answers. */
import { setImmediate as breathe } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ask, RandomQuestions, randomNumbers } from './questions.js'
import { attach, BEFORE } from './store.js'

/** @typedef {import('./questions.js').Question} Question */
/** @typedef {import('./questions.js').Answer} Answer */
/** @typedef {{ version: number, question: Question, exact: boolean, answer: Answer }} Asked */

/** Answers of a thread: main compares all of them. */
const MOST = 150
const LEAST = 20

const { handle, seed, first } = workerData
const { db, words, index } = attach(handle)
const questions = new RandomQuestions([...words.keys({ at: BEFORE })], seed)
const random = randomNumbers(seed)
let running = true
parentPort?.once('message', () => {
  running = false
})

for (let count = 0; count < LEAST || (running && count < MOST); count++) {
  const now = db.version
  const version = random(2) === 0 ? now : first + random(now - first + 1)
  const question = questions.next()
  const exact = random(2) === 0
  const answer = ask(words, index, question, { exact, at: version })
  parentPort?.postMessage(/** @type {Asked} */ ({ version, question, exact, answer }))
  await breathe()
}
db.close()
