/**
 * The bytes of a base: all that a database has at one version, and its tagged versions before that one.
 *
 * A file of words, 32 bits each, lowest byte first; numbers of two words have their low word first. It begins with
 * a head, and goes on with blocks, one after the other:
 *
 *     0 MAGIC   1 FORMAT   2–5 salt of the database   6 number of the base (2)
 *     8 version of the image (2)   10 its time (2), ms since 1970   12 id of the next store in it
 *     13 files that the base has (1)   14 which of them this is (0)   15 checksum of words 0–14
 *     16 blocks
 *
 * A block begins at a multiple of 8 bytes:
 *
 *     0 check: checksum of the words from 1 to the end of the body   1 kind | flags << 8
 *     2 words of the body   3 zero
 *     4 body
 *
 * Where flag MORE is set, the body goes on in the next block, which is of the same kind; else it ends here. Kinds,
 * and their bodies:
 *
 *     STORE    store id (−1: the unnamed one, 0: that of the names), its entries: the store of the entries that follow
 *     ENTRIES  entries in key order, whole ones, each as it lies in the arena (layout.ts), its value in one piece; or,
 *              with MORE, one that is larger than a block
 *     VERSION  version (2), time (2), when the version before it ended (2), id of the next store, zero
 *     CHANGES  a batch (engine/batch.ts): changes of the stores that make that version of the one before it
 *     UPKEEP   a batch: changes that make no version
 *     END      blocks before this one (2), entries of the image (2), check of their checks, zero
 *
 * First comes the image, a STORE for each store and its ENTRIES: the first version. Then each further version, as a
 * VERSION and the difference to the one before it. UPKEEP has the tags of a version right behind it, for the version
 * goes when another one comes, and the bounds of history at last. END is the end of the file: so a file that was cut
 * short is told. All versions but the last, which is that of the base, have tags or were pinned.
 *
 * Checksums are CRC-32 (zlib), begun with the salt, the number of the base, MAGIC and, for a block, the byte at which
 * it lies (2 words): a block of another file or place is no block. The check of checks is the CRC-32 of the checks of
 * all blocks before, in their order, begun with 0.
 *
 * A later zverse may write other kinds and flags of blocks, or several files; in any format the head begins with
 * words 0–7 as drawn, and its checksum is word 15.
 */
import { basename } from 'node:path'
import { crc32 } from 'node:zlib'
import { ZVerseError } from '../errors.js'
import { load48, store48 } from '../memory/words.js'
import type { OpenFile } from './files.js'
import { type Salt, seedOf } from './log-format.js'

export const MAGIC = 0x627376a7
export const FORMAT = 1

/** Words of the head, and of a block before its body. */
export const HEAD_WORDS = 16
export const BLOCK_HEAD = 4
/** Words of body in a block, at most, as they are written, and as they are read. */
export const BLOCK_WORDS = 2 ** 17
export const MOST_WORDS = 2 ** 20

export const KIND_STORE = 1
export const KIND_ENTRIES = 2
export const KIND_VERSION = 3
export const KIND_CHANGES = 4
export const KIND_UPKEEP = 5
export const KIND_END = 6

export const FLAG_MORE = 1

/** Words of the bodies of fixed length. */
export const STORE_WORDS = 2
export const VERSION_WORDS = 8
export const END_WORDS = 6

/** What the head of a base says. */
export interface BaseHead {
  /** The first version in it, which the database must have been formatted with. */
  readonly version: number
  /** Its time, ms since 1970. */
  readonly time: number
  /** The id of the next store in it. */
  readonly nextStore: number
}

/** What the checksums of a base begin with. */
export function baseSeed(salt: Salt, number: number): number {
  return crc32(new Uint8Array(Uint32Array.of(MAGIC).buffer), seedOf(salt, number))
}

/** What the check of a block at byte `at` begins with. */
export function blockSeed(seed: number, at: number): number {
  const words = new Uint32Array(2)
  store48(words, 0, at)
  return crc32(bytesOf(words), seed)
}

/** Bytes of a block with so many words of body. */
export const blockBytes = (words: number): number => (4 * (BLOCK_HEAD + words) + 7) & ~7

/** The memory of words. */
export const bytesOf = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength)

const CHECKED = HEAD_WORDS - 1

export function baseHead(salt: Salt, number: number, head: BaseHead): Uint8Array {
  const words = new Uint32Array(HEAD_WORDS)
  const bytes = bytesOf(words)
  words[0] = MAGIC
  words[1] = FORMAT
  bytes.set(salt, 8)
  store48(words, 6, number)
  store48(words, 8, head.version)
  store48(words, 10, head.time)
  words[12] = head.nextStore
  words[13] = 1
  words[CHECKED] = crc32(bytes.subarray(0, 4 * CHECKED), baseSeed(salt, number))
  return bytes
}

/**
 * What the head of a base says: the version and time to format an arena with, before the base is read.
 * @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`; `ZVERSE_FORMAT` where it is of a later zverse
 */
export function readBaseHead(file: OpenFile, salt: Salt, number: number): BaseHead {
  const words = new Uint32Array(HEAD_WORDS)
  const bytes = bytesOf(words)
  const isWhole = file.read(bytes, 0) === bytes.length
  const check = crc32(bytes.subarray(0, 4 * CHECKED), baseSeed(salt, number))
  if (!isWhole || words[0] !== MAGIC || words[CHECKED] !== check) throw damaged(file, 0)
  if (words[1] !== FORMAT || words[13] !== 1 || words[14] !== 0) {
    throw strange(file, `format ${words[1]}, ${words[13]} files`)
  }
  return { version: load48(words, 8), time: load48(words, 10), nextStore: words[12] }
}

/** The error for a file that is not what was written, from byte `offset` on. */
export function damaged(file: OpenFile, offset: number): ZVerseError {
  const message = `${file.path} is damaged at byte ${offset}: restore it from a backup`
  return new ZVerseError('ZVERSE_CORRUPT', message, { file: basename(file.path), offset })
}

/** The error for a file that a later zverse wrote. */
export function strange(file: OpenFile, what: string): ZVerseError {
  const message = `${file.path} has ${what}: this zverse reads format ${FORMAT}, 1 file`
  return new ZVerseError('ZVERSE_FORMAT', message)
}
