// @ts-check
/**
 * An ingest through the write queue: some threads submit what sensors observe, the main thread asks meanwhile what is and
 * what was. In the end a transaction is in the way until the queue is full. `--help` lists the options.
 *
 *     node examples/ingest/main.js     (after `npm run build`)
 *
 * Checks all results; the exit code is 0 if all was well, 1 if not, 2 for an invalid command line.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { ZVerse } from 'zverse'
import { main } from '../command-line.js'
import { Asker } from './asker.js'
import { Crew } from './crew.js'
import { HELP, readOptions } from './options.js'
import { quantile, Report } from './report.js'
import { overtaken, verify } from './verify.js'

/** @typedef {import('./sensors.js').Database} Database */
/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('./producer.js').Known} Known */

/** How far back it asks, ms, and how much longer that is kept: a thread may be slow to ask. */
const AGO = 200
const SPARE = 300
/** ms between two questions. */
const EVERY = 5

/**
 * Asks for `seconds`, or until something is wrong.
 * @param {Crew} crew @param {Asker} asker @param {number} seconds @param {(seconds: number) => void} tell each second
 */
async function askFor(crew, asker, seconds, tell) {
  const begun = performance.now()
  const passed = () => (performance.now() - begun) / 1000
  for (let next = Math.min(1, seconds); crew.problems.size === 0; ) {
    asker.ask()
    if (passed() >= next) {
      tell(passed())
      if (next === seconds) return
      next = Math.min(next + 1, seconds)
    }
    await delay(EVERY)
  }
}

/**
 * A transaction is open until the queue is full: no thread is blocked by it. An alarm of each producer that comes last then
 * has to be committed first.
 * @param {Database} db @param {Crew} crew
 */
async function standInTheWay(db, crew) {
  const until = async (/** @type {() => boolean} */ isSo) => {
    while (crew.problems.size === 0 && !isSo()) await delay(1)
  }
  const tx = await db.beginWriteAsync()
  const [begun, since, before] = [performance.now(), db.version, crew.rejected]
  await until(() => db.pressure().level === 'overloaded' && crew.rejected > before)
  const waited = db.pressure().depths.normal
  const rejected = crew.rejected - before
  crew.tell('drill')
  await until(() => crew.haveAllDrilled)
  tx.abort()
  return { since, stall: { ms: performance.now() - begun, waited, rejected } }
}

/** @param {Known[]} known @param {'high' | 'normal' | 'low'} lane @param {number} promoted */
function rowOf(known, lane, promoted) {
  const all = known.map(({ lanes }) => lanes[lane])
  const times = Float64Array.from(all.flatMap(({ times }) => times)).sort()
  return {
    acknowledged: all.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    rejected: all.reduce((sum, { rejected }) => sum + rejected, 0),
    ...{ promoted, p50: quantile(times, 0.5), p99: quantile(times, 0.99) },
  }
}

/** @param {Options} options @returns {Promise<number>} the exit code */
async function run(options) {
  const { seconds, sensors, capacity } = options
  const db = /** @type {Database} */ (
    ZVerse.open({
      maxBytes: 2 ** 30,
      // What is asked for is kept, and no more than there is room for.
      history: { ms: AGO + SPARE, bytes: 2 ** 28 },
      queue: { capacity: { normal: capacity } },
    })
  )
  const report = new Report(options)
  const levels = { normal: 0, warning: 0, critical: 0, overloaded: 0 }
  const endPressure = db.onPressure(({ level }) => levels[level]++)
  const crew = new Crew(db, options)
  const asker = new Asker(db, sensors, AGO)
  while (crew.problems.size === 0 && !crew.haveAllBegun) await delay(1)
  const [first, begun] = [crew.observed, performance.now()]
  await askFor(crew, asker, seconds, now => {
    report.tell(now, crew.observed - first, db.pressure(), asker.warmest)
  })
  const observationsPerSecond = ((crew.observed - first) * 1000) / (performance.now() - begun)
  crew.tell('measured')
  const { groups, groupSizes, settled } = db.stats().queue
  const perGroup = (settled.high + settled.normal + settled.low) / groups
  const { since, stall } = await standInTheWay(db, crew)
  await crew.stop()
  while (asker.asked.past === 0) asker.ask()
  endPressure()

  const { known } = crew
  const { problems: wrong, ...verified } = verify(db, known)
  const { count, problems: early } = overtaken(known, since)
  const problems = [...crew.problems, ...asker.problems, ...wrong, ...early]
  const { memory, versions, readers, queue } = db.stats()
  const lanes = {
    high: rowOf(known, 'high', queue.promoted.high),
    normal: rowOf(known, 'normal', queue.promoted.normal),
    low: rowOf(known, 'low', queue.promoted.low),
  }
  for (const lane of /** @type {const} */ (['high', 'normal', 'low'])) {
    const { acknowledged, rejected } = lanes[lane]
    const counts = [
      queue.enqueued[lane],
      queue.settled[lane],
      queue.rejected[lane],
      queue.depth[lane],
    ]
    const isSame = counts.join() === [acknowledged, acknowledged, rejected, 0].join()
    if (!isSame)
      problems.push(
        `the ${lane} lane counts ${counts}, its threads ${acknowledged} and ${rejected}`,
      )
  }
  // Without its past, for to check each node of each version takes a while.
  db.prune({ before: db.version })
  problems.push(...db.check().problems)
  if (readers.pins !== 0) problems.push(`${readers.pins} snapshots are still pinned`)
  db.close()

  const { asked, late } = asker
  report.end({
    ...{
      lanes,
      observationsPerSecond,
      groups,
      groupSizes,
      perGroup,
      levels,
      asked,
      late,
      verified,
      problems,
    },
    stall: { ...stall, overtaken: count },
    memory: { usedBytes: memory.usedBytes, versions: versions.retained },
  })
  return problems.length === 0 ? 0 : 1
}

await main(HELP, readOptions, run)
