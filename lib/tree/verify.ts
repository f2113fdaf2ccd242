/**
 * Proves every invariant of trees (node.ts names them), however many of them share nodes. For
 * `check()` and tests; under the writer lock, slow on purpose.
 *
 * What a pointer leads to never changes. So a property of it and of all below it holds in each
 * version that reaches it, and is proved once:
 * 1. A pointer is proved with all below it: its units, its own order, heads, prefix and count, and, for each
 *    kid, that it fits the node: its level, birth, smallest and largest entry.
 * 2. Properties that depend on the nodes above are proved each time a pointer is reached: its birth, its
 *    level, and in a root the number of keys. All entry counts are exact if each is the sum of its kids'.
 */

import {
  compareEntries,
  entryBits,
  keyBytesOf,
  sharedBitsOfEntries,
  versionOf,
} from '../memory/entry.js'
import {
  INNER_UNITS,
  LEAF_UNITS,
  N_ENTRIES,
  N_HEADS,
  N_MAX,
  UNIT_ENTRIES,
  UNIT_INSERT,
  UNIT_SET,
  UNIT_SHIFT,
  UNIT_SLOT,
  UNIT_WHAT,
} from '../memory/layout.js'
import { Marks } from '../memory/marks.js'
import { isValueWhole } from '../memory/pieces.js'
import {
  addressOf,
  capacityOf,
  countOf,
  depthOf,
  entriesBelow,
  kidAt,
  levelOf,
  logOf,
  nodeBirth,
  readHeads,
  refAt,
  Slots,
  unitsOf,
} from './node.js'

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
    this.#proved = new Marks(words, 1)
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
    const address = addressOf(node)
    const capacity = capacityOf(W, address)
    const depth = depthOf(W, node)
    const own = countOf(W, address)
    if (own < 1 || own > capacity || capacity > N_MAX)
      this.#say(node, `count ${own} of ${capacity}`)
    // Beyond that nothing can be read.
    if (own > N_MAX || !this.#proveUnits(node, level, own)) return
    const { count, refs, kids } = new Slots().read(W, node)
    const heads = new Uint32Array(N_MAX)
    if (level === 0) readHeads(W, node, heads, 0, refs, 0)
    else for (let i = 0; i < count; i++) heads[i] = W[address + N_HEADS + i]
    let entries = level === 0 ? count : 0
    for (let i = 0; i < count; i++) {
      const ref = refs[i]
      if (heads[i] !== entryBits(W, ref, depth)) this.#say(node, `head ${i} is not its key's`)
      if (depth > ((keyBytesOf(W, ref) + 3) >>> 2) * 32) {
        this.#say(node, `depth ${depth} beyond key ${i}`)
      }
      if (i > 0) {
        const before = refs[i - 1]
        if (compareEntries(W, before, ref) >= 0) {
          this.#say(node, `ref ${i} is not above the one before`)
        }
        if (sharedBitsOfEntries(W, before, ref) < depth) {
          this.#say(node, `ref ${i} lacks the prefix`)
        }
      }
      if (level === 0) this.#proveEntry(node, i, ref, birth)
      else {
        const next = i + 1 < count ? refs[i + 1] : 0
        entries += this.#proveKid({
          node,
          i,
          level,
          birth,
          kid: kids[i],
          ref,
          first: refs[0],
          next,
        })
      }
    }
    const told = level === 0 && unitsOf(node) === 0 ? W[address + N_ENTRIES] : entriesBelow(W, node)
    if (told !== entries) this.#say(node, `says ${told} entries, has ${entries}`)
  }

  /** Proves the units of a pointer to a node with `count` slots; false where they cannot be applied. */
  #proveUnits(node: number, level: number, count: number): boolean {
    const W = this.#W
    const most = level === 0 ? LEAF_UNITS : INNER_UNITS
    if (unitsOf(node) > most) {
      this.#say(node, `${unitsOf(node)} units of ${most}`)
      return false
    }
    let age = 0
    let slots = count
    for (let i = 0; i < unitsOf(node); i++) {
      const unit = W[logOf(W, addressOf(node)) + 2 * i]
      const [what, slot] = [unit & UNIT_WHAT, unit & UNIT_SLOT]
      if (unit >>> UNIT_SHIFT < age) this.#say(node, `unit ${i} is older than the one before`)
      age = unit >>> UNIT_SHIFT
      const isInsert = what === UNIT_INSERT && level === 0 && slot > 0 && slot <= slots
      const isEntries = what === UNIT_ENTRIES && level > 0 && slot === 0
      const isSet = what === UNIT_SET && slot < slots
      if (isInsert) slots++
      if (isInsert || isEntries || isSet) continue
      this.#say(node, `unit ${i} says ${unit}`)
      return false
    }
    const capacity = capacityOf(W, addressOf(node))
    if (slots > capacity) this.#say(node, `${slots} slots of ${capacity}`)
    return slots <= N_MAX
  }

  #proveEntry(node: number, i: number, entry: number, birth: number): void {
    const W = this.#W
    if (versionOf(W, entry) > birth) this.#say(node, `entry ${i} is younger than its leaf`)
    if (!isValueWhole(W, entry)) this.#say(node, `the pieces of entry ${i} are not its value`)
  }

  /** Proves a kid and that it fits its node; returns its entry count. */
  #proveKid({ node, i, level, birth, kid, ref, first, next }: Kid): number {
    const W = this.#W
    if (!this.#reach(kid, level - 1, birth)) return 0
    if (refAt(W, kid, 0) !== ref) this.#say(node, `ref ${i} is not the smallest below its kid`)
    let last = kid
    // The level bounds the recursion: a wrong reference may lead back up.
    for (let above = level - 1; above > 0; above--) last = kidAt(W, last, countOf(W, last) - 1)
    const largest = refAt(W, last, countOf(W, last) - 1)
    if (sharedBitsOfEntries(W, largest, first) < depthOf(W, node)) {
      this.#say(node, `kid ${i} lacks the prefix`)
    }
    if (next !== 0 && compareEntries(W, largest, next) >= 0) {
      this.#say(node, `kid ${i} reaches beyond the next one`)
    }
    return entriesBelow(W, kid)
  }
}

/** A kid in slot `i` of a node; its smallest entry there, the node's, and the next kid's (0: none). */
interface Kid {
  readonly node: number
  readonly i: number
  readonly level: number
  readonly birth: number
  readonly kid: number
  readonly ref: number
  readonly first: number
  readonly next: number
}
