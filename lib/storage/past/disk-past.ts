/**
 * The deep past as one thread reads it: the runs that the manifest names, opened when it is read first, and again
 * whenever other threads have changed it.
 *
 * Whoever merges runs deletes what they were made of; a file that is open can be read all the same. What was made of
 * runs that are closed since is made again, as `DeepVersion.state` tells.
 */
import type {
  DeepChange,
  DeepPast,
  DeepSide,
  DeepVersion,
  Difference,
  Lifetime,
  Steps,
} from '../../engine/deep.js'
import type { Engine } from '../../engine/engine.js'
import type { Reader } from '../../engine/reader.js'
import type { ZVerseError } from '../../errors.js'
import type { KeyWords } from '../../memory/entry.js'
import { R_VERSION } from '../../memory/layout.js'
import { load48 } from '../../memory/words.js'
import { type Range, WHOLE } from '../../tree/cursor.js'
import type { Sealed } from '../../versions/sealed.js'
import { type Directory, isMissing } from '../files.js'
import { readManifest, saltIn } from '../manifest.js'
import { BlockCache } from './block-cache.js'
import { isFew, Within } from './changed.js'
import { ChangedDiff, ChangedKeys } from './changed-diff.js'
import type { RunInfo } from './choose.js'
import { Deep } from './deep.js'
import { changesIn } from './deep-changes.js'
import { type Between, DeepDiff } from './deep-diff.js'
import { happeningsIn } from './deep-history.js'
import { placeFrom } from './merge.js'
import { missingRun, openRun } from './open-run.js'
import type { Run } from './run.js'

/** Bytes of blocks that a thread keeps. */
const CACHE_BYTES = 2 ** 25
/** Changed keys that are found by version, at most; more are walked by. */
const MOST_KEYS = 2 ** 14
/** Lists of them that a thread keeps. */
const KEPT = 4
const ALL_KEYS = new Within(WHOLE)
/** How often the manifest is read again where a file it names is gone. */
const TRIES = 100

export class DiskPast implements DeepPast {
  readonly #W: Uint32Array
  readonly #reader: Reader
  readonly #directory: Directory
  /** This handle's line. */
  readonly #line: number
  readonly #sealed: Sealed
  readonly #cache = new BlockCache(CACHE_BYTES)
  /** The runs that the manifest named when `#state` was that, oldest first. */
  #runs: readonly Run[] = []
  /** Those of them that nobody can open, and why. */
  #damaged: readonly { run: RunInfo; error: unknown }[] = []
  #state = -1
  /** Those that were being read when a vm timeout cut that off: open, perhaps, and of no use. */
  #loading: Run[] = []
  /** The version read last. */
  #last: Deep | null = null
  /** The keys changed that differences asked for last. Walks are begun anew where others commit meanwhile. */
  #changed: ChangedKeys[] = []
  /** Versions that are pinned, in order, and how often. */
  readonly #pinned: number[] = []
  readonly #pins = new Map<number, number>()

  constructor({ epochs, W, reader }: Engine, directory: Directory) {
    this.#W = W
    this.#reader = reader
    this.#line = epochs.line
    this.#sealed = epochs.versions.sealed
    this.#directory = directory
  }

  /** Opens the runs that there are, which must have a version. @returns their state */
  #refreshFor(version: number): number {
    const state = this.#refresh()
    // A version needs all that died since.
    for (const { run, error } of this.#damaged) if (run.to > version) throw error
    // What this handle has pinned is in them, and all after it.
    const isPinned = this.#pinned.length > 0 && this.#pinned[0] <= version
    this.#reader.stillDeep(version, isPinned)
    return state
  }

  /** Opens the runs that there are, if others have changed them. @returns their state */
  #refresh(): number {
    const now = this.#sealed.state
    if (now === this.#state) return now
    for (let tries = 0; ; tries++) {
      // Before the manifest: one that is newer than this only leads to being read once more.
      const state = this.#sealed.state
      try {
        this.#load()
        this.#state = state
        return state
      } catch (error) {
        // A file that was merged meanwhile; or the manifest that was replaced.
        if (!isMissing(error) || tries === TRIES) throw error
      }
    }
  }

