/**
 * The past: which versions there are, which leave the window, and the memory that they free.
 *
 * For the owner of the writer lock, but for the getters. Invariants:
 * 1. The low-water mark moves before a scan of the slots, so that a reader that the scan misses sees it.
 * 2. Nothing here throws; a function that finds no memory does without.
 * 3. The reserve suffices whenever a transaction adds something, or that transaction is refused.
 */

import { type Allocator, NO_SLOTS, SPARE_SLOTS } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import { tipOf } from '../memory/atomic.js'
import {
  H_COMMITS_SINCE_SCAN,
  H_HISTORY_BYTES,
  H_HISTORY_MS,
  H_HISTORY_VERSIONS,
  H_LOCK_TIMEOUT,
  H_OLDEST,
  H_PAGES,
  H_PHASE,
  H_RECLAIMED,
  H_RETIRED_SINCE_SCAN,
  H_UNDONE,
  N_MAX,
  PAGE,
  R_CATALOG,
  R_PREV,
  R_STATE,
  S_REST,
  SEGMENT,
  SR_GRAVE,
  SR_GRAVE_NEWEST,
  SR_GRAVE_OLD,
  SR_GRAVE_OLD_NEWEST,
  SR_GRAVE_OLD_WORDS,
  SR_GRAVE_WORDS,
} from '../memory/layout.js'
import { replacedBetween } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import type { AllBounds, Bounds } from '../options.js'
import { dropTables } from '../point/dropped.js'
import type { Slots } from '../threads/slots.js'
import { walkCatalog } from '../tree/catalog.js'
import { nodeWords } from '../tree/node.js'
import { CLOSING, DIVIDING, MOST_WASTE, NODE, NOWHERE, TAKING } from '../tree/room.js'
import type { Workspace } from '../tree/workspace.js'
import type { Chunks } from './chunks.js'
import type { Limbo } from './limbo.js'
import { Reclaimer } from './reclaim.js'
import { CLOSING_PAGES, Reserve } from './reserve.js'
import { oldestToKeep } from './retention.js'
import { Sealed } from './sealed.js'
import type { Versions } from './versions.js'

/** Words of the largest node. */
const LARGEST_NODE = nodeWords(1, N_MAX)
/** Commits, and retired words, after which the slots are scanned again. */
const SCAN_COMMITS = 32
const SCAN_WORDS = 1 << 15
/** Where the count of commits begins after a run that its budget cut short. */
const SCAN_SOON = SCAN_COMMITS - 4
/** Records that a run looks at. */
const UNLINK_BUDGET = 64
/** Runs after which a pass over all records below the low-water mark begins. */
const FULL_RUN = 16
/** Fields of the rest of a store's state: root, words and newest tombstone of each graveyard. */
const GRAVES = [
  [SR_GRAVE, SR_GRAVE_WORDS, SR_GRAVE_NEWEST],
  [SR_GRAVE_OLD, SR_GRAVE_OLD_WORDS, SR_GRAVE_OLD_NEWEST],
]

/** Blocks that a commit frees; a new version two more for each of its own allocations. */
export const FREE_BUDGET = 64

/** Stores the bounds of `history`: for `open`, and for the owner of the lock. */
export function writeBounds(arena: Arena, { versions, ms, bytes, disk }: AllBounds): void {
  const { floats, words: W } = arena
  floats[H_HISTORY_VERSIONS / 2] = versions
  floats[H_HISTORY_MS / 2] = ms
  floats[H_HISTORY_BYTES / 2] = bytes
  const sealed = new Sealed(arena)
  sealed.bounds = disk
  // Where there are no bounds any more, the keeper ends it: tags may need it.
  if (disk === null || sealed.isOn) return
  sealed.begin(Atomics.load(W, H_OLDEST))
  sealed.isOn = true
}

export function boundsIn(arena: Arena): AllBounds {
  const { floats } = arena
  return {
    versions: floats[H_HISTORY_VERSIONS / 2],
    ms: floats[H_HISTORY_MS / 2],
    bytes: floats[H_HISTORY_BYTES / 2],
    disk: new Sealed(arena).bounds,
  }
}

