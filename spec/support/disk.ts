/**
 * A disk in memory that can crash: a write is certain to be there only once it was synced, by sectors; a name, only
 * once its directory was.
 */
import type { Files, Mode } from '../../lib/storage/files.js'

const SECTOR = 512

/** What was done to a file since it was synced last: bytes written, or another length. */
type Change =
  | { readonly at: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly size: number }

interface Inode {
  /** As the process sees it. */
  bytes: Uint8Array<ArrayBuffer>
  /** As it is certain to be after a crash. */
  durable: Uint8Array<ArrayBuffer>
  /** What came since; a crash may keep any sectors of it. */
  pending: Change[]
  /** Another disk has the same memory: it is copied before it is changed. */
  isShared: boolean
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

/** What a test does before a call: throws its failure, or says how many bytes it moves at most. */
export type Before = (syscall: string, path: string) => unknown

export class Disk implements Files {
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #open = new Map<number, { path: string; inode: Inode }>()
  #next = 3
  /** Calls so far, of all kinds. */
  calls = 0
  /** Called before each call. */
  before: Before = () => {}
  /** Bytes that there is room for. */
  room = Number.POSITIVE_INFINITY
  /** Of the log's segments: see Files. */
  segmentBytes: number | undefined

  /** @param segmentBytes of the log's segments; absent: those of the system */
  constructor(segmentBytes?: number) {
    this.segmentBytes = segmentBytes
  }

  #call(syscall: string, path: string): number {
    this.calls++
    const most = this.before(syscall, path)
    return typeof most === 'number' ? most : Number.POSITIVE_INFINITY
  }

  /** The error of a failed call. */
  static failure = (code: string, syscall: string, errno?: number): Error =>
    new Failure(code, syscall, errno)

  /** Descriptors that are open. */
  get openFiles(): number {
    return this.#open.size
  }

  open(path: string, mode: Mode): number {
    this.#call('open', path)
    let inode = this.#names.get(path)
    if (mode === 'create') {
      if (inode !== undefined) throw new Failure('EEXIST', 'open', -17)
      inode = { bytes: NOTHING, durable: NOTHING, pending: [], isShared: true }
      this.#names.set(path, inode)
    }
    if (inode === undefined) throw new Failure('ENOENT', 'open', -2)
    this.#open.set(this.#next, { path, inode })
    return this.#next++
  }

