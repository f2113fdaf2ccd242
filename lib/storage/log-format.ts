/**
 * The bytes of the log: segments and records.
 *
 * A segment is a file that was filled with zeros before it is used, so that writing a record changes no length. Its
 * words, 32 bits each, lowest byte first:
 *
 *     0 MAGIC   1 FORMAT   2–5 salt   6 number (2)
 *     8 the segment that it goes on from (2; 0: none)   10 the byte there at which it goes on (2)
 *     12 check of the last record before   13–14 zero   15 checksum of words 0–14
 *     16 records, one after the other
 *
 * A record begins at a multiple of 8 bytes:
 *
 *     0 check: checksum of words 1–11   1 checksum of the body   2 words of the body
 *     3 kind | flags << 8   4 check of the record before   5 zero
 *     6 version (2)   8 time (2), ms since 1970
 *     10 the byte up to which this segment was known to be durable when the record was written (2)
 *     12 body
 *
 * Checksums are CRC-32 (zlib), begun with the salt of the database, the number of the segment and, for a check, the
 * record's place: bytes of a log that lie in a value, or in another database's file, are no record here. A check
 * has the check of the record before in it, so a record belongs to all that came before it.
 */
import { crc32 } from 'node:zlib'
import { load48, store48 } from '../memory/words.js'

export const MAGIC = 0x676c767a
export const FORMAT = 1

/** Bytes before the first record of a segment. */
export const SEGMENT_HEAD = 64
/** Words, and bytes, before the body of a record. */
export const RECORD_WORDS = 12
export const RECORD_HEAD = 4 * RECORD_WORDS

/** Kinds of records: a new version of the stores; a change that makes none; */
export const KIND_VERSION = 1
export const KIND_CHANGE = 2
/** the first part of a body that goes on in the next record; nothing but how far the log is durable. */
export const KIND_PART = 3
export const KIND_MARK = 4
const LAST_KIND = KIND_MARK

/** Flags: the body begins with the end of the version before (2 words); the past before it is forgotten. */
export const FLAG_ENDED = 1
export const FLAG_FORGETS = 2

/** A place between two records: where the log ends, for one, and the next record begins. */
export interface LogEnd {
  readonly segment: number
  /** Bytes from the begin of the segment, a multiple of 8. */
  readonly offset: number
  /** Check of the record before. */
  readonly check: number
}

/** True if one place lies before another. */
export function isBefore(
  a: Pick<LogEnd, 'segment' | 'offset'>,
  b: Pick<LogEnd, 'segment' | 'offset'>,
): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)
}

/** The words of a record's head. */
export interface RecordHead {
  readonly kind: number
  readonly flags: number
  readonly version: number
  readonly time: number
  /** Bytes of this segment known to be durable. */
  readonly synced: number
}

/** The secret of a database that its checksums begin with: 16 random bytes. */
export type Salt = Uint8Array

/** What the checksums of a segment begin with. */
export function seedOf(salt: Salt, segment: number): number {
  const words = new Uint32Array(2)
  store48(words, 0, segment)
  return crc32(new Uint8Array(words.buffer), crc32(salt))
}

/** Bytes of a record with so many words of body. */
export const recordBytes = (bodyWords: number): number => (RECORD_HEAD + 4 * bodyWords + 7) & ~7

const SEGMENT_WORDS = SEGMENT_HEAD / 4

/** The head of a segment that goes on from `end`, or begins the log. */
export function segmentHead(salt: Salt, segment: number, end: LogEnd | undefined): Uint8Array {
  const words = new Uint32Array(SEGMENT_WORDS)
  const bytes = new Uint8Array(words.buffer)
  words[0] = MAGIC
  words[1] = FORMAT
  bytes.set(salt, 8)
  store48(words, 6, segment)
  if (end !== undefined) {
    store48(words, 8, end.segment)
    store48(words, 10, end.offset)
    words[12] = end.check
  }
  words[SEGMENT_WORDS - 1] = crc32(bytes.subarray(0, SEGMENT_HEAD - 4), seedOf(salt, segment))
  return bytes
}

/** Where a segment goes on from, as its head says; null if it has none of this database and number. */
export function readSegmentHead(words: Uint32Array, salt: Salt, segment: number): LogEnd | null {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, SEGMENT_HEAD)
  const check = crc32(bytes.subarray(0, SEGMENT_HEAD - 4), seedOf(salt, segment))
  if (words[0] !== MAGIC || words[SEGMENT_WORDS - 1] !== check) return null
  return { segment: load48(words, 8), offset: load48(words, 10), check: words[12] }
}

/**
 * Writes the head of a record before its body, which is there.
 * @param words the record, from its first word on; its memory is `bytes`
 * @param bodyWords words of the body
 * @param seed of the segment
 * @param end where the record is to be written
 * @returns the record's check
 */
export function writeHead(
  words: Uint32Array,
  bytes: Uint8Array,
  bodyWords: number,
  head: RecordHead,
  seed: number,
  end: LogEnd,
): number {
  words[1] = crc32(bytes.subarray(RECORD_HEAD, RECORD_HEAD + 4 * bodyWords), seed)
  words[2] = bodyWords
  words[3] = head.kind | (head.flags << 8)
  words[4] = end.check
  words[5] = 0
  store48(words, 6, head.version)
  store48(words, 8, head.time)
  store48(words, 10, head.synced)
  const check = checkOf(bytes, seed, end.offset)
  words[0] = check
  return check
}

const checkOf = (bytes: Uint8Array, seed: number, offset: number): number =>
  crc32(bytes.subarray(4, RECORD_HEAD), (seed ^ (offset / 8)) >>> 0)

/**
 * The head of a record at byte `offset` of a segment; null if there is none, or part of it has no room.
 * Its body may be damaged all the same: see {@link isWhole}.
 * @param hasBody `words` have the body, too
 */
export function readHead(
  words: Uint32Array,
  offset: number,
  seed: number,
  hasBody = true,
): RecordHead | null {
  const at = offset / 4
  if (at + RECORD_WORDS > words.length) return null
  const kind = words[at + 3] & 0xff
  // Most places have no record: zeros, and other words, are told by a look.
  if (kind === 0 || kind > LAST_KIND || words[at + 5] !== 0) return null
  if (hasBody && at + RECORD_WORDS + words[at + 2] > words.length) return null
  const bytes = new Uint8Array(words.buffer, words.byteOffset + offset, RECORD_HEAD)
  if (checkOf(bytes, seed, offset) !== words[at]) return null
  return {
    ...{ kind, flags: words[at + 3] >>> 8, version: load48(words, at + 6) },
    ...{ time: load48(words, at + 8), synced: load48(words, at + 10) },
  }
}

/** The body of the record at byte `offset`, whose head is right. */
export function bodyAt(words: Uint32Array, offset: number): Uint32Array {
  const at = offset / 4 + RECORD_WORDS
  return words.subarray(at, at + words[offset / 4 + 2])
}

/** True if the body of the record at byte `offset`, whose head is right, is what was written. */
export function isWhole(words: Uint32Array, offset: number, seed: number): boolean {
  const body = bodyAt(words, offset)
  const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
  return crc32(bytes, seed) === words[offset / 4 + 1]
}
