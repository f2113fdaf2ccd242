/**
 * Opens the database in a directory: takes its lock, makes it where there is none, and reads what it holds: a base,
 * and then the log, whose commits are done again.
 *
 * Nothing can be read that is not durable: what the log holds was perhaps never synced, so it is before the database is
 * handed out. What a crash left behind the end of the log is not written over: the log goes on in a new segment.
 */
import { randomBytes } from 'node:crypto'
import { Batch } from '../engine/batch.js'
import type { Engine } from '../engine/engine.js'
import type { Environment } from '../engine/time.js'
import { ZVerseError } from '../errors.js'
import {
  H_DIRECTORY,
  H_DIRECTORY_LOCK,
  H_LOG_BEGUN,
  H_SALT,
  H_SYNC,
  SYNC_COMMIT,
  SYNC_INTERVAL,
  SYNC_NEVER,
} from '../memory/layout.js'
import { historyBounds, invalidOption, USUAL_HISTORY } from '../options.js'
import { writeBounds } from '../versions/past.js'
import { Tip } from '../versions/tip.js'
import { readBase, readBaseHead } from './base.js'
import { type Begun, Commits, Unpinned } from './commits.js'
import { type Directory, isMissing, missing, type OpenFile } from './files.js'
import { DRAFT } from './keeper.js'
import { Lock } from './lock.js'
import {
  isBefore,
  KIND_VERSION,
  type LogEnd,
  type Salt,
  SEGMENT_HEAD,
  segmentHead,
} from './log-format.js'
import { damaged, LogReader, segmentName, segmentsIn } from './log-reader.js'
import { deleteSegments, fill } from './log-writer.js'
import {
  type BaseEntry,
  baseName,
  type Manifest,
  type PastEntry,
  readManifest,
  runName,
  saltIn,
  writeManifest,
} from './manifest.js'
import { deleteRuns } from './past-keeper.js'
import { type Left, type Loss, pastUpTo, wholePast } from './past-repair.js'
import { PAST_DRAFT } from './sealer.js'

/** Bytes read between two tellings. */
const TELL_EVERY = 2 ** 22
/** Bytes of the first segment. */
const FIRST_SEGMENT = 2 ** 20

const MODES = { commit: SYNC_COMMIT, interval: SYNC_INTERVAL, never: SYNC_NEVER }
export type SyncMode = keyof typeof MODES

/** What opening a directory found. */
export interface Recovery {
  /** Commits, and other changes, that were done again from the log. */
  readonly replayed: number
  /** Bytes behind the end of the log that a crash had left, of commits that never returned. */
  readonly tornBytes: number
  /** What `repair` gave up: empty where nothing was damaged. */
  readonly lost: readonly Loss[]
}

/** How a directory is opened. */
export interface OpeningOptions {
  /** Names of the codecs of the unnamed store. */
  readonly keys: string
  readonly values: string
  readonly sync: SyncMode
  readonly repair: boolean
  readonly onProgress: ((progress: { done: number; total: number }) => void) | undefined
}

export class Opening {
  /** True if the directory had no database before. */
  readonly isNew: boolean
  readonly #directory: Directory
  readonly #lock: Lock
  readonly #identity: number
  #manifest: Manifest
  /** The bases that were found: what they tell of how far the log goes is true, be they damaged. */
  readonly #found: readonly BaseEntry[]
  /** The one that is read, of those in the manifest. */
  #base: BaseEntry
  readonly #salt: Salt
  readonly #options: OpeningOptions
  /** Tells how far the reading is, now and then; {@link recover} that it is at its end. */
  readonly #progress = (done: number, total: number) => {
    if (done - this.#told < TELL_EVERY && done >= this.#told) return
    this.#told = done
    this.#options.onProgress?.({ done, total })
  }
  #told = 0
  /** Runs that `repair` has given up. */
  readonly #damagedRuns: Loss[] = []
  /** The time of the commit that is being done again. */
  #time: number | undefined
  /** The versions that a tag is put on in the log, and how often; null while nobody needs to know. */
  #tagged: ReadonlyMap<number, number> | null = null