  #at(file: number): { path: string; inode: Inode } {
    const open = this.#open.get(file)
    if (open === undefined) throw new Failure('EBADF', 'use', -9)
    return open
  }

  read(file: number, bytes: Uint8Array, at: number): number {
    const { path, inode } = this.#at(file)
    const most = this.#call('read', path)
    const from = inode.bytes.subarray(at, at + Math.min(bytes.length, most))
    bytes.set(from)
    return from.length
  }

  write(file: number, bytes: Uint8Array, at: number): number {
    const { path, inode } = this.#at(file)
    const most = this.#call('write', path)
    const written = bytes.length <= most ? bytes : bytes.subarray(0, most)
    const end = at + written.length
    const grown = Math.max(0, end - inode.bytes.length)
    if (grown > this.room) throw new Failure('ENOSPC', 'write', -28)
    this.room -= grown
    own(inode)
    apply(inode, 'bytes', { at, bytes: written as Uint8Array<ArrayBuffer> })
    inode.pending.push({ at, bytes: Uint8Array.from(written) })
    return written.length
  }

  datasync(file: number): void {
    const { path, inode } = this.#at(file)
    own(inode)
    try {
      this.#call('fdatasync', path)
    } catch (error) {
      // As systems do: what could not be written counts as clean from then on. The next call proves nothing.
      if ((error as Partial<Failure>).code !== 'EINTR') inode.pending = []
      throw error
    }
    for (const change of inode.pending) apply(inode, 'durable', change)
    inode.pending = []
  }

  size(file: number): number {
    const { path, inode } = this.#at(file)
    this.#call('fstat', path)
    return inode.bytes.length
  }

  truncate(file: number, size: number): void {
    const { path, inode } = this.#at(file)
    this.#call('ftruncate', path)
    own(inode)
    this.room += Math.max(0, inode.bytes.length - size)
    apply(inode, 'bytes', { size })
    inode.pending.push({ size })
  }

  close(file: number): void {
    const { path } = this.#at(file)
    // It is closed, whatever it says.
    this.#open.delete(file)
    this.#call('close', path)
  }

  identity(): number {
    return 1
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

  makeDirectory(directory: string): undefined {
    this.#call('mkdir', directory)
  }

  removeDirectory(directory: string): void {
    this.#call('rmdir', directory)
  }

  realPath(path: string): string {
    return path
  }

  link(from: string, to: string): void {
    this.#call('link', to)
    const inode = this.#names.get(from)
    if (inode === undefined) throw new Failure('ENOENT', 'link', -2)
    if (this.#names.has(to)) throw new Failure('EEXIST', 'link', -17)
    this.#names.set(to, inode)
  }

  unlink(path: string): void {
    this.#call('unlink', path)
    if (!this.#names.delete(path)) throw new Failure('ENOENT', 'unlink', -2)
  }

  // ── What may become of it ─────────────────────────────────────────────────────────────────────

  /** A disk as it is now, with all that is uncertain: files are copied where one of the two changes. */
  copy(): Disk {
    return this.#with(inode => {
      inode.isShared = true
      return { ...inode, pending: [...inode.pending] }
    })
  }

  /** A disk with a copy of each file. */
  #with(copied: (inode: Inode) => Inode): Disk {
    const other = new Disk(this.segmentBytes)
    other.room = this.room
    const copies = new Map<Inode, Inode>()
    const copyOf = (inode: Inode) => {
      const copy = copies.get(inode) ?? copied(inode)
      copies.set(inode, copy)
      return copy
    }
    for (const [path, inode] of this.#names) other.#names.set(path, copyOf(inode))
    for (const [path, inode] of this.#durableNames) other.#durableNames.set(path, copyOf(inode))
    return other
  }

  /**
   * A disk as a crash of the system may leave it now. Of what was not synced, each sector and each name is kept
   * or lost, as `random` says.
   */
  crashed(random: Random): Disk {
    // Any; the first so many, as a system that writes in order leaves them; or all but a few.
    const way = random(3)
    const isKept = way === 2 ? () => random(8) !== 0 : () => random(2) === 0
    const left = this.#with(inode => {
      const pending =
        way === 1 ? inode.pending.slice(0, random(inode.pending.length + 1)) : inode.pending
      return torn(inode, pending, way === 1 ? () => true : isKept)
    })
    const paths = new Set([...left.#names.keys(), ...left.#durableNames.keys()])
    for (const path of paths) {
      const [now, then] = [left.#names.get(path), left.#durableNames.get(path)]
      const inode = now === then || isKept() ? now : then
      if (inode === undefined) left.#names.delete(path)
      else left.#names.set(path, inode)
    }
    left.#durableNames = new Map(left.#names)
    left.#expire()
    return left
  }

  /** A disk as the end of the process leaves it: all there is, and no more of it synced than before. */
  killed(): Disk {
    const left = this.copy()
    left.#expire()
    return left
  }

  /** As {@link killed}, and the system has written all of it since. */
  survived(): Disk {
    const left = this.killed()
    for (const inode of left.#names.values()) {
      Object.assign(inode, { durable: inode.bytes, pending: [], isShared: true })
    }
    left.#durableNames = new Map(left.#names)
    return left
  }

  /** The process that had the database open is there no more: another one, begun since, has its number. */
  #expire(): void {
    for (const [path, inode] of this.#names) {
      if (!/\/lock-\d+$/.test(path)) continue
      inode.bytes = before(inode.bytes)
      inode.durable = before(inode.durable)
      inode.pending = inode.pending.map(change =>
        'size' in change ? change : { at: change.at, bytes: before(change.bytes) },
      )
    }
  }

  // ── For damage ────────────────────────────────────────────────────────────────────────────────

  /** The bytes of a file; to be changed, to damage it. */
  bytesOf(path: string): Uint8Array {
    const inode = this.#names.get(path) as Inode
    own(inode)
    return inode.bytes
  }

  /** Gives a file another content, for good; without one it is deleted. */
  replace(path: string, content?: Uint8Array): void {
    if (content === undefined) {
      this.#names.delete(path)
      this.#durableNames.delete(path)
      return
    }
    const bytes = Uint8Array.from(content)
    const inode = { bytes, durable: bytes.slice(), pending: [], isShared: false }
    this.#names.set(path, inode)
    this.#durableNames.set(path, inode)
  }

  get paths(): string[] {
    return [...this.#names.keys()].sort()
  }
}

const NOTHING = new Uint8Array()
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** What a lock says, of a process that began at another time. */
function before(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const content = decoder.decode(bytes)
  return encoder.encode(content.replace(/(?<="began":)\d+/, began => '1'.padEnd(began.length, '0')))
}

/** Before its bytes are changed. */
function own(inode: Inode): void {
  if (!inode.isShared) return
  inode.bytes = inode.bytes.slice()
  inode.durable = inode.durable.slice()
  inode.isShared = false
}

function apply(inode: Inode, what: 'bytes' | 'durable', change: Change): void {
  const old = inode[what]
  if ('size' in change) {
    inode[what] = extended(old.slice(0, change.size), change.size)
    return
  }
  const { at, bytes } = change
  if (at + bytes.length > old.length) inode[what] = extended(old, at + bytes.length)
  inode[what].set(bytes, at)
}

/** The bytes, with zeros behind them up to `size`; in the memory that they have, where it has room. */
function extended(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  if (size <= bytes.length) return bytes
  const { buffer } = bytes
  if (bytes.byteOffset === 0 && buffer.byteLength >= size) return new Uint8Array(buffer, 0, size)
  const longer = new Uint8Array(new ArrayBuffer(Math.max(size, 2 * bytes.length)), 0, size)
  longer.set(bytes)
  return longer
}

/** What a crash may leave of a file. */
function torn({ durable }: Inode, pending: readonly Change[], isKept: () => boolean): Inode {
  const left = { bytes: durable.slice(), durable: NOTHING, pending: [], isShared: false } as Inode
  for (const change of pending) {
    if ('size' in change) {
      if (isKept()) apply(left, 'bytes', change)
      continue
    }
    const { at: from, bytes } = change
    const to = from + bytes.length
    for (let at = from - (from % SECTOR); at < to; at += SECTOR) {
      if (!isKept()) continue
      const [begin, end] = [Math.max(at, from), Math.min(at + SECTOR, to)]
      apply(left, 'bytes', { at: begin, bytes: bytes.subarray(begin - from, end - from) })
    }
  }
  left.durable = left.bytes
  left.isShared = true
  return left
}
