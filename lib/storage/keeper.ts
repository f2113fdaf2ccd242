/**
 * The work in the background of persistent mode: segments ahead of their use, syncs of 'interval', marks while nobody
 * writes, bases, and the end of what they cover.
 *
 * A keeper is for one thread, with a handle of its own: a worker (keeper-worker.ts), the thread that opened the
 * database where no worker can be had, or whoever calls `compact`. One at a time is at work (threads/keeping.ts).
 * Invariants:
 * 1. A file gets its name when it is whole: what commits or an opening come to by its name they may rely on.
 * 2. A base counts when the manifest names it. The base before it, and the log behind that one, stay until another is
 *    to be written, and then until the last one has been read and found whole: a base that turns out to be damaged has
 *    one to fall back on, and there are never three.
 */

import type { Engine } from '../engine/engine.js'
import { ZVerseError } from '../errors.js'
import { H_KEEP_FAILURES, R_PREV, R_VERSION, SYNC_INTERVAL } from '../memory/layout.js'
import { isTagged } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { monotonic } from '../threads/clock.js'
import type { Keeping } from '../threads/keeping.js'
import type { Pin } from '../threads/slots.js'
import { boundsIn } from '../versions/past.js'
import { verifyBase, writeBase } from './base.js'
import { type CommitLog, saltOf } from './commit-log.js'
import { type Directory, isTaken, type OpenFile } from './files.js'
import { type LogEnd, type Salt, SEGMENT_HEAD } from './log-format.js'
import { firstHeadIn, segmentName, segmentsIn } from './log-reader.js'
import { fill, MOST_BYTES } from './log-writer.js'
import { type BaseEntry, baseName, type Manifest, manifestOf } from './manifest.js'
import { PastKeeper } from './past-keeper.js'
import { Sealer } from './sealer.js'

const MIB = 2 ** 20
/** Bytes of a segment that is made ahead, and at most the same as a share of the base: it goes as a whole. */
const LEAST_SEGMENT = 4 * MIB
const SEGMENT_OF_BASE = 1 / 8
/** Bytes of log behind a base from which on another one is written, and the same as a share of the base. */
const LEAST_LOG = 16 * MIB
const SHARE_OF_BASE = 0.5
/** Bytes of a base between two syncs: commits wait for the disk as long as one takes. */
const SYNC_EVERY = MIB
/** ms without a commit after which the log gets a mark. */
const IDLE = 1000
/** ms before a merge that has failed is tried again by the keeper; doubled each time, up to the second. */
const LEAST_REST = 1000
const MOST_REST = 300_000
/** A segment or base that has no name yet. */
export const DRAFT = 'draft'

/** How long to rest before the next piece of work, in the background, ms. */
type Work = Generator<number, void, void>

export class Keeper {
  readonly #engine: Engine
  readonly #log: CommitLog
  readonly #directory: Directory
  readonly #salt: Salt
  readonly #interval: number
  /** Bytes of the segment that was made last. */
  #segmentBytes: number
  readonly #leastBytes: number
  readonly #mostBytes: number
  /** When the log was synced last, in the mode 'interval'. */
  #syncedAt = 0
  /** Where the log ended at the last look, and since when; and where, when nothing was left to do. */
  #endSeen = 0
  #endSince = 0
  #endDone = -1
  readonly #sealer: Sealer
  readonly #past: PastKeeper
  /** How the last work on the past has failed, how long runs are left alone for that, and until when. */
  #failure: unknown = null
  #pastRest = 0
  #pastAt = 0

  constructor(engine: Engine, log: CommitLog, interval: number) {
    this.#engine = engine
    this.#log = log
    this.#sealer = new Sealer(engine, log)
    this.#past = new PastKeeper(engine, log, this.#sealer)
    this.#directory = log.directory
    this.#salt = saltOf(engine.epochs.arena)
    this.#interval = interval
    const { segmentBytes } = this.#directory.files
    this.#leastBytes = segmentBytes ?? LEAST_SEGMENT
    this.#segmentBytes = this.#leastBytes / 2
    this.#mostBytes = segmentBytes === undefined ? MOST_BYTES : 2 * segmentBytes
  }

