/**
 * Workers killed at random, thousands of times: `node spec/stress/kills.js [KILLS] [SEED]`.
 *
 * Some write and some wait for the lock; one after the other is terminated at a random moment and
 * replaced. After each death the main thread writes and finds the sum at zero, in the present and in
 * a snapshot it has pinned; every 20 deaths all bytes are accounted for. Freed memory is poisoned.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import * as zverse from '../../dist/zverse.js'

const kills = Number(process.argv[2] ?? 1000)
const seed = Number(process.argv[3] ?? process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)
const THREADS = 4

let state = seed
/** @param {number} below */
const random = below => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const options = {
  ...{ maxBytes: 2 ** 25, history: { versions: 30 }, maxThreads: 16 },
  cache: { bytes: 2 ** 16 },
}
// Not among the types: a door for tests.
const { openWith } = /** @type {any} */ (zverse)
const db = openWith(options, { now: Date.now, poison: true, indexFrom: 1 })

/** @returns {Promise<Worker>} */
function start() {
  const workerData = { handle: db.share(), seed: random(2 ** 30) }
  const worker = new Worker(new URL('./victim.js', import.meta.url), { workerData })
  // Every other one is not tracked: its death has to be found out.
  if (random(2) === 0) db.track(worker)
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker))
    worker.once('error', reject)
  })
}

/** @param {import('../../dist/index.js').SnapshotSource} [snapshot] */
function sum(snapshot) {
  let total = 0
  for (const value of db.values(snapshot && { snapshot })) total += Number(value)
  return total
}

/** @param {string} what */
function fail(what) {
  console.error(`kills: ${what} (seed ${seed})`)
  process.exit(1)
}

console.log(`kills: ${kills} of ${THREADS} workers, seed ${seed}`)
const workers = await Promise.all(Array.from({ length: THREADS }, start))
for (const worker of workers) worker.on('error', error => fail(String(error?.stack ?? error)))
let longest = 0
let recoveries = 0
for (let i = 1; i <= kills; i++) {
  await delay(random(4))
  const at = random(THREADS)
  const [worker] = workers.splice(at, 1)
  const next = start()
  const dying = worker?.terminate()
  // Sometimes this thread blocks in the lock at once, sometimes it hears of the death first.
  if (random(2) === 0) await dying
  const snapshot = db.beginRead()
  const since = performance.now()
  if (db._test.engine.W[64] !== 0) recoveries++
  db.put('count', 0)
  longest = Math.max(longest, performance.now() - since)
  if (sum() !== 0) fail(`after ${i} deaths the sum is ${sum()}`)
  if (sum(snapshot) !== 0) fail(`after ${i} deaths the sum of a snapshot is not 0`)
  snapshot.close()
  await dying
  const started = await next
  started.on('error', error => fail(String(error?.stack ?? error)))
  workers.push(started)
  if (i % 20 === 0 || i === kills) {
    const { ok, problems, leakedBytes } = db.check()
    if (!ok) fail(`after ${i} deaths: leaked ${leakedBytes}, ${problems.slice(0, 3).join('; ')}`)
  }
  if (i % 500 === 0) console.log(`kills: ${i}, version ${db.version}`)
}
await Promise.all(workers.map(worker => worker.terminate()))
db.put('count', 0)
db.prune({ before: db.version })
const { ok, leakedBytes } = db.check()
if (!ok) fail(`in the end: leaked ${leakedBytes}`)
console.log(
  `kills: ${kills} deaths, ${db.version} versions, lock seen dirty ${recoveries} times, longest wait of the main thread ${longest.toFixed(1)} ms`,
)
process.exit()
