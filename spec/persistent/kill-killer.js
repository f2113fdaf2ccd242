/** Kills its process a moment after a phase has begun. A thread of its own, for the others may be blocked. */
import process from 'node:process'
import { workerData } from 'node:worker_threads'
import { PHASES } from './kill-plan.js'

/** @type {{ words: Int32Array, kill: import('./kill-plan.js').Plan['kill'] }} */
const { words, kill } = workerData
const target = PHASES.indexOf(kill.phase)
Atomics.store(words, 1, 1)
for (let phase = Atomics.load(words, 0); phase !== target; phase = Atomics.load(words, 0)) {
  Atomics.wait(words, 0, phase)
}
Atomics.wait(words, 1, 1, kill.ms)
process.kill(process.pid, 'SIGKILL')
