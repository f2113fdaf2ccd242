/**
 * Reclamation: what no slot and no promise holds any more is unlinked from the chain and freed.
 *
 * For the holder of the writer lock, after the window has been shrunk (PROTOCOL.md, Reclaim).
 * Readable records form a chain by PREV. A record's dead list holds what only versions up to its
 * predecessor can see. Invariants:
 * 1. Items of a dead list (inline and chunks) are born at or before the predecessor; items of a
 *    pending list may be younger, since the predecessor has changed: they are looked at in steps.
 * 2. The oldest record has neither.
 * 3. A record is unlinked only if it is below the window, untagged, not stamped by a scan made after
 *    the window was shrunk, and older than every hint that scan saw.
 * 4. Each item is moved at most once in a run; lists are moved whole.
 */
import type { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import {
  FROM_ALL,
  FROM_SHIFT,
  H_CURRENT,
  H_FREE_HEAD,
  H_FRONTIER,
  H_HIGH_WATER,
  H_LIMBO_HEAD,
  H_PUBLISHED,
  H_SCAN,
  K_BASE,
  K_COUNT,
  K_ITEMS,
  K_MAX,
  K_MIN,
  K_TREES,
  R_DEAD_HEAD,
  R_INLINE,
  R_ITEMS,
  R_NEXT,
  R_PENDING_HEAD,
  R_PREV,
  R_STAMP,
  R_TAGS,
  R_VERSION,
  T_ID,
  T_SLOT,
  THREAD_WORDS,
  THREADS_AT,
  TREE_ITEM,
} from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { type Chunks, visibleCode } from './chunks.js'
import { DeadTree } from './dead-tree.js'
import { eachPin } from './slots.js'

/** Hints this far back cannot be told from ones still further back. */
const HINT_REACH = 2 ** 29
const HINT_RANGE = 2 ** 30

export class Reclaimer {
  readonly #W: Uint32Array
  readonly #allocator: Allocator
  readonly #chunks: Chunks
  readonly #deadTree: DeadTree

  constructor(arena: Arena, allocator: Allocator, chunks: Chunks) {
    this.#W = arena.words
    this.#allocator = allocator
    this.#chunks = chunks
    this.#deadTree = new DeadTree(arena.words, allocator, chunks)
  }

  /**
   * Looks at all slots once. Records that settled slots hold are stamped.
   * @returns the oldest version that a read under way may have begun from; Infinity if none is.
   */
  scan(): number {
    const W = this.#W
    W[H_SCAN]++
    const newest = load48(W, W[H_CURRENT] + R_VERSION)
    let oldestHint = Number.POSITIVE_INFINITY
    const lines = Atomics.load(W, H_HIGH_WATER)
    for (let i = 0; i < lines; i++) {
      const line = THREADS_AT + i * THREAD_WORDS
      if (Atomics.load(W, line + T_ID) === 0) continue
      const slot = Atomics.load(W, line + T_SLOT)
      if (slot !== 0) {
        const age = (W[H_PUBLISHED] - (slot >>> FROM_SHIFT)) & (HINT_RANGE - 1)
        const all = slot === FROM_ALL || age >= HINT_REACH
        oldestHint = Math.min(oldestHint, all ? 0 : Math.max(0, newest - age))
      }
      eachPin(W, line, record => {
        W[record + R_STAMP] = W[H_SCAN]
      })
    }
    return oldestHint
  }

  /**
   * Unlinks what nothing holds any more below `first`, the window's oldest record.
   * @param m what {@link scan} returned
   * @param full look at all records below the window, not only at those newer than the last kept
   */
  unlink(first: number, m: number, full: boolean): void {
    const W = this.#W
    const frontier = full ? 0 : W[H_FRONTIER]
    const below: number[] = []
    for (let r = W[first + R_PREV]; r !== 0 && r !== frontier; r = W[r + R_PREV]) below.push(r)
    let kept = frontier
    for (let i = below.length - 1; i >= 0; i--) {
      const record = below[i]
      const held =
        W[record + R_STAMP] === W[H_SCAN] ||
        W[record + R_TAGS] !== 0 ||
        load48(W, record + R_VERSION) >= m
      if (held || !this.#remove(record)) kept = record
    }
    W[H_FRONTIER] = kept
  }

  /** Takes `record` out of the chain; false when memory is too short to keep its list. */
  #remove(record: number): boolean {
    const W = this.#W
    const next = W[record + R_NEXT]
    const older = W[record + R_PREV]
    if (older !== 0 && !this.#chunks.roomFor(record + R_DEAD_HEAD, W[record + R_INLINE]))
      return false
    Atomics.store(W, next + R_PREV, older)
    this.#deadTree.retarget(record, next)
    if (older === 0) {
      for (const list of [record, next]) {
        this.#chunks.concat(H_FREE_HEAD, list + R_PENDING_HEAD)
        this.#chunks.concat(H_FREE_HEAD, list + R_DEAD_HEAD)
        this.#filterInline(list, -1)
      }
    } else {
      W[older + R_NEXT] = next
      this.#inherit(record, next, load48(W, older + R_VERSION))
    }
    this.#allocator.free(record)
    return true
  }

  /** `next` takes over the lists of `record`, which `limit`, the new predecessor, may still need. */
  #inherit(record: number, next: number, limit: number): void {
    const W = this.#W
    const chunks = this.#chunks
    chunks.concat(next + R_PENDING_HEAD, next + R_DEAD_HEAD)
    chunks.concat(next + R_PENDING_HEAD, record + R_PENDING_HEAD)
    chunks.concat(next + R_DEAD_HEAD, record + R_DEAD_HEAD)
    const base = load48(W, record + R_VERSION)
    for (let i = 0; i < W[record + R_INLINE]; i++) {
      const at = record + R_ITEMS + 2 * i
      chunks.push(next + R_DEAD_HEAD, W[at], Math.max(0, base + W[at + 1] - 2 ** 29), false)
    }
    this.#filterInline(next, limit)
  }

  /** Frees the inline items of a record that are born after `limit`. */
  #filterInline(record: number, limit: number): void {
    const W = this.#W
    const count = W[record + R_INLINE]
    const visible = limit < 0 ? -1 : visibleCode(limit, load48(W, record + R_VERSION))
    let kept = 0
    for (let i = 0; i < count; i++) {
      const at = record + R_ITEMS + 2 * i
      if (W[at + 1] > visible) {
        this.#allocator.free(W[at])
        continue
      }
      W[record + R_ITEMS + 2 * kept] = W[at]
      W[record + R_ITEMS + 2 * kept + 1] = W[at + 1]
      kept++
    }
    W[record + R_INLINE] = kept
  }

  /**
   * Frees about `budget` blocks of what is known to be free or may be.
   * @param first the window's oldest record
   * @returns true if there is more to do
   */
  work(first: number, budget: number): boolean {
    for (let done = 0; done < budget; ) {
      let round = this.#deadTree.step(budget - done)
      round += this.#drain(budget - done - round)
      round += this.#filter(first, budget - done - round)
      if (round === 0) return this.#deadTree.busy
      done += round
    }
    return true
  }

  /** Sorts pending lists below and at `first`; returns what that cost. */
  #filter(first: number, budget: number): number {
    const W = this.#W
    let done = 0
    for (let record = first; record !== 0; record = W[record + R_PREV]) {
      while (W[record + R_PENDING_HEAD] !== 0) {
        if (done >= budget || this.#deadTree.busy) return done
        done += this.#filterChunk(record)
      }
    }
    return done
  }

  /** Frees blocks on the free list; returns how many. */
  #drain(budget: number): number {
    const W = this.#W
    let done = 0
    while (done < budget && W[H_FREE_HEAD] !== 0) {
      const chunk = W[H_FREE_HEAD]
      const n = W[chunk + K_COUNT]
      if (n === 0) {
        this.#chunks.shift(H_FREE_HEAD)
        this.#allocator.free(chunk)
        continue
      }
      const at = chunk + K_ITEMS + 2 * (n - 1)
      const tree = W[at + 1] >= TREE_ITEM
      if (tree && this.#deadTree.busy) return done
      W[chunk + K_COUNT] = n - 1
      if (tree) this.#deadTree.begin(W[at], 0)
      else this.#allocator.free(W[at])
      done++
    }
    return done
  }

  /** Sorts the first pending chunk of a record that has a predecessor; returns what that cost. */
  #filterChunk(record: number): number {
    const W = this.#W
    const chunks = this.#chunks
    const list = record + R_PENDING_HEAD
    const chunk = W[list]
    const limit = load48(W, W[record + R_PREV] + R_VERSION)
    const visible = visibleCode(limit, load48(W, chunk + K_BASE))
    if (W[chunk + K_MAX] <= visible) {
      chunks.append(record + R_DEAD_HEAD, chunks.shift(list))
      return 1
    }
    if (W[chunk + K_MIN] > visible && W[chunk + K_TREES] === 0) {
      chunks.append(H_FREE_HEAD, chunks.shift(list))
      return 1
    }
    const count = W[chunk + K_COUNT]
    let kept = 0
    let i = 0
    W[chunk + K_MIN] = 0xffffffff
    W[chunk + K_MAX] = 0
    for (; i < count; i++) {
      const at = chunk + K_ITEMS + 2 * i
      const tree = W[at + 1] >= TREE_ITEM
      const code = tree ? W[at + 1] - TREE_ITEM : W[at + 1]
      if (code > visible) {
        if (!tree) {
          this.#allocator.free(W[at])
          continue
        }
        if (!this.#deadTree.busy) {
          this.#deadTree.begin(W[at], record)
          W[chunk + K_TREES]--
          continue
        }
      }
      W[chunk + K_ITEMS + 2 * kept] = W[at]
      W[chunk + K_ITEMS + 2 * kept + 1] = W[at + 1]
      if (code < W[chunk + K_MIN]) W[chunk + K_MIN] = code
      if (code > W[chunk + K_MAX]) W[chunk + K_MAX] = code
      kept++
    }
    W[chunk + K_COUNT] = kept
    if (kept === 0) {
      chunks.shift(list)
      this.#allocator.free(chunk)
    } else if (W[chunk + K_MAX] <= visible) {
      chunks.append(record + R_DEAD_HEAD, chunks.shift(list))
    }
    return count
  }

  /** Frees what was unlinked beside the chain in versions that no read under way began before. */
  settle(m: number): void {
    const W = this.#W
    while (W[H_LIMBO_HEAD] !== 0) {
      const chunk = W[H_LIMBO_HEAD]
      if (m !== Number.POSITIVE_INFINITY) {
        if (W[chunk + K_MAX] > visibleCode(m, load48(W, chunk + K_BASE))) return
      }
      this.#chunks.append(H_FREE_HEAD, this.#chunks.shift(H_LIMBO_HEAD))
    }
  }
}
