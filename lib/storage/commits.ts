/**
 * Does what a log says again, as commits of a database that has no log yet.
 *
 * The log may begin before what the base has: versions that it has are skipped; changes of tags and bounds are done
 * again, for the last one of a name counts, whatever the base has of them. Invariant: a version is there as long as
 * something still to come needs it, a tag of the log or the base.
 */
import { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import { PINNED } from '../engine/reader.js'
import type { View } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import type { Tag } from '../history/tags.js'
import { R_VERSION, WRITING_CALLBACK } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import type { AllBounds } from '../options.js'
import type { Pin } from '../threads/slots.js'
import { boundsIn, writeBounds } from '../versions/past.js'
import { replay } from '../write/replay.js'
import { Transaction } from '../write/transaction.js'
import { taken } from './commit-log.js'
import { isBefore, KIND_VERSION, type LogEnd } from './log-format.js'
import type { LogRecord } from './log-reader.js'
import type { BaseEntry } from './manifest.js'

const UNLIMITED = {
  versions: Number.POSITIVE_INFINITY,
  ms: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
}

/** A base that was read, and where the log goes on from it. */
export interface Begun extends BaseEntry {
  readonly pins: readonly Pin[]
}

/** A tag was put on a version that had left the window: a pin had kept it. */
export class Unpinned extends Error {
  constructor() {
    super('zverse: a version must be kept for a tag to come')
  }
}

/** Does the records of a log again, as commits of a database that has no log yet. */
export class Commits {
  done = 0
  readonly #engine: Engine
  readonly #tx: Transaction
  readonly #setTime: (time: number) => void
  /** The base has these versions. */
  readonly #before: number
  /** How many tags are still to come for a version, and what keeps it until then. */
  readonly #tagged: Map<number, number>
  /** No version is kept for tags yet. */
  readonly #keepsNone: boolean
  readonly #pins = new Map<number, Pin>()
  readonly #views = new Map<number, View>()
  readonly #deep = new Map<number, Tag>()
  /** Tags whose version was not there, by name: each must be moved, or removed, later in the log. */
  readonly #missing = new Map<string, number>()
  /**
   * The bounds, which release nothing up to this version: those of the base may have come after the commits that
   * follow it in the log, and those before them released no more than the base lacks.
   */
  readonly #present: number
  /** Up to there the base knows better than the log which tags there are. */
  readonly #known: Pick<LogEnd, 'segment' | 'offset'>
  #bounds: AllBounds | undefined

  constructor(
    engine: Engine,
    { version, present = version, pins, log, durable = log }: Begun,
    tagged: ReadonlyMap<number, number> | null,
    setTime: (time: number) => void,
  ) {
    this.#engine = engine
    this.#before = version
    this.#tagged = new Map(tagged)
    this.#keepsNone = tagged === null
    this.#setTime = setTime
    for (const pin of pins) this.#keep(load48(engine.W, pin.record + R_VERSION), pin)
    this.#pin(engine.epochs.versions.newest)
    // What the log tells of a tag before the base may take it from its version for a while.
    for (const tag of engine.tags.all()) {
      if (tag.record === 0) this.#deep.set(tag.version, tag)
      else this.#pin(tag.version, { at: tag.version })
    }
    this.#present = present
    this.#known = durable
    if (present > version) this.#suspend()
    this.#tx = new Transaction(engine, WRITING_CALLBACK)
    // Logs and bases have the changes of indexes.
    this.#tx.follows = false
    this.#tx.keepTurn()
  }

  take(record: LogRecord): void {
    if (record.kind === KIND_VERSION && record.version <= this.#before) return
    if (record.kind === KIND_VERSION) {
      if (record.version > this.#present) this.#resume()
      const { stamp, words } = taken(record, record.body())
      this.#setTime(stamp.time)
      replay(this.#tx, Batch.of(words), stamp)
      this.#pin(stamp.version)
    } else if (!this.#change(record, Batch.of(record.body()))) return
    this.done++
  }

  /** A change of tags or bounds. The base may have it already, and what came after it. */
  #change({ version, end }: LogRecord, batch: Batch): boolean {
    // The time of the version that was present then, which is none of these.
    if (batch.isOfTime && version < this.#before) return false
    const { asTag: tag } = batch
    const isSuspended = this.#bounds !== undefined
    if (isSuspended) this.#resume()
    if (tag !== undefined) this.#missing.delete(tag.name)
    try {
      replay(this.#tx, batch, undefined, { views: this.#views, deep: this.#deep })
    } catch (error) {
      const { code } = error as ZVerseError
      if (code !== 'ZVERSE_VERSION_NOT_RETAINED' && code !== 'ZVERSE_UNKNOWN_TAG') throw error
      // Where the base has not kept a version, a later change has taken that tag away.
      const isKnown = !this.#keepsNone && !isBefore(this.#known, end)
      if (tag?.version !== undefined && !isKnown) this.#missing.set(tag.name, tag.version)
    }
    if (isSuspended) this.#suspend()
    if (tag?.version !== undefined) this.#unpin(tag.version)
    return true
  }

  /** For now no bound releases anything. */
  #suspend(): void {
    const { arena } = this.#engine.epochs
    this.#bounds = boundsIn(arena)
    writeBounds(arena, { ...UNLIMITED, disk: this.#bounds.disk })
  }

  #resume(): void {
    if (this.#bounds !== undefined) writeBounds(this.#engine.epochs.arena, this.#bounds)
    this.#bounds = undefined
  }

  /** @throws Unpinned; ZVerseError `ZVERSE_FULL` where a tagged version had no room */
  checkTags(): void {
    if (this.#missing.size > 0 && this.#keepsNone) throw new Unpinned()
    for (const [name, version] of this.#missing) {
      const message = `there is no room for version ${version}, tagged ${JSON.stringify(name)}`
      throw new ZVerseError('ZVERSE_FULL', `${message}: open with a larger maxBytes`)
    }
  }

  close(): void {
    const { slots } = this.#engine.epochs
    this.#tx.close()
    this.#resume()
    for (const pin of this.#pins.values()) slots.release(pin)
    this.#pins.clear()
  }

  /** Keeps a version, the present one if no view is given, if a tag is to come for it. */
  #pin(version: number, view?: View): void {
    if (!this.#tagged.has(version) || this.#pins.has(version)) return
    const { reader, epochs } = this.#engine
    const record = reader.enter(view)
    // A version on disk needs no pin.
    if (record !== 0) this.#keep(version, epochs.slots.acquire(record))
    epochs.slots.exit()
  }

  #keep(version: number, pin: Pin): void {
    const { reader } = this.#engine
    this.#pins.set(version, pin)
    const pinned = { [PINNED]: { reader, heldRecord: () => pin.record } }
    this.#views.set(version, { snapshot: pinned as never })
  }

  /** A tag has come for a version. */
  #unpin(version: number): void {
    const left = (this.#tagged.get(version) ?? 0) - 1
    this.#tagged.set(version, left)
    const pin = this.#pins.get(version)
    if (left > 0 || pin === undefined) return
    this.#engine.epochs.slots.release(pin)
    this.#pins.delete(version)
    this.#views.delete(version)
  }
}
