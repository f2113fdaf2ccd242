// @ts-check
/**
 * A thread that attaches to a store and then does one job after another. It reads keys from an
 * array of a million random draws of its own, made once before its first job that reads.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { makeValues, presentKey, seeded } from '../data.js'
import { roles } from './roles.js'
import { attach } from './systems.js'

/**
 * @typedef {object} Assignment
 * @property {import('./systems.js').Address} [address] none: a thread that has no store
 * @property {number} keys in the store
 * @property {number} seed of this thread
 */

/** @typedef {{ role: string, control: import('./control.js').Control, options: any }} Job */
/** @typedef {{ result?: any, error?: string }} Answer */

const FEW = 1000

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
const { address, keys, seed } = /** @type {Assignment} */ (workerData)
const random = seeded(seed)
/** @type {string[] | undefined} */
let draws

/** @type {import('./roles.js').Context} */
const context = {
  store: address && (await attach(address)),
  keys,
  random,
  values: makeValues(FEW, random),
  draws: () => (draws ??= Array.from({ length: keys }, () => presentKey(random(keys)))),
}

port.on('message', async (/** @type {Job} */ { role, control, options }) => {
  /** @type {Answer} */
  let answer
  try {
    answer = { result: await roles[role](context, control, options) }
  } catch (error) {
    const { code, stack } = /** @type {Error & { code?: string }} */ (error)
    answer = { error: `${role}: ${code === undefined ? '' : `${code} `}${stack}` }
  }
  port.postMessage(answer)
})
port.postMessage({})
