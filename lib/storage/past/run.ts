/**
 * A past run that is open for reading, by one thread.
 *
 * What it has is asked for by *moment*: `at`, the version that is read, and `until`, the oldest version of the memory that
 * the reader has beside the run. An interval counts if `birth ≤ at < death ≤ until`: what died later is in that memory.
 */
import { inflateRawSync } from 'node:zlib'
import type { Found } from '../../engine/deep.js'
import { compareToEntry, type KeyWords, keyBytesOf, versionOf } from '../../memory/entry.js'
import { E_KEY } from '../../memory/layout.js'
import { compareKeys, load48 } from '../../memory/words.js'
import { bytesOf, damaged } from '../base-format.js'
import type { OpenFile } from '../files.js'
import type { Salt } from '../log-format.js'
import type { Block, BlockCache } from './block-cache.js'
import { mayHave } from './filter.js'
import { Pieces } from './pieces.js'
import {
  A_BYTES,
  A_KEY,
  A_STORE,
  BLOCK_HEAD,
  checkOf,
  type Foot,
  I_DEATH,
  I_ENTRY,
  MOST_INTERVALS,
  partAt,
  readFoot,
  readHead,
  runSeed,
  type Span,
  V_ARRIVALS,
  V_DEATHS,
  V_TIME,
  V_WORDS,
  wordsAt,
  X_BIRTH,
  X_BYTE,
  X_BYTES,
  X_DEATH,
  X_FIRST,
  X_KEY,
  X_STORE,
  X_WORDS,
} from './run-format.js'

/** Which intervals count. */
export interface Moment {
  readonly at: number
  readonly until: number
}

/** A key that a version changed. */
export interface Changed {
  readonly version: number
  readonly store: number
  /** Has the key at word `key`, of so many bytes. */
  readonly words: Uint32Array
  readonly key: number
  readonly bytes: number
  /** Where the entry lies that was there before; −1: there was none. */
  readonly entry: number
}

export class Run {
  readonly number: number
  readonly span: Span
  readonly foot: Foot
  readonly #file: OpenFile
  readonly #seed: number
  readonly #cache: BlockCache
  readonly #index: Uint32Array
  /** The word of the index at which each block's line begins. */
  readonly #lines: Uint32Array
  readonly #versions: Pieces
  readonly #deaths: Pieces
  readonly #arrivals: Pieces
  #filter: Uint32Array | null = null

  /**
   * @param file closed with the run, and where this throws
   * @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`, `ZVERSE_IO`
   */
  static open(file: OpenFile, salt: Salt, number: number, cache: BlockCache): Run {
    try {
      return new Run(file, salt, number, cache)
    } catch (error) {
      file.close()
      throw error
    }
  }

