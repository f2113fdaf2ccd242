/**
 * The entries of past runs from the nearest to a point to the farthest.
 *
 * Best-first, as in a tree (nearest.ts): a queue holds stretches of blocks by the least distance that their keys can
 * have, and entries by their own. The keys of a stretch lie between the first key of its first block and that of the block
 * behind it. A stretch of several blocks is taken apart by the index; a block is read when nothing else can be nearer.
 * As soon as it is known that nothing farther than some distance is wanted, only what lies in a box that holds
 * everything nearer is looked at.
 *
 * For one thread, on runs that are open. If reading fails, the next call goes on where this one failed.
 */
import type { Found } from '../../engine/deep.js'
import { lowerTo, raiseTo } from '../../key/axis.js'
import { Box } from '../../key/box.js'
import type { Curve } from '../../key/curve.js'
import { type KeyWords, versionOf } from '../../memory/entry.js'
import { E_KEY } from '../../memory/layout.js'
import { compareKeys, load48, numbers } from '../../memory/words.js'
import { Leap } from '../../tree/leap.js'
import type { Metric } from '../../tree/metric.js'
import type { Wanted as Near } from '../../tree/nearest.js'
import { Stretches } from '../../tree/stretch.js'
import type { Block } from './block-cache.js'
import { compareFound } from './deep-walk.js'
import type { Moment, Run } from './run.js'
import { I_DEATH, I_ENTRY } from './run-format.js'

const FIRST: KeyWords = { words: new Uint32Array(0), bytes: 0 }
const NONE: Found = { words: new Uint32Array(0), entry: 0, death: 0 }
/** From an interval to its entry's key. */
const TO_KEY = I_ENTRY + E_KEY
/** Parts that a stretch of blocks is taken apart into. */
const PARTS = 8
/** The most entries whose k-th distance is kept track of. */
const MAX_RANKED = 256
/** The greatest k for which a first guess is made, and at least how many intervals it looks at. */
const MAX_GUESSED = 32
const GUESSES = 8

/** A run, and its blocks that may have keys of the store. */
interface Source {
  readonly run: Run
  readonly begin: number
  readonly end: number
}

/** Intervals `from` to `to` of a block. */
interface Part {
  readonly block: Block
  readonly from: number
  readonly to: number
}

/** Of the queue: blocks `from` to `to` of a source, or, where that is null, an entry. */
class Item implements Found {
  readonly distance: number
  readonly source: Source | null
  readonly from: number
  readonly to: number
  readonly words: Uint32Array
  readonly entry: number
  readonly death: number

  constructor(distance: number, source: Source | null, from: number, to: number, found: Found) {
    this.distance = distance
    this.source = source
    this.from = from
    this.to = to
    this.words = found.words
    this.entry = found.entry
    this.death = found.death
  }
}

export class RunNearest {
  readonly #store: number
  readonly #moment: Moment
  readonly #curve: Curve
  readonly #metric: Metric
  readonly #k: number
  readonly #stretches: Stretches
  /** A heap, the first item on top. */
  readonly #queue: Item[] = []
  /** No entry farther than this is wanted. */
  #within: number
  /** The caller's box; and its part within `#reached`, an earlier value of `#within`: null, if it is all. */
  readonly #box: Box | null
  #leap: Leap | null = null
  #reached = Number.POSITIVE_INFINITY
  readonly #canReach: boolean
  /** Nothing but what is in the queue already can be within reach. */
  #isOver = false
  /** The least distances seen, in order: `#ranks` of them, `k` at most. */
  readonly #ranked: Float64Array
  #ranks = 0
  #isGuessed: boolean
  /** Scratch: the codes that a stretch lies between. */
  readonly #a: Uint32Array
  readonly #b: Uint32Array

