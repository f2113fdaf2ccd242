/**
 * Begins reads: announces the read, then finds the record of the version that a view asks for.
 *
 * For the thread of the handle. Every read is `enter`, then the loads, then `slots.exit`.
 */

import { ZVerseError } from '../errors.js'
import type { Tag, Tags } from '../history/tags.js'
import { msOf } from '../key/date.js'
import { R_VERSION } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { invalidOption } from '../options.js'
import type { EpochManager } from '../versions/manager.js'
import type { DeepPast } from './deep.js'
import type { Gate } from './gate.js'
import type { View } from './view.js'

/** The key under which a read transaction keeps its {@link Pinned}. */
export const PINNED: unique symbol = Symbol('pinned')

/** When a version was committed, and the one after it, ms since 1970. */
export interface VersionTimes {
  readonly time: number
  readonly until: number
}

/** The pinned version of a read transaction that is used as a view. */
export interface Pinned {
  readonly reader: Reader
  /** The record it has pinned, 0 for a deep version; throws ZVERSE_TRANSACTION_CLOSED after its end. */
  heldRecord(): number
  readonly version: number
  /** Of a deep version. */
  readonly times: VersionTimes
}

export class Reader {
  readonly #gate: Gate
  readonly #epochs: EpochManager
  readonly #tags: Tags
  readonly #W: Uint32Array
  /** The past on disk, where there is one. */
  past: DeepPast | null = null
  /** The version that {@link enter} has found in the deep past. */
  deep = -1
  /** What its view told of it: where the files no longer do, nothing may later. */
  #told: (VersionTimes & { readonly version: number }) | undefined = undefined

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

  /** {@link enter} for a caller that reads memory alone. @throws ZVerseError where the version is deep */
  enterMemory(view: View | undefined): number {
    const record = this.enter(view)
    if (record !== 0) return record
    this.#epochs.slots.exit()
    throw this.notRetained(this.deep)
  }

  /**
   * Begins a read (`slots.exit` ends it) and finds the record to read; 0 where the version is `deep`, one of the deep
   * past: then {@link oldestRecord} may be read.
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
      const pinned = this.pinnedBy(view.snapshot, 'snapshot')
      const record = pinned.heldRecord()
      if (record === 0) {
        this.deep = pinned.version
        this.#told = { version: pinned.version, ...pinned.times }
        slots.enterAll()
      } else if (past) slots.enterRun()
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
      const tag = this.tagNamed(view.at)
      this.#told = tag
      return tag.record !== 0 ? tag.record : this.#inDeep(tag.version)
    }
    if (view.at !== undefined) return this.recordOf(view.at)
    return this.#recordAt(view.asOf as Date)
  }

  /** The tag of that name; after `enterAll`. @throws ZVerseError `ZVERSE_UNKNOWN_TAG` */
  tagNamed(name: string): Tag {
    const tag = this.#tags.find(name)
    if (tag !== undefined) return tag
    const message = `there is no tag ${JSON.stringify(name)}`
    throw new ZVerseError('ZVERSE_UNKNOWN_TAG', message, { tag: name })
  }

  /**
   * The record of a version that can be read by number, in or below the window, or 0 for a deep one; after `enterAt`.
   */
  recordOf(version: number): number {
    const { versions, slots } = this.#epochs
    const { newest } = versions
    const oldest = versions.oldestBefore(newest)
    const first = versions.readableBefore(newest)
    if (version > newest) throw this.futureVersion(version)
    const record = version >= oldest && version >= first ? versions.record(version) : 0
    if (record !== 0) return record
    // Below the low-water mark, perhaps only since `oldest` was loaded.
    slots.enterAll()
    const tag = this.#tags.findVersion(version)
    if (tag !== undefined && tag.record !== 0) return tag.record
    if (tag === undefined && (this.past === null || version < first))
      throw this.notRetained(version)
    return this.#inDeep(version)
  }

