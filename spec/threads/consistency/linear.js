// @ts-check
/**
 * A round of random operations on several threads, recorded and judged.
 */
import { ZVerse } from '../../../dist/index.js'
import { FINALE } from './choose.js'
import { aftermath, Crew, poison, sleep } from './crew.js'
import { CONTROL_BYTES, Journal, STOP, tick } from './journal.js'
import { judge } from './judge.js'
import { Performer } from './perform.js'
import { Random } from './random.js'

const FILE = new URL('./history-worker.js', import.meta.url)
const JOURNAL_BYTES = 12 * 2 ** 20

/**
 * @typedef {object} Round
 * @property {number} seed
 * @property {number} threads that act, 1 or more
 * @property {number} [followers] threads that follow `changes`
 * @property {number} ms how long they act
 * @property {number} [limit] operations of a thread at most
 * @property {boolean} [kills] terminate threads at random moments
 */

/**
 * @typedef {object} Found
 * @property {string[]} problems
 * @property {number} operations
 * @property {number} versions
 * @property {number} kills
 * @property {() => import('./kinds.js').Recorded} recorded the history, to look into
 */

/** @param {Round} round @returns {Promise<Found>} */
export async function linearRound(round) {
  const { seed, threads, followers = 1, ms, limit = 40_000, kills = false } = round
  const random = new Random(seed)
  const versions = random.pick([0, 2, 5, 20, 50, 200])
  const db = ZVerse.open({ maxBytes: (versions > 50 ? 16 : 4) * 2 ** 20, history: { versions } })
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES))
  const performer = new Performer(db, ['s'])
  const first = db.version
  const garbage = random.chance(0.5)
  if (garbage) poison(db)
  const crew = new Crew(db)
  /** @type {{ thread: string, journal: Journal, gone: number }[]} */
  const journals = []
  const share = random.pick([0.2, 0.5, 0.8])
  let started = 0

  /** @param {string} role */
  const start = role => {
    const thread = `t${started++}`
    const memory = Journal.memory(JOURNAL_BYTES)
    const entry = { thread, journal: new Journal(memory), gone: 0 }
    journals.push(entry)
    const follow = { s: random.int(2), range: random.chance(0.5) ? {} : { gte: 'k12' } }
    const place = { thread, first, stores: 2, versions, share, follow }
    const data = {
      memory,
      control: control.buffer,
      role,
      place,
      seed: random.next(),
      limit,
      poison: garbage,
    }
    const member = crew.start(thread, FILE, data)
    member.gone = member.gone.then(() => {
      entry.gone = tick(control)
    })
    return member
  }

  const actors = Array.from({ length: threads }, () => start('act'))
  for (let i = 0; i < followers; i++) start('follow')
  await crew.begun(control, threads + followers)
  const until = performance.now() + ms
  while (kills && performance.now() < until && crew.problems.length === 0) {
    await sleep(5 + random.int(120))
    const index = random.int(actors.length)
    await crew.kill(actors[index])
    actors[index] = start('act')
  }
  // A round without kills may end early, when all have done their share.
  const acted = () => Promise.all(actors.map(({ gone }) => gone))
  await Promise.race([acted(), sleep(Math.max(0, until - performance.now()))])
  Atomics.store(control, STOP, 1)
  await Promise.race([acted(), crew.late()])

  /** @type {import('./kinds.js').Event[]} */
  const events = []
  let n = 0
  const write = () => {
    const steps = [0, 1].map(s => ({ do: 'put', s, key: FINALE, id: `main.${n}` }))
    const op = /** @type {any} */ ({ o: 'tx', how: 'begin', steps, end: 'commit' })
    const a = tick(control)
    const r = JSON.parse(JSON.stringify(performer.perform(op)))
    events.push({ thread: 'main', n: n++, op, a, b: tick(control), r })
    if (r.e !== undefined) throw new Error(r.message)
  }
  if (crew.problems.length === 0) write()
  await crew.end()
  for (const { thread, journal, gone } of journals) events.push(...journal.read(thread, gone))
  const problems = crew.problems.length > 0 ? crew.problems : judged()
  if (problems.length === 0) problems.push(...aftermath(db, write))
  db.close()
  const last = events.reduce(
    (most, { op, r }) => (op.o === 'tx' ? Math.max(most, r?.v ?? 0) : most),
    0,
  )
  return {
    problems,
    operations: events.length,
    versions: last - first,
    kills: crew.kills,
    recorded,
  }

  function recorded() {
    return { events, first, versions, stores: 2 }
  }

  function judged() {
    if (!kills) {
      const cut = events.find(({ r }) => r === undefined)
      if (cut) return [`thread ${cut.thread} ended within ${JSON.stringify(cut.op)}`]
    }
    return judge(recorded()).slice(0, 10)
  }
}
