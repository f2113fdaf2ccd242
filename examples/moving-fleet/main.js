// @ts-check
/**
 * A fleet of vehicles in one database in shared memory. One thread moves them, thousands of times a
 * second; others ask which are in a district, which were a while ago, which came and went, and
 * which are nearest. `--help` lists the options.
 *
 *     node examples/moving-fleet/main.js     (after `npm run build`)
 *
 * Checks all results; the exit code is 0 if all was well, 1 if not, 2 for an invalid command line.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { ZVerse } from 'zverse'
import { main } from '../command-line.js'
import { Crew } from './crew.js'
import { AREA, between, idOf, storesOf } from './fleet.js'
import { HELP, readOptions } from './options.js'
import { Report } from './report.js'
import { hasEnough, Proof } from './verify.js'

/** @typedef {import('./fleet.js').Database} Database */
/** @typedef {import('./fleet.js').Vehicle} Vehicle */
/** @typedef {import('./options.js').Options} Options */

/** Seconds of history beyond those that are asked for: a thread may be slow to ask. */
const SPARE = 5

/** @param {number} number @returns {Vehicle} */
function newVehicle(number) {
  const [west, south, east, north] = AREA
  return {
    plate: `ZH ${100_000 + number}`,
    speed: between(5, 20),
    heading: between(0, 360),
    longitude: between(west, east),
    latitude: between(south, north),
    moved: Date.now(),
  }
}

/**
 * The fleet as it sets out, in one commit.
 * @param {Database} db @param {number} count @returns {number} the version
 */
function setOut(db, count) {
  const { vehicles } = storesOf(db)
  db.transact(tx => {
    const fleet = tx.store(vehicles)
    for (let number = 0; number < count; number++) fleet.put(idOf(number), newVehicle(number))
  })
  return db.version
}

/**
 * Waits for `seconds`, or until something is wrong.
 * @param {Crew} crew @param {number} seconds @param {(seconds: number) => void} tell each second
 */
async function watch(crew, seconds, tell) {
  const begun = performance.now()
  for (let next = 1; next < seconds + 1 && crew.problems.length === 0; next++) {
    await delay(Math.max(0, begun + 1000 * Math.min(next, seconds) - performance.now()))
    tell((performance.now() - begun) / 1000)
  }
}

/**
 * Waits until there are results of each kind, or something is wrong: threads may be slow to start, and
 * to go on.
 * @param {Crew} crew @param {() => boolean} isEnough
 */
async function wait(crew, isEnough) {
  const isAsked = () => Object.values(crew.asked).every(count => count > 0)
  while (crew.problems.length === 0 && !(isAsked() && isEnough())) await delay(10)
}

/** @param {Options} options @returns {Promise<number>} the exit code */
async function run(options) {
  const { vehicles: count, seconds, askers, ago, moves: rate, together } = options
  // Address space, of which the system commits only touched pages.
  const db = ZVerse.open({ maxBytes: 4 * 2 ** 30, history: { ms: 1000 * (ago + SPARE) } })
  const report = new Report(options)
  const start = setOut(db, count)
  const crew = new Crew(db, { count, rate, together, ago: 1000 * ago })
  crew.startMover()
  // There has to be a past to ask about.
  await watch(crew, ago + 0.1, () => {})
  report.tell(crew, 0)
  for (let i = 0; i < askers; i++) crew.startAsker()
  const [first, moved, begun] = [db.version, crew.moves, performance.now()]
  await watch(crew, seconds, now => report.tell(crew, now))
  await wait(crew, () => crew.moves > moved && db.version > first && hasEnough(db, start))
  const elapsed = (performance.now() - begun) / 1000
  const [commits, moves] = [db.version - first, crew.moves - moved]
  await crew.stop()

  const proof = new Proof(db, count, start)
  proof.run()
  const problems = [...crew.problems, ...proof.problems]
  const { memory, versions, readers } = db.stats()
  // Without its past, for to check each node of each version takes a while.
  db.prune({ before: db.version })
  problems.push(...db.check().problems)
  if (readers.pins !== 0) problems.push(`${readers.pins} snapshots are still pinned`)
  db.close()

  const kept = { versions: versions.retained, usedBytes: memory.usedBytes }
  report.end({ crew, proof, elapsed, commits, moves, kept, problems })
  return problems.length === 0 ? 0 : 1
}

await main(HELP, readOptions, run)
