/**
 * Takes dropped trees apart, a step at a time: the tree that `clear` or `dropStore` leaves behind is
 * one dead item, however large.
 *
 * For the owner of the writer lock. One tree at a time; the walk's position is in the header, so that
 * any later writer goes on. Invariants:
 * 1. The path's nodes and all blocks right of it are not yet freed; blocks left of it are freed or
 *    handed on.
 * 2. With a target record t: blocks born at or before t.prev are still visible there, and are handed
 *    to t's dead list, whole subtrees at once (nothing below a pointer is younger than the pointer). A node
 *    that is older than the pointer to it is visible there by an older one: it is handed on by itself.
 *    Without a target, or when t has no predecessor any more, no version sees a block of the tree.
 */

import { assert } from '../errors.js'
import type { Allocator } from '../memory/allocator.js'
import { birthOf } from '../memory/birth.js'
import { isInPieces, versionOf } from '../memory/entry.js'
import {
  H_WALK_DEPTH,
  H_WALK_PATH,
  H_WALK_TARGET,
  R_DEAD,
  R_PREV,
  WALK_LEVELS,
} from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import { freeItem, itemOf } from '../tree/loose.js'
import { addressOf, countOf, kidAt, levelOf, nodeBirth, refAt } from '../tree/node.js'
import type { Chunks } from './chunks.js'

export class DeadTree {
  readonly #W: Uint32Array
  readonly #allocator: Allocator
  readonly #chunks: Chunks

  constructor(W: Uint32Array, allocator: Allocator, chunks: Chunks) {
    this.#W = W
    this.#allocator = allocator
    this.#chunks = chunks
  }

  /** True while a tree is being taken apart. */
  get busy(): boolean {
    return this.#W[H_WALK_DEPTH] !== 0
  }

  /** Begins with the tree below `root`; `target` is the record whose predecessor may see it, or 0. */
  begin(root: number, target: number): void {
    const W = this.#W
    W[H_WALK_TARGET] = target
    W[H_WALK_PATH] = root
    W[H_WALK_PATH + 1] = 0
    W[H_WALK_DEPTH] = 1
  }

  /** The target has been unlinked: its list now belongs to `next`. */
  retarget(record: number, next: number): void {
    const W = this.#W
    if (this.busy && W[H_WALK_TARGET] === record) W[H_WALK_TARGET] = next
  }

  /**
   * Frees about `budget` blocks.
   * @returns how many it visited; less than the budget when the tree is done, or when memory is too
   * short to hand a block on
   */
  step(budget: number): number {
    const W = this.#W
    let visited = 0
    while (visited < budget && W[H_WALK_DEPTH] !== 0) {
      const top = H_WALK_PATH + 2 * (W[H_WALK_DEPTH] - 1)
      const node = W[top]
      const limit = this.#limit()
      if (W[top + 1] === 0 && nodeBirth(W, node) <= limit) {
        if (!this.#handOn(node, nodeBirth(W, node), true)) return visited
        this.#leave()
      } else if (W[top + 1] === countOf(W, node)) {
        const block = addressOf(node)
        const birth = birthOf(W, block)
        if (birth > limit) this.#allocator.free(block)
        else if (!this.#handOn(block, birth, false)) return visited
        this.#leave()
      } else if (levelOf(W, node) === 0) {
        const entry = refAt(W, node, W[top + 1])
        const item = itemOf(entry, isInPieces(W, entry))
        const birth = versionOf(W, entry)
        if (birth > limit) freeItem(W, this.#allocator, item)
        else if (!this.#handOn(item, birth, false)) return visited
        W[top + 1]++
      } else {
        this.#enter(kidAt(W, node, W[top + 1]))
      }
      visited++
    }
    return visited
  }

  /** The newest version that still sees part of the tree; -1 if none does. */
  #limit(): number {
    const W = this.#W
    const target = W[H_WALK_TARGET]
    const older = target === 0 ? 0 : W[target + R_PREV]
    return older === 0 ? -1 : load48(W, older)
  }

  #enter(node: number): void {
    const W = this.#W
    const depth = W[H_WALK_DEPTH]
    assert(depth < WALK_LEVELS, 'a dead tree is no higher than trees get')
    W[H_WALK_PATH + 2 * depth] = node
    W[H_WALK_PATH + 2 * depth + 1] = 0
    W[H_WALK_DEPTH] = depth + 1
  }

  /** Goes back to the parent, past the node just done. */
  #leave(): void {
    const W = this.#W
    const depth = W[H_WALK_DEPTH] - 1
    W[H_WALK_DEPTH] = depth
    if (depth > 0) W[H_WALK_PATH + 2 * (depth - 1) + 1]++
  }

  #handOn(ref: number, birth: number, tree: boolean): boolean {
    return this.#chunks.push(this.#W[H_WALK_TARGET] + R_DEAD, ref, birth, tree)
  }
}