/** True if these are the bounds of `history`. */
export function areBounds(arena: Arena, bounds: AllBounds): boolean {
  const now = boundsIn(arena)
  const are = (a: Bounds | null, b: Bounds | null) =>
    a?.versions === b?.versions && a?.ms === b?.ms && a?.bytes === b?.bytes
  const [a, b] = [now.disk, bounds.disk]
  const isWritten = a?.deflate === b?.deflate && a?.bitsPerKey === b?.bitsPerKey
  return are(now, bounds) && are(a, b) && isWritten
}

export class Past {
  readonly reserve: Reserve
  /**
   * Puts versions on disk, so that memory may let go of them; true if it may let go of more then. Waits so many ms, at
   * most, for another thread that is at that.
   */
  seal: ((timeout: number) => boolean) | null = null
  /** The error with which the disk has refused that last; undefined once it has not. */
  refusal: unknown
  /** Begins the past on disk anew at a version, where the disk refuses for good. */
  beginOnDisk = (version: number): void => this.versions.sealed.begin(version)
  /** Called where the low-water mark had to stay below `keep` because what died is not on disk yet. */
  onUnsealed: ((oldest: number, keep: number) => void) | null = null

  readonly arena: Arena
  readonly allocator: Allocator
  readonly versions: Versions
  readonly #W: Uint32Array
  readonly #limbo: Limbo
  /** This handle's slots, which tell when a pin was released. */
  readonly #slots: Slots
  readonly #reclaimer: Reclaimer
  #runs = 0

  constructor(
    arena: Arena,
    allocator: Allocator,
    limbo: Limbo,
    chunks: Chunks,
    versions: Versions,
    slots: Slots,
  ) {
    this.arena = arena
    this.allocator = allocator
    this.versions = versions
    this.#slots = slots
    this.#W = arena.words
    this.#limbo = limbo
    this.#reclaimer = new Reclaimer(arena, allocator, chunks)
    this.reserve = new Reserve(arena.words, allocator, arena.words[H_PAGES])
  }

  /** Words that only past versions of the window see: the end of these versions would free them. */
  get words(): number {
    const W = this.#W
    const { current, newest } = this.versions
    const first = this.versions.record(this.versions.oldestBefore(newest))
    return first === 0 ? 0 : replacedBetween(W, first, current)
  }

  /**
   * Moves the low-water mark past the versions that the bounds exclude.
   * @param now the time, ms since 1970
   */
  applyBounds(newest: number, now: number): void {
    this.#letGoBefore(this.versions.oldestBefore(newest), newest, this.oldestToKeep(newest, now))
  }

