/** The main module of a thread of `crew.ts`. Its errors reach the thread that made it as 'error'. */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from '../../index.js'
import { commonTime, type Post, type Report, type Start } from './crew.js'
import { measure, warmUp } from './measure.js'
import { Stage } from './stage.js'
import { WORKLOADS } from './workloads.js'

const port = parentPort as MessagePort
const { handle, plan, workload: name, beside, seat } = workerData as Post

const workload = WORKLOADS.find(workload => workload.name === name)
const task = beside ? workload?.beside : workload?.task
if (task === undefined) throw new Error(`there is no such work: ${name}`)

const pause = () => setImmediate()
const db = ZVerse.attach(handle)
const work = await task(new Stage(db, plan, pause, seat))
const bundle = await warmUp(work, plan.seconds, seat.of, pause)

const report = (report: Report) => port.postMessage(report)
const started = once(port, 'message') as Promise<[Start]>
report({ ready: true })
const [{ at }] = await started
const from = performance.now() + (at - commonTime())
// Works on until then, so that no thread begins beside idle cores.
await measure(work, bundle, from, pause)
report(await measure(work, bundle, from + plan.seconds * 1000, pause))
work.end?.()
db.close()
