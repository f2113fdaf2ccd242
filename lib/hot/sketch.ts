/**
 * Which keys a thread reads often: a count-min sketch of sampled reads (Cormode and Muthukrishnan 2005)
 * that forgets by halving, as in TinyLFU (Einziger, Friedman and Manes 2017), and beside it the keys
 * that lead, by name.
 *
 * Private memory of one thread: nothing is shared, nothing waits. Invariants:
 * 1. One read in a period (PERIODS) is looked at, and counts for as many; the first ones all, so that few reads
 *    tell something, too. Where in a period it falls is random: rhythms in the reads do not matter.
 * 2. When the reads counted reach WINDOW, all counts are halved: what was hot long ago cools down.
 * 3. A count is never too low but for the sampling; it is too high where keys collide in every row.
 */
import type { KeyBuffer } from '../key/codec.js'
import { hashKey } from '../memory/hash.js'

const ROWS = 4
const COLUMNS = 2048
/** Reads after which counts are halved. */
const WINDOW = 2 ** 20
/** Keys that are known by name. */
const LEADERS = 128
/** Words that a leader's key has room for at first. */
const NAME_WORDS = 8
/** Samples after which fewer reads are looked at, and how many reads each then stands for. */
const PERIODS = [
  [512, 1],
  [2048, 4],
  [16_384, 16],
  [Number.POSITIVE_INFINITY, 32],
]
/** Share of the reads from which on a key is hot, or warm. */
const HOT = 1 / 1000
const WARM = 1 / 10_000

/** A key among those read most: good until the next sample. */
export interface Leader {
  readonly words: Uint32Array
  readonly bytes: number
  /** Reads counted, as of when it was sampled last. */
  readonly count: number
}

/** How the reads of a thread are spread. */
export interface Temperature {
  /** Reads that the other numbers are about: recent ones, estimated. */
  readonly reads: number
  readonly hotKeys: number
  readonly warmKeys: number
  /** Shares of the reads, together 1 (0 where there are none). */
  readonly hotShare: number
  readonly warmShare: number
  readonly coldShare: number
}

export class AccessSketch {
  /** Reads until the next sample; whoever reads counts it down. */
  left = 1
  readonly #counts = new Uint32Array(ROWS * COLUMNS)
  /** Who leads, by name; and the same ones' hashes and counts, where they are looked through quickly. */
  readonly #names: Name[] = []
  readonly #hashes = new Uint32Array(LEADERS)
  readonly #leads = new Uint32Array(LEADERS)
  #total = 0
  #samples = 0
  #stage = 0
  #random = 0x9e3779b9

  /** Takes a read into account: called when `left` has come down to 0. */
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

  /** Counts reads of a hash; the new estimate. */
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

  /** Puts the key among the leaders where it belongs there. */
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

  /** Estimated reads of a key lately. */
  estimate(store: number, hash: number): number {
    const mixed = hash ^ Math.imul(store, 0x85ebca6b)
    let least = 0xffffffff
    for (let row = 0; row < ROWS; row++) {
      const count = this.#counts[row * COLUMNS + columnOf(mixed, row)]
      if (count < least) least = count
    }
    return least
  }

  /** The keys of a store that are read most, most first; `n` at most, and as many as are known. */
  leaders(store: number, n: number): Leader[] {
    const all: Leader[] = []
    this.#names.forEach((name, i) => {
      if (name.store !== store) return
      all.push({ words: name.words, bytes: name.bytes, count: this.#leads[i] })
    })
    return all.sort((a, b) => b.count - a.count).slice(0, n)
  }

  /** How reads are spread over keys. */
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
