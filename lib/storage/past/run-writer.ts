/** Writes a past run (run-format.ts) to an empty file. */
import { deflateRawSync } from 'node:zlib'
import { keyBytesOf, valueAt, valueWords, versionOf } from '../../memory/entry.js'
import { hashOf } from '../../memory/hash.js'
import { E_KEY } from '../../memory/layout.js'
import { compareKeys, store48 } from '../../memory/words.js'
import { BITS_PER_KEY } from '../../options.js'
import { bytesOf } from '../base-format.js'
import type { OpenFile } from '../files.js'
import type { Salt } from '../log-format.js'
import { filterOf, hashIn } from './filter.js'
import { PieceWriter } from './pieces.js'
import {
  aligned,
  BLOCK_HEAD,
  BLOCK_WORDS,
  checkOf,
  type Foot,
  HEAD_WORDS,
  I_DEATH,
  I_ENTRY,
  MOST_INTERVALS,
  type Part,
  type Row,
  runFoot,
  runHead,
  runSeed,
  type Span,
  X_BIRTH,
  X_BYTE,
  X_BYTES,
  X_DEATH,
  X_FIRST,
  X_KEY,
  X_STORE,
  X_WORDS,
} from './run-format.js'

export interface RunOptions {
  /** Words of body in a block. */
  readonly blockWords?: number
  /** Bits of the filter for each key; 0: no filter. */
  readonly bitsPerKey?: number
  /** Blocks are deflated where that saves a quarter. */
  readonly deflate?: boolean
}

/** The share of a block that deflating must save. */
const WORTH = 0.25

/** What was written. */
export interface RunSize {
  readonly bytes: number
  readonly blocks: number
  readonly intervals: number
  readonly birth: number
  readonly death: number
}

/** Words that become more. */
class Words {
  #words = new Uint32Array(64)
  #count = 0

