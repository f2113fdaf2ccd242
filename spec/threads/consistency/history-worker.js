// @ts-check
/**
 * A thread of a recorded round: it does the operations of its seed, or follows `changes`, and
 * writes each operation into its journal.
 */
import { workerData } from 'node:worker_threads'
import { ZVerse, ZVerseError } from '../../../dist/index.js'
import { Chooser, FINALE } from './choose.js'
import { poison } from './crew.js'
import { BEGAN, Journal, STOP, tick } from './journal.js'
import { Performer } from './perform.js'
import { Random } from './random.js'
import { tokenOf } from './values.js'

/** @typedef {import('./kinds.js').Op} Op */

const { handle, memory, role, place, seed, limit } = workerData
const control = new Int32Array(workerData.control)
const journal = new Journal(memory)
const random = new Random(seed)
const db = ZVerse.attach(handle)
if (workerData.poison) poison(db)

const pause = () => new Promise(resolve => setImmediate(resolve))

/** Operations until the round ends. */
async function act() {
  const performer = new Performer(db, ['s'])
  const chooser = new Chooser(random, place)
  for (let n = 0; n < limit && journal.hasRoom && Atomics.load(control, STOP) === 0; n++) {
    const op = chooser.next(db.version, performer.held)
    journal.begin(op)
    const a = journal.stamp(control)
    const result = performer.perform(op)
    const r = result instanceof Promise ? await result : result
    journal.end(a, tick(control), r)
    chooser.learn(op, r)
    if (random.chance(0.02)) await pause()
  }
  if (random.chance(0.5)) performer.close()
}

/**
 * Follows `store`, unless its first version is released at once.
 * @param {any} store
 * @param {object} options
 * @returns {AsyncIterator<any> | undefined}
 */
function begin(store, options) {
  try {
    return store.changes(options)
  } catch (error) {
    const isGone = error instanceof ZVerseError && error.code === 'ZVERSE_VERSION_NOT_RETAINED'
    if (!isGone) throw error
    return undefined
  }
}

/** The commits of one store until the finale; after falling behind, from the present on. */
async function follow() {
  const { s, range } = place.follow
  const store = s === 0 ? db : db.store('s')
  for (;;) {
    let since = db.version
    if (store.has(FINALE)) return
    const commits = begin(store, { ...range, since })
    if (commits === undefined) continue
    for (;;) {
      /** @type {unknown} */
      const op = { o: 'seen', s, since, range }
      journal.begin(op)
      const a = journal.stamp(control)
      try {
        const { value } = await commits.next()
        if (value === undefined) throw new Error('changes ended')
        const ch = value.changes.map((/** @type {any} */ c) => [c.type, c.key, tokenOf(c.value)])
        journal.end(a, tick(control), { v: value.version, ts: value.timestamp, ch })
        since = value.version
        if (ch.some((/** @type {unknown[]} */ [, key]) => key === FINALE) || !journal.hasRoom)
          return
      } catch (error) {
        if (!(error instanceof ZVerseError)) throw error
        const fields = /** @type {Record<string, unknown>} */ ({ .../** @type {{}} */ (error) })
        const { requested, oldest, newest } = fields
        journal.end(a, tick(control), { e: error.code, requested, oldest, newest })
        if (error.code !== 'ZVERSE_VERSION_NOT_RETAINED') return
        break
      }
    }
  }
}

// Not awaited at the top: Node 20 aborts the process if it terminates a thread in such a module.
async function run() {
  Atomics.add(control, BEGAN, 1)
  await (role === 'follow' ? follow() : act())
  // Half of the threads leave without a word.
  if (random.chance(0.5)) db.close()
}

run()
