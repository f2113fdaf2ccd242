/**
 * Reads the log from a place on, to its end, and tells a torn tail from damage.
 *
 * A crash of the system may leave any part of what was not synced: so the first record that is not whole is the
 * end of the log, and what comes after it never happened. It is damage, though, if anything later proves that it
 * had been synced: a record that says so, a mark, or a segment that goes on from behind it, or from one that is not
 * there, for the writer syncs a segment before it begins the next. Damage is never read over.
 */
import { Buffer } from 'node:buffer'
import { ZVerseError } from '../errors.js'
import type { Directory, OpenFile } from './files.js'
import {
  bodyAt,
  isWhole,
  KIND_MARK,
  KIND_PART,
  type LogEnd,
  RECORD_HEAD,
  type RecordHead,
  readHead,
  readSegmentHead,
  recordBytes,
  type Salt,
  SEGMENT_HEAD,
  seedOf,
} from './log-format.js'

/** A record as it was appended: its parts are one again. */
export interface LogRecord extends RecordHead {
  /** Its words, put together. Not asked for, a record that is skipped costs less. */
  body(): Uint32Array
  /** The end of the log behind it. */
  readonly end: LogEnd
}

/** The head of the first record of a segment, and where that goes on from; null where there is none. */
export function firstHeadIn(
  directory: Directory,
  salt: Salt,
  number: number,
): { head: RecordHead; from: LogEnd } | null {
  const file = directory.open(segmentName(number), 'read')
  try {
    const words = new Uint32Array((SEGMENT_HEAD + RECORD_HEAD) / 4)
    file.read(new Uint8Array(words.buffer), 0)
    const from = readSegmentHead(words, salt, number)
    const head = readHead(words, SEGMENT_HEAD, seedOf(salt, number), false)
    return from === null || head === null ? null : { head, from }
  } finally {
    file.close()
  }
}

interface Segment {
  readonly number: number
  readonly name: string
  readonly words: Uint32Array
  readonly seed: number
}

const NAME = /^log-([0-9a-f]{12})$/

export const segmentName = (number: number): string =>
  `log-${number.toString(16).padStart(12, '0')}`

/** The numbers of the segments in a directory, in order. */
export const segmentsIn = (directory: Directory): number[] =>
  directory.list().flatMap(name => {
    const digits = NAME.exec(name)?.[1]
    return digits === undefined ? [] : [Number.parseInt(digits, 16)]
  })

/** A segment that has been begun, and where it goes on from. */
interface Begun {
  readonly number: number
  readonly from: LogEnd
}

export class LogReader {
  /** The end of the log, once all records have been read. */
  end: LogEnd
  /** Bytes after it that a crash left: of records that were not synced. */
  tornBytes = 0
  /** The last record is a mark: all before it was durable when it was written. */
  isMarked = false
  readonly #directory: Directory
  readonly #salt: Salt
  /** Of the segments there are, in order. */
  readonly #numbers: number[]
  /** Bytes of the segments that have been read, and about how many there are to read. */
  done = 0
  total = 0

  /** @param from a place that the log is known to have come to */
  constructor(directory: Directory, salt: Salt, from: LogEnd) {
    this.#directory = directory
    this.#salt = salt
    this.end = from
    this.#numbers = segmentsIn(directory)
  }

  /**
   * The records behind `from`, in order.
   * @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`, `ZVERSE_IO`
   */
  *records(): Generator<LogRecord, void> {
    const begun = this.#begun()
    let at = this.end
    let segment = this.#load(at.segment, at.offset)
    if (!begun.some(({ number }) => number === at.segment)) throw damaged(segment.name, 0)
    let followers = begun.filter(({ from }) => from.segment === at.segment)
    // The parts of a body so far. The log ends before them if the last one never comes.
    let parts: Uint32Array[] = []
    for (;;) {
      const next = followers.find(
        ({ from }) => from.offset === at.offset && from.check === at.check,
      )
      if (next !== undefined) {
        segment = this.#load(next.number)
        followers = begun.filter(({ from }) => from.segment === next.number)
        at = { segment: next.number, offset: SEGMENT_HEAD, check: at.check }
        if (parts.length === 0) this.end = at
        continue
      }
      const head = wholeAt(segment, at)
      if (head === null) break
      const body = bodyAt(segment.words, at.offset)
      const check = segment.words[at.offset / 4]
      at = { segment: at.segment, offset: at.offset + recordBytes(body.length), check }
      if (head.kind !== KIND_MARK) parts.push(body)
      if (head.kind === KIND_PART) continue
      this.end = at
      this.isMarked = head.kind === KIND_MARK
      const whole = parts
      parts = []
      if (head.kind !== KIND_MARK) yield { ...head, body: () => joined(whole), end: at }
    }
    // A segment is synced before another one goes on from its end.
    const isSynced = followers.some(({ from }) => from.offset > at.offset)
    if (isSynced || isProven(segment, at.offset)) throw damaged(segment.name, at.offset)
    this.#judge(segment)
  }

