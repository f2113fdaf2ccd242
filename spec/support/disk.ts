/**
 * A disk in memory that can crash: a write is certain to be there only once it was synced, by sectors; a name, only
 * once its directory was.
 */
import type { Files, Mode } from '../../lib/storage/files.js'

const SECTOR = 512

interface Inode {
  /** As the process sees it. */
  bytes: Uint8Array<ArrayBuffer>
  /** As it is certain to be after a crash. */
  durable: Uint8Array<ArrayBuffer>
  /** Places written since; a crash may keep any of their sectors. */
  pending: { from: number; to: number }[]
}

class Failure extends Error {
  readonly errno: number
  readonly code: string
  readonly syscall: string

  constructor(code: string, syscall: string, errno = -5) {
    super(`${code}: ${syscall}`)
    this.code = code
    this.syscall = syscall
    this.errno = errno
  }
}

/** A uniform integer ≥ 0 and < `below`. */
export type Random = (below: number) => number

export class Disk implements Files {
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #open = new Map<number, Inode>()
  #next = 3
  /** Calls so far, of all kinds. */
  calls = 0
  /** Called before each call, which it may make fail. */
  before: (syscall: string, path: string) => void = () => {}
  /** Bytes that there is room for. */
  room = Number.POSITIVE_INFINITY

  #call(syscall: string, path = ''): void {
    this.calls++
    this.before(syscall, path)
  }

  /** The error of a failed call. */
  static failure = (code: string, syscall: string): Error => new Failure(code, syscall)

  open(path: string, mode: Mode): number {
    this.#call('open', path)
    let inode = this.#names.get(path)
    if (mode === 'create') {
      if (inode !== undefined) throw new Failure('EEXIST', 'open')
      inode = { bytes: new Uint8Array(), durable: new Uint8Array(), pending: [] }
      this.#names.set(path, inode)
    }
    if (inode === undefined) throw new Failure('ENOENT', 'open')
    this.#open.set(this.#next, inode)
    return this.#next++
  }

  #inode(file: number): Inode {
    const inode = this.#open.get(file)
    if (inode === undefined) throw new Failure('EBADF', 'use')
    return inode
  }

  read(file: number, bytes: Uint8Array, at: number): number {
    this.#call('read')
    const from = this.#inode(file).bytes.subarray(at, at + bytes.length)
    bytes.set(from)
    return from.length
  }

  write(file: number, bytes: Uint8Array, at: number): number {
    this.#call('write')
    const inode = this.#inode(file)
    const grown = Math.max(0, at + bytes.length - inode.bytes.length)
    if (grown > this.room) throw new Failure('ENOSPC', 'write', -28)
    this.room -= grown
    if (grown > 0) inode.bytes = extended(inode.bytes, at + bytes.length)
    inode.bytes.set(bytes, at)
    inode.pending.push({ from: at, to: at + bytes.length })
    return bytes.length
  }

  datasync(file: number): void {
    this.#call('fdatasync')
    const inode = this.#inode(file)
    inode.durable = inode.bytes.slice()
    inode.pending = []
  }

  size(file: number): number {
    return this.#inode(file).bytes.length
  }

  truncate(file: number, size: number): void {
    this.#call('ftruncate')
    const inode = this.#inode(file)
    inode.bytes = extended(inode.bytes.slice(0, size), size)
    inode.pending.push({ from: 0, to: size })
  }

  close(file: number): void {
    this.#call('close')
    this.#open.delete(file)
  }

  list(directory: string): string[] {
    this.#call('scandir', directory)
    const prefix = `${directory}/`
    return [...this.#names.keys()]
      .filter(path => path.startsWith(prefix))
      .map(path => path.slice(prefix.length))
  }

  syncDirectory(directory: string): void {
    this.#call('fsync', directory)
    this.#durableNames = new Map(this.#names)
  }

  makeDirectory(): void {
    this.#call('mkdir')
  }

  link(from: string, to: string): void {
    this.#call('link', to)
    const inode = this.#names.get(from)
    if (inode === undefined) throw new Failure('ENOENT', 'link')
    if (this.#names.has(to)) throw new Failure('EEXIST', 'link')
    this.#names.set(to, inode)
  }

  unlink(path: string): void {
    this.#call('unlink', path)
    if (!this.#names.delete(path)) throw new Failure('ENOENT', 'unlink')
  }

  /**
   * A disk as a crash of the system may leave it now. Of what was not synced, each sector and each name is kept
   * or lost, as `random` says.
   */
  crashed(random: Random): Disk {
    const left = new Disk()
    const kept = new Map<Inode, Inode>()
    const paths = new Set([...this.#names.keys(), ...this.#durableNames.keys()])
    for (const path of paths) {
      const [now, then] = [this.#names.get(path), this.#durableNames.get(path)]
      const inode = now === then || random(2) === 0 ? now : then
      if (inode === undefined) continue
      const after = kept.get(inode) ?? torn(inode, random)
      kept.set(inode, after)
      left.#names.set(path, after)
      left.#durableNames.set(path, after)
    }
    return left
  }

  /** A disk as the end of the process alone leaves it: all there is. */
  survived(): Disk {
    return this.crashed(() => 0)
  }

  /** The bytes of a file; to be changed, to damage it. */
  bytesOf(path: string): Uint8Array {
    return (this.#names.get(path) as Inode).bytes
  }

  get paths(): string[] {
    return [...this.#names.keys()].sort()
  }
}

function extended(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(Math.max(size, bytes.length))
  longer.set(bytes)
  return longer
}

/** What a crash may leave of a file. */
function torn({ bytes, durable, pending }: Inode, random: Random): Inode {
  let left = durable.slice()
  for (const { from, to } of pending) {
    for (let at = from - (from % SECTOR); at < to; at += SECTOR) {
      if (random(2) === 1) continue
      const [begin, end] = [Math.max(at, from), Math.min(at + SECTOR, to)]
      left = extended(left, end)
      left.set(bytes.subarray(begin, end), begin)
    }
  }
  return { bytes: left, durable: left.slice(), pending: [] }
}
