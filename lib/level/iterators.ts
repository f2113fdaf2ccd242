/**
 * Level's iterators of entries, keys and values. They belong to the thread that made them.
 */
import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import { Cursor, type IteratorOptions, type Keeper, type Walk } from './cursor.js'
import type { Data } from './side.js'
import type { Lane } from './source.js'

/** Entries as `[key, value]`, with `undefined` for the part that is not wanted. */
function entries(
  { reads, sides }: Lane,
  options: IteratorOptions,
  range: object,
): Walk<[Data?, Data?]> {
  const key = sides.keys.give(options.keyEncoding)
  const value = sides.values.give(options.valueEncoding)
  if (options.values === false) {
    const wanted = options.keys !== false
    return {
      rows: reads.keys(range),
      item: row => [wanted ? key(row) : undefined, undefined],
    }
  }
  if (options.keys === false) {
    return { rows: reads.values(range), item: row => [undefined, value(row)] }
  }
  return {
    rows: reads.range(range),
    item: row => {
      const pair = row as [unknown, unknown]
      pair[0] = key(pair[0])
      pair[1] = value(pair[1])
      return pair as [Data, Data]
    },
  }
}

function keys({ reads, sides }: Lane, { keyEncoding }: IteratorOptions, range: object): Walk<Data> {
  return { rows: reads.keys(range), item: sides.keys.give(keyEncoding) }
}

function values({ reads, sides }: Lane, options: IteratorOptions, range: object): Walk<Data> {
  return { rows: reads.values(range), item: sides.values.give(options.valueEncoding) }
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
    this.#cursor = new Cursor(level, options, entries)
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
    this.#cursor = new Cursor(level, options, keys)
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
    this.#cursor = new Cursor(level, options, values)
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
