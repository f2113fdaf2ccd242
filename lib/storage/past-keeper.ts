/**
 * The keeper's work on the past: seals what the low-water mark waits for, raises the oldest version that the disk is
 * bound to keep, deletes and merges runs.
 *
 * Invariant: what a merge leaves out nobody can ask for. The floor is raised first; then the pins of all threads are
 * looked at while no tag changes: who pins or tags a version below the floor finds that it is gone, or is seen.
 * The log is durable as far as the tags were: an untagging that a crash takes back does not find its version gone.
 */
import type { Engine } from '../engine/engine.js'
import type { ZVerseError } from '../errors.js'
import { type CommitLog, saltOf } from './commit-log.js'
import { type Directory, isMissing, type OpenFile } from './files.js'
import type { Salt } from './log-format.js'
import { type Manifest, manifestOf, type PastEntry, runName } from './manifest.js'
import { BlockCache } from './past/block-cache.js'
import { choose, type RunInfo, taggedIn } from './past/choose.js'
import { merge, type Needed } from './past/merge.js'
import { missingRun, openRun } from './past/open-run.js'
import type { Run } from './past/run.js'
import { RunWriter } from './past/run-writer.js'
import type { Sealer } from './sealer.js'

/** Versions that the low-water mark waits for before the keeper seals; fewer wait for company. */
export const LEAST_VERSIONS = 256
/** And words of memory. */
const LEAST_WORDS = 2 ** 18
/** Bytes of blocks that a merge keeps: each is read once. */
const CACHE_BYTES = 2 ** 20

/** How long to rest before the next piece of work, ms. */
type Work = Generator<number, void, void>
/** Writes a file that has no name yet, in pieces, and gives it its name. */
export type Drafted = <T>(
  name: string,
  write: (file: OpenFile) => Generator<unknown, T, void>,
) => Generator<number, T, void>

export class PastKeeper {
  readonly #engine: Engine
  readonly #log: CommitLog
  readonly #directory: Directory
  readonly #sealer: Sealer
  /** Runs that could not be read, and the last error of one. */
  readonly #damaged = new Set<number>()
  #damage: unknown

  constructor(engine: Engine, log: CommitLog, sealer: Sealer) {
    this.#engine = engine
    this.#log = log
    this.#directory = log.directory
    this.#sealer = sealer
  }

