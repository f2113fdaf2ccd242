/**
 * Time travel in the keys and values of a level or sublevel. No state.
 */
import { types } from 'node:util'
import { AbstractSublevel, type Transcoder } from 'abstract-level'
import type { Change, Commit, Difference, HistoryRecord, Signal, View } from '../index.js'
import { invalidOption, LevelError, onLevel } from './errors.js'
import { MappedChanges, MappedIterator } from './mapped.js'
import { type Bounds, boundsIn, type DataBounds, storedBounds } from './range.js'
import type { Data, Format, Sides } from './side.js'
import { ZVerseSnapshot } from './snapshot.js'
import type { Pinned, Reads, Source } from './source.js'

/** Encodings for one call; by default those of the level. */
export interface EncodingOptions<K, V> {
  keyEncoding?: string | Transcoder.PartialEncoding<K> | undefined
  valueEncoding?: string | Transcoder.PartialDecoder<V> | undefined
}

/** A range of keys, as Level's iterators take it. */
export interface KeyRange<K> {
  gt?: K | undefined
  gte?: K | undefined
  lt?: K | undefined
  lte?: K | undefined
}

export interface LevelHistoryOptions<K, V> extends EncodingOptions<K, V> {
  /** The first version wanted. */
  from?: number | undefined
  /** The last version wanted. */
  to?: number | undefined
  /** The latest first. */
  reverse?: boolean | undefined
  limit?: number | undefined
}

export interface LevelDiffOptions<K, V> extends EncodingOptions<K, V>, KeyRange<K> {
  /** From the last key to the first. */
  reverse?: boolean | undefined
  limit?: number | undefined
}

export interface LevelChangesOptions<K, V> extends EncodingOptions<K, V>, KeyRange<K> {
  /** Commits after this version; by default those after now. */
  since?: number | undefined
  /** Aborting rejects with an AbortError (`LEVEL_ABORTED`). */
  signal?: Signal | undefined
}

/** A side of a `diff`: a version, a tag, a Date, or a snapshot of the level. */
export type LevelSide = When | ZVerseSnapshot

/** A past version: its number, a tag, or a Date (the last version committed at or before it). */
export type When = number | string | Date

/** The methods of levels and sublevels that reach into the past. */
export interface TimeTravel<K, V> {
  /** The version that the level reads: the present one, or that of a level of the past. */
  version(): number

  /**
   * The history of a key: first its entry at the oldest version, if any, then each later write
   * and deletion; oldest first.
   * @param options `from`, `to`: versions, inclusive; `reverse`, `limit`; encodings
   * @throws LevelError `LEVEL_DATABASE_NOT_OPEN`, `LEVEL_INVALID_KEY`; ZVerseError `ZVERSE_INVALID_OPTION`
   */
  history<KA = K, VA = V>(
    key: NoInfer<KA>,
    options?: LevelHistoryOptions<KA, VA>,
  ): MappedIterator<HistoryRecord<VA>>

  /**
   * `{ key, before, after }`, in key order, for each key whose entry differs between two versions. The
   * cost grows with the number of changes, not with the size of the store.
   * @param options a range, `reverse`, `limit`; encodings
   * @throws LevelError, ZVerseError as `history`, and as any view for a version that is not there
   */
  diff<KA = K, VA = V>(
    from: LevelSide,
    to: LevelSide,
    options?: LevelDiffOptions<KA, VA>,
  ): MappedIterator<Difference<KA, VA>>

  /**
   * Commits `{ version, timestamp, changes }` as they happen, of all threads. While a caller waits for one
   * the process stays alive; to close the iterator, or the level, ends it.
   * @param options `since`: a version; `signal`; a range; encodings
   * @throws LevelError, ZVerseError as `history`, and `ZVERSE_VERSION_NOT_RETAINED`
   */
  changes<KA = K, VA = V>(options?: LevelChangesOptions<KA, VA>): MappedChanges<Commit<KA, VA>>
}

/** The part of a level or sublevel, with any keys and values, that this file uses. */
export interface AnyLevel {
  readonly status: string
  attachResource(resource: object): void
  detachResource(resource: object): void
  prefixKey(key: Data, format: string, local: boolean): Data
  keyEncoding(encoding: unknown): LevelEncoding
  valueEncoding(encoding: unknown): LevelEncoding
}

interface LevelEncoding {
  readonly format: string
  encode(data: unknown): Data
  decode(data: Data): unknown
}

/** The level at the bottom of sublevels. */
export interface Root {
  readonly status: string
  /** True if it has the database or the pinned version that it reads. */
  readonly _isThere: boolean
  readonly _sides: Sides
  readonly _source: Source
  readonly _reads: Reads
}

/** Turns a level's keys and values into the store's, and back. */
class Lens<K, V> {
  readonly #owner: AnyLevel
  readonly #sides: Sides
  readonly #keyEncoding: LevelEncoding
  readonly #valueEncoding: LevelEncoding
  /** The prefix of every key of the level; empty, unless it is a sublevel. */
  readonly #prefix: string
  readonly #giveKey: (stored: unknown) => Data
  readonly #giveValue: (stored: unknown) => Data

  constructor(owner: AnyLevel, sides: Sides, options: EncodingOptions<K, V>) {
    const { keyEncoding, valueEncoding } = options
    this.#owner = owner
    this.#sides = sides
    this.#keyEncoding = owner.keyEncoding(keyEncoding)
    this.#valueEncoding = owner.valueEncoding(valueEncoding)
    this.#prefix = owner instanceof AbstractSublevel ? owner.prefix : ''
    this.#giveKey = sides.keys.give(this.#keyEncoding.format as Format)
    this.#giveValue = sides.values.give(this.#valueEncoding.format as Format)
  }

