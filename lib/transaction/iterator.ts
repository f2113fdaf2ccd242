/**
 * The iterators that verbs return: their own iterable, once, like those of Map.
 *
 * They inherit from %IteratorPrototype%, so newer Nodes add `map`, `filter` and so on; `toArray` and
 * disposal are there on every Node. An iterator keeps what it reads pinned until it is exhausted,
 * left, disposed or cut off.
 */
/// <reference lib="esnext.disposable" preserve="true" />

// Node 20 has no global Iterator, but its prototype is there.
const prototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf([][Symbol.iterator]()),
) as object

/** A constructor whose instances inherit from %IteratorPrototype%. */
const Base = function Iterator() {} as unknown as new () => object
Base.prototype = prototype

/** What keeps an iterator's data in place. */
export interface Hold {
  /** Throws if the iterator has been cut off: `ZVERSE_CLOSED` or `ZVERSE_TRANSACTION_CLOSED`. */
  check(): void
  /** Lets go; called once. */
  release(): void
}

/** What a step gives at the end (any value may be a custom codec's). */
export const END: unique symbol = Symbol('end')

/** Iterates once over what `step` gives, until it gives END. */
export class ZVerseIterator<T> extends Base implements IterableIterator<T, undefined> {
  #hold: Hold | null
  readonly #step: () => T | typeof END

  /** @internal */
  constructor(hold: Hold, step: () => T | typeof END) {
    super()
    this.#hold = hold
    this.#step = step
  }

  /** @throws ZVerseError `ZVERSE_CLOSED`, `ZVERSE_TRANSACTION_CLOSED` after being cut off. */
  next(): IteratorResult<T, undefined> {
    const hold = this.#hold
    if (hold === null) return { value: undefined, done: true }
    hold.check()
    const value = this.#step()
    if (value === END) return this.return()
    return { value, done: false }
  }

  /** Ends the iteration and lets go of its version. */
  return(): IteratorReturnResult<undefined> {
    const hold = this.#hold
    this.#hold = null
    if (hold !== null) hold.release()
    return { value: undefined, done: true }
  }

  [Symbol.iterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.return()
  }

  /** All that is left, as an array. */
  toArray(): T[] {
    const all: T[] = []
    for (const item of this) all.push(item)
    return all
  }
}
Object.defineProperty(ZVerseIterator.prototype, Symbol.toStringTag, {
  value: 'ZVerse Iterator',
  configurable: true,
})
