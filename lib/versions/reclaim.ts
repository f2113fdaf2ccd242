/**
 * Reclamation: the owner unlinks each record that neither the window, a slot nor a tag keeps, and
 * frees the blocks that only such records see.
 *
 * For the owner of the writer lock, after the low-water mark has moved (docs/protocol.md, Reclamation).
 * Readable records form a chain by PREV. Retired blocks are on dead lists, as in ZFS: a record's dead
 * list has the blocks that only versions up to its predecessor can see. Invariants:
 * 1. Items of a dead list (inline and chunks) are born at or before the predecessor; items of a
 *    pending list may be younger, since the predecessor has changed: the owner sorts them in steps.
 * 2. The oldest record has neither.
 * 3. A record is unlinked only if it is below the low-water mark, untagged, not among those that a scan made
 *    after the mark moved found pinned, and older than every hint that scan saw.
 * 4. Each item is moved at most once in a run; lists are moved whole.
 */
import type { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import { birthOf } from '../memory/birth.js'
import {
  FROM_ALL,
  FROM_SHIFT,
  H_AGAIN,
  H_CURRENT,
  H_FREE,
  H_FRONTIER,
  H_LIMBO,
  H_PIECES,
  H_PUBLISHED,
  H_SEARCH,
  H_SEARCH_AGAIN,
  H_TAIL,
  HINT_REACH,
  K_BASE,
  K_COUNT,
  K_ITEMS,
  K_MAX,
  K_MIN,
  K_TREES,
  R_DEAD,
  R_ITEMS,
  R_NEXT,
  R_PENDING,
  R_PREV,
  R_VERSION,
  T_ID,
  T_SLOT,
  T_SPILL,
  TREE_ITEM,
} from '../memory/layout.js'
import { inlineOf, isTagged, setInline } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { freeTables, settleTables } from '../point/dropped.js'
import { eachPin } from '../threads/slots.js'
import { eachLine } from '../threads/table.js'
import { freeItem, freePieces, refOf } from '../tree/loose.js'
import { type Chunks, firstChunk, visibleCode } from './chunks.js'
import { DeadTree } from './dead-tree.js'

const HINT_RANGE = 2 ** 30

/** The age of a hint in versions, as far as its bits can tell. */
function ageOf(W: Uint32Array, slot: number): number {
  return (W[H_PUBLISHED] - (slot >>> FROM_SHIFT)) & (HINT_RANGE - 1)
}

/** The age in versions of the oldest hint that any thread announces now. */
export function oldestHintAge(W: Uint32Array): number {
  let oldest = 0
  eachLine(W, line => {
    for (const at of [T_SLOT, T_SPILL]) {
      const slot = Atomics.load(W, line + at)
      if (slot !== 0 && slot !== FROM_ALL) oldest = Math.max(oldest, ageOf(W, slot))
    }
    return false
  })
  return oldest
}

/** Records whose blocks are touched ahead of those that are being freed: their cache misses overlap. */
const AHEAD = 6

export class Reclaimer {
  readonly #W: Uint32Array
  readonly #allocator: Allocator
  readonly #chunks: Chunks
  readonly #deadTree: DeadTree
  /** The records that the last {@link scan} found pinned. */
  readonly pinned: ReadonlySet<number>
  readonly #pinned = new Set<number>()
  /** Words loaded ahead of the next record; kept, or the engine would leave the loads out. */
  touched = 0

  constructor(arena: Arena, allocator: Allocator, chunks: Chunks) {
    this.#W = arena.words
    this.#allocator = allocator
    this.#chunks = chunks
    this.#deadTree = new DeadTree(arena.words, allocator, chunks)
    this.pinned = this.#pinned
  }

  /**
   * Looks at all slots once, and notes the records that are pinned.
   * @returns the oldest version that a read under way may have begun from; Infinity if no read is under
   * way, -1 if one may read anything
   */
  scan(): number {
    const W = this.#W
    const pinned = this.#pinned
    pinned.clear()
    const newest = load48(W, W[H_CURRENT] + R_VERSION)
    let oldestHint = Number.POSITIVE_INFINITY
    const note = (slot: number) => {
      if (slot === 0) return
      const age = ageOf(W, slot)
      const all = slot === FROM_ALL || age >= HINT_REACH
      // "Anything" is older than version 0, in which a block may have been unlinked, too.
      oldestHint = Math.min(oldestHint, all ? -1 : Math.max(0, newest - age))
    }
    eachLine(W, line => {
      if (Atomics.load(W, line + T_ID) === 0) return false
      // First the operation slot, then the pins: a record that a reader pins in between was covered by
      // the one or is found among the others.
      note(Atomics.load(W, line + T_SLOT))
      eachPin(W, line, record => {
        pinned.add(record)
      })
      note(Atomics.load(W, line + T_SPILL))
      return false
    })
    return oldestHint
  }

  /**
   * Unlinks the records below `first`, the window's oldest, that nothing keeps any more: a pass from the
   * oldest record on, in as many runs as it takes. A pass does not look again at a record that it has
   * to keep; the next pass does.
   * @param m the result of {@link scan}
   * @param again another pass is to follow: a pin or a tag may be gone
   * @param budget records to look at
   * @returns true if the pass is at its end, and none is to follow
   */
  unlink(first: number, m: number, again: boolean, budget: number): boolean {
    const W = this.#W
    if (again) W[H_AGAIN] = 1
    let record = W[H_FRONTIER] === 0 ? W[H_TAIL] : W[W[H_FRONTIER] + R_NEXT]
    let ahead = record
    for (let i = 0; i < AHEAD; i++) ahead = this.#touch(ahead, first)
    for (let looked = 0; record !== first && looked < budget; looked++) {
      ahead = this.#touch(ahead, first)
      const next = W[record + R_NEXT]
      const held =
        this.#pinned.has(record) || isTagged(W, record) || load48(W, record + R_VERSION) >= m
      if (held || !this.#remove(record)) W[H_FRONTIER] = record
      record = next
    }
    if (record !== first) return false
    if (W[H_AGAIN] === 0) return true
    W[H_AGAIN] = 0
    W[H_FRONTIER] = 0
    return false
  }

  /**
   * Touches the first item of a record that is about to be unlinked, unless it is `end`.
   * @returns the record after it
   */
  #touch(record: number, end: number): number {
    if (record === end) return end
    const W = this.#W
    if (inlineOf(W, record) > 0) this.touched ^= this.#allocator.touch(refOf(W[record + R_ITEMS]))
    return W[record + R_NEXT]
  }

  /** Takes `record` out of the chain; false when memory is too short to keep its list. */
  #remove(record: number): boolean {
    const W = this.#W
    const next = W[record + R_NEXT]
    const older = W[record + R_PREV]
    if (older !== 0 && !this.#chunks.roomFor(record + R_DEAD, inlineOf(W, record))) return false
    Atomics.store(W, next + R_PREV, older)
    this.#deadTree.retarget(record, next)
    if (W[H_SEARCH] === record) W[H_SEARCH] = next
    if (W[H_TAIL] === record) W[H_TAIL] = next
    if (older === 0) {
      for (const list of [record, next]) {
        this.#chunks.concat(H_FREE, list + R_PENDING)
        this.#chunks.concat(H_FREE, list + R_DEAD)
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
    W[H_SEARCH_AGAIN] = 1
    chunks.concat(next + R_PENDING, next + R_DEAD)
    chunks.concat(next + R_PENDING, record + R_PENDING)
    chunks.concat(next + R_DEAD, record + R_DEAD)
    const count = inlineOf(W, record)
    for (let i = 0; i < count; i++) {
      const item = W[record + R_ITEMS + i]
      chunks.push(next + R_DEAD, item, birthOf(W, refOf(item)), false)
    }
    this.#filterInline(next, limit)
  }

  /** Frees the inline items of a record that were born after `limit`. */
  #filterInline(record: number, limit: number): void {
    const W = this.#W
    const count = inlineOf(W, record)
    let kept = 0
    for (let i = 0; i < count; i++) {
      const item = W[record + R_ITEMS + i]
      if (limit < 0 || birthOf(W, refOf(item)) > limit) freeItem(W, this.#allocator, item)
      else W[record + R_ITEMS + kept++] = item
    }
    setInline(W, record, kept)
  }

  /**
   * Frees about `budget` blocks from the free list, dead trees, dropped tables and pending lists.
   * @param first the window's oldest record
   * @returns true if there is more to do
   */
  work(first: number, budget: number): boolean {
    for (let left = budget; left > 0; ) {
      left -= freePieces(this.#W, this.#allocator, left)
      if (this.#deadTree.busy) {
        const visited = this.#deadTree.step(left)
        // Memory is too short to hand a block on: later.
        if (visited === 0) return true
        left -= visited
        continue
      }
      const done =
        this.#drain(left) || freeTables(this.#W, this.#allocator, left) || this.#search(first)
      if (done === 0) return this.#W[H_PIECES] !== 0
      left -= done
    }
    return true
  }

  /**
   * Sorts a pending chunk, or goes on looking for one, from `first` to the oldest record.
   * @returns its cost; 0 when there is none left
   */
  #search(first: number): number {
    const W = this.#W
    const record = W[H_SEARCH] === 0 ? first : W[H_SEARCH]
    if (W[record + R_PENDING] !== 0) {
      W[H_SEARCH_AGAIN] = 1
      return this.#filterChunk(record)
    }
    W[H_SEARCH] = W[record + R_PREV]
    if (W[H_SEARCH] !== 0) return 1
    const again = W[H_SEARCH_AGAIN]
    W[H_SEARCH_AGAIN] = 0
    return again
  }

  /** Frees blocks on the free list; returns how many. */
  #drain(budget: number): number {
    const W = this.#W
    let done = 0
    while (done < budget && W[H_FREE] !== 0) {
      const chunk = firstChunk(W, H_FREE)
      const n = W[chunk + K_COUNT]
      if (n === 0) {
        this.#chunks.shift(H_FREE)
        this.#allocator.free(chunk)
        continue
      }
      const at = chunk + K_ITEMS + 2 * (n - 1)
      const tree = W[at + 1] >= TREE_ITEM
      if (tree && this.#deadTree.busy) return done
      W[chunk + K_COUNT] = n - 1
      if (tree) this.#deadTree.begin(W[at], 0)
      else freeItem(W, this.#allocator, W[at])
      done++
    }
    return done
  }

  /** Sorts the first pending chunk of a record that has a predecessor; returns its cost. */
  #filterChunk(record: number): number {
    const W = this.#W
    const chunks = this.#chunks
    const list = record + R_PENDING
    const chunk = firstChunk(W, list)
    const limit = load48(W, W[record + R_PREV] + R_VERSION)
    const visible = visibleCode(limit, load48(W, chunk + K_BASE))
    if (W[chunk + K_MAX] <= visible) {
      chunks.append(record + R_DEAD, chunks.shift(list))
      return 1
    }
    if (W[chunk + K_MIN] > visible && W[chunk + K_TREES] === 0) {
      chunks.append(H_FREE, chunks.shift(list))
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
          freeItem(W, this.#allocator, W[at])
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
      chunks.append(record + R_DEAD, chunks.shift(list))
    }
    return count
  }

  /** Frees the blocks that were unlinked beside the chain in versions that no read under way began before. */
  settle(m: number): void {
    const W = this.#W
    settleTables(W, m)
    while (W[H_LIMBO] !== 0) {
      const chunk = firstChunk(W, H_LIMBO)
      if (m !== Number.POSITIVE_INFINITY) {
        if (W[chunk + K_MAX] > visibleCode(m, load48(W, chunk + K_BASE))) return
      }
      this.#chunks.append(H_FREE, this.#chunks.shift(H_LIMBO))
    }
  }
}
