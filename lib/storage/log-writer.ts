/**
 * Appends records to the log. Each thread has a writer of its own; the owner of the writer lock uses his.
 *
 * A writer keeps no place: it is told where the log ends and says where it ends then, and whoever publishes the
 * commit stores that with it. A record that nobody published is overwritten by the next one; what is left of it
 * behind that does not follow from it, and is no record. Invariants:
 * 1. A segment is synced before a record is written to the next one.
 * 2. Once a segment has been begun from an end of the log, the next record goes there: else two records would
 *    follow from that end. `begun` says so, and is stored in shared memory before the segment's head is written.
 *    What went on from that segment, in an attempt that failed, is deleted first.
 */
import type { Directory, OpenFile } from './files.js'
import {
  KIND_PART,
  type LogEnd,
  RECORD_HEAD,
  RECORD_WORDS,
  type RecordHead,
  recordBytes,
  type Salt,
  SEGMENT_HEAD,
  seedOf,
  segmentHead,
  writeHead,
} from './log-format.js'
import { segmentName, segmentsIn } from './log-reader.js'

/** What threads know of the log together. */
export interface LogState {
  /**
   * The segment that was begun from the published end of the log; 0: none. Whoever publishes a commit stores 0;
   * whoever opens the log, the number behind its last: what a crash left is not written to.
   */
  begun: number
  /** A place that the log is known to be durable up to. */
  readonly durable: Pick<LogEnd, 'segment' | 'offset'>
}

/** Bytes of zeros written at a time. */
const ZEROS = new Uint8Array(2 ** 16)

export class LogWriter {
  readonly #directory: Directory
  readonly #salt: Salt
  readonly #state: LogState
  /** Bytes of a segment that this writer makes. */
  segmentBytes: number
  /** Words of body in a part: larger bodies are written in several. */
  partWords = 2 ** 20
  /** The segment written last. */
  #segment = 0
  #file: OpenFile | null = null
  #size = 0
  #seed = 0
  /** Scratch for one record. */
  #words = new Uint32Array(2 ** 10)

  constructor(directory: Directory, salt: Salt, state: LogState, segmentBytes: number) {
    this.#directory = directory
    this.#salt = salt
    this.#state = state
    this.segmentBytes = segmentBytes
  }

  /**
   * Writes a record at the end of the log; returns the end behind it.
   * @throws ZVerseError `ZVERSE_IO`: the log ends where it ended before
   */
  append(end: LogEnd, head: Omit<RecordHead, 'synced'>, body: Uint32Array): LogEnd {
    const { partWords } = this
    let at = end
    let from = 0
    for (; body.length - from > partWords; from += partWords) {
      const part = body.subarray(from, from + partWords)
      at = this.#appendOne(at, { ...head, kind: KIND_PART }, part)
    }
    return this.#appendOne(at, head, body.subarray(from))
  }

  /** Makes the log durable up to an end of it. @throws ZVerseError `ZVERSE_IO` */
  sync({ segment }: LogEnd): void {
    this.#open(segment).datasync()
  }

  close(): void {
    this.#file?.close()
    this.#file = null
  }

  #appendOne(end: LogEnd, head: Omit<RecordHead, 'synced'>, body: Uint32Array): LogEnd {
    const size = recordBytes(body.length)
    let at = end
    let file = this.#open(at.segment)
    if (this.#state.begun > at.segment || at.offset + size > this.#size) {
      at = this.#begin(at, size)
      file = this.#open(at.segment)
    }
    const { durable } = this.#state
    const synced = durable.segment === at.segment ? durable.offset : 0
    if (size > this.#words.length * 4) this.#words = new Uint32Array(size / 4)
    const words = this.#words
    words.set(body, RECORD_WORDS)
    if (size > RECORD_HEAD + 4 * body.length) words[size / 4 - 1] = 0
    const bytes = new Uint8Array(words.buffer, 0, size)
    const check = writeHead(words, bytes, body.length, { ...head, synced }, this.#seed, at)
    file.write(bytes, at.offset)
    return { segment: at.segment, offset: at.offset + size, check }
  }

  /** Begins the next segment, with room for `size` bytes. */
  #begin(end: LogEnd, size: number): LogEnd {
    const state = this.#state
    const number = end.segment + 1
    if (state.begun === number) this.#deleteBehind(number)
    this.#open(end.segment).datasync()
    if (state.begun === 0) state.begun = number
    const room = Math.max(this.segmentBytes, SEGMENT_HEAD + size)
    if (!segmentsIn(this.#directory).includes(number)) this.prepare(number, room)
    const file = this.#open(number)
    // One that was made ahead may be too short for a record of many megabytes.
    if (this.#size < SEGMENT_HEAD + size) this.#size = fill(file, this.#size, room)
    file.write(segmentHead(this.#salt, number, end), 0)
    return { segment: number, offset: SEGMENT_HEAD, check: end.check }
  }

  /** Deletes the segments behind `number`. */
  #deleteBehind(number: number): void {
    const later = segmentsIn(this.#directory).filter(other => other > number)
    if (later.length === 0) return
    for (const other of later) this.#directory.unlink(segmentName(other))
    this.#directory.sync()
  }

  /** Makes a segment of zeros, known to the directory. For the keeper, ahead of its use. */
  prepare(number: number, bytes: number): void {
    const file = this.#directory.open(segmentName(number), 'create')
    try {
      fill(file, 0, bytes)
      file.datasync()
    } finally {
      file.close()
    }
    this.#directory.sync()
  }

  #open(segment: number): OpenFile {
    if (this.#segment === segment && this.#file !== null) return this.#file
    this.close()
    const file = this.#directory.open(segmentName(segment), 'write')
    this.#file = file
    this.#segment = segment
    this.#size = file.size
    this.#seed = seedOf(this.#salt, segment)
    return file
  }
}

/** Fills a file with zeros from byte `from` to byte `to`; returns its size then. */
function fill(file: OpenFile, from: number, to: number): number {
  for (let at = from; at < to; at += ZEROS.length) {
    file.write(ZEROS.subarray(0, Math.min(ZEROS.length, to - at)), at)
  }
  return to
}
