/**
 * Finds keys in an immutable tree. Any thread, on a root that is pinned or otherwise safe.
 *
 * The descent is blind: a node's shared prefix is not compared on the way down, only the 32 bits
 * that follow it, and an entry only where those are equal. If the key does not have the prefix of
 * some node on the path, the key is not below that node, so an exact search that then finds another
 * key has its answer. A search for a place mostly detects this by the heads that it passed, which hold
 * the first bits of each kid's prefix; else it reads one entry of the leaf that it reached, and the
 * bits that the two share show where the descent went wrong. (As in a Patricia tree, Morrison 1968, and
 * the prefix B-tree's blind search, Ferragina and Grossi 1999.)
 */
import { compareToEntry, keyBytesOf, sharedBitsOfEntries } from '../memory/entry.js'
import {
  CAPACITY_MASK,
  CAPACITY_SHIFT,
  COUNT_MASK,
  DEPTH_SHIFT,
  E_KEY,
  LEAF_UNITS,
  LEVEL_MASK,
  LEVEL_SHIFT,
  N_HEADS,
  N_MAX,
  N_META,
  UNIT_INSERT,
  UNIT_SLOT,
  UNIT_WHAT,
  UNITS,
} from '../memory/layout.js'
import { sharedBits } from '../memory/words.js'
import {
  countOf,
  depthOf,
  entryAfter,
  kidAt,
  levelOf,
  mayDiffer,
  mayHaveInserts,
  refAt,
  slotAfter,
} from './node.js'

const META = N_META
const HEADS = N_HEADS
const CAP_SHIFT = CAPACITY_SHIFT
const CAP_MASK = CAPACITY_MASK
const COUNT = COUNT_MASK
const DEPTH = DEPTH_SHIFT
const L_SHIFT = LEVEL_SHIFT
const L_MASK = LEVEL_MASK
const KEY_AT = E_KEY
const INSERT = UNIT_INSERT
const SLOT = UNIT_SLOT
const WHAT = UNIT_WHAT
const POINTER = UNITS

/** Words of the largest leaf. */
const TOUCHED = N_HEADS + 2 * (N_MAX + LEAF_UNITS)

/** In place of a number of shared bits: not known. */
export const UNKNOWN = -1

/** 32 bits of a key buffer from bit `depth` on. */
function bitsAt(words: Uint32Array, count: number, depth: number): number {
  const i = depth >>> 5
  const shift = depth & 31
  if (i >= count) return 0
  const high = words[i]
  if (shift === 0) return high
  return ((high << shift) | (i + 1 < count ? words[i + 1] >>> (32 - shift) : 0)) >>> 0
}

/**
 * Compares a key with an entry's key that has the same 32 bits from `depth` on; the bits before
 * count as equal, as in every node of the descent.
 */
function compareRest(
  words: Uint32Array,
  bytes: number,
  W: Uint32Array,
  entry: number,
  depth: number,
): number {
  const other = keyBytesOf(W, entry)
  const n = ((bytes < other ? bytes : other) + 3) >>> 2
  for (let i = (depth >>> 5) + 1; i < n; i++) {
    const x = words[i]
    const y = W[entry + KEY_AT + i]
    if (x !== y) return x < y ? -1 : 1
  }
  return bytes - other
}

/** Slot of the kid of an inner node in which `key` belongs: the last whose ref is not above it. */
function kidIndex(W: Uint32Array, address: number, words: Uint32Array, bytes: number): number {
  const meta = W[address + META]
  const h = bitsAt(words, (bytes + 3) >>> 2, meta >>> DEPTH)
  const heads = address + HEADS
  let low = 1
  let high = meta & COUNT
  // Invariant: ref[low - 1] <= key (or low is 1), ref[high] > key (or high is the count).
  while (low < high) {
    const middle = (low + high) >>> 1
    const x = W[heads + middle]
    if (x < h) low = middle + 1
    else if (x > h) high = middle
    else {
      const refs = heads + ((meta >>> CAP_SHIFT) & CAP_MASK) * 8
      if (compareRest(words, bytes, W, W[refs + middle], meta >>> DEPTH) >= 0) low = middle + 1
      else high = middle
    }
  }
  return low - 1
}

