// @ts-check
/**
 * The flags that start and stop threads together: one small shared array for each window.
 *
 * Threads work from the moment they are ready, which warms them up; each counts its work between
 * COUNT and STOP, by its own clock. A thread that keeps a snapshot or the lock sleeps until STOP.
 */
import { readFileSync } from 'node:fs'

const PHASE = 0
const READY = 1
const COUNT = 1
const STOP = 2

/** @typedef {Int32Array} Control */

/** @returns {Control} */
export const makeControl = () => new Int32Array(new SharedArrayBuffer(64))

/** @param {Control} control */
export function ready(control) {
  Atomics.add(control, READY, 1)
}

/** How many threads are. @param {Control} control */
export const readyCount = control => Atomics.load(control, READY)

/** @param {Control} control @param {number} phase */
function setPhase(control, phase) {
  Atomics.store(control, PHASE, phase)
  Atomics.notify(control, PHASE)
}

/** @param {Control} control */
export const count = control => setPhase(control, COUNT)

/** @param {Control} control */
export const stop = control => setPhase(control, STOP)

/** Not yet COUNT. @param {Control} control */
export const isWarming = control => Atomics.load(control, PHASE) < COUNT

/** Between COUNT and STOP. @param {Control} control */
export const isCounting = control => Atomics.load(control, PHASE) === COUNT

/** STOP. @param {Control} control */
export const isOver = control => Atomics.load(control, PHASE) === STOP

/** Sleeps until STOP. @param {Control} control */
export function sleep(control) {
  for (;;) {
    const phase = Atomics.load(control, PHASE)
    if (phase === STOP) return
    Atomics.wait(control, PHASE, phase)
  }
}

/**
 * Seconds that this thread has been on a core, and seconds that it waited for one; NaN if the
 * system does not say (Linux does).
 */
export function coreSeconds() {
  try {
    const [on, waited] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')
    return { on: Number(on) / 1e9, waited: Number(waited) / 1e9 }
  } catch {
    return { on: Number.NaN, waited: Number.NaN }
  }
}

/** @typedef {{ operations: number, seconds: number, cpu: number }} Counted */

/**
 * Works until STOP.
 * @param {Control} control
 * @param {() => number} chunk does some operations, a millisecond or two of them, says how many
 * @returns {Counted} since COUNT
 */
export function work(control, chunk) {
  ready(control)
  while (isWarming(control)) chunk()
  let operations = 0
  const { on } = coreSeconds()
  const begun = performance.now()
  while (isCounting(control)) operations += chunk()
  const seconds = (performance.now() - begun) / 1000
  return { operations, seconds, cpu: coreSeconds().on - on }
}

/**
 * Works until STOP, with breaks in which its event loop turns.
 * @param {Control} control
 * @param {() => Promise<unknown>} some
 * @param {() => number} done operations so far
 */
export async function workAsync(control, some, done) {
  ready(control)
  while (isWarming(control)) await some()
  const { on } = coreSeconds()
  const begun = performance.now()
  const before = done()
  while (isCounting(control)) await some()
  const operations = done() - before
  const seconds = (performance.now() - begun) / 1000
  return { operations, seconds, cpu: coreSeconds().on - on }
}
