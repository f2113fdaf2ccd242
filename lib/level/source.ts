/**
 * The part of zverse that the adapter uses, with the types of keys and values open: a level knows them only
 * at run time. Any thread; no state.
 */
import type { ReadTransaction, Store, ZVerse } from '../index.js'
import type { Sides } from './side.js'

type Over<K, V> = ZVerse<K, V> | Store<K, V>

/**
 * What a level can be over: a database or a store with keys of `'binary'` (any bytes) or
 * `'string'` (text alone) and values of `'binary'`, `'msgpack'`, `'string'` or `'json'`.
 */
export type LevelSource = Over<Uint8Array, unknown> | Over<string, unknown>

/** A store with the keys and values that its sides take and give. */
export type Source = Store<unknown, unknown>

/** A pinned version. */
export type Pinned = ReadTransaction<unknown, unknown>

/** The reads of the present, or of a pinned version. */
export type Reads = Pick<
  Pinned,
  'get' | 'has' | 'getMany' | 'range' | 'keys' | 'values' | 'history'
>

/** A store to read or write, and the form of its keys and values. */
export interface Lane<R = Reads> {
  readonly store: R
  readonly sides: Sides
}

/** A source, or a version of it, read and written as text; null if the source cannot. */
export function textOf<R extends Reads>(source: Source, store: R): R | null {
  const text = source._text
  if (text === null) return null
  const same: unknown =
    (store as Reads) === source ? text : (store as unknown as Pinned).store(text)
  return same as R
}