  private constructor(file: OpenFile, salt: Salt, number: number, cache: BlockCache) {
    this.#file = file
    this.#seed = runSeed(salt, number)
    this.#cache = cache
    this.number = number
    this.span = readHead(file, salt, number)
    this.foot = readFoot(file, this.#seed)
    this.#index = partAt(file, this.foot.index, this.#seed)
    const { versions, deaths, arrivals } = this.foot
    this.#versions = new Pieces(file, this.#seed, versions.byte, V_WORDS * versions.count)
    this.#deaths = new Pieces(file, this.#seed, deaths.byte, deaths.count)
    this.#arrivals = new Pieces(file, this.#seed, arrivals.byte, arrivals.count)
    this.#lines = new Uint32Array(this.foot.blocks)
    for (let i = 0, at = 0; i < this.foot.blocks; i++) {
      this.#lines[i] = at
      at += X_KEY + ((this.#index[at + X_BYTES] + 3) >>> 2)
    }
  }

  get blocks(): number {
    return this.foot.blocks
  }

  /** True if an interval of a block may count. */
  blockCovers(block: number, { at }: Moment): boolean {
    const line = this.#lines[block]
    return load48(this.#index, line + X_BIRTH) <= at && at < load48(this.#index, line + X_DEATH)
  }

  /** A block. @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`, `ZVERSE_IO` */
  block(block: number): Block {
    return this.#cache.get(this.number, block, () => this.#read(block))
  }

  #read(block: number): Block {
    const line = this.#lines[block]
    const byte = 8 * this.#index[line + X_BYTE]
    const size = this.#index[line + X_WORDS]
    const words = wordsAt(this.#file, byte, BLOCK_HEAD + size)
    if (checkOf(words.subarray(1), this.#seed, byte) !== words[0]) throw damaged(this.#file, byte)
    const body = words.subarray(BLOCK_HEAD)
    return { words: words[3] === 0 ? body : inflated(body, words[3], words[1]), count: words[2] }
  }

  /** Moves a place to the interval before it; false where there is none. */
  back(place: Place): boolean {
    if (place.at === 0) {
      if (place.block === 0) return false
      place.block--
      place.at = this.block(place.block).count
    }
    place.at--
    return true
  }

  /** Compares a place in the order of intervals with the first interval of a block. */
  #compareTo(block: number, store: number, key: KeyWords, birth: number): number {
    const index = this.#index
    const line = this.#lines[block]
    const other = index[line + X_STORE] | 0
    if (store !== other) return store - other
    const bytes = index[line + X_BYTES]
    const order = compareKeys(key.words, 0, key.bytes, index, line + X_KEY, bytes)
    return order !== 0 ? order : birth - load48(index, line + X_FIRST)
  }

  /**
   * The place of the first interval that is not before `birth` of a key of a store; behind the last one where all
   * are before.
   */
  place(store: number, key: KeyWords, birth: number): Place {
    const before = this.blocksBefore(store, key, birth)
    // The last block that begins before it may have it.
    if (before === 0) return { block: 0, at: 0 }
    const block = this.block(before - 1)
    const at = this.intervalsBefore(block, store, key, birth)
    return at === block.count ? { block: before, at: 0 } : { block: before - 1, at }
  }

  /** Reads all of it, part by part. @throws ZVerseError `ZVERSE_CORRUPT { file, offset }`, `ZVERSE_IO` */
  *verify(): Generator<void, void, void> {
    partAt(this.#file, this.foot.filter, this.#seed)
    for (let block = 0; block < this.blocks; block++) {
      this.#read(block)
      yield
    }
    for (const row of [this.#versions, this.#deaths, this.#arrivals]) row.verify()
  }

  /** The versions that the run has the time of. */
  get versions(): { readonly first: number; readonly count: number } {
    return { first: this.foot.first, count: this.foot.versions.count }
  }

  /** The time of a version, ms since 1970, that the run has the time of. */
  timeOf(version: number): number {
    return load48(this.#lineOf(version), V_TIME)
  }

  #lineOf(version: number): Uint32Array {
    const line = V_WORDS * (version - this.foot.first)
    return this.#versions.slice(line, line + V_WORDS)
  }

  /** How many keys the versions after `from`, up to `to`, have changed, about: both have a time here. */
  changesIn(from: number, to: number): number {
    const [before, after] = [this.#lineOf(from), this.#lineOf(to)]
    const arrived = after[V_ARRIVALS] - before[V_ARRIVALS]
    return after[V_DEATHS] - before[V_DEATHS] + arrived / (A_KEY + 1)
  }

  /**
   * The keys that the versions after `from`, up to `to`, have changed: by version those that were there before, by store and
   * key, then those that were not. Both have a time here.
   */
  *changed(from: number, to: number): Generator<Changed, void, void> {
    for (let version = from + 1; version <= to; version++) {
      const [before, line] = [this.#lineOf(version - 1), this.#lineOf(version)]
      for (const place of this.#deaths.slice(before[V_DEATHS], line[V_DEATHS])) {
        const { words } = this.block(Math.floor(place / MOST_INTERVALS))
        const begin = words[place % MOST_INTERVALS]
        const entry = begin + I_ENTRY
        const [key, bytes] = [entry + E_KEY, keyBytesOf(words, entry)]
        yield { version, store: words[begin] | 0, words, key, bytes, entry }
      }
      yield* this.#arrived(version, before[V_ARRIVALS], line[V_ARRIVALS])
    }
  }

  /** Those of {@link changed} that were not there before. */
  *arrived(from: number, to: number): Generator<Changed, void, void> {
    for (let version = from + 1; version <= to; version++) {
      const [before, line] = [this.#lineOf(version - 1), this.#lineOf(version)]
      yield* this.#arrived(version, before[V_ARRIVALS], line[V_ARRIVALS])
    }
  }

  *#arrived(version: number, from: number, end: number): Generator<Changed, void, void> {
    if (from === end) return
    const words = this.#arrivals.slice(from, end)
    for (let at = 0; at < words.length; ) {
      const [store, bytes] = [words[at + A_STORE] | 0, words[at + A_BYTES]]
      yield { version, store, words, key: at + A_KEY, bytes, entry: -1 }
      at += A_KEY + ((bytes + 3) >>> 2)
    }
  }

  close(): void {
    this.#cache.forget(this.number)
    this.#file.close()
  }

  // ── Block by block ────────────────────────────────────────────────────────────────────────────

  /** False if no interval of a block was born by `born` and died after `died`; does not read it. */
  blockMayHave(block: number, born: number, died: number): boolean {
    const line = this.#lines[block]
    return load48(this.#index, line + X_BIRTH) <= born && died < load48(this.#index, line + X_DEATH)
  }

  /** The store of the first interval of a block. */
  firstStore(block: number): number {
    return this.#index[this.#lines[block] + X_STORE] | 0
  }

  /** Copies the key of the first interval of a block, of as many words as there is room for. */
  firstKey(block: number, into: Uint32Array): void {
    const key = this.#lines[block] + X_KEY
    for (let i = 0; i < into.length; i++) into[i] = this.#index[key + i]
  }

  /** How many blocks begin before `birth` of a key of a store: the last of them may have it. */
  blocksBefore(store: number, key: KeyWords, birth: number): number {
    let [low, high] = [0, this.blocks]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compareTo(middle, store, key, birth) > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** How many intervals of a block are before `birth` of a key of a store. */
  intervalsBefore({ words, count }: Block, store: number, key: KeyWords, birth: number): number {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareAt(words, words[middle], store, key, birth) > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** False if the run has nothing of any key of a hash (`hashIn`), as its filter says. */
  mayHave(hash: number): boolean {
    this.#filter ??= partAt(this.#file, this.foot.filter, this.#seed)
    return mayHave(this.#filter, hash)
  }
}

/** The entry of the interval at word `begin`, if that counts; else null. */
export function countedAt(words: Uint32Array, begin: number, { at, until }: Moment): Found | null {
  const entry = begin + I_ENTRY
  if (versionOf(words, entry) > at) return null
  const death = load48(words, begin + I_DEATH)
  return at < death && death <= until ? { words, entry, death } : null
}

/** Compares a place in the order of intervals with the interval at word `begin`. */
function compareAt(
  words: Uint32Array,
  begin: number,
  store: number,
  key: KeyWords,
  birth: number,
): number {
  const other = words[begin] | 0
  if (store !== other) return store - other
  const entry = begin + I_ENTRY
  const order = compareToEntry(key.words, key.bytes, words, entry)
  return order !== 0 ? order : birth - versionOf(words, entry)
}

/** The body of a block, of so many words, that was deflated to so many bytes. */
function inflated(body: Uint32Array, bytes: number, size: number): Uint32Array {
  const words = new Uint32Array(size)
  bytesOf(words).set(inflateRawSync(bytesOf(body).subarray(0, bytes)))
  return words
}

/** A place in a run: before interval `at` of a block. */
export interface Place {
  block: number
  at: number
}
