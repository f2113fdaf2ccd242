/**
 * What the adapter uses of zverse, with the types of keys and values left open: a level knows them only
 * at run time. Any thread; no state.
 */
import type { ReadTransaction, Store, ZVerse } from '../index.js'
import type { Sides } from './side.js'

type Over<K, V> = ZVerse<K, V> | Store<K, V>

/**
 * What a level can be over: a database, or a store of one, whose keys are `'binary'` (any bytes) or
 * `'string'` (text alone) and whose values are `'binary'`, `'msgpack'`, `'string'` or `'json'`.
 */
export type LevelSource = Over<Uint8Array, unknown> | Over<string, unknown>

/** A store whose keys and values are what its sides take and give. */
export type Source = Store<unknown, unknown>

/** A version that is held. */
export type Pinned = ReadTransaction<unknown, unknown>

/** What reads at the present, or at a version that is held. */
export type Reads = Pick<
  Pinned,
  'get' | 'has' | 'getMany' | 'range' | 'keys' | 'values' | 'history'
>

/** What is read, or written, and how. */
export interface Lane<R = Reads> {
  readonly store: R
  readonly sides: Sides
}

/** A source, or a version of it, with the bytes it has as text; null where that cannot be. */
export function textOf<R extends Reads>(source: Source, store: R): R | null {
  const text = source._text
  if (text === null) return null
  const same: unknown =
    (store as Reads) === source ? text : (store as unknown as Pinned).store(text)
  return same as R
}
