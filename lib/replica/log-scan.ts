/**
 * Reads the file of a log from its beginning to the end of what is whole. What comes behind is the torn end of the last
 * writes, which nobody was told of; unless something shows that it was on the disk once: then the file is damaged.
 */
import { Buffer } from 'node:buffer'
import { ZVerseError } from '../errors.js'
import { type DiskFile, readAll } from './log-disk.js'
import {
  HEAD_BYTES,
  type Head,
  KIND_ID,
  KIND_RECORD,
  readHead,
  readUnit,
  UNIT_BYTES,
  UNIT_MAGIC,
  type Unit,
  unitLength,
} from './log-layout.js'

const CHUNK = 2 ** 20

export function damaged(file: string, offset: number): ZVerseError {
  return new ZVerseError('ZVERSE_CORRUPT', `${file} is damaged at byte ${offset}`, { file, offset })
}

/** A file, read in pieces that are larger than what is asked for. */
class Window {
  readonly #file: DiskFile
  readonly size: number
  #bytes = Buffer.alloc(0)
  #at = 0

  constructor(file: DiskFile, size: number) {
    this.#file = file
    this.size = size
  }

  /** Fewer than `length` bytes at the end of the file alone. They are good until the next call. */
  async view(at: number, length: number): Promise<Buffer> {
    const end = Math.min(at + length, this.size)
    if (at < this.#at || end > this.#at + this.#bytes.length) {
      const bytes = Buffer.allocUnsafe(Math.min(this.size - at, Math.max(length, CHUNK)))
      this.#bytes = bytes.subarray(0, await readAll(this.#file, bytes, at))
      this.#at = at
    }
    return this.#bytes.subarray(at - this.#at, end - this.#at)
  }

  /** The unit at a place, and its length; undefined where none is whole there. */
  async unit(salt: number, at: number): Promise<{ unit: Unit; length: number } | undefined> {
    const length = unitLength(await this.view(at, UNIT_BYTES))
    if (length === 0 || at + length > this.size) return undefined
    const unit = readUnit(await this.view(at, length), salt, at)
    return unit && { unit, length }
  }

  /** The next place from `at` on that looks like the beginning of a unit; -1 where there is none. */
  async candidate(at: number): Promise<number> {
    while (at < this.size) {
      const bytes = await this.view(at, CHUNK)
      const found = bytes.indexOf(UNIT_MAGIC)
      if (found >= 0) return at + found
      // The magic may lie across the end.
      at += Math.max(1, bytes.length - UNIT_MAGIC.length + 1)
    }
    return -1
  }
}

/** @throws ZVerseError `ZVERSE_FORMAT`, `ZVERSE_CORRUPT { file, offset }` */
export async function headOf(file: DiskFile, path: string): Promise<Head> {
  const bytes = Buffer.alloc(HEAD_BYTES)
  const head = readHead(bytes.subarray(0, await readAll(file, bytes, 0)))
  if (head === undefined) throw damaged(path, 0)
  if (head === 'other') {
    const what = `${path} is no log, or one that another release of zverse has written`
    throw new ZVerseError('ZVERSE_FORMAT', what, { path })
  }
  return head
}

/**
 * Hands out each unit with its place.
 * @returns the end of what is whole, where the next unit is to be written
 * @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`
 */
export async function scan(
  file: DiskFile,
  path: string,
  head: Head,
  each: (unit: Unit, at: number) => void,
): Promise<number> {
  const { salt } = head
  const window = new Window(file, await file.size())
  let at = HEAD_BYTES
  let last = head.base
  while (at < window.size) {
    const found = await window.unit(salt, at)
    if (found === undefined) break
    const { unit, length } = found
    if (unit.kind === KIND_RECORD && unit.sequence === last + 1) last++
    else if (unit.kind !== KIND_ID || unit.sequence > head.base) throw damaged(path, at)
    each(unit, at)
    at += length
  }
  if (head.synced > at) throw damaged(path, at)
  // Later ones may be whole, of the same writes, or prove that all before them was on the disk.
  for (let later = await window.candidate(at + 1); later >= 0; ) {
    const found = await window.unit(salt, later)
    if (found !== undefined && found.unit.synced > at) throw damaged(path, at)
    later = await window.candidate(later + (found?.length ?? 1))
  }
  return at
}
