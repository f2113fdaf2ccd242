/**
 * The entries of a tree from the nearest to a point to the farthest.
 *
 * Best-first (G. R. Hjaltason and H. Samet, Distance browsing in spatial databases, TODS 24(2), 1999):
 * a queue holds nodes by the least distance that their keys can have, and entries by their own. The search
 * takes the first item: it replaces a node by its slots, and gives an entry. The keys of a node lie
 * on a stretch of the curve, from its smallest key to that of the node behind it. Cut at the first bit in
 * which the two differ, the stretch is two cells (boxes with sides that are powers of two), which shrink
 * further by the bits in which the stretch's ends run along the cut.
 *
 * As soon as `k` entries have been seen, no entry farther than the k-th is wanted, and frames (frame.ts)
 * restrict nodes to a box that holds everything nearer: most slots never get a distance.
 *
 * Any thread, on a root that stays pinned.
 */

import { lowerTo, raiseTo } from '../key/axis.js'
import { Box } from '../key/box.js'
import type { Curve } from '../key/curve.js'
import { compareEntries, entryBits, sharedBitsOfEntries } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import { numbers } from '../memory/words.js'
import { BoxCursor } from './box-cursor.js'
import { Frame } from './frame.js'
import type { Metric } from './metric.js'
import { countOf, refAt } from './node.js'
import { Projection } from './projection.js'
import { Path, touchNode } from './search.js'

const ALL = 0xffffffff
const KEY_AT = E_KEY
/** The greatest k for which a first guess is made, and at least how many entries it looks at. */
const MAX_GUESSED = 32
const GUESSES = 8
/** The most entries whose k-th distance is kept track of. */
const MAX_RANKED = 4096
/** In place of a node's end: the queued item is an entry. */
const ENTRY = -1

/** The parameters of a search. */
export interface Wanted {
  readonly metric: Metric
  /** How many entries to give at most. */
  readonly k: number
  /** The greatest distance, inclusive. */
  readonly within: number
  /** The box in which entries must lie; null: anywhere. */
  readonly box: Box | null
  /** All keys lie within the metric's whole: the result of {@link isWhole}. */
  canReach: boolean
}

/** True if all keys lie in the intervals of a metric's `whole`. */
export function isWhole(W: Uint32Array, root: number, curve: Curve, { whole }: Metric): boolean {
  return whole.every(({ low, high }, d) => {
    const axis = curve.axes[d]
    return ![low - spacing(low), high + spacing(high)].some((beyond, side) => {
      const box = new Box(curve)
      const isThere =
        side === 0 ? axis.floor(beyond, box.upper, 2 * d) : axis.ceiling(beyond, box.lower, 2 * d)
      box.settle()
      return isThere && new BoxCursor(W, root, box, false, 1).next() !== 0
    })
  })
}

/** At least the difference between `x` and the next number. */
function spacing(x: number): number {
  return Math.abs(x) * Number.EPSILON + Number.MIN_VALUE
}

export class Nearest {
  readonly #W: Uint32Array
  readonly #curve: Curve
  readonly #metric: Metric
  /** How many entries are left to give. */
  #left: number
  /** No entry farther than this is wanted. */
  #within: number
  /** The caller's box; and its part within `#reached`, an earlier value of `#within`. */
  readonly #box: Box | null
  readonly #near: Box
  #reached = Number.POSITIVE_INFINITY
  readonly #canReach: boolean
  readonly #frame: Frame
  /** A heap: distance, node or entry, and the entry at which a node ends (0: none) or ENTRY. */
  readonly #distances: number[] = []
  readonly #items: number[] = []
  readonly #endings: number[] = []
  /** The `k` least distances seen, as a heap with the greatest on top. */
  readonly #ranked: number[]
  #ranks = 0
  /** Scratch: coordinates of a key or a cell's corners; ordered integers. */
  readonly #low: number[]
  readonly #high: number[]
  readonly #ordered: Uint32Array
  readonly #slots: number[] = []
  /** For each dimension that counts: its coordinates in the window of a node. */
  readonly #projections: readonly Projection[]
  /** The distance of the entry that `next` gave. */
  distance = 0
  /** How many nodes were visited, and of how many entries the distance was computed. */
  nodes = 0
  looks = 0
  /** Holds the words that touching ahead reads, so that the loads are not optimised away. */
  ahead = 0

  /** @param root of a tree of the curve's keys */
  constructor(W: Uint32Array, root: number, curve: Curve, wanted: Wanted) {
    const { metric, k, within, box, canReach } = wanted
    const n = curve.axes.length
    this.#W = W
    this.#curve = curve
    this.#metric = metric
    this.#left = k
    this.#within = within
    this.#box = box
    this.#canReach = canReach
    this.#near = new Box(curve)
    this.#frame = new Frame(W, this.#near)
    this.#ranked = numbers(k <= MAX_RANKED ? k : 0)
    this.#low = numbers(n)
    this.#high = numbers(n)
    this.#ordered = new Uint32Array(2 * n)
    this.#projections = metric.dimensions.map(d => new Projection(curve, d))
    if (root !== 0 && k > 0) {
      if (box === null && k <= MAX_GUESSED) this.#guess(root, k)
      this.#approach()
      this.#push(0, root, 0)
    }
  }

