/**
 * The common part of Level's iterators: a walk of one version. Belongs to the thread that made it.
 *
 * From the moment an iterator is made, it, or the snapshot that it reads, pins a version.
 * The iterator releases its own pin when it is closed, or has given as many items as its limit allows: after
 * any other end a seek may follow. The walk is made at the first read, and again at the first after a
 * seek. Long reads give the event loop a turn now and then, and an abort can come then.
 *
 * The constructor never throws: when Level opens, it makes the iterators that were requested before, among
 * the other waiting operations, and an exception would leave those waiting for ever. The first read
 * throws the error instead.
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

/** A pinned version to read. */
export interface Held {
  readonly pinned: Pinned
  /** True if the pin is the reader's own, to release. */
  readonly isOwn: boolean
}

/** The level that an iterator reads. */
export interface Keeper {
  readonly _sides: Sides
  _hold(snapshot: unknown): Held
  /** The store to read, and how: as text alone, if `asText` and the store can. */
  _lane(store: Reads, asText: boolean): Lane
}

/** Rows of the database, and the item that each becomes. */
export interface Walk<T> {
  readonly rows: ZVerseIterator<unknown>
  item(row: unknown): T
}

/** How a kind of iterator walks a range. */
export type WalkOf<T> = (lane: Lane, options: IteratorOptions, range: object) => Walk<T>

/** Walks a version for one of Level's iterators. `left` is always how many items it may still give. */
export class Cursor<T> {
  readonly #keeper: Keeper
  readonly #options: IteratorOptions
  readonly #walkOf: WalkOf<T>
  readonly #signal: Signal | null
  #bounds: DataBounds = {}
  /** The bounds, narrowed by the last seek; null if the seek went outside them. */
  #within: DataBounds | null = null
  #held: Held | null = null
  /** Why no version is pinned. */
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

  /** All remaining items. */
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

  /** Reads more than a burst, or with a signal. */
  async #takeLong(size: number, left: number): Promise<T[]> {
    const items: T[] = []
    // The caller has had no time to abort yet.
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
   * Adds to `items` until there are `size`, or none is left.
   * @param left how many items the iterator might give when `items` was empty
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

  /** The walk; null if a seek went outside the bounds. */
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
