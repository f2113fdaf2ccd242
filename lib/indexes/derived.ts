/**
 * The index keys that functions give values. One for each handle.
 *
 * A function runs once for each value that is written: with the caller's value before the lock is taken, and what it
 * gave waits here, or goes with the value in a batch; where nobody has run it by then (a restore, a load, an index that
 * another thread has made meanwhile) with the value as it reads back. It never runs for a value that goes: the index
 * itself has the keys that its entries have (reverse.ts).
 */
import { types } from 'node:util'
import type { Codecs, Defined, Known } from './definition.js'
import { Extractor, IndexKeys, type Unfit } from './extract.js'
import type { Functions } from './functions.js'
import { packed } from './packed.js'
import { PlainPaths } from './plain-paths.js'
import { unfitValue, unknownFunction } from './unfit.js'
import { bytesOf, VectorReader } from './vectors.js'

const NOTHING = new Uint8Array(0)

/** Reads entries of some codecs. */
export interface EntryDecoder {
  keyOf(entry: number): unknown
  valueOf(entry: number): unknown
}

export class Derived {
  readonly #functions: Functions
  readonly #guarded: <T>(body: () => T) => T
  readonly #decoders = new Map<string, EntryDecoder>()
  /** What waits for the put to come, by the index's id. */
  readonly #waiting = new Map<number, Uint8Array>()
  readonly #plain = new PlainPaths()
  readonly #keys = new IndexKeys()

  /** @param guarded runs code that must not call the database */
  constructor(functions: Functions, guarded: <T>(body: () => T) => T) {
    this.#functions = functions
    this.#guarded = guarded
  }

  /** The thread has functions. */
  get isOn(): boolean {
    return this.#functions.size > 0
  }

  /** Makes known who reads entries of some codecs. */
  know({ keys, values }: Codecs, decoder: EntryDecoder): void {
    this.#decoders.set(`${keys} ${values}`, decoder)
  }

  /** @throws ZVerseError `ZVERSE_UNKNOWN_FUNCTION` where an index needs a function that the thread lacks */
  check(index: string, { by }: Defined): void {
    if (by !== null && !this.#functions.has(by)) throw unknownFunction(index, by)
  }

  /**
   * What a function gives for a value and its key: its index keys (packed.ts), or its vector. @throws as {@link ofPut}
   */
  of(known: Known, value: unknown, key: unknown): Uint8Array {
    const { defined } = known
    const by = defined.by as string
    const run = this.#functions.get(by)
    if (run === undefined) throw unknownFunction(known.name, by)
    const found = this.#guarded(() => {
      const result = run(value, key)
      silence(result)
      return this.#bytesOf(defined, this.#plain.take(result))
    })
    if (found instanceof Uint8Array) return found
    throw unfitValue(known, found)
  }

  /** The index keys, or the vector, of what a function gave; or why there is an error to throw. */
  #bytesOf(defined: Defined, from: number): Uint8Array | Unfit {
    if (defined.vectors !== null) {
      const reader = new VectorReader(defined)
      const read = reader.read(this.#plain, from)
      return typeof read === 'object' ? read : read ? bytesOf(reader.vector) : NOTHING
    }
    const keys = this.#keys
    return new Extractor(defined).extract(this.#plain, from, keys) ?? packed(keys)
  }

  /** What an index gets of the next put. */
  give(id: number, keys: Uint8Array): void {
    this.#waiting.set(id, keys)
  }

  /** That put is done, or will not be. */
  clear(): void {
    if (this.#waiting.size > 0) this.#waiting.clear()
  }

  /**
   * What a function gives an entry that is being put: bytes as {@link of} gives them.
   * @throws ZVerseError `ZVERSE_UNKNOWN_FUNCTION`, `ZVERSE_INVALID_VALUE`; and what the function throws
   */
  ofPut(known: Known, entry: number): Uint8Array {
    const waiting = this.#waiting.get(known.id)
    if (waiting !== undefined) return waiting
    const { codecs, by } = known.defined
    const decoder = this.#decoders.get(`${codecs.keys} ${codecs.values}`)
    if (decoder === undefined) throw unknownFunction(known.name, by as string)
    const key = decoder.keyOf(entry)
    return this.of(known, decoder.valueOf(entry), key)
  }
}

/** A promise can be no index key: that it fails, too, later, is not told. */
function silence(result: unknown): void {
  if (types.isPromise(result)) result.catch(() => {})
}
