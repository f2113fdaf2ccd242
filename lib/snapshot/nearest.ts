/**
 * The entries of a tree from the nearest to a point to the farthest.
 *
 * Best-first (G. R. Hjaltason and H. Samet, Distance browsing in spatial databases, TODS 24(2), 1999):
 * a queue holds nodes by the least distance that their keys can have, and entries by their own; what is
 * first is taken, a node to put its slots in its place, an entry to be given. The keys of a node lie
 * on a stretch of the curve, from its smallest to that of the node behind it; cut at the first bit in
 * which the two differ, that is two cells (boxes with sides that are powers of two), which are cut down
 * further by the bits in which the stretch's ends run along the cut.
 *
 * As soon as `k` entries have been seen, nothing farther than the k-th is wanted, and nodes are looked
 * at through the box that holds all that is nearer (frame.ts): most slots never get a distance.
 *
 * Any thread, on a root that stays pinned.
 */
import { Box } from '../key/box.js'
import type { Curve } from '../key/curve.js'
import { E_KEY } from '../memory/layout.js'
import { compareEntries, entryBits, sharedBitsOfEntries } from '../memory/words.js'
import { Frame } from './frame.js'
import type { Metric } from './metric.js'
import { Squeeze } from './squeeze.js'

const ALL = 0xffffffff
const KEY_AT = E_KEY
/** Words from an entry's begin to what is most likely the cache line after its first. */
const NEXT_LINE = 13
/** The most entries whose k-th distance is kept track of. */
const MAX_RANKED = 4096
/** In place of a node's end: what is queued is an entry. */
const ENTRY = -1

export class Nearest {
  readonly #W: Uint32Array
  readonly #curve: Curve
  readonly #metric: Metric
  /** What is left to give. */
  #left: number
  /** Nothing farther is wanted. */
  #within: number
  /** The caller's box, and of it what is within `#within`, as when that was `#reached`. */
  readonly #box: Box | null
  readonly #near: Box
  #reached = Number.POSITIVE_INFINITY
  readonly #frame: Frame
  /** A heap: distance, node or entry, and the entry at which a node ends (0: none) or ENTRY. */
  readonly #distances: number[] = []
  readonly #items: number[] = []
  readonly #endings: number[] = []
  /** The least distances seen, as a heap with the greatest on top; as many as are asked for. */
  readonly #ranked: Float64Array
  #ranks = 0
  /** Scratch: coordinates of a key or a cell's corners; ordered integers. */
  readonly #low: Float64Array
  readonly #high: Float64Array
  readonly #ordered: Uint32Array
  /** For each dimension that counts: how its bits in the window of a node are brought together. */
  readonly #squeezes: readonly Squeeze[]
  /** How far the entry is that `next` gave. */
  distance = 0
  /** Nodes looked at, and entries whose distance was taken. */
  nodes = 0
  looks = 0
  /** Takes what touching ahead reads, so that it is not optimised away. */
  ahead = 0

  /**
   * @param k how many entries to give at most
   * @param within how far they may be, inclusive
   * @param box where they must be; null: anywhere
   */
  constructor(
    W: Uint32Array,
    root: number,
    curve: Curve,
    metric: Metric,
    { k, within, box }: { k: number; within: number; box: Box | null },
  ) {
    const n = curve.axes.length
    this.#W = W
    this.#curve = curve
    this.#metric = metric
    this.#left = k
    this.#within = within
    this.#box = box
    this.#near = new Box(curve)
    this.#frame = new Frame(W, this.#near)
    this.#ranked = new Float64Array(k <= MAX_RANKED ? k : 0)
    this.#low = new Float64Array(n)
    this.#high = new Float64Array(n)
    this.#ordered = new Uint32Array(2 * n)
    this.#squeezes = metric.dimensions.map(d => new Squeeze(curve, d))
    this.#approach()
    if (root !== 0 && k > 0) this.#push(0, root, 0)
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
      if (distance <= this.#within) this.#expand(item, ending)
    }
    this.#left = 0
    return 0
  }

