/**
 * What one handle has of persistent mode: its commit log; the work in the background, where this thread sees to it;
 * and the directory's lock, which goes with the last handle.
 */
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { keeperFile } from '#keeper-file'
import type { Engine } from '../engine/engine.js'
import { isVersion } from '../engine/view.js'
import { ZVerseError } from '../errors.js'
import {
  H_BACKGROUND,
  H_DIRECTORY_LOCK,
  H_DURABLE,
  H_KEEP,
  H_KEEP_FAILURES,
  H_KEEPING,
  H_SYNC_INTERVAL,
  SYNC_COMMIT,
  SYNC_INTERVAL,
  WRITING_VERB,
} from '../memory/layout.js'
import { invalidOption, type Settings } from '../options.js'
import { Keeping } from '../threads/keeping.js'
import { sleepOn, sleepUnheld } from '../threads/watch.js'
import type { CheckReport } from '../verbs/check.js'
import type { StorageStats } from '../verbs/stats.js'
import { areBounds } from '../versions/past.js'
import { takeTag } from '../write/tagging.js'
import { inTurn } from '../write/transaction.js'
import { setBounds } from '../write/upkeep.js'
import { backUp, isWithin } from './backup.js'
import { CommitLog } from './commit-log.js'
import { Directory, SYSTEM } from './files.js'
import { Keeper } from './keeper.js'
import type { KeeperData } from './keeper-worker.js'
import { Lock } from './lock.js'
import { segmentName, segmentsIn } from './log-reader.js'
import { manifestOf } from './manifest.js'
import type { Opening, Recovery } from './opening.js'
import { type DiskPast, readDeep } from './past/disk-past.js'
import { LEAST_VERSIONS } from './past-keeper.js'
import { Sealer } from './sealer.js'

/** How many intervals a commit leaves to the keeper before it syncs itself. */
const PATIENCE = 4
/** ms to wait for another thread's piece of work before looking again. */
const SLICE = 20

export class Disk {
  readonly log: CommitLog
  readonly recovery: Recovery | null
  readonly #engine: Engine
  readonly #directory: Directory
  readonly #keeping: Keeping
  readonly #interval: number
  readonly #past: DiskPast
  /** This handle is starting a keeper. */
  #isStarting = false

