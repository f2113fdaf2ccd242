/**
 * A replicated log in a file of one machine: for a node alone, or several of one process, whose records are to outlive
 * it. `<path>` has the records (log-layout.ts), `<path>.snapshot-…` the snapshot, `<path>.lock` is a directory that
 * says which process has the log open, `<path>.draft-…` is what becomes one of them once it is whole.
 *
 * Invariants:
 * 1. Units are appended, and durable before their appends are answered. A group of them is one write and one sync.
 * 2. A trim makes a file anew and gives it the name of the old one once it is durable; units get other places by that.
 * 3. After a failed sync nobody can tell what is on the disk, nor would the next one prove it: the log takes no more,
 *    until it is opened again and reads what is there.
 */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { basename, dirname } from 'node:path'
import { ZVerseError } from '../errors.js'
import { invalidOption } from '../options.js'
import { Ledger, type LocalLog, LocalNode, type Shelf, Unwritten } from './local-log.js'
import type { LogRecord, Snapshot } from './log.js'
import {
  type DiskFile,
  type LogDisk,
  readAll,
  SYSTEM_DISK,
  unlinkIfThere,
  writeAll,
} from './log-disk.js'
import {
  HEAD_BYTES,
  headBytes,
  KIND_ID,
  KIND_RECORD,
  MARK_AT,
  markBytes,
  readUnit,
  type Unit,
  unitBytes,
} from './log-layout.js'
import { damaged, headOf, scan } from './log-scan.js'
import { Snapshots } from './log-snapshots.js'
import { type LocalLogOptions, maxRecordBytesIn } from './memory-log.js'

/** Ids of trimmed records are known for as long, ms, and so are the newest ones, if the clock has jumped. */
const KNOWN_MS = 3_600_000
const KNOWN = 10_000
/** Bytes of the newest records that are kept in memory for readers. */
const RECENT_BYTES = 2 ** 20
/** Bytes that a trim writes at once. */
const CHUNK = 2 ** 20

/**
 * A log in a file, made with its directory when the first of its nodes is opened, and that first node. Give others of
 * this process {@link LocalLog.node}. `open` throws `ZVERSE_LOCKED { pid }` where another process has the file, or
 * this one by another call of `fileLog`; `ZVERSE_CORRUPT { file, offset }` where it is damaged; `ZVERSE_FORMAT` where
 * it is no log; `ZVERSE_IO`.
 * @param path of the file
 * @throws ZVerseError `ZVERSE_INVALID_OPTION { option }`
 */
export function fileLog(path: string, options?: LocalLogOptions): LocalLog {
  return fileLogOn(SYSTEM_DISK, path, options)
}

/** @internal The same on another disk: for tests. */
export function fileLogOn(disk: LogDisk, path: string, options?: LocalLogOptions): LocalLog {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw invalidOption('path', 'must be the path of a file')
  }
  const maxRecordBytes = maxRecordBytesIn(options, 'fileLog')
  return new LocalNode(new Ledger(new FileShelf(disk, path), maxRecordBytes))
}

/**
 * Writes what is there once more: a sync makes durable what was written since the last one, be that one failed, and the
 * writes of the last group may lie before such a one (of a process that is gone).
 */
async function rewrite(file: DiskFile, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += CHUNK) {
    const bytes = Buffer.alloc(Math.min(CHUNK, to - at))
    await readAll(file, bytes, at)
    await writeAll(file, bytes, at)
  }
}

/** The record of an id. */
interface Known {
  readonly sequence: number
  readonly time: number
}

/** The file that is in use. */
interface Current {
  readonly file: DiskFile
  readonly salt: number
  /** The place of each record, from the oldest one on. */
  readonly places: number[]
  /** Where the next unit begins: what is before is durable. */
  end: number
}

class FileShelf implements Shelf {
  readonly #disk: LogDisk
  readonly #path: string
  readonly #directory: string
  #unlock: () => void = () => {}
  #snapshots: Snapshots
  /** While the log is open. */
  #current: Current | undefined
  /** In the order of their sequences. */
  #ids = new Map<string, Known>()
  /** The newest records, and how many bytes these have. */
  #recent = new Map<number, LogRecord>()
  #recentBytes = 0
  /** Nothing more is promised of the file: the mark stays as it is. */
  #isDoubtful = false
  first = 1

  constructor(disk: LogDisk, path: string) {
    this.#disk = disk
    this.#path = path
    this.#directory = dirname(path)
    this.#snapshots = new Snapshots(disk, path)
  }