/**
 * Slot in a leaf of the first entry not below `key`; as `~slot` where that is not `key` itself.
 * Where the key lacks the leaf's prefix the slot means nothing, but it is never "found".
 */
function leafIndex(W: Uint32Array, leaf: number, words: Uint32Array, bytes: number): number {
  const units = leaf & POINTER
  const address = leaf - units
  const meta = W[address + META]
  const depth = meta >>> DEPTH
  const h = bitsAt(words, (bytes + 3) >>> 2, depth)
  const heads = address + HEADS
  const refs = heads + ((meta >>> CAP_SHIFT) & CAP_MASK) * 8
  const log = heads + ((meta >>> CAP_SHIFT) & CAP_MASK) * 16
  const end = log + 2 * units
  // Among the leaf's own entries, whose heads are in order.
  let low = 0
  let high = meta & COUNT
  while (low < high) {
    const middle = (low + high) >>> 1
    const x = W[heads + middle]
    if (x < h) low = middle + 1
    else if (x > h) high = middle
    else {
      const isOld = units === 0 || !mayDiffer(W, address, middle)
      const entry = W[refs + middle]
      const now = isOld ? entry : entryAfter(W, log, end, middle, entry)
      const order = compareRest(words, bytes, W, now, depth)
      if (order === 0) {
        const slot = isOld ? middle : slotAfter(W, log, end, middle)
        return compareToEntry(words, bytes, W, now) === 0 ? slot : ~slot
      }
      if (order > 0) low = middle + 1
      else high = middle
    }
  }
  if (units === 0 || !mayHaveInserts(W, address)) return ~low
  return indexAmong(W, log, end, low, words, bytes)
}

/**
 * Goes on from a leaf's own entries to those that units inserted: only those at the very place need to be looked at.
 * @param slot of the first of the leaf's own entries that is not below the key, which is none of them
 */
function indexAmong(
  W: Uint32Array,
  log: number,
  end: number,
  slot: number,
  words: Uint32Array,
  bytes: number,
): number {
  let isFound = false
  for (let at = log; at < end; at += 2) {
    if ((W[at] & WHAT) !== INSERT) continue
    const s = W[at] & SLOT
    if (s < slot || (isFound && s === slot)) slot++
    else if (s === slot) {
      const entry = entryAfter(W, at + 2, end, s, W[at + 1])
      const order = compareToEntry(words, bytes, W, entry)
      if (order === 0) isFound = true
      else if (order > 0) slot++
    }
  }
  return isFound ? slot : ~slot
}

/** The entry with exactly this key below `root`, or 0. */
export function find(W: Uint32Array, root: number, words: Uint32Array, bytes: number): number {
  let node = root
  if (node === 0) return 0
  for (let level = levelOf(W, node); level > 0; level--) {
    node = kidAt(W, node, kidIndex(W, node - (node & POINTER), words, bytes))
  }
  const i = leafIndex(W, node, words, bytes)
  return i < 0 ? 0 : refAt(W, node, i)
}

/**
 * Reads a word of each cache line of a leaf at once: the misses overlap, also with those of
 * other nodes, while the search, and a copy or a shift after it, would have them one by one. Of a
 * small leaf it reads the words behind it, too.
 * @returns a number that the caller keeps: the engine leaves out loads whose result is unused
 */
export function touchNode(W: Uint32Array, pointer: number): number {
  const node = pointer - (pointer & POINTER)
  if (node + TOUCHED > W.length) return 0
  const heads = W[node + 16] ^ W[node + 32] ^ W[node + 48] ^ W[node + 64]
  const refs = W[node + 80] ^ W[node + 96] ^ W[node + 112]
  if (node === pointer) return heads ^ refs
  return heads ^ refs ^ W[node + 128] ^ W[node + 144]
}

/**
 * A path from the root to a place in a leaf. Level 0 is the leaf; `at[0]` may be the leaf's count,
 * which is the place after its last entry.
 */
export class Path {
  // Array literals are by far the quickest to make.
  readonly nodes: number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  readonly at: number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  /** Level of the root; -1 for the empty tree. */
  top = -1
  /** True if the entry at the place has exactly the key searched for. */
  found = false
  /**
   * Bits that the key shares with the entries beside the place; UNKNOWN: not computed, but at least
   * the depth of each node on the path.
   */
  shared = 0
  /** The result of {@link touchNode}, kept so that its loads are not left out. */
  touched = 0
  /** The heads on the way prove that the key has the prefix of each node. */
  #isSure = false