  private constructor(
    engine: Engine,
    directory: Directory,
    past: DiskPast,
    recovery: Recovery | null,
  ) {
    const { epochs, W } = engine
    const { arena } = epochs
    this.#engine = engine
    this.#directory = directory
    this.recovery = recovery
    this.#past = past
    this.#interval = W[H_SYNC_INTERVAL]
    const isKept = W[H_BACKGROUND] !== 0
    const log = new CommitLog(epochs, directory, this.#interval * (isKept ? PATIENCE : 1))
    const keeping = new Keeping(arena, epochs.threadId)
    this.log = log
    this.#keeping = keeping
    engine.log = log
    const sealer = new Sealer(engine, log)
    const inMemory = epochs.past
    inMemory.seal = timeout => {
      try {
        return sealer.seal(timeout)
      } catch (error) {
        if (!(error instanceof ZVerseError)) throw error
        // The commit that wants room finds none, and tells why.
        inMemory.refusal = error
        return false
      }
    }
    inMemory.beginOnDisk = version => sealer.beginAt(version)
    epochs.whenLast(unlocking(keeping, new Lock(directory, W[H_DIRECTORY_LOCK])))
    if (!isKept) return
    log.onRotation = () => keeping.wake()
    log.onSometimes = () => this.#seeToKeeper()
    inMemory.onUnsealed = (end, wanted) => {
      if ((wanted - end) % LEAST_VERSIONS === 0) keeping.wake()
    }
    this.#seeToKeeper()
  }

  /** Reads the directory into the empty database of `engine`. @throws ZVerseError as `Opening.recover` */
  static open(engine: Engine, directory: Directory, opening: Opening, settings: Settings): Disk {
    const { history, hasHistory, background, syncInterval } = settings
    const past = readDeep(engine, directory)
    let recovery: Recovery
    try {
      recovery = opening.recover(engine)
    } catch (error) {
      past.close()
      throw error
    }
    engine.W[H_BACKGROUND] = background ? 1 : 0
    engine.W[H_SYNC_INTERVAL] = syncInterval
    const disk = new Disk(engine, directory, past, recovery)
    // The bounds of a new database are those of its options; of another, those it had, unless others are given.
    const { turn } = engine.epochs
    try {
      // What is left goes on somewhere else, from now on: the next opening finds no damage.
      if (recovery.lost.length > 0) {
        turn.exclusively(() => disk.log.mark())
        for (const name of lostTags(engine)) inTurn(engine, WRITING_VERB, tx => takeTag(tx, name))
      }
      if (opening.isNew || (hasHistory && !areBounds(engine.epochs.arena, history))) {
        inTurn(engine, WRITING_VERB, tx => setBounds(tx, history))
      }
      return disk
    } catch (error) {
      disk.log.close()
      past.close()
      throw error
    }
  }

  /** For a thread that attaches to a database that is open. */
  static attach(engine: Engine, directory: Directory): Disk {
    new Lock(directory, engine.W[H_DIRECTORY_LOCK]).join()
    return new Disk(engine, directory, readDeep(engine, directory), null)
  }

  /** The report on memory, and what is wrong with the files of the past on disk: reads all of them. */
  checked(report: CheckReport): CheckReport {
    const problems = [...report.problems, ...this.#past.problems()]
    return { ...report, ok: problems.length === 0, problems }
  }

  get path(): string {
    return this.#directory.path
  }

  get durableVersion(): number {
    const { tip } = this.log
    return tip.mode === SYNC_COMMIT ? this.#engine.reader.newest : tip.durable.version
  }

  /** @throws ZVerseError `ZVERSE_IO`, `ZVERSE_CORRUPT` */
  stats(): StorageStats {
    const { tip } = this.log
    const directory = this.#directory
    const { bases, past } = manifestOf(directory)
    const [base] = bases
    const { to = 0, runs = [] } = past ?? {}
    const segments = segmentsIn(directory)
    return {
      durableVersion: this.durableVersion,
      syncs: tip.durables - 1,
      failed: Math.abs(tip.failure?.errno ?? 0),
      keeperFailures: this.#engine.W[H_KEEP_FAILURES],
      segments: segments.length,
      logBytes: segments.reduce((sum, number) => sum + directory.size(segmentName(number)), 0),
      baseVersion: base.number === 0 ? 0 : base.version,
      baseBytes: base.bytes,
      ...{ pastVersion: to, pastFiles: runs.length },
      pastBytes: runs.reduce((sum, { bytes }) => sum + bytes, 0),
    }
  }

  /**
   * Resolves once a version, the present one by default, is durable.
   * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_CLOSED`, `ZVERSE_FUTURE_VERSION`, `ZVERSE_INVALID_OPTION`
   */
  async flushed(given: unknown): Promise<number> {
    const { tip } = this.log
    const { reader } = this.#engine
    const version = given === undefined ? reader.newest : given
    if (!isVersion(version)) throw invalidOption('version', 'must be a version')
    if (version > reader.newest) throw reader.futureVersion(version)
    const { arena } = this.#engine.epochs
    const isKept = this.#engine.W[H_BACKGROUND] !== 0
    while (this.durableVersion < version) {
      // With the mode 'interval' the keeper sees to it, if there is one; else nobody would.
      if (tip.mode !== SYNC_INTERVAL || !isKept || tip.failure !== null) return this.log.flush()
      this.#seeToKeeper()
      await sleepOn(arena, H_DURABLE, tip.durables, this.#interval)
      this.#engine.gate.checkOpen()
    }
    return this.durableVersion
  }

  /** Does all that the keeper would do, now. @throws ZVerseError `ZVERSE_IO`, `ZVERSE_CLOSED` */
  async compact(): Promise<void> {
    await this.#keepingAlone(async (keeper, pause) => {
      // Throws: a keeper does nothing then.
      if (this.log.tip.failure !== null) this.log.flush()
      for (const _ of keeper.work(true)) await pause()
    })
  }

  /** Does work in the place of the keeper, which pauses now and then: what cannot wait is done then. */
  async #keepingAlone<T>(
    work: (keeper: Keeper, pause: () => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const { gate, epochs } = this.#engine
    // From here on the event loop calls: nothing cuts off what has the role.
    await undefined
    while (!this.#keeping.begin()) {
      gate.checkOpen()
      await sleepOn(epochs.arena, H_KEEPING, this.#keeping.busy, SLICE)
    }
    try {
      const keeper = new Keeper(this.#engine, this.log, this.#interval)
      return await work(keeper, async () => {
        await sleepOn(epochs.arena, H_KEEP, this.#keeping.calls, 1)
        gate.checkOpen()
        keeper.syncIfDue()
      })
    } finally {
      this.#keeping.end()
    }
  }

  /**
   * Copies all that is committed to a directory, durably. Reads and writes go on meanwhile.
   * @returns the version that the copy has
   * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_CLOSED`, `ZVERSE_INVALID_OPTION`
   */
  async backup(given: unknown): Promise<number> {
    const directory = this.#directory
    if (typeof given !== 'string' || given === '' || given.includes('\0')) {
      throw invalidOption('directory', 'must be the path of a directory')
    }
    const path = resolve(given)
    const { realPath } = new Directory(directory.files, path)
    if (isWithin(realPath, directory.realPath)) {
      throw invalidOption('directory', `must not be in that of the database, ${directory.path}`)
    }
    return this.#keepingAlone(async (_, pause) => {
      // Before the end of the log: what the runs tell of must be in it.
      const manifest = manifestOf(directory)
      this.log.flush()
      const { version, ...end } = this.log.tip.durable
      for (const _ of backUp({ directory, manifest, end }, path)) await pause()
      return version
    })
  }

  // ── The work in the background ────────────────────────────────────────────────────────────────

  /** Where no thread does it, this one starts a worker for it, or does it itself where it cannot have one. */
  #seeToKeeper(): void {
    const keeping = this.#keeping
    // Left so where a vm timeout has cut off what is between: there may be no keeper.
    const wasCutOff = this.#isStarting && keeping.isKeeper
    if (keeping.isClosed || !(wasCutOff || keeping.claim())) return
    this.#isStarting = true
    this.#startKeeper()
    this.#isStarting = false
  }

  #startKeeper(): void {
    const { arena, threadId } = this.#engine.epochs
    const { path, files } = this.#directory
    const { buffer } = arena
    const self = new WeakRef(this)
    // Tests have files that no worker has.
    if (files !== SYSTEM) this.#keepHere()
    else {
      startWorker({ buffer, path, interval: this.#interval, from: threadId }, () => {
        const disk = self.deref()
        if (disk !== undefined) disk.#keepHere()
      })
    }
  }

