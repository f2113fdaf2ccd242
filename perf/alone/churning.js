// @ts-check
/**
 * The churn: a set that overwrites, deletes and inserts keep about as large, and snapshots that
 * come and go.
 *
 * Half of twice as many keys are present. A commit takes keys at random: it inserts an absent one; it
 * overwrites a present one, or, as often as keeps the balance, deletes it. Values have lengths of 10
 * to 500 characters, so that a freed block seldom fits the next value.
 *
 * Each of SLOTS holders pins a snapshot for half of its cycle; the longest cycle is the period, each
 * other half of the one before. So every period of any length is like the last: thirds of the time
 * that have whole periods may be compared.
 */
import { presentKey, seeded, texts } from '../data.js'

/** @typedef {import('../entries/zverse.js').Database} Database */
/** @typedef {{ close(): void, get(key: string): string | undefined }} Snapshot */

const SLOTS = 4
const PUTS = 20
const LENGTHS = [10, 30, 80, 200, 500]
/** Of a key that is there, one of so many changes is its deletion. */
const DELETING = 2

/** One holder: its snapshot, and the entries that it must show as long as it is pinned. */
class Holder {
  /** @type {Snapshot | undefined} */
  #snapshot
  #key = ''
  /** @type {string | undefined} */
  #value

  /** @param {number} cycle in ms */
  constructor(cycle) {
    this.cycle = cycle
  }

  get holds() {
    return this.#snapshot !== undefined
  }

  /**
   * Takes or releases a snapshot, if it is time.
   * @param {Database} db
   * @param {number} now ms
   * @param {string} key to look at
   */
  turn(db, now, key) {
    const wants = now % this.cycle < this.cycle / 2
    if (wants === this.holds) return
    if (wants) {
      this.#snapshot = /** @type {Snapshot} */ (db.beginRead())
      this.#key = key
      this.#value = this.#snapshot.get(key)
    } else this.release()
  }

  release() {
    const snapshot = this.#snapshot
    if (snapshot === undefined) return
    this.#snapshot = undefined
    if (snapshot.get(this.#key) !== this.#value) throw new Error('a held snapshot has changed')
    snapshot.close()
  }
}

export class Churn {
  commits = 0
  #present
  #count = 0
  #random
  /** @type {(() => string)[]} */
  #values

  /**
   * @param {Database} db empty
   * @param {number} keys entries to keep
   * @param {number} seed
   * @param {number} period of the longest pinned snapshot, in ms
   */
  constructor(db, keys, seed, period) {
    this.db = db
    this.#random = seeded(seed)
    this.#values = LENGTHS.map(length => texts(length, this.#random))
    this.#present = new Uint8Array(2 * keys)
    this.holders = Array.from({ length: SLOTS }, (_, slot) => new Holder(period / 2 ** slot))
    db.transact(tx => {
      for (let index = 0; index < 2 * keys; index += 2) this.#put(tx, index)
    })
  }

  /** Entries there should be. */
  get count() {
    return this.#count
  }

  get held() {
    return this.holders.filter(holder => holder.holds).length
  }

  /** @param {import('../entries/zverse.js').Transaction} tx @param {number} index */
  #put(tx, index) {
    tx.put(presentKey(index), this.#values[this.#random(LENGTHS.length)]())
    this.#count += 1 - this.#present[index]
    this.#present[index] = 1
  }

  /** @param {import('../entries/zverse.js').Transaction} tx @param {number} index */
  #change(tx, index) {
    if (this.#present[index] === 0 || this.#random(DELETING) > 0) {
      // An absent key is inserted as seldom as a present one is deleted: half are there in the long run.
      if (this.#present[index] === 1 || this.#random(DELETING) === 0) this.#put(tx, index)
      return
    }
    tx.delete(presentKey(index))
    this.#present[index] = 0
    this.#count--
  }

  /**
   * Commits, and lets snapshots come and go.
   * @param {number} now ms
   */
  step(now) {
    const { length } = this.#present
    this.db.transact(tx => {
      for (let i = 0; i < PUTS; i++) this.#change(tx, this.#random(length))
    })
    this.commits++
    const key = presentKey(this.#random(length))
    for (const holder of this.holders) holder.turn(this.db, now, key)
  }

  /** Releases all and returns the problems. */
  end() {
    for (const holder of this.holders) holder.release()
    const report = this.db.check()
    const problems = report.problems.slice(0, 3).map(String)
    if (report.leakedBytes !== 0) problems.push(`${report.leakedBytes} bytes leaked`)
    if (report.entries !== this.#count) {
      problems.push(`${report.entries} entries instead of ${this.#count}`)
    }
    return problems
  }
}
