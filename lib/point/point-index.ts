/**
 * Keeps the point indexes: a commit updates the tables of the stores it changed.
 *
 * For the owner of the writer lock, after all that can fail has been done and before the new version is
 * published (docs/protocol.md, Point index). Invariants:
 * 1. In a published table nothing moves: a slot's reference gives way to a newer one of the same key, or
 *    to 0; a new key gets an empty slot. All stores to it that readers look at are atomic, so that none
 *    comes before that of `absentFrom`.
 * 2. Segments are made larger before any reference of the new version is stored, so the old segments in
 *    limbo lead to published entries only.
 * 3. Nothing here fails: where memory is short, keys have no place, and readers ask the tree.
 */

import type { Allocator } from '../memory/allocator.js'
import { release } from '../memory/atomic.js'
import type { ChangeList } from '../memory/change-list.js'
import { hashOf } from '../memory/hash.js'
import { H_POINT_INDEX, PAGE } from '../memory/layout.js'
import {
  B_LEVEL,
  B_TAGS,
  BUCKET_SLOTS,
  BUCKET_WORDS,
  D_DEPTH,
  D_MAX_DEPTH,
  D_SEGMENTS,
  G_BUCKETS,
  G_CODE_MASK,
  G_DEPTH,
  G_LEAKY,
  G_STASH,
  G_USED,
  LEVEL_LOST,
  STASH_SLOTS,
  X_ABSENT_FROM,
  X_COUNT,
  X_DIRECTORY,
  X_WORDS,
} from '../memory/point-layout.js'
import { eachEntry, entriesBelow } from '../tree/node.js'
import { ByPart } from './by-part.js'
import { dropTable } from './dropped.js'
import {
  bucketAt,
  codeIn,
  eachRef,
  homeOf,
  PLACES,
  placeOf,
  segmentIn,
  segmentWords,
  slotOf,
  slotsOf,
  wordFor,
} from './table.js'

/** Part of a segment's slots that may be used; the part of a new segment that is filled at most. */
const LIMIT = 0.8
const FILL = 0.75
/** A segment less full than this is made smaller: 12 bytes a key. */
const SPARSE = 0.45
/** Code of the largest segment while the directory can still grow: 6 KiB. */
const LARGEST = 9
/** Code of the largest segment of all: 3 MiB, for one of 65 536 parts. */
const LARGEST_OF_ALL = 27
/** The part of memory that an index leaves alone. */
const SPARED = 1 / 16
/** Up to so many changes, the index looks at each alone. */
const FEW = 16

/** Where unlinked parts wait until no reader is in them. */
interface Limbo {
  /** True if {@link add} has room for `count` blocks without allocating. */
  hasRoomFor(count: number): boolean
  /** Adds a block that reads which begin at `version` or later cannot reach. */
  add(ref: number, version: number): boolean
}

interface Spare {
  /** Free pages that the reserve does not need. */
  readonly sparePages: number
}

export class PointIndex {
  readonly #W: Uint32Array
  readonly #allocator: Allocator
  readonly #limbo: Limbo
  readonly #spare: Spare
  /** Words loaded ahead; the sum means nothing. */
  #loaded = 0
  /** Of the key that is expected: the word of its bucket, 0 if there is none, and its tag. */
  #home = 0
  #tag = 0

  constructor(W: Uint32Array, allocator: Allocator, limbo: Limbo, spare: Spare) {
    this.#W = W
    this.#allocator = allocator
    this.#limbo = limbo
    this.#spare = spare
  }

  /** A key with this hash is about to change: loads its bucket while other work goes on. */
  expect(head: number, hash: number): void {
    const W = this.#W
    const directory = head === 0 ? 0 : W[head + X_DIRECTORY]
    this.#home = directory === 0 ? 0 : homeOf(wordFor(W, directory, hash), hash)
    this.#tag = hash & 255
    this.#loaded ^= W[this.#home]
  }