  get last(): number {
    return this.first + (this.#current?.places.length ?? 0) - 1
  }

  sequenceOf(id: string): number | undefined {
    return this.#ids.get(id)?.sequence
  }

  async open(): Promise<void> {
    const disk = this.#disk
    await disk.makeDirectory(this.#directory)
    this.#unlock = await disk.lock(this.#path)
    try {
      const names = await disk.list(this.#directory)
      // Of a process that died before it could: names that are not durable replace none that is.
      await disk.syncDirectory(this.#directory)
      const draft = `${basename(this.#path)}.draft-`
      for (const name of names) {
        if (name.startsWith(draft))
          await unlinkIfThere(disk, this.#draftOf(name.slice(draft.length)))
      }
      this.#snapshots = new Snapshots(disk, this.#path)
      await this.#snapshots.open(names)
      if (!names.includes(basename(this.#path))) await this.#make()
      await this.#read()
    } catch (error) {
      this.#unlock()
      throw error
    }
  }

  #draftOf(what: string): string {
    return `${this.#path}.draft-${what}`
  }

  /** Makes a log that has no records. */
  async #make(): Promise<void> {
    const snapshot = this.#snapshots.get()
    if (snapshot !== undefined) {
      const what = `${this.#path} is gone, though there is a snapshot of record ${snapshot.sequence}`
      throw new ZVerseError('ZVERSE_CORRUPT', what, { file: this.#path, offset: 0 })
    }
    const made = await this.#draft(0, new Map())
    await made.file.close()
    await this.#disk.syncDirectory(this.#directory)
  }

  async #read(): Promise<void> {
    const path = this.#path
    const file = await this.#disk.open(path, 'write')
    try {
      const head = await headOf(file, path)
      const places: number[] = []
      const ids = new Map<string, Known>()
      let durable = head.synced
      const end = await scan(file, path, head, ({ kind, id, sequence, time, synced }, at) => {
        ids.set(id, { sequence, time })
        if (kind === KIND_RECORD) places.push(at)
        durable = Math.max(durable, synced)
      })
      if ((await file.size()) > end) await file.truncate(end)
      // Whatever was read is answered for from now on.
      await rewrite(file, durable, end)
      await file.sync()
      this.#current = { file, salt: head.salt, places, end }
      this.#ids = ids
      this.first = head.base + 1
      this.#isDoubtful = false
      await this.#mark()
    } catch (error) {
      this.#current = undefined
      await file.close()
      throw error
    }
  }

  /** Leaves word of how far the file is durable. It need not be so itself. */
  async #mark(): Promise<void> {
    const { file, salt, end } = this.#open
    await writeAll(file, markBytes(salt, end), MARK_AT)
  }

  get #open(): Current {
    if (this.#current === undefined) throw new Error('assertion failed: the log is not open')
    return this.#current
  }

  async close(): Promise<void> {
    const { file } = this.#open
    try {
      if (!this.#isDoubtful) await this.#mark()
      await file.close()
    } catch {
      // All that matters is durable.
    }
    this.#current = undefined
    this.#recent.clear()
    this.#recentBytes = 0
    this.#unlock()
  }

  async add(records: readonly LogRecord[]): Promise<void> {
    const current = this.#open
    const { salt, end } = current
    const time = Date.now()
    const places: number[] = []
    const units: Buffer[] = []
    let at = end
    for (const { sequence, id, bytes } of records) {
      const unit = { kind: KIND_RECORD, sequence, synced: end, time, id, bytes }
      const written = unitBytes(unit, salt, at)
      units.push(written)
      places.push(at)
      at += written.length
    }
    await this.#write(current, Buffer.concat(units))
    current.end = at
    for (const [i, record] of records.entries()) {
      current.places.push(places[i])
      this.#ids.set(record.id, { sequence: record.sequence, time })
      this.#remember(record)
    }
  }

  /** Makes bytes durable at the end of the file. @throws Unwritten where the file is as it was */
  async #write({ file, end }: Current, bytes: Buffer): Promise<void> {
    this.#isDoubtful = true
    try {
      await writeAll(file, bytes, end)
    } catch (cause) {
      // No room, say. What it has written is cut off; where that fails it is in doubt.
      await file.truncate(end)
      await file.sync()
      this.#isDoubtful = false
      throw new Unwritten('The write has failed', { cause })
    }
    await file.sync()
    this.#isDoubtful = false
  }

  #remember(record: LogRecord): void {
    this.#recent.set(record.sequence, record)
    this.#recentBytes += record.bytes.length
    for (const [sequence, { bytes }] of this.#recent) {
      if (this.#recentBytes <= RECENT_BYTES) break
      this.#recent.delete(sequence)
      this.#recentBytes -= bytes.length
    }
  }

  async record(sequence: number): Promise<LogRecord | undefined> {
    const recent = this.#recent.get(sequence)
    if (recent !== undefined) return { ...recent, bytes: recent.bytes.slice() }
    for (;;) {
      const current = this.#open
      const index = sequence - this.first
      if (index < 0) return undefined
      const at = current.places[index]
      try {
        const { id, bytes } = await this.#unit(current, at, current.places[index + 1])
        return { sequence, id, bytes: new Uint8Array(bytes) }
      } catch (error) {
        // The file was closed by a trim.
        if (current === this.#current) throw error
      }
    }
  }

  async #unit({ file, salt, end }: Current, at: number, next = end): Promise<Unit> {
    const bytes = Buffer.alloc(next - at)
    const isThere = (await readAll(file, bytes, at)) === bytes.length
    const unit = isThere ? readUnit(bytes, salt, at) : undefined
    if (unit === undefined) throw damaged(this.#path, at)
    return unit
  }

  async trim(before: number): Promise<void> {
    const old = this.#open
    const known = this.#known(before)
    let made: Current
    try {
      made = await this.#draft(before - 1, known)
    } catch (cause) {
      throw new Unwritten('The file could not be made anew', { cause })
    }
    try {
      // Until then a crash may bring the old one back, without what is appended from now on.
      await this.#disk.syncDirectory(this.#directory)
    } catch (error) {
      this.#isDoubtful = true
      await made.file.close()
      throw error
    }
    for (const [id, { sequence }] of this.#ids) {
      if (sequence >= before) break
      if (!known.has(id)) this.#ids.delete(id)
    }
    this.#current = made
    this.first = before
    for (const [sequence, { bytes }] of this.#recent) {
      if (sequence >= before) break
      this.#recent.delete(sequence)
      this.#recentBytes -= bytes.length
    }
    await old.file.close().catch(() => {})
  }

  /** The ids of records before `before` that are to be known still. */
  #known(before: number): Map<string, Known> {
    const now = Date.now()
    const trimmed = [...this.#ids].filter(([, { sequence }]) => sequence < before)
    const isKept = ([, { time }]: [string, Known], i: number) =>
      i >= trimmed.length - KNOWN || time > now - KNOWN_MS
    return new Map(trimmed.filter(isKept))
  }

  /** Writes the file anew, without records up to `base`, and gives it its name, which is not durable yet. */
  async #draft(base: number, known: ReadonlyMap<string, Known>): Promise<Current> {
    const draft = this.#draftOf('log')
    const salt = randomBytes(4).readUInt32LE()
    const file = await this.#disk.open(draft, 'make')
    const places: number[] = []
    let end = HEAD_BYTES
    let [units, bytes]: [Buffer[], number] = [[], 0]
    const flush = async () => {
      await writeAll(file, Buffer.concat(units), end - bytes)
      units = []
      bytes = 0
    }
    const put = async (unit: Unit) => {
      const written = unitBytes({ ...unit, synced: end }, salt, end)
      units.push(written)
      bytes += written.length
      end += written.length
      if (bytes >= CHUNK) await flush()
    }
    try {
      for (const [id, { sequence, time }] of known) {
        await put({ kind: KIND_ID, sequence, synced: end, time, id, bytes: new Uint8Array(0) })
      }
      const old = this.#current
      for (let i = base + 1 - this.first; old !== undefined && i < old.places.length; i++) {
        const unit = await this.#unit(old, old.places[i], old.places[i + 1])
        places.push(end)
        await put(unit)
      }
      await flush()
      await writeAll(file, headBytes({ salt, base, synced: end }), 0)
      await file.sync()
      await this.#disk.rename(draft, this.#path)
    } catch (error) {
      await file.close().catch(() => {})
      await unlinkIfThere(this.#disk, draft)
      throw error
    }
    return { file, salt, places, end }
  }

  async putSnapshot(snapshot: Snapshot): Promise<void> {
    await this.#snapshots.put(snapshot)
  }

  async getSnapshot(): Promise<Snapshot | undefined> {
    return this.#snapshots.get()
  }
}
