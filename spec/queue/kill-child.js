/**
 * A process that is going to be killed: it opens a database, and its threads submit; it drains now and then, writes by itself,
 * closes: `node kill-child.js PLAN`.
 */
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'
import { drawFrom } from '../persistent/kill-model.js'
import { PHASES } from '../persistent/kill-plan.js'
import { produce } from './kill-producer.js'

/** @type {import('./kill-loop.js').Plan} */
const plan = JSON.parse(process.argv[2] ?? '')
const draw = drawFrom(plan.seed + 1)
const words = new Int32Array(new SharedArrayBuffer(8))
const killer = new Worker(new URL('../persistent/kill-killer.js', import.meta.url), {
  workerData: { words, kill: plan.kill },
})
killer.unref()

/** @param {typeof PHASES[number]} name */
function phase(name) {
  Atomics.store(words, 0, PHASES.indexOf(name))
  Atomics.notify(words, 0)
}

/** @param {unknown} error */
function fail(error) {
  console.error(error)
  process.exit(1)
}

// Until the killer is there, a kill in the first phase would come too late.
while (Atomics.load(words, 1) === 0) await delay(1)
phase('opening')
const db = /** @type {ZVerse} */ (ZVerse.open({ path: plan.path, ...plan.options }))
phase('working')
const workers = plan.from.slice(1).map((_, i) => {
  const thread = i + 1
  const path = join(plan.told, `${thread}`)
  const workerData = { handle: db.share(), plan, thread, path, words }
  const worker = new Worker(new URL('./kill-producer.js', import.meta.url), { workerData })
  if (plan.isTracked) db.track(worker)
  worker.on('error', fail)
  const attached = new Promise(resolve => worker.once('message', resolve))
  return { attached, ended: new Promise(resolve => worker.once('exit', resolve)) }
})
let isOver = false
const file = openSync(join(plan.told, '0'), 'a')
const produced = produce(db, plan, 0, file, () => isOver).catch(fail)
const until = performance.now() + plan.ms
for (let n = 0; performance.now() < until; n++) {
  await delay(draw(8))
  const act = draw(10)
  if (act === 0) db.flush()
  if (act === 1) db.put(`direct ${n % 9}`, n)
  if (act === 3) {
    const over = new AbortController()
    const drained = db.drain({ signal: over.signal })
    await delay(draw(20))
    over.abort()
    await drained
  }
}
await Promise.all(workers.map(({ attached }) => attached))
isOver = true
if (draw(2) === 0) await produced
phase('closing')
if (draw(2) === 0) db.close(draw(2) === 0 ? { queue: 'reject' } : undefined)
await produced
await Promise.all(workers.map(({ ended }) => ended))
db.close()
phase('closed')
writeSync(1, 'closed')
