/**
 * The bytes of a record of a replicated log.
 *
 * Words of 32 bits, lowest byte first; numbers of two words have their low word first:
 *
 *     0 MAGIC   1 kind | flags << 8   2 check: CRC-32 of all other words   3 check of the record before (0: none)
 *     4 version (2): the one that it makes, or, where it makes none, the newest one before it
 *     6 its time (2), ms since 1970   8 when the version before it ended (2), with FLAG_ENDED
 *     10 records before it, right before it, that hold the first parts of its body   11 words of body
 *     12 body
 *
 * The check of the record before chains them: a record belongs to all that came before it. The body of a VERSION, a
 * CHANGE or a PART is of a batch (engine/batch.ts); that of BEGIN, the first record of a log, is JSON in UTF-8; a MARK
 * has none, or JSON, and changes nothing: it proves that nothing came before it. A TICKET (turns.ts) has none, and
 * is no link of the chain: who puts it into the log does not know what comes before it.
 */
import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { Stamp } from '../engine/mutation.js'
import { load48, store48 } from '../memory/words.js'

export const MAGIC = 0x7276a77a
export const BEGIN = 1
export const VERSION = 2
export const CHANGE = 3
export const PART = 4
export const MARK = 5
export const TICKET = 6

const FLAG_ENDED = 1
const FLAG_FORGETS = 2
const HEAD = 12
export const HEAD_BYTES = 4 * HEAD
const CHECK = 2
const KIND_OF = { [BEGIN]: 1, [VERSION]: 1, [CHANGE]: 1, [PART]: 1, [MARK]: 1, [TICKET]: 1 }

/** A record, taken apart. */
export interface Decoded {
  readonly kind: number
  readonly check: number
  readonly previous: number
  readonly version: number
  readonly stamp: Stamp
  readonly parts: number
  readonly body: Uint32Array
}

/** What a record says but for its place in the chain. */
export interface Content {
  readonly kind: number
  readonly version: number
  /** Of a version. */
  readonly stamp?: Stamp | undefined
  readonly parts?: number
  readonly body?: Uint32Array
}

/** The bytes of a record. @param previous check of the record before */
export function encode(content: Content, previous: number): Uint8Array {
  const { kind, version, stamp, parts = 0, body } = content
  const size = body?.length ?? 0
  const words = new Uint32Array(HEAD + size)
  const flags = (stamp?.ended === undefined ? 0 : FLAG_ENDED) | (stamp?.forgets ? FLAG_FORGETS : 0)
  words[0] = MAGIC
  words[1] = kind | (flags << 8)
  words[3] = previous
  store48(words, 4, version)
  store48(words, 6, stamp?.time ?? 0)
  store48(words, 8, stamp?.ended ?? 0)
  words[10] = parts
  words[11] = size
  if (body !== undefined) words.set(body, HEAD)
  const bytes = new Uint8Array(words.buffer)
  words[CHECK] = crc32(bytes)
  return bytes
}

/** The check of the bytes of a record. */
export function checkOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4 * CHECK, true)
}

/** Takes a record apart; undefined where the bytes are not what was encoded. */
export function decode(bytes: Uint8Array): Decoded | undefined {
  if (bytes.length < HEAD_BYTES || bytes.length % 4 !== 0) return undefined
  // A copy of its own: aligned, and it may be checked without its check.
  const words = new Uint32Array(new Uint8Array(bytes).buffer)
  const check = words[CHECK]
  words[CHECK] = 0
  const own = new Uint8Array(words.buffer)
  if (words[0] !== MAGIC || words[11] !== words.length - HEAD || crc32(own) !== check)
    return undefined
  const kind = words[1] & 0xff
  if (!(kind in KIND_OF)) return undefined
  const flags = words[1] >>> 8
  const version = load48(words, 4)
  const ended = (flags & FLAG_ENDED) === 0 ? undefined : load48(words, 8)
  const stamp = { version, time: load48(words, 6), ended, forgets: (flags & FLAG_FORGETS) !== 0 }
  return {
    ...{ kind, check, previous: words[3], version, stamp, parts: words[10] },
    body: words.subarray(HEAD),
  }
}

/** JSON as words, filled up with spaces. */
export function wordsOf(json: object): Uint32Array {
  const text = Buffer.from(JSON.stringify(json))
  const bytes = new Uint8Array((text.length + 3) & ~3).fill(0x20)
  bytes.set(text)
  return new Uint32Array(bytes.buffer)
}

export function jsonIn(words: Uint32Array): unknown {
  return JSON.parse(Buffer.from(words.buffer, words.byteOffset, words.byteLength).toString())
}
