/**
 * Reads the log from a place on, to its end, and tells a torn tail from damage.
 *
 * A crash of the system may leave any part of what was not synced: so the first record that is not whole is the
 * end of the log, and what comes after it never happened. It is damage, though, if anything later proves that it
 * had been synced: a record that says so, a mark, or a segment that goes on from behind it, for the writer syncs
 * a segment before it begins the next. Damage is never read over.
 */
import { ZVerseError } from '../errors.js'
import type { Directory } from './files.js'
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
  /** Valid until the next record is asked for. */
  readonly body: Uint32Array
  /** The end of the log behind it. */
  readonly end: LogEnd
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
  readonly #directory: Directory
  readonly #salt: Salt
  /** Of the segments there are, in order. */
  readonly #numbers: number[]

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
    let segment = this.#load(at.segment)
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
      if (head.kind !== KIND_MARK) yield { ...head, body: joined(parts), end: at }
      parts = []
    }
    // A segment is synced before another one goes on from its end.
    const isSynced = followers.some(({ from }) => from.offset > at.offset)
    if (isSynced || isProven(segment, at.offset)) throw damaged(segment.name, at.offset)
    this.#judge(segment)
  }

  /** The log ends in `segment`, by what can be seen there: looks for more behind it, and for damage. */
  #judge(segment: Segment): void {
    for (const number of this.#numbers) {
      if (number < this.end.segment) continue
      const one = number === segment.number ? segment : this.#load(number)
      // The head of a segment that was begun last may be torn: then nothing in it was synced.
      if (number > segment.number && isProven(one, 0)) throw damaged(one.name, 0)
      const from = number === this.end.segment ? this.end.offset : 0
      this.tornBytes += Math.max(0, usedBytes(one.words) - from)
    }
  }

  /** The segments that have been begun, the last first: where two go on from one end, it counts. */
  #begun(): Begun[] {
    return this.#numbers
      .flatMap(number => {
        const words = this.#read(number, SEGMENT_HEAD)
        const from =
          words.length < SEGMENT_HEAD / 4 ? null : readSegmentHead(words, this.#salt, number)
        return from === null ? [] : [{ number, from }]
      })
      .reverse()
  }

  #load(number: number): Segment {
    const words = this.#read(number, Number.POSITIVE_INFINITY)
    return { number, name: segmentName(number), words, seed: seedOf(this.#salt, number) }
  }

  /** The first `most` bytes of a segment, as whole words; none if there is no such segment. */
  #read(number: number, most: number): Uint32Array {
    if (!this.#numbers.includes(number)) return new Uint32Array(0)
    const file = this.#directory.open(segmentName(number), 'read')
    try {
      const words = new Uint32Array(Math.min(file.size, most) >>> 2)
      file.read(new Uint8Array(words.buffer), 0)
      return words
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
  const end = words.length * 4 - RECORD_HEAD
  for (let at = Math.max(offset + 8, SEGMENT_HEAD); at <= end; at += 8) {
    // A mark is no exception: it may be the first record of a segment whose head is not durable yet.
    const head = readHead(words, at, seed)
    if (head !== null && head.synced > offset) return true
  }
  return false
}

/** Bytes up to the last word that is not zero. */
function usedBytes(words: Uint32Array): number {
  let used = words.length
  while (used > 0 && words[used - 1] === 0) used--
  return used * 4
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

function damaged(file: string, offset: number): ZVerseError {
  const message = `${file} is damaged at byte ${offset}: open with { repair: true } to keep what is sound`
  return new ZVerseError('ZVERSE_CORRUPT', message, { file, offset })
}