  /** Loads the entry of the key that is expected, or another of its bucket that has its tag. */
  load(): void {
    const W = this.#W
    const home = this.#home
    if (home === 0) return
    const tags = Math.imul(this.#tag, 0x01010101)
    for (let i = 0; i < BUCKET_SLOTS / 4; i++) {
      // The lowest byte that is 0 (Warren, Hacker's Delight, 6-1).
      const x = W[home + B_TAGS + i] ^ tags
      const zeros = (x - 0x01010101) & ~x & 0x80808080
      if (zeros === 0) continue
      const slot = 4 * i + ((31 - Math.clz32(zeros & -zeros)) >>> 3)
      this.#loaded ^= W[W[home + slot]]
      return
    }
  }

  /**
   * Brings the table of a store up to `version`, which is about to be published.
   * @param root of the store's tree in that version
   * @param changes a list that is whole
   */
  apply(head: number, root: number, changes: ChangeList, version: number): void {
    const W = this.#W
    if (changes.isCleared) {
      release(W, head + X_ABSENT_FROM, version)
      dropTable(W, head, version)
    }
    if (W[head + X_DIRECTORY] === 0) {
      const count = entriesBelow(W, root)
      if (count >= W[H_POINT_INDEX]) this.#build(head, root, changes, version)
      return
    }
    let inserts = 0
    let deletes = 0
    for (let i = 0; i < changes.count; i++) {
      if (changes.oldAt(i) === 0) inserts++
      if (changes.entryAt(i) === 0) deletes++
    }
    if (deletes > 0) release(W, head + X_ABSENT_FROM, version)
    if (inserts > 0 || deletes > 0) this.#makeRoom(head, changes, inserts, deletes, version)
    for (let i = 0; i < changes.count; i++) {
      this.#change(head, changes.hashAt(i), changes.oldAt(i), changes.entryAt(i))
    }
  }

  // ── One key ───────────────────────────────────────────────────────────────────────────────────

  #change(head: number, hash: number, old: number, entry: number): void {
    const W = this.#W
    const word = wordFor(W, W[head + X_DIRECTORY], hash)
    const slot = old === 0 ? 0 : slotOf(W, word, homeOf(word, hash), old)
    if (slot !== 0) {
      release(W, slot, entry)
      if (entry !== 0) return
      W[segmentIn(word) + G_USED]--
      W[head + X_COUNT]--
      return
    }
    if (old !== 0) this.#unstash(segmentIn(word), old)
    if (entry !== 0 && this.#place(word, hash, entry, release)) W[head + X_COUNT]++
  }

  /**
   * Puts a new reference into an empty slot; false, with that noted, where there is none.
   * @param put stores a word: `release` where readers may look at it
   */
  #place(word: number, hash: number, ref: number, put: typeof release): boolean {
    const W = this.#W
    const segment = segmentIn(word)
    const home = homeOf(word, hash)
    for (let step = 0; step < PLACES; step++) {
      const bucket = bucketAt(word, home, step)
      const slot = emptySlot(W, bucket)
      if (slot === 0) continue
      const level = step === 3 ? 2 : step
      if (level > W[home + B_LEVEL]) W[home + B_LEVEL] = level
      const tags = bucket + B_TAGS + ((slot - bucket) >>> 2)
      const shift = ((slot - bucket) & 3) * 8
      put(W, tags, (W[tags] & ~(255 << shift)) | ((hash & 255) << shift))
      W[segment + G_USED]++
      // A reader that sees the reference sees the entry.
      put(W, slot, ref)
      return true
    }
    W[home + B_LEVEL] = LEVEL_LOST
    this.#stash(segment, ref)
    return false
  }