  /**
   * Takes the lock.
   * @param version the first version of a new database, and its time
   * @throws ZVerseError `ZVERSE_LOCKED`, `ZVERSE_CORRUPT`, `ZVERSE_FORMAT`, `ZVERSE_IO`, `ZVERSE_INVALID_OPTION`
   */
  constructor(directory: Directory, options: OpeningOptions, version: number, time: number) {
    directory.make()
    this.#directory = directory
    this.#options = options
    this.#lock = Lock.take(directory)
    try {
      this.#identity = directory.stay()
      const found = readManifest(directory)
      this.isNew = found === null
      this.#manifest = found ?? create(directory, options, version, time)
      this.#found = this.#manifest.bases
      this.#base = this.#manifest.bases[0]
      this.#salt = saltIn(this.#manifest.salt)
      this.#checkCodecs()
    } catch (error) {
      this.giveUp()
      throw error
    }
  }

  #checkCodecs(): void {
    for (const kind of ['keys', 'values'] as const) {
      const made = this.#manifest[kind]
      if (made === this.#options[kind]) continue
      const { path } = this.#directory
      throw invalidOption(kind, `must be ${made}: the database in ${path} was made with it`)
    }
  }

  /** The opening has failed. Throws nothing. */
  giveUp(): void {
    this.#lock.giveBack()
  }