  push(word: number): void {
    if (this.#count === this.#words.length) {
      const larger = new Uint32Array(2 * this.#count)
      larger.set(this.#words)
      this.#words = larger
    }
    this.#words[this.#count++] = word
  }

  get count(): number {
    return this.#count
  }

  get all(): Uint32Array {
    return this.#words.subarray(0, this.#count)
  }
}

/**
 * For the arrivals first, then the intervals, then the times of versions: each kind in its order.
 */
export class RunWriter {
  readonly #file: OpenFile
  readonly #seed: number
  readonly #most: number
  readonly #bits: number
  readonly #deflate: boolean
  /** Where the next block lies. */
  #at = 4 * HEAD_WORDS
  /** The intervals of the next block, and where each begins. */
  #body: Uint32Array
  #used = 0
  #begins: number[] = []
  readonly #index = new Words()
  /** Arrivals; then how many words they have up to each version that has some. */
  readonly #arrivals: PieceWriter
  readonly #arrived: { version: number; end: number }[] = []
  /** Of each interval the death, as the distance from the span's begin, and the place. */
  readonly #deaths = new Words()
  readonly #places = new Words()
  readonly #from: number
  /** Times of versions, two words each, from this version on. */
  readonly #times = new Words()
  #first = 0
  /** Of the keys so far, each once. */
  readonly #hashes = new Words()
  #blocks = 0
  #intervals = 0
  /** Of the block, and of the run. */
  #birth = Number.POSITIVE_INFINITY
  #death = 0
  #runBirth = Number.POSITIVE_INFINITY
  #runDeath = 0
  /** Where the interval before lies in the body, or in what was the body then. */
  #last: { words: Uint32Array; at: number } | null = null

  constructor(
    file: OpenFile,
    salt: Salt,
    number: number,
    span: Span,
    { blockWords = BLOCK_WORDS, bitsPerKey = BITS_PER_KEY, deflate = false }: RunOptions = {},
  ) {
    this.#file = file
    this.#seed = runSeed(salt, number)
    this.#most = blockWords
    this.#bits = bitsPerKey
    this.#deflate = deflate
    this.#from = span.from
    this.#body = new Uint32Array(blockWords)
    this.#arrivals = new PieceWriter(file, this.#seed, this.#at)
    file.write(bytesOf(runHead(salt, number, span)), 0)
  }

  /**
   * Adds a key that a version put where there was none: versions rise, in a version stores, in a store keys.
   * @param words has the key at word `key`, of so many bytes
   */
  arrival(version: number, store: number, words: Uint32Array, key: number, bytes: number): void {
    const arrivals = this.#arrivals
    arrivals.push(store)
    arrivals.push(bytes)
    const end = key + ((bytes + 3) >>> 2)
    for (let at = key; at < end; at++) arrivals.push(words[at])
    const last = this.#arrived.at(-1)
    if (last?.version === version) last.end = arrivals.count
    else this.#arrived.push({ version, end: arrivals.count })
  }

  /** The arrivals are complete: the blocks begin behind them. */
  #endArrivals(): void {
    if (this.#blocks > 0 || this.#used > 0) return
    this.#arrivals.flush()
    this.#at = this.#arrivals.end
  }

  /**
   * Adds an interval: stores rise, in a store keys, and of a key births.
   * @param words has the entry, in one piece, at word `entry`
   */
  add(store: number, words: Uint32Array, entry: number, death: number): void {
    this.#endArrivals()
    const size = I_ENTRY + valueAt(words, entry) - entry + valueWords(words, entry)
    const isNew = this.#isNewKey(store, words, entry)
    const count = this.#begins.length
    if (this.#used + size + count + 1 > this.#most || count === MOST_INTERVALS) this.#flush()
    if (size > this.#body.length) this.#body = new Uint32Array(size)
    const at = this.#used
    const body = this.#body
    body[at] = store
    store48(body, at + I_DEATH, death)
    body.set(words.subarray(entry, entry + size - I_ENTRY), at + I_ENTRY)
    this.#deaths.push(death - this.#from)
    this.#places.push(this.#blocks * MOST_INTERVALS + this.#begins.length)
    this.#begins.push(at)
    this.#used += size
    this.#intervals++
    this.#birth = Math.min(this.#birth, versionOf(words, entry))
    this.#death = Math.max(this.#death, death)
    this.#last = { words: body, at }
    if (isNew) this.#hashes.push(hashIn(store, hashOf(words, entry)))
  }

  #isNewKey(store: number, words: Uint32Array, entry: number): boolean {
    if (this.#last === null) return true
    const { words: before, at } = this.#last
    if ((before[at] | 0) !== store) return true
    const last = at + I_ENTRY
    const [a, b] = [keyBytesOf(before, last), keyBytesOf(words, entry)]
    return compareKeys(before, last + E_KEY, a, words, entry + E_KEY, b) !== 0
  }

  /** Writes the block; the next one begins. */
  #flush(): void {
    const count = this.#begins.length
    if (count === 0) return
    const size = count + this.#used
    const words = new Uint32Array(BLOCK_HEAD + size + 1)
    words[1] = size
    words[2] = count
    for (const [i, begin] of this.#begins.entries()) words[BLOCK_HEAD + i] = count + begin
    words.set(this.#body.subarray(0, this.#used), BLOCK_HEAD + count)
    const stored = this.#deflate ? deflated(words, size) : size
    const end = BLOCK_HEAD + stored
    words[0] = checkOf(words.subarray(1, end), this.#seed, this.#at)
    this.#file.write(bytesOf(words).subarray(0, aligned(end)), this.#at)
    this.#indexBlock(stored)
    this.#at += aligned(end)
    this.#blocks++
    this.#runBirth = Math.min(this.#runBirth, this.#birth)
    this.#runDeath = Math.max(this.#runDeath, this.#death)
    this.#birth = Number.POSITIVE_INFINITY
    this.#death = 0
    this.#begins = []
    this.#used = 0
    // The interval before is looked at once more: it keeps its words.
    this.#body = new Uint32Array(this.#most)
  }

  #indexBlock(size: number): void {
    const body = this.#body
    const key = I_ENTRY + E_KEY
    const bytes = keyBytesOf(body, I_ENTRY)
    const line = new Uint32Array(X_KEY + ((bytes + 3) >>> 2))
    line[X_BYTE] = this.#at / 8
    line[X_WORDS] = size
    store48(line, X_BIRTH, this.#birth)
    store48(line, X_DEATH, this.#death)
    store48(line, X_FIRST, versionOf(body, I_ENTRY))
    line[X_STORE] = body[0]
    line[X_BYTES] = bytes
    line.set(body.subarray(key, key + line.length - X_KEY), X_KEY)
    for (const word of line) this.#index.push(word)
  }

  /** The time of a version, ms since 1970: of one after the other, without a gap. */
  time(version: number, ms: number): void {
    if (this.#times.count === 0) this.#first = version
    this.#times.push(ms)
    this.#times.push(Math.floor(ms / 2 ** 32))
  }

  /** Writes the rest of the file. The caller makes it durable. */
  end(): RunSize {
    this.#endArrivals()
    this.#flush()
    const index = this.#part(this.#index.all)
    const filter = this.#part(filterOf(this.#hashes.all, this.#bits))
    const rows = this.#writeRows()
    const size = {
      ...{ blocks: this.#blocks, intervals: this.#intervals },
      ...{ birth: this.#intervals === 0 ? 0 : this.#runBirth, death: this.#runDeath },
    }
    const foot = runFoot({ ...size, index, filter, ...rows }, this.#seed, this.#at)
    this.#file.write(bytesOf(foot), this.#at)
    return { ...size, bytes: this.#at + foot.byteLength }
  }

  #writeRows(): Pick<Foot, 'first' | 'versions' | 'deaths' | 'arrivals'> {
    const first = this.#first
    const times = this.#times.all
    const count = times.length / 2
    const ends = this.#sortDeaths(first, count)
    const versions = new PieceWriter(this.#file, this.#seed, this.#at)
    const arrived = this.#arrived
    let next = 0
    let end = 0
    for (let i = 0; i < count; i++) {
      // Arrivals with the first version or before it are of no line's difference: they are not written (merge.ts).
      while (next < arrived.length && arrived[next].version <= first + i) end = arrived[next++].end
      versions.push(times[2 * i])
      versions.push(times[2 * i + 1])
      versions.push(ends.until[i])
      versions.push(end)
    }
    versions.flush()
    this.#at = versions.end
    return {
      ...{ first, versions: { byte: versions.byte, count }, deaths: ends.row },
      arrivals: { byte: this.#arrivals.byte, count: this.#arrivals.count },
    }
  }

  /**
   * Writes the places of intervals by death: those that died after `first`, up to `count` − 1 versions later. Places rise as
   * intervals were added, so a sort by counting leaves those of one version in order.
   */
  #sortDeaths(first: number, count: number): { row: Row; until: Uint32Array } {
    const deaths = this.#deaths.all
    const places = this.#places.all
    const least = first - this.#from
    const until = new Uint32Array(count)
    for (const death of deaths) if (death > least && death - least < count) until[death - least]++
    for (let i = 1; i < count; i++) until[i] += until[i - 1]
    const sorted = new Uint32Array(count === 0 ? 0 : until[count - 1])
    const next = until.slice()
    for (let i = deaths.length - 1; i >= 0; i--) {
      const version = deaths[i] - least
      if (version > 0 && version < count) sorted[--next[version]] = places[i]
    }
    const row = new PieceWriter(this.#file, this.#seed, this.#at)
    for (const place of sorted) row.push(place)
    row.flush()
    this.#at = row.end
    return { row: { byte: row.byte, count: row.count }, until }
  }

  #part(words: Uint32Array): Part {
    const byte = this.#at
    this.#file.write(bytesOf(words), byte)
    this.#at += aligned(words.length)
    return { byte, words: words.length, check: checkOf(words, this.#seed, byte) }
  }
}

/**
 * Deflates the body of a block where it lies, if that saves enough.
 * @param words the block, whose body has `size` words; all zero behind it
 * @returns the words that the body takes now
 */
function deflated(words: Uint32Array, size: number): number {
  const body = bytesOf(words).subarray(4 * BLOCK_HEAD, 4 * (BLOCK_HEAD + size))
  const less = deflateRawSync(body)
  if (less.length > (1 - WORTH) * body.length) return size
  body.fill(0)
  body.set(less)
  words[3] = less.length
  return (less.length + 3) >>> 2
}
