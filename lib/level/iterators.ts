/**
 * Level's iterators of entries, keys and values, each over one pinned version. They belong to the thread
 * that made them.
 *
 * A version is held from the moment an iterator is made, by a pin of its own or by the snapshot or past
 * level that it reads from. What it walks is made when it is first asked for something, and again after a
 * seek. Long reads give the event loop a turn now and then, which is when an abort can come.
 *
 * To make one never throws: Level makes those that were asked for before it was open while it runs the
 * operations that waited, and an exception there would leave the others waiting for ever. What is wrong
 * is said by the first read.
 */
import { setImmediate } from 'node:timers/promises'
import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import type { Signal, ZVerseIterator } from '../index.js'
import { abortError, levelError, onLevel } from './errors.js'
import { type Bounds, boundsOf, seekTo } from './range.js'
import type { Data, Format, Side, Sides } from './side.js'
import type { Pinned } from './source.js'

/** Items read before the event loop has a turn: a few milliseconds' worth. */
const BURST = 5000

/** Bounds that do not matter. */
const NOWHERE: Bounds = {}

/** Level's options of an iterator, encoded. */
export interface IteratorOptions {
  readonly gt?: Data
  readonly gte?: Data
  readonly lt?: Data
  readonly lte?: Data
  readonly reverse: boolean
  readonly limit: number
  readonly keys?: boolean
  readonly values?: boolean
  readonly keyEncoding: Format
  readonly valueEncoding: Format
  readonly signal?: Signal | null
  readonly snapshot?: unknown
}

/** What an iterator reads, and who lets go of it. */
export interface Held {
  readonly pinned: Pinned
  /** The pin is the iterator's own. */
  readonly isOwn: boolean
}

/** Where iterators get what they read. */
interface Keeper {
  readonly _sides: Sides
  _hold(snapshot: unknown): Held
}

/** What is walked: rows of the database, and what becomes of each. */
interface Walk<T> {
  rows(pinned: Pinned, range: object): ZVerseIterator<unknown>
  item(row: unknown): T
}

/** Walks a version for an iterator of Level's. */
class Cursor<T> {
  readonly #keys: Side
  readonly #walk: Walk<T>
  readonly #reverse: boolean
  readonly #signal: Signal | null
  #held: Held | null = null
  #bounds = NOWHERE
  /** The bounds with the last seek in them; null: nothing is within. */
  #within: Bounds | null = null
  /** Why it cannot read; undefined: it can. */
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

  /** The next item, or undefined at the end. `left`: how many will be asked for at most. */
  next(left: number): T | undefined | Promise<T | undefined> {
    if (this.#signal !== null) return this.#takeLong(1, left).then(items => items[0])
    try {
      const { value, done } = this.#from(left).next()
      return done ? undefined : this.#walk.item(value)
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
    this.#end()
    const key = onLevel(() => this.#keys.take(target))
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
      const had = items.length
      const wanted = Math.min(size, had + BURST)
      this.#take(items, wanted, left - had)
      if (items.length < wanted || wanted === size) return items
      await setImmediate()
    }
  }

  /** Adds to `items` until there are `size`, or there is nothing left. */
  #take(items: T[], size: number, left: number): void {
    try {
      const rows = this.#from(left)
      while (items.length < size) {
        const { value, done } = rows.next()
        if (done) break
        items.push(this.#walk.item(value))
      }
    } catch (error) {
      throw levelError(error)
    }
  }

  /** The rows that are walked. */
  #from(left: number): ZVerseIterator<unknown> {
    if (this.#rows === null) {
      if (this.#held === null) throw this.#failure
      const { gt, gte, lt, lte } = this.#within ?? NOWHERE
      // Nothing, where the last seek went out of the bounds.
      const limit = this.#within === null ? 0 : left
      const range = { gt, gte, lt, lte, reverse: this.#reverse, limit }
      this.#rows = this.#walk.rows(this.#held.pinned, range)
    }
    return this.#rows
  }

  #end(): void {
    this.#rows?.return()
    this.#rows = null
  }
}

/** Entries as `[key, value]`, with `undefined` for the part that is not wanted. */
function entries({ keys, values }: Sides, options: IteratorOptions): Walk<[Data?, Data?]> {
  const key = keys.give(options.keyEncoding)
  const value = values.give(options.valueEncoding)
  if (options.values === false) {
    const wanted = options.keys !== false
    return {
      rows: (pinned, range) => pinned.keys(range),
      item: row => [wanted ? key(row) : undefined, undefined],
    }
  }
  if (options.keys === false) {
    return {
      rows: (pinned, range) => pinned.values(range),
      item: row => [undefined, value(row)],
    }
  }
  return {
    rows: (pinned, range) => pinned.range(range),
    item: row => {
      const pair = row as [unknown, unknown]
      pair[0] = key(pair[0])
      pair[1] = value(pair[1])
      return pair as [Data, Data]
    },
  }
}

function keysOnly({ keys }: Sides, { keyEncoding }: IteratorOptions): Walk<Data> {
  const item = keys.give(keyEncoding)
  return { rows: (pinned, range) => pinned.keys(range), item }
}

function valuesOnly({ values }: Sides, { valueEncoding }: IteratorOptions): Walk<Data> {
  const item = values.give(valueEncoding)
  return { rows: (pinned, range) => pinned.values(range), item }
}

/** @internal Entries, for `iterator()`. */
export class EntryIterator<TDatabase extends Keeper, K, V> extends AbstractIterator<
  TDatabase,
  K,
  V
> {
  readonly #cursor: Cursor<[Data?, Data?]>

  constructor(level: TDatabase, options: IteratorOptions) {
    super(level, options as object)
    this.#cursor = new Cursor(level, options, entries(level._sides, options))
  }

  _next() {
    return this.#cursor.next(this.limit - this.count)
  }

  _nextv(size: number) {
    return this.#cursor.nextv(size, this.limit - this.count)
  }

  _all() {
    return this.#cursor.all(this.limit - this.count)
  }

  _seek(target: Data) {
    this.#cursor.seek(target)
  }

  async _close() {
    this.#cursor.close()
  }
}

/** @internal Keys, for `keys()`. */
export class KeyIterator<TDatabase extends Keeper, K> extends AbstractKeyIterator<TDatabase, K> {
  readonly #cursor: Cursor<Data>

  constructor(level: TDatabase, options: IteratorOptions) {
    super(level, options as object)
    this.#cursor = new Cursor(level, options, keysOnly(level._sides, options))
  }

  _next() {
    return this.#cursor.next(this.limit - this.count)
  }

  _nextv(size: number) {
    return this.#cursor.nextv(size, this.limit - this.count)
  }

  _all() {
    return this.#cursor.all(this.limit - this.count)
  }

  _seek(target: Data) {
    this.#cursor.seek(target)
  }

  async _close() {
    this.#cursor.close()
  }
}

/** @internal Values, for `values()`. */
export class ValueIterator<TDatabase extends Keeper, K, V> extends AbstractValueIterator<
  TDatabase,
  K,
  V
> {
  readonly #cursor: Cursor<Data>

  constructor(level: TDatabase, options: IteratorOptions) {
    super(level, options as object)
    this.#cursor = new Cursor(level, options, valuesOnly(level._sides, options))
  }

  _next() {
    return this.#cursor.next(this.limit - this.count)
  }

  _nextv(size: number) {
    return this.#cursor.nextv(size, this.limit - this.count)
  }

  _all() {
    return this.#cursor.all(this.limit - this.count)
  }

  _seek(target: Data) {
    this.#cursor.seek(target)
  }

  async _close() {
    this.#cursor.close()
  }
}
