/**
 * The blocks that one write transaction allocates, replaces and retires.
 *
 * For the owner of the writer lock. The undo log (undo-log.ts) is in the arena, so that the next owner can
 * undo after a death; the lists of retired and discarded blocks are this thread's own, for they matter only
 * to a transaction that ends in an orderly way. Invariants:
 * 1. Each block that the transaction has allocated is in the undo log exactly once until it ends; the pieces
 *    of an entry are there by the entry, as an odd item (loose.ts).
 * 2. A block of this transaction that it replaces itself was never readable: it is used again at
 *    once, unless a cursor of this very transaction may still see it; then it waits for the end.
 * 3. A block that an older version sees only ever goes on the retired list.
 * 4. A node is changed in place only if it bears this version and the present edition, a unit only if it was
 *    added in that edition. Opening a cursor begins a new edition, and so does a savepoint.
 */

import { assert, type ZVerseError } from '../errors.js'
import { Allocator, ANY_SLOTS, SPARE_SLOTS } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import { birthOf } from '../memory/birth.js'
import { entryWords, isInPieces, markInPieces, valueAt, versionOf } from '../memory/entry.js'
import {
  H_DIRTY,
  H_LOG_COUNT,
  H_LOG_VERSION,
  H_PHASE,
  INLINE_MAX,
  LEAST_PIECE,
  N_CHANGED,
  P_DATA,
  P_NEXT,
  P_WORDS,
  UNITS,
} from '../memory/layout.js'
import { List } from '../memory/list.js'
import { store48 } from '../memory/words.js'
import { fullError } from './full.js'
import { freeAtOnce, freeItem, itemOf } from './loose.js'
import { nodeWords } from './node.js'
import { ADDING, CLOSING, DIVIDING, MOST_WASTE, NODE, NOWHERE, type Room, TAKING } from './room.js'
import { entrySize, nodeSize } from './size.js'
import { logEntry, logWord, trimLog, undoLog } from './undo-log.js'

/** Editions that fit a node's header; beyond, no node is changed in place any more. */
const MAX_EDITION = 0xffff
/** Largest block, in words, that is kept for use within the transaction. */
const POOL_WORDS = 256

/** The state of a transaction to roll back to. */
export interface Savepoint {
  readonly logged: number
  readonly retired: number
  readonly trees: number
  readonly discarded: number
  readonly retiredWords: number
}

export class Workspace {
  /** The version a commit would make. */
  version = 0
  /** Retired blocks and their births: the record's dead list is made of them. */
  readonly retired = new List()
  readonly births = new List()
  /** Roots of whole trees it drops. */
  readonly trees = new List()
  retiredWords = 0
  /** Allocations of the transaction so far, used up or not. */
  allocations = 0
  /** Words of the largest block that an empty database could hold. */
  largest = 0
  /** The reserve suffices for a delete: the transaction may add something. */
  suffices = true
  /** Only the record and its lists are left to allocate. */
  closing = false
  /** Tests: the n-th allocation from now fails. */
  failAfter = Number.POSITIVE_INFINITY

  readonly #W: Uint32Array
  readonly #allocator: Allocator
  readonly #maxBytes: number
  readonly #room: Room
  readonly #discarded = new List()
  /** Heads of lists of blocks to use again, by half their size. */
  readonly #pool: Uint32Array = new Uint32Array(POOL_WORDS / 2 + 1)
  #pooled = false
  /** The last allocation failed because a test made it fail. */
  injected = false
  /** The entry allocated last lies in pieces. */
  inPieces = false
  /** The transaction has only taken away so far. */
  #isFrugal = true
  #birthLow = 0
  #birthHigh = 0
  #edition = 0
  /** Second birth word of nodes that may be changed in place; -1 when none may. */
  #own = 0
  /** After the first edition: by address, the units that a node had before the present one added any. */
  readonly #units = new Map<number, number>()

