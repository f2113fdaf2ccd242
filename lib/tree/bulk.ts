/**
 * Builds a tree from entries that come in key order, from the leaves up: O(n), no search, no copy of a node.
 *
 * For the owner of the writer lock, in a transaction. The entries are blocks of the arena already. Invariants:
 * 1. node.ts's invariants hold for each node that is made, and none is changed afterwards.
 * 2. A level is a row of slots that wait for a node. When the row is full, its first FILL slots become a node, which
 *    is a slot of the level above. So a node has FILL slots; the last one of each level has N_MIN to N_MAX, unless
 *    the level is one node.
 *
 * A node has no free slots in memory: the first transaction that changes it copies it anyhow, with room for one
 * more. FILL is below N_MAX so that it does not split it, too: a leaf takes N_MAX - FILL keys before.
 */

import { compareEntries, entryBits, keyBytesOf, sharedBitsOfEntries } from '../memory/entry.js'
import { E_KEY, N_ENTRIES, N_HEADS, N_MAX, N_META, N_MIN } from '../memory/layout.js'
import { compareKeys } from '../memory/words.js'
import { capacityFor, metaWord } from './node.js'
import type { Tree } from './own-path.js'
import { entrySize, nodeSize } from './size.js'
import type { Workspace } from './workspace.js'

/** Slots of a node: as many as leave N_MIN for the one after it. */
const FILL = N_MAX - N_MIN

/** Slots of one level that are in no node yet. */
class Row {
  count = 0
  /** Entries of the leaf; the smallest entry below each kid. */
  readonly refs = new Uint32Array(N_MAX)
  /** Kids, and the largest entry below each; of inner nodes. */
  readonly kids = new Uint32Array(N_MAX)
  readonly lasts = new Uint32Array(N_MAX)
}

/** An entry is not above the one before it. */
export class Unsorted extends Error {
  constructor() {
    super('zverse: entries of a tree to build are out of order')
  }
}

export class BulkTree {
  /** Entries so far. */
  count = 0
  readonly #W: Uint32Array
  readonly #space: Workspace
  readonly #rows: Row[] = [new Row()]
  #words = 0
  #last = 0
  #root = 0

  constructor(W: Uint32Array, space: Workspace) {
    this.#W = W
    this.#space = space
  }

  /** True if a key of `bytes` bytes at `words[at]` is above that of the entry before. */
  isNext(words: Uint32Array, at: number, bytes: number): boolean {
    const W = this.#W
    const last = this.#last
    return last === 0 || compareKeys(W, last + E_KEY, keyBytesOf(W, last), words, at, bytes) < 0
  }

  /**
   * Adds an entry of the transaction's version or an earlier one.
   * @throws Unsorted unless its key is above that of the entry before
   * @throws ZVerseError `ZVERSE_FULL`
   */
  add(entry: number): void {
    const W = this.#W
    const last = this.#last
    if (last !== 0 && compareEntries(W, last, entry) >= 0) throw new Unsorted()
    const leaf = this.#rows[0]
    if (leaf.count === N_MAX) this.#make(0, FILL)
    leaf.refs[leaf.count++] = entry
    this.count++
    this.#words += entrySize(W, entry)
    this.#last = entry
  }

  /** The tree of all entries. @throws ZVerseError `ZVERSE_FULL` */
  finish(): Tree {
    const rows = this.#rows
    // Rows are added above while their nodes are made.
    for (let level = 0; level < rows.length; level++) {
      if (rows[level].count > 0) this.#make(level, rows[level].count, level === rows.length - 1)
    }
    return { root: this.#root, words: this.#words }
  }

  /** Makes a node of the first `count` slots of a row, and a slot of it in the row above. */
  #make(level: number, count: number, isRoot = false): void {
    const W = this.#W
    const row = this.#rows[level]
    const { refs, kids, lasts } = row
    const least = refs[0]
    const largest = level === 0 ? refs[count - 1] : lasts[count - 1]
    const depth = sharedBitsOfEntries(W, least, largest)
    const capacity = capacityFor(level, count)
    const node = this.#space.allocateNode(level, capacity)
    W[node + N_META] = metaWord(depth, level, capacity, count)
    this.#space.stampNode(node)
    const heads = node + N_HEADS
    let entries = level === 0 ? count : 0
    for (let i = 0; i < count; i++) {
      const ref = refs[i]
      W[heads + i] = entryBits(W, ref, depth)
      W[heads + capacity + i] = ref
      if (level === 0) continue
      W[heads + 2 * capacity + i] = kids[i]
      entries += W[kids[i] + N_ENTRIES]
    }
    W[node + N_ENTRIES] = entries
    this.#words += nodeSize(W, node)
    row.count -= count
    refs.copyWithin(0, count, count + row.count)
    kids.copyWithin(0, count, count + row.count)
    lasts.copyWithin(0, count, count + row.count)
    if (isRoot) this.#root = node
    else this.#link(level + 1, node, least, largest)
  }

  /** Adds a kid to a row. */
  #link(level: number, kid: number, least: number, largest: number): void {
    const rows = this.#rows
    if (level === rows.length) rows.push(new Row())
    if (rows[level].count === N_MAX) this.#make(level, FILL)
    const row = rows[level]
    row.refs[row.count] = least
    row.kids[row.count] = kid
    row.lasts[row.count] = largest
    row.count++
  }
}
