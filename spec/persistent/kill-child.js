/**
 * A process that is going to be killed: it opens a database, has workers that commit, compacts, closes. What it says
 * lies in files, one for each thread, which outlive it: `node kill-child.js PLAN`.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'
import { drawFrom } from './kill-model.js'
import { PHASES } from './kill-plan.js'
import { makeStores, work } from './kill-work.js'

/** @type {import('./kill-plan.js').Plan} */
const plan = JSON.parse(process.argv[2] ?? '')
const draw = drawFrom(plan.seed + 1)
const words = new Int32Array(new SharedArrayBuffer(8))

const killer = new Worker(new URL('./kill-killer.js', import.meta.url), {
  workerData: { words, kill: plan.kill },
})
killer.unref()

/** @param {typeof PHASES[number]} name */
function phase(name) {
  Atomics.store(words, 0, PHASES.indexOf(name))
  Atomics.notify(words, 0)
}

// Until the killer is there, a kill in the first phase would come too late.
while (Atomics.load(words, 1) === 0) await delay(1)
phase('opening')
/** @type {import('./kill-model.js').Db} */
const db = ZVerse.open({ path: plan.path, ...plan.options })
phase('working')
const fileOf = (/** @type {number} */ thread) => join(plan.told, `${thread}`)
const mine = openSync(fileOf(0), 'a')
makeStores(db, 0, mine)
const workers = Array.from({ length: plan.threads - 1 }, (_, i) => {
  const workerData = { handle: db.share(), plan, thread: i + 1, file: fileOf(i + 1), words }
  const worker = new Worker(new URL('./kill-work.js', import.meta.url), { workerData })
  if (plan.isTracked) db.track(worker)
  worker.on('error', fail)
  const attached = new Promise(resolve => worker.once('message', resolve))
  return { attached, ended: new Promise(resolve => worker.once('exit', resolve)) }
})
/** @param {unknown} error */
function fail(error) {
  console.error(error)
  process.exit(1)
}

const until = performance.now() + plan.ms
for (let n = 0; performance.now() < until; n++) {
  work(db, plan, 0, mine, draw, n)
  if (draw(12) === 0) await delay(draw(5))
  const act = draw(100)
  if (act === 0) db.flush()
  if (act === 1) await db.flushed()
  if (act === 2) db.setHistory({ versions: [0, 3, 50, 1000][draw(4)] })
  if (act === 3) db.prune({ before: Math.max(0, db.version - draw(20)) })
  if (act === 4 && draw(3) === 0) {
    phase('compacting')
    await db.compact()
    phase('working')
  }
  if (act === 5 && draw(3) === 0) {
    const { ok, problems } = db.check()
    if (!ok) fail(problems.slice(0, 3))
  }
}
await Promise.all(workers.map(({ attached }) => attached))
if (draw(2) === 0) db.close()
phase('closing')
await Promise.all(workers.map(({ ended }) => ended))
db.close()
phase('closed')
closeSync(mine)
writeSync(1, 'closed')
