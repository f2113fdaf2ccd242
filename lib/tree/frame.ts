/**
 * A tree node seen through a box: which of its slots may hold keys of the box.
 *
 * Works on the 32 bits of a key that follow the node's depth, which the node's heads hold ("the window").
 * All keys of a node share the bits before the window, so only those sides of the box matter whose bits
 * there equal the node's ("open" sides). Coordinates are not taken out of the codes: masked to one
 * dimension, codes compare as coordinates do. An entry is read only if its head equals the bits of a side
 * and more bits follow; and the first entry of a node if prefixes are long.
 *
 * Invariants, for the node of a frame:
 * 1. A side that is not open excludes nothing below the node. If none is open, all below is inside.
 * 2. `next` and `previous` pass over no slot that holds a key of the box; of a leaf they find only such.
 *
 * Any thread, on a root that is pinned. Frames are reused, one for each level of a walk.
 */

import { bigmin } from '../key/bigmin.js'
import type { Box } from '../key/box.js'
import { entryBits } from '../memory/entry.js'
import { E_KEY, N_HEADS, N_MAX } from '../memory/layout.js'
import { keyBits, numbers } from '../memory/words.js'
import {
  addressOf,
  capacityOf,
  countOf,
  depthOf,
  entriesBelow,
  kidAt,
  levelOf,
  readEntries,
  readHeads,
} from './node.js'

const ALL = 0xffffffff
const KEY_AT = E_KEY
const FLIP = 0x80000000 | 0

export class Frame {
  readonly #W: Uint32Array
  readonly #box: Box
  /** The node, its level and count. */
  node = 0
  level = 0
  count = 0
  /** What has the node's heads and refs (the arena, or a copy of a leaf with units), and where they begin. */
  slots: Uint32Array
  heads = 0
  refs = 0
  /** Heads, then refs, of a leaf that units have changed; made when the first is met. */
  #changed: Uint32Array | null = null
  /** Bits that all keys below the node share: the node's depth. */
  depth = 0
  /** For the walk: the slot to go on with. */
  at = 0
  /** How many entries were read because their head did not decide. */
  looks = 0
  /** Open sides, one bit a dimension, then one for the codes, which is `#codes`. */
  #lowSides = 0
  #highSides = 0
  readonly #codes: number
  /** Dimensions with an open side: how many; of each, its bits in the window, least and greatest there. */
  #bounded = 0
  readonly #masks: number[]
  readonly #lows: number[]
  readonly #highs: number[]
  /** One bit for each of these dimensions: its lower (upper) side is open and has bits behind the window. */
  #lowMore = 0
  #highMore = 0
  /** Bits of the dimensions without open sides. */
  #free = 0
  /** The codes' bits in the window. */
  #from = 0
  #to = ALL
  /** Keys have bits behind the window. */
  #isPartial = false
  /** Scratch for {@link scan} and for LITMAX. */
  readonly #slot: number[] = [0]
  readonly #turnedLows: number[] = []
  readonly #turnedHighs: number[] = []

  constructor(W: Uint32Array, box: Box) {
    this.#W = W
    this.slots = W
    this.#box = box
    const n = box.curve.axes.length
    this.#codes = box.codes
    this.#masks = numbers(n)
    this.#lows = numbers(n)
    this.#highs = numbers(n)
  }