  /** Puts what is in a node into the queue. */
  #expand(node: number, ending: number): void {
    const frame = this.#frame
    this.nodes++
    // The box is worth the work of making it anew once it has become much smaller.
    if (this.#within < 0.9 * this.#reached) this.#approach()
    if (this.#near.isEmpty || !frame.open(node)) return
    if (frame.level === 0) this.#expandLeaf(frame)
    else this.#expandInner(frame, ending)
  }

  #expandLeaf({ refs, count }: Frame): void {
    const W = this.#W
    const frame = this.#frame
    const { axes } = this.#curve
    const { dimensions } = this.#metric
    const at = this.#low
    let sum = 0
    for (let i = frame.next(0); i < count; i = frame.next(i + 1)) {
      const entry = W[refs + i]
      sum ^= W[entry] ^ W[entry + NEXT_LINE]
    }
    this.ahead = sum
    for (let i = frame.next(0); i < count; i = frame.next(i + 1)) {
      const entry = W[refs + i]
      this.looks++
      this.#curve.decode(W, entry + KEY_AT, this.#ordered)
      for (let k = 0; k < dimensions.length; k++) {
        const d = dimensions[k]
        at[d] = axes[d].coordinate(this.#ordered[2 * d], this.#ordered[2 * d + 1])
      }
      const distance = this.#metric.distance(at)
      if (distance > this.#within) continue
      this.#rank(distance)
      this.#push(distance, entry, ENTRY)
    }
  }

  #expandInner(frame: Frame, ending: number): void {
    const W = this.#W
    const { heads, refs, kids, count, depth } = frame
    const first = W[refs]
    this.#curve.decode(W, first + KEY_AT, this.#ordered)
    for (const squeeze of this.#squeezes) squeeze.look(depth, this.#ordered)
    const isEnding = ending !== 0 && sharedBitsOfEntries(W, first, ending) >= depth
    const end = isEnding ? entryBits(W, ending, depth) : ALL
    for (let i = frame.next(0); i < count; i = frame.next(i + 1)) {
      const isLast = i + 1 === count
      const bound = this.#bound(W[heads + i], isLast ? end : W[heads + i + 1])
      if (bound <= this.#within) this.#push(bound, W[kids + i], isLast ? ending : W[refs + i + 1])
    }
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
    const squeezes = this.#squeezes
    for (let k = 0; k < squeezes.length; k++)
      squeezes[k].corners(least, greatest, this.#low, this.#high)
    return this.#metric.bound(this.#low, this.#high)
  }

  /** Makes `#near` what of the box is within reach. */
  #approach(): void {
    const near = this.#near
    const { axes } = this.#curve
    this.#reached = this.#within
    if (this.#box?.isEmpty) near.isEmpty = true
    near.lower.set(this.#box?.lower ?? near.lower.fill(0))
    near.upper.set(this.#box?.upper ?? near.upper.fill(ALL))
    if (this.#within < Number.POSITIVE_INFINITY) {
      const low = this.#low.fill(Number.NEGATIVE_INFINITY)
      const high = this.#high.fill(Number.POSITIVE_INFINITY)
      this.#metric.reach(this.#within, low, high)
      const side = new Uint32Array(2)
      for (let d = 0; d < axes.length; d++) {
        if (low[d] > Number.NEGATIVE_INFINITY) {
          if (!axes[d].ceiling(low[d], side, 0)) near.isEmpty = true
          else if (isBelow(near.lower, 2 * d, side)) near.lower.set(side, 2 * d)
        }
        if (high[d] < Number.POSITIVE_INFINITY) {
          if (!axes[d].floor(high[d], side, 0)) near.isEmpty = true
          else if (!isBelow(near.upper, 2 * d, side)) near.upper.set(side, 2 * d)
        }
      }
    }
    near.settle()
  }

  /** Notes the distance of an entry that was seen; the k-th least is as far as need be looked. */
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

  /** Takes the first out. */
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

  /** By distance; nodes before entries, for they may hold an entry as near; entries by key. */
  #isBefore(distance: number, item: number, ending: number, other: number): boolean {
    const theirs = this.#distances[other]
    if (distance !== theirs) return distance < theirs
    if (ending !== ENTRY) return true
    return this.#endings[other] === ENTRY && compareEntries(this.#W, item, this.#items[other]) < 0
  }
}

function isBelow(words: Uint32Array, at: number, side: Uint32Array): boolean {
  return words[at] < side[0] || (words[at] === side[0] && words[at + 1] < side[1])
}