  constructor(arena: Arena, allocator: Allocator, room: Room) {
    this.#W = arena.words
    this.#allocator = allocator
    this.#maxBytes = arena.words.length * 4
    this.#room = room
  }

  /**
   * Begins a transaction; from here on the arena is dirty.
   * @param version it makes, or number of its change
   * @param published the version from which on it is published
   * @param isFrugal it only takes away, until it may {@link spend}
   */
  begin(version: number, published: number, isFrugal: boolean): void {
    // The undo log's version first, so that no recovery judges by another transaction's.
    store48(this.#W, H_LOG_VERSION, published)
    this.#W[H_DIRTY] = 1
    this.version = version
    this.closing = false
    this.#isFrugal = isFrugal
    this.#allocator.waste = 1
    this.#allocator.spared = 0
    this.#birthLow = version >>> 0
    this.#birthHigh = Math.floor(version / 2 ** 32)
    this.#edition = 0
    this.#own = this.#birthHigh
    this.#units.clear()
    this.#clear()
  }

  /**
   * The transaction is about to add something: from now on it may not use the reserve, which a later delete
   * or clear must find.
   * @throws ZVerseError `ZVERSE_FULL`
   */
  spend(): void {
    this.#isFrugal = false
    if (this.#allocator.waste > MOST_WASTE) this.#allocator.waste = MOST_WASTE
    if (!this.suffices) throw this.full()
  }

  /** What a block is for that is neither a node nor an entry. */
  get #purpose(): number {
    return this.closing ? CLOSING : ADDING
  }

  /** @param purpose of a transaction that adds something */
  #makeRoom(words: number, purpose: number): boolean {
    const made = this.#room.make(words, this.#isFrugal ? TAKING : purpose)
    this.suffices = this.#room.suffices()
    return made
  }

