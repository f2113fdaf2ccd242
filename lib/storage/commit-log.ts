/**
 * The commit log of one handle: writes each commit of its thread at the end of the log, and makes it durable.
 *
 * Every thread that has the database open writes the log by a descriptor of its own, under the writer lock. Where the
 * log ends, and what of it is durable, lies in shared memory (versions/tip.ts): so a thread may die at any byte, and
 * the next owner of the lock writes over what nobody published.
 */
import { Batch } from '../engine/batch.js'
import type { Log, Mutation, Stamp } from '../engine/mutation.js'
import { ZVerseError } from '../errors.js'
import type { Arena } from '../memory/arena.js'
import { H_SALT, SYNC_COMMIT, SYNC_INTERVAL } from '../memory/layout.js'
import { load48, store48 } from '../memory/words.js'
import { monotonic } from '../threads/clock.js'
import { callForStack, FOR_CALL, FOR_COMMIT, FOR_SEALING } from '../threads/stack.js'
import type { EpochManager } from '../versions/manager.js'
import { CALLS, FAILED, type LogPlace, numberOf, Tip } from '../versions/tip.js'
import { type Directory, isMissing, leavesDoubt } from './files.js'
import {
  FLAG_ENDED,
  FLAG_FORGETS,
  KIND_CHANGE,
  KIND_MARK,
  KIND_VERSION,
  type RecordHead,
  type Salt,
} from './log-format.js'
import { LogWriter } from './log-writer.js'

/** One commit in so many looks after the keeper. */
const SOMETIMES = 1023
/** Versions that may be staged at a time: the ring of versions has room for more. */
const MOST_STAGED = 512
/** Longest wait before a sync that could not be tried is tried again, ms. */
const SLICE = 20
/** Bytes of a segment that a commit has to make: few, for it waits. */
const SEGMENT = 4 * 2 ** 20

const NOTHING = new Uint32Array(0)

/** The salt that an arena has, for threads that attach. */
export function saltOf({ words }: Arena): Salt {
  return new Uint8Array(words.slice(H_SALT, H_SALT + 4).buffer)
}

export class CommitLog implements Log {
  readonly directory: Directory
  readonly tip: Tip
  readonly #writer: LogWriter
  readonly #batch: Batch
  /** The record that is being written, what its body begins with, and where the log ends behind it so far. */
  #head: Omit<RecordHead, 'synced'> = { kind: KIND_MARK, flags: 0, version: 0, time: 0 }
  #ended: number | undefined
  #end: LogPlace = { segment: 0, offset: 0, check: 0 }
  readonly #sync = (segment: number) => this.#syncSegment(segment)
  /** ms between syncs by commits; Infinity where somebody else sees to it. */
  readonly #interval: number
  #syncAt = 0
  #durableSeen = 0
  #settled = 0
  /** The version that this handle has staged last: it must become readable, or nothing any more. */
  #staged = 0
  /** Called now and then by a thread that commits; and where the log goes on in another segment. */
  onSometimes: (() => void) | undefined
  onRotation: (() => void) | undefined

  readonly #epochs: EpochManager

  /** @param interval ms after which a commit syncs what came before it, in the mode 'interval' */
  constructor(epochs: EpochManager, directory: Directory, interval: number) {
    const { arena, threadId } = epochs
    const tip = new Tip(arena, threadId, epochs.slots)
    this.#epochs = epochs
    this.directory = directory
    this.tip = tip
    this.#interval = interval
    const state = {
      get begun() {
        return tip.begun
      },
      set begun(segment: number) {
        tip.begun = segment
      },
      get durable() {
        return tip.durable
      },
    }
    const { segmentBytes } = directory.files
    this.#writer = new LogWriter(directory, saltOf(arena), state, segmentBytes ?? SEGMENT)
    if (segmentBytes !== undefined) this.#writer.scale(segmentBytes)
    this.#batch = new Batch(this.#writer.partWords, words => this.#write(words, true))
    this.#syncAt = monotonic() + interval
    this.#durableSeen = tip.durable.version
  }

  get path(): string {
    return this.directory.path
  }

  get hasFailed(): boolean {
    return this.tip.failure !== null
  }

  append(mutation: Mutation): void {
    const { tip } = this
    const { stamp } = mutation
    this.#refuseAfterFailure()
    // For the wait behind the commit, too, which is no place to end.
    const isDeep = this.#settled === 0 || this.#epochs.past.mayHaveToSeal
    callForStack(isDeep ? FOR_SEALING : FOR_COMMIT)
    const { staged } = tip
    if (!tip.isOut(staged - MOST_STAGED)) this.settle(staged)
    const batch = this.#batch
    batch.reset()
    this.#begin(headOf(stamp, staged), stamp?.ended)
    try {
      mutation.describe(batch)
      this.#write(batch.words, false)
    } catch (error) {
      // Where a part was written, and the next could not be described.
      this.#writer.giveUp()
      throw error
    } finally {
      batch.reset()
    }
    this.#stage()
    if (stamp !== undefined) this.#staged = stamp.version
    // It has no version that could wait.
    if (stamp === undefined && tip.mode === SYNC_COMMIT) this.#syncStaged()
  }

