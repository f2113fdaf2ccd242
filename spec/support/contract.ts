/**
 * The verbs of the contract as plain structural types, keys and values unknown.
 *
 * Tests drive many codecs through one table, where the engine's own generics would only be in the
 * way (they have type tests of their own); `engine.ts` casts to these once. Imports nothing.
 */

export interface ViewOptions {
  at?: number | string
  asOf?: Date
  snapshot?: ReadTx
}

export interface Bounds {
  gt?: unknown
  gte?: unknown
  lt?: unknown
  lte?: unknown
  prefix?: unknown
  /** Z-order keys only. */
  box?: unknown
  reverse?: boolean
  limit?: number
}

export type RangeOptions = Bounds & ViewOptions

export interface Entry {
  key: unknown
  value: unknown
  version: number
}

export interface NearestOptions extends ViewOptions {
  metric?: string
  scale?: readonly number[]
  within?: number
  box?: unknown
}

export interface Neighbour {
  key: unknown
  value: unknown
  distance: number
}

export interface HistoryRecord {
  version: number
  timestamp: number | undefined
  value: unknown
  deleted: boolean
}

export interface HistoryOptions extends ViewOptions {
  from?: number
  to?: number
  reverse?: boolean
  limit?: number
}

export interface Difference {
  key: unknown
  before: unknown
  after: unknown
}

/** The results of `range`, `keys` and their like. */
export interface Cursor<T> extends IterableIterator<T> {
  next(): IteratorResult<T, undefined>
  return(value?: unknown): IteratorResult<T, undefined>
  toArray(): T[]
}

export interface Reads {
  get(key: unknown, view?: ViewOptions): unknown
  has(key: unknown, view?: ViewOptions): boolean
  getMany(keys: readonly unknown[], view?: ViewOptions): unknown[]
  getEntry(key: unknown, view?: ViewOptions): Entry | undefined
  range(options?: RangeOptions): Cursor<[unknown, unknown]>
  entries(options?: RangeOptions): Cursor<[unknown, unknown]>
  [Symbol.iterator](): Iterator<[unknown, unknown]>
  keys(options?: RangeOptions): Cursor<unknown>
  values(options?: RangeOptions): Cursor<unknown>
  getEntries(options?: RangeOptions): Cursor<Entry>
  /** Z-order keys only, as `nearest` is. */
  box(min: unknown, max: unknown, options?: RangeOptions): Cursor<[unknown, unknown]>
  nearest(point: unknown, k: unknown, options?: NearestOptions): Cursor<Neighbour>
  readonly size: number
  count(options?: RangeOptions): number
  history(key: unknown, options?: HistoryOptions): Iterable<HistoryRecord>
}

export interface Condition {
  ifVersion?: number | null | undefined
}

export interface Operation extends Condition {
  type: 'put' | 'del'
  key: unknown
  value?: unknown
}

/** The write verbs that a database, a store and a transaction share; `R` is what they return. */
export interface Writes<R> {
  put(key: unknown, value: unknown, condition?: Condition): R
  delete(key: unknown, condition?: Condition): R
  update(key: unknown, change: (old: unknown) => unknown): R
  batch(operations: readonly Operation[]): R
  clear(range?: Bounds): R
}

export type Side = number | string | Date | ReadTx

export interface Commit {
  version: number
  timestamp: number
  changes: { type: string; key: unknown; value?: unknown }[]
}

export interface ChangesOptions extends Bounds {
  since?: number
  signal?: AbortSignal
}

/** Verbs that only a database and a named store have. */
export interface Wide {
  diff(from: Side, to: Side, range?: Bounds): Iterable<Difference>
  changes(options?: ChangesOptions): AsyncIterableIterator<Commit>
  restore(view: ViewOptions): number
}

export interface StoreHandle extends Reads, Writes<number>, Wide {}

export interface ReadTx extends Reads {
  readonly version: number
  readonly timestamp: number
  store(store: StoreHandle): Reads
  close(): void
}

export interface WriteTx extends Reads, Writes<void> {
  readonly version: number
  store(store: StoreHandle): Reads & Writes<void>
  commit(): number
  abort(): void
}

export interface VersionInfo {
  version: number
  timestamp: number
  tags: string[]
}

export interface StoreInfo {
  name: string
  keys: string
  values: string
}

export interface History {
  disk?: History
  versions?: number
  ms?: number
  bytes?: number
}

export interface Report {
  ok: boolean
  problems: unknown[]
  nodes: number
  entries: number
  usedBytes: number
  freeBytes: number
  leakedBytes: number
}

export interface StoreOptions {
  keys?: unknown
  values?: unknown
}

export interface Database extends Reads, Writes<number>, Wide {
  readonly version: number
  readonly oldestVersion: number
  transact<T>(body: (tx: WriteTx) => T): T
  beginWrite(): WriteTx
  beginRead(view?: ViewOptions): ReadTx
  tag(name: string, view?: ViewOptions): number
  untag(name: string): number
  prune(options: { before: number }): unknown
  setHistory(history: History): unknown
  versions(): Iterable<VersionInfo>
  store(name: string, options?: StoreOptions): StoreHandle
  stores(view?: ViewOptions): StoreInfo[]
  dropStore(name: string): number
  stats(): Record<string, unknown>
  check(): Report
  close(): void
  /** The engine's hook for tests. */
  readonly _test: {
    /**
     * The n-th allocation from now fails once, as if memory were full and nothing could be reclaimed.
     */
    failAfter(n: number): void
  }
}
