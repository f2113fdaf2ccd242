/**
 * What one write transaction allocates, replaces and retires; the undo log.
 *
 * For the holder of the writer lock. The log is in the arena, so that whoever finds a dead owner's
 * lock can undo; the lists of what the transaction retires and discards are this thread's own, for
 * they matter only to a transaction that ends in an orderly way. Invariants:
 * 1. Each block the transaction has allocated is in the log exactly once until it ends.
 * 2. A block of this transaction that it replaces itself was never readable: it is used again at
 *    once, unless a cursor of this very transaction may still see it; then it waits for the end.
 * 3. A block that an older version sees is only ever put on the retired list.
 * 4. A node is changed in place only if it bears this version and the present edition. Opening a
 *    cursor begins a new edition.
 */
import { assert, ZVerseError } from '../errors.js'
import { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import {
  E_KEY,
  E_LENGTH,
  H_LOG_CHUNK,
  H_LOG_CHUNKS,
  H_LOG_COUNT,
  H_PHASE,
  LOG_AT,
  LOG_CHUNK,
  LOG_INLINE,
  N_BIRTH,
} from '../memory/layout.js'
import { List } from '../memory/list.js'
import { capacityOf, levelOf, nodeWords } from '../memory/node.js'
import { keyBytesOf, versionOf } from '../memory/words.js'

/** Editions that fit a node's header; beyond, nothing is changed in place any more. */
const MAX_EDITION = 0xffff
/** Largest block, in words, that is kept for use within the transaction. */
const POOL_WORDS = 256

/** Asked when an allocation does not fit; true if it is worth trying again. */
export type MakeRoom = (words: number) => boolean

/** Where a transaction stood, to come back to. */
export interface Savepoint {
  readonly logged: number
  readonly retired: number
  readonly trees: number
  readonly discarded: number
  readonly retiredWords: number
}

/** Words an entry of `keyBytes` and `valueBytes` takes. */
export function entryWords(keyBytes: number, valueBytes: number): number {
  return E_KEY + ((keyBytes + 3) >>> 2) + Math.ceil(valueBytes / 4)
}

/** Words the block of an entry takes in the arena. */
export function entrySize(W: Uint32Array, entry: number): number {
  return Allocator.roundUp(entryWords(keyBytesOf(W, entry), W[entry + E_LENGTH]))
}

/** Words the block of a node takes in the arena. */
export function nodeSize(W: Uint32Array, node: number): number {
  return Allocator.roundUp(nodeWords(levelOf(W, node), capacityOf(W, node)))
}

/** The version in which a node was made. */
export function nodeBirth(W: Uint32Array, node: number): number {
  return (W[node + N_BIRTH + 1] & 0xffff) * 2 ** 32 + W[node + N_BIRTH]
}

export class Workspace {
  /** The version a commit would make. */
  version = 0
  /** What the block lists of the record will be made of. */
  readonly retired = new List()
  readonly births = new List()
  /** Roots of whole trees it drops. */
  readonly trees = new List()
  retiredWords = 0
  /** Allocations of the transaction so far, used up or not. */
  allocations = 0
  /** Tests: the n-th allocation from now fails. */
  failAfter = Number.POSITIVE_INFINITY

  readonly #W: Uint32Array
  readonly #allocator: Allocator
  readonly #maxBytes: number
  readonly #makeRoom: MakeRoom
  readonly #discarded = new List()
  /** Heads of lists of blocks to use again, by half their size. */
  readonly #pool: Uint32Array = new Uint32Array(POOL_WORDS / 2 + 1)
  #pooled = false
  /** The last allocation failed because a test wanted it to. */
  injected = false
  #birthLow = 0
  #birthHigh = 0
  #edition = 0
  /** Second birth word of nodes that may be changed in place; -1 when none may. */
  #own = 0

  constructor(arena: Arena, allocator: Allocator, makeRoom: MakeRoom) {
    this.#W = arena.words
    this.#allocator = allocator
    this.#maxBytes = arena.words.length * 4
    this.#makeRoom = makeRoom
  }

  begin(version: number): void {
    this.version = version
    this.#birthLow = version >>> 0
    this.#birthHigh = Math.floor(version / 2 ** 32)
    this.#edition = 0
    this.#own = this.#birthHigh
    this.#clear()
  }

  /** Protects all nodes made so far from being changed in place: a cursor may see them. */
  freeze(): void {
    if (this.#edition < MAX_EDITION) this.#edition++
    this.#own = this.#edition === MAX_EDITION ? -1 : this.#edition * 65536 + this.#birthHigh
  }

  /** True if `node` may be changed in place. */
  isOwn(node: number): boolean {
    const W = this.#W
    return W[node + N_BIRTH] === this.#birthLow && W[node + N_BIRTH + 1] === this.#own
  }

  /** Writes birth and edition into a new node. */
  stampNode(node: number): void {
    const W = this.#W
    W[node + N_BIRTH] = this.#birthLow
    W[node + N_BIRTH + 1] = this.#edition * 65536 + this.#birthHigh
  }

  /** True if the version at word `at` is this transaction's. */
  isNew(at: number): boolean {
    const W = this.#W
    return W[at] === this.#birthLow && (W[at + 1] & 0xffff) === this.#birthHigh
  }

  /**
   * A block of at least `words` words.
   * @throws ZVerseError `ZVERSE_FULL { used, max }`; nothing is changed then.
   */
  allocate(words: number): number {
    this.injected = false
    let ref = this.tryAllocate(words)
    while (ref === 0) {
      if (this.injected || !this.#makeRoom(words)) throw this.full()
      ref = this.tryAllocate(words)
    }
    return ref
  }

  /** The error that says that memory is full. */
  full(): ZVerseError {
    const used = (this.#allocator.writtenWords - this.#allocator.freeWords) * 4
    const max = this.#maxBytes
    const held = 'hold data that is present, tagged or pinned'
    const remedy =
      'delete keys or clear, keep less history (setHistory, prune), untag, end read transactions and ' +
      'iterators, or open with a larger maxBytes'
    const message = `the database is full: ${used} of ${max} bytes ${held}: ${remedy}`
    return new ZVerseError('ZVERSE_FULL', message, { used, max })
  }

  /** Like {@link allocate}, but 0 where it does not fit as things are. */
  tryAllocate(words: number): number {
    if (--this.failAfter <= 0) {
      this.failAfter = Number.POSITIVE_INFINITY
      this.injected = true
      return 0
    }
    this.allocations++
    if (words <= POOL_WORDS && this.#pooled) {
      const slot = Allocator.roundUp(words) >>> 1
      const ref = this.#pool[slot]
      if (ref !== 0) {
        this.#pool[slot] = this.#W[ref]
        return ref
      }
    }
    const W = this.#W
    const n = W[H_LOG_COUNT]
    const at = n < LOG_INLINE ? LOG_AT + n : this.#logAt(n)
    if (at === 0) return 0
    // Between the allocation and its note in the log a death would leak the block: recovery is told.
    W[H_PHASE] = 1
    const ref = this.#allocator.allocate(words)
    if (ref !== 0) {
      W[at] = ref
      W[H_LOG_COUNT] = n + 1
    }
    W[H_PHASE] = 0
    return ref
  }

  /** Word for log entry `n`, in a chunk; makes the chunk where `n` is its first. 0: no memory. */
  #logAt(n: number): number {
    const W = this.#W
    const i = (n - LOG_INLINE) % (LOG_CHUNK - 1)
    if (i === 0 && W[H_LOG_CHUNKS] === (n - LOG_INLINE) / (LOG_CHUNK - 1)) {
      W[H_PHASE] = 1
      const chunk = this.#allocator.allocate(LOG_CHUNK)
      if (chunk !== 0) {
        W[chunk] = W[H_LOG_CHUNK]
        W[H_LOG_CHUNK] = chunk
        W[H_LOG_CHUNKS]++
      }
      W[H_PHASE] = 0
      if (chunk === 0) return 0
    }
    return W[H_LOG_CHUNK] + 1 + i
  }

  /** A node is no longer part of the tree. */
  retireNode(node: number): void {
    const W = this.#W
    const size = nodeSize(W, node)
    if (this.isNew(node + N_BIRTH)) {
      // Of an earlier edition: a cursor may be standing on it.
      this.#reuse(node, size, this.isOwn(node))
    } else {
      this.#retire(node, nodeBirth(W, node), size)
    }
  }

  /** An entry is no longer part of the tree. */
  retireEntry(entry: number): void {
    const W = this.#W
    const size = entrySize(W, entry)
    if (this.isNew(entry)) this.#reuse(entry, size, this.#edition === 0)
    else this.#retire(entry, versionOf(W, entry), size)
  }

  /** Any other block, made in version `birth`, is no longer reachable. */
  retireBlock(ref: number, birth: number, words: number): void {
    const size = Allocator.roundUp(words)
    if (birth === this.version) this.#reuse(ref, size, this.#edition === 0)
    else this.#retire(ref, birth, size)
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

  /** Marks a place to {@link rollback} to. Until then nothing made before is changed or reused. */
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

  /** Takes the block allocated last out of the log: an abort leaves it. */
  keep(ref: number): void {
    const W = this.#W
    const n = W[H_LOG_COUNT] - 1
    const at =
      n < LOG_INLINE ? LOG_AT + n : W[H_LOG_CHUNK] + 1 + ((n - LOG_INLINE) % (LOG_CHUNK - 1))
    assert(W[at] === ref, 'the block to keep was logged last')
    W[H_LOG_COUNT] = n
  }

  /** Frees what the transaction made and replaced itself, and forgets the log: after the commit. */
  finish(): void {
    this.#releasePool()
    const { items, count } = this.#discarded
    for (let i = 0; i < count; i++) this.#allocator.free(items[i])
    this.#dropLog()
    this.#clear()
  }

  /** Undoes everything. */
  abort(): void {
    this.#undo(0)
    this.#clear()
  }

  /** Frees all blocks logged from entry `from` on; the log keeps those before. */
  #undo(from: number): void {
    this.#pool.fill(0)
    this.#pooled = false
    undoLog(this.#W, this.#allocator, from)
  }

  /**
   * Blocks taken back for use again are in the log already; here they become discarded ones, so
   * that whatever is taken from now on is new, and logged after this point.
   */
  #releasePool(): void {
    if (!this.#pooled) return
    this.#pooled = false
    for (let i = 0; i < this.#pool.length; i++) {
      for (let ref = this.#pool[i]; ref !== 0; ref = this.#W[ref]) this.#discarded.push(ref)
      this.#pool[i] = 0
    }
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

/** Frees the log's chunks that hold no entry. */
function trimLog(W: Uint32Array, allocator: Allocator): void {
  const needed = Math.max(0, Math.ceil((W[H_LOG_COUNT] - LOG_INLINE) / (LOG_CHUNK - 1)))
  while (W[H_LOG_CHUNKS] > needed) {
    const chunk = W[H_LOG_CHUNK]
    W[H_LOG_CHUNK] = W[chunk]
    W[H_LOG_CHUNKS]--
    allocator.free(chunk)
  }
}

/**
 * Frees all blocks logged from entry `from` on. Recovery calls it on behalf of a dead owner whose
 * lists were whole, with `from` 0.
 */
export function undoLog(W: Uint32Array, allocator: Allocator, from: number): void {
  W[H_PHASE] = 1
  trimLog(W, allocator)
  for (let n = W[H_LOG_COUNT]; n > from; ) {
    n--
    const at =
      n < LOG_INLINE ? LOG_AT + n : W[H_LOG_CHUNK] + 1 + ((n - LOG_INLINE) % (LOG_CHUNK - 1))
    allocator.free(W[at])
    W[H_LOG_COUNT] = n
    if (n >= LOG_INLINE && (n - LOG_INLINE) % (LOG_CHUNK - 1) === 0) trimLog(W, allocator)
  }
  trimLog(W, allocator)
  W[H_PHASE] = 0
}