  /**
   * Lets go of what has come to disk since the last commit, as that one would have: by its time, for the clock alone
   * excludes nothing.
   * @returns whether there was something
   */
  applySealed(): boolean {
    const { newest, oldest, sealed } = this.versions
    if (!sealed.isOn) return false
    const bound = this.oldestToKeep(newest, this.versions.time(newest))
    const keep = Math.max(bound, sealed.floor(newest))
    this.shrink(oldest, Math.min(keep, this.#sealedTo(oldest)))
    return this.versions.oldest > oldest
  }

  /**
   * The oldest version that memory's bounds keep. For the owner of the lock, or under a hint that covers the window.
   * @param now the time, ms since 1970
   */
  oldestToKeep(newest: number, now: number): number {
    const { floats } = this.arena
    const versions = floats[H_HISTORY_VERSIONS / 2]
    const ms = floats[H_HISTORY_MS / 2]
    const bytes = floats[H_HISTORY_BYTES / 2]
    const oldest = this.versions.oldestBefore(newest)
    const most = Math.min(versions, this.versions.capacity - SEGMENT)
    if (ms === Number.POSITIVE_INFINITY && bytes === Number.POSITIVE_INFINITY) return newest - most
    const line = {
      ...{ oldest, newest, now },
      time: (version: number) => this.versions.time(version),
      replacedSince: (version: number) => this.wordsBetween(version, newest) * 4,
    }
    return oldestToKeep(line, { versions: most, ms, bytes })
  }

  /** Words that the versions after `from` have replaced, up to `to`: both of the window. Callers as above. */
  wordsBetween(from: number, to: number): number {
    return replacedBetween(this.#W, this.versions.record(from), this.versions.record(to))
  }

  /** Applies the bounds of the disk, too. @param keep the oldest version that memory's bounds keep */
  #letGoBefore(oldest: number, newest: number, keep: number): void {
    const { sealed } = this.versions
    if (!sealed.isOn) {
      this.shrink(oldest, keep)
      return
    }
    const most = sealed.bounds?.versions
    sealed.raiseFloor(most === undefined ? keep : Math.min(keep, newest - most))
    this.shrink(oldest, Math.max(keep, sealed.floor(newest)))
  }

  /** Moves the low-water mark from `oldest` to `keep`; before any scan, so that readers see it. */
  shrink(oldest: number, keep: number): void {
    // Readers of the present come as long as it is the present, whatever is staged.
    const wanted = Math.min(keep, this.versions.newest)
    let end = Math.min(wanted, this.#sealedTo(oldest))
    if (end < wanted) end = this.#unsealed(oldest, end, wanted)
    if (end <= oldest) return
    const W = this.#W
    Atomics.store(W, H_OLDEST, end >>> 0)
    // The ring's slots keep their records: no reader looks at a slot below the low-water mark.
    const last = SEGMENT - 1
    for (let version = oldest + last - ((oldest >>> 0) & last); version < end; version += SEGMENT) {
      this.#dropSegment(version)
    }
  }

  /** What leaves the window is not on disk yet: where the low-water mark is to be for now. */
  #unsealed(oldest: number, end: number, wanted: number): number {
    this.onUnsealed?.(end, wanted)
    const { newest, capacity } = this.versions
    if (newest - end <= capacity - SEGMENT) return end
    // The ring has no room for more. A disk that is slow is no reason to lose the past; a writer that died may have left
    // more than one run's worth.
    for (let more = true; more; ) {
      more = this.seal?.(Number.POSITIVE_INFINITY) === true
      const sealed = Math.min(wanted, this.#sealedTo(oldest))
      if (newest - sealed <= capacity - SEGMENT) return sealed
    }
    // The disk fails for good: the past on it ends here.
    const first = newest - (capacity - SEGMENT)
    this.beginOnDisk(first)
    return first
  }

  /** The next commit may have to seal after it was published, for want of room in the ring. */
  get mayHaveToSeal(): boolean {
    const { sealed, capacity } = this.versions
    return sealed.isOn && this.versions.newest - this.versions.oldest > capacity - 2 * SEGMENT
  }

  /** The last version that memory may begin at: what died up to there is on disk, if it must be. */
  #sealedTo(oldest: number): number {
    const { sealed } = this.versions
    return sealed.isOn ? sealed.toFrom(oldest) : Number.POSITIVE_INFINITY
  }

  /**
   * The window becomes `version` alone, which has been published after `last` with a gap between: the
   * versions from `oldest` to `last` leave it.
   */
  beginAnew(oldest: number, last: number, version: number): void {
    // What a failed log keeps from being readable moves nothing.
    if (this.versions.newest !== version) return
    const W = this.#W
    this.versions.sealed.begin(version)
    Atomics.store(W, H_OLDEST, version >>> 0)
    const kept = this.versions.directoryWord(version)
    for (let at = oldest - (oldest % SEGMENT); at <= last; at += SEGMENT) {
      if (this.versions.directoryWord(at) !== kept) this.#dropSegment(at)
    }
  }

  #dropSegment(version: number): void {
    const W = this.#W
    const word = this.versions.directoryWord(version)
    const segment = W[word]
    // Without room in limbo the segment stays in the ring and serves the version that comes round to it.
    if (!this.#limbo.add(segment, this.versions.newest)) return
    Atomics.store(W, word, 0)
  }

  ensureSegment(version: number, space: Workspace): void {
    const W = this.#W
    const word = this.versions.directoryWord(version)
    if (W[word] !== 0) return
    const segment = space.allocate(PAGE)
    W.fill(0, segment, segment + PAGE)
    // An abort does not undo this: an empty segment is as good for the next commit.
    W[H_PHASE] = 1
    space.keep(segment)
    Atomics.store(W, word, segment)
    W[H_PHASE] = 0
  }

  /** Frees up to `budget` blocks; scans the slots first if that is due (or `force`d). */
  reclaim(budget: number, force: boolean): void {
    const W = this.#W
    const released = this.#slots.released
    const due =
      W[H_COMMITS_SINCE_SCAN] >= SCAN_COMMITS || W[H_RETIRED_SINCE_SCAN] >= SCAN_WORDS || released
    if (!due && !force && W[H_UNDONE] === 0) return
    const first = this.versions.record(this.versions.oldest)
    const before = this.allocator.freeWords
    if (due || force) {
      W[H_COMMITS_SINCE_SCAN] = 0
      W[H_RETIRED_SINCE_SCAN] = 0
      const full = force || released || this.#runs++ % FULL_RUN === 0
      this.#slots.released = false
      const m = this.#reclaimer.scan()
      this.#reclaimer.settle(m)
      W[H_UNDONE] = 1
      const most = Math.max(UNLINK_BUDGET, budget)
      // Where much is left to do, the next run comes soon.
      let done = this.#reclaimer.unlink(first, m, full, most)
      if (!done && budget === Number.POSITIVE_INFINITY) {
        done = this.#reclaimer.unlink(first, m, false, budget)
      }
      if (!done) W[H_COMMITS_SINCE_SCAN] = SCAN_SOON
    }
    if (W[H_UNDONE] !== 0) W[H_UNDONE] = this.#reclaimer.work(first, budget) ? 1 : 0
    this.arena.floats[H_RECLAIMED / 2] += Math.max(0, this.allocator.freeWords - before)
  }

  /**
   * Pages that entries of so many words leave to nodes and records, which cannot be in pieces: half, where
   * the slots that would serve the entries serve nodes and records, too.
   */
  #entriesLeave(words: number): number {
    const slots = this.allocator.leastSpare(words)
    return slots >= LARGEST_NODE ? this.reserve.half : this.reserve.most
  }

  /** The records that are pinned now; the set is another one after the next call, or commit. */
  look(): ReadonlySet<number> {
    this.#reclaimer.scan()
    return this.#reclaimer.pinned
  }

  /**
   * Memory is short: frees all that may be freed, then drops the oldest versions from the window; then
   * larger blocks serve; then pages of the reserve; then any block.
   * @param purpose TAKING …; an entry that could lie in pieces gets no page that nodes may need
   */
  makeRoom(words: number, purpose: number): boolean {
    const { allocator } = this
    const W = this.#W
    W[H_PHASE] = 1
    const waste = purpose === TAKING ? Number.POSITIVE_INFINITY : MOST_WASTE
    // Reclamation has gained all it can by then: the owner does not try again for each page.
    let found = allocator.waste >= waste && this.#mayDraw(words, purpose) && this.reserve.give()
    found ||= this.#letGo(words)
    if (!found && allocator.waste < waste) {
      allocator.waste = waste
      this.reserve.regroup()
      found = true
    } else if (!found && allocator.waste === MOST_WASTE && this.#hasGaps(words)) {
      allocator.waste = Number.POSITIVE_INFINITY
      found = true
    }
    W[H_PHASE] = 0
    return found
  }

  /** Blocks that may be pieces of an entry for which no run of free words is long enough (see Room). */
  piecesFor(words: number): number {
    const { allocator } = this
    allocator.spared = Math.max(0, this.#entriesLeave(words) - this.reserve.pages)
    // Slots of other sizes only when nothing else is to be gained.
    if (allocator.waste > 1 && this.#hasGaps(words)) return SPARE_SLOTS
    return this.sparePages * PAGE >= words ? NO_SLOTS : NOWHERE
  }

  /** More is free than so many words and a full reserve: a transaction that adds may use any of it. */
  #hasGaps(words: number): boolean {
    return this.allocator.availableWords - words >= this.reserve.most * PAGE
  }

  /**
   * A transaction that adds something gets pages, too, for nodes, and as long as more is free in gaps than a full
   * reserve: a transaction that takes away can use the gaps, others need blocks that fit.
   */
  #mayDraw(words: number, purpose: number): boolean {
    if (purpose === TAKING) return true
    const { reserve } = this
    let left = reserve.least
    if (purpose === CLOSING) left -= CLOSING_PAGES
    else if (purpose === DIVIDING) left = this.#entriesLeave(words)
    // A node leaves the block of the one that it takes the place of, for the next.
    const gaps = purpose === NODE || this.allocator.freeWords >= reserve.most * PAGE
    return words <= PAGE && reserve.pages > left && gaps
  }

  /** Frees all that may be freed; the oldest versions where that is little; point indexes at last. */
  #letGo(words: number): boolean {
    const { allocator } = this
    const before = allocator.freeWords
    this.refusal = undefined
    this.reclaim(Number.POSITIVE_INFINITY, true)
    allocator.trim()
    const newest = this.versions.newest
    const oldest = this.versions.oldest
    const enough = Math.max(words, PAGE)
    if (allocator.freeWords - before < enough && oldest < newest) {
      const keep = Math.min(newest, oldest + Math.ceil((newest - oldest) / 8))
      // Rather than lose what disk was promised to keep.
      if (this.#sealedTo(oldest) < keep) this.seal?.(this.#W[H_LOCK_TIMEOUT])
      this.shrink(oldest, keep)
      this.reclaim(Number.POSITIVE_INFINITY, true)
      allocator.trim()
    }
    if (allocator.freeWords > before || this.versions.oldest > oldest) return true
    return this.#dropTables() && allocator.freeWords > before
  }

  /** Drops the point indexes, which are worth less than data, until there is room for them again. */
  #dropTables(): boolean {
    if (!dropTables(this.#W, this.versions.newest + 1)) return false
    this.reclaim(Number.POSITIVE_INFINITY, true)
    this.allocator.trim()
    return true
  }

  /** Free pages that the reserve does not need. */
  get sparePages(): number {
    const { reserve, allocator } = this
    return allocator.availablePages - Math.max(0, reserve.most - reserve.pages)
  }

  /**
   * Where a transaction used the reserve up, refills it at the cost of history and of graveyards.
   * @returns whether the reserve suffices for a delete
   */
  provide(): boolean {
    if (!this.reserve.suffices) this.#replenish()
    return this.reserve.suffices
  }

  #replenish(): void {
    const W = this.#W
    W[H_PHASE] = 1
    do {
      this.refill()
    } while (!this.reserve.suffices && this.#letGo(this.reserve.least * PAGE))
    if (!this.reserve.suffices) {
      this.#emptyGraves()
      this.refill()
    }
    W[H_PHASE] = 0
  }

  /**
   * Drops the graveyards of the present version that no reader can ask for, where no other version is
   * left that might share them. (Otherwise the next commit to the store does it.)
   */
  #emptyGraves(): void {
    const W = this.#W
    const record = tipOf(W)
    if (W[record + R_PREV] !== 0) return
    const empty = (state: number) => {
      const rest = W[state + S_REST]
      for (const [root, words, newest] of GRAVES) {
        if (W[rest + root] === 0 || load48(W, rest + newest) > this.versions.newest) continue
        // A reader of the present version may be in it: it goes to limbo as if the next version dropped it.
        if (!this.#limbo.add(W[rest + root], this.versions.newest + 1, true)) return
        W[rest + root] = 0
        W[rest + words] = 0
      }
    }
    empty(record + R_STATE)
    walkCatalog(W, W[record + R_CATALOG], () => true, empty)
  }

  /** A transaction is over: reserves pages for the next that only takes away. */
  refill(): void {
    const { allocator, reserve } = this
    // Beyond the least, only free pages: slabs that are kept though empty are left alone.
    if (allocator.availablePages > 0) reserve.fill(reserve.most)
    if (reserve.suffices) return
    this.reclaim(Number.POSITIVE_INFINITY, true)
    allocator.trim()
    reserve.fill(reserve.most)
  }
}
