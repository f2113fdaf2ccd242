/**
 * The iterators that verbs return: their own iterable, once, like those of Map.
 *
 * They inherit from %IteratorPrototype%, so newer Nodes add `map`, `filter` and so on; `toArray` and
 * disposal are there on every Node. An iterator keeps its version pinned until it is exhausted, left,
 * disposed or cut off. Invariants:
 * 1. The items that lie ready, from `#at` to `#count`, were made without running the caller's code: only
 *    a feed of one item at a time may run it.
 * 2. Every step checks the hold: an iterator that was cut off throws at once, whatever lies ready.
 * 3. After a throw at the caller nothing is pinned: a loop asks no more, and does not close an iterator
 *    that throws. A caller that asks again pins the version again.
 *
 * All iterators have one shape, and `next` is short and makes its result in one place: so the engine
 * inlines it into the caller's loop, where the result object is never made. (A pair is: it may be
 * `undefined`.)
 */
/// <reference lib="esnext.disposable" preserve="true" />

import { INSPECT, inspected, type Shown, shown } from '../memory/shown.js'

// Node 20 has no global Iterator, but its prototype is there.
const prototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf([][Symbol.iterator]()),
) as object

/** A constructor whose instances inherit from %IteratorPrototype%. */
const Base = function Iterator() {} as unknown as new () => object
Base.prototype = prototype

/** Keeps an iterator's version pinned. */
export interface Hold {
  /**
   * Throws if the iterator has been cut off: `ZVERSE_CLOSED` or `ZVERSE_TRANSACTION_CLOSED`. After `rest` it
   * pins the version again: `ZVERSE_VERSION_NOT_RETAINED` where that is gone.
   */
  check(): void
  /** Releases the pin until the next `check`, which may never come. */
  rest(): void
  /** Releases the pin; called once. */
  release(): void
}

/** The source of an iterator's items. */
export interface Feed {
  /** Items are pairs: `first` and `second` of one index. Else they are `first` alone. */
  readonly isPaired: boolean
  /**
   * Puts the next items into the arrays, from index 0 on.
   * @param all the caller will ask for all items that are left
   * @returns how many; 0 at the end only
   */
  fill(first: unknown[], second: unknown[], all: boolean): number
}

/** The result of a step at the end (any other value may be a custom codec's). */
export const END: unique symbol = Symbol('end')

/** The ready items of an iterator that has ended. */
const NOTHING: unknown[] = []

/** A feed of the results of `step`, one at a time, until END. */
export class Steps implements Feed {
  readonly isPaired = false
  readonly #step: () => unknown

  constructor(step: () => unknown) {
    this.#step = step
  }

  fill(first: unknown[]): number {
    const item = this.#step()
    if (item === END) return 0
    first[0] = item
    return 1
  }
}

/** Iterates once over the items of its feed. */
export class ZVerseIterator<T> extends Base implements IterableIterator<T, undefined> {
  #hold: Hold | null
  readonly #feed: Feed
  readonly #isPaired: boolean
  #first: unknown[] = []
  #second: unknown[] = []
  #at = 0
  #count = 0
  /** The feed is making items: the caller's code that it runs may ask for more. */
  #isFilling = false

  /** @internal */
  constructor(hold: Hold, feed: Feed) {
    super()
    this.#hold = hold
    this.#feed = feed
    this.#isPaired = feed.isPaired
  }

  /**
   * An exception of your codec passes on, and its entry is passed over. Nothing is pinned then; the next call
   * pins the version again.
   * @throws ZVerseError `ZVERSE_CLOSED`, `ZVERSE_TRANSACTION_CLOSED` after being cut off;
   * `ZVERSE_VERSION_NOT_RETAINED` if the version is no longer kept after an exception
   */
  next(): IteratorResult<T, undefined> {
    let at = this.#at
    if (at < this.#count) (this.#hold as Hold).check()
    else at = this.#more()
    let value: unknown
    let done = true
    if (at >= 0) {
      this.#at = at + 1
      value = this.#isPaired ? [this.#first[at], this.#second[at]] : this.#first[at]
      done = false
    }
    return { value, done } as IteratorResult<T, undefined>
  }

  /** The place of the next item, when none lies ready; -1 at the end. */
  #more(): number {
    if (this.#hold === null) return -1
    this.#hold.check()
    const first = this.#first
    const second = this.#second
    const count = this.#fill(first, second, false)
    if (count === 0) {
      this.return()
      return -1
    }
    if (this.#hold !== null) this.#count = count
    else {
      // User code in a codec has ended the iteration: this item is the last.
      this.#first = first
      this.#second = second
    }
    return 0
  }

  #fill(first: unknown[], second: unknown[], all: boolean): number {
    const isWithin = this.#isFilling
    this.#isFilling = true
    try {
      return this.#feed.fill(first, second, all)
    } catch (error) {
      // A call within another one leaves the pin to that.
      if (!isWithin) this.#hold?.rest()
      throw error
    } finally {
      this.#isFilling = isWithin
    }
  }

  /** Ends the iteration and releases its version. */
  return(): IteratorReturnResult<undefined> {
    const hold = this.#hold
    if (hold !== null) {
      this.#hold = null
      this.#at = 0
      this.#count = 0
      this.#first = NOTHING
      this.#second = NOTHING
      hold.release()
    }
    return { value: undefined, done: true }
  }

  [Symbol.iterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.return()
  }

  /** The iterator's own state, not its items. */
  toJSON(): object {
    return shown('ZVerse Iterator', () => ({ done: this.#hold === null }))
  }

  /** @internal */
  [INSPECT](): string {
    return inspected(this.toJSON() as Shown)
  }

  /** All items that are left, as an array. */
  toArray(): T[] {
    const all: unknown[] = []
    const first = this.#first
    const second = this.#second
    const isPaired = this.#isPaired
    while (this.#hold !== null) {
      this.#hold.check()
      let at = this.#at
      let count = this.#count
      if (at >= count) {
        at = 0
        count = this.#fill(first, second, true)
        if (count === 0) this.return()
      }
      if (isPaired) for (; at < count; at++) all.push([first[at], second[at]])
      else for (; at < count; at++) all.push(first[at])
      this.#at = this.#count
    }
    return all as T[]
  }
}

/** Iterates under a hold with the feed made of it; releases the hold if that fails. */
export function iterating<T, H extends Hold>(hold: H, feed: (hold: H) => Feed): ZVerseIterator<T> {
  try {
    return new ZVerseIterator(hold, feed(hold))
  } catch (error) {
    hold.release()
    throw error
  }
}

Object.defineProperty(ZVerseIterator.prototype, Symbol.toStringTag, {
  value: 'ZVerse Iterator',
  configurable: true,
})
