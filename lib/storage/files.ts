/**
 * The file system as persistent mode uses it: one interface that tests replace, and its failures as errors.
 *
 * Concurrency: any thread may use any file by a descriptor of its own. A descriptor belongs to the thread that
 * opened it: the descriptors of a worker are closed when it dies, and their numbers are used again. All writes are
 * positional, so threads that take turns need no common file position.
 *
 * What each call promises after a crash of the system: nothing, but for what {@link Files.datasync} and
 * {@link Files.syncDirectory} have returned from.
 */
import { Buffer } from 'node:buffer'
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { constants as system } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { ZVerseError } from '../errors.js'

/**
 * How a file is opened: to read; to write one that is there, or at its end only; to make one, which must not be
 * there.
 */
export type Mode = 'read' | 'write' | 'append' | 'create'

export interface Files {
  /** Tests: bytes of a segment of the log, where they are to be few; parts of records are as small then. */
  readonly segmentBytes?: number | undefined
  open(path: string, mode: Mode): number
  /** Reads at most `bytes.length` bytes; 0 at the end of the file. */
  read(file: number, bytes: Uint8Array, at: number): number
  /** Writes at most `bytes.length` bytes, and says how many. */
  write(file: number, bytes: Uint8Array, at: number): number
  /** Returns once all that was written to the file, by anyone, is durable, its length included. */
  datasync(file: number): void
  size(file: number): number
  truncate(file: number, size: number): void
  close(file: number): void
  /** A number, not 0, that tells a directory from others which its path may lead to later. */
  identity(directory: string): number
  /** Names of what is in a directory, in no order. */
  list(directory: string): string[]
  /** Returns once the names in a directory are durable. */
  syncDirectory(directory: string): void
  /** Makes a directory, and those above it; returns the first that was not there, if any. */
  makeDirectory(directory: string): string | undefined
  /** Removes a directory that is empty. */
  removeDirectory(directory: string): void
  /** The path of what is there without symbolic links. */
  realPath(path: string): string
  /** Another name for a file; the name must not be there. */
  link(from: string, to: string): void
  unlink(path: string): void
}

const FLAGS: Record<Mode, string | number> = {
  ...{ read: 'r', write: 'r+', create: 'wx+' },
  append: constants.O_WRONLY | constants.O_APPEND,
}

/** Those of the system. */
export const SYSTEM: Files = {
  open: (path, mode) => openSync(path, FLAGS[mode], 0o666),
  read: (file, bytes, at) => readSync(file, bytes, 0, bytes.length, at),
  write: (file, bytes, at) => writeSync(file, bytes, 0, bytes.length, at),
  datasync: fdatasyncSync,
  size: file => fstatSync(file).size,
  truncate: ftruncateSync,
  close: closeSync,
  identity(directory) {
    const { dev, ino } = statSync(directory, { bigint: true })
    return crc32(`${dev} ${ino}`) || 1
  },
  list: directory => readdirSync(directory),
  syncDirectory(directory) {
    const file = openSync(directory, 'r')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  },
  makeDirectory: directory => mkdirSync(directory, { recursive: true }),
  removeDirectory: rmdirSync,
  realPath: path => realpathSync(path),
  link: linkSync,
  unlink: unlinkSync,
}

/** What a failed call of the system says. */
interface SystemError {
  readonly code?: string
  readonly errno?: number
  readonly syscall?: string
}

/** The number of the system's error for what is no longer what it was. */
const { ESTALE = 116 } = system.errno
const NO_ROOM: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG']
const CANNOT_LINK: readonly string[] = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EACCES', 'ENOSYS']

/** The errno of what led to an error of {@link ioError}, by its name: `EIO`. Other errors have none. */
const nameOf = (error: unknown): string => (error as SystemError | undefined)?.code ?? 'unknown'

/** True if an error says that the disk is full: of a write, that it may work later. */
export const isNoRoom = (error: unknown): boolean =>
  error instanceof ZVerseError && NO_ROOM.includes(nameOf(error.cause))

/** True if a call failed because there is no such file. */
export const isMissing = (error: unknown): boolean =>
  error instanceof ZVerseError && nameOf(error.cause) === 'ENOENT'

