// @ts-check
/**
 * A round of the bank: writers move money between accounts while readers add it up.
 */
import { ZVerse } from '../../../dist/index.js'
import { account, audit, NAMES, STORES, TOTAL } from './accounts.js'
import { aftermath, Crew, poison, sleep } from './crew.js'
import { CONTROL_BYTES, STOP } from './journal.js'
import { Random } from './random.js'

const FILE = new URL('./bank-worker.js', import.meta.url)

/**
 * @typedef {object} Round
 * @property {number} seed
 * @property {number} writers
 * @property {number} readers
 * @property {number} ms
 * @property {boolean} [kills] terminate threads at random moments
 */

/**
 * @typedef {{ problems: string[], done: Record<string, number>, versions: number, kills: number }} Found
 */

/** @param {Round} round @returns {Promise<Found>} */
export async function bankRound({ seed, writers, readers, ms, kills = false }) {
  const random = new Random(seed)
  const versions = random.pick([0, 1, 5, 20, 50])
  const maxBytes = (2 + random.int(3)) * 2 ** 20
  const db = ZVerse.open({ maxBytes, history: { versions } })
  const stores = [db, ...STORES.map(name => db.store(name))]
  const each = TOTAL / NAMES.length / stores.length
  db.transact(tx => {
    for (const [s, store] of stores.entries()) {
      const on = s === 0 ? tx : tx.store(/** @type {any} */ (store))
      for (const name of NAMES) on.put(name, account(each, 0))
    }
  })
  const first = db.version
  const garbage = random.chance(0.5)
  if (garbage) poison(db)
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES))
  const crew = new Crew(db)
  /** @type {Record<string, number>} */
  const done = {}
  let started = 0

  /** @param {string} role */
  const start = role => {
    const data = { control: control.buffer, role, seed: random.next(), first, poison: garbage }
    return crew.start(`b${started++}`, FILE, data, message => {
      const counts = Object.entries(/** @type {Record<string, number>} */ (message))
      for (const [what, n] of counts) done[what] = (done[what] ?? 0) + n
    })
  }

  const roles = [...Array(writers).fill('writer'), ...Array(readers).fill('reader')]
  const members = roles.map(start)
  await crew.begun(control, roles.length)
  const until = performance.now() + ms
  // On a busy machine nothing may have happened by then.
  const isOver = () => performance.now() >= until && db.version > first
  while (!isOver() && crew.problems.length === 0) {
    await sleep(kills ? 5 + random.int(120) : 20)
    if (!kills) continue
    const index = random.int(members.length)
    await crew.kill(members[index])
    members[index] = start(roles[index])
  }
  Atomics.store(control, STOP, 1)
  await crew.end()
  const { problems } = crew
  const counted = db.version - first
  if (problems.length === 0) {
    const wrong = audit(stores.map(store => /** @type {any} */ ([...store.range()])))
    if (wrong !== undefined) problems.push(`in the end: ${wrong}`)
  }
  if (problems.length === 0) problems.push(...aftermath(db, () => db.put('last', 1)))
  db.close()
  return { problems, done, versions: counted, kills: crew.kills }
}