  async #keepHere(): Promise<void> {
    const keeping = this.#keeping
    // As in #keepingAlone.
    await undefined
    const { gate, epochs } = this.#engine
    const keeper = new Keeper(this.#engine, this.log, this.#interval)
    while (keeping.goesOn && !gate.isClosed) {
      const { calls } = keeping
      if (keeping.begin()) {
        try {
          for (const rest of keeper.work(false)) {
            await sleepUnheld(epochs.arena, H_KEEP, calls, Math.max(1, rest))
            if (!keeping.goesOn || gate.isClosed) break
          }
        } catch {
          // It is tried again; where it matters to commits, they tell.
        } finally {
          keeping.end()
        }
      }
      await sleepUnheld(epochs.arena, H_KEEP, calls, keeper.rest)
    }
    keeping.leave()
  }
}

/** The tags of versions that a repair has given up. */
function lostTags({ epochs, tags }: Engine): string[] {
  const { slots, versions } = epochs
  const { newest, oldest, sealed } = versions
  slots.enterAll()
  try {
    const isLost = (version: number) => version < oldest && version < sealed.from(newest)
    const lost = tags.all().filter(({ record, version }) => record === 0 && isLost(version))
    return lost.map(({ name }) => name)
  } finally {
    slots.exit()
  }
}

/**
 * What the last handle does as it goes. A function of its own, for it must lead neither to the `Disk` nor to the
 * engine, which may be collected before the handle is closed: closures of one scope keep what any of them needs.
 */
function unlocking(keeping: Keeping, lock: Lock): () => void {
  return () => {
    keeping.wake()
    keeping.awaitEnd()
    lock.giveBack()
  }
}

/**
 * Starts a keeper in a worker, at once: a script that never lets its thread rest has one, too. Calls `instead` where
 * there can be none: a bundle left out its file.
 */
function startWorker(workerData: KeeperData, instead: () => void): void {
  try {
    const file = keeperFile()
    if (file !== undefined) {
      const worker = new Worker(file, { workerData, execArgv: [], name: 'zverse keeper' })
      worker.on('error', instead)
      worker.unref()
      return
    }
  } catch {}
  // Not in the middle of what the caller is at.
  Promise.resolve().then(instead)
}
