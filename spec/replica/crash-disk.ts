/**
 * A disk in memory for the log in a file, which can crash: what was written to a file is certain to be there only once
 * it was synced, by sectors, and a name only once its directory was. Any part of the rest may be there as well. A write
 * that fails has written some; what a failed sync was to write is there for who reads, and lost by a crash.
 */
import { setImmediate } from 'node:timers/promises'
import { ZVerseError } from '../../lib/errors.js'
import type { DiskFile, DiskMode, LogDisk } from '../../lib/replica/log-disk.js'
import type { Random } from '../support/random.js'

const SECTOR = 512

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number }

class Inode {
  bytes: Uint8Array
  durable: Uint8Array
  changes: Change[] = []

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.durable = bytes
  }
}

/** The bytes after a change. */
function applied(bytes: Uint8Array, change: Change): Uint8Array {
  if ('size' in change) return resized(bytes, change.size)
  const all = resized(bytes, Math.max(bytes.length, change.at + change.bytes.length))
  all.set(change.bytes, change.at)
  return all
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const all = new Uint8Array(size)
  all.set(bytes.subarray(0, size))
  return all
}

type NameChange = (names: Map<string, Inode>) => void

export class CrashDisk implements LogDisk {
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #nameChanges: NameChange[] = []
  #isLocked = false
  openFiles = 0
  /** Called before each call; what it throws is the call's failure. */
  before: (call: string, path: string) => void = () => {}

  static failure(call: string, path: string, code = 'EIO'): ZVerseError {
    const cause = Object.assign(new Error(code), { code })
    const fields = { syscall: call, path, errno: -5, cause }
    return new ZVerseError('ZVERSE_IO', `${call} ${path} failed: ${code}`, fields)
  }

  async #call(call: string, path: string): Promise<void> {
    await setImmediate()
    this.before(call, path)
  }

  /** A disk that has what is certain on this one, and some of what is not. */
  crashed(random: Random): CrashDisk {
    const disk = new CrashDisk()
    const names = new Map(this.#durableNames)
    for (const change of this.#nameChanges) if (random.chance(0.5)) change(names)
    const remains = [0, 0.5, 1][random.int(3)]
    for (const [path, { durable, changes }] of names) {
      let bytes = durable
      for (const change of changes) {
        if ('size' in change) {
          if (random.chance(remains)) bytes = applied(bytes, change)
          continue
        }
        for (let at = 0; at < change.bytes.length; at += SECTOR) {
          if (!random.chance(remains)) continue
          const sector = change.bytes.subarray(at, at + SECTOR)
          bytes = applied(bytes, { at: change.at + at, bytes: sector })
        }
      }
      disk.put(path, bytes)
    }
    return disk
  }

  /** The same, after the process that used it has died. */
  left(): CrashDisk {
    this.#isLocked = false
    this.openFiles = 0
    return this
  }

  /** A disk with the same files, as this process sees them. */
  copy(): CrashDisk {
    const disk = new CrashDisk()
    for (const [path, { bytes }] of this.#names) disk.put(path, bytes)
    return disk
  }

  get paths(): string[] {
    return [...this.#names.keys()].sort()
  }

  put(path: string, bytes: Uint8Array): void {
    const inode = new Inode(bytes.slice())
    this.#names.set(path, inode)
    this.#durableNames.set(path, inode)
  }

  get(path: string): Uint8Array {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new Error(`no ${path}`)
    return inode.bytes.slice()
  }

  /** Changes what is on the disk, of files that are open as well. */
  damage(path: string, bytes: Uint8Array): void {
    const inode = this.#names.get(path)
    if (inode !== undefined) inode.bytes = inode.durable = bytes
  }

  #rename(change: NameChange): void {
    change(this.#names)
    this.#nameChanges.push(change)
  }

  async open(path: string, mode: DiskMode): Promise<DiskFile> {
    await this.#call('open', path)
    let inode = this.#names.get(path)
    if (inode === undefined) {
      if (mode !== 'make') throw CrashDisk.failure('open', path, 'ENOENT')
      const made = (inode = new Inode(new Uint8Array(0)))
      this.#rename(names => names.set(path, made))
    } else if (mode === 'make') {
      this.#change(inode, { size: 0 })
    }
    return this.#file(path, inode)
  }

  #change(inode: Inode, change: Change): void {
    inode.bytes = applied(inode.bytes, change)
    inode.changes.push(change)
  }

  #file(path: string, inode: Inode): DiskFile {
    let isOpen = true
    this.openFiles++
    const call = async (name: string) => {
      if (!isOpen) throw CrashDisk.failure(name, path, 'EBADF')
      await this.#call(name, path)
    }
    return {
      read: async (bytes, at) => {
        await call('read')
        const found = inode.bytes.subarray(at, at + bytes.length)
        bytes.set(found)
        return found.length
      },
      write: async (bytes, at) => {
        const copy = bytes.slice()
        try {
          await call('write')
        } catch (error) {
          // There was room for some of it.
          this.#change(inode, { at, bytes: copy.subarray(0, (3 * copy.length) >> 2) })
          throw error
        }
        this.#change(inode, { at, bytes: copy })
        return copy.length
      },
      sync: async () => {
        const { changes } = inode
        inode.changes = []
        // As on Linux: after a failure the system takes what it could not write for written, and goes on.
        await call('fsync')
        inode.durable = changes.reduce(applied, inode.durable)
      },
      size: async () => inode.bytes.length,
      truncate: async size => {
        await call('ftruncate')
        this.#change(inode, { size })
      },
      close: async () => {
        if (isOpen) this.openFiles--
        isOpen = false
      },
    }
  }

  async list(directory: string): Promise<string[]> {
    await this.#call('scandir', directory)
    return this.paths.map(path => path.slice(path.lastIndexOf('/') + 1))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('rename', from)
    this.#rename(names => {
      const inode = names.get(from)
      if (inode === undefined) return
      names.delete(from)
      names.set(to, inode)
    })
  }

  async unlink(path: string): Promise<void> {
    await this.#call('unlink', path)
    if (!this.#names.has(path)) throw CrashDisk.failure('unlink', path, 'ENOENT')
    this.#rename(names => names.delete(path))
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#call('fsync', directory)
    this.#durableNames = new Map(this.#names)
    this.#nameChanges = []
  }

  async makeDirectory(directory: string): Promise<void> {
    await this.#call('mkdir', directory)
  }

  async lock(path: string): Promise<() => void> {
    if (this.#isLocked) throw new ZVerseError('ZVERSE_LOCKED', `${path} is open`, { pid: 1 })
    this.#isLocked = true
    return () => {
      this.#isLocked = false
    }
  }
}
