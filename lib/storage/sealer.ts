/**
 * Puts on disk what versions took from those before them, so that memory may let go of it, and keeps the list of such
 * runs (past/run-format.ts).
 *
 * For any thread: the keeper, and a writer whose memory is full. One at a time has the role H_SEALING, which also is for
 * each change of the manifest. Nothing here waits for the writer lock, or runs user code. Invariants:
 * 1. The manifest names a run before memory may let go of what the run has, and threads are told of it in between: who finds a version gone from memory finds the runs that have it.
 * 2. The log is durable up to the last version that is sealed: its number stands for no other version later.
 * 3. Where the past has begun anew meanwhile (a gap in the versions), the run that was written does not count.
 */

import type { Engine } from '../engine/engine.js'
import { H_LOCK_TIMEOUT, H_SEALING, SYNC_COMMIT } from '../memory/layout.js'
import { replacedBetween } from '../memory/record.js'
import { Role } from '../threads/role.js'
import { callForStack, FOR_SEALING } from '../threads/stack.js'
import type { Sealed } from '../versions/sealed.js'
import { type CommitLog, saltOf } from './commit-log.js'
import type { Directory, OpenFile } from './files.js'
import type { Salt } from './log-format.js'
import {
  isUnwritten,
  type Manifest,
  manifestOf,
  type PastEntry,
  runName,
  writeManifest,
} from './manifest.js'
import { RunWriter } from './past/run-writer.js'
import { seal } from './past/seal.js'

/** Versions, and bytes that they have replaced in memory, that one run is made of at most. */
const MOST_VERSIONS = 2 ** 14
const MOST_WORDS = 2 ** 21
/** A run that has no name yet. */
export const PAST_DRAFT = 'draft-past'

export class Sealer {
  readonly role: Role
  readonly sealed: Sealed
  readonly #engine: Engine
  readonly #log: CommitLog
  readonly #directory: Directory
  readonly #salt: Salt
  /** The run written last: closed, but where a vm timeout cut that off. */
  #draftFile: OpenFile | null = null

  constructor(engine: Engine, log: CommitLog) {
    const { arena, threadId } = engine.epochs
    this.role = new Role(arena, threadId, H_SEALING, true)
    this.sealed = engine.epochs.versions.sealed
    this.#engine = engine
    this.#log = log
    this.#directory = log.directory
    this.#salt = saltOf(arena)
  }

