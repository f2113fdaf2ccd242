/**
 * Proves every invariant of trees (node.ts names them), however many of them share nodes. For
 * `check()` and tests; under the writer lock, slow on purpose.
 *
 * Nodes that a snapshot can reach never change. So a property of a node and of all below it holds in each
 * version that reaches it, and is proved once:
 * 1. A node is proved with all below it: its own order, heads, prefix and count, and, for each
 *    kid, that it fits the node: its level, birth, smallest and largest entry.
 * 2. Properties that depend on the nodes above are proved each time a node is reached: its birth, its
 *    level, and in a root the number of keys. All entry counts are exact if each is the sum of its kids'.
 */

import {
  compareEntries,
  entryBits,
  keyBytesOf,
  sharedBitsOfEntries,
  versionOf,
} from '../memory/entry.js'
import { N_ENTRIES, N_HEADS, N_MAX } from '../memory/layout.js'
import { Marks } from '../memory/marks.js'
import { isValueWhole } from '../memory/pieces.js'
import { capacityOf, countOf, depthOf, kidAt, levelOf, refAt } from './node.js'
import { nodeBirth } from './workspace.js'

export class TreeProof {
  readonly #W: Uint32Array
  readonly #proved: Marks
  readonly #problems: string[]

  /**
   * @param words words of the arena that were ever touched
   * @param problems takes the problems found
   */
  constructor(W: Uint32Array, words: number, problems: string[]) {
    this.#W = W
    this.#proved = new Marks(words)
    this.#problems = problems
  }

  /** Proves the tree below `root` (0: there is none), which belongs to `version`. */
  prove(root: number, version: number): void {
    if (root !== 0) this.#reach(root, levelOf(this.#W, root), version)
  }

  #say(node: number, what: string): void {
    this.#problems.push(`node ${node} (level ${levelOf(this.#W, node)}): ${what}`)
  }

  /** Proves what depends on the version that reaches a node, and the rest if it has not been proved yet. */
  #reach(node: number, level: number, version: number): boolean {
    const W = this.#W
    if (!this.#proved.fits(node)) {
      this.#problems.push(`node ${node} is no block`)
      return false
    }
    if (levelOf(W, node) !== level) {
      this.#say(node, `is not of level ${level}`)
      return false
    }
    const birth = nodeBirth(W, node)
    if (birth > version) this.#say(node, `born in ${birth}, after ${version}`)
    if (this.#proved.add(node)) this.#proveNode(node, level, birth)
    return true
  }

  #proveNode(node: number, level: number, birth: number): void {
    const W = this.#W
    const count = countOf(W, node)
    const capacity = capacityOf(W, node)
    const depth = depthOf(W, node)
    if (count < 1 || count > capacity || capacity > N_MAX) {
      this.#say(node, `count ${count} of ${capacity}`)
    }
    let entries = level === 0 ? count : 0
    for (let i = 0; i < count; i++) {
      const ref = refAt(W, node, i)
      if (W[node + N_HEADS + i] !== entryBits(W, ref, depth)) {
        this.#say(node, `head ${i} is not its key's`)
      }
      if (depth > ((keyBytesOf(W, ref) + 3) >>> 2) * 32) {
        this.#say(node, `depth ${depth} beyond key ${i}`)
      }
      if (i > 0) {
        const before = refAt(W, node, i - 1)
        if (compareEntries(W, before, ref) >= 0) {
          this.#say(node, `ref ${i} is not above the one before`)
        }
        if (sharedBitsOfEntries(W, before, ref) < depth) {
          this.#say(node, `ref ${i} lacks the prefix`)
        }
      }
      if (level > 0) entries += this.#proveKid(node, i, level, birth)
      else this.#proveEntry(node, i, birth)
    }
    if (W[node + N_ENTRIES] !== entries) {
      this.#say(node, `says ${W[node + N_ENTRIES]} entries, has ${entries}`)
    }
  }

  #proveEntry(node: number, i: number, birth: number): void {
    const W = this.#W
    const entry = refAt(W, node, i)
    if (versionOf(W, entry) > birth) this.#say(node, `entry ${i} is younger than its leaf`)
    if (!isValueWhole(W, entry)) this.#say(node, `the pieces of entry ${i} are not its value`)
  }

  /** Proves a kid and that it fits its node; returns its entry count. */
  #proveKid(node: number, i: number, level: number, birth: number): number {
    const W = this.#W
    const kid = kidAt(W, node, i)
    if (!this.#reach(kid, level - 1, birth)) return 0
    if (refAt(W, kid, 0) !== refAt(W, node, i)) {
      this.#say(node, `ref ${i} is not the smallest below its kid`)
    }
    let last = kid
    // The level bounds the recursion: a wrong reference may lead back up.
    for (let above = level - 1; above > 0; above--) last = kidAt(W, last, countOf(W, last) - 1)
    const largest = refAt(W, last, countOf(W, last) - 1)
    if (sharedBitsOfEntries(W, largest, refAt(W, node, 0)) < depthOf(W, node)) {
      this.#say(node, `kid ${i} lacks the prefix`)
    }
    if (i + 1 < countOf(W, node) && compareEntries(W, largest, refAt(W, node, i + 1)) >= 0) {
      this.#say(node, `kid ${i} reaches beyond the next one`)
    }
    return W[kid + N_ENTRIES]
  }
}