  /** The store's form of a key of the level. */
  take(key: unknown): unknown {
    return this.#sides.keys.take(this.#data(key))
  }

  /** Options with the bounds in the store's form, and restricted to the level. */
  range<T extends KeyRange<K>>(options: T): Omit<T, keyof Bounds> & Bounds & { prefix?: never } {
    const { gt, gte, lt, lte, ...rest } = options
    const given = Object.entries({ gt, gte, lt, lte }).filter(([, key]) => key !== undefined)
    const bounds: DataBounds = Object.fromEntries(
      given.map(([name, key]) => [name, this.#data(key)]),
    )
    const prefix = this.#prefix === '' ? undefined : this.#sides.keys.take(this.#prefix)
    return {
      ...rest,
      ...storedBounds(boundsIn(bounds), this.#sides.keys),
      prefix: prefix as never,
    }
  }

  key(stored: unknown): K {
    // Sublevel names are ASCII: as many bytes as characters.
    const data = this.#giveKey(stored)
    const own = typeof data === 'string' ? data.slice(this.#prefix.length) : this.#bare(data)
    return decoded(() => this.#keyEncoding.decode(own)) as K
  }

  value(stored: unknown): V | undefined {
    if (stored === undefined) return undefined
    const data = this.#giveValue(stored)
    return decoded(() => this.#valueEncoding.decode(data)) as V
  }

  #data(key: unknown): Data {
    return this.#owner.prefixKey(this.#keyEncoding.encode(key), this.#keyEncoding.format, false)
  }

  #bare(data: Uint8Array): Uint8Array {
    return data.subarray(this.#prefix.length)
  }
}

/** Runs `read`, and turns the exceptions of an encoding into Level's. */
function decoded(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    throw new LevelError('LEVEL_DECODE_ERROR', 'Could not decode key or value', error)
  }
}

/** `history` of a level or sublevel. */
export function history<K, V>(
  owner: AnyLevel,
  root: Root,
  key: K,
  options: LevelHistoryOptions<K, V> = {},
): MappedIterator<HistoryRecord<V>> {
  assertOpen(owner, root)
  const { keyEncoding, valueEncoding, ...range } = checked(options, 'history')
  if (key === undefined || key === null) {
    throw new LevelError('LEVEL_INVALID_KEY', 'Key cannot be null or undefined')
  }
  const lens = new Lens<K, V>(owner, root._sides, { keyEncoding, valueEncoding })
  const rows = onLevel(() => root._reads.history(lens.take(key), range))
  return new MappedIterator(rows, row => {
    const record = row as HistoryRecord<unknown>
    return { ...record, value: lens.value(record.value) }
  })
}

/** `diff` of a level or sublevel. */
export function diff<K, V>(
  owner: AnyLevel,
  root: Root,
  from: LevelSide,
  to: LevelSide,
  options: LevelDiffOptions<K, V> = {},
): MappedIterator<Difference<K, V>> {
  assertOpen(owner, root)
  const { keyEncoding, valueEncoding, ...range } = checked(options, 'diff')
  const lens = new Lens<K, V>(owner, root._sides, { keyEncoding, valueEncoding })
  const rows = onLevel(() => root._source.diff(side(from), side(to), lens.range(range)))
  return new MappedIterator(rows, row => {
    const { key, before, after } = row as Difference<unknown, unknown>
    return { key: lens.key(key), before: lens.value(before), after: lens.value(after) }
  })
}

/** `changes` of a level or sublevel. */
export function changes<K, V>(
  owner: AnyLevel,
  root: Root,
  options: LevelChangesOptions<K, V> = {},
): MappedChanges<Commit<K, V>> {
  assertOpen(owner, root)
  const { keyEncoding, valueEncoding, ...range } = checked(options, 'changes')
  const lens = new Lens<K, V>(owner, root._sides, { keyEncoding, valueEncoding })
  const commits = onLevel(() => root._source.changes(lens.range(range)))
  const changeOf = ({ type, key, value }: Change<unknown, unknown>) => {
    return { type, key: lens.key(key), value: lens.value(value) } as Change<K, V>
  }
  return new MappedChanges(commits, owner, commit => {
    return { ...commit, changes: commit.changes.map(changeOf) }
  })
}

/** The options of a verb. The database refuses unknown ones, but not `prefix`, which a lens uses. */
function checked<T extends object>(options: T, what: string): T {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('options', `of ${what} must be an object`)
  }
  if ((options as { prefix?: unknown }).prefix !== undefined) {
    throw invalidOption('prefix', `is not an option of ${what}: use a sublevel`)
  }
  return options
}

/** A `When` in the form that the database takes. */
export function viewOf(when: When | undefined): View | undefined {
  if (when === undefined) return undefined
  if (types.isDate(when)) return { asOf: when }
  if (typeof when === 'number' || typeof when === 'string') return { at: when }
  throw invalidOption('when', "must be a version, a tag's name or a Date")
}

/** A side of a diff in the form that the database takes. */
function side(side: LevelSide): number | string | Date | Pinned {
  return side instanceof ZVerseSnapshot ? side._pinned : side
}

/**
 * Throws Level's error for a closed level, in methods that return no promise and so cannot wait for it to
 * open. A level that is only opening passes if it can be read already: a new sublevel, say.
 */
export function assertOpen(owner: AnyLevel, root: Root): void {
  if (isUsable(owner) && isUsable(root) && root._isThere) return
  throw new LevelError('LEVEL_DATABASE_NOT_OPEN', 'Database is not open')
}

function isUsable({ status }: { readonly status: string }): boolean {
  return status === 'open' || status === 'opening'
}
