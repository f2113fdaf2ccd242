/**
 * Threads that write a database on disk, terminated at random moments while the process goes on, the one that opened
 * it among them. After each round what the others were told of is there (kill-model.js), in memory and on disk.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'
import { drawFrom, Model } from './kill-model.js'
import { drawOptions, PHASES } from './kill-plan.js'
import { attempt, makeStores } from './kill-work.js'

const WORKERS = 3

/**
 * @param {number} rounds
 * @param {number} kills in each
 * @param {number} seed
 * @param {(line: string) => void} [log]
 */
export async function workerKills(rounds, kills, seed, log = () => {}) {
  const draw = drawFrom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'zverse-workers-'))
  const path = join(folder, 'db')
  const model = new Model()
  for (let round = 0; round < rounds; round++) {
    const told = join(folder, `told-${round}`)
    mkdirSync(told)
    const options = { ...drawOptions(draw), path, lockTimeout: 60_000 }
    try {
      await kill(model, { draw, round, told, kills, options })
    } catch (error) {
      const drawn = JSON.stringify(options)
      throw new Error(`round ${round} of seed ${seed}, in ${folder}: ${drawn}`, { cause: error })
    }
    rmSync(told, { recursive: true })
    if ((round + 1) % 20 === 0)
      log(`workers: ${round + 1} of ${rounds} rounds, version ${model.version}`)
  }
  rmSync(folder, { recursive: true })
  return model.version
}

/**
 * @param {Model} model
 * @param {{ draw: import('./kill-model.js').Draw, round: number, told: string, kills: number, options: object }} given
 */
async function kill(model, { draw, round, told, kills, options }) {
  const words = new Int32Array(new SharedArrayBuffer(8))
  Atomics.store(words, 0, PHASES.indexOf('working'))
  /** @type {string[]} */
  const files = []
  /** @type {Error[]} */
  const errors = []
  /** @param {object} how */
  const start = async how => {
    const thread = files.length
    const file = join(told, `${thread}`)
    files.push(file)
    const plan = { seed: draw(2 ** 30), round, largest: 3000, isSlow: true }
    const workerData = { plan, thread, file, words, ...how }
    const worker = new Worker(new URL('./kill-work.js', import.meta.url), { workerData })
    worker.on('error', error => errors.push(error))
    const ended = new Promise(resolve => worker.once('exit', resolve))
    const [handle] = await Promise.race([
      new Promise(resolve => worker.once('message', message => resolve([message]))),
      ended.then(() => []),
    ])
    return { worker, ended, handle }
  }
  // Every other time a worker opens it, and with it the keeper dies.
  const opener = draw(2) === 0 ? await start({ options }) : undefined
  /** @type {import('./kill-model.js').Db} */
  const db = opener === undefined ? ZVerse.open(options) : ZVerse.attach(opener.handle)
  const isTracked = draw(2) === 0
  const threads = opener === undefined ? [] : [opener]
  const add = async () => {
    const one = await start({ handle: db.share() })
    if (isTracked && draw(2) === 0) db.track(one.worker)
    threads.push(one)
  }
  const mine = files.push(join(told, `${files.length}`)) - 1
  const file = openSync(files[mine] ?? '', 'a')
  makeStores(db, mine, file)
  while (threads.length < WORKERS) await add()
  for (let n = 0; n < kills && errors.length === 0; n++) {
    await delay(draw(30))
    const [one] = threads.splice(draw(threads.length), 1)
    const dying = one?.worker.terminate()
    // Others come to what the dead one has left meanwhile. Where this thread did, too, and blocked in the lock at once,
    // a thread that had been terminated was not proved dead for 60 s: why is not known.
    await dying
    const act = draw(4)
    if (act === 0) db.flush()
    if (act === 1) await db.flushed()
    if (act === 2) await db.compact()
    attempt(db, mine, file, n, { kind: 'transact', value: [round, n] })
    await add()
  }
  Atomics.store(words, 0, PHASES.indexOf('closing'))
  await Promise.all(threads.map(({ ended }) => ended))
  closeSync(file)
  if (errors.length > 0) throw errors[0]
  db.flush()
  model.take(files, db)
  const before = JSON.stringify(db.versions().at(-1))
  db.close()
  const again = ZVerse.open({ ...options, history: undefined })
  model.take([], again)
  const after = JSON.stringify(again.versions().at(-1))
  if (after !== before) throw new Error(`closed with ${before}, opened with ${after}`)
  again.close()
}
