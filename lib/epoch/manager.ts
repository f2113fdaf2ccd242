/**
 * The epoch manager: publishes versions, lets old ones go, keeps what is pinned or tagged.
 *
 * One object for each thread and database. Reading parts may be used at any time; everything from
 * `lock` to `unlock` is for the owner of the writer lock. The order of the steps in `publish` is the
 * protocol (PROTOCOL.md, Commit): all that can fail comes before the one store that makes a version
 * readable, nothing after it allocates or throws.
 */
import { ZVerseError } from '../errors.js'
import { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import {
  ALLOCATOR_AT,
  CHUNK_WORDS,
  GENERATIONS,
  H_AGAIN,
  H_COMMIT_TIMES,
  H_COMMITS_SINCE_SCAN,
  H_CURRENT,
  H_DESCRIPTORS_AT,
  H_DIRTY,
  H_FIRST_PAGE,
  H_GENERATIONS,
  H_HISTORY_VERSIONS,
  H_LIMBO_HEAD,
  H_LOG_VERSION,
  H_PAGES,
  H_PHASE,
  H_POISON,
  H_PUBLISHED,
  H_RETIRED_SINCE_SCAN,
  H_SEARCH_AGAIN,
  H_SHARED,
  H_TAG_CHANGES,
  H_TAG_ROOT,
  H_UNDONE,
  H_WATCHERS,
  INLINE_MAX,
  LEAST_CHUNK,
  MAX_VERSION,
  OVERFLOW_WORDS,
  PAGE,
  R_CATALOG,
  R_DEAD_HEAD,
  R_INLINE,
  R_ITEMS,
  R_NEXT,
  R_PENDING_HEAD,
  R_PREV,
  R_REPLACED,
  R_STATE,
  R_TAGS,
  R_TIME,
  R_UNTIL,
  R_VERSION,
  WRITING_NOT,
  WRITING_VERB,
} from '../memory/layout.js'
import { load48, store48 } from '../memory/words.js'
import { blockAt } from './block.js'
import { birthCode, Chunks } from './chunks.js'
import { type Claim, giveBack, giveBackWith } from './claims.js'
import { type Environment, monotonic, timeIn } from './clock.js'
import { Past, type Stamp, writeBounds } from './past.js'
import { canUndo, recover } from './recovery.js'
import type { Bounds } from './retention.js'
import { Ring } from './ring.js'
import { Slots } from './slots.js'
import { noteTime } from './times.js'
import { Turn } from './turn.js'
import { Watch } from './watch.js'
import { nodeBirth, Workspace } from './workspace.js'

/** Pages that the smallest trees and records around a large value take. */
const SPARE_PAGES = 16
/** Blocks a commit frees beside two for each of its own allocations. */
const FREE_BUDGET = 64
/** One commit in so many has its time taken. */
const SAMPLED = 15

export class EpochManager {
  readonly arena: Arena
  readonly allocator: Allocator
  readonly ring: Ring
  readonly slots: Slots
  readonly space: Workspace
  /** Tells of commits. */
  readonly watch: Watch
  readonly threadId: number
  /** This handle's line. */
  readonly line: number
  /** Words of the largest block that an empty database could hold. */
  readonly largest: number

  readonly #W: Uint32Array
  readonly #claim: Claim
  readonly #chunks: Chunks
  readonly #past: Past
  readonly #turn: Turn
  readonly #environment: Environment
  /** The commit lets all of the past go. */
  #forgetful = false
  #stamp: Stamp | undefined
  /** Transactions begun; when the present one began, if its time is taken. */
  #begun = 0
  #began = 0
  /** What time it was at `prepare`: asking may run code that throws, after which there is no commit. */
  #now = 0

  constructor(claim: Claim, environment: Environment, announced: boolean) {
    const { arena, line, threadId } = claim
    const W = arena.words
    this.#claim = claim
    this.arena = arena
    this.#W = W
    this.line = line
    this.allocator = new Allocator(arena, ALLOCATOR_AT, W[H_DESCRIPTORS_AT], W[H_PAGES])
    this.#chunks = new Chunks(W, this.allocator)
    this.allocator.poison = W[H_POISON] !== 0
    this.#environment = environment
    this.threadId = threadId
    this.ring = new Ring(arena)
    this.#past = new Past(arena, this.allocator, this.#chunks, this.ring)
    const pages = W[H_PAGES] - W[H_FIRST_PAGE] - this.#past.reserve.most - SPARE_PAGES
    this.largest = Math.min(pages * PAGE, 2 ** 30)
    this.space = new Workspace(arena, this.allocator, {
      make: (words, divisible) => this.#past.makeRoom(words, divisible) || this.#turn.waitForRoom(),
      pieces: words => this.#past.piecesFor(words),
    })
    this.#turn = new Turn(claim, () => recover(arena, this.allocator, this.#chunks, this.ring))
    const shared = W[H_SHARED] !== 0
    if (shared) giveBackWith(this, claim)
    this.watch = new Watch(arena, line, shared)
    this.slots = new Slots(arena, line, announced || shared, link => this.#overflowBlock(link))
    this.#past.slots = this.slots
  }

  // ── Reading ───────────────────────────────────────────────────────────────────────────────────

  /** The newest record. */
  get current(): number {
    return Atomics.load(this.#W, H_CURRENT)
  }

  /** Root of the tag tree, to be read under FROM_ALL. */
  get tagRoot(): number {
    return Atomics.load(this.#W, H_TAG_ROOT)
  }

  /** The newest version; for the writer, or between `slots.enter` and `exit`. */
  get newest(): number {
    return this.#past.newest
  }

  /** The oldest version that can be read by number, as of a moment when `newest` was the newest. */
  oldestBefore(newest: number): number {
    return this.#past.oldestBefore(newest)
  }

  get oldest(): number {
    return this.#past.oldest
  }

  /** The time, ms since 1970; `before` where the clock answers nonsense. Throws what the clock throws. */
  timeAfter(before: number): number {
    return timeIn(this.#environment, before)
  }

  /**
   * True if no hint that is announced, here or anywhere, can be of a version long ago: no other thread
   * has the database, and this one holds nothing by hints.
   */
  get isAlone(): boolean {
    return this.#W[H_SHARED] === 0 && !this.slots.holdsByHint
  }

  /** True if some version before the present one may be kept. */
  get keepsPast(): boolean {
    return this.arena.floats[H_HISTORY_VERSIONS / 2] > 0
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /** True from `begin` to the end of the transaction; a call that should not find it so was cut off. */
  get writing(): boolean {
    return this.#turn.busy
  }

  /** True from `begin` or `keepTurn` to the end of it. */
  get hasTurn(): boolean {
    return this.#turn.kind !== WRITING_NOT
  }

  /** Takes the turn for several transactions in a row, each begun with `held`. */
  keepTurn(kind: number): void {
    this.#turn.keep(kind)
  }

  /** The turn goes with the transaction under way, at once if there is none. Idempotent. */
  stopKeepingTurn(): void {
    this.#turn.stopKeeping()
  }

  /**
   * Takes the writer lock, mends what a dead owner left, and begins a transaction.
   * @param kind WRITING_…: what the lock is taken for
   * @param held the lock has been taken already
   * @param stamp what the commit is to be; its version comes after the present one
   */
  begin(kind: number, held = false, stamp?: Stamp): void {
    const timed = (++this.#begun & SAMPLED) === 0
    this.#turn.take(kind, held)
    this.#began = timed ? monotonic() : 0
    const W = this.#W
    this.#stamp = stamp
    const version = stamp?.version ?? load48(W, W[H_CURRENT] + R_VERSION) + 1
    if (version > MAX_VERSION) {
      this.#turn.give()
      const message = 'there are no version numbers left: load a dump of it into a new database'
      throw new ZVerseError('ZVERSE_FULL', message)
    }
    this.#past.begin(true)
    this.#forgetful = false
    this.#start(version, version)
    if (!this.#past.reserve.suffices) this.#past.replenish()
  }

  /**
   * The transaction is about to add something: from now on it may not use the reserve, which must
   * be there for a delete or a clear to come.
   * @throws ZVerseError `ZVERSE_FULL`
   */
  spend(): void {
    if (!this.#past.spend()) throw this.space.full()
  }

  /** Words that the versions before the present one hold and it does not: what their end would free. */
  get pastWords(): number {
    const W = this.#W
    const newest = this.newest
    const first = this.ring.record(this.oldestBefore(newest))
    return first === 0 ? 0 : load48(W, this.current + R_REPLACED) - load48(W, first + R_REPLACED)
  }

  #start(birth: number, logVersion: number): void {
    store48(this.#W, H_LOG_VERSION, logVersion)
    this.space.begin(birth)
    this.#W[H_DIRTY] = 1
  }

  /** Waits for the turn without blocking the thread; `taken` then begins. */
  waitForTurn(goesOn: () => void, taken: () => void): Promise<void> {
    return this.#turn.waitFor(goesOn, taken)
  }

  /** Runs `body` while nobody writes. */
  exclusively<T>(body: () => T): T {
    this.#turn.take(WRITING_VERB)
    try {
      return body()
    } finally {
      this.#turn.give()
    }
  }

  /** Runs `body` while nobody writes, if that needs no waiting; undefined otherwise. */
  tryExclusively<T>(body: () => T): T | undefined {
    if (this.#turn.mine) return body()
    if (!this.#turn.tryTake(WRITING_VERB)) return undefined
    try {
      return body()
    } finally {
      this.#turn.give()
    }
  }

  /** Nothing older than the transaction's version will be kept, tags and pins apart. */
  forgetPast(): void {
    this.#forgetful = true
  }

  /** Undoes the transaction and releases the lock. */
  abort(): void {
    if (canUndo(this.#W, this.allocator)) this.space.abort()
    else this.#turn.mend()
    this.#W[H_PHASE] = 1
    this.#past.refill()
    this.#W[H_PHASE] = 0
    this.#turn.give()
  }

  /** Puts things right after a commit that was cut off; leaves that to the next writer if it fails. */
  tryAbort(): void {
    try {
      if (this.writing) this.abort()
      else this.#turn.letGo()
    } catch {
      // There is no stack left: the lock is dirty, and whoever takes it next recovers.
    }
  }

  /**
   * Makes the record of the transaction's version: all that can fail. The caller then sets the state
   * of the unnamed store and the catalog, and publishes.
   * @throws ZVerseError `ZVERSE_FULL`; the transaction can still be aborted.
   */
  prepare(): number {
    const W = this.#W
    const space = this.space
    const version = space.version
    const previous = W[H_CURRENT]
    // What the user did between begin and commit is no part of the commit's time.
    if (this.#began !== 0 && this.#turn.kind !== WRITING_VERB) {
      this.#began = monotonic()
    }
    this.#past.close()
    this.#past.ensureSegment(version, space)
    this.#chunks.ensureSpare()
    const inline = space.retired.count <= INLINE_MAX && space.trees.count === 0
    const items = inline ? space.retired.count : 0
    const record = space.allocate(R_ITEMS + 2 * items)
    // What follows is the caller's to set, or set below.
    for (let at = record + R_CATALOG; at < record + R_STATE; at++) W[at] = 0
    store48(W, record + R_VERSION, version)
    const last = load48(W, previous + R_TIME)
    // Where all of the past goes no bound is looked at; and a load that is undone cannot have a clock throw.
    this.#now = this.#forgetful && this.#stamp !== undefined ? last : this.timeAfter(last)
    store48(W, record + R_TIME, this.#stamp?.time ?? Math.max(this.#now, last))
    W[record + R_PREV] = previous
    if (inline) {
      const retired = space.retired.items
      const births = space.births.items
      for (let i = 0; i < items; i++) {
        W[record + R_ITEMS + 2 * i] = retired[i]
        W[record + R_ITEMS + 2 * i + 1] = birthCode(births[i], version)
      }
      W[record + R_INLINE] = items
    } else {
      this.#fillChunks(record, version)
    }
    const old = Allocator.roundUp(R_ITEMS + 2 * W[previous + R_INLINE])
    const replaced = load48(W, previous + R_REPLACED) + space.retiredWords + old
    store48(W, record + R_REPLACED, replaced)
    return record
  }

  /** Puts what the transaction retires into chunks of `record`'s dead list. */
  #fillChunks(record: number, version: number): void {
    const { retired, births, trees } = this.space
    for (let i = 0; i < retired.count; i++) {
      this.#addDead(record + R_DEAD_HEAD, version, retired.items[i], births.items[i], false)
    }
    // A dropped tree may be younger than what its predecessor sees, or in part: it is pending.
    for (let i = 0; i < trees.count; i++) {
      const root = trees.items[i]
      this.#addDead(record + R_PENDING_HEAD, version, root, nodeBirth(this.#W, root), true)
    }
    if (trees.count === 0) return
    this.#W[H_UNDONE] = 1
    this.#W[H_SEARCH_AGAIN] = 1
  }

  #addDead(list: number, version: number, ref: number, birth: number, tree: boolean): void {
    const W = this.#W
    let chunk = W[list + 1]
    if (!this.#chunks.hasRoom(chunk)) {
      chunk = this.space.allocateUpTo(CHUNK_WORDS, LEAST_CHUNK)
      this.#chunks.init(chunk, version)
      this.#chunks.append(list, chunk)
    }
    this.#chunks.add(chunk, ref, birthCode(birth, version), tree)
  }

  /**
   * The tables of point indexes are about to tell of the prepared version. What fails from here on to
   * the end of `publish` is for recovery to mend.
   */
  beginIndexing(): void {
    this.#W[H_PHASE] = 1
  }

  /** Pages that nothing else has a claim to. */
  get sparePages(): number {
    return this.#past.sparePages
  }

  /** True if `count` blocks can be {@link unlink}ed without running out of memory. */
  canUnlink(count: number): boolean {
    return this.#chunks.roomFor(H_LIMBO_HEAD, count)
  }

  /** A block beside the chain will be out of reach for reads that begin at `version` or later. */
  unlink(ref: number, version: number): void {
    this.#chunks.push(H_LIMBO_HEAD, ref, version, false)
  }

  /** Publishes the prepared record and ends the transaction. Neither allocates nor throws. */
  publish(record: number): number {
    const W = this.#W
    const version = this.space.version
    const previous = W[H_CURRENT]
    const allocations = this.space.allocations
    const last = load48(W, previous + R_VERSION)
    W[previous + R_NEXT] = record
    store48(W, previous + R_UNTIL, this.#stamp?.ended ?? load48(W, record + R_TIME))
    this.ring.set(version, record)
    // The commit point. Everything written before is seen by whoever loads this.
    Atomics.store(W, H_CURRENT, record)
    Atomics.store(W, H_PUBLISHED, version >>> 0)
    if (Atomics.load(W, H_WATCHERS) !== 0) Atomics.notify(this.arena.signed, H_PUBLISHED)
    W[H_PHASE] = 1
    this.space.finish()
    W[H_COMMITS_SINCE_SCAN]++
    const replaced = load48(W, record + R_REPLACED) - load48(W, previous + R_REPLACED)
    W[H_RETIRED_SINCE_SCAN] = Math.min(W[H_RETIRED_SINCE_SCAN] + replaced, 0xffffffff)
    if (version !== last + 1) this.#past.beginAnew(this.oldestBefore(last), last, version)
    else if (this.#forgetful) this.#past.shrink(this.oldestBefore(version), version)
    else this.#past.applyBounds(version, this.#now)
    this.#past.reclaim(FREE_BUDGET + 2 * allocations, false)
    this.#past.refill()
    W[H_PHASE] = 0
    this.#turn.give()
    this.#turn.lookAround()
    if (this.#began !== 0) noteTime(W, H_COMMIT_TIMES, monotonic() - this.#began)
    this.watch.tell()
    return version
  }

  // ── The past ──────────────────────────────────────────────────────────────────────────────────

  /** Lets go of all versions before `version`; for `prune`. */
  prune(version: number): void {
    this.#maintain(() => this.#past.shrink(this.oldest, version))
  }

  /** Runs `change` under the lock as a change that makes no version, then reclaims. */
  #maintain(change: () => void): void {
    this.#turn.take(WRITING_VERB)
    this.#start(MAX_VERSION, MAX_VERSION)
    this.#W[H_PHASE] = 1
    change()
    this.#W[H_AGAIN] = 1
    this.#past.reclaim(Number.POSITIVE_INFINITY, true)
    this.#past.refill()
    this.#W[H_PHASE] = 0
    this.#turn.give()
  }

  /** Changes the bounds; the next commit applies them. */
  setBounds(bounds: Bounds): void {
    this.#maintain(() => writeBounds(this.arena, bounds))
  }

  // ── Tags ──────────────────────────────────────────────────────────────────────────────────────

  /** Begins a change of the tag tree, whose nodes have births of their own. */
  beginTags(): void {
    this.#turn.take(WRITING_VERB)
    const W = this.#W
    const change = load48(W, H_TAG_CHANGES) + 1
    store48(W, H_TAG_CHANGES, change)
    this.#past.begin(false)
    this.#start(change, MAX_VERSION)
  }

  /**
   * Publishes a new tag tree.
   * @param added record that gets a tag, or 0
   * @param removed record that loses one, or 0
   */
  publishTags(root: number, added: number, removed: number): void {
    const W = this.#W
    const space = this.space
    while (!this.#chunks.roomFor(H_LIMBO_HEAD, space.retired.count)) {
      if (!this.#past.makeRoom(PAGE, false)) throw space.full()
    }
    W[H_PHASE] = 1
    // On the list before it is unlinked: recovery keeps what is there, and drops what is still in use.
    const newest = this.newest
    const { items, count } = space.retired
    for (let i = 0; i < count; i++) this.#chunks.push(H_LIMBO_HEAD, items[i], newest, false)
    if (added !== 0) W[added + R_TAGS]++
    Atomics.store(W, H_TAG_ROOT, root)
    if (removed !== 0) W[removed + R_TAGS]--
    space.finish()
    W[H_AGAIN] = 1
    this.#past.reclaim(FREE_BUDGET, true)
    this.#past.refill()
    W[H_PHASE] = 0
    this.#turn.give()
  }

  /** Other threads may read and write from now on. */
  share(): void {
    giveBackWith(this, this.#claim)
    this.slots.announced = true
    this.watch.share()
  }

  /** Gives up all pins and this handle's line. */
  close(): void {
    this.watch.clear()
    this.slots.forget()
    this.#turn.close()
    giveBack(this.#claim)
  }

  // ── Slots ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * A block of pin slots, linked at word `link`, for a handle that holds more snapshots than its
   * line has room for. 0 where that would mean to wait: a read never does.
   */
  #overflowBlock(link: number): number {
    return blockAt(this.#W, this.allocator, this.#turn, link, OVERFLOW_WORDS, 0)
  }

  /**
   * Makes the table of generation numbers, if that needs no waiting. Not in the middle of a transaction
   * of this thread, which has not noted what the numbers are about. They begin as of now: 0 would be the
   * low word of another version.
   */
  makeGenerations(): void {
    if (this.#W[H_GENERATIONS] === 0 && !this.#turn.mine) {
      blockAt(this.#W, this.allocator, this.#turn, H_GENERATIONS, GENERATIONS, this.newest)
    }
  }
}