  /** The log ends in `segment`, by what can be seen there: looks for more behind it, and for damage. */
  #judge(segment: Segment): void {
    const begun = this.#begun()
    for (const { from } of begun) {
      // It was synced before that segment was begun, and segments are deleted from the end.
      const isThere = begun.some(({ number }) => number === from.segment)
      if (from.segment > segment.number && !isThere) throw damaged(segmentName(from.segment), 0)
    }
    for (const number of this.#numbers) {
      if (number < this.end.segment) continue
      const one = number === segment.number ? segment : this.#load(number)
      if (one.words.length === 0) continue
      // The head of a segment that was begun last may be torn: then nothing in it was synced.
      if (number > segment.number && isProven(one, 0)) throw damaged(one.name, 0)
      const from = number === this.end.segment ? this.end.offset : 0
      this.tornBytes += usedBytes(one.words, from) - from
    }
  }

  /** True if a segment is there, and has been begun. */
  hasHead(segment: number): boolean {
    return this.#begun().some(({ number }) => number === segment)
  }

  /** The segments that have been begun, the last first: where two go on from one end, it counts. */
  #begun(): Begun[] {
    return this.#numbers
      .flatMap(number => {
        const words = this.#readHead(number)
        const from =
          words.length < SEGMENT_HEAD / 4 ? null : readSegmentHead(words, this.#salt, number)
        return from === null ? [] : [{ number, from }]
      })
      .reverse()
  }

  /**
   * A segment without the zeros at its end.
   * @param from what comes before that byte is not read, and zeros here
   */
  #load(number: number, from = 0): Segment {
    const words = this.#reading(number, file => {
      const all = new Uint32Array(usedSize(file, from) >>> 2)
      file.read(new Uint8Array(all.buffer, Math.min(from, 4 * all.length)), from)
      return all
    })
    this.done += words.length * 4 - from
    const left = this.#numbers.filter(other => other > number).length
    this.total = this.done + left * words.length * 4
    return { number, name: segmentName(number), words, seed: seedOf(this.#salt, number) }
  }

  #readHead(number: number): Uint32Array {
    return this.#reading(number, file => {
      const words = new Uint32Array(Math.min(file.size, SEGMENT_HEAD) >>> 2)
      file.read(new Uint8Array(words.buffer), 0)
      return words
    })
  }

  /** What `read` gives; nothing if there is no such segment. */
  #reading(number: number, read: (file: OpenFile) => Uint32Array): Uint32Array {
    if (!this.#numbers.includes(number)) return new Uint32Array(0)
    const file = this.#directory.open(segmentName(number), 'read')
    try {
      return read(file)
    } finally {
      file.close()
    }
  }
}

/** The head of the whole record at `at` that belongs to what came before it; null if there is none. */
function wholeAt({ words, seed }: Segment, at: LogEnd): RecordHead | null {
  const head = readHead(words, at.offset, seed)
  if (head === null || words[at.offset / 4 + 4] !== at.check) return null
  return isWhole(words, at.offset, seed) ? head : null
}

/** True if something behind byte `offset` of a segment proves that the byte had been synced. */
function isProven({ words, seed }: Segment, offset: number): boolean {
  // There is no head in zeros.
  const end = Math.min(words.length * 4 - RECORD_HEAD, usedBytes(words))
  for (let at = Math.max(offset + 8, SEGMENT_HEAD); at <= end; at += 8) {
    // A mark is no exception: it may be the first record of a segment whose head is not durable yet.
    const head = readHead(words, at, seed)
    if (head !== null && head.synced > offset) return true
  }
  return false
}

/** Bytes up to the last word that is not zero, from a byte on. */
function usedBytes(words: Uint32Array, from = 0): number {
  let used = words.length
  while (used * 4 > from && words[used - 1] === 0) used--
  return Math.max(from, used * 4)
}

/** Bytes looked through at a time, and so many zeros. */
const CHUNK = 2 ** 20
const ZEROS = Buffer.alloc(CHUNK)

/**
 * Bytes of a file up to the last chunk that is not all zeros, from a byte on. A segment is up to 64 MiB of zeros when it
 * is made: memory for them, touched for the first time, would cost more than all else.
 */
function usedSize(file: OpenFile, from: number): number {
  const chunk = Buffer.alloc(CHUNK)
  let end = file.size
  while (end > from) {
    const begin = Math.max(from, end - CHUNK)
    const bytes = chunk.subarray(0, end - begin)
    file.read(bytes, begin)
    if (!bytes.equals(ZEROS.subarray(0, bytes.length))) break
    end = begin
  }
  return end
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  if (parts.length === 1) return parts[0]
  const whole = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The error for a segment that is not what was written, from byte `offset` on. */
export function damaged(file: string, offset: number): ZVerseError {
  const message = `${file} is damaged at byte ${offset}: open with { repair: true } to keep what is sound`
  return new ZVerseError('ZVERSE_CORRUPT', message, { file, offset })
}