  /** Keeps a reference that found no slot until the segment is made larger. */
  #stash(segment: number, ref: number): void {
    const W = this.#W
    for (let at = segment + G_STASH; at < segment + G_STASH + STASH_SLOTS; at++) {
      if (W[at] !== 0) continue
      W[at] = ref
      return
    }
    W[segment + G_LEAKY] = 1
  }

  #unstash(segment: number, ref: number): void {
    const W = this.#W
    for (let at = segment + G_STASH; at < segment + G_STASH + STASH_SLOTS; at++) {
      if (W[at] === ref) W[at] = 0
    }
  }

  // ── Segments ──────────────────────────────────────────────────────────────────────────────────

  /** Gives each segment that the list touches the size it will need. */
  #makeRoom(
    head: number,
    changes: ChangeList,
    inserts: number,
    deletes: number,
    version: number,
  ): void {
    const W = this.#W
    if (changes.count <= FEW) {
      for (let i = 0; i < changes.count; i++) {
        const isNew = changes.oldAt(i) === 0
        if (!isNew && changes.entryAt(i) !== 0) continue
        this.#fit(head, changes.hashAt(i), inserts, isNew ? 0 : deletes, version)
      }
      return
    }
    // By segment: references added and removed, and a hash that leads there. The directory may change.
    const directory = W[head + X_DIRECTORY]
    const depth = W[directory + D_DEPTH]
    const bySegment = new Map<number, { added: number; removed: number; hash: number }>()
    for (let i = 0; i < changes.count; i++) {
      const hash = changes.hashAt(i)
      const word = W[directory + D_SEGMENTS + placeOf(hash, depth)]
      let change = bySegment.get(word)
      if (change === undefined) {
        change = { added: 0, removed: 0, hash }
        bySegment.set(word, change)
      }
      if (changes.oldAt(i) === 0) change.added++
      else if (changes.entryAt(i) === 0) change.removed++
    }
    for (const { added, removed, hash } of bySegment.values()) {
      if (added > 0 || removed > 0) this.#fit(head, hash, added, removed, version)
    }
  }

  /** Makes the segment of a hash larger or smaller if so many more, or fewer, references need that. */
  #fit(head: number, hash: number, added: number, removed: number, version: number): void {
    const W = this.#W
    const word = wordFor(W, W[head + X_DIRECTORY], hash)
    const code = codeIn(word)
    const used = W[segmentIn(word) + G_USED]
    const slots = slotsOf(code)
    if (used + added > slots * LIMIT) {
      this.#resize(head, hash, used + added, version)
    } else if (added > 0 && added <= FEW && slotOf(W, word, homeOf(word, hash), 0) === 0) {
      // Bad luck, or keys that are made to collide: those get no memory.
      if (used > slots * 0.4) this.#resize(head, hash, Math.floor(slots * LIMIT) + 1, version)
    } else if (code > 0 && used + added - removed < slots * SPARSE) {
      this.#resize(head, hash, used + added, version)
    }
  }

  /**
   * Copies the segment of a hash into one or more that hold `total` references without being crowded,
   * and links them in its place. Where memory is short the segment stays as it is.
   */
  #resize(head: number, hash: number, total: number, version: number): void {
    const W = this.#W
    const directory = W[head + X_DIRECTORY]
    const depth = W[directory + D_DEPTH]
    const old = wordFor(W, directory, hash)
    const segment = segmentIn(old)
    const { bits, code } = sizeFor(total, D_MAX_DEPTH - W[segment + G_DEPTH])
    const newDepth = W[segment + G_DEPTH] + bits
    if (bits === 0 && code === codeIn(old)) return
    const parts = this.#makeSegments(2 ** bits, code, newDepth)
    if (parts === undefined) return
    const larger = newDepth > depth ? this.#makeDirectory(newDepth) : directory
    if (larger === 0 || !this.#limbo.hasRoomFor(2)) {
      if (larger !== 0 && larger !== directory) this.#allocator.free(larger)
      for (const part of parts) this.#allocator.free(part)
      return
    }
    W[head + X_COUNT] += this.#copy(old, parts, code, newDepth)
    // Blocks go to limbo before they are unlinked, as always.
    this.#limbo.add(segment, version)
    if (larger !== directory) {
      for (let i = 0; i < 2 ** newDepth; i++) {
        W[larger + D_SEGMENTS + i] = W[directory + D_SEGMENTS + (i >>> (newDepth - depth))]
      }
      this.#limbo.add(directory, version)
    }
    const run = 2 ** (W[larger + D_DEPTH] - newDepth)
    const first = Math.floor(placeOf(hash, newDepth) / parts.length) * parts.length * run
    for (let i = 0; i < parts.length * run; i++) {
      release(W, larger + D_SEGMENTS + first + i, parts[Math.floor(i / run)] + code)
    }
    if (larger !== directory) release(W, head + X_DIRECTORY, larger)
    W[head + X_WORDS] += parts.length * segmentWords(code) - segmentWords(codeIn(old))
  }

  /**
   * Copies the references of a segment into its parts, by the next bits of their hashes.
   * @returns how many references more have a place
   */
  #copy(old: number, parts: readonly number[], code: number, depth: number): number {
    const W = this.#W
    const mask = parts.length - 1
    if (W[segmentIn(old) + G_LEAKY] !== 0) for (const part of parts) makeLeaky(W, part, code)
    const put = (ref: number) => {
      const hash = hashOf(W, ref)
      return this.#place(parts[placeOf(hash, depth) & mask] + code, hash, ref, write)
    }
    let placed = 0
    eachRef(W, segmentIn(old), codeIn(old), ref => {
      if (put(ref)) placed++
    })
    for (let i = 0; i < STASH_SLOTS; i++) {
      const ref = W[segmentIn(old) + G_STASH + i]
      if (ref !== 0 && put(ref)) placed++
    }
    return placed - W[segmentIn(old) + G_USED]
  }

  /** Empty segments; undefined where memory is short. */
  #makeSegments(count: number, code: number, depth: number): number[] | undefined {
    const W = this.#W
    const words = segmentWords(code)
    if (!this.#affords(count * words)) return undefined
    const segments: number[] = []
    for (let i = 0; i < count; i++) {
      const segment = this.#allocator.allocate(words)
      // The directory's words can only tell segments that are aligned to two lines.
      if (segment === 0 || (segment & G_CODE_MASK) !== 0) {
        if (segment !== 0) this.#allocator.free(segment)
        for (const other of segments) this.#allocator.free(other)
        return undefined
      }
      W.fill(0, segment, segment + words)
      W[segment + G_DEPTH] = depth
      segments.push(segment)
    }
    return segments
  }

  #makeDirectory(depth: number): number {
    const W = this.#W
    const words = D_SEGMENTS + 2 ** depth
    const directory = this.#affords(words) ? this.#allocator.allocate(words) : 0
    if (directory !== 0) W.fill(0, directory, directory + words)
    if (directory !== 0) W[directory + D_DEPTH] = depth
    return directory
  }

  #affords(words: number): boolean {
    return this.#spare.sparePages * PAGE - words > this.#W.length * SPARED
  }

  // ── A whole table ─────────────────────────────────────────────────────────────────────────────

  /** Makes a table of all entries of the store at `version`. */
  #build(head: number, root: number, changes: ChangeList, version: number): void {
    const W = this.#W
    const count = entriesBelow(W, root)
    const { bits, code } = sizeFor(count, D_MAX_DEPTH)
    const parts = this.#makeSegments(2 ** bits, code, bits)
    if (parts === undefined) return
    const directory = this.#makeDirectory(bits)
    if (directory === 0) {
      for (const part of parts) this.#allocator.free(part)
      return
    }
    for (let i = 0; i < parts.length; i++) W[directory + D_SEGMENTS + i] = parts[i] + code
    let placed = 0
    const byPart = new ByPart(bits, count, (part, hash, ref) => {
      if (this.#place(parts[part] + code, hash, ref, write)) placed++
    })
    if (changes.isAll) {
      for (let i = 0; i < changes.count; i++) {
        const entry = changes.entryAt(i)
        if (entry !== 0) byPart.add(changes.hashAt(i), entry)
      }
    } else {
      eachEntry(W, root, entry => byPart.add(hashOf(W, entry), entry))
    }
    byPart.flush()
    W[head + X_COUNT] = placed
    W[head + X_WORDS] = parts.length * segmentWords(code)
    // The table lacks entries that only older snapshots have.
    release(W, head + X_ABSENT_FROM, version)
    release(W, head + X_DIRECTORY, directory)
  }
}

/** The number of parts (as a power of two) and their size for `total` references. */
function sizeFor(total: number, mostBits: number): { bits: number; code: number } {
  let bits = 0
  while (bits < mostBits && total > 2 ** bits * slotsOf(LARGEST) * FILL) bits++
  const most = bits === mostBits ? LARGEST_OF_ALL : LARGEST
  let code = 0
  while (code < most && total > 2 ** bits * slotsOf(code) * FILL) code++
  return { bits, code }
}

/** Stores a word of a table that no thread reads yet. */
function write(W: Uint32Array, at: number, value: number): void {
  W[at] = value
}

/** Word of an empty slot of a bucket, or 0. */
function emptySlot(W: Uint32Array, bucket: number): number {
  for (let i = 0; i < BUCKET_SLOTS; i++) if (W[bucket + i] === 0) return bucket + i
  return 0
}

/** Some key of this segment has no place, and it is unknown which: readers ask the tree for all. */
function makeLeaky(W: Uint32Array, segment: number, code: number): void {
  W[segment + G_LEAKY] = 1
  const end = segment + segmentWords(code)
  for (let at = segment + G_BUCKETS + B_LEVEL; at < end; at += BUCKET_WORDS) W[at] = LEVEL_LOST
}
