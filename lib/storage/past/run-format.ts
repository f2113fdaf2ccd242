/**
 * The bytes of a past run: what was superseded within a span of versions, and which keys each of these changed.
 *
 * A run holds *intervals*: an entry, and the version at which it died, for each entry that a version of the run's span
 * `(from, to]` replaced or deleted. They are sorted by store, key and birth. A key that was there at version `v` and
 * is not any more, or not as it was, has one interval with `birth ≤ v < death` in all runs together. A key that a version
 * put where there was none has no interval of that: the run has the key alone, as an *arrival*. So deaths and arrivals
 * together are the keys that a version changed.
 *
 * A file of words, 32 bits each, lowest byte first; numbers of two words have their low word first. It begins with a
 * head, goes on with the arrivals and blocks of intervals, and ends with the other parts and a foot. Each part, and each
 * block, begins at a multiple of 8 bytes:
 *
 *     head     0 MAGIC   1 FORMAT   2–5 salt of the database   6 number of the run (2)
 *              8 from (2)   10 to (2)   12–14 zero   15 checksum of words 0–14
 *     arrivals of each: 0 store id (−1: the unnamed one, 0: that of the names)   1 bytes of the key   2 the key;
 *              by version, store and key; in pieces (pieces.ts), as deaths and versions
 *     block    0 checksum of what is behind   1 words of the body   2 intervals   3 bytes of the body if deflated
 *              (RFC 1951), else zero   4 the body: for each interval the word of the body at which it begins, then the
 *              intervals
 *     interval 0 store id   1 death (2)   3 the entry, as it lies in the arena (layout.ts), its value in one piece
 *     index    for each block: 0 its byte ÷ 8   1 the words that its body takes here   2 least birth (2)
 *              4 greatest death (2)   6 birth (2)   8 store id   9 bytes of the key   10 the key, of its first interval
 *     filter   lines of 16 words: see filter.ts
 *     deaths   for each interval whose death is after the first version that has a line: its block · MOST_INTERVALS + its
 *              number in there; by death, store and key
 *     versions for each version: its time, ms since 1970 (2), and how many deaths and words of arrivals there are up to it
 *     foot     0 byte of the index ÷ 8   1 its words   2 its checksum   3 byte of the filter ÷ 8   4 its words
 *              5 its checksum   6 blocks   7 byte of versions ÷ 8   8 intervals (2)   10 least birth (2)
 *              12 greatest death (2)   14 the first version that has a line (2)   16 how many have one
 *              17 byte of deaths ÷ 8   18 how many   19 byte of arrivals ÷ 8   20 their words   21–22 zero
 *              23 checksum of words 0–22
 *
 * An interval that is larger than a block has a larger block to itself. Checksums are CRC-32 (zlib), begun with the salt,
 * the number of the run, MAGIC and the byte at which their part lies (2 words): a part of another file or place is none.
 */
import { crc32 } from 'node:zlib'
import { load48, store48 } from '../../memory/words.js'
import { blockSeed, bytesOf, damaged } from '../base-format.js'
import type { OpenFile } from '../files.js'
import { type Salt, seedOf } from '../log-format.js'

const MAGIC = 0x7072757a
const FORMAT = 1

/** Words of head and foot, and of a block before its body. */
export const HEAD_WORDS = 16
export const FOOT_WORDS = 24
export const BLOCK_HEAD = 4
/** Intervals that a block has at most. */
export const MOST_INTERVALS = 1024
/** Words of body that a block is written with, unless one interval needs more. */
export const BLOCK_WORDS = 4096

/** Words of a version's line: its time, and how many deaths and words of arrivals there are up to it. */
export const V_TIME = 0
export const V_DEATHS = 2
export const V_ARRIVALS = 3
export const V_WORDS = 4

/** Words of an arrival before its key. */
export const A_STORE = 0
export const A_BYTES = 1
export const A_KEY = 2

/** Words of an interval before its entry. */
export const I_DEATH = 1
export const I_ENTRY = 3
/** Words of a block's line in the index before the key. */
export const X_BYTE = 0
export const X_WORDS = 1
export const X_BIRTH = 2
export const X_DEATH = 4
export const X_FIRST = 6
export const X_STORE = 8
export const X_BYTES = 9
export const X_KEY = 10

/** The versions that a run's intervals have died at: after `from`, up to `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What the foot of a run says. */
export interface Foot {
  readonly index: Part
  readonly filter: Part
  readonly blocks: number
  readonly intervals: number
  readonly birth: number
  readonly death: number
  /** The first version that has a line. */
  readonly first: number
  readonly versions: Row
  readonly deaths: Row
  readonly arrivals: Row
}