  /**
   * Calls `fill` with the first version, and its time, of an arena that is to be filled; once more with those of the
   * base before, where a base turns out to be damaged, or cannot be read; and where versions must be kept for tags to
   * come.
   */
  withBases<T>(fill: (version: number, time: number) => T): T {
    for (;;) {
      try {
        const { version, time } = this.#firstOf(this.#base)
        return fill(version, time)
      } catch (error) {
        if (error instanceof Unpinned) this.#tagged = this.#taggedVersions(this.#base)
        else if (!this.#fallBack(error as ZVerseError)) throw error
      }
    }
  }

  /** After an error: true if it is of the base, and there is one before it. */
  #fallBack({ code, file, path }: ZVerseError): boolean {
    const name = baseName(this.#base.number)
    const { bases } = this.#manifest
    const [next, ...rest] = bases.slice(bases.indexOf(this.#base) + 1)
    const isDamaged = code === 'ZVERSE_CORRUPT' && file === name
    const isUnread = code === 'ZVERSE_IO' && path === this.#directory.pathOf(name)
    if (next === undefined || !(isDamaged || isUnread)) return false
    this.#base = next
    // A damaged one counts no more: the log still has what it had. One that this disk cannot read now another may.
    if (isDamaged) {
      const left: Manifest = { ...this.#manifest, bases: [next, ...rest] }
      this.#manifest = writeManifest(this.#directory, left)
    }
    return true
  }

  #firstOf(base: BaseEntry): { version: number; time: number } {
    if (base.number === 0) return this.#manifest
    return this.#reading(base, file => readBaseHead(file, this.#salt, base.number))
  }

  #reading<T>({ number }: BaseEntry, read: (file: OpenFile) => T): T {
    const name = baseName(number)
    let file: OpenFile
    try {
      file = this.#directory.open(name, 'read')
    } catch (error) {
      if (!isMissing(error)) throw error
      throw missing(this.#directory, name)
    }
    try {
      return read(file)
    } finally {
      file.close()
    }
  }

  /** The world, but for the time of the commits that are done again: their own. */
  clockOf(world: Environment): Environment {
    return { now: () => this.#time ?? world.now() }
  }

  /**
   * Fills the empty database of an engine with what the directory holds, and makes all of it durable.
   * @throws ZVerseError `ZVERSE_CORRUPT`, `ZVERSE_IO`, `ZVERSE_FULL`, `ZVERSE_FORMAT`
   */
  recover(engine: Engine): Recovery {
    const { arena, versions } = engine.epochs
    const W = arena.words
    const { sealed } = versions
    W.set(new Uint32Array(Uint8Array.from(this.#salt).buffer), H_SALT)
    W[H_DIRECTORY_LOCK] = this.#lock.number
    W[H_DIRECTORY] = this.#identity
    // What the directory says counts, not the options: a new one may have died before it had said anything.
    if (!this.isNew) {
      sealed.isOn = false
      writeBounds(arena, historyBounds(USUAL_HISTORY, true))
    }
    const directory = this.#directory
    // Where the base is read once more the manifest names them no longer.
    this.#damagedRuns.push(...this.#repairPast(past => wholePast(directory, this.#salt, past)))
    const begun = this.#readBase(engine)
    const { past } = this.#manifest
    if (past !== undefined) {
      sealed.reopen(past)
      sealed.isOn = true
    }
    const { reader, replayed, lost } = this.#replayLog(engine, begun)
    // Segments that were made ahead have nothing to read.
    const total = begun.bytes + reader.done
    if (!this.isNew) this.#options.onProgress?.({ done: total, total })
    this.#time = undefined
    const { end } = reader
    const { newest } = versions
    const cutRuns = this.#repairPast(past => {
      return pastUpTo(directory, this.#salt, past, newest, sealed.form)
    })
    sealed.numbered = Math.max(0, ...directory.numbers('past'))
    this.#settlePast(engine)
    if (lost.length > 0) this.#putAside(engine, reader, lost)
    this.#tidy(end)
    const file = directory.open(segmentName(end.segment), 'write')
    try {
      file.datasync()
    } finally {
      file.close()
    }
    const tip = new Tip(arena, engine.epochs.threadId, engine.epochs.slots)
    tip.stage(end)
    tip.turn()
    tip.setDurable({ version: tip.staged, segment: end.segment, offset: end.offset })
    const isClean = this.isNew || (reader.isMarked && reader.tornBytes === 0 && lost.length === 0)
    if (reader.isMarked && lost.length === 0) tip.setMarked()
    // What a crash has left behind the end is not written over.
    W[H_LOG_BEGUN] = isClean ? 0 : end.segment + 1
    W[H_SYNC] = MODES[this.#options.sync]
    return {
      replayed,
      tornBytes: reader.tornBytes,
      lost: [...lost, ...this.#damagedRuns, ...cutRuns],
    }
  }

  /** `repair`: the manifest names what is left of the past. */
  #repairPast(leftOf: (past: PastEntry) => Left): readonly Loss[] {
    const { past } = this.#manifest
    if (!this.#options.repair || past === undefined) return []
    const left = leftOf(past)
    if (left.lost.length > 0) {
      this.#manifest = writeManifest(this.#directory, { ...this.#manifest, past: left.past })
    }
    return left.lost
  }

  /** Once all has been read: the past on disk goes on from it, or begins anew. */
  #settlePast({ epochs }: Engine): void {
    const { newest, oldest, sealed } = epochs.versions
    const { past, ...manifest } = this.#manifest
    if (!sealed.isOn || past === undefined) return
    const { from, to, floor } = past
    // Where a repair has cut it behind memory's oldest version, memory has all that died since.
    if (from <= oldest && to >= oldest && to <= newest) {
      sealed.reopen({ from, to, floor: Math.max(floor, sealed.floor(newest)) })
      return
    }
    sealed.reopen({ from: oldest, to: oldest, floor: oldest })
    this.#manifest = writeManifest(this.#directory, manifest)
  }

  #readBase(engine: Engine): Begun {
    const base = this.#base
    if (base.number === 0) return { ...base, pins: [] }
    const done = this.#reading(base, file =>
      readBase(engine, file, this.#salt, base.number, this.#progress),
    )
    return { ...base, pins: done.pins }
  }

  /** Does the commits of the log again. */
  #replayLog(engine: Engine, begun: Begun): { reader: LogReader; replayed: number; lost: Loss[] } {
    const reader = new LogReader(this.#directory, this.#salt, begun.log)
    const commits = new Commits(engine, begun, this.#tagged, time => {
      this.#time = time
    })
    const lost: Loss[] = []
    try {
      try {
        for (const record of reader.records()) {
          commits.take(record)
          this.#progress(begun.bytes + reader.done, begun.bytes + reader.total)
        }
        this.#checkEnd(engine, reader)
      } catch (error) {
        const { code, file, offset } = error as ZVerseError
        if (!this.#options.repair || code !== 'ZVERSE_CORRUPT') throw error
        lost.push({ file: file as string, offset: offset as number })
      }
      // What is left of a damaged log has the tags that the next opening finds in it.
      commits.checkTags()
    } finally {
      commits.close()
    }
    return { reader, replayed: commits.done, lost }
  }

  /** @throws ZVerseError `ZVERSE_CORRUPT` where the log ends before what is known to have been durable */
  #checkEnd(engine: Engine, { end }: LogReader): void {
    const bases = this.#found
    // The log was durable as far as a run tells, before the manifest named it.
    const run = this.#manifest.past?.runs.at(-1)?.to ?? 0
    const told = Math.max(run, ...bases.map(({ present = 0 }) => present))
    const isShort = bases.some(({ log, durable = log }) => isBefore(end, durable))
    if (isShort || engine.epochs.versions.newest < told) {
      throw damaged(segmentName(end.segment), end.offset)
    }
  }

  /** The versions that a tag is put on in the log, and how often. */
  #taggedVersions({ log }: BaseEntry): Map<number, number> {
    const tagged = new Map<number, number>()
    const count = (version: number) => tagged.set(version, (tagged.get(version) ?? 0) + 1)
    try {
      for (const record of new LogReader(this.#directory, this.#salt, log).records()) {
        if (record.kind === KIND_VERSION) continue
        Batch.of(record.body()).eachTag(count)
      }
    } catch (error) {
      // The replay tells of it.
      if ((error as ZVerseError).code !== 'ZVERSE_CORRUPT') throw error
    }
    return tagged
  }

  /**
   * Keeps the segments behind damage under other names, `lost-<name>`; also the one where the log ends, if it has lost
   * its head: another takes its place.
   */
  #putAside({ epochs }: Engine, reader: LogReader, lost: Loss[]): void {
    const directory = this.#directory
    const { end } = reader
    const isHeadless = !reader.hasHead(end.segment)
    for (const number of segmentsIn(directory)) {
      if (number < end.segment || (number === end.segment && !isHeadless)) continue
      const file = segmentName(number)
      directory.unlinkIfThere(`lost-${file}`)
      directory.link(file, `lost-${file}`)
      // Where the damage is in a record that began in an earlier segment, its own is told already.
      const isTold = lost.some(loss => loss.file === file)
      if (number > end.segment && !isTold) lost.push({ file, offset: 0 })
    }
    directory.sync()
    if (isHeadless) this.#beginAnew(end)
    // The bases promise no more than is left; of one that could not be read nobody knows whether it does.
    const { newest } = epochs.versions
    const read = this.#manifest.bases.indexOf(this.#base)
    for (const { number } of this.#manifest.bases.slice(0, read)) {
      directory.unlinkIfThere(`lost-${baseName(number)}`)
      directory.link(baseName(number), `lost-${baseName(number)}`)
    }
    const bases = this.#manifest.bases
      .slice(read)
      .map(({ version, present = version, ...base }) => {
        const durable =
          base.durable && isBefore(end, base.durable)
            ? { segment: end.segment, offset: end.offset }
            : base.durable
        const most = Math.max(version, Math.min(present, newest))
        return { ...base, version, present: most, durable }
      })
    const left = bases as unknown as Manifest['bases']
    this.#manifest = writeManifest(directory, { ...this.#manifest, bases: left })
  }

  /** Puts an empty segment in the place of one that has lost its head. */
  #beginAnew(end: LogEnd): void {
    const directory = this.#directory
    const name = segmentName(end.segment)
    directory.unlinkIfThere(name)
    // The one that it goes on from is looked up by nobody: the base begins here.
    const from = { segment: end.segment - 1, offset: 0, check: end.check }
    makeSegment(directory, this.#salt, end.segment, from)
    directory.sync()
  }

  /**
   * Deletes what a crash has left: segments behind the end of the log, or made ahead, and files that the manifest does
   * not name.
   */
  #tidy(end: LogEnd): void {
    const directory = this.#directory
    const { bases } = this.#manifest
    const first = Math.min(...bases.map(({ log }) => log.segment))
    const segments = segmentsIn(directory)
    deleteSegments(
      directory,
      segments.filter(number => number > end.segment),
    )
    const names = segments.filter(number => number < first).map(segmentName)
    for (const number of directory.numbers('base')) {
      if (!bases.some(base => base.number === number)) names.push(baseName(number))
    }
    for (const name of names) directory.unlink(name)
    if (names.length > 0) directory.sync()
    deleteRuns(directory, this.#manifest.past)
    directory.unlinkIfThere(DRAFT)
    directory.unlinkIfThere(PAST_DRAFT)
  }
}

/** Makes an empty database in a directory that has none. */
function create(
  directory: Directory,
  { keys, values }: OpeningOptions,
  version: number,
  time: number,
): Manifest {
  const salt = randomBytes(16)
  const segment = 1
  const [base] = directory.numbers('base')
  if (base !== undefined) throw unreadable(directory, baseName(base))
  const [run] = directory.numbers('past')
  if (run !== undefined) throw unreadable(directory, runName(run))
  for (const number of segmentsIn(directory)) {
    // A crash may have left the first one, empty.
    refuseUsed(directory, number)
    directory.unlink(segmentName(number))
  }
  try {
    makeSegment(directory, salt, segment, undefined)
  } catch (error) {
    // Of a full disk nothing is taken; where a crash comes first, the next opening deletes it.
    directory.unlinkIfThere(segmentName(segment))
    throw error
  }
  // The manifest relies on it.
  directory.sync()
  const log = { segment, offset: SEGMENT_HEAD, check: 0 }
  const bases: Manifest['bases'] = [{ number: 0, version, log, bytes: 0 }]
  return writeManifest(directory, {
    salt: salt.toString('hex'),
    keys,
    values,
    version,
    time,
    bases,
  })
}

/** Makes a segment that has been begun; its name is not durable yet. */
function makeSegment(
  directory: Directory,
  salt: Salt,
  number: number,
  from: LogEnd | undefined,
): void {
  const file = directory.open(segmentName(number), 'create')
  try {
    fill(file, 0, directory.files.segmentBytes ?? FIRST_SEGMENT)
    file.write(segmentHead(salt, number, from), 0)
    file.datasync()
  } finally {
    file.close()
  }
}

/** Refuses a directory that has lost its manifest. */
function refuseUsed(directory: Directory, number: number): void {
  const file = directory.open(segmentName(number), 'read')
  try {
    const words = new Uint32Array(Math.max(0, file.size - SEGMENT_HEAD) >>> 2)
    file.read(new Uint8Array(words.buffer), SEGMENT_HEAD)
    if (words.every(word => word === 0)) return
  } finally {
    file.close()
  }
  throw unreadable(directory, segmentName(number))
}

function unreadable(directory: Directory, file: string): ZVerseError {
  const message =
    `${directory.path} has ${file} and no manifest, without which nobody can read it: restore the file ` +
    'manifest-<n> from a backup, or take another directory'
  return new ZVerseError('ZVERSE_CORRUPT', message, { file, offset: 0 })
}
