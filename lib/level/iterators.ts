/**
 * Level's iterators of entries, keys and values. They belong to the thread that made them.
 */
import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import { Cursor, type IteratorOptions, type Keeper, type Walk } from './cursor.js'
import { printed } from './shown.js'
import type { Data } from './side.js'
import type { Lane } from './source.js'

/** Entries as `[key, value]`, with `undefined` for an unwanted part. */
function entries(
  { store, sides }: Lane,
  options: IteratorOptions,
  range: object,
): Walk<[Data?, Data?]> {
  const key = sides.keys.give(options.keyEncoding)
  const value = sides.values.give(options.valueEncoding)
  if (options.values === false) {
    const wanted = options.keys !== false
    return {
      rows: store.keys(range),
      item: row => [wanted ? key(row) : undefined, undefined],
    }
  }
  if (options.keys === false) {
    return { rows: store.values(range), item: row => [undefined, value(row)] }
  }
  return {
    rows: store.range(range),
    item: row => {
      const pair = row as [unknown, unknown]
      pair[0] = key(pair[0])
      pair[1] = value(pair[1])
      return pair as [Data, Data]
    },
  }
}

function keys({ store, sides }: Lane, { keyEncoding }: IteratorOptions, range: object): Walk<Data> {
  return { rows: store.keys(range), item: sides.keys.give(keyEncoding) }
}

function values({ store, sides }: Lane, options: IteratorOptions, range: object): Walk<Data> {
  return { rows: store.values(range), item: sides.values.give(options.valueEncoding) }
}

/** @internal Entries, for `iterator()`. */
export class EntryIterator<L extends Keeper, K, V> extends AbstractIterator<L, K, V> {
  readonly #cursor: Cursor<[Data?, Data?]>

  constructor(level: L, options: IteratorOptions) {
    super(level, options as object)
    this.#cursor = new Cursor(level, options, entries)
  }

  get _cursor(): Cursor<[Data?, Data?]> {
    return this.#cursor
  }
}

/** @internal Keys, for `keys()`. */
export class KeyIterator<L extends Keeper, K> extends AbstractKeyIterator<L, K> {
  readonly #cursor: Cursor<Data>

  constructor(level: L, options: IteratorOptions) {
    super(level, options as object)
    this.#cursor = new Cursor(level, options, keys)
  }

  get _cursor(): Cursor<Data> {
    return this.#cursor
  }
}

/** @internal Values, for `values()`. */
export class ValueIterator<L extends Keeper, K, V> extends AbstractValueIterator<L, K, V> {
  readonly #cursor: Cursor<Data>

  constructor(level: L, options: IteratorOptions) {
    super(level, options as object)
    this.#cursor = new Cursor(level, options, values)
  }

  get _cursor(): Cursor<Data> {
    return this.#cursor
  }
}

/** An iterator of any of the three kinds. */
interface Any {
  readonly _cursor: Cursor<unknown>
  readonly limit: number
  readonly count: number
}

/** The methods that Level calls, for all three kinds: each has a base of its own. */
const calls = {
  _next(this: Any) {
    return this._cursor.next(this.limit - this.count)
  },
  _nextv(this: Any, size: number) {
    return this._cursor.nextv(size, this.limit - this.count)
  },
  _all(this: Any) {
    return this._cursor.all(this.limit - this.count)
  },
  _seek(this: Any, target: Data) {
    this._cursor.seek(target)
  },
  async _close(this: Any) {
    this._cursor.close()
  },
}
for (const { prototype } of [EntryIterator, KeyIterator, ValueIterator]) {
  Object.assign(prototype, calls)
}
printed(EntryIterator, 'EntryIterator', ({ count, limit }) => ({ count, limit }))
printed(KeyIterator, 'KeyIterator', ({ count, limit }) => ({ count, limit }))
printed(ValueIterator, 'ValueIterator', ({ count, limit }) => ({ count, limit }))