/** A part in pieces, and how many it has: versions, deaths, words of arrivals. */
export interface Row {
  readonly byte: number
  readonly count: number
}

/** A part of the file. */
export interface Part {
  readonly byte: number
  readonly words: number
  readonly check: number
}

/** What the checksums of a run begin with. */
export function runSeed(salt: Salt, number: number): number {
  return crc32(bytesOf(Uint32Array.of(MAGIC)), seedOf(salt, number))
}

/** The checksum of words that lie at byte `at`. */
export function checkOf(words: Uint32Array, seed: number, at: number): number {
  const begin = blockSeed(seed, at)
  // Of no bytes, zlib gives 0 or what it began with, as their memory has an address or not.
  return words.length === 0 ? begin : crc32(bytesOf(words), begin)
}

/** Bytes up to the next multiple of 8. */
export const aligned = (words: number): number => (4 * words + 7) & ~7

/** The head of a run. */
export function runHead(salt: Salt, number: number, { from, to }: Span): Uint32Array {
  const words = new Uint32Array(HEAD_WORDS)
  words[0] = MAGIC
  words[1] = FORMAT
  bytesOf(words).set(salt, 8)
  store48(words, 6, number)
  store48(words, 8, from)
  store48(words, 10, to)
  words[15] = checkOf(words.subarray(0, 15), runSeed(salt, number), 0)
  return words
}

/** @throws ZVerseError `ZVERSE_CORRUPT { file, offset }` */
export function readHead(file: OpenFile, salt: Salt, number: number): Span {
  const words = wordsAt(file, 0, HEAD_WORDS)
  const check = checkOf(words.subarray(0, 15), runSeed(salt, number), 0)
  const isOurs = words[0] === MAGIC && words[1] === FORMAT && words[15] === check
  if (!isOurs) throw damaged(file, 0)
  return { from: load48(words, 8), to: load48(words, 10) }
}

/** The foot of a run, which lies at byte `at`. */
export function runFoot(foot: Foot, seed: number, at: number): Uint32Array {
  const words = new Uint32Array(FOOT_WORDS)
  for (const [i, { byte, words: count, check }] of [foot.index, foot.filter].entries()) {
    words[3 * i] = byte / 8
    words[3 * i + 1] = count
    words[3 * i + 2] = check
  }
  words[6] = foot.blocks
  store48(words, 8, foot.intervals)
  store48(words, 10, foot.birth)
  store48(words, 12, foot.death)
  store48(words, 14, foot.first)
  for (const [byte, count, row] of [
    [7, 16, foot.versions],
    [17, 18, foot.deaths],
    [19, 20, foot.arrivals],
  ] as const) {
    words[byte] = row.byte / 8
    words[count] = row.count
  }
  words[23] = checkOf(words.subarray(0, 23), seed, at)
  return words
}

/** @throws ZVerseError `ZVERSE_CORRUPT { file, offset }` */
export function readFoot(file: OpenFile, seed: number): Foot {
  const at = file.size - 4 * FOOT_WORDS
  if (at < 4 * HEAD_WORDS) throw damaged(file, 0)
  const words = wordsAt(file, at, FOOT_WORDS)
  if (words[23] !== checkOf(words.subarray(0, 23), seed, at)) throw damaged(file, at)
  const part = (from: number): Part => {
    return { byte: 8 * words[from], words: words[from + 1], check: words[from + 2] }
  }
  const row = (byte: number, count: number): Row => ({ byte: 8 * words[byte], count: words[count] })
  return {
    ...{ index: part(0), filter: part(3), blocks: words[6], intervals: load48(words, 8) },
    ...{ birth: load48(words, 10), death: load48(words, 12), first: load48(words, 14) },
    ...{ versions: row(7, 16), deaths: row(17, 18), arrivals: row(19, 20) },
  }
}

/** Words of a file; behind an odd number of them lies a zero. @throws ZVerseError `ZVERSE_CORRUPT` */
export function wordsAt(file: OpenFile, byte: number, count: number): Uint32Array {
  const words = new Uint32Array(aligned(count) / 4)
  const isWhole = file.read(bytesOf(words), byte) === 4 * words.length
  if (!isWhole || (words.length > count && words[count] !== 0)) throw damaged(file, byte)
  return words.subarray(0, count)
}

/** A part of a file, whose checksum is right. @throws ZVerseError `ZVERSE_CORRUPT { file, offset }` */
export function partAt(file: OpenFile, { byte, words, check }: Part, seed: number): Uint32Array {
  const part = wordsAt(file, byte, words)
  if (checkOf(part, seed, byte) !== check) throw damaged(file, byte)
  return part
}