  /** True if memory waits for enough to be let go of. */
  get #isDue(): boolean {
    const { slots, versions, past } = this.#engine.epochs
    slots.enterRun()
    try {
      const { newest } = versions
      const sealed = this.#sealer.sealed.to(newest)
      // Commits apply the bounds, the clock alone does not.
      const keep = past.oldestToKeep(newest, versions.time(newest))
      if (keep - sealed >= LEAST_VERSIONS) return true
      return keep > sealed && past.wordsBetween(sealed, keep) >= LEAST_WORDS
    } finally {
      slots.exit()
    }
  }

  /** @param drafted writes a file without a name, in pieces */
  *work(isAll: boolean, drafted: Drafted): Work {
    const sealer = this.#sealer
    if (!sealer.sealed.isOn) return
    const { newest } = this.#engine.reader
    while ((isAll ? sealer.sealed.to(newest) < newest : this.#isDue) && sealer.seal(null)) yield 0
    this.#raiseFloor()
    if (sealer.sealed.bounds === null && this.#end()) return
    for (let more = true; more; ) more = yield* this.#step(drafted)
    const { past } = manifestOf(this.#directory)
    if (past?.runs.some(({ number }) => this.#damaged.has(number))) throw this.#damage
  }

  /** There are no bounds of a past on disk any more: ends it, if nothing of it is asked for. */
  #end(): boolean {
    const { epochs, tags } = this.#engine
    const { turn, slots, versions } = epochs
    const { sealed } = versions
    if (turn.mine) return false
    const isOver = turn.tryExclusively(() => {
      // First: who pins a version from now on finds that it is gone.
      sealed.isOn = false
      let isOver = false
      try {
        slots.enterAll()
        const isTagged = tags.all().some(({ record }) => record === 0)
        slots.exit()
        const isAsked = isTagged || sealed.pinned(versions.newest) !== undefined
        if (isAsked || sealed.bounds !== null) return false
        this.#log.flush()
        // Nobody begins a past anew before the manifest tells of the end of this one.
        this.#update(({ past, ...manifest }) => manifest)
        isOver = true
        return true
      } finally {
        sealed.isOn = !isOver
      }
    })
    return isOver === true
  }

  /** Raises the floor as the bounds of the disk say: by time, and by bytes. */
  #raiseFloor(): void {
    const { epochs } = this.#engine
    const { versions, slots } = epochs
    const { sealed } = versions
    const { past } = manifestOf(this.#directory)
    const { bounds } = sealed
    if (past === undefined || bounds === null) return
    const { ms, bytes } = bounds
    slots.enterRun()
    const { newest, oldest } = versions
    const now = versions.time(newest)
    slots.exit()
    const floor = this.#sealer.sealed.floor(newest)
    let keep = floor
    if (ms !== Number.POSITIVE_INFINITY) {
      // A version is outside once the one after it was committed more than `ms` ago.
      const last = this.#engine.reader.past?.lastAt(now - ms - 1, floor, oldest) ?? -1
      keep = Math.max(keep, last)
    }
    keep = Math.max(keep, roomFor(past.runs, bytes))
    sealed.raiseFloor(Math.min(keep, oldest))
  }

  /** What must stay readable. Rests until no thread writes. */
  *#needed(): Generator<number, Needed, void> {
    const { epochs, tags } = this.#engine
    const { slots, turn, versions } = epochs
    for (;;) {
      slots.enterAll()
      try {
        const { root } = tags
        const all = tags.all()
        // A pin may come from a tag that is taken away, or become one: while no tag changes, either is seen.
        const from = turn.tryExclusively(() => {
          if (tags.root !== root) return undefined
          const { newest, sealed } = versions
          const floor = sealed.floor(newest)
          return Math.min(floor, sealed.pinned(newest) ?? floor)
        })
        if (from !== undefined) {
          const tagged = all.flatMap(({ version }) => (version < from ? [version] : []))
          return { from, tagged: [...new Set(tagged)] }
        }
      } finally {
        slots.exit()
      }
      yield 1
    }
  }

  /** One thing that is due: true if there was one. */
  *#step(drafted: Drafted): Generator<number, boolean, void> {
    const { past = this.#begin() } = manifestOf(this.#directory)
    const needed = yield* this.#needed()
    const { drop } = choose(past.runs, needed)
    if (drop.length > 0) {
      this.#log.flush()
      this.#replace(past, drop, [])
      return true
    }
    const { merge: numbers } = choose(this.#whole(past.runs), needed)
    if (numbers.length === 0) {
      if (this.#durableFloor > past.floor) this.#replace(past, [], [])
      // Left by the dead, or about to be named.
      else if (unnamedRuns(this.#directory, past).length > 0) this.tidy()
      return false
    }
    this.#log.flush()
    const inputs = past.runs.filter(({ number }) => numbers.includes(number))
    try {
      const made = yield* this.#merge(inputs, needed, drafted)
      this.#replace(past, numbers, made)
    } catch (error) {
      this.#noteDamage(error)
    }
    return true
  }

  /** The runs behind the last damaged one: nobody can read a version before it. */
  #whole(runs: readonly RunInfo[]): readonly RunInfo[] {
    const last = runs.map(({ number }) => this.#damaged.has(number)).lastIndexOf(true)
    return runs.slice(last + 1)
  }

  /** Goes on without a run that is damaged. Throws all other errors. */
  #noteDamage(error: unknown): void {
    const { code, file } = error as ZVerseError
    const number = Number(/^past-(\d+)$/.exec(file ?? '')?.[1] ?? -1)
    if (code !== 'ZVERSE_CORRUPT' || number < 0 || this.#damaged.has(number)) throw error
    this.#damaged.add(number)
    this.#damage = error
  }

  /** The floor, as far as versions are durable: a crash does not put it beyond the newest. */
  get #durableFloor(): number {
    const floor = this.#sealer.sealed.floor(this.#engine.reader.newest)
    return Math.min(floor, this.#log.tip.durable.version)
  }

  /** Notes in the manifest that there is a past on disk. */
  #begin(): PastEntry {
    this.#log.flush()
    const { newest } = this.#engine.reader
    const { sealed } = this.#sealer
    const [from, to] = [sealed.from(newest), sealed.to(newest)]
    const past = { from, to, floor: sealed.floor(newest), runs: [] }
    // Another thread may have sealed meanwhile.
    this.#update(manifest => (manifest.past === undefined ? { ...manifest, past } : manifest))
    return manifestOf(this.#directory).past as PastEntry
  }

  /** Takes runs out of the manifest, and puts others in their place. */
  #replace(before: PastEntry, gone: readonly number[], made: readonly RunInfo[]): void {
    this.#update(manifest => {
      const { past } = manifest
      // The past has begun anew meanwhile.
      if (past?.from !== before.from) return manifest
      const left = past.runs.filter(({ number }) => !gone.includes(number))
      const runs = [...left, ...made].sort((a, b) => a.to - b.to)
      return {
        ...manifest,
        past: { ...past, floor: Math.max(past.floor, this.#durableFloor), runs },
      }
    })
  }

  /** Deletes the files of runs that the manifest does not name. */
  tidy(): void {
    this.#update(manifest => manifest)
  }

  /** Changes the manifest, and deletes the files of runs that it does not name. */
  #update(change: (manifest: Manifest) => Manifest): void {
    this.#sealer.update(change, ({ past }) => {
      if (unnamedRuns(this.#directory, past).length === 0) return
      // Whoever wrote the manifest may have died before it was durable.
      this.#directory.sync()
      deleteRuns(this.#directory, past)
    })
  }

  #open(number: number, salt: Salt, cache: BlockCache): Run {
    try {
      return openRun(this.#directory, salt, number, cache)
    } catch (error) {
      // No other thread deletes runs meanwhile.
      throw isMissing(error) ? missingRun(this.#directory, number) : error
    }
  }

  *#merge(
    inputs: readonly RunInfo[],
    needed: Needed,
    drafted: Drafted,
  ): Generator<number, RunInfo[], void> {
    const salt = saltOf(this.#engine.epochs.arena)
    const cache = new BlockCache(CACHE_BYTES)
    const open: Run[] = []
    try {
      for (const { number } of inputs) open.push(this.#open(number, salt, cache))
      const [first] = inputs as [RunInfo]
      const { to } = inputs[inputs.length - 1] as RunInfo
      // The file tells of deaths before, too, where a tag needs them; for the choice they no longer count.
      const from = Math.max(first.from, Math.min(needed.from, to))
      const span = { from: open[0]?.span.from ?? from, to }
      const number = this.#sealer.sealed.reserveNumber()
      const { form } = this.#sealer.sealed
      const size = yield* drafted(runName(number), function* (file) {
        const writer = new RunWriter(file, salt, number, span, form)
        yield* merge(open, needed, writer)
        const size = writer.end()
        file.datasync()
        return size
      })
      const info = { number, from, to, bytes: size.bytes, birth: size.birth }
      if (size.intervals === 0 && to <= needed.from) return []
      return [to <= needed.from ? { ...info, kept: taggedIn(info, needed) } : info]
    } finally {
      for (const run of open) run.close()
    }
  }
}

/** The numbers of runs in a directory that are not of a past. */
function unnamedRuns(directory: Directory, past: PastEntry | undefined): number[] {
  const named = new Set(past?.runs.map(({ number }) => number))
  return directory.numbers('past').filter(number => !named.has(number))
}

/** Deletes their files. */
export function deleteRuns(directory: Directory, past: PastEntry | undefined): void {
  for (const number of unnamedRuns(directory, past)) {
    try {
      directory.unlink(runName(number))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
}

/** The version from which on runs have so many bytes at most. */
function roomFor(runs: readonly RunInfo[], bytes: number): number {
  let left = bytes
  for (let i = runs.length - 1; i >= 0; i--) {
    left -= runs[i].bytes
    if (left < 0) return runs[i].to
  }
  return 0
}
