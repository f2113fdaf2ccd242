// @ts-check
/** A thread that asks without pause, about now and about any moment before, and posts the answers. */
import { setImmediate as breathe } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { graphAt, openLevel } from './graph.js'
import { KINDS, QUESTIONS } from './questions.js'
import { paper, person, randomNumbers } from './world.js'

/** @typedef {import('./graph.js').Database} Database */
/** @typedef {import('./questions.js').Kind} Kind */

/** @typedef {{ version: number, kind: Kind, about: string, answer: string[] }} Answer */

/** Answers between two of the whole graph, which take long. */
const RARE = 25

const { handle, seed, people, papers } = workerData
const db = /** @type {Database} */ (ZVerse.attach(handle))
const level = await openLevel(db)
const random = randomNumbers(seed)
let running = true
parentPort?.once('message', () => {
  running = false
})

/** @param {number} count @returns {Promise<Answer>} */
async function ask(count) {
  const now = level.version()
  const version = random(2) === 0 ? now : 1 + random(now)
  const kind = count % RARE === 0 ? 'everything' : KINDS[random(3)]
  const about = kind === 'foundations' ? paper(random(papers)) : person(random(people))
  const answer = await graphAt(level, version, graph => QUESTIONS[kind](graph, about))
  return { version, kind, about, answer }
}

for (let count = 1; running || count <= RARE; count++) {
  parentPort?.postMessage(await ask(count))
  await breathe()
}
await level.close()
db.close()