  /** All keys below the node are inside the box. */
  get isInside(): boolean {
    return (this.#lowSides | this.#highSides) === 0
  }

  /** Keys below the node. */
  get entries(): number {
    return entriesBelow(this.#W, this.node)
  }

  /** The kid in slot `i` of an inner node. */
  kid(i: number): number {
    return kidAt(this.#W, this.node, i)
  }

  /** Opens a node by itself, such as the root; false if all below it is outside. */
  open(node: number): boolean {
    this.#lowSides = this.#box.lowSides
    this.#highSides = this.#box.highSides
    this.#point(node)
    if (!this.#narrow(0, this.#firstBits())) return false
    this.#look()
    return true
  }

  /** Opens the kid in slot `i` of the node of `parent`; false if all below it is outside. */
  openKid(parent: Frame, i: number): boolean {
    this.#lowSides = parent.#lowSides
    this.#highSides = parent.#highSides
    this.#point(parent.kid(i))
    if (!this.#narrow(parent.depth, this.#W[parent.heads + i])) return false
    this.#look()
    return true
  }

  #point(node: number): void {
    const W = this.#W
    const address = addressOf(node)
    this.node = node
    this.level = levelOf(W, node)
    this.depth = depthOf(W, node)
    this.at = 0
    if (this.level === 0 && node !== address) {
      this.#copy(node)
      return
    }
    this.slots = W
    this.count = countOf(W, address)
    this.heads = address + N_HEADS
    this.refs = this.heads + capacityOf(W, address)
  }

  /** Copies the slots of a leaf that units have changed. */
  #copy(leaf: number): void {
    this.#changed ??= new Uint32Array(2 * N_MAX)
    const slots = this.#changed
    this.slots = slots
    this.heads = 0
    this.refs = N_MAX
    this.count = readEntries(this.#W, leaf, slots, N_MAX)
    readHeads(this.#W, leaf, slots, 0, slots, N_MAX)
  }

  /** The first bits of the keys below the node; 0 at depth 0, where they share none. */
  #firstBits(): number {
    return this.depth === 0 ? 0 : entryBits(this.#W, this.slots[this.refs], 0)
  }

  /**
   * Closes the sides that the bits from place `from` to the node's depth decide. The first 32 of
   * these bits are in `head`. False if the bits are beyond a side.
   */
  #narrow(from: number, head: number): boolean {
    const { curve, low, high, from: first, to: last } = this.#box
    const { words } = curve
    const n = curve.masks.length
    let lows = this.#lowSides
    let highs = this.#highSides
    for (let place = from; place < this.depth && (lows | highs) !== 0; place += 32) {
      const bits = place === from ? head : entryBits(this.#W, this.slots[this.refs], place)
      const rest = this.depth - place
      const top = rest >= 32 ? ALL : ~(ALL >>> rest)
      const lowBits = keyBits(low, 0, words, place)
      const highBits = keyBits(high, 0, words, place)
      for (let d = 0; d <= n; d++) {
        const side = 1 << d
        if (((lows | highs) & side) === 0) continue
        const mask = d < n ? keyBits(curve.masks[d], 0, words, place) & top : top
        const x = (bits & mask) >>> 0
        if ((lows & side) !== 0) {
          const least = d < n ? lowBits : keyBits(first as Uint32Array, 0, words, place)
          const y = (least & mask) >>> 0
          if (x < y) return false
          if (x > y) lows &= ~side
        }
        if ((highs & side) !== 0) {
          const greatest = d < n ? highBits : keyBits(last as Uint32Array, 0, words, place)
          const y = (greatest & mask) >>> 0
          if (x > y) return false
          if (x < y) highs &= ~side
        }
      }
    }
    this.#lowSides = lows
    this.#highSides = highs
    return true
  }

  /** Computes the bits of the open sides in the window. */
  #look(): void {
    const { curve, low, high, from, to } = this.#box
    const { words, ends } = curve
    const { depth } = this
    const n = ends.length
    let bounded = 0
    let free = 0
    let lowMore = 0
    let highMore = 0
    if (!this.isInside) {
      const lowBits = keyBits(low, 0, words, depth)
      const highBits = keyBits(high, 0, words, depth)
      for (let d = 0; d < n; d++) {
        // A dimension whose bits are all before the window has been decided.
        if (depth >= ends[d]) {
          this.#lowSides &= ~(1 << d)
          this.#highSides &= ~(1 << d)
          continue
        }
        const mask = keyBits(curve.masks[d], 0, words, depth)
        const lowSide = (this.#lowSides >>> d) & 1
        const highSide = (this.#highSides >>> d) & 1
        if ((lowSide | highSide) === 0) {
          free |= mask
          continue
        }
        this.#masks[bounded] = mask
        this.#lows[bounded] = lowSide === 0 ? 0 : (lowBits & mask) >>> 0
        this.#highs[bounded] = highSide === 0 ? mask : (highBits & mask) >>> 0
        if (depth + 32 < ends[d]) {
          lowMore |= lowSide << bounded
          highMore |= highSide << bounded
        }
        bounded++
      }
    }
    this.#bounded = bounded
    this.#free = free
    this.#lowMore = lowMore
    this.#highMore = highMore
    this.#from =
      (this.#lowSides & this.#codes) !== 0 ? keyBits(from as Uint32Array, 0, words, depth) : 0
    this.#to =
      (this.#highSides & this.#codes) !== 0 ? keyBits(to as Uint32Array, 0, words, depth) : ALL
    const past = depth + 32 - curve.bits
    this.#isPartial = past < 0 || curve.tail > 0
    // What follows a code is bounded by nothing.
    if (past > 0 && curve.tail > 0) this.#free |= past >= 32 ? ALL : ~(ALL << past)
  }

  /** The first slot from `i` on that may hold keys of the box; the count if there is none. */
  next(i: number): number {
    if (i >= this.count || this.isInside) return i
    if (this.level > 0) return this.#nextKid(i)
    return this.scan(i, 1, this.#slot, 1) > 0 ? this.#slot[0] : this.count
  }

  /** The last slot up to `i` that may hold keys of the box; -1 if there is none. */
  previous(i: number): number {
    if (i < 0 || this.isInside) return i
    if (this.level > 0) return this.#previousKid(i)
    return this.scan(i, -1, this.#slot, 1) > 0 ? this.#slot[0] : -1
  }

  /**
   * Finds in a leaf the slots of keys that are in the box, from slot `from` on or back.
   * @param into takes the slots
   * @param most how many to find at most
   * @returns how many were found
   */
  scan(from: number, step: 1 | -1, into: number[], most: number): number {
    const { slots, heads, count } = this
    const masks = this.#masks
    const lows = this.#lows
    const highs = this.#highs
    const bounded = this.#bounded
    const lowMore = this.#lowMore
    const highMore = this.#highMore
    const first = this.#from ^ FLIP
    const last = this.#to ^ FLIP
    // A head that equals the bits of a bounding code does not decide.
    const firstMore = this.#isPartial && (this.#lowSides & this.#codes) !== 0
    const lastMore = this.#isPartial && (this.#highSides & this.#codes) !== 0
    // The first two dimensions by themselves: mostly there are no others. With its top bit flipped an
    // unsigned word compares as a signed one, which the engine does fastest.
    const hasOne = bounded > 0
    const hasTwo = bounded > 1
    const mask0 = hasOne ? masks[0] | 0 : 0
    const low0 = hasOne ? lows[0] ^ FLIP : FLIP
    const high0 = hasOne ? highs[0] ^ FLIP : FLIP
    const mask1 = hasTwo ? masks[1] | 0 : 0
    const low1 = hasTwo ? lows[1] ^ FLIP : FLIP
    const high1 = hasTwo ? highs[1] ^ FLIP : FLIP
    let found = 0
    for (let i = from; i >= 0 && i < count && found < most; i += step) {
      const head = slots[heads + i] | 0
      const x = (head & mask0) ^ FLIP
      if (x < low0 || x > high0) continue
      const y = (head & mask1) ^ FLIP
      if (y < low1 || y > high1) continue
      const all = head ^ FLIP
      if (all < first || all > last) continue
      let edges =
        (((x === low0 ? lowMore : 0) | (x === high0 ? highMore : 0)) & 1) |
        (((y === low1 ? lowMore : 0) | (y === high1 ? highMore : 0)) & 2)
      let isOut = false
      for (let k = 2; k < bounded; k++) {
        const z = (head & masks[k]) >>> 0
        if (z < lows[k] || z > highs[k]) {
          isOut = true
          break
        }
        if (z === lows[k]) edges |= lowMore & (1 << k)
        if (z === highs[k]) edges |= highMore & (1 << k)
      }
      if (isOut) continue
      const isEdge = edges !== 0 || (firstMore && all === first) || (lastMore && all === last)
      if (!isEdge || this.#holds(slots[this.refs + i])) into[found++] = i
    }
    return found
  }

  /**
   * Kid i holds codes from head i to head i + 1, the last kid to the end of the window: finds the first kid
   * whose stretch reaches the next code in the box.
   */
  #nextKid(i: number): number {
    const W = this.#W
    const { heads, count } = this
    const start = Math.max(W[heads + i], this.#from)
    const code = bigmin(start, this.#masks, this.#lows, this.#highs, this.#bounded, this.#free)
    if (code < 0 || code > this.#to) return count
    let low = i
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      const end = W[heads + middle + 1]
      if (end > code || (end === code && this.#isPartial)) high = middle
      else low = middle + 1
    }
    return low
  }

  /** {@link #nextKid} mirrored: LITMAX is BIGMIN with every bit flipped. */
  #previousKid(i: number): number {
    const W = this.#W
    const { heads } = this
    const bounded = this.#bounded
    const end = Math.min(i + 1 < this.count ? W[heads + i + 1] : ALL, this.#to)
    const lows = this.#turnedLows
    const highs = this.#turnedHighs
    for (let k = 0; k < bounded; k++) {
      lows[k] = (this.#masks[k] & ~this.#highs[k]) >>> 0
      highs[k] = (this.#masks[k] & ~this.#lows[k]) >>> 0
    }
    const turned = bigmin(~end >>> 0, this.#masks, lows, highs, bounded, this.#free)
    if (turned < 0) return -1
    const code = ~turned >>> 0
    if (code < this.#from) return -1
    // The last kid whose first head is not above the code.
    let low = -1
    let high = i
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (W[heads + middle] <= code) low = middle
      else high = middle - 1
    }
    return low
  }

  /** True if the entry's key is inside the box. */
  #holds(entry: number): boolean {
    this.looks++
    const { curve, low, high, from, to } = this.#box
    const at = entry + KEY_AT
    const n = curve.masks.length
    for (let d = 0; d < n; d++) {
      const mask = curve.masks[d]
      if ((this.#lowSides >>> d) & 1 && this.#compare(at, mask, low) < 0) return false
      if ((this.#highSides >>> d) & 1 && this.#compare(at, mask, high) > 0) return false
    }
    const codes = this.#codes
    if (this.#lowSides & codes && this.#compare(at, null, from as Uint32Array) < 0) return false
    return (this.#highSides & codes) === 0 || this.#compare(at, null, to as Uint32Array) <= 0
  }

  /** Compares the key at word `at` with a code, in one dimension or as a whole. */
  #compare(at: number, mask: Uint32Array | null, code: Uint32Array): number {
    const W = this.#W
    for (let i = 0; i < code.length; i++) {
      const bits = mask === null ? ALL : mask[i]
      const x = (W[at + i] & bits) >>> 0
      const y = (code[i] & bits) >>> 0
      if (x !== y) return x < y ? -1 : 1
    }
    return 0
  }
}