  /** ms after which to look again, if nothing calls. */
  get rest(): number {
    return this.#log.tip.mode === SYNC_INTERVAL ? Math.min(this.#interval, IDLE) : IDLE
  }

  /**
   * Does what is due, in pieces, and yields how long to rest between them. The caller has begun to keep, and ends the
   * generator where the database is closed.
   *
   * What fails does not keep the rest from being done, and is thrown at the end: runs may be damaged for good.
   * @param isAll also what need not be done yet
   * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_CORRUPT`
   */
  *work(isAll: boolean): Work {
    const { tip } = this.#log
    if (tip.failure !== null) return
    const { W } = this.#engine
    const isDone = !isAll && tip.place.check === this.#endDone
    try {
      this.#sync(isAll)
      for (const rest of this.#pieces(isAll, isDone)) {
        yield rest
        this.syncIfDue()
      }
      if (!isDone) W[H_KEEP_FAILURES] = 0
    } catch (error) {
      W[H_KEEP_FAILURES]++
      throw error
    }
  }

  *#pieces(isAll: boolean, isDone: boolean): Work {
    const failures: unknown[] = []
    if (!isDone) {
      yield* attempted(this.#pastWork(isAll), failures)
      // Bounds of the disk that memory still kept from being applied.
      if (this.#letGo() && failures.length === 0) yield* attempted(this.#pastWork(isAll), failures)
      // A base may make the room that a segment needs.
      yield* attempted(this.#prepare(manifestOf(this.#directory)), failures)
    }
    // Before a base: the log goes on from its place, and not from the mark.
    this.#mark(isAll)
    const { check } = this.#log.tip.place
    if (!isDone) yield* this.#base(manifestOf(this.#directory), isAll)
    this.#endDone = check
    if (failures.length > 0) throw failures[0]
  }

  // ── The past on disk ──────────────────────────────────────────────────────────────────────────

  *#pastWork(isAll: boolean): Work {
    const isResting = !isAll && monotonic() < this.#pastAt
    try {
      yield* this.#past.work(isAll, (name, write) => {
        if (isResting) throw this.#failure
        return this.#named(name, write)
      })
      this.#pastRest = 0
    } catch (error) {
      // What is damaged is passed over the next time.
      const isDamage = (error as ZVerseError).code === 'ZVERSE_CORRUPT'
      if (!isResting && !isDamage) {
        this.#failure = error
        this.#pastRest = Math.min(MOST_REST, Math.max(LEAST_REST, 2 * this.#pastRest))
        this.#pastAt = monotonic() + this.#pastRest
      }
      // Runs that no manifest could be written for: the next attempt may need their room.
      this.#past.tidy()
      throw error
    }
  }

  /** Memory lets go of what has come to disk since the last commit. True if there was something. */
  #letGo(): boolean {
    const { turn, past } = this.#engine.epochs
    // A user of this thread may have a transaction open.
    if (turn.mine) return false
    let isMore = false
    turn.tryToTidy(() => {
      isMore = past.applySealed()
    })
    return isMore
  }

  // ── The log ───────────────────────────────────────────────────────────────────────────────────

  /** In the mode 'interval' a sync cannot wait for the work under way. @throws ZVerseError `ZVERSE_IO` */
  syncIfDue(): void {
    this.#sync(false)
  }

  #sync(isAll: boolean): void {
    const { tip } = this.#log
    const isDue = tip.mode === SYNC_INTERVAL && monotonic() - this.#syncedAt >= this.#interval
    if (!isDue && !isAll) return
    this.#syncedAt = monotonic()
    if (tip.durable.version < tip.staged) this.#log.flush()
  }

  /** Makes the next segment, if it is not there. */
  *#prepare({ bases: [last] }: Manifest): Work {
    const next = this.#log.tip.place.segment + 1
    const name = segmentName(next)
    if (segmentsIn(this.#directory).includes(next)) return
    const share = Math.max(this.#leastBytes, MIB * Math.round((SEGMENT_OF_BASE * last.bytes) / MIB))
    this.#segmentBytes = Math.min(2 * this.#segmentBytes, share, this.#mostBytes)
    const bytes = this.#segmentBytes
    yield* this.#drafted(function* (file) {
      for (let at = 0; at < bytes; at += MIB) {
        fill(file, at, Math.min(at + MIB, bytes))
        file.datasync()
        yield 0
      }
    })
    this.#name(name)
  }

  /** Writes a new file that has no name yet; where that fails, nothing is left that takes room. */
  *#drafted<T>(write: (file: OpenFile) => Generator<unknown, T, void>): Generator<number, T, void> {
    this.#directory.unlinkIfThere(DRAFT)
    const file = this.#directory.open(DRAFT, 'create')
    try {
      const steps = write(file)
      for (;;) {
        const began = monotonic()
        const step = steps.next()
        if (step.done === true) return step.value
        yield monotonic() - began
      }
    } catch (error) {
      // Not where the keeper is stopped: the directory may be another process's by then.
      this.#directory.unlinkIfThere(DRAFT)
      throw error
    } finally {
      file.close()
    }
  }

  /** Writes a new file in pieces; it has its name when it is whole. */
  *#named<T>(
    name: string,
    write: (file: OpenFile) => Generator<unknown, T, void>,
  ): Generator<number, T, void> {
    const made = yield* this.#drafted(write)
    this.#name(name)
    return made
  }

  /** Gives the draft, which is whole, its name; a commit may have made that segment meanwhile. */
  #name(name: string): void {
    try {
      this.#directory.link(DRAFT, name)
      this.#directory.sync()
    } catch (error) {
      if (!isTaken(error)) throw error
    }
    this.#directory.unlink(DRAFT)
  }

  /** Leaves a mark where nobody has committed for a while. */
  #mark(isAll: boolean): void {
    const { tip } = this.#log
    const { check } = tip.place
    if (check !== this.#endSeen) {
      this.#endSeen = check
      this.#endSince = monotonic()
    }
    if (!isAll && monotonic() - this.#endSince < IDLE) return
    const { turn } = this.#engine.epochs
    // A user of this thread may have a transaction open.
    if (tip.isMarked || turn.mine || tip.durable.version < tip.staged) return
    turn.tryExclusively(() => this.#log.mark())
  }

  // ── Bases ─────────────────────────────────────────────────────────────────────────────────────

  *#base(manifest: Manifest, isAll: boolean): Work {
    const [last] = manifest.bases
    const behind = this.#bytesBehind(last.log)
    if (!isAll && behind < Math.max(LEAST_LOG, SHARE_OF_BASE * last.bytes)) return
    const { epochs, tags } = this.#engine
    const { slots } = epochs
    const pins: Pin[] = []
    // First the place, then what the base has: a tag that comes in between is in both.
    slots.enter()
    const { oldest } = epochs.versions
    slots.exit()
    const log = this.#placeBefore(oldest, last.log)
    try {
      slots.enterAll()
      const records = this.#keptRecords(pins)
      const all = tags.all()
      slots.exit()
      const version = load48(this.#engine.W, records[records.length - 1] + R_VERSION)
      if (version <= last.version || (!isAll && log.segment === last.log.segment)) return
      const before = yield* this.#makeRoom(manifest)
      const number = last.number + 1
      const present = epochs.versions.newest
      const content = { records, tags: all, bounds: boundsIn(epochs.arena) }
      const engine = this.#engine
      const salt = this.#salt
      const bytes = yield* this.#drafted(function* (file) {
        let synced = 0
        let size = 0
        for (size of writeBase(engine, file, salt, number, content)) {
          if (size - synced >= SYNC_EVERY) {
            file.datasync()
            synced = size
          }
          yield
        }
        file.datasync()
        return size
      })
      // The log has all that the base may have seen: an opening relies on it.
      this.#log.flush()
      const { segment, offset } = this.#log.tip.durable
      const durable = { segment, offset }
      this.#directory.unlinkIfThere(baseName(number))
      this.#name(baseName(number))
      const bases: Manifest['bases'] = [{ number, version, present, log, durable, bytes }, before]
      this.#sealer.naming(baseName(number), () =>
        this.#sealer.update(manifest => ({ ...manifest, bases })),
      )
    } finally {
      // A handle that was closed meanwhile has given its line back.
      if (!this.#engine.gate.isClosed) {
        slots.exit()
        for (const pin of pins) slots.release(pin)
      }
    }
    yield 0
    this.#tidy()
  }

  /**
   * Deletes the base to fall back on, and its log, if the last one is whole.
   * @returns the one to fall back on from now on
   */
  *#makeRoom(manifest: Manifest): Generator<number, BaseEntry, void> {
    const [last, older] = manifest.bases
    if (older === undefined) return last
    if (!(yield* this.#isWhole(last))) return older
    const only = { ...last, log: this.#nextSegment(last.log) }
    this.#sealer.update(manifest => ({ ...manifest, bases: [only] }))
    this.#tidy()
    return only
  }

  /** The same place, but in the segment that goes on from there, if one does: the one before may go then. */
  #nextSegment(at: LogEnd): LogEnd {
    // Of two that go on from there the later counts.
    for (let number = this.#log.tip.durable.segment; number > at.segment; number--) {
      const from = firstHeadIn(this.#directory, this.#salt, number)?.from
      if (from?.segment !== at.segment || from.offset !== at.offset) continue
      return { segment: number, offset: SEGMENT_HEAD, check: at.check }
    }
    return at
  }

  *#isWhole({ number }: BaseEntry): Generator<number, boolean, void> {
    let file: OpenFile | undefined
    try {
      file = this.#directory.open(baseName(number), 'read')
      let began = monotonic()
      for (const _ of verifyBase(file, this.#salt, number)) {
        yield monotonic() - began
        began = monotonic()
      }
      return true
    } catch (error) {
      // Where the disk cannot read it, too.
      if (error instanceof ZVerseError) return false
      throw error
    } finally {
      file?.close()
    }
  }

  /** The records that a base must have, pinned: the oldest of the run, and what is kept before it. */
  #keptRecords(pins: Pin[]): number[] {
    const { epochs, W } = this.#engine
    const { slots, versions, turn } = epochs
    return turn.exclusively(() => {
      const oldest = versions.record(versions.oldest)
      const pinned = epochs.past.look()
      const records: number[] = []
      for (let record = oldest; record !== 0; record = W[record + R_PREV]) {
        const isKept = isTagged(W, record) || pinned.has(record)
        if (record !== oldest && !isKept) continue
        records.push(record)
        pins.push(slots.acquire(record))
      }
      return records.reverse()
    })
  }

  /** Bytes of the log from a place on. */
  #bytesBehind({ segment, offset }: LogEnd): number {
    const { place } = this.#log.tip
    let bytes = place.offset - offset
    for (const number of segmentsIn(this.#directory)) {
      if (number < segment || number >= place.segment) continue
      bytes += this.#directory.size(segmentName(number))
    }
    return bytes
  }

  /** A place from which on the log has all versions after `version`: behind it, or the begin of a segment. */
  #placeBefore(version: number, from: LogEnd): LogEnd {
    const { version: newest, place } = this.#log.tip.newest
    if (newest === version) return place
    for (let number = place.segment; number > from.segment; number--) {
      const first = firstHeadIn(this.#directory, this.#salt, number)
      if (first === null || first.head.version > version) continue
      return { segment: number, offset: SEGMENT_HEAD, check: first.from.check }
    }
    return from
  }

  /** Deletes what no base of the manifest needs. */
  #tidy(): void {
    const { bases } = manifestOf(this.#directory)
    const first = Math.min(...bases.map(({ log }) => log.segment))
    for (const number of segmentsIn(this.#directory)) {
      if (number < first) this.#directory.unlink(segmentName(number))
    }
    for (const number of this.#directory.numbers('base')) {
      if (!bases.some(base => base.number === number)) this.#directory.unlink(baseName(number))
    }
  }
}

/** Does a part of the work that the rest does not need; how it fails is noted. */
function* attempted(work: Work, failures: unknown[]): Work {
  try {
    yield* work
  } catch (error) {
    failures.push(error)
  }
}

/** Does the work in the background until the database is closed, with the thread blocked. For a worker. */
export function keep(keeper: Keeper, keeping: Keeping): void {
  while (keeping.goesOn) {
    const { calls } = keeping
    if (keeping.begin()) {
      try {
        for (const rest of keeper.work(false)) {
          if (!keeping.goesOn) break
          if (rest > 0) keeping.sleep(calls, rest)
        }
      } catch {
        // It is tried again; where it matters to commits, they tell.
      } finally {
        keeping.end()
      }
    }
    keeping.sleep(calls, keeper.rest)
  }
}
