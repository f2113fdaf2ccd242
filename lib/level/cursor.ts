/**
 * What Level's iterators have in common: walking one version. Belongs to the thread that made it.
 *
 * A version is held from the moment an iterator is made, by a pin of its own or by the snapshot that it reads.
 * A pin of its own is let go when the iterator is closed, or has given as many items as its limit allows: after
 * any other end a seek may come. What is walked is made when it is first asked for something, and again after a
 * seek. Long reads give the event loop a turn now and then, which is when an abort can come.
 *
 * To make one never throws: Level makes those that were asked for before it was open while it runs the
 * operations that waited, and an exception there would leave the others waiting for ever. What is wrong
 * is said by the first read.
 */
import type { Signal, ZVerseIterator } from '../index.js'
import { abortError, levelError, onLevel } from './errors.js'
import { boundsIn, checkBounds, type DataBounds, isText, seekTo, storedBounds } from './range.js'
import { type Data, type Encoded, isOfText, type Sides } from './side.js'
import type { Lane, Pinned, Reads } from './source.js'
import { turn } from './turn.js'

/** Items read before the event loop has a turn: a few milliseconds' worth. */
const BURST = 5000

/** Level's options of an iterator, encoded. */
export interface IteratorOptions extends DataBounds, Encoded {
  readonly reverse: boolean
  readonly limit: number
  readonly keys?: boolean
  readonly values?: boolean
  readonly signal?: Signal | null
  readonly snapshot?: unknown
}

/** A version to read, and who lets go of it. */
export interface Held {
  readonly pinned: Pinned
  /** The pin is the reader's own. */
  readonly isOwn: boolean
}

/** Where iterators get what they read. */
export interface Keeper {
  readonly _sides: Sides
  _hold(snapshot: unknown): Held
  /** How to read: as text only, if that can be and `asText`. */
  _lane(store: Reads, asText: boolean): Lane
}

/** What is walked: rows of the database, and what becomes of each. */
export interface Walk<T> {
  readonly rows: ZVerseIterator<unknown>
  item(row: unknown): T
}

/** How a kind of iterator walks a range. */
export type WalkOf<T> = (lane: Lane, options: IteratorOptions, range: object) => Walk<T>

/** Walks a version for an iterator of Level's. `left` is always how many items it may still give. */
export class Cursor<T> {
  readonly #keeper: Keeper
  readonly #options: IteratorOptions
  readonly #walkOf: WalkOf<T>
  readonly #signal: Signal | null
  #bounds: DataBounds = {}
  /** The bounds with the last seek in them; null where that went out of them. */
  #within: DataBounds | null = null
  #held: Held | null = null
  /** Why nothing is held. */
  #failure: unknown
  #walk: Walk<T> | null = null

  constructor(keeper: Keeper, options: IteratorOptions, walkOf: WalkOf<T>) {
    this.#keeper = keeper
    this.#options = options
    this.#walkOf = walkOf
    this.#signal = options.signal ?? null
    try {
      const bounds = boundsIn(options)
      checkBounds(bounds, keeper._sides.keys)
      this.#bounds = bounds
      this.#within = bounds
      this.#held = keeper._hold(options.snapshot)
    } catch (error) {
      this.#failure = levelError(error)
    }
  }

  /** The next item, or undefined at the end. */
  next(left: number): T | undefined | Promise<T | undefined> {
    if (this.#signal !== null) return this.#takeLong(1, left).then(items => items[0])
    try {
      const walk = this.#walked(left)
      if (walk === null) return undefined
      const { value, done } = walk.rows.next()
      if (done) return undefined
      if (left === 1) this.close()
      return walk.item(value)
    } catch (error) {
      throw levelError(error)
    }
  }

  /** The next `size` items, fewer at the end. */
  nextv(size: number, left: number): T[] | Promise<T[]> {
    if (this.#signal !== null || size > BURST) return this.#takeLong(size, left)
    const items: T[] = []
    this.#take(items, size, left)
    return items
  }

  /** All that is left. */
  all(left: number): T[] | Promise<T[]> {
    return this.nextv(left, left)
  }

  seek(target: Data): void {
    onLevel(() => checkBounds({ gte: target }, this.#keeper._sides.keys))
    this.#end()
    this.#within = seekTo(this.#bounds, target, this.#options.reverse)
  }

  close(): void {
    this.#end()
    if (this.#held?.isOwn) this.#held.pinned.close()
  }

  /** More than a burst, or with a signal. */
  async #takeLong(size: number, left: number): Promise<T[]> {
    const items: T[] = []
    // Whoever asked has had no time to abort yet.
    await undefined
    for (;;) {
      if (this.#signal?.aborted) throw abortError(this.#signal.reason)
      const wanted = Math.min(size, items.length + BURST)
      this.#take(items, wanted, left)
      if (items.length < wanted || wanted === size) return items
      await turn()
    }
  }

  /**
   * Adds to `items` until there are `size`, or there is nothing left.
   * @param left counted from when `items` was empty
   */
  #take(items: T[], size: number, left: number): void {
    try {
      const walk = this.#walked(left - items.length)
      if (walk === null) return
      while (items.length < size) {
        const { value, done } = walk.rows.next()
        if (done) return
        items.push(walk.item(value))
      }
      if (items.length === left) this.close()
    } catch (error) {
      throw levelError(error)
    }
  }

  /** What is walked; null where nothing is. */
  #walked(left: number): Walk<T> | null {
    if (this.#walk !== null) return this.#walk
    if (this.#held === null) throw this.#failure
    if (this.#within === null) return null
    const { reverse } = this.#options
    const asText = isOfText(this.#options) && isText(this.#within)
    const lane = this.#keeper._lane(this.#held.pinned, asText)
    const { gt, gte, lt, lte } = storedBounds(this.#within, lane.sides.keys)
    const range = { gt, gte, lt, lte, reverse, limit: left }
    this.#walk = this.#walkOf(lane, this.#options, range)
    return this.#walk
  }

  #end(): void {
    this.#walk?.rows.return()
    this.#walk = null
  }
}
