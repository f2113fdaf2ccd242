/**
 * How an index of vectors lies in its tree: the one place that knows. Each thing is an entry, told by the tag at the begin of its
 * key; a cluster's members are in blocks of a few each.
 *
 *                       key                                  value, in words
 *     block of level L  L << 28 | cluster; block             n │ n ids │ n scales │ n biases │ n codes
 *     page of a cluster of level 0
 *                       3 << 28 | cluster                    cluster of level 1
 *     vector            8 << 28; id                          the numbers, unless there are codes only │ n │ primary key of n bytes
 *     place             9 << 28; primary key                 id │ cluster of level 0
 *
 * Scales, biases and numbers are 32-bit floats; a code is bytes, padded to whole words (codes.ts). The levels: 0 has clusters of
 * vectors, 1 pages of the centres of those, 2 one cluster of the centres of pages. Pure functions; any thread.
 */
import type { KeyBuffer, KeySpace } from '../key/codec.js'
import type { KeyWords } from '../memory/entry.js'
import type { Bound, Range } from '../tree/cursor.js'

/** The level of the one cluster of pages. */
export const TOP = 2
const PAGE = 3
const VECTOR = 8
const PLACE = 9

/** Bits of a key's first word that are the number of a cluster. */
const CLUSTER_BITS = 2 ** 28 - 1

/** Bytes of a block at most, so that its entry has room in a page; but for these bounds on its members. */
const BLOCK_BYTES = 4064
const LEAST_IN_BLOCK = 4
export const MOST_IN_BLOCK = 32

/** Members of a block, by the bytes of a code. */
export function blockSize(stride: number): number {
  const fit = Math.floor(BLOCK_BYTES / (stride + 12))
  return Math.max(LEAST_IN_BLOCK, Math.min(MOST_IN_BLOCK, fit))
}

/** Words of a block of some members. */
export function blockWords(count: number, stride: number): number {
  return 1 + 3 * count + (count * stride) / 4
}

function tagged(tag: number, rest: number): number {
  return ((tag << 28) | rest) >>> 0
}

export function blockKey(key: KeySpace, level: number, cluster: number, block: number): void {
  key.words[0] = tagged(level, cluster)
  key.words[1] = block
  key.bytes = 8
}

export function pageKey(key: KeySpace, cluster: number): void {
  key.words[0] = tagged(PAGE, cluster)
  key.bytes = 4
}

export function vectorKey(key: KeySpace, id: number): void {
  key.words[0] = tagged(VECTOR, 0)
  key.words[1] = id
  key.bytes = 8
}

export function placeKey(key: KeyBuffer, primary: KeyWords): void {
  const count = (primary.bytes + 3) >>> 2
  for (let i = count; i > 0; i--) key.words[i] = primary.words[i - 1]
  key.words[0] = tagged(PLACE, 0)
  key.bytes = 4 + primary.bytes
}

/** The first word of the keys of a cluster's blocks. */
export function blockTag(level: number, cluster: number): number {
  return tagged(level, cluster)
}

/** The blocks of one cluster. */
export function blocksOf(level: number, cluster: number): Between {
  return between(tagged(level, cluster), tagged(level, cluster) + 1)
}

/** The blocks of all clusters of a level. */
export function levelRange(level: number): Range {
  return between(tagged(level, 0), tagged(level + 1, 0))
}

/** The pages of all clusters: one key each. */
export const PAGES_RANGE = levelRange(PAGE)
/** All vectors: one key each. */
export const VECTORS_RANGE = levelRange(VECTOR)
/** The places of all vectors. */
export const PLACES_RANGE = levelRange(PLACE)

/** Keys whose first word is from one on up to another. */
export interface Between extends Range {
  readonly lower: Bound
}

function between(first: number, end: number): Between {
  return { lower: at(first), upper: at(end), box: null }
}

function at(word: number) {
  return { words: Uint32Array.of(word), bytes: 4, after: false }
}

/** The number of the cluster of a block, by the first word of its key. */
export function clusterIn(word: number): number {
  return word & CLUSTER_BITS
}

/** Words of a vector's value in front of its primary key. */
export function numbersIn({ dims, element }: { dims: number; element: string }): number {
  return element === 'int8' ? 0 : dims
}

/** The primary key in a vector's value, behind its {@link numbersIn numbers}. */
export function primaryIn(words: Uint32Array, at: number): KeyWords {
  const bytes = words[at]
  return { words: words.slice(at + 1, at + 1 + ((bytes + 3) >>> 2)), bytes }
}