  /**
   * Sets the path to the first entry not below `key`. Reads one entry more than {@link find} if the
   * heads on the way do not prove that the descent was right.
   */
  seek(W: Uint32Array, root: number, words: Uint32Array, bytes: number): void {
    if (this.descend(W, root, words, bytes)) this.land(W, words, bytes)
  }

  /**
   * The first half of {@link seek}: down to the leaf, whose lines are on their way then.
   * @returns false if the tree is empty: there is nothing to {@link land} on
   */
  descend(W: Uint32Array, root: number, words: Uint32Array, bytes: number): boolean {
    this.found = false
    this.shared = 0
    if (root === 0) {
      this.top = -1
      return false
    }
    let node = root
    let address = node - (node & POINTER)
    let meta = W[address + META]
    const top = (meta >>> L_SHIFT) & L_MASK
    const count = (bytes + 3) >>> 2
    // The root's prefix is read from its smallest entry, which every search reads, so it is in the cache.
    let isSure = meta >>> DEPTH === 0
    if (!isSure) {
      const least = refAt(W, node, 0)
      const same = sharedBits(words, 0, bytes, W, least + KEY_AT, keyBytesOf(W, least))
      isSure = same >= meta >>> DEPTH
    }
    this.top = top
    for (let level = top; level > 0; level--) {
      // The nodes above are few, and mostly in the cache.
      if (level === 1) this.touched = touchNode(W, node)
      const i = kidIndex(W, address, words, bytes)
      this.nodes[level] = node
      this.at[level] = i
      const depth = meta >>> DEPTH
      const differing = bitsAt(words, count, depth) ^ W[address + HEADS + i]
      node = kidAt(W, node, i)
      address = node - (node & POINTER)
      meta = W[address + META]
      const shared = Math.min(depth + Math.clz32(differing), count * 32)
      if (meta >>> DEPTH > shared) isSure = false
    }
    this.nodes[0] = node
    this.touched = touchNode(W, node)
    this.#isSure = isSure
    return true
  }

  /** The second half of {@link seek}: to the place in the leaf. */
  land(W: Uint32Array, words: Uint32Array, bytes: number): void {
    const i = leafIndex(W, this.nodes[0], words, bytes)
    this.at[0] = i
    if (i >= 0) this.found = true
    else if (this.#isSure) {
      this.at[0] = ~i
      this.shared = UNKNOWN
    } else this.#settle(W, words, bytes, ~i)
  }

  /** Computes `shared` if it is not known; `entry` has the key. */
  look(W: Uint32Array, entry: number): void {
    if (this.shared !== UNKNOWN) return
    this.shared = sharedBitsOfEntries(W, entry, this.#near(W, this.at[0]))
  }

  /** The entry in slot `index` of the leaf, or in its last. */
  #near(W: Uint32Array, index: number): number {
    const leaf = this.nodes[0]
    const last = countOf(W, leaf) - 1
    return refAt(W, leaf, index < last ? index : last)
  }

  /** For a key that is not in the leaf: checks whether the descent was right, and corrects it. */
  #settle(W: Uint32Array, words: Uint32Array, bytes: number, index: number): void {
    const near = this.#near(W, index)
    const shared = sharedBits(words, 0, bytes, W, near + KEY_AT, keyBytesOf(W, near))
    this.shared = shared
    let wrong = this.top
    while (wrong >= 0 && depthOf(W, this.nodes[wrong]) <= shared) wrong--
    if (wrong < 0) {
      this.at[0] = index
      return
    }
    // The key lacks the prefix of this node, so it lies before or after all keys below it.
    const before = compareToEntry(words, bytes, W, near) < 0
    for (let level = wrong; level >= 0; level--) {
      const node = this.nodes[level]
      const last = countOf(W, node) - 1
      const i = before ? 0 : last
      if (level === 0) {
        this.at[0] = before ? 0 : last + 1
      } else {
        this.at[level] = i
        this.nodes[level - 1] = kidAt(W, node, i)
      }
    }
  }
}