  /** @param ended what its body begins with, if it has FLAG_ENDED */
  #begin(head: Omit<RecordHead, 'synced'>, ended?: number): void {
    this.#writer.begin()
    this.#head = head
    this.#ended = ended
    this.#end = this.tip.end
  }

  /** The log ends behind the record that was written. */
  #stage(): void {
    const end = this.#end
    const { segment } = this.tip.end
    this.tip.stage(end)
    if (segment !== end.segment) this.onRotation?.()
  }

  /** Writes a part of the record, or the last of it. */
  #write(words: Uint32Array, isPart: boolean): void {
    const ended = this.#ended
    this.#ended = undefined
    try {
      const body = ended === undefined ? words : behind(ended, words)
      this.#end = this.#writer.append(this.#end, this.#head, body, isPart)
    } catch (error) {
      // Else the log ends where it ended, and the next commit may do better.
      if (leavesDoubt(error)) this.#fail(error)
      throw error
    }
  }

  settle(version: number): void {
    const { tip } = this
    this.#settle(version)
    if (tip.mode === SYNC_INTERVAL) this.#syncNowAndThen()
    if ((++this.#settled & SOMETIMES) === 0) this.onSometimes?.()
  }

  #settle(version: number): void {
    const { tip } = this
    for (let since = 0; ; ) {
      try {
        if (tip.settle(version, this.#sync) === FAILED) throw this.#failed()
        return
      } catch (error) {
        const isStaged = version === this.#staged && error instanceof ZVerseError
        if (!isStaged || tip.failure !== null) throw error
        // The log has gone on in a segment that this thread cannot open, for want of descriptors say; others can,
        // or it can soon. No verb throws of a commit that will be seen.
        if (since === 0) since = monotonic()
        else if (monotonic() - since > tip.patience) this.#fail(error)
        tip.pause(SLICE)
      }
    }
  }

  /** Syncs where nobody else has done so for too long. */
  #syncNowAndThen(): void {
    const now = monotonic()
    if (now < this.#syncAt) return
    this.#syncAt = now + this.#interval
    const { version } = this.tip.durable
    if (version === this.#durableSeen) {
      try {
        this.flush()
      } catch {
        // This commit has happened. The next change tells.
      }
      // The keeper, if there should be one, is late or dead.
      this.onSometimes?.()
    }
    this.#durableSeen = this.tip.durable.version
  }

  /** Makes durable all that is committed; returns the newest version then. @throws `ZVERSE_IO` */
  flush(): number {
    this.#refuseAfterFailure()
    if (this.tip.flush(this.#sync) === FAILED) throw this.#failed()
    this.#syncAt = monotonic() + this.#interval
    return this.tip.durable.version
  }

  /** Leaves a mark at the end of the log: all before it is durable. For the owner of the lock. */
  mark(): void {
    if (this.tip.isMarked) return
    this.flush()
    this.#begin({ kind: KIND_MARK, flags: 0, version: this.tip.staged, time: 0 })
    this.#write(NOTHING, false)
    this.#stage()
    this.#syncStaged()
    this.tip.turn()
    this.tip.setMarked()
  }

  close(): void {
    const { turn } = this.#epochs
    try {
      if (this.tip.failure === null && this.#epochs.isLast) turn.exclusively(() => this.mark())
    } catch {
      // What was promised is durable; what is after it may be.
    }
    this.#writer.close()
  }

  /** Makes what was just appended durable, before it counts. */
  #syncStaged(): void {
    if (this.tip.syncStaged(this.#sync) === FAILED) throw this.#failed()
  }

  #syncSegment(segment: number): void {
    callForStack(FOR_CALL)
    try {
      this.#writer.sync(segment)
    } catch (error) {
      // A syncer that was held up, and replaced: the log has left that segment, synced, and needs it no more.
      if (isMissing(error) && segment < this.tip.place.segment) return
      // Not where the segment could not be opened, say: nothing was to be made durable yet.
      if (leavesDoubt(error)) this.#fail(error)
      throw error
    }
  }

  #fail(error: unknown): void {
    const { syscall = '', errno = 0 } = error as ZVerseError
    this.tip.fail({ errno, call: numberOf(syscall) })
  }

  #refuseAfterFailure(): void {
    if (this.tip.failure !== null) throw this.#failed()
  }

  /** The error of each change after a call that failed. */
  #failed(): ZVerseError {
    const { errno, call } = this.tip.failure ?? { errno: 0, call: 0 }
    const syscall = CALLS[call]
    const { path } = this.directory
    const message =
      `${syscall} failed in ${path} (errno ${errno}): what can be read is durable, nothing more can be ` +
      'written. Close the database, look at the disk, and open it again'
    return new ZVerseError('ZVERSE_IO', message, { syscall, path, errno })
  }
}

function headOf(stamp: Stamp | undefined, staged: number): Omit<RecordHead, 'synced'> {
  if (stamp === undefined) return { kind: KIND_CHANGE, flags: 0, version: staged, time: 0 }
  const { version, time, ended, forgets } = stamp
  const flags = (ended === undefined ? 0 : FLAG_ENDED) | (forgets ? FLAG_FORGETS : 0)
  return { kind: KIND_VERSION, flags, version, time }
}

/** The body of a record with FLAG_ENDED. */
function behind(ended: number, words: Uint32Array): Uint32Array {
  const body = new Uint32Array(2 + words.length)
  store48(body, 0, ended)
  body.set(words, 2)
  return body
}

/** The stamp of a record of kind KIND_VERSION, and the words of its batch. */
export function taken(head: RecordHead, body: Uint32Array): { stamp: Stamp; words: Uint32Array } {
  const { version, time, flags } = head
  const hasEnd = (flags & FLAG_ENDED) !== 0
  const ended = hasEnd ? load48(body, 0) : undefined
  const stamp = { version, time, ended, forgets: (flags & FLAG_FORGETS) !== 0 }
  return { stamp, words: hasEnd ? body.subarray(2) : body }
}
