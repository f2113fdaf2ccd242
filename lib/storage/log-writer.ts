/**
 * Appends records to the log. Each thread has a writer of its own; the owner of the writer lock uses his.
 *
 * A writer keeps no place: it is told where the log ends and says where it ends then, and whoever publishes the
 * commit stores that with it. A record that nobody published is overwritten by the next one; what is left of it
 * behind that does not follow from it, and is no record. Invariants:
 * 1. A segment is synced before a record is written to the next one.
 * 2. Once a segment has been begun from an end of the log, the next record goes there: else two records would
 *    follow from that end. `begun` says so, and is stored in shared memory before the segment's head is written.
 *    What went on from that segment, in an attempt that failed, is blanked first.
 */
import { type Directory, isNoRoom, isTaken, type OpenFile } from './files.js'
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
   * The segment that was begun from the published end of the log, behind it; 0: none. Whoever publishes a commit
   * stores 0; whoever opens the log, the number behind its last: what a crash left is not written to.
   */
  begun: number
  /** A place that the log is known to be durable up to. */
  readonly durable: Pick<LogEnd, 'segment' | 'offset'>
}

/** Bytes of a segment, at most. */
export const MOST_BYTES = 2 ** 26
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
  /** Bytes of a record from which on it is large: it makes a segment longer, others use zeros. */
  large = 2 ** 20
  /** Bytes up to which a large record makes a segment longer. */
  mostBytes = MOST_BYTES
  /** The segment written last. */
  #segment = 0
  #file: OpenFile | null = null
  #size = 0
  #seed = 0
  /** Segments that the record under way has made longer, and how long they were; and those it has begun. */
  readonly #grown = new Map<number, number>()
  readonly #begunNow: number[] = []
  /** Scratch for one record. */
  #scratch = scratchOf(2 ** 12)

  constructor(directory: Directory, salt: Salt, state: LogState, segmentBytes: number) {
    this.#directory = directory
    this.#salt = salt
    this.#state = state
    this.segmentBytes = segmentBytes
  }

  /** Tests: parts and large records are as small, compared with segments of so many bytes, as usual. */
  scale(segmentBytes: number): void {
    this.large = segmentBytes / 4
    this.partWords = segmentBytes / 4
    this.mostBytes = 2 * segmentBytes
  }

  /**
   * A record begins. One that was cut off has left what it had grown, and others may have written there since: that
   * room is nobody's to give back.
   */
  begin(): void {
    if (this.#grown.size > 0) this.#grown.clear()
    this.#begunNow.length = 0
  }

  /**
   * Writes a record at the end of the log, or behind its parts so far; returns the end behind it.
   * @param isPart the rest of the body follows in the next call
   * @throws ZVerseError `ZVERSE_IO`: the log ends where it ended before
   */
  append(end: LogEnd, head: Omit<RecordHead, 'synced'>, body: Uint32Array, isPart = false): LogEnd {
    const { partWords } = this
    let at = end
    let rest = body
    try {
      while (rest.length > partWords) {
        at = this.#appendOne(at, head, KIND_PART, rest.subarray(0, partWords))
        rest = rest.subarray(partWords)
      }
      const next = this.#appendOne(at, head, isPart ? KIND_PART : head.kind, rest)
      if (!isPart) this.begin()
      return next
    } catch (error) {
      if (isNoRoom(error)) this.giveUp()
      this.close()
      this.begin()
      throw error
    }
  }

  /** The record under way will not be finished: gives back the room on the disk that it has taken. */
  giveUp(): void {
    this.close()
    try {
      // From the last on, durably: what the head of a segment goes on from must be there as long as the head is.
      for (const segment of this.#begunNow.reverse()) {
        const file = this.#open(segment)
        file.truncate(0)
        file.datasync()
        this.#grown.delete(segment)
      }
      for (const [segment, bytes] of this.#grown) this.#open(segment).truncate(bytes)
    } catch {
      // It is only room.
    }
    this.close()
    this.begin()
  }

  /** Makes a segment durable, and so the log up to there. @throws ZVerseError `ZVERSE_IO` */
  sync(segment: number): void {
    this.#open(segment).datasync()
  }

  close(): void {
    const file = this.#file
    // First, for a file that is closed is another one's by its number.
    this.#file = null
    file?.close()
  }

  #appendOne(
    end: LogEnd,
    { flags, version, time }: Omit<RecordHead, 'synced'>,
    kind: number,
    body: Uint32Array,
  ): LogEnd {
    const size = recordBytes(body.length)
    let at = end
    let file = this.#open(at.segment)
    if (this.#state.begun > at.segment || !this.#hasRoom(at, size)) {
      at = this.#begin(at, size)
      file = this.#open(at.segment)
    }
    const { durable } = this.#state
    const synced = durable.segment === at.segment ? durable.offset : 0
    if (size > this.#scratch.bytes.length) this.#scratch = scratchOf(size)
    const { words, bytes } = this.#scratch
    words.set(body, RECORD_WORDS)
    if (size > RECORD_HEAD + 4 * body.length) words[size / 4 - 1] = 0
    const head = { kind, flags, version, time, synced }
    const check = writeHead(words, bytes, body.length, head, this.#seed, at)
    const { segment, offset } = at
    // Another thread may have made it longer than this one knows, up to where the record begins.
    if (offset + size > this.#size && !this.#grown.has(segment)) {
      this.#grown.set(segment, Math.max(this.#size, offset))
    }
    file.write(bytes, offset, size)
    this.#size = Math.max(this.#size, offset + size)
    return { segment, offset: offset + size, check }
  }

  /** Begins the next segment, with room for `size` bytes. */
  #begin(end: LogEnd, size: number): LogEnd {
    const state = this.#state
    const number = end.segment + 1
    if (state.begun >= number) this.#blankBehind(number)
    this.#open(end.segment).datasync()
    // The first that an attempt begins stays: from there the next one deals with all behind it.
    if (state.begun === 0) state.begun = number
    // Zeros ahead are for small records: a large one makes the file longer as it is written.
    const room = size < this.large ? this.segmentBytes : 0
    if (!segmentsIn(this.#directory).includes(number)) this.#make(number, room)
    // The name of one that was made ahead may not be durable yet.
    this.#directory.sync()
    const file = this.#open(number)
    // One that an attempt has left, which found no room, may be short.
    if (this.#size < room) {
      fill(file, this.#size, room)
      this.#size = room
    }
    this.#begunNow.push(number)
    file.write(segmentHead(this.#salt, number, end), 0)
    return { segment: number, offset: SEGMENT_HEAD, check: end.check }
  }

  /** True if a record of `size` bytes has a place in the segment: a large one may make it longer. */
  #hasRoom(at: LogEnd, size: number): boolean {
    const end = at.offset + size
    return (
      end <= this.#size || (size >= this.large && this.#size <= at.offset && end <= this.mostBytes)
    )
  }

  /**
   * Takes the heads of the segments behind `number`, from the last on: nothing goes on in them, and none is there that
   * goes on from one without a head. They are not deleted, for another thread may have one open, and would write to a
   * file without a name.
   */
  #blankBehind(number: number): void {
    for (const other of segmentsIn(this.#directory).reverse()) {
      if (other <= number) return
      const file = this.#directory.open(segmentName(other), 'write')
      try {
        file.write(ZEROS.subarray(0, SEGMENT_HEAD + RECORD_HEAD), 0)
        file.datasync()
      } finally {
        file.close()
      }
    }
  }

  /** Makes a segment of zeros. */
  #make(number: number, bytes: number): void {
    let file: OpenFile
    try {
      file = this.#directory.open(segmentName(number), 'create')
    } catch (error) {
      // The keeper has been faster.
      if (isTaken(error)) return
      throw error
    }
    try {
      fill(file, 0, bytes)
      file.datasync()
    } finally {
      file.close()
    }
  }

  #open(segment: number): OpenFile {
    if (this.#segment === segment && this.#file !== null) return this.#file
    this.close()
    const file = this.#directory.open(segmentName(segment), 'write')
    try {
      const { size } = file
      const seed = seedOf(this.#salt, segment)
      // Together, with no call in between: whatever cuts this off, what is known is of the file that is open.
      this.#segment = segment
      this.#size = size
      this.#seed = seed
      this.#file = file
      return file
    } catch (error) {
      file.close()
      throw error
    }
  }
}

/** Words, and the same as bytes. */
function scratchOf(size: number): { words: Uint32Array<ArrayBuffer>; bytes: Uint8Array } {
  const words = new Uint32Array(size / 4)
  return { words, bytes: new Uint8Array(words.buffer) }
}

/** Deletes the last segments from the end on: none is ever there without the one that it goes on from. */
export function deleteSegments(directory: Directory, numbers: readonly number[]): void {
  for (const number of [...numbers].reverse()) {
    directory.unlink(segmentName(number))
    directory.sync()
  }
}

/** Fills a file with zeros from byte `from` to byte `to`. */
export function fill(file: OpenFile, from: number, to: number): void {
  for (let at = from; at < to; at += ZEROS.length) {
    file.write(ZEROS.subarray(0, Math.min(ZEROS.length, to - at)), at)
  }
}
