/**
 * Lists of the edges of nodes, decoded, for one thread.
 *
 * A list is right in each tree that has it whole in one leaf, which its pointer and its birth identify for ever, as
 * entries are by theirs (value-cache.ts); and in the tree in which it was read, by the same token. So it is right at
 * every version, and writes need no invalidation. Lists of published trees only come here, of nodes that callers
 * cannot change.
 *
 * What is read comes into a young generation; when that has half of the bound, the old one goes, and the young one
 * grows old. What is read again in the old one is young again.
 */
import type { TupleKey } from '../key/tuple-writer.js'
import type { HotCounts } from './counts.js'

/** The edges of a node on one side, in key order: of what lies on their other side. */
export interface EdgeList {
  readonly others: TupleKey[]
  readonly types: string[]
  /** Where they lie in shared memory; 0 where that is not known. */
  readonly entries: number[]
}

/** What the edges are of: a store of them, or the index beside it; and of which type, if not of any. */
export interface Side {
  readonly core: object
  readonly type: string | undefined
}

/** A node of a tree, by its pointer and its birth. 0: there is none. */
export interface TreeNode {
  readonly pointer: number
  readonly birth: number
}

interface Kept extends Side {
  readonly list: EdgeList
  /** The tree that it was found in last; and the leaf that has all of it. */
  root: TreeNode
  readonly leaf: TreeNode
}

/** Lists of one node: of its sides, of types, of versions. */
const MOST = 6
/** A list of more than this part of the bound is not kept. */
const LARGEST_PART = 1 / 16
/** Bytes of a list, and of an edge in it, beside the texts. */
const OF_LIST = 160
const OF_EDGE = 48

export class HotEdges {
  readonly counts: HotCounts
  readonly #maxBytes: number
  #young = new Map<TupleKey, Kept[]>()
  #old = new Map<TupleKey, Kept[]>()
  #bytes = 0
  #lists = 0
  #oldLists = 0

  constructor(maxBytes: number, counts: HotCounts) {
    this.#maxBytes = maxBytes
    this.counts = counts
  }

  /** The list of a node in a tree in which it was found before. */
  find(node: TupleKey, side: Side, root: TreeNode): EdgeList | undefined {
    return this.#search(node, side, root, false)?.list
  }

  /** The list of a node in another tree, where its first edge, or its place, is in that leaf. */
  findIn(leaf: TreeNode, node: TupleKey, side: Side, root: TreeNode): EdgeList | undefined {
    const kept = this.#search(node, side, leaf, true)
    if (kept !== undefined) kept.root = root
    return kept?.list
  }

  #search(node: TupleKey, { core, type }: Side, at: TreeNode, isLeaf: boolean): Kept | undefined {
    const young = this.#young.get(node)
    const all = young ?? this.#old.get(node)
    if (all === undefined) return undefined
    for (const kept of all) {
      const { pointer, birth } = isLeaf ? kept.leaf : kept.root
      if (kept.core !== core || kept.type !== type) continue
      if (pointer !== at.pointer || birth !== at.birth) continue
      if (young === undefined) this.#renew(node, all)
      this.counts.hot++
      return kept
    }
    return undefined
  }

  /** Lists of the old generation are young again. */
  #renew(node: TupleKey, all: Kept[]): void {
    this.#old.delete(node)
    this.#oldLists -= all.length
    for (const kept of all) this.#add(node, kept)
  }

  /** Takes a list, whose nodes nobody can change. */
  keep(node: TupleKey, { core, type }: Side, list: EdgeList, root: TreeNode, leaf: TreeNode): void {
    if (sizeOf(list) > this.#maxBytes * LARGEST_PART) return
    const old = this.#old.get(node)
    if (old !== undefined) this.#renew(node, old)
    this.counts.promotions++
    this.#add(node, { core, type, list, root, leaf })
  }

  #add(node: TupleKey, kept: Kept): void {
    this.#bytes += sizeOf(kept.list)
    if (this.#bytes > this.#maxBytes / 2) this.#grow(sizeOf(kept.list))
    const all = this.#young.get(node)
    if (all === undefined) this.#young.set(node, [kept])
    else {
      all.push(kept)
      if (all.length > MOST) {
        all.shift()
        this.counts.demotions++
        this.#lists--
      }
    }
    this.#lists++
  }

  #grow(bytes: number): void {
    this.counts.demotions += this.#oldLists
    this.#old = this.#young
    this.#oldLists = this.#lists
    this.#young = new Map()
    this.#lists = 0
    this.#bytes = bytes
  }
}

function sizeOf({ others, types }: EdgeList): number {
  let size = OF_LIST
  for (let i = 0; i < others.length; i++) {
    const { [i]: other } = others
    size += OF_EDGE + types[i].length + (typeof other === 'string' ? other.length : 0)
  }
  return size
}
