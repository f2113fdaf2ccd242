// @ts-check
/** The roles of threads that submit. Asynchronous: their event loops turn. */
import { presentKey } from '../data.js'
import { workAsync } from './control.js'

/** @typedef {import('./control.js').Control} Control */
/** @typedef {import('./roles.js').Context} Context */
/** @typedef {import('./systems.js').Store} Store */

/** Submissions of a thread on their way at most; and of one go, of which the last promise is looked at. */
const FLIGHT = 4096
const BURST = 64

/**
 * Submits puts on random keys of the first so many of the set. A submission counts once it is resolved.
 * @param {Context} context @param {Control} control @param {{ keys: number }} options
 */
async function produce(context, control, { keys }) {
  const { values, random } = context
  const { submit } = /** @type {Store} */ (context.store)
  let open = 0
  let resolved = 0
  let wake = () => {}
  /** @type {unknown} */
  let failure
  const settled = () => {
    resolved += BURST
    open -= BURST
    if (open <= FLIGHT / 2) wake()
  }
  const failed = (/** @type {unknown} */ error) => {
    failure = error
    wake()
  }
  const some = async () => {
    for (let i = 1; i < BURST; i++) submit(presentKey(random(keys)), values[random(values.length)])
    open += BURST
    submit(presentKey(random(keys)), values[random(values.length)]).then(settled, failed)
    while (open >= FLIGHT) {
      if (failure !== undefined) throw failure
      await new Promise(resolve => {
        wake = () => resolve(undefined)
      })
    }
  }
  const counted = await workAsync(control, some, () => resolved)
  while (open > 0) await new Promise(resolve => setImmediate(resolve))
  return counted
}

/**
 * Times submissions of one at a time, when nothing else is to be done; and calls alone, of many in one go.
 * @param {Context} context @param {Control} _ @param {{ times: number }} options
 * @returns {Promise<Record<'enqueue' | 'p50' | 'p99', number>>} µs
 */
async function timeSubmits(context, _, { times }) {
  const { values, random, keys } = context
  const { submit } = /** @type {Store} */ (context.store)
  const draw = () =>
    /** @type {const} */ ([presentKey(random(keys)), values[random(values.length)]])
  const idle = new Float64Array(times)
  for (let i = 0; i < times; i++) {
    const [key, value] = draw()
    await new Promise(resolve => setImmediate(resolve))
    const before = performance.now()
    await submit(key, value)
    idle[i] = performance.now() - before
  }
  const calls = new Float64Array(times)
  for (let i = 0; i < times; ) {
    const all = Array.from({ length: BURST }, draw)
    /** @type {Promise<unknown>[]} */
    const promises = []
    for (const [key, value] of all) {
      const before = performance.now()
      promises.push(submit(key, value))
      if (i < times) calls[i++] = performance.now() - before
    }
    await Promise.all(promises)
  }
  idle.sort()
  calls.sort()
  const at = (/** @type {Float64Array} */ all, /** @type {number} */ part) =>
    all[Math.floor((times - 1) * part)] * 1000
  return { enqueue: at(calls, 0.5), p50: at(idle, 0.5), p99: at(idle, 0.99) }
}

/** @type {Record<string, (context: Context, control: Control, options: any) => any>} */
export const producers = { produce, timeSubmits }
