/**
 * A worker of the scenario: commits, or takes the writer's turn, and says when it has. `faked` puts fake
 * clocks in place first. Not a spec.
 */
import { workerData } from 'node:worker_threads'
import { install } from './fakes.js'

const { handle, dist, job, flags, faked } = workerData
if (faked) install()
const { ZVerse } = await import(dist)
const db = ZVerse.attach(handle)
const signed = new Int32Array(flags)

/** Signals the thread that made this one. */
const say = () => {
  Atomics.store(signed, 0, 1)
  Atomics.notify(signed, 0)
}

if (job === 'commit') {
  db.put('from another thread', new Date())
  say()
} else if (job === 'compete') {
  for (let i = 0; i < 30; i++) db.update('count', (/** @type {number} */ n) => n + 1)
  say()
} else {
  const tx = db.beginWrite()
  tx.put('unfinished', 1)
  say()
  // To the end of the thread, unless told otherwise.
  Atomics.wait(signed, 1, 0)
  tx.abort()
}
db.close()
