/**
 * The snapshots of a log in a file: files beside it, `<log>.snapshot-<sequence>-<version>`. The newest one counts.
 *
 * A file has a head (magic 'zversnap', format), then blocks: length, checksum, bytes. The last one has no bytes; its
 * checksum is that of its place. Checksums are seeded with the sequence and the place of the block.
 */
import { Buffer } from 'node:buffer'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { LogUnavailable, type Snapshot } from './log.js'
import {
  type DiskFile,
  isMissing,
  type LogDisk,
  readAll,
  unlinkIfThere,
  writeAll,
} from './log-disk.js'
import { damaged } from './log-scan.js'

const HEAD = Buffer.from('zversnap\x01\0\0\0')
const BLOCK_HEAD = 8
const BLOCK = 2 ** 18

interface Named {
  readonly sequence: number
  readonly version: number
}

export class Snapshots {
  readonly #disk: LogDisk
  readonly #path: string
  #newest: Named | undefined
  #drafts = 0
  /** Files take their names in turns. */
  #turns: Promise<unknown> = Promise.resolve()

  constructor(disk: LogDisk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  #nameOf({ sequence, version }: Named): string {
    return `${basename(this.#path)}.snapshot-${sequence}-${version}`
  }

  #pathOf(named: Named): string {
    return join(dirname(this.#path), this.#nameOf(named))
  }

  /** Finds the newest one among the names that are there, and removes the others. */
  async open(names: readonly string[]): Promise<void> {
    const all: Named[] = []
    for (const name of names) {
      const [, sequence, version] = /\.snapshot-(\d+)-(\d+)$/.exec(name) ?? []
      const named = { sequence: Number(sequence), version: Number(version) }
      if (name === this.#nameOf(named)) all.push(named)
    }
    all.sort((a, b) => b.sequence - a.sequence || b.version - a.version)
    this.#newest = all[0]
    for (const named of all.slice(1)) await unlinkIfThere(this.#disk, this.#pathOf(named))
  }

  async put({ sequence, version, parts }: Snapshot): Promise<void> {
    const named = { sequence, version }
    const draft = `${this.#path}.draft-snapshot-${++this.#drafts}`
    const file = await this.#disk.open(draft, 'make')
    try {
      try {
        await write(file, sequence, parts)
        await file.sync()
      } finally {
        await file.close()
      }
      const taken = this.#turns.then(() => this.#take(draft, named))
      this.#turns = taken.catch(() => {})
      await taken
    } finally {
      await unlinkIfThere(this.#disk, draft)
    }
  }

  /** Gives a snapshot that is whole its name, unless there is a newer one. */
  async #take(draft: string, named: Named): Promise<void> {
    const before = this.#newest
    if (before !== undefined && before.sequence > named.sequence) return
    await this.#disk.rename(draft, this.#pathOf(named))
    this.#newest = named
    await this.#disk.syncDirectory(dirname(this.#path))
    if (before === undefined || this.#nameOf(before) === this.#nameOf(named)) return
    await unlinkIfThere(this.#disk, this.#pathOf(before))
  }

  get(): Snapshot | undefined {
    const named = this.#newest
    return named && { ...named, parts: this.#parts(named) }
  }

  async *#parts(named: Named): AsyncGenerator<Uint8Array> {
    const path = this.#pathOf(named)
    let file: DiskFile
    try {
      file = await this.#disk.open(path, 'read')
    } catch (error) {
      if (!isMissing(error) || this.#newest === named) throw error
      throw new LogUnavailable('none', 'The snapshot was replaced by a newer one')
    }
    try {
      yield* read(file, path, named.sequence)
    } finally {
      await file.close()
    }
  }
}

const seedOf = (sequence: number, at: number): number => (sequence + at) >>> 0

function blockHead(bytes: Uint8Array, sequence: number, at: number): Buffer {
  const head = Buffer.alloc(BLOCK_HEAD)
  head.writeUInt32LE(bytes.length)
  const checked = bytes.length === 0 ? Buffer.from(String(at)) : bytes
  head.writeUInt32LE(crc32(checked, seedOf(sequence, at)), 4)
  return head
}

async function write(
  file: DiskFile,
  sequence: number,
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  const block = Buffer.alloc(BLOCK)
  let [at, used] = [HEAD.length, 0]
  const flush = async () => {
    const bytes = block.subarray(0, used)
    await writeAll(file, Buffer.concat([blockHead(bytes, sequence, at), bytes]), at)
    at += BLOCK_HEAD + used
    used = 0
  }
  await writeAll(file, HEAD, 0)
  for await (const part of parts) {
    for (let done = 0; done < part.length; ) {
      const piece = part.subarray(done, done + BLOCK - used)
      block.set(piece, used)
      used += piece.length
      done += piece.length
      if (used === BLOCK) await flush()
    }
  }
  if (used > 0) await flush()
  await flush()
}

async function* read(file: DiskFile, path: string, sequence: number): AsyncGenerator<Uint8Array> {
  const begin = Buffer.alloc(HEAD.length)
  await readAll(file, begin, 0)
  if (!begin.equals(HEAD)) throw damaged(path, 0)
  for (let at = HEAD.length; ; ) {
    const head = Buffer.alloc(BLOCK_HEAD)
    if ((await readAll(file, head, at)) < BLOCK_HEAD) throw damaged(path, at)
    const length = head.readUInt32LE()
    if (length > BLOCK) throw damaged(path, at)
    const bytes = Buffer.alloc(length)
    const isWhole = (await readAll(file, bytes, at + BLOCK_HEAD)) === length
    if (!isWhole || !blockHead(bytes, sequence, at).equals(head)) throw damaged(path, at)
    if (length === 0) return
    yield bytes
    at += BLOCK_HEAD + length
  }
}
