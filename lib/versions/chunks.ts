/**
 * Lists of retired blocks, kept in chunks in the arena (layout.ts draws one).
 *
 * For the owner of the writer lock only. Invariants:
 * 1. A list is a word with its last chunk, which links to the first one, each chunk to the next; 0 when it is empty.
 *    No chunk in a list is empty.
 * 2. An item's code orders by birth within its chunk; code 0 means "older than the code can tell" and
 *    counts as older than everything, so that the item is kept too long and never too short.
 * 3. K_MIN and K_MAX bound the codes of all items, K_TREES counts the items that are trees.
 * 4. A chunk is smaller where no block of CHUNK_WORDS is free. The reserved one has room for the inline items
 *    of a record.
 */
import { type Allocator, ANY_SLOTS } from '../memory/allocator.js'
import {
  CHUNK_ITEMS,
  CHUNK_WORDS,
  CODE_BIAS,
  CODE_MASK,
  H_PHASE,
  H_SPARE,
  INLINE_MAX,
  K_BASE,
  K_COUNT,
  K_ITEMS,
  K_MAX,
  K_MIN,
  K_NEXT,
  K_ROOM,
  K_TREES,
  LEAST_CHUNK,
  TREE_ITEM,
} from '../memory/layout.js'
import { load48, store48 } from '../memory/words.js'

/** The code of a birth relative to a base: 0 where the birth is too old. */
export function birthCode(birth: number, base: number): number {
  const code = birth - base + CODE_BIAS
  return code < 1 ? 0 : code
}

/** The largest code that version `limit` still sees. */
export function visibleCode(limit: number, base: number): number {
  const code = limit - base + CODE_BIAS
  return code < 0 ? 0 : code > CODE_MASK ? CODE_MASK : code
}

/** The first chunk of a list; 0: it is empty. */
export function firstChunk(W: Uint32Array, list: number): number {
  const last = W[list]
  return last === 0 ? 0 : W[last + K_NEXT]
}

/** The chunk behind one of a list; 0: that is the last. */
export function nextChunk(W: Uint32Array, list: number, chunk: number): number {
  return chunk === W[list] ? 0 : W[chunk + K_NEXT]
}

export class Chunks {
  readonly #W: Uint32Array
  readonly #allocator: Allocator

  constructor(W: Uint32Array, allocator: Allocator) {
    this.#W = W
    this.#allocator = allocator
  }

  /** Reserves a chunk for {@link push}, with room for `count`; false when memory is too short. */
  ensureSpare(count = INLINE_MAX): boolean {
    const W = this.#W
    const old = W[H_SPARE]
    if (old !== 0 && W[old + K_ROOM] >= count) return true
    // A death in between would leak the chunk, so H_PHASE tells recovery to mark.
    const phase = W[H_PHASE]
    W[H_PHASE] = 1
    const least = K_ITEMS + 2 * Math.min(count, CHUNK_ITEMS)
    const chunk = this.#allocator.allocateUpTo(CHUNK_WORDS, least, ANY_SLOTS)
    if (chunk !== 0) {
      this.init(chunk, 0)
      W[H_SPARE] = chunk
      if (old !== 0) this.#allocator.free(old)
    }
    W[H_PHASE] = phase
    return chunk !== 0
  }

  /** An empty chunk with `base`, from the allocator, or the reserved one; 0 when there is none. */
  make(base: number): number {
    const W = this.#W
    let chunk = this.#allocator.allocateUpTo(CHUNK_WORDS, LEAST_CHUNK, ANY_SLOTS)
    if (chunk === 0) {
      chunk = W[H_SPARE]
      if (chunk === 0) return 0
      W[H_SPARE] = 0
    }
    this.init(chunk, base)
    return chunk
  }

  /** Makes the block `chunk` an empty chunk. */
  init(chunk: number, base: number): void {
    const W = this.#W
    W[chunk + K_NEXT] = 0
    W[chunk + K_COUNT] = 0
    store48(W, chunk + K_BASE, base)
    W[chunk + K_MIN] = CODE_MASK
    W[chunk + K_MAX] = 0
    W[chunk + K_TREES] = 0
    const room = Math.floor((this.#allocator.sizeOf(chunk) - K_ITEMS) / 2)
    W[chunk + K_ROOM] = Math.min(room, CHUNK_ITEMS)
  }

  /** True if `chunk` is a chunk with room for an item. */
  hasRoom(chunk: number): boolean {
    const W = this.#W
    return chunk !== 0 && W[chunk + K_COUNT] < W[chunk + K_ROOM]
  }

  /** Adds an item to a chunk that has room and whose base has a code for its birth. */
  add(chunk: number, ref: number, code: number, tree: boolean): void {
    const W = this.#W
    const n = W[chunk + K_COUNT]
    const at = chunk + K_ITEMS + 2 * n
    W[at] = ref
    W[at + 1] = tree ? code + TREE_ITEM : code
    if (code < W[chunk + K_MIN]) W[chunk + K_MIN] = code
    if (code > W[chunk + K_MAX]) W[chunk + K_MAX] = code
    if (tree) W[chunk + K_TREES]++
    W[chunk + K_COUNT] = n + 1
  }

  /**
   * Adds an item at the end of a list.
   * @returns false, with nothing changed, when the list needs a chunk and there is none
   */
  push(list: number, ref: number, birth: number, tree: boolean): boolean {
    const W = this.#W
    let chunk = W[list]
    let code = 0
    if (this.hasRoom(chunk)) {
      code = birthCode(birth, load48(W, chunk + K_BASE))
      if (code > CODE_MASK) chunk = 0
    } else {
      chunk = 0
    }
    if (chunk === 0) {
      chunk = this.make(birth)
      if (chunk === 0) return false
      code = CODE_BIAS
      this.append(list, chunk)
    }
    this.add(chunk, ref, code, tree)
    return true
  }

  /** True if {@link push} has room for `count` items of any birth without allocating. */
  roomFor(list: number, count: number): boolean {
    const W = this.#W
    if (this.ensureSpare(count)) return true
    const chunk = W[list]
    return chunk !== 0 && W[chunk + K_COUNT] + count <= W[chunk + K_ROOM]
  }

  /** Appends a chunk to a list. Whenever this is cut off, all chunks of the list can be visited. */
  append(list: number, chunk: number): void {
    const W = this.#W
    const last = W[list]
    if (last === 0) W[chunk + K_NEXT] = chunk
    else {
      W[chunk + K_NEXT] = W[last + K_NEXT]
      W[last + K_NEXT] = chunk
    }
    W[list] = chunk
  }

  /** Takes the first chunk off a list; returns 0 where the list is empty. */
  shift(list: number): number {
    const W = this.#W
    const last = W[list]
    if (last === 0) return 0
    const chunk = W[last + K_NEXT]
    if (chunk === last) W[list] = 0
    else W[last + K_NEXT] = W[chunk + K_NEXT]
    return chunk
  }

  /** Moves all of the list at `from` to the end of the list at `to`. */
  concat(to: number, from: number): void {
    const W = this.#W
    const last = W[from]
    if (last === 0) return
    const before = W[to]
    if (before !== 0) {
      const first = W[before + K_NEXT]
      W[before + K_NEXT] = W[last + K_NEXT]
      W[last + K_NEXT] = first
    }
    W[to] = last
    W[from] = 0
  }
}
