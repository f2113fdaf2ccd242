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
import { setImmediate } from 'node:timers/promises'
import type { Signal, ZVerseIterator } from '../index.js'
import { abortError, levelError, onLevel } from './errors.js'
import { type Bounds, boundsOf, type DataBounds, seekTo } from './range.js'
import type { Data, Format, Side, Sides } from './side.js'
import type { Pinned } from './source.js'

/** Items read before the event loop has a turn: a few milliseconds' worth. */
const BURST = 5000

/** Level's options of an iterator, encoded. */
export interface IteratorOptions extends DataBounds {
  readonly reverse: boolean
  readonly limit: number
  readonly keys?: boolean
  readonly values?: boolean
  readonly keyEncoding: Format
  readonly valueEncoding: Format
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
}

/** What is walked: rows of the database, and what becomes of each. */
export interface Walk<T> {
  rows(pinned: Pinned, range: object): ZVerseIterator<unknown>
  item(row: unknown): T
}

/** Walks a version for an iterator of Level's. `left` is always how many items it may still give. */
export class Cursor<T> {
  readonly #keys: Side
  readonly #walk: Walk<T>
  readonly #reverse: boolean
  readonly #signal: Signal | null
  #bounds: Bounds = {}
  /** The bounds with the last seek in them; null where that went out of them. */
  #within: Bounds | null = null
  #held: Held | null = null
  /** Why nothing is held. */
  #failure: unknown
  #rows: ZVerseIterator<unknown> | null = null

  constructor(keeper: Keeper, options: IteratorOptions, walk: Walk<T>) {
    this.#keys = keeper._sides.keys
    this.#walk = walk
    this.#reverse = options.reverse
    this.#signal = options.signal ?? null
    try {
      this.#bounds = boundsOf(options, this.#keys)
      this.#within = this.#bounds
      this.#held = keeper._hold(options.snapshot)
    } catch (error) {
      this.#failure = levelError(error)
    }
  }

  /** The next item, or undefined at the end. */
  next(left: number): T | undefined | Promise<T | undefined> {
    if (this.#signal !== null) return this.#takeLong(1, left).then(items => items[0])
    try {
      const rows = this.#walked(left)
      if (rows === null) return undefined
      const { value, done } = rows.next()
      if (done) return undefined
      if (left === 1) this.close()
      return this.#walk.item(value)
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
    const key = onLevel(() => this.#keys.take(target))
    this.#end()
    this.#within = seekTo(this.#bounds, key, this.#reverse)
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
      await setImmediate()
    }
  }

  /**
   * Adds to `items` until there are `size`, or there is nothing left.
   * @param left counted from when `items` was empty
   */
  #take(items: T[], size: number, left: number): void {
    try {
      const rows = this.#walked(left - items.length)
      if (rows === null) return
      while (items.length < size) {
        const { value, done } = rows.next()
        if (done) return
        items.push(this.#walk.item(value))
      }
      if (items.length === left) this.close()
    } catch (error) {
      throw levelError(error)
    }
  }

  /** The rows that are walked; null at the end. */
  #walked(left: number): ZVerseIterator<unknown> | null {
    if (this.#rows !== null) return this.#rows
    if (this.#held === null) throw this.#failure
    if (this.#within === null) return null
    const { gt, gte, lt, lte } = this.#within
    const range = { gt, gte, lt, lte, reverse: this.#reverse, limit: left }
    this.#rows = this.#walk.rows(this.#held.pinned, range)
    return this.#rows
  }

  #end(): void {
    this.#rows?.return()
    this.#rows = null
  }
}
