/**
 * Counts which keys a thread reads often: a count-min sketch of sampled reads (Cormode and Muthukrishnan
 * 2005) that ages by halving, as in TinyLFU (Einziger, Friedman and Manes 2017), and beside it the
 * leaders: the keys with the highest counts.
 *
 * Private memory of one thread: nothing is shared, nothing waits. Invariants:
 * 1. One read in a period (PERIODS) is sampled, and counts for as many; the first reads are all sampled, so
 *    that few reads tell something, too. Its place in the period is random: rhythms do not matter.
 * 2. When the reads counted reach WINDOW, all counts are halved: a key that was hot long ago cools down.
 * 3. A count is never too low but for the sampling; it is too high where keys collide in every row.
 */
import type { KeyBuffer } from '../key/codec.js'
import { hashKey } from '../memory/hash.js'

const ROWS = 4
const COLUMNS = 2048
/** Reads after which counts are halved. */
const WINDOW = 2 ** 20
/** Keys that are kept as leaders. */
const LEADERS = 128
/** Words that a leader's key has room for at first. */
const NAME_WORDS = 8
/** Samples after which fewer reads are sampled, and how many reads each sample until then counts for. */
const PERIODS = [
  [512, 1],
  [2048, 4],
  [16_384, 16],
  [Number.POSITIVE_INFINITY, 32],
]
/** Least share of the reads of a hot key, and of a warm one. */
const HOT = 1 / 1000
const WARM = 1 / 10_000

/** A key among those read most: valid until the next sample. */
export interface Leader {
  readonly words: Uint32Array
  readonly bytes: number
  /** Reads counted when it was sampled last. */
  readonly count: number
}

/** The distribution of a thread's reads over keys. */
export interface Temperature {
  /** Recent reads, estimated: the whole of which the shares are parts. */
  readonly reads: number
  readonly hotKeys: number
  readonly warmKeys: number
  /** Shares of the reads, together 1 (0 where there are none). */
  readonly hotShare: number
  readonly warmShare: number
  readonly coldShare: number
}

export class AccessSketch {
  /** Reads until the next sample; each read counts it down. */
  left = 1
  readonly #counts = new Uint32Array(ROWS * COLUMNS)
  /** The leaders; and their hashes and counts, in arrays of their own for a quick search. */
  readonly #names: Name[] = []
  readonly #hashes = new Uint32Array(LEADERS)
  readonly #leads = new Uint32Array(LEADERS)
  #total = 0
  #samples = 0
  #stage = 0
  #random = 0x9e3779b9

  /** Samples a read: called when `left` has come down to 0. */
  sample(store: number, key: KeyBuffer): void {
    const weight = PERIODS[this.#stage][1]
    if (++this.#samples >= PERIODS[this.#stage][0]) this.#stage++
    this.#random = Math.imul(this.#random, 1664525) + 1013904223
    const period = PERIODS[this.#stage][1]
    this.left = period === 1 ? 1 : 1 + ((this.#random >>> 8) % (2 * period - 1))
    const hash = hashKey(key.words, 0, key.bytes)
    const count = this.#add(hash ^ Math.imul(store, 0x85ebca6b), weight)
    this.#lead(hash, store, key, count)
    this.#total += weight
    if (this.#total >= WINDOW) this.#age()
  }

  /** Counts reads of a hash; returns the new estimate. */
  #add(hash: number, weight: number): number {
    let least = 0xffffffff
    for (let row = 0; row < ROWS; row++) {
      const at = row * COLUMNS + columnOf(hash, row)
      const count = this.#counts[at] + weight
      this.#counts[at] = count
      if (count < least) least = count
    }
    return least
  }

  /** Puts the key among the leaders if its count is high enough. */
  #lead(hash: number, store: number, key: KeyBuffer, count: number): void {
    const names = this.#names
    const hashes = this.#hashes
    const leads = this.#leads
    let last = 0
    let least = 0xffffffff
    for (let i = 0; i < names.length; i++) {
      if (hashes[i] === hash && isKey(names[i], store, key)) {
        leads[i] = count
        return
      }
      if (leads[i] < least) {
        least = leads[i]
        last = i
      }
    }
    if (names.length < LEADERS) {
      last = names.length
      names.push(new Name())
    } else if (least >= count) return
    names[last].set(store, key)
    hashes[last] = hash
    leads[last] = count
  }

  #age(): void {
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] >>>= 1
    for (let i = 0; i < LEADERS; i++) this.#leads[i] >>>= 1
    this.#total /= 2
  }

  /** Estimated recent reads of a key. */
  estimate(store: number, hash: number): number {
    const mixed = hash ^ Math.imul(store, 0x85ebca6b)
    let least = 0xffffffff
    for (let row = 0; row < ROWS; row++) {
      const count = this.#counts[row * COLUMNS + columnOf(mixed, row)]
      if (count < least) least = count
    }
    return least
  }

  /** The leaders of a store, most read first; `n` at most. */
  leaders(store: number, n: number): Leader[] {
    const all: Leader[] = []
    this.#names.forEach((name, i) => {
      if (name.store !== store) return
      all.push({ words: name.words, bytes: name.bytes, count: this.#leads[i] })
    })
    return all.sort((a, b) => b.count - a.count).slice(0, n)
  }

  /** The distribution of the reads over the keys. */
  get temperature(): Temperature {
    const reads = this.#total
    let hotKeys = 0
    let warmKeys = 0
    let hot = 0
    let warm = 0
    for (let i = 0; i < this.#names.length; i++) {
      const count = this.#leads[i]
      if (count >= reads * HOT) {
        hotKeys++
        hot += count
      } else if (count >= reads * WARM) {
        warmKeys++
        warm += count
      }
    }
    // Counts are estimates: together they may come to more than there were.
    hot = Math.min(hot, reads)
    warm = Math.min(warm, reads - hot)
    const share = (part: number) => (reads === 0 ? 0 : part / reads)
    const [hotShare, warmShare, coldShare] = [hot, warm, reads - hot - warm].map(share)
    return { reads, hotKeys, warmKeys, hotShare, warmShare, coldShare }
  }
}

function columnOf(hash: number, row: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1 + 2 * row * 0x85ebca6b)
  return (mixed ^ (mixed >>> 16)) & (COLUMNS - 1)
}

/** A leader's key. */
class Name {
  store = 0
  bytes = 0
  words = new Uint32Array(NAME_WORDS)

  set(store: number, key: KeyBuffer): void {
    const count = (key.bytes + 3) >>> 2
    if (count > this.words.length) this.words = new Uint32Array(count)
    for (let i = 0; i < count; i++) this.words[i] = key.words[i]
    this.store = store
    this.bytes = key.bytes
  }
}

function isKey(name: Name, store: number, key: KeyBuffer): boolean {
  if (name.bytes !== key.bytes || name.store !== store) return false
  const count = (key.bytes + 3) >>> 2
  for (let i = 0; i < count; i++) if (name.words[i] !== key.words[i]) return false
  return true
}
