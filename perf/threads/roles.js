// @ts-check
/**
 * The roles of threads. Each is a loop in a function of its own, so that in a thread with only one
 * role the optimiser has seen no other.
 */
import { presentKey, shuffled } from '../data.js'
import { consume, taste } from '../measure.js'
import { ready, sleep, work } from './control.js'
import { handing } from './handing.js'
import { producers } from './producers.js'
import { SLOW_MS, Slow } from './slow.js'

/** @typedef {import('./control.js').Control} Control */
/** @typedef {import('./systems.js').Store} Store */
/** @typedef {import('./systems.js').Database} Database */

/**
 * @typedef {object} Context
 * @property {Store} [store]
 * @property {number} keys
 * @property {(below: number) => number} random
 * @property {string[]} values some, to write
 * @property {() => string[]} draws keys to read
 * @property {boolean} [warm] its reads have been optimised
 */

const CHUNK = 500
/** Chunks before a thread's first window: one of 32 threads gets too little time in it to warm up. */
const WARM_CHUNKS = 400
/** Reads of a reader in each snapshot it takes. */
const VISITS = 100

/** @param {Context} context */
const storeOf = context => /** @type {Store} */ (context.store)
/** @param {Context} context */
const dbOf = context => /** @type {Database} */ (storeOf(context).db)

/** Random gets of the present. @param {Context} context @param {Control} control */
function read(context, control) {
  const store = storeOf(context)
  const draws = context.draws()
  let at = context.random(draws.length)
  const chunk = () => {
    store.renew()
    let sum = 0
    for (let i = 0; i < CHUNK; i++) {
      if (++at >= draws.length) at = 0
      sum += taste(store.get(draws[at]))
    }
    consume(sum)
    return CHUNK
  }
  if (!context.warm) for (let i = 0; i < WARM_CHUNKS; i++) chunk()
  context.warm = true
  return work(control, chunk)
}

/**
 * Commits of one put each, on random keys of the first so many.
 * @param {Context} context @param {Control} control @param {{ keys: number }} [options]
 */
function write(context, control, { keys } = context) {
  const store = storeOf(context)
  const { values, random } = context
  const few = 20
  return work(control, () => {
    for (let i = 0; i < few; i++) store.put(presentKey(random(keys)), values[random(values.length)])
    return few
  })
}

/** The same, of which each takes long. @param {Context} context @param {Control} control */
function commit(context, control) {
  const store = storeOf(context)
  const { values, random, keys } = context
  return work(control, () => {
    store.put(presentKey(random(keys)), values[random(values.length)])
    return 1
  })
}

/** Snapshots taken and released. @param {Context} context @param {Control} control */
function pin(context, control) {
  const db = dbOf(context)
  return work(control, () => {
    for (let i = 0; i < CHUNK; i++) db.beginRead().close()
    return CHUNK
  })
}

/**
 * Reads a hundred keys in each snapshot, and has one pinned at any time.
 * @param {Context} context @param {Control} control
 */
function visit(context, control) {
  const db = dbOf(context)
  const draws = context.draws()
  let at = context.random(draws.length)
  let snapshot = db.beginRead()
  const counted = work(control, () => {
    let sum = 0
    for (let i = 0; i < VISITS; i++) {
      if (++at >= draws.length) at = 0
      sum += taste(snapshot.get(draws[at]))
    }
    consume(sum)
    const next = db.beginRead()
    snapshot.close()
    snapshot = next
    return VISITS
  })
  snapshot.close()
  return counted
}

/** Arithmetic: the machine's own speed with threads. @param {Context} _ @param {Control} control */
function spin(_, control) {
  const steps = 100_000
  let state = 1
  const counted = work(control, () => {
    for (let i = 0; i < steps; i++) state = (Math.imul(state, 1664525) + 1013904223) | 0
    return steps
  })
  consume(state)
  return counted
}

/** Keeps a snapshot until STOP. @param {Context} context @param {Control} control */
function holdSnapshot(context, control) {
  const snapshot = dbOf(context).beginRead()
  ready(control)
  sleep(control)
  snapshot.close()
}

/**
 * Keeps the writer lock until STOP, with changes made and not committed.
 * @param {Context} context @param {Control} control @param {{ puts: number }} options
 */
function holdLock(context, control, { puts }) {
  const { values, random, keys } = context
  const tx = dbOf(context).beginWrite()
  for (let i = 0; i < puts; i++) tx.put(presentKey(random(keys)), values[i % values.length])
  ready(control)
  sleep(control)
  tx.abort()
}

/**
 * Writes a part of the set again and again, each time in another order.
 * @param {Context} context @param {Control} _
 * @param {{ from: number, to: number, times: number, commit: number }} options
 */
function overwrite(context, _, { from, to, times, commit }) {
  const { random, values } = context
  const db = dbOf(context)
  const count = to - from
  for (let time = 0; time < times; time++) {
    const order = shuffled(count, random)
    for (let begin = 0; begin < count; begin += commit) {
      db.transact(tx => {
        const end = Math.min(count, begin + commit)
        for (let i = begin; i < end; i++) {
          tx.put(presentKey(from + order[i]), values[(i + time) % values.length])
        }
      })
    }
  }
}

/**
 * Times commits of one put each, one by one.
 * @param {Context} context @param {Control} _
 * @param {{ commits: number, clear?: boolean }} options `clear`: everything, first
 * @returns {Promise<Record<'clear' | 'p50' | 'p99' | 'p999' | 'max' | 'own', number>>} ms; `own`:
 *   the longest without garbage collection and without waiting for a core
 */
async function timeCommits(context, _, { commits, clear }) {
  const store = storeOf(context)
  const { values, random, keys } = context
  const times = new Float64Array(commits)
  const slow = new Slow()
  let before = performance.now()
  if (clear) dbOf(context).clear()
  const cleared = performance.now() - before
  for (let i = 0; i < commits; i++) {
    const key = presentKey(random(keys))
    const value = values[i % values.length]
    before = performance.now()
    store.put(key, value)
    times[i] = performance.now() - before
    if (times[i] > SLOW_MS) slow.note(before, times[i])
  }
  times.sort()
  const at = (/** @type {number} */ part) => times[Math.floor((commits - 1) * part)]
  const own = await slow.longest()
  return { clear: cleared, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1), own }
}

/** @type {Record<string, (context: Context, control: Control, options: any) => any>} */
export const roles = {
  ...{ read, write, commit, pin, visit, spin, holdSnapshot, holdLock, overwrite, timeCommits },
  ...producers,
  ...handing,
}