  /**
   * Notes that a version is to be read in the deep past, as it must be possible. A tag of one may have been made when
   * memory had less: then this is its record.
   */
  #inDeep(version: number): number {
    const { versions } = this.#epochs
    const inMemory = version >= versions.oldest ? versions.record(version) : 0
    if (inMemory !== 0) return inMemory
    const isThere = this.past !== null && version >= versions.sealed.from(versions.newest)
    if (!isThere) throw this.notRetained(version)
    this.deep = version
    return 0
  }

  /**
   * To be asked once the files are open that a deep version is read from: one that nobody asks for any more may be
   * missing in them.
   * @param isPinned a pin keeps it, unless the past has begun anew
   * @throws ZVerseError `ZVERSE_VERSION_NOT_RETAINED`
   */
  stillDeep(version: number, isPinned: boolean): void {
    const { versions, slots } = this.#epochs
    const { newest } = versions
    if (version >= versions.sealed.from(newest)) {
      if (isPinned || version >= versions.readableBefore(newest)) return
      slots.enterAll()
      if (this.#tags.findVersion(version) !== undefined) return
    }
    throw this.notRetained(version)
  }

  /** The times of a deep version; of one that {@link enter} has found for sure, at once after it. */
  timesOf(version: number): VersionTimes {
    const time = this.past?.timeOf(version)
    const until = this.past?.timeOf(version + 1)
    if (time !== undefined && until !== undefined) return { time, until }
    const told = this.#told?.version === version ? this.#told : this.#tagOf(version)
    const known = time ?? told?.time ?? Number.NaN
    return { time: known, until: until ?? told?.until ?? known }
  }

  #tagOf(version: number): Tag | undefined {
    const { slots } = this.#epochs
    slots.enterAll()
    const tag = this.#tags.findVersion(version)
    slots.exit()
    return tag
  }

  /** The record of memory's oldest version; between `enter`, where that found a deep version, and `exit`. */
  get oldestRecord(): number {
    const { versions } = this.#epochs
    for (;;) {
      // The low-water mark may move until it has been read: what it leaves stays readable, but not to be found.
      const record = versions.record(versions.oldest)
      if (record !== 0) return record
    }
  }

  /** The oldest version that can be read by number. */
  get oldest(): number {
    const { slots, versions } = this.#epochs
    slots.enter()
    const oldest = versions.readableBefore(versions.newest)
    slots.exit()
    return oldest
  }

  #recordAt(date: Date): number {
    const { versions, slots } = this.#epochs
    const time = msOf(date)
    const { newest } = versions
    const oldest = versions.oldestBefore(newest)
    const readable = versions.readableBefore(newest)
    const found = versions.lastAt(time, Math.max(oldest, readable), newest)
    if (found !== 0) return found
    const first = versions.record(oldest)
    // A date before version 0 means version 0, which is empty.
    if (oldest === 0 && readable === 0 && first !== 0) return first
    slots.enterAll()
    const deep = this.past?.lastAt(time, readable, this.#versionOf(this.oldestRecord)) ?? -1
    // Those from `readable` on may have been let go of meanwhile.
    const isLate = deep >= 0 && deep < versions.readableBefore(versions.newest)
    if (isLate) return this.#recordAt(date)
    if (deep >= 0) return this.#inDeep(deep)
    if (readable === 0 && this.past !== null) return this.#inDeep(0)
    // A tagged version below may be the one: it is known when the next one came.
    const tag = this.#tags.lastBefore(
      tag => tag.version < readable && (tag.time <= time || tag.version === 0),
    )
    if (tag === undefined || time >= tag.until) throw this.notRetained(new Date(time))
    return tag.record !== 0 ? tag.record : this.#inDeep(tag.version)
  }

  #versionOf(record: number): number {
    return load48(this.#W, record + R_VERSION)
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
    return { oldest: versions.readableBefore(newest), newest }
  }
}
