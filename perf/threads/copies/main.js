// @ts-check
/**
 * The child process of scenarios/copies.js: one way to let four workers read, and the cost of an
 * update. Prints its figures as JSON.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { makeValues, presentKey, seeded, shuffled } from '../../data.js'
import { settle } from '../../measure.js'
import { openZverse } from '../systems.js'

const WORKERS = 4
const UPDATES = 500
const MIB = 2 ** 20

/** @typedef {{ way: 'map' | 'entries' | 'zverse', keys: number, seed: number, engine?: string }} Task */

const { way, keys: size, seed, engine } = /** @type {Task} */ (JSON.parse(process.argv[2]))
const random = seeded(seed)
const keys = Array.from(shuffled(size, random), presentKey)
const values = makeValues(size, random)

/** Resident memory once garbage is gone, MiB. */
async function resident() {
  await Promise.all(workers.map(worker => ask(worker, { type: 'settle' })))
  settle()
  await delay(200)
  settle()
  return process.memoryUsage().rss / MIB
}

/** @param {Worker} worker @param {object} message @returns {Promise<void>} until it answers */
function ask(worker, message) {
  return new Promise((resolve, reject) => {
    worker.once('message', () => {
      worker.off('error', reject)
      resolve()
    })
    worker.once('error', reject)
    worker.postMessage(message)
  })
}

/**
 * Updates one after another, with pauses in which all come to rest.
 * @param {(key: string, value: string) => void} update
 * @param {'message' | 'waitFor' | 'changes'} how
 */
async function timeUpdates(update, how) {
  const stamps = new BigInt64Array(new SharedArrayBuffer(8 * UPDATES * WORKERS))
  const doings = workers.map((worker, index) => {
    const own = stamps.subarray(index * UPDATES, (index + 1) * UPDATES)
    return { worker, watch: { type: 'watch', how, stamps: own } }
  })
  await Promise.all(doings.map(({ worker, watch }) => ask(worker, watch)))
  const sent = new BigInt64Array(UPDATES)
  for (let i = 0; i < UPDATES; i++) {
    await delay(1 + random(3))
    sent[i] = process.hrtime.bigint()
    update(presentKey(random(size)), values[i % size])
  }
  await delay(100)
  const latencies = Array.from(stamps, (stamp, i) => {
    if (stamp === 0n) throw new Error(`${how}: update ${i % UPDATES} did not arrive`)
    return Number(stamp - sent[i % UPDATES]) / 1000
  }).sort((a, b) => a - b)
  const at = (/** @type {number} */ part) => latencies[Math.floor((latencies.length - 1) * part)]
  return { [`${how} p50`]: at(0.5), [`${how} p99`]: at(0.99) }
}

/** @type {Worker[]} */
const workers = []
for (let i = 0; i < WORKERS; i++) {
  const worker = new Worker(new URL('./worker.js', import.meta.url))
  workers.push(worker)
  await ask(worker, { type: 'settle' })
}

async function share() {
  const before = await resident()
  const store = await openZverse(engine, size)
  store.putAll(keys, values)
  const source = await resident()
  const begun = performance.now()
  await Promise.all(
    workers.map(worker => {
      store.track(worker)
      return ask(worker, { type: 'attach', address: store.address(), key: keys[0] })
    }),
  )
  const ready = performance.now() - begun
  const grown = (await resident()) - source
  return {
    ...{ 'ready zverse': ready, 'grown zverse': grown, set: source - before },
    ...(await timeUpdates((key, value) => void store.put(key, value), 'waitFor')),
    ...(await timeUpdates((key, value) => void store.put(key, value), 'changes')),
  }
}

async function copy() {
  const map = new Map(keys.map((key, i) => [key, values[i]]))
  const source = await resident()
  const begun = performance.now()
  await Promise.all(
    workers.map(worker => {
      const data = way === 'map' ? map : [...map]
      return ask(worker, { type: way, data, key: keys[0] })
    }),
  )
  const ready = performance.now() - begun
  const grown = (await resident()) - source
  const figures = { [`ready ${way}`]: ready, [`grown ${way}`]: grown }
  if (way !== 'map') return figures
  const updates = await timeUpdates((key, value) => {
    map.set(key, value)
    for (const worker of workers) worker.postMessage({ type: 'set', key, value })
  }, 'message')
  return { ...figures, ...updates }
}

const figures = way === 'zverse' ? await share() : await copy()
process.stdout.write(JSON.stringify(figures))
process.exit()
