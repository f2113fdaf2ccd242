/**
 * Decoded values of hot keys, for one thread.
 *
 * A value is found by the entry's reference and the version that wrote it, which together identify a
 * value for ever: an entry is immutable, and memory that is used again has an entry of a later version.
 * So no value here is ever stale, and writes need no invalidation. Invariants:
 * 1. Only values of published entries come here: a transaction's own may go without a version.
 * 2. A value is kept only if callers can share it: it cannot be changed (a primitive), has been frozen
 *    to the bottom, or the user said that it need not be.
 * 3. Sets of WAYS slots; the estimated sizes of the kept values never exceed `maxBytes`.
 */
import type { AccessSketch } from './sketch.js'

const WAYS = 4
/** One slot for so many bytes of the bound, so that small values can fill it. */
const BYTES_PER_SLOT = 128
const MOST_SLOTS = 2 ** 18
/** Bytes of an object beside its contents, and how its bytes grow when they are decoded. */
const OVERHEAD = 64
const GROWTH = 4
/** A value that takes more than this part of the bound is not kept. */
const LARGEST_PART = 1 / 8

/** In place of a value: the cache has none. */
export const MISS: unique symbol = Symbol('miss')

/** The counters of a cache. */
export interface CacheCounts {
  readonly entries: number
  readonly bytes: number
  readonly hits: number
  readonly misses: number
}

export class ValueCache {
  readonly maxBytes: number
  /** Values are frozen before they are handed out. */
  readonly freezes: boolean
  readonly #sketch: AccessSketch
  readonly #shift: number
  readonly #entries: Uint32Array
  readonly #versions: Float64Array
  readonly #sizes: Uint32Array
  /** Store and hash of the key, to ask the sketch how hot it is. */
  readonly #stores: Int32Array
  readonly #hashes: Uint32Array
  readonly #values: unknown[]
  #bytes = 0
  #count = 0
  #hits = 0
  #misses = 0
  #hand = 0

  constructor(maxBytes: number, freezes: boolean, sketch: AccessSketch) {
    this.maxBytes = maxBytes
    this.freezes = freezes
    this.#sketch = sketch
    const wanted = Math.min(MOST_SLOTS, Math.max(16, maxBytes / BYTES_PER_SLOT))
    const bits = Math.ceil(Math.log2(wanted))
    const slots = 2 ** bits
    this.#shift = 32 - (bits - Math.log2(WAYS))
    this.#entries = new Uint32Array(slots)
    this.#versions = new Float64Array(slots)
    this.#sizes = new Uint32Array(slots)
    this.#stores = new Int32Array(slots)
    this.#hashes = new Uint32Array(slots)
    this.#values = new Array(slots).fill(undefined)
  }

  /** The value of an entry that `version` wrote, or {@link MISS}. */
  get(entry: number, version: number): unknown {
    const set = this.#setOf(entry)
    for (let at = set; at < set + WAYS; at++) {
      if (this.#entries[at] === entry && this.#versions[at] === version) {
        this.#hits++
        return this.#values[at]
      }
    }
    this.#misses++
    return MISS
  }

  #setOf(entry: number): number {
    return (Math.imul(entry >>> 1, 0x9e3779b1) >>> this.#shift) * WAYS
  }

  /**
   * Takes a decoded value: freezes it if the cache does so, and keeps it unless a value that it would
   * displace is hotter.
   * @param length bytes of the encoded value
   * @returns the value
   */
  offer(
    entry: number,
    version: number,
    value: unknown,
    length: number,
    store: number,
    hash: number,
  ): unknown {
    if (typeof value === 'object' && value !== null && this.freezes && !freeze(value)) return value
    const size = sizeOf(value, length)
    if (size > this.maxBytes * LARGEST_PART) return value
    const at = this.#victim(this.#setOf(entry))
    const heat = this.#sketch.estimate(store, hash)
    if (this.#entries[at] !== 0 && heat < this.#heat(at)) return value
    this.#evict(at)
    while (this.#bytes + size > this.maxBytes) {
      const other = this.#next()
      if (heat < this.#heat(other)) return value
      this.#evict(other)
    }
    this.#entries[at] = entry
    this.#versions[at] = version
    this.#values[at] = value
    this.#sizes[at] = size
    this.#stores[at] = store
    this.#hashes[at] = hash
    this.#bytes += size
    this.#count++
    return value
  }

  /** The slot of a set that is empty or coldest. */
  #victim(set: number): number {
    let found = set
    let least = Number.POSITIVE_INFINITY
    for (let at = set; at < set + WAYS; at++) {
      if (this.#entries[at] === 0) return at
      const heat = this.#heat(at)
      if (heat < least) {
        least = heat
        found = at
      }
    }
    return found
  }

  #heat(at: number): number {
    return this.#sketch.estimate(this.#stores[at], this.#hashes[at])
  }

  /** The next slot in use, round and round; there is one. */
  #next(): number {
    do this.#hand = (this.#hand + 1) % this.#entries.length
    while (this.#entries[this.#hand] === 0)
    return this.#hand
  }

  #evict(at: number): void {
    if (this.#entries[at] === 0) return
    this.#entries[at] = 0
    this.#values[at] = undefined
    this.#bytes -= this.#sizes[at]
    this.#count--
  }

  get counts(): CacheCounts {
    return {
      entries: this.#count,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
    }
  }
}

/** The estimated bytes of a value in memory. */
function sizeOf(value: unknown, length: number): number {
  return OVERHEAD + (typeof value === 'object' ? GROWTH : 1) * length
}

/** Freezes a value to the bottom; false, with nothing frozen, if a part of it cannot be frozen. */
function freeze(value: object): boolean {
  const seen = new Set<object>()
  if (!canFreeze(value, seen)) return false
  for (const object of seen) Object.freeze(object)
  return true
}

/** True if a value is made of arrays and plain objects only; collects them. */
function canFreeze(value: object, seen: Set<object>): boolean {
  if (seen.has(value)) return true
  seen.add(value)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
    return false
  }
  for (const key of Object.keys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key)
    // A getter may give another value each time.
    if (property === undefined || property.get !== undefined) return false
    const inner: unknown = property.value
    if (typeof inner === 'function') return false
    if (typeof inner === 'object' && inner !== null && !canFreeze(inner, seen)) return false
  }
  return true
}