  /**
   * Changes the manifest; `change` gets it as it is.
   * @param then what to do with it before another thread may change it
   * @throws ZVerseError `ZVERSE_IO`; `ZVERSE_WRITER_BUSY` after `lockTimeout`
   */
  update(change: (manifest: Manifest) => Manifest, then?: (manifest: Manifest) => void): void {
    this.role.await(this.#engine.W[H_LOCK_TIMEOUT])
    try {
      const manifest = this.#write(change)
      then?.(manifest)
    } finally {
      this.role.give()
    }
  }

  #write(change: (manifest: Manifest) => Manifest): Manifest {
    const before = manifestOf(this.#directory)
    const after = change(before)
    if (after === before) return before
    const written = writeManifest(this.#directory, after)
    if (after.past !== before.past) this.sealed.change()
    return written
  }

  /**
   * Seals some of the versions that are not sealed yet.
   * @param timeout ms to wait for another thread's sealing, where a writer waits for it; null: none does
   * @returns true if memory may let go of more than before
   * @throws ZVerseError `ZVERSE_IO`, `ZVERSE_WRITER_BUSY`
   */
  seal(timeout: number | null): boolean {
    if (!this.sealed.isOn) return false
    const { slots, versions } = this.#engine.epochs
    const { newest } = versions
    const before = this.sealed.to(newest)
    // Else the role would be left by the end of the stack until this thread writes again.
    callForStack(FOR_SEALING)
    if (timeout !== null) this.role.await(timeout)
    else if (!this.role.take()) return false
    // The owner of the writer lock may be in the middle of a read of its own.
    const hint = slots.hint
    try {
      // Another thread has done it meanwhile.
      if (timeout !== null && this.sealed.to(newest) > before) return true
      // Also where the mode leaves it to the system.
      if (this.#log.tip.mode !== SYNC_COMMIT) this.#log.flush()
      slots.enterRun()
      return this.#seal()
    } finally {
      slots.exit()
      slots.hint = hint
      this.role.give()
    }
  }

  /** Begins the past anew at a version: nobody seals meanwhile. */
  beginAt(version: number): void {
    this.role.await(Number.POSITIVE_INFINITY)
    try {
      this.sealed.begin(version)
    } finally {
      this.role.give()
    }
  }

  #seal(): boolean {
    const { epochs } = this.#engine
    const { tip } = this.#log
    const { newest, oldest } = epochs.versions
    const from = this.sealed.to(newest)
    const durable = tip.mode === SYNC_COMMIT ? newest : Math.min(newest, tip.durable.version)
    if (oldest > from) return false
    const { past } = manifestOf(this.#directory)
    if (past?.from === this.sealed.from(newest) && past.to > from) {
      // It was written, and then something failed. Once more, for that may not be durable.
      this.#write(manifest => ({ ...manifest, past: { ...past } }))
      return this.sealed.advance(from, past.to)
    }
    if (durable <= from) return false
    const records = this.#recordsFrom(from, durable)
    if (records.length < 2) return false
    const to = from + records.length - 1
    const run = this.#writeRun(records, from, to)
    this.naming(runName(run.number), () =>
      this.#write(manifest => {
        const past = this.#pastOf(manifest, from, newest)
        const floor = Math.max(past.floor, this.sealed.floor(newest))
        return {
          ...manifest,
          past: { ...past, to, floor, runs: [...past.runs, { ...run, from, to }] },
        }
      }),
    )
    return this.sealed.advance(from, to)
  }

  /** The records of versions from `from` on, as many as one run is made of. */
  #recordsFrom(from: number, durable: number): number[] {
    const { W, epochs } = this.#engine
    const records: number[] = []
    const last = Math.min(durable, from + MOST_VERSIONS)
    for (let version = from; version <= last; version++) {
      const record = epochs.versions.record(version)
      if (record === 0) break
      records.push(record)
      const words = replacedBetween(W, records[0], record)
      if (words > MOST_WORDS && records.length > 1) break
    }
    return records
  }

  #writeRun(records: readonly number[], from: number, to: number) {
    const { versions } = this.#engine.epochs
    const number = this.sealed.reserveNumber()
    const span = { from, to }
    const { bytes, birth } = this.#draft(number, span, writer => {
      for (const _ of seal(this.#engine, records, writer));
      for (let version = from; version <= to; version++)
        writer.time(version, versions.time(version))
    })
    return { number, bytes, birth }
  }

  /** Writes a run; it has its name, durably, when it is whole. For whoever has the role. */
  #draft(number: number, span: { from: number; to: number }, fill: (writer: RunWriter) => void) {
    const directory = this.#directory
    this.#draftFile?.close()
    directory.unlinkIfThere(PAST_DRAFT)
    const file = directory.open(PAST_DRAFT, 'create')
    this.#draftFile = file
    try {
      const writer = new RunWriter(file, this.#salt, number, span, this.sealed.form)
      fill(writer)
      const size = writer.end()
      file.datasync()
      directory.link(PAST_DRAFT, runName(number))
      directory.sync()
      return size
    } catch (error) {
      directory.discard(runName(number))
      throw error
    } finally {
      file.close()
      directory.unlinkIfThere(PAST_DRAFT)
    }
  }

  /** Deletes a new file where `write` fails to write the manifest that is to name it. */
  naming(file: string, write: () => void): void {
    try {
      write()
    } catch (error) {
      // Later it may be there, and name it.
      if (isUnwritten(this.#directory, error)) this.#directory.discard(file)
      throw error
    }
  }

  /** The past of a manifest, if what is sealed next goes on from it; else an empty one. */
  #pastOf({ past }: Manifest, from: number, newest: number): PastEntry {
    const begin = this.sealed.from(newest)
    if (past?.to === from && past.from === begin) return past
    return { from: begin, to: from, floor: begin, runs: [] }
  }
}
