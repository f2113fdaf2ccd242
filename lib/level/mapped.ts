/**
 * Iterators of the database with their items turned into Level's, one by one. They pin the versions that
 * they read as the database's own do, and belong to the thread that made them.
 */
import type { Changes, Commit, ZVerseIterator } from '../index.js'
import { levelError } from './errors.js'
import { printed } from './shown.js'

/** A constructor whose instances inherit from %IteratorPrototype%, which has no name on Node 20. */
const Base = function Iterator() {} as unknown as new () => object
Base.prototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))

/**
 * The iterator that `history` and `diff` return: its own iterable, once. It ends by itself or by `return`.
 * The level does not refer to it, so the garbage collector can take a dropped one, and that releases its pins.
 */
export class MappedIterator<T> extends Base implements IterableIterator<T, undefined> {
  readonly #rows: ZVerseIterator<unknown>
  readonly #item: (row: unknown) => T

  /** @internal */
  constructor(rows: ZVerseIterator<unknown>, item: (row: unknown) => T) {
    super()
    this.#rows = rows
    this.#item = item
  }

  next(): IteratorResult<T, undefined> {
    try {
      const { value, done } = this.#rows.next()
      if (!done) return { value: this.#item(value), done: false }
    } catch (error) {
      // A loop does not call `return`: it assumes that an iterator that throws has ended.
      this.return()
      throw levelError(error)
    }
    return this.return()
  }

  /** Ends the iteration and releases its pins. */
  return(): IteratorReturnResult<undefined> {
    return this.#rows.return()
  }

  /** The remaining items as an array. */
  toArray(): T[] {
    return Array.from(this)
  }

  [Symbol.iterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.return()
  }
}

/** A level: knows its open resources, and closes them when it closes. */
interface Keeper {
  attachResource(resource: object): void
  detachResource(resource: object): void
}

/** The iterator that `changes` returns: commits as they happen. To close it, or its level, ends it. */
export class MappedChanges<T> implements AsyncIterableIterator<T, undefined> {
  readonly #changes: Changes<unknown, unknown>
  readonly #keeper: Keeper
  readonly #item: (commit: Commit<unknown, unknown>) => T

  /** @internal */
  constructor(
    changes: Changes<unknown, unknown>,
    keeper: Keeper,
    item: (commit: Commit<unknown, unknown>) => T,
  ) {
    this.#changes = changes
    this.#keeper = keeper
    this.#item = item
    keeper.attachResource(this)
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    try {
      const { value, done } = await this.#changes.next()
      if (!done) return { value: this.#item(value), done: false }
    } catch (error) {
      await this.close()
      throw levelError(error)
    }
    return this.return()
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#keeper.detachResource(this)
    return this.#changes.return()
  }

  /** The same as `return`, under the name that Level's own iterators use. */
  async close(): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}

printed(MappedIterator, 'MappedIterator', () => ({}))
printed(MappedChanges, 'MappedChanges', () => ({}))