  /**
   * @param runs that may have something of the moment
   * @param near its `canReach`, which is of a tree's keys, is not used
   */
  constructor(runs: readonly Run[], moment: Moment, store: number, curve: Curve, near: Near) {
    const { metric, k, within, box } = near
    this.#store = store
    this.#moment = moment
    this.#curve = curve
    this.#metric = metric
    this.#k = k
    this.#within = within
    this.#box = box
    this.#canReach = isAlwaysWhole(curve, metric)
    this.#stretches = new Stretches(curve, metric)
    this.#ranked = new Float64Array(k <= MAX_RANKED ? k : 0)
    this.#isGuessed = k > MAX_GUESSED || box !== null
    this.#a = new Uint32Array(curve.words)
    this.#b = new Uint32Array(curve.words)
    this.#isOver = k === 0 || box?.isEmpty === true
    if (this.#isOver) return
    for (const run of runs) {
      const begin = Math.max(0, run.blocksBefore(store, FIRST, 0) - 1)
      const end = run.blocksBefore(store + 1, FIRST, 0)
      if (begin < end) this.#push(new Item(0, { run, begin, end }, begin, end, NONE))
    }
  }

  /** From here on no entry farther than `distance` is wanted. */
  limit(distance: number): void {
    if (distance < this.#within) this.#within = distance
  }

  /** The nearest entry, if it is not farther than `distance`; it stays the first until {@link take}. */
  first(distance: number): (Found & { readonly distance: number }) | null {
    const queue = this.#queue
    while (queue.length > 0) {
      const [item] = queue
      if (item.distance > distance || item.distance > this.#within) return null
      if (item.source === null) return item
      this.#expand(item.source, item.from, item.to)
    }
    return null
  }

  /** Puts the parts of the first item, a stretch of blocks, in its place. */
  #expand(source: Source, from: number, to: number): void {
    const isBlock = to - from === 1 && !this.#isOver
    const block = isBlock ? source.run.block(from) : null
    this.take()
    const part = block && this.#partOf(source, from, block)
    if (part !== null && !this.#isGuessed) this.#guess(source.run, part)
    // Making the box anew pays only once it has become much smaller.
    if (this.#leap === null || this.#within < 0.9 * this.#reached) this.#approach()
    if (this.#isOver) return
    if (part !== null) {
      this.#addEntries(part)
      return
    }
    const size = Math.ceil((to - from) / PARTS)
    for (let at = from; at < to; at += size) this.#add(source, at, Math.min(at + size, to))
  }

  /** Finds the part of the box that is within reach. */
  #approach(): void {
    const box = this.#box
    const reaches = this.#canReach && this.#within < Number.POSITIVE_INFINITY
    if (!reaches && (box === null || this.#leap !== null)) return
    this.#reached = this.#within
    const curve = this.#curve
    const near = new Box(curve)
    if (box !== null) {
      near.lower.set(box.lower)
      near.upper.set(box.upper)
    }
    if (reaches) {
      const low = numbers(curve.axes.length).fill(Number.NEGATIVE_INFINITY)
      const high = numbers(curve.axes.length).fill(Number.POSITIVE_INFINITY)
      this.#metric.reach(this.#within, low, high)
      for (const [d, axis] of curve.axes.entries()) {
        const isLow = low[d] > Number.NEGATIVE_INFINITY
        const isHigh = high[d] < Number.POSITIVE_INFINITY
        if (isLow && !raiseTo(axis, low[d], near.lower, 2 * d)) near.isEmpty = true
        if (isHigh && !lowerTo(axis, high[d], near.upper, 2 * d)) near.isEmpty = true
      }
    }
    near.settle()
    this.#isOver = near.isEmpty
    if (!near.isEmpty) this.#leap = new Leap(near, false)
  }

  /** Puts a stretch of blocks into the queue, unless nothing in it is wanted. */
  #add(source: Source, from: number, to: number): void {
    const { run, begin, end } = source
    if (to - from === 1 && !run.blockCovers(from, this.#moment)) return
    let a = this.#stretches.first
    let b = this.#stretches.last
    if (from > begin || run.firstStore(from) === this.#store) {
      a = this.#a
      run.firstKey(from, a)
    }
    if (to < end) {
      b = this.#b
      run.firstKey(to, b)
    }
    if (this.#leap !== null) {
      if (!this.#leap.next(a, 0)) return
      a = this.#leap.code
      if (compareCodes(a, b) > 0) return
    }
    const distance = this.#stretches.bound(a, b)
    if (distance <= this.#within) this.#push(new Item(distance, source, from, to, NONE))
  }

  /** The intervals of a block that are of the store. */
  #partOf({ run, begin, end }: Source, index: number, block: Block): Part {
    const store = this.#store
    const from = index === begin ? run.intervalsBefore(block, store, FIRST, 0) : 0
    const to = index === end - 1 ? run.intervalsBefore(block, store + 1, FIRST, 0) : block.count
    return { block, from, to }
  }

  /**
   * Takes the distances of some entries before and after the point in Z-order: however bad the guess, no entry farther
   * than the k-th of them is wanted.
   */
  #guess(run: Run, { block, from, to }: Part): void {
    const { axes, bytes, words: size } = this.#curve
    const { dimensions, point } = this.#metric
    this.#isGuessed = true
    const ordered = new Uint32Array(2 * axes.length)
    for (const d of dimensions) axes[d].floor(point[d], ordered, 2 * d)
    const code = { words: new Uint32Array(size), bytes }
    this.#curve.encode(ordered, code.words)
    const place = run.intervalsBefore(block, this.#store, code, 0)
    const some = Math.max(GUESSES, 2 * this.#k)
    for (let i = Math.max(from, place - some); i < Math.min(to, place + some); i++) {
      if (this.#foundAt(block.words, block.words[i]) === null) continue
      this.#rank(this.#stretches.distance(block.words, block.words[i] + TO_KEY))
    }
    this.#ranks = 0
  }

  /** Puts the entries of a block that are wanted into the queue. */
  #addEntries({ block, from, to }: Part): void {
    const { words } = block
    const leap = this.#leap
    for (let i = from; i < to; i++) {
      const begin = words[i]
      const at = begin + TO_KEY
      if (leap !== null && !leap.holds(words, at)) {
        if (!leap.next(words, at)) break
        i = seek(words, leap.code, i + 1, to) - 1
        continue
      }
      const found = this.#foundAt(words, begin)
      if (found === null) continue
      const distance = this.#stretches.distance(words, at)
      if (distance > this.#within) continue
      this.#rank(distance)
      this.#push(new Item(distance, null, 0, 0, found))
    }
  }

  /** The entry of the interval at word `begin`, if it counts and is in the caller's box. */
  #foundAt(words: Uint32Array, begin: number): Found | null {
    const entry = begin + I_ENTRY
    const { at, until } = this.#moment
    const death = load48(words, begin + I_DEATH)
    if (versionOf(words, entry) > at || death <= at || death > until) return null
    if (this.#box !== null && !isBetween(words, entry + E_KEY, this.#box)) return null
    return { words, entry, death }
  }

  /** Ranks the distance of an entry that was seen; none farther than the k-th least is wanted. */
  #rank(distance: number): void {
    const ranked = this.#ranked
    if (ranked.length === 0) return
    if (this.#ranks < ranked.length) this.#ranks++
    else if (distance >= ranked[ranked.length - 1]) return
    let at = this.#ranks - 1
    for (; at > 0 && ranked[at - 1] > distance; at--) ranked[at] = ranked[at - 1]
    ranked[at] = distance
    if (this.#ranks === ranked.length) this.limit(ranked[ranked.length - 1])
  }

  // ── The queue ─────────────────────────────────────────────────────────────────────────────────

  #push(item: Item): void {
    const queue = this.#queue
    const { tail } = this.#curve
    let at = queue.length
    for (let up = (at - 1) >> 1; at > 0 && isBefore(item, queue[up], tail); up = (at - 1) >> 1) {
      queue[at] = queue[up]
      at = up
    }
    queue[at] = item
  }

  /** Takes the first item out of the queue. */
  take(): void {
    const queue = this.#queue
    const { tail } = this.#curve
    const last = queue.pop() as Item
    if (queue.length === 0) return
    let at = 0
    for (let down = 1; down < queue.length; down = 2 * at + 1) {
      if (down + 1 < queue.length && isBefore(queue[down + 1], queue[down], tail)) down++
      if (isBefore(last, queue[down], tail)) break
      queue[at] = queue[down]
      at = down
    }
    queue[at] = last
  }
}

/** By distance; stretches before entries, since one may hold an entry as near; entries by key. */
function isBefore(a: Item, b: Item, tail: number): boolean {
  if (a.distance !== b.distance) return a.distance < b.distance
  if (a.source !== null) return true
  return b.source === null && compareFound(a, b, tail) < 0
}

/** True if the code at `words[at]` is between the first and the last code of a box. */
function isBetween(words: Uint32Array, at: number, { from, to, curve }: Box): boolean {
  const bytes = 4 * curve.words
  if (from !== null && compareKeys(words, at, bytes, from, 0, bytes) < 0) return false
  return to === null || compareKeys(words, at, bytes, to, 0, bytes) <= 0
}

function compareCodes(a: Uint32Array, b: Uint32Array): number {
  return compareKeys(a, 0, 4 * a.length, b, 0, 4 * b.length)
}

/** Of the intervals `from` to `to` of a block, the first whose key is not below a code. */
function seek(words: Uint32Array, code: Uint32Array, from: number, to: number): number {
  const bytes = 4 * code.length
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(code, 0, bytes, words, words[middle] + TO_KEY, bytes) > 0) low = middle + 1
    else high = middle
  }
  return low
}

/** True if no key of a curve can lie beyond a metric's whole: its reach holds for any keys. */
function isAlwaysWhole({ axes }: Curve, { whole }: Metric): boolean {
  const scratch = new Uint32Array(2)
  const beside = (x: number) => Math.abs(x) * Number.EPSILON + Number.MIN_VALUE
  return whole.every(({ low, high }, d) => {
    const isBelow = axes[d].floor(low - beside(low), scratch, 0)
    return !isBelow && !axes[d].ceiling(high + beside(high), scratch, 0)
  })
}