/** True if a call failed because the name is taken. */
export const isTaken = (error: unknown): boolean =>
  error instanceof ZVerseError && nameOf(error.cause) === 'EEXIST'

/** Calls after whose failure nobody can tell what a later one would prove. */
const SYNCS: readonly string[] = ['fdatasync', 'fsync']

/**
 * True if a call failed that leaves in doubt what is on the disk: a sync; or a write, but where there was no room.
 * Others have done nothing, and so has what was no call of the system: the end of the stack.
 */
export function leavesDoubt(error: unknown): boolean {
  if (!(error instanceof ZVerseError) || error.code !== 'ZVERSE_IO') return false
  const { syscall = '' } = error
  return SYNCS.includes(syscall) || (syscall === 'write' && !isNoRoom(error))
}

/** The error of a failed call. */
function ioError(path: string, cause: unknown): ZVerseError {
  const { syscall = 'unknown', errno = 0 } = cause as SystemError
  return new ZVerseError('ZVERSE_IO', `${syscall} ${path} failed: ${nameOf(cause)}`, {
    ...{ syscall, path, errno, cause },
  })
}

/** Does a call again that a signal interrupted; other failures of the system become {@link ZVerseError}s. */
function call<T>(path: string, body: () => T): T {
  for (;;) {
    try {
      return body()
    } catch (error) {
      const { code } = error as SystemError
      // The end of the stack, say.
      if (code === undefined) throw error
      if (code !== 'EINTR') throw ioError(path, error)
    }
  }
}

/**
 * An open file of one thread. Methods throw `ZVERSE_IO { syscall, path, errno }`.
 *
 * `close` is not done again where a signal interrupts it: the number may be another file's by then.
 */
export class OpenFile {
  readonly path: string
  readonly #files: Files
  readonly #file: number
  #isOpen = true

  constructor(files: Files, path: string, mode: Mode) {
    this.#files = files
    this.path = path
    this.#file = call(path, () => files.open(path, mode))
  }

