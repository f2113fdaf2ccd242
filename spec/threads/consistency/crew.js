// @ts-check
/**
 * Worker threads of one round: starts them, tracks them, kills some of them, and notices every end
 * that is not as expected.
 */
import { Worker } from 'node:worker_threads'
import { BEGAN } from './journal.js'

/** @typedef {import('../../../dist/index.js').ZVerse} Database */
/** @typedef {{ worker: Worker, name: string, gone: Promise<void>, isGone: boolean }} Member */

/** ms after which a thread will never begin, or end on request, however slow the machine. */
const PATIENCE = 200_000
/**
 * Versions that may wait for the next time that memory is looked for: less than one scan's worth.
 */
const FEW = 70

export class Crew {
  #db
  /** @type {Member[]} */
  #members = []
  /** The problems. @type {string[]} */
  problems = []
  kills = 0

  /** @param {Database} db */
  constructor(db) {
    this.#db = db
  }

  /** Those that live. */
  get alive() {
    return this.#members.filter(member => !member.isGone)
  }

  /**
   * Starts a thread whose pins are released at its end.
   * @param {string} name @param {URL} file @param {object} data its `workerData`, the handle apart
   * @param {(message: unknown) => void} [onMessage]
   */
  start(name, file, data, onMessage) {
    const worker = new Worker(file, { workerData: { ...data, name, handle: this.#db.share() } })
    this.#db.track(worker)
    /** @type {Member} */
    const member = { worker, name, isGone: false, gone: Promise.resolve() }
    member.gone = new Promise(resolve => {
      worker.on('error', error => {
        this.problems.push(`thread ${name}: ${error instanceof Error ? error.stack : error}`)
      })
      worker.on('exit', () => {
        member.isGone = true
        resolve()
      })
    })
    if (onMessage) worker.on('message', onMessage)
    this.#members.push(member)
    return member
  }

  /**
   * Waits until so many threads have begun: a slow machine does not shorten a round.
   * @param {Int32Array} control
   * @param {number} count
   */
  async begun(control, count) {
    const until = performance.now() + PATIENCE
    while (Atomics.load(control, BEGAN) < count && this.problems.length === 0) {
      if (performance.now() > until) this.problems.push(`threads did not begin in ${PATIENCE} ms`)
      await sleep(5)
    }
  }

  /** Ends a thread wherever it is. @param {Member} member */
  async kill(member) {
    this.kills++
    await member.worker.terminate()
    await member.gone
  }

  /** Settles when threads will not end by themselves any more. */
  late() {
    return new Promise(resolve => setTimeout(resolve, PATIENCE).unref())
  }

  /** Waits until all have ended by themselves; those that do not are a problem. */
  async end() {
    await Promise.race([this.late(), Promise.all(this.#members.map(({ gone }) => gone))])
    for (const member of this.alive) {
      this.problems.push(`thread ${member.name} did not end within ${PATIENCE} ms`)
      await member.worker.terminate()
    }
  }
}

/**
 * Makes this thread fill freed blocks with garbage, so that a late reader notices.
 * @param {Database} db
 */
export function poison(db) {
  const hooks = /** @type {any} */ (db)._test
  hooks.engine.epochs.allocator.poison = true
}

/** @param {number} ms */
export function sleep(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/**
 * The invariants of a database after the end of all its other threads: the next writer gets its
 * turn, every byte is accounted for, and the past without pins is released.
 * @param {Database} db @param {() => void} write @returns {string[]} the problems
 */
export function aftermath(db, write) {
  const wrong = []
  try {
    write()
  } catch (error) {
    wrong.push(`a write when all others are gone: ${error}`)
  }
  look('check()')
  for (const { tags } of db.versions()) for (const tag of tags) db.untag(tag)
  db.setHistory({ versions: 0 })
  // Reclaiming is spread over commits: a backlog goes within a few hundred, a leak never.
  for (let i = 0; i < 4000 && db.stats().versions.retained > FEW; i++) write()
  const { retained } = db.stats().versions
  if (retained > FEW) wrong.push(`${retained} versions are still held though nobody holds any`)
  look('check() after letting go of the past')
  return wrong

  /** @param {string} what */
  function look(what) {
    const report = db.check()
    if (report.ok && report.leakedBytes === 0) return
    wrong.push(`${what}: ${JSON.stringify({ ...report, problems: report.problems.slice(0, 5) })}`)
  }
}
