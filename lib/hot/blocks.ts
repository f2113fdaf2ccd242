/**
 * Blocks of vector indexes as one thread compares them: copied into the memory of its kernel, and kept there while they are hot.
 *
 * A kept block is found by its entry's reference and the version that wrote it, which together identify it for ever
 * (value-cache.ts): it is right at every version, and writes need no invalidation. Blocks of published entries only come here.
 *
 * Which are kept: a block that is missed twice in a while takes a free place, or that of one that was not used since the
 * hand last came by (CLOCK: Corbató 1968). Places are cut from chunks of 64 KiB, each for blocks of one size; where the bound is
 * reached, a size that has fewer chunks than its share gets one of the size that has most.
 */
import { type Kernel, makeKernel } from '../vector/kernel.js'
import type { HotCounts } from './counts.js'

const CHUNK = 65_536
/** Bytes of the kernel's memory in front of the blocks that are kept: for what is compared at the moment. */
const SCRATCH = 2 ** 18
/** Misses that are remembered: each by a bit of a hash. */
const REMEMBERED = 2 ** 16
/** How often a kept block may have been used for the hand to count. */
const MOST_USES = 3
/** Trees whose clusters are remembered. */
const DIRECTORIES = 4

/** Where the blocks of clusters are kept, by the first word of their keys. */
export type Directory = Map<number, readonly number[]>

interface Place {
  readonly at: number
  readonly chunk: number
  readonly pool: Pool
  /** 0: it is free. */
  entry: number
  version: number
  uses: number
}

/** The places of one size. */
class Pool {
  readonly size: number
  places: Place[] = []
  readonly free: Place[] = []
  chunks = 0
  #hand = 0

  constructor(size: number) {
    this.size = size
  }

  /** Takes over a chunk of the kernel's memory, which begins at a byte. */
  cut(chunk: number, from: number): void {
    for (let at = from; at + this.size <= from + CHUNK; at += this.size) {
      const place = { at, chunk, pool: this, entry: 0, version: 0, uses: 0 }
      this.places.push(place)
      this.free.push(place)
    }
    this.chunks++
  }

  /** The next place that was not used since the hand last came by. None is free. */
  sweep(): Place {
    for (;;) {
      this.#hand = (this.#hand + 1) % this.places.length
      const place = this.places[this.#hand]
      if (place.uses === 0) return place
      place.uses--
    }
  }
}

export class HotBlocks {
  readonly kernel: Kernel
  readonly counts: HotCounts
  readonly #mostChunks: number
  #chunks = 0
  /** By entry. */
  readonly #kept = new Map<number, Place>()
  readonly #pools = new Map<number, Pool>()
  /** Of the trees that were searched last, by their roots and the roots' births: no other tree has both. */
  readonly #directories: { root: number; birth: number; of: Directory }[] = []
  readonly #missed = new Uint8Array(REMEMBERED / 8)
  #misses = 0

  /** @param maxBytes bound on what is kept; 0: nothing is */
  constructor(maxBytes: number, counts: HotCounts) {
    this.counts = counts
    this.#mostChunks = Math.floor(maxBytes / CHUNK)
    this.kernel = makeKernel()
    this.kernel.reserve(SCRATCH)
  }

  /** Bytes that are kept, or may be without any more memory. */
  get bytes(): number {
    return this.#chunks * CHUNK
  }

  /**
   * What is known of a published tree: which blocks its clusters have, and where they are kept, while all of these are. A search finds
   * them there without looking at the tree. Null where nothing is kept.
   */
  directoryOf(root: number, birth: number): Directory | null {
    if (this.#mostChunks === 0) return null
    const all = this.#directories
    const i = all.findIndex(one => one.root === root && one.birth === birth)
    const found = i < 0 ? { root, birth, of: new Map() } : all[i]
    if (i !== 0) {
      all.splice(i < 0 ? DIRECTORIES - 1 : i, 1)
      all.unshift(found)
    }
    return found.of
  }

  /** Where in the kernel's memory the block of a published entry is kept; -1: it is not. */
  find(entry: number, version: number): number {
    const place = this.#kept.get(entry)
    if (place === undefined || place.version !== version) return -1
    this.counts.hot++
    if (place.uses < MOST_USES) place.uses++
    return place.at
  }

  /** A place for the block of a published entry, which was missed; -1: it is not kept. */
  keep(entry: number, version: number, bytes: number): number {
    if (this.#mostChunks === 0 || bytes > CHUNK || !this.#isAgain(entry, version)) return -1
    const pool = this.#poolOf(bytes)
    // What lay there before is gone; it may have been of another size.
    const old = this.#kept.get(entry)
    if (old !== undefined) old.pool.free.push(this.#drop(old))
    if (pool.free.length === 0) this.#widen(pool)
    const place = pool.free.pop() ?? this.#drop(pool.sweep())
    place.entry = entry
    place.version = version
    place.uses = 0
    this.#kept.set(entry, place)
    this.counts.promotions++
    return place.at
  }

  /** It was missed before, not long ago; or there is room for all. */
  #isAgain(entry: number, version: number): boolean {
    if (++this.#misses > REMEMBERED / 4) {
      this.#missed.fill(0)
      this.#misses = 0
    }
    const hash = Math.imul(entry ^ Math.imul(version, 0x85ebca6b), 0x9e3779b1) >>> 16
    const mask = 1 << (hash & 7)
    const was = (this.#missed[hash >>> 3] & mask) !== 0
    this.#missed[hash >>> 3] |= mask
    return was || this.#chunks < this.#mostChunks
  }

  #poolOf(bytes: number): Pool {
    const size = Math.ceil(bytes / 64) * 64
    let pool = this.#pools.get(size)
    if (pool === undefined) {
      pool = new Pool(size)
      this.#pools.set(size, pool)
    }
    return pool
  }

  /** Gives a pool one more chunk, where there is one, or the pool has less than its share. */
  #widen(pool: Pool): void {
    if (this.#chunks < this.#mostChunks) {
      const from = SCRATCH + this.#chunks * CHUNK
      this.kernel.reserve(from + CHUNK)
      pool.cut(this.#chunks++, from)
    } else if (pool.chunks < Math.max(1, Math.floor(this.#mostChunks / this.#pools.size))) {
      let largest = pool
      for (const other of this.#pools.values()) if (other.chunks > largest.chunks) largest = other
      if (largest !== pool) this.#pass(largest, pool)
    }
  }

  /** One pool's chunk goes over to another. */
  #pass(from: Pool, to: Pool): void {
    const [{ chunk }] = from.places
    for (const place of from.places) if (place.chunk === chunk) this.#drop(place)
    from.places = from.places.filter(place => place.chunk !== chunk)
    from.free.splice(0, from.free.length, ...from.free.filter(place => place.chunk !== chunk))
    from.chunks--
    to.cut(chunk, SCRATCH + chunk * CHUNK)
  }

  #drop(place: Place): Place {
    if (place.entry !== 0) {
      this.#kept.delete(place.entry)
      this.counts.demotions++
      for (const { of } of this.#directories) of.clear()
    }
    place.entry = 0
    return place
  }
}