  get size(): number {
    return call(this.path, () => this.#files.size(this.#file))
  }

  /** Fills `bytes` from position `at` on; returns how many there were before the end of the file. */
  read(bytes: Uint8Array, at: number): number {
    let done = 0
    while (done < bytes.length) {
      const rest = bytes.subarray(done)
      const read = call(this.path, () => this.#files.read(this.#file, rest, at + done))
      if (read === 0) break
      done += read
    }
    return done
  }

  /** Writes the first `size` of `bytes` at position `at`. What a failure leaves behind is unknown. */
  write(bytes: Uint8Array, at: number, size = bytes.length): void {
    for (let done = 0; done < size; ) {
      const rest = bytes.subarray(done, size)
      done += call(this.path, () => this.#files.write(this.#file, rest, at + done))
    }
  }

  /** Makes all that was written to it durable. After a failure nobody can tell what is: never try again. */
  datasync(): void {
    call(this.path, () => this.#files.datasync(this.#file))
  }

  truncate(size: number): void {
    call(this.path, () => this.#files.truncate(this.#file, size))
  }

  /** Idempotent; throws nothing. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      this.#files.close(this.#file)
    } catch {
      // All that matters was synced, or is not promised.
    }
  }
}

/** A directory. Methods throw `ZVERSE_IO`. */
export class Directory {
  readonly path: string
  readonly files: Files
  /** What the path must lead to; 0 while it may be any directory. */
  #identity: number

  constructor(files: Files, path: string, identity = 0) {
    this.files = files
    this.path = path
    this.#identity = identity
  }

  /** From now on a call fails where the path leads to another directory. @returns its identity */
  stay(): number {
    this.#identity = call(this.path, () => this.files.identity(this.path))
    return this.#identity
  }

  pathOf(name: string): string {
    return join(this.path, name)
  }

  /** The path of a file that is to be used. */
  #reach(name: string): string {
    this.#check()
    return this.pathOf(name)
  }

  #check(): void {
    const { path } = this
    if (this.#identity === 0) return
    if (call(path, () => this.files.identity(path)) === this.#identity) return
    const message =
      `${path} is not the directory that was opened any more: it was moved, or another one was put in its place. ` +
      'Close the database, and open it where it is now'
    throw new ZVerseError('ZVERSE_IO', message, { syscall: 'stat', path, errno: -ESTALE })
  }

  /**
   * Makes the directory where there is none; its name is durable then. Where that fails, none is left.
   * @returns it, and those above it, as far as they were made
   */
  make(): string[] {
    const first = call(this.path, () => this.files.makeDirectory(this.path))
    const made: string[] = []
    if (first === undefined) return made
    try {
      for (let at = this.path; !made.includes(at); at = at === first ? at : dirname(at)) {
        made.push(at)
        const above = dirname(at)
        call(above, () => this.files.syncDirectory(above))
      }
    } catch (error) {
      this.unmake(made)
      throw error
    }
    return made
  }

  /** Removes directories that {@link make} has made, as far as they are empty. Throws nothing. */
  unmake(made: readonly string[]): void {
    try {
      for (const path of made) this.files.removeDirectory(path)
    } catch {
      // Somebody has put something there since.
    }
  }

  /** The path without symbolic links; what is not there yet as it was given. */
  get realPath(): string {
    const behind: string[] = []
    for (let at = this.path; ; at = dirname(at)) {
      try {
        return join(this.files.realPath(at), ...behind)
      } catch {
        // Whoever uses the path is told.
        if (dirname(at) === at) return this.path
        behind.unshift(basename(at))
      }
    }
  }

  open(name: string, mode: Mode): OpenFile {
    return new OpenFile(this.files, this.#reach(name), mode)
  }

  /** Names in order. */
  list(): string[] {
    this.#check()
    return call(this.path, () => this.files.list(this.path)).sort()
  }

  /** The size of a file; 0 where it is there no more. */
  size(name: string): number {
    try {
      const file = this.open(name, 'read')
      try {
        return file.size
      } finally {
        file.close()
      }
    } catch (error) {
      if (isMissing(error)) return 0
      throw error
    }
  }

  sync(): void {
    call(this.path, () => this.files.syncDirectory(this.path))
  }

  link(from: string, to: string): void {
    const path = this.#reach(to)
    call(path, () => this.files.link(this.pathOf(from), path))
  }

  /** Links a file into another directory; false where the system cannot, between file systems, say. */
  linkTo(name: string, other: Directory): boolean {
    const path = this.#reach(name)
    try {
      call(other.pathOf(name), () => this.files.link(path, other.pathOf(name)))
      return true
    } catch (error) {
      if (CANNOT_LINK.includes(nameOf((error as ZVerseError).cause))) return false
      throw error
    }
  }

  unlink(name: string): void {
    const path = this.#reach(name)
    call(path, () => this.files.unlink(path))
  }

  unlinkIfThere(name: string): void {
    try {
      this.unlink(name)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  /** Deletes a file that nobody needs, if that works. Throws nothing. */
  discard(name: string): void {
    try {
      this.unlink(name)
    } catch {
      // It is only in the way.
    }
  }

  /** All of a file of text. */
  text(name: string): string {
    const file = this.open(name, 'read')
    try {
      const bytes = new Uint8Array(file.size)
      file.read(bytes, 0)
      return Buffer.from(bytes).toString()
    } finally {
      file.close()
    }
  }

  /** The numbers n of the files `<prefix>-<n>`, in decimal digits without zeros before them, in order. */
  numbers(prefix: string): number[] {
    const pattern = new RegExp(`^${prefix}-(\\d+)$`)
    const numbers = this.list().flatMap(name => pattern.exec(name)?.[1] ?? [])
    return numbers
      .filter(digits => digits === `${Number(digits)}`)
      .map(Number)
      .sort((a, b) => a - b)
  }
}

/** The error where a file is not there that must be. */
export function missing(directory: Directory, file: string): ZVerseError {
  const message = `${directory.pathOf(file)} is missing: restore it from a backup`
  return new ZVerseError('ZVERSE_CORRUPT', message, { file, offset: 0 })
}
