/**
 * Limbo: blocks unlinked beside the chain of records (old tag trees, ring segments, parts of point indexes),
 * which wait until no announced read can be in them.
 *
 * For the owner of the writer lock. A block is in limbo before the store that unlinks it, so that no death
 * loses it; recovery keeps limbo, and takes off it the blocks that are still in use.
 */
import { H_LIMBO } from '../memory/layout.js'
import type { Chunks } from './chunks.js'

export class Limbo {
  readonly #chunks: Chunks

  constructor(chunks: Chunks) {
    this.#chunks = chunks
  }

  /** True if {@link add} has room for `count` blocks without allocating. */
  hasRoomFor(count: number): boolean {
    return this.#chunks.roomFor(H_LIMBO, count)
  }

  /**
   * Adds a block that reads which begin at `version` or later cannot reach.
   * @param isTree the block is the root of a tree, which is freed with it
   * @returns false, with nothing changed, where there is no room for it
   */
  add(ref: number, version: number, isTree = false): boolean {
    return this.#chunks.push(H_LIMBO, ref, version, isTree)
  }
}
