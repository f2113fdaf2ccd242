/** The main module of a thread of `crew.ts`. Its errors reach the thread that made it as 'error'. */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { hrtimeNow } from 'tinybench'
import { ZVerse } from '../../index.js'
import type { Post, Report, Start } from './crew.js'
import { measure } from './measure.js'
import { Stage } from './stage.js'
import { WORKLOADS } from './workloads.js'

const port = parentPort as MessagePort
const { handle, plan, workload: name, beside, seat } = workerData as Post

const workload = WORKLOADS.find(workload => workload.name === name)
const task = beside ? workload?.beside : workload?.task
if (task === undefined) throw new Error(`there is no such work: ${name}`)

const db = ZVerse.attach(handle)
const pause = () => setImmediate()
const work = await task(new Stage(db, plan, pause, seat))

const report = (report: Report, transfer: ArrayBuffer[] = []) => port.postMessage(report, transfer)
/** Works on until the common time, so that no thread begins beside idle cores. */
async function begin() {
  const started = once(port, 'message') as Promise<[Start]>
  report({ ready: true })
  const [{ at }] = await started
  while (hrtimeNow() < at) await work.run(1)
}
const timing = { seconds: plan.seconds, threads: seat.of }
const measured = await measure(work, timing, pause, begin)
report(measured, [measured.samples.buffer])
work.end?.()
db.close()
