/**
 * The types of the options `keys` and `values`, and of the keys and values that they give a database.
 */
import type { TupleKey } from './key/tuple-writer.js'
import type { Point, ZOrder } from './key/zorder.js'
import type { CustomCodec } from './value/custom.js'

/** Key codecs by name, and the keys they take. */
export interface KeyTypes {
  string: string
  binary: Uint8Array
  tuple: TupleKey
}

/** Value codecs by name, and the values they take. */
export interface ValueTypes {
  msgpack: unknown
  json: unknown
  string: string
  binary: Uint8Array
}

// biome-ignore lint/suspicious/noExplicitAny: points of any dimensions, from which their type is inferred
export type KeysOption = keyof KeyTypes | ZOrder<any>
// biome-ignore lint/suspicious/noExplicitAny: a codec of any value, from which its type is inferred
export type ValuesOption = keyof ValueTypes | CustomCodec<any>

export type KeyOf<C extends KeysOption> = C extends keyof KeyTypes
  ? KeyTypes[C]
  : C extends ZOrder<infer K>
    ? K
    : never
export type ValueOf<C extends ValuesOption> = C extends keyof ValueTypes
  ? ValueTypes[C]
  : C extends CustomCodec<infer V>
    ? V
    : never

/** A codec literal in the options: its types to encode and to decode are inferred one by one. */
export interface Encoding<E, D> {
  readonly name: string
  encode(value: E): Uint8Array
  decode(bytes: Uint8Array): D
}

/** The values of such a codec: those it encodes, if their type says anything, else those it decodes. */
export type EncodedBy<E, D> = 0 extends 1 & D ? E : unknown extends E ? D : E

/** Codec options that fit keys of type K and values of type V. */
export type CodecsFor<K, V> = KeysFor<K> & ValuesFor<V>
type KeysFor<K> = [K] extends [string]
  ? { keys?: 'string' | undefined }
  : [K] extends [Uint8Array]
    ? { keys: 'binary' }
    : [K] extends [Point]
      ? { keys: ZOrder<K> | ([K] extends [TupleKey] ? 'tuple' : never) }
      : [K] extends [TupleKey]
        ? { keys: 'tuple' }
        : { keys: never }
type ValuesFor<V> = {
  values?:
    | 'msgpack'
    | 'json'
    | CustomCodec<V>
    | ([V] extends [string] ? 'string' : never)
    | ([V] extends [Uint8Array] ? 'binary' : never)
    | undefined
}

/** The last argument of `open` and `store`: may be left out where all of `T` is optional. */
export type Options<T> = Record<string, never> extends T ? [options?: T] : [options: T]
