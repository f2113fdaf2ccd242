/**
 * Looks a key up in a point index. Any thread, wait-free, under an announced read (FROM in the operation
 * slot): a pin is not enough, for the table has the entries of the present version, not of the snapshot
 * (docs/protocol.md, Point index).
 *
 * 1. A reference found belongs to the present version, to one just replaced, or to one that is about to
 *    be published; its birth tells whether it is the snapshot's, too.
 * 2. "Absent" is an answer only where every key of the bucket has a place, and for snapshots not older
 *    than the last deletion, whose version is loaded after the slots. So all loads of a bucket that lead
 *    to this answer are atomic: a plain load might come after.
 */

import { acquire } from '../memory/atomic.js'
import { keyBytesOf, versionOf } from '../memory/entry.js'
import { hashKey } from '../memory/hash.js'
import { E_KEY, H_CURRENT, R_VERSION } from '../memory/layout.js'
import {
  B_LEVEL,
  B_TAGS,
  D_DEPTH,
  D_SEGMENTS,
  LEVEL_LOST,
  X_ABSENT_FROM,
  X_DIRECTORY,
} from '../memory/point-layout.js'
import { load48 } from '../memory/words.js'
import { bucketAt, homeOf, PLACES, placeOf } from './table.js'

const SEGMENTS = D_SEGMENTS
const TAGS = B_TAGS
const KEY_AT = E_KEY
/** A word of an entry that lies in its second line where it has one; the arena goes on past it. */
const AHEAD = 12
/** Multiplied by this, bits 0, 8, 16 and 24 come to lie side by side from bit 24 on. */
const GATHER = 0x01020408
/** Snapshots this many versions old cannot be compared with a version's low word. */
const REACH = 2 ** 31

/** In place of an entry: the table cannot tell; ask the tree. */
export const ASK = -1

/** Of four tags, a bit for each that fits (and for some after one: their keys will differ). */
function fitting(tags: number, hash: number): number {
  const differing = tags ^ Math.imul(hash & 255, 0x01010101)
  const tops = (differing - 0x01010101) & ~differing & 0x80808080
  return Math.imul(tops >>> 7, GATHER) >>> 24
}

/** The same for a bucket's tags, a bit a slot, loaded plainly: at any time. */
function likelySlots(W: Uint32Array, bucket: number, hash: number): number {
  const tags = bucket + TAGS
  const last = fitting(W[tags + 2], hash) << 8
  return fitting(W[tags], hash) | (fitting(W[tags + 1], hash) << 4) | last
}

/** The same, loaded atomically. */
function possibleSlots(W: Uint32Array, bucket: number, hash: number): number {
  const tags = bucket + TAGS
  const first = fitting(acquire(W, tags), hash)
  const second = fitting(acquire(W, tags + 1), hash) << 4
  return first | second | (fitting(acquire(W, tags + 2), hash) << 8)
}

/** The first of some slots. */
function firstOf(slots: number): number {
  return 31 - Math.clz32(slots & -slots)
}

/** The entry with the key that one of a bucket's slots refers to, or 0. */
function findAmong(
  W: Uint32Array,
  bucket: number,
  slots: number,
  words: Uint32Array,
  bytes: number,
): number {
  for (let left = slots; left !== 0; left &= left - 1) {
    const entry = acquire(W, bucket + firstOf(left))
    if (entry !== 0 && hasKey(W, entry, words, bytes)) return entry
  }
  return 0
}

function hasKey(W: Uint32Array, entry: number, words: Uint32Array, bytes: number): boolean {
  if (keyBytesOf(W, entry) !== bytes) return false
  const count = (bytes + 3) >>> 2
  for (let i = 0; i < count; i++) if (W[entry + KEY_AT + i] !== words[i]) return false
  return true
}

/** The entry in the places after the home, as many as its level says; or 0. */
function findAfter(
  W: Uint32Array,
  word: number,
  home: number,
  level: number,
  hash: number,
  words: Uint32Array,
  bytes: number,
): number {
  const end = level === 1 ? 2 : PLACES
  for (let step = 1; step < end; step++) {
    const bucket = bucketAt(word, home, step)
    const entry = findAmong(W, bucket, possibleSlots(W, bucket, hash), words, bytes)
    if (entry !== 0) return entry
  }
  return 0
}

/**
 * The entry of a key in the snapshot of a version.
 * @param head of the store's index
 * @param words the key's words, from word 0 on
 * @param version the snapshot's
 * @returns an entry, 0 where the key is absent, or {@link ASK}
 */
export function probe(
  W: Uint32Array,
  head: number,
  words: Uint32Array,
  bytes: number,
  version: number,
): number {
  const directory = acquire(W, head + X_DIRECTORY)
  if (directory === 0) return ASK
  const hash = hashKey(words, 0, bytes)
  const place = placeOf(hash, W[directory + D_DEPTH])
  const word = acquire(W, directory + SEGMENTS + place)
  const home = homeOf(word, hash)
  // Mostly this finds a present entry, with one atomic load and no branch that is hard to predict.
  let entry = findAmong(W, home, likelySlots(W, home, hash), words, bytes)
  if (entry === 0) entry = findAmong(W, home, possibleSlots(W, home, hash), words, bytes)
  if (entry === 0) {
    const level = acquire(W, home + B_LEVEL)
    if (level !== 0) entry = findAfter(W, word, home, level, hash, words, bytes)
    if (entry === 0) return level === LEVEL_LOST ? ASK : absent(W, head, version)
  }
  return versionOf(W, entry) <= version ? entry : ASK
}

/**
 * Looks ahead for the keys of some hashes: loads the lines that {@link probe} will want, first all
 * buckets, then all entries, so that their misses overlap. `scratch` has room for as many numbers.
 * @returns a number that means nothing (without it the engine would leave the loads out)
 */
export function lookAhead(
  W: Uint32Array,
  head: number,
  hashes: readonly number[],
  from: number,
  to: number,
  scratch: Uint32Array,
): number {
  const directory = acquire(W, head + X_DIRECTORY)
  if (directory === 0) return 0
  const depth = W[directory + D_DEPTH]
  let sum = 0
  for (let i = from; i < to; i++) {
    const hash = hashes[i]
    const home = homeOf(acquire(W, directory + SEGMENTS + placeOf(hash, depth)), hash)
    scratch[i - from] = home
    sum ^= W[home]
  }
  for (let i = from; i < to; i++) {
    const entry = candidateIn(W, scratch[i - from], hashes[i])
    sum ^= W[entry] ^ W[entry + AHEAD]
  }
  return sum
}

/**
 * The first entry in a bucket whose tag fits; 0 if none does. For looking ahead only: it may be another
 * key's. (Reference 0 is a word of the header, and as good to load as any.)
 */
function candidateIn(W: Uint32Array, bucket: number, hash: number): number {
  const slots = likelySlots(W, bucket, hash)
  return slots === 0 ? 0 : acquire(W, bucket + firstOf(slots))
}

/** 0 if a key that is not found is absent in the snapshot of `version`, else {@link ASK}. */
function absent(W: Uint32Array, head: number, version: number): number {
  const from = acquire(W, head + X_ABSENT_FROM)
  if ((((version >>> 0) - from) | 0) < 0) return ASK
  return load48(W, acquire(W, H_CURRENT) + R_VERSION) - version < REACH ? 0 : ASK
}