  /** From here on no node made so far is changed in place, and no unit: a cursor may see them. */
  freeze(): void {
    this.#units.clear()
    if (this.#edition < MAX_EDITION) this.#edition++
    this.#own = this.#edition === MAX_EDITION ? -1 : this.#edition * 65536 + this.#birthHigh
  }

  /** True if the node at an address may be changed in place. */
  isOwn(address: number): boolean {
    const W = this.#W
    return W[address] === this.#birthLow && W[address + 1] === this.#own
  }

  /** A unit is about to be added to the node at an address, which has so many. */
  adds(address: number, units: number): void {
    if (this.#edition > 0 && !this.#units.has(address)) this.#units.set(address, units)
  }

  /** The first of so many units of the node at an address that may be of the present edition. */
  firstUnit(address: number, units: number): number {
    return this.#edition === 0 ? 0 : (this.#units.get(address) ?? units)
  }

  /** Writes birth and edition into a new node, which no unit has changed. */
  stampNode(node: number): void {
    const W = this.#W
    W[node] = this.#birthLow
    W[node + 1] = this.#edition * 65536 + this.#birthHigh
    W[node + N_CHANGED] = 0
    W[node + N_CHANGED + 1] = 0
  }

  /** True if a block was born in this transaction. */
  isNew(block: number): boolean {
    const W = this.#W
    return W[block] === this.#birthLow && (W[block + 1] & 0xffff) === this.#birthHigh
  }

  /**
   * A block of at least `words` words.
   * @throws ZVerseError `ZVERSE_FULL { used, max }`; nothing is changed then.
   */
  allocate(words: number): number {
    this.injected = false
    let ref = this.tryAllocate(words)
    while (ref === 0) {
      if (this.injected || !this.#makeRoom(words, this.#purpose)) throw this.full()
      ref = this.tryAllocate(words)
    }
    return ref
  }

  /** A block for a node, at a multiple of NODE_ALIGN; otherwise as {@link allocate}. */
  allocateNode(level: number, capacity: number): number {
    const words = nodeWords(level, capacity)
    this.injected = false
    let ref = this.tryAllocateNode(words)
    while (ref === 0) {
      if (this.injected || !this.#makeRoom(words, NODE)) throw this.full()
      ref = this.tryAllocateNode(words)
    }
    return ref
  }

  /**
   * A block of `words` words, or a smaller one where none is as large.
   * @param least words it must have
   * @throws ZVerseError `ZVERSE_FULL`; nothing is changed then.
   */
  allocateUpTo(words: number, least: number): number {
    this.injected = false
    let ref = this.tryAllocate(words)
    if (ref === 0 && !this.injected) ref = this.#logged(words, Math.max(least, words >>> 2))
    while (ref === 0) {
      if (this.injected || !this.#makeRoom(least, this.#purpose)) throw this.full()
      ref = this.#logged(words, least)
    }
    return ref
  }

  /**
   * A block for an entry; sets {@link inPieces}. Pieces of an entry are linked then, and its META says so.
   * @throws ZVerseError `ZVERSE_FULL`; nothing is changed then.
   */
  allocateEntry(keyBytes: number, words: number): number {
    this.injected = false
    this.inPieces = false
    const size = entryWords(keyBytes, words * 4)
    // Where larger blocks serve, the entry must not take those that nodes need first.
    if (this.#allocator.waste === 1) {
      const whole = this.tryAllocate(size)
      if (whole !== 0) return whole
    }
    const least = words > P_DATA ? size - words + P_DATA : size
    for (;;) {
      const from = this.injected ? NOWHERE : this.#room.pieces(size)
      let ref = from === NOWHERE ? 0 : this.#inPieces(keyBytes, size, least, from)
      if (ref > 0) return ref
      const { waste } = this.#allocator
      const isLast = waste === Number.POSITIVE_INFINITY
      // A page of the reserve may help where only the first block is missing.
      const missing = ref < 0 && isLast ? least : size
      const serves = waste === 1 ? this.#allocator.hasExactly(size) : from !== SPARE_SLOTS || isLast
      if (serves && !this.injected) {
        ref = this.tryAllocate(size)
        if (ref !== 0) return ref
      }
      const purpose = missing === size ? DIVIDING : ADDING
      if (this.injected || !this.#makeRoom(missing, purpose)) throw this.full()
    }
  }

  /**
   * An entry of `size` words in pieces, the largest that there are; in one block, if one is large enough.
   * @param least words of its first
   * @param from which slots they may be (see `Allocator.allocateUpTo`)
   * @returns 0 where there is not enough, -1 where only the first is missing; nothing is changed then
   */
  #inPieces(keyBytes: number, size: number, least: number, from: number): number {
    const W = this.#W
    const at = logWord(W, this.#allocator)
    if (at === 0) return 0
    // The pieces are not in the undo log: H_PHASE tells recovery to mark, should this end in the middle.
    W[H_PHASE] = 1
    const exact = this.#allocator.hasExactly(size) && !this.#fails()
    const entry = (exact && this.#allocator.allocateExactly(size)) || this.#piece(size, least, from)
    const isWhole = entry !== 0 && this.#allocator.sizeOf(entry) >= size
    if (entry !== 0 && (isWhole || this.#link(entry, keyBytes, size, from))) {
      W[at] = itemOf(entry, !isWhole)
      W[H_LOG_COUNT]++
      this.inPieces = !isWhole
    }
    W[H_PHASE] = 0
    if (entry === 0) return -1
    return isWhole || this.inPieces ? entry : 0
  }

  /** Finds pieces for an entry whose first block is too small; false, with that block freed, if it cannot. */
  #link(entry: number, keyBytes: number, size: number, from: number): boolean {
    const W = this.#W
    const allocator = this.#allocator
    markInPieces(W, entry, keyBytes)
    let piece = valueAt(W, entry)
    let left = size - (piece - entry)
    let room = allocator.sizeOf(entry) - (piece - entry) - P_DATA
    for (;;) {
      W[piece + P_NEXT] = 0
      W[piece + P_WORDS] = Math.min(left, room)
      left -= W[piece + P_WORDS]
      if (left === 0) return true
      const next = this.#piece(P_DATA + left, LEAST_PIECE, from)
      if (next === 0) break
      W[piece + P_NEXT] = next
      piece = next
      room = allocator.sizeOf(next) - P_DATA
    }
    freeAtOnce(W, allocator, itemOf(entry, true))
    return false
  }

  #piece(words: number, least: number, from: number): number {
    if (this.injected || this.#fails()) return 0
    this.allocations++
    return this.#allocator.allocateUpTo(words, least, from)
  }

  /** The error for a full database. */
  full(): ZVerseError {
    const used = (this.#allocator.writtenWords - this.#allocator.freeWords) * 4
    return fullError(used, this.#maxBytes, this.#room.refusal())
  }

  /** Like {@link allocate}, but 0 where no free block fits. */
  tryAllocate(words: number): number {
    if (this.#fails()) return 0
    this.allocations++
    return this.#pooledBlock(words, 0) || this.#logged(words, words)
  }

  /** Like {@link allocateNode}, for `words` words, but 0 where no free block fits. */
  tryAllocateNode(words: number): number {
    if (this.#fails()) return 0
    this.allocations++
    // Where larger blocks served, an entry may have left one that lies elsewhere.
    return this.#pooledBlock(words, UNITS) || this.#logged(words, words, true)
  }

  /** A block of the pool, at an address without bits of `mask`; 0: there is none. */
  #pooledBlock(words: number, mask: number): number {
    if (words > POOL_WORDS || !this.#pooled) return 0
    const slot = Allocator.roundUp(words) >>> 1
    const ref = this.#pool[slot]
    if (ref === 0 || (ref & mask) !== 0) return 0
    this.#pool[slot] = this.#W[ref]
    return ref
  }

  /** A new block of up to `words` words, `least` at the least, in the undo log; 0: there is none. */
  #logged(words: number, least: number, isNode = false): number {
    const W = this.#W
    const at = logWord(W, this.#allocator)
    if (at === 0) return 0
    const allocator = this.#allocator
    // A death between the allocation and its log entry would leak the block: H_PHASE tells recovery to mark.
    W[H_PHASE] = 1
    const ref =
      least === words
        ? allocator.allocate(words, isNode)
        : allocator.allocateUpTo(words, least, ANY_SLOTS)
    if (ref !== 0) {
      W[at] = ref
      W[H_LOG_COUNT]++
    }
    W[H_PHASE] = 0
    return ref
  }

  /** Tests: true if this allocation is to fail. */
  #fails(): boolean {
    if (--this.failAfter > 0) return false
    this.failAfter = Number.POSITIVE_INFINITY
    this.injected = true
    return true
  }

  /** Retires the node at an address, which is no longer part of the tree. */
  retireNode(address: number): void {
    const W = this.#W
    const size = nodeSize(W, address)
    if (this.isNew(address)) {
      // A node of an earlier edition may have a cursor on it.
      this.#reuse(address, size, this.isOwn(address))
    } else {
      this.#retire(address, birthOf(W, address), size)
    }
  }

  /** Retires an entry that is no longer part of the tree. */
  retireEntry(entry: number): void {
    const W = this.#W
    const size = entrySize(W, entry)
    if (isInPieces(W, entry)) {
      const item = itemOf(entry, true)
      if (this.isNew(entry)) this.#discarded.push(item)
      else this.#retire(item, versionOf(W, entry), size)
    } else if (this.isNew(entry)) this.#reuse(entry, size, this.#edition === 0)
    else this.#retire(entry, versionOf(W, entry), size)
  }

  /** Retires any other block, made in version `birth`, that is no longer reachable. */
  retireBlock(ref: number, birth: number, words: number): void {
    const size = Allocator.roundUp(words)
    if (birth === this.version) this.#reuse(ref, size, this.#edition === 0)
    else this.#retire(ref, birth, size)
  }

  /** Items of what the transaction retires that go into the record itself: all of them, or none. */
  get inlineItems(): number {
    return this.retired.count <= INLINE_MAX && this.trees.count === 0 ? this.retired.count : 0
  }

  /** A whole tree of `words` words is dropped; what is born in this transaction goes with it. */
  retireTree(root: number, words: number): void {
    if (root === 0) return
    this.trees.push(root)
    this.retiredWords += words
  }

  #retire(ref: number, birth: number, size: number): void {
    this.retired.push(ref)
    this.births.push(birth)
    this.retiredWords += size
  }

  #reuse(ref: number, size: number, unseen: boolean): void {
    if (unseen && size <= POOL_WORDS) {
      this.#W[ref] = this.#pool[size >>> 1]
      this.#pool[size >>> 1] = ref
      this.#pooled = true
    } else {
      this.#discarded.push(ref)
    }
  }

  /** A state to {@link rollback} to. Until then no block made before is changed or reused. */
  savepoint(): Savepoint {
    this.freeze()
    this.#releasePool()
    return {
      logged: this.#W[H_LOG_COUNT],
      retired: this.retired.count,
      trees: this.trees.count,
      discarded: this.#discarded.count,
      retiredWords: this.retiredWords,
    }
  }

  /** Undoes all allocations and retirements since the savepoint. */
  rollback(to: Savepoint): void {
    this.#undo(to.logged)
    this.retired.cut(to.retired)
    this.births.cut(to.retired)
    this.trees.cut(to.trees)
    this.#discarded.cut(to.discarded)
    this.retiredWords = to.retiredWords
    this.freeze()
  }

  /** Takes the block allocated last out of the undo log: an abort does not free it. */
  keep(ref: number): void {
    const W = this.#W
    const n = W[H_LOG_COUNT] - 1
    assert(W[logEntry(W, n)] === ref, 'the block to keep was logged last')
    W[H_LOG_COUNT] = n
  }

  /**
   * Empties the undo log: an abort that comes to nothing else leaves what was allocated so far to recovery, which
   * marks. For a transaction whose version is the present one: it is always undone in that way.
   */
  leaveToRecovery(): void {
    this.#dropLog()
  }

  /** After the commit: frees the blocks that the transaction replaced itself, and empties the undo log. */
  finish(): void {
    this.#releasePool()
    const { items, count } = this.#discarded
    for (let i = 0; i < count; i++) freeItem(this.#W, this.#allocator, items[i])
    this.#dropLog()
    this.#clear()
  }

  /** Undoes everything. */
  abort(): void {
    this.#undo(0)
    this.#clear()
  }

  /** Frees all blocks logged from entry `from` on; the undo log keeps those before. */
  #undo(from: number): void {
    this.#pool.fill(0)
    this.#pooled = false
    undoLog(this.#W, this.#allocator, from)
  }

  /**
   * Blocks in the pool are in the undo log already; here they become discarded ones, so that each block
   * allocated from now on is new, and logged after this point.
   */
  #releasePool(): void {
    if (!this.#pooled) return
    for (let i = 0; i < this.#pool.length; i++) {
      for (let ref = this.#pool[i]; ref !== 0; ref = this.#W[ref]) this.#discarded.push(ref)
      this.#pool[i] = 0
    }
    // Last: a pool that this was cut off in the middle of is emptied before the next transaction.
    this.#pooled = false
  }

  #dropLog(): void {
    this.#W[H_LOG_COUNT] = 0
    trimLog(this.#W, this.#allocator)
  }

  #clear(): void {
    this.retired.cut(0)
    this.births.cut(0)
    this.trees.cut(0)
    this.#discarded.cut(0)
    this.retiredWords = 0
    this.allocations = 0
    if (this.#pooled) this.#pool.fill(0)
    this.#pooled = false
  }
}