  /**
   * Takes the distances of some entries before and after the point in Z-order: however bad the guess,
   * no entry farther than the k-th of them is wanted.
   */
  #guess(root: number, k: number): void {
    const W = this.#W
    const { axes, bytes } = this.#curve
    const { dimensions, point } = this.#metric
    const ordered = this.#ordered
    for (let i = 0; i < dimensions.length; i++) {
      const d = dimensions[i]
      axes[d].floor(point[d], ordered, 2 * d)
    }
    const code = this.#near.low
    this.#curve.encode(ordered, code)
    const path = new Path()
    path.seek(W, root, code, bytes)
    const leaf = path.nodes[0]
    const count = countOf(W, leaf)
    if (count < k) return
    const sampled = Math.min(count, Math.max(GUESSES, 2 * k))
    const from = Math.max(0, Math.min(path.at[0] - (sampled >> 1), count - sampled))
    let sum = 0
    for (let i = from; i < from + sampled; i++) sum ^= W[refAt(W, leaf, i)]
    this.ahead = sum
    for (let i = from; i < from + sampled; i++) this.#rank(this.#distanceOf(refAt(W, leaf, i)))
    this.#ranks = 0
  }

  #distanceOf(entry: number): number {
    const { axes } = this.#curve
    const { dimensions } = this.#metric
    const ordered = this.#ordered
    const at = this.#low
    this.looks++
    this.#curve.decode(this.#W, entry + KEY_AT, ordered)
    for (let i = 0; i < dimensions.length; i++) {
      const d = dimensions[i]
      at[d] = axes[d].coordinate(ordered[2 * d], ordered[2 * d + 1])
    }
    return this.#metric.distance(at)
  }

  /** The nearest entry not yet given, or 0 if there is none. */
  next(): number {
    while (this.#left > 0 && this.#items.length > 0) {
      const distance = this.#distances[0]
      const item = this.#items[0]
      const ending = this.#endings[0]
      this.#pop()
      if (ending === ENTRY) {
        this.#left--
        this.distance = distance
        return item
      }
      if (distance <= this.#within) this.#expand(item, distance, ending)
    }
    this.#left = 0
    return 0
  }

  /** Puts the slots of a node into the queue. */
  #expand(node: number, distance: number, ending: number): void {
    const frame = this.#frame
    this.nodes++
    // Making the box anew pays only once it has become much smaller.
    if (this.#within < 0.9 * this.#reached) this.#approach()
    if (this.#near.isEmpty || !frame.open(node)) return
    if (frame.level === 0) this.#expandLeaf(frame)
    else this.#expandInner(frame, distance, ending)
  }

  #expandLeaf(leaf: Frame): void {
    const W = this.#W
    const { slots, refs, count } = leaf
    const found = this.#slots
    const n = leaf.scan(0, 1, found, count)
    let sum = 0
    for (let i = 0; i < n; i++) sum ^= W[slots[refs + found[i]]]
    this.ahead = sum
    for (let i = 0; i < n; i++) {
      const entry = slots[refs + found[i]]
      const distance = this.#distanceOf(entry)
      if (distance > this.#within) continue
      this.#rank(distance)
      this.#push(distance, entry, ENTRY)
    }
  }

  #expandInner(frame: Frame, distance: number, ending: number): void {
    const W = this.#W
    const { heads, refs, count, depth } = frame
    const endOf = (slot: number) => (slot + 1 === count ? ending : W[refs + slot + 1])
    const only = frame.next(0)
    const second = only < count ? frame.next(only + 1) : count
    if (second >= count) {
      // With one kid there is no choice.
      if (only < count) this.#push(distance, frame.kid(only), endOf(only))
      return
    }
    const first = W[refs]
    this.#curve.decode(W, first + KEY_AT, this.#ordered)
    const projections = this.#projections
    for (let i = 0; i < projections.length; i++) projections[i].look(depth, this.#ordered)
    const isEnding = ending !== 0 && sharedBitsOfEntries(W, first, ending) >= depth
    const end = isEnding ? entryBits(W, ending, depth) : ALL
    let sum = 0
    for (let i = only; i < count; i = i === only ? second : frame.next(i + 1)) {
      const bound = this.#bound(W[heads + i], i + 1 === count ? end : W[heads + i + 1])
      if (bound > this.#within) continue
      const kid = frame.kid(i)
      this.#push(bound, kid, endOf(i))
      if (frame.level === 1) sum ^= touchNode(W, kid) ^ W[W[refs + i]]
    }
    this.ahead = sum
  }

  /** The least distance of a key whose bits in the window are from `a` to `b`. */
  #bound(a: number, b: number): number {
    const cut = Math.clz32(a ^ b)
    if (cut >= 31) return this.#cell(a, cut)
    // From a to the last code with its bit at the cut; from the first code with b's bit there to b.
    const left = this.#cell(a, cut + 1 + Math.clz32(~(a << (cut + 1))))
    if (left === 0) return 0
    const right = this.#cell(b, Math.min(32, cut + 1 + Math.clz32(b << (cut + 1))))
    return Math.min(left, right)
  }

  /** The least distance to the cell of the codes whose first `bits` bits in the window are `code`'s. */
  #cell(code: number, bits: number): number {
    const open = bits === 32 ? 0 : ALL >>> bits
    const least = (code & ~open) >>> 0
    const greatest = (code | open) >>> 0
    const projections = this.#projections
    for (let k = 0; k < projections.length; k++)
      projections[k].corners(least, greatest, this.#low, this.#high)
    return this.#metric.bound(this.#low, this.#high)
  }

  /** Makes `#near` the part of the box that is within reach. */
  #approach(): void {
    const near = this.#near
    const { axes } = this.#curve
    this.#reached = this.#within
    const box = this.#box
    if (box?.isEmpty) near.isEmpty = true
    for (let i = 0; i < near.lower.length; i++) {
      near.lower[i] = box === null ? 0 : box.lower[i]
      near.upper[i] = box === null ? ALL : box.upper[i]
    }
    if (this.#canReach && this.#within < Number.POSITIVE_INFINITY) {
      const low = this.#low.fill(Number.NEGATIVE_INFINITY)
      const high = this.#high.fill(Number.POSITIVE_INFINITY)
      this.#metric.reach(this.#within, low, high)
      for (let d = 0; d < axes.length; d++) {
        if (low[d] > Number.NEGATIVE_INFINITY && !raiseTo(axes[d], low[d], near.lower, 2 * d)) {
          near.isEmpty = true
        }
        if (high[d] < Number.POSITIVE_INFINITY && !lowerTo(axes[d], high[d], near.upper, 2 * d)) {
          near.isEmpty = true
        }
      }
    }
    near.settle()
  }

  /** Ranks the distance of an entry that was seen; no entry farther than the k-th least is wanted. */
  #rank(distance: number): void {
    const ranked = this.#ranked
    if (ranked.length === 0) return
    let at = this.#ranks
    if (at < ranked.length) {
      this.#ranks++
      for (let up = (at - 1) >> 1; at > 0 && ranked[up] < distance; up = (at - 1) >> 1) {
        ranked[at] = ranked[up]
        at = up
      }
      ranked[at] = distance
    } else if (distance < ranked[0]) {
      at = 0
      for (let down = 1; down < ranked.length; down = 2 * at + 1) {
        if (down + 1 < ranked.length && ranked[down + 1] > ranked[down]) down++
        if (ranked[down] <= distance) break
        ranked[at] = ranked[down]
        at = down
      }
      ranked[at] = distance
    } else return
    if (this.#ranks === ranked.length && ranked[0] < this.#within) this.#within = ranked[0]
  }

  // ── The queue ─────────────────────────────────────────────────────────────────────────────────

  #push(distance: number, item: number, ending: number): void {
    let at = this.#items.length
    for (let up = (at - 1) >> 1; at > 0 && this.#isBefore(distance, item, ending, up); ) {
      this.#move(up, at)
      at = up
      up = (at - 1) >> 1
    }
    this.#set(at, distance, item, ending)
  }

  /** Removes the first item. */
  #pop(): void {
    const distance = this.#distances.pop() as number
    const item = this.#items.pop() as number
    const ending = this.#endings.pop() as number
    const count = this.#items.length
    if (count === 0) return
    let at = 0
    for (let down = 1; down < count; down = 2 * at + 1) {
      const right = down + 1
      if (
        right < count &&
        this.#isBefore(this.#distances[right], this.#items[right], this.#endings[right], down)
      ) {
        down = right
      }
      if (this.#isBefore(distance, item, ending, down)) break
      this.#move(down, at)
      at = down
    }
    this.#set(at, distance, item, ending)
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#distances[from], this.#items[from], this.#endings[from])
  }

  #set(at: number, distance: number, item: number, ending: number): void {
    this.#distances[at] = distance
    this.#items[at] = item
    this.#endings[at] = ending
  }

  /** By distance; nodes before entries, since a node may hold an entry as near; entries by key. */
  #isBefore(distance: number, item: number, ending: number, other: number): boolean {
    const theirs = this.#distances[other]
    if (distance !== theirs) return distance < theirs
    if (ending !== ENTRY) return true
    return (
      this.#endings[other] === ENTRY &&
      compareEntries(this.#W, item, this.#items[other], this.#curve.tail) < 0
    )
  }
}
