// @ts-check
/** Worker threads from the outside: starting them, and having several work in one common window. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { count, makeControl, readyCount, stop } from './control.js'

/** @typedef {import('./worker.js').Assignment} Assignment */
/** @typedef {import('./worker.js').Answer} Answer */

/** ms of work before it counts. */
const WARM_MS = 200
/** A job that takes longer is stuck, ms. */
const STUCK_MS = 300_000
const TICKS_PER_SECOND = 100

export class Thread {
  worker
  #last

  /**
   * @param {Assignment} assignment
   * @param {{ track(worker: Worker): void }} [store]
   */
  constructor(assignment, store) {
    this.worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: assignment })
    this.worker.unref()
    store?.track(this.worker)
    this.#last = this.#answer('starting')
    // The caller that runs a job meets the error there.
    this.#last.catch(() => {})
  }

  /** @param {string} what @returns {Promise<any>} */
  #answer(what) {
    const { worker } = this
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(new Error(`${what}: stuck`)), STUCK_MS)
      const onExit = () => fail(new Error(`${what}: its thread ended`))
      const done = () => {
        clearTimeout(timer)
        worker.off('message', onMessage).off('error', fail).off('exit', onExit)
      }
      const fail = (/** @type {Error} */ error) => {
        done()
        reject(error)
      }
      const onMessage = (/** @type {Answer} */ { result, error }) => {
        done()
        if (error === undefined) resolve(result)
        else reject(new Error(error))
      }
      worker.on('message', onMessage).on('error', fail).on('exit', onExit)
    })
  }

  /** Resolves once the thread has attached. */
  started() {
    return this.#last
  }

  /**
   * @param {string} role one of roles.js
   * @param {object} [options] its
   * @param {import('./control.js').Control} [control]
   * @param {import('node:worker_threads').TransferListItem[]} [given] ports among the options
   * @returns {Promise<any>} its result
   */
  run(role, options, control = makeControl(), given = []) {
    const job = { role, control, options }
    const before = this.#last
    this.#last = (async () => {
      await before
      const answer = this.#answer(role)
      this.worker.postMessage(job, given)
      return answer
    })()
    this.#last.catch(() => {})
    return this.#last
  }

  end() {
    return this.worker.terminate()
  }
}

/** @typedef {{ thread: Thread, role: string, options?: object, given?: any[] }} Part */
/**
 * @typedef {object} Measured
 * @property {number[]} rates operations a second of each part
 * @property {number[]} onCore operations in each second that the part was on a core
 * @property {number} cores that this process used
 * @property {number | undefined} others cores that everybody else on the machine used
 */

/**
 * Starts jobs and waits until each is ready.
 * @param {Part[]} parts
 */
export async function launch(parts) {
  const control = makeControl()
  const results = Promise.all(
    parts.map(({ thread, role, options, given }) => thread.run(role, options, control, given)),
  )
  // Stops the others if one fails.
  results.catch(() => stop(control))
  let over = false
  const end = () => {
    over = true
  }
  results.then(end, end)
  while (!over && readyCount(control) < parts.length) await delay(2)
  return { control, results }
}

/**
 * Has threads work at the same time.
 * @param {Part[]} parts
 * @param {number} seconds
 * @param {() => void} [sample] called about ten times a second
 * @returns {Promise<Measured>}
 */
export async function measureWindow(parts, seconds, sample) {
  const { control, results } = await launch(parts)
  await delay(WARM_MS)
  const machine = machineSeconds()
  const own = process.cpuUsage()
  const begun = performance.now()
  count(control)
  const deadline = begun + seconds * 1000
  for (let left = seconds * 1000; left > 0; left = deadline - performance.now()) {
    if (sample === undefined) await delay(left)
    else {
      sample()
      await delay(Math.min(100, left))
    }
  }
  const { user, system } = process.cpuUsage(own)
  const elapsed = (performance.now() - begun) / 1000
  const busy = machineSeconds()
  stop(control)
  const cores = (user + system) / 1e6 / elapsed
  const counted = /** @type {import('./control.js').Counted[]} */ (await results)
  return {
    rates: counted.map(one => one.operations / one.seconds),
    onCore: counted.map(one => one.operations / one.cpu),
    cores,
    others: machine && busy && Math.max(0, (busy - machine) / elapsed - cores),
  }
}

/** CPU seconds that anything on this machine has used or been denied; Linux only. */
function machineSeconds() {
  try {
    const [total] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
    const [user, nice, system, , , irq, soft, steal] = total.split(/\s+/).slice(1).map(Number)
    return (user + nice + system + irq + soft + steal) / TICKS_PER_SECOND
  } catch {
    return undefined
  }
}

/** @param {readonly number[]} numbers */
export const sum = numbers => numbers.reduce((total, one) => total + one, 0)

/** @param {readonly number[]} numbers */
export const mean = numbers => sum(numbers) / numbers.length
