/**
 * Begins reads: announces the read, then finds the record of the version that a view asks for.
 *
 * For the thread of the handle. Every read is `enter`, then the loads, then `slots.exit`.
 */

import { ZVerseError } from '../errors.js'
import type { Tags } from '../history/tags.js'
import { msOf } from '../key/date.js'
import { R_TIME, R_UNTIL, R_VERSION } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { invalidOption } from '../options.js'
import type { EpochManager } from '../versions/manager.js'
import type { Gate } from './gate.js'
import type { View } from './view.js'

/** The key under which a read transaction keeps its {@link Pinned}. */
export const PINNED: unique symbol = Symbol('pinned')

/** The pinned version of a read transaction that is used as a view. */
export interface Pinned {
  readonly reader: Reader
  /** The record it has pinned; throws ZVERSE_TRANSACTION_CLOSED after its end. */
  heldRecord(): number
}

export class Reader {
  readonly #gate: Gate
  readonly #epochs: EpochManager
  readonly #tags: Tags
  readonly #W: Uint32Array

  constructor(gate: Gate, epochs: EpochManager, tags: Tags) {
    this.#gate = gate
    this.#epochs = epochs
    this.#tags = tags
    this.#W = epochs.arena.words
  }

  /** The present version. */
  get newest(): number {
    const { slots, versions } = this.#epochs
    slots.enter()
    const { newest } = versions
    slots.exit()
    return newest
  }

  /** The pinned version of a read transaction; throws where `transaction` is none of this database. */
  pinnedBy(transaction: unknown, option: string): Pinned {
    const pin = (transaction as { [PINNED]?: Pinned } | null)?.[PINNED]
    if (pin === undefined || pin.reader !== this) {
      throw invalidOption(option, 'must be a read transaction of this database')
    }
    return pin
  }

  /**
   * Begins a read (`slots.exit` ends it) and finds the record to read.
   * @param past the caller also reads versions before that record
   * @throws ZVerseError `ZVERSE_VERSION_NOT_RETAINED`, `ZVERSE_FUTURE_VERSION`, `ZVERSE_UNKNOWN_TAG`;
   * the read has then ended already
   */
  enter(view: View | undefined, past = false): number {
    // The caller's options may have closed the database while they were read (a getter, say).
    this.#gate.checkOpen()
    const { slots, versions } = this.#epochs
    if (view === undefined) {
      if (past) slots.enterRun()
      else slots.enter()
      return versions.current
    }
    if (view.snapshot !== undefined) {
      // Its own pin covers the record; the hint covers the versions before it, and the point index.
      const record = this.pinnedBy(view.snapshot, 'snapshot').heldRecord()
      if (past) slots.enterRun()
      else slots.enter()
      return record
    }
    // The hint must cover every record found from here on: it is not raised later.
    if (typeof view.at === 'string') slots.enterAll()
    else if (view.at === undefined || past) slots.enterRun()
    else slots.enterAt(view.at)
    try {
      return this.#find(view)
    } catch (error) {
      slots.exit()
      throw error
    }
  }

  #find(view: View): number {
    if (typeof view.at === 'string') {
      const record = this.#tags.find(view.at)
      if (record !== 0) return record
      const message = `there is no tag ${JSON.stringify(view.at)}`
      throw new ZVerseError('ZVERSE_UNKNOWN_TAG', message, { tag: view.at })
    }
    if (view.at !== undefined) return this.recordOf(view.at)
    return this.#recordAt(view.asOf as Date)
  }

  /** The record of a version that can be read by number, in or below the window; after `enterAt`. */
  recordOf(version: number): number {
    const { versions, slots } = this.#epochs
    const { newest } = versions
    const oldest = versions.oldestBefore(newest)
    if (version > newest) throw this.futureVersion(version)
    const record = version >= oldest ? versions.record(version) : 0
    if (record !== 0) return record
    // Below the low-water mark, perhaps only since `oldest` was loaded.
    slots.enterAll()
    const tagged = this.#tags.findVersion(version)
    if (tagged === 0) throw this.notRetained(version)
    return tagged
  }

  #recordAt(date: Date): number {
    const W = this.#W
    const { versions, slots } = this.#epochs
    const time = msOf(date)
    const { newest } = versions
    const oldest = versions.oldestBefore(newest)
    const found = versions.lastAt(time, oldest, newest)
    if (found !== 0) return found
    const first = versions.record(oldest)
    // A date before version 0 means version 0, which is empty.
    if (oldest === 0 && first !== 0) return first
    // A tagged version below the low-water mark may be the one: its record tells when the next one came.
    slots.enterAll()
    const tagged = this.#tags.lastBefore(
      record =>
        load48(W, record + R_VERSION) < oldest &&
        (load48(W, record + R_TIME) <= time || load48(W, record + R_VERSION) === 0),
    )
    if (tagged !== 0 && time < load48(W, tagged + R_UNTIL)) return tagged
    throw this.notRetained(new Date(time))
  }

  /** The error for a version that is not there yet. */
  futureVersion(requested: number): ZVerseError {
    const run = this.#run()
    const message = `version ${requested} is not there yet: the newest is ${run.newest}`
    return new ZVerseError('ZVERSE_FUTURE_VERSION', message, { requested, ...run })
  }

  /** The error for a version that is no longer kept. */
  notRetained(requested: number | Date): ZVerseError {
    const run = this.#run()
    const what = typeof requested === 'number' ? `version ${requested}` : 'the version of that date'
    const message = `${what} is no longer kept: the run of versions is ${run.oldest} to ${run.newest}`
    return new ZVerseError('ZVERSE_VERSION_NOT_RETAINED', message, { requested, ...run })
  }

  #run(): { oldest: number; newest: number } {
    const { versions } = this.#epochs
    const { newest } = versions
    return { oldest: versions.oldestBefore(newest), newest }
  }
}
