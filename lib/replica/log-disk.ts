/**
 * The file system as the log in a file uses it: one interface, which tests replace. Calls fail with `ZVERSE_IO`.
 *
 * What each call promises after a crash of the system: nothing, but for what {@link DiskFile.sync} and
 * {@link LogDisk.syncDirectory} have returned from.
 */
import { type FileHandle, open, readdir, rename, unlink } from 'node:fs/promises'
import { ZVerseError } from '../errors.js'
import { Directory, SYSTEM } from '../storage/files.js'
import { Lock } from '../storage/lock.js'

/** An open file. Calls are positional, and may be under way together. */
export interface DiskFile {
  /** Reads at most `bytes.length` bytes; 0 at the end of the file. */
  read(bytes: Uint8Array, at: number): Promise<number>
  /** Writes at most `bytes.length` bytes, and says how many. */
  write(bytes: Uint8Array, at: number): Promise<number>
  sync(): Promise<void>
  size(): Promise<number>
  truncate(size: number): Promise<void>
  /** Waits for what is under way. */
  close(): Promise<void>
}

/** How a file is opened: to read; to read and write; 'make' makes one, or empties one that is there. */
export type DiskMode = 'read' | 'write' | 'make'

export interface LogDisk {
  open(path: string, mode: DiskMode): Promise<DiskFile>
  /** Names of what is in a directory. */
  list(directory: string): Promise<string[]>
  /** Gives a file another name, which it takes from the file that has it. */
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Returns once the names in a directory are durable. */
  syncDirectory(directory: string): Promise<void>
  /** Makes a directory, and those above it. */
  makeDirectory(directory: string): Promise<void>
  /** One log of one process has a file at a time. @returns what gives it back @throws ZVERSE_LOCKED */
  lock(path: string): Promise<() => void>
}

/** What a failed call of the system says. */
interface SystemError {
  readonly code?: string
  readonly errno?: number
  readonly syscall?: string
}

async function call<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (cause) {
    const { code, syscall = 'unknown', errno = 0 } = cause as SystemError
    if (code === undefined || cause instanceof ZVerseError) throw cause
    const message = `${syscall} ${path} failed: ${code}`
    throw new ZVerseError('ZVERSE_IO', message, { syscall, path, errno, cause })
  }
}

/** True if a call failed because there is no such file. */
export const isMissing = (error: unknown): boolean =>
  error instanceof ZVerseError && (error.cause as SystemError | undefined)?.code === 'ENOENT'

class SystemFile implements DiskFile {
  readonly #path: string
  readonly #handle: FileHandle

  constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  read(bytes: Uint8Array, at: number): Promise<number> {
    return call(this.#path, async () => {
      return (await this.#handle.read(bytes, 0, bytes.length, at)).bytesRead
    })
  }

  write(bytes: Uint8Array, at: number): Promise<number> {
    return call(this.#path, async () => {
      return (await this.#handle.write(bytes, 0, bytes.length, at)).bytesWritten
    })
  }

  sync(): Promise<void> {
    return call(this.#path, () => this.#handle.sync())
  }

  size(): Promise<number> {
    return call(this.#path, async () => (await this.#handle.stat()).size)
  }

  truncate(size: number): Promise<void> {
    return call(this.#path, () => this.#handle.truncate(size))
  }

  close(): Promise<void> {
    return call(this.#path, () => this.#handle.close())
  }
}

const FLAGS: Record<DiskMode, string> = { read: 'r', write: 'r+', make: 'w+' }

/** That of the system. */
export const SYSTEM_DISK: LogDisk = {
  open: (path, mode) => {
    return call(path, async () => new SystemFile(path, await open(path, FLAGS[mode], 0o666)))
  },
  list: directory => call(directory, () => readdir(directory)),
  rename: (from, to) => call(from, () => rename(from, to)),
  unlink: path => call(path, () => unlink(path)),
  syncDirectory(directory) {
    return call(directory, async () => {
      const handle = await open(directory, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    })
  },
  async makeDirectory(directory) {
    new Directory(SYSTEM, directory).make()
  },
  async lock(path) {
    const directory = new Directory(SYSTEM, `${path}.lock`)
    directory.make()
    const lock = Lock.take(directory)
    return () => lock.giveBack()
  },
}

/** Writes all of `bytes`. */
export async function writeAll(file: DiskFile, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += await file.write(bytes.subarray(done), at + done)
  }
}

/** Fills `bytes`; returns how many there were before the end of the file. */
export async function readAll(file: DiskFile, bytes: Uint8Array, at: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const read = await file.read(bytes.subarray(done), at + done)
    if (read === 0) break
    done += read
  }
  return done
}

/** Throws nothing: what stays is removed when the log is opened next. */
export async function unlinkIfThere(disk: LogDisk, path: string): Promise<void> {
  try {
    await disk.unlink(path)
  } catch {
    // It is not there, or is so next time.
  }
}