  #load(): void {
    const manifest = readManifest(this.#directory)
    const open = new Map(this.#runs.map(run => [run.number, run]))
    for (const run of this.#loading) if (open.get(run.number) !== run) run.close()
    const runs: Run[] = []
    const damaged: { run: RunInfo; error: unknown }[] = []
    this.#loading = runs
    try {
      for (const run of manifest?.past?.runs ?? []) {
        const known = open.get(run.number)
        try {
          const salt = saltIn(manifest?.salt ?? '')
          runs.push(known ?? openRun(this.#directory, salt, run.number, this.#cache))
        } catch (error) {
          damaged.push({ run, error: this.#damageOf(run.number, error) })
        }
      }
    } catch (error) {
      for (const run of runs) if (!open.has(run.number)) run.close()
      throw error
    }
    this.#runs = runs
    this.#damaged = damaged
    this.#last = null
    for (const run of runs) open.delete(run.number)
    for (const run of open.values()) run.close()
  }

  /** Why a run cannot be opened, if it is damaged. Throws the error where it may work the next time. */
  #damageOf(number: number, error: unknown): unknown {
    if ((error as ZVerseError).code === 'ZVERSE_CORRUPT') return error
    if (!isMissing(error)) throw error
    const now = readManifest(this.#directory)?.past?.runs ?? []
    if (now.every(run => run.number !== number)) throw error
    return missingRun(this.#directory, number)
  }

  open(at: number, record: number): DeepVersion {
    const until = load48(this.#W, record + R_VERSION)
    const state = this.#refreshFor(at)
    const last = this.#last
    if (last?.at === at && last.until === until && last.state === state) return last
    this.#last = new Deep(this.#W, record, this.#runs, at, state)
    return this.#last
  }

  lifetimes(store: number, key: KeyWords, from: number, record: number): Lifetime[] {
    this.#refreshFor(from)
    return happeningsIn(this.#runs, this.#W, record, store, key, from)
  }

  diff(before: DeepSide, after: DeepSide, range: Range, record: number): Steps<Difference> {
    this.#refreshFor(before.version)
    const between = {
      ...{ from: before.version, to: after.version, record: after.record },
      ...{ storeBefore: before.store, storeAfter: after.store, range },
    }
    const keys = this.#changedKeys(between, record)
    if (keys !== null) return new ChangedDiff(this.#W, record, this.#runs, between, keys)
    return new DeepDiff(this.#W, record, this.#runs, between)
  }

  /** The keys that were changed between two versions, if they are few. */
  #changedKeys({ from, to, storeBefore, storeAfter }: Between, record: number): ChangedKeys | null {
    if (storeBefore === null || storeBefore !== storeAfter) return null
    const end = Math.min(to, load48(this.#W, record + R_VERSION))
    const known = this.#changed.find(keys => {
      return keys.store === storeBefore && keys.from === from && keys.to <= end
    })
    if (!isFew(this.#runs, known?.to ?? from, end, MOST_KEYS)) return null
    const keys = known ?? new ChangedKeys(storeBefore, from, ALL_KEYS)
    this.#changed = [keys, ...this.#changed.filter(other => other !== keys)].slice(0, KEPT)
    return keys
  }

  changes(store: number, range: Range, from: number, to: number, record: number): DeepChange[] {
    this.#refreshFor(from)
    return changesIn(this.#W, record, this.#runs, store, range, from, to)
  }

  timeOf(version: number): number | undefined {
    this.#refresh()
    const run = this.#runWith(version)
    if (run !== undefined) return run.timeOf(version)
    const lost = this.#damaged.find(({ run }) => run.from <= version && version <= run.to)
    if (lost !== undefined) throw lost.error
    return undefined
  }

  /** The run that has the time of a version. */
  #runWith(version: number): Run | undefined {
    const runs = this.#runs
    let [low, high] = [0, runs.length - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      const { first, count } = runs[middle].versions
      if (version >= first + count) low = middle + 1
      else high = middle
    }
    const run = runs[low]
    if (run === undefined) return undefined
    const { first, count } = run.versions
    return version >= first && version < first + count ? run : undefined
  }

  lastAt(time: number, first: number, end: number): number {
    this.#refresh()
    let [low, high] = [first, end]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.timeOf(middle) ?? 0) > time) high = middle
      else low = middle + 1
    }
    return low > first ? low - 1 : -1
  }

  pin(version: number): void {
    const pins = this.#pins
    const before = pins.get(version) ?? 0
    pins.set(version, before + 1)
    if (before > 0) return
    const at = placeFrom(this.#pinned, version)
    this.#pinned.splice(at, 0, version)
    if (at === 0) this.#sealed.pin(this.#line, version)
  }

  unpin(version: number): void {
    const pins = this.#pins
    const left = (pins.get(version) ?? 0) - 1
    if (left < 0) return
    if (left > 0) {
      pins.set(version, left)
      return
    }
    pins.delete(version)
    const at = placeFrom(this.#pinned, version)
    this.#pinned.splice(at, 1)
    if (at === 0) this.#sealed.pin(this.#line, this.#pinned[0])
  }

  /** What is wrong with its files: reads all of them. */
  problems(): string[] {
    try {
      this.#refresh()
    } catch (error) {
      return [(error as Error).message]
    }
    const damaged = this.#damaged.map(({ error }) => (error as Error).message)
    return [...damaged, ...this.#runs.flatMap(run => problemOf(run) ?? [])]
  }

  /** The handle closes. */
  close(): void {
    for (const run of [...this.#runs, ...this.#loading]) run.close()
    this.#runs = []
    this.#state = -1
  }
}

function problemOf(run: Run): string | undefined {
  try {
    for (const _ of run.verify());
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}

/** An engine reads the past that is in a directory, until it closes. */
export function readDeep(engine: Engine, directory: Directory): DiskPast {
  const past = new DiskPast(engine, directory)
  engine.reader.past = past
  engine.onClose.add(() => past.close())
  return past
}
