/**
 * The options of `open`: defaults and checks. Also the checks that all option objects share.
 *
 * An unknown option, or one of the wrong type or range, is `ZVERSE_INVALID_OPTION` naming it; an
 * option that is `undefined` counts as absent.
 */
import { ZVerseError } from './errors.js'

const GIB = 2 ** 30
const MIN_BYTES = 2 ** 20
const MAX_BYTES = 16 * GIB
const MAX_THREADS = 65_536
const MAX_CACHE = 2 ** 40
const MAX_TIMEOUT = 2 ** 31 - 1
/** Bits that a filter has for each key, at most. */
const MOST_BITS = 32
/** The same where nothing is given: 0.9 % of answers are wrong (docs/decisions/0035). */
export const BITS_PER_KEY = 10
/** The bounds of history where none are given. */
export const USUAL_HISTORY = { versions: 1000 }

/** How much history to keep; a bound that is not given is unlimited. */
export interface History {
  /** Versions kept before the present one: an integer ≥ 0, or Infinity. */
  versions?: number | undefined
  /** A version is released once its successor was committed more than this many ms ago. ≥ 0. */
  ms?: number | undefined
  /** Bytes that only past versions may hold. ≥ 0. */
  bytes?: number | undefined
  /**
   * Persistent mode: how far the past goes on disk, which gets what memory lets go of. A bound that is not given is
   * unlimited, so `{}` keeps all. Default: as far as in memory.
   */
  disk?: DiskHistory | undefined
}

/** The bounds of `history`, each `Infinity` where none is given. */
export interface Bounds {
  /** Versions kept before the present one. */
  readonly versions: number
  /** A version is kept until the one after it was committed more than so many ms ago. */
  readonly ms: number
  /** Bytes that only past versions see, at most. */
  readonly bytes: number
}

/** The bounds of the past on disk, whose bytes are those of files; and how these are written. */
export interface DiskBounds extends Bounds {
  readonly deflate: boolean
  readonly bitsPerKey: number
}

/** The bounds of memory, and those of the past on disk, if there is one. */
export interface AllBounds extends Bounds {
  readonly disk: DiskBounds | null
}

/** How much of the past to keep on disk. The work in the background applies it, and `compact`. */
export interface DiskHistory {
  /** Versions before the present one. Reads are held to it at once. */
  versions?: number | undefined
  /** A version is released once its successor was committed more than this many ms ago. */
  ms?: number | undefined
  /** Bytes that the files of the past may have. */
  bytes?: number | undefined
  /**
   * Deflate blocks of 16 KiB where that saves a quarter: for files written from now on. A read that does not find a block
   * in the thread's cache inflates it (docs/performance.md). Default false.
   */
  deflate?: boolean | undefined
  /**
   * Bits that each run's filter has for a key, for files written from now on: 0 (no filter) to 32. Of reads of a key that a
   * run does not have, 0.9 % look into it with 10 bits, 2.4 % with 8, 0.09 % with 16. Default 10.
   */
  bitsPerKey?: number | undefined
}

/** The options of `open` that do not concern codecs. */
export interface DatabaseOptions {
  /** A directory, made where there is none: persistent mode (docs/persistence.md). Default: memory only. */
  path?: string | undefined
  /** Address space to reserve, 1 MiB to 16 GiB; memory is used only as it is touched. Default 1 GiB. */
  maxBytes?: number | undefined
  /** How much history to keep. Default `{ versions: 1000 }`. */
  history?: History | undefined
  /** Threads attached at once, 1 to 65 536. Default 256. */
  maxThreads?: number | undefined
  /** ms that a writer waits for its turn before `ZVERSE_WRITER_BUSY`. Default 10 000. */
  lockTimeout?: number | undefined
  /**
   * Persistent mode: when commits are made durable. `'commit'`, the default: before a commit returns, and before
   * anybody can read it. `'interval'`: every `syncInterval` ms. `'never'`: when the system sees fit. The end of the
   * process alone loses nothing in any of them.
   */
  sync?: 'commit' | 'interval' | 'never' | undefined
  /** Persistent mode: ms between syncs with `sync: 'interval'`. Default 100. */
  syncInterval?: number | undefined
  /** Persistent mode: opens a damaged directory with what checksums prove; see `recovery.lost`. */
  repair?: boolean | undefined
  /** Persistent mode: `false` leaves the work in the background to `compact`. Default true. */
  background?: boolean | undefined
  /** Persistent mode: called while the database is read, with bytes. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined
  /**
   * Keep a table that finds the present entry of a key in one look-up: some 8 to 11 bytes a key. Default
   * true.
   */
  pointIndex?: boolean | undefined
  /** Keep decoded values of hot keys, for each thread. Default: none are kept. */
  cache?: Cache | undefined
  /** How much the write queue takes (docs/queue.md). */
  queue?: QueueOptions | undefined
  /** Keep large values deflated. Default: none. */
  compress?: Compress | undefined
  /**
   * Functions that indexes may be defined by, for this thread: others attach with theirs (docs/indexes.md).
   */
  functions?: IndexFunctions | undefined
}

/**
 * Functions by the names under which indexes have them. Each gives the index key of a value, or, for a `multi` index, an
 * array of them; `undefined` for none. It runs once for each value that is written, and must give the same for the same.
 */
export interface IndexFunctions {
  // biome-ignore lint/suspicious/noExplicitAny: each is for the values and keys of its store.
  readonly [name: string]: (value: any, key: any) => unknown
}

/** Which values are kept deflated (raw deflate, level 1), if that saves a quarter or more. */
export interface Compress {
  /** Values that take more bytes than this, encoded: an integer from 0 to 2 ** 32 − 2, or Infinity: none. */
  above: number
}

/** The options of `store` that do not concern codecs; they are this handle's alone. */
export interface StoreOptions {
  /** Keep large values deflated that this handle writes. Default: as the database was opened. */
  compress?: Compress | undefined
}

/** Bounds of the write queue. */
export interface QueueOptions {
  /**
   * Submissions of all threads that each lane may have at a time, beyond which `submit` rejects: integers from 1 to
   * 2 ** 30. Default 10 000 high, 100 000 normal, 50 000 low.
   */
  capacity?:
    | {
        high?: number | undefined
        normal?: number | undefined
        low?: number | undefined
      }
    | undefined
  /** Bytes of a group at most, 1 KiB to 64 MiB; a larger submission makes one of its own. Default 128 KiB. */
  groupBytes?: number | undefined
}

/** The decoded values that each thread keeps, of the keys it reads most by `get`, `getMany`, `getEntry`. */
export interface Cache {
  /** About how many bytes they may take in each thread: an integer ≥ 0; 0 keeps none. */
  bytes: number
  /**
   * Callers share the kept values. By default values are frozen, to the bottom, before they are handed out,
   * and values that cannot be frozen (a Date, Map, Set, bytes) are not kept and not shared. `false`: no value
   * is frozen, all are shared, and callers must not change them.
   */
  freeze?: boolean | undefined
  /**
   * Half of the bytes are for what each thread reads often of indexes: copies of blocks of vectors, where comparing
   * them is cheapest, and lists of the neighbours of nodes, a quarter each (docs/vectors.md, docs/graphs.md). Default
   * false.
   */
  indexes?: boolean | undefined
}

/** Checked options with their defaults filled in. */
export interface Settings {
  readonly path: string | undefined
  readonly sync: 'commit' | 'interval' | 'never'
  readonly syncInterval: number
  readonly repair: boolean
  readonly background: boolean
  readonly onProgress: DatabaseOptions['onProgress']
  readonly maxBytes: number
  /** What the caller has given, or the default. */
  readonly history: AllBounds
  readonly hasHistory: boolean
  readonly maxThreads: number
  readonly lockTimeout: number
  readonly pointIndex: boolean
  readonly cache: { readonly bytes: number; readonly freeze: boolean; readonly indexes: boolean }
  readonly queue: { readonly capacity: readonly number[]; readonly groupBytes: number }
  /** Bytes beyond which a value is deflated; Infinity: none is. */
  readonly compressAbove: number
}

const OPEN_OPTIONS = [
  ...['path', 'maxBytes', 'keys', 'values', 'history', 'maxThreads', 'lockTimeout'],
  ...['sync', 'syncInterval', 'repair', 'background', 'onProgress', 'pointIndex', 'cache', 'queue'],
  ...['compress', 'functions'],
]

/** The error for a wrong option. */
export function invalidOption(option: string, what: string): ZVerseError {
  return new ZVerseError('ZVERSE_INVALID_OPTION', `${option} ${what}`, { option })
}

/**
 * Checks that `options` is an object (or undefined) with no option but those in `allowed`.
 * @param what the verb that takes the options, for the message
 */
export function checkNames(
  options: unknown,
  allowed: readonly string[],
  what: string,
): Record<string, unknown> {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption('options', `of ${what} must be an object`)
  }
  const given = options as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && !allowed.includes(name)) {
      throw invalidOption(name, `is not an option of ${what}`)
    }
  }
  return given
}

/** Checks the options of `open`, except the codecs. */
export function settings(options: unknown): Settings {
  const given = checkNames(options, OPEN_OPTIONS, 'open')
  const { path, sync, onProgress } = given
  if (path !== undefined && (typeof path !== 'string' || path === '' || path.includes('\0'))) {
    throw invalidOption('path', 'must be the path of a directory')
  }
  oneOf(sync, 'sync', ['commit', 'interval', 'never'])
  for (const name of ['repair', 'background', 'pointIndex']) oneOf(given[name], name, [true, false])
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidOption('onProgress', 'must be a function')
  }
  return {
    path,
    sync: (sync ?? 'commit') as Settings['sync'],
    syncInterval: integer(given.syncInterval, 'syncInterval', 1, MAX_TIMEOUT, 100),
    repair: given.repair === true,
    background: given.background !== false,
    onProgress: onProgress as Settings['onProgress'],
    hasHistory: given.history !== undefined,
    maxBytes: integer(given.maxBytes, 'maxBytes', MIN_BYTES, MAX_BYTES, GIB),
    history: historyBounds(
      given.history === undefined ? USUAL_HISTORY : given.history,
      path !== undefined,
    ),
    maxThreads: integer(given.maxThreads, 'maxThreads', 1, MAX_THREADS, 256),
    lockTimeout: number(given.lockTimeout, 'lockTimeout', 0, MAX_TIMEOUT, 10_000),
    pointIndex: given.pointIndex !== false,
    cache: cacheIn(given.cache),
    queue: queueIn(given.queue),
    compressAbove: compressIn(given.compress) ?? Number.POSITIVE_INFINITY,
  }
}

/** Checks the `compress` option: bytes beyond which a value is deflated; undefined: it is not given. */
export function compressIn(compress: unknown): number | undefined {
  if (compress === undefined) return undefined
  const { above } = namesIn(compress, 'compress', ['above'])
  if (above === Number.POSITIVE_INFINITY) return above
  if (above === undefined) {
    throw invalidOption('compress.above', 'is missing: give bytes, an integer ≥ 0, or Infinity')
  }
  return integer(above, 'compress.above', 0, 2 ** 32 - 2, 0)
}

/** Checks the options of `close`: true if what was submitted is to be rejected. */
export function rejectsQueue(options: unknown): boolean {
  const { queue } = checkNames(options, ['queue'], 'close')
  oneOf(queue, 'queue', ['commit', 'reject'])
  return queue === 'reject'
}

/** The lanes of the write queue, the first one first; and how many submissions each has room for. */
export const PRIORITIES = ['high', 'normal', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]
const CAPACITIES = [10_000, 100_000, 50_000]

/** Checks the `queue` option. */
function queueIn(queue: unknown): Settings['queue'] {
  const { capacity, groupBytes } = namesIn(queue, 'queue', ['capacity', 'groupBytes'])
  const given = namesIn(capacity, 'queue.capacity', PRIORITIES)
  return {
    capacity: PRIORITIES.map((lane, i) =>
      integer(given[lane], `queue.capacity.${lane}`, 1, 2 ** 30, CAPACITIES[i]),
    ),
    groupBytes: integer(groupBytes, 'queue.groupBytes', 2 ** 10, 2 ** 26, 2 ** 17),
  }
}

/** Checks that an optional object has only certain properties. */
function namesIn(given: unknown, what: string, names: readonly string[]): Record<string, unknown> {
  if (given === undefined) return {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidOption(what, `must be an object with ${names.join(', ')}`)
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || names.includes(name)) continue
    throw invalidOption(`${what}.${name}`, `is not an option: there are ${names.join(', ')}`)
  }
  return given as Record<string, unknown>
}

/** Checks the `cache` option; without it, 0 bytes. */
function cacheIn(cache: unknown): Settings['cache'] {
  if (cache === undefined) return { bytes: 0, freeze: true, indexes: false }
  if (typeof cache !== 'object' || cache === null || Array.isArray(cache)) {
    throw invalidOption('cache', 'must be an object with bytes and, optionally, freeze and indexes')
  }
  const given = cache as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && !['bytes', 'freeze', 'indexes'].includes(name)) {
      throw invalidOption(`cache.${name}`, 'is not an option: use bytes, freeze and indexes')
    }
  }
  if (given.bytes === undefined)
    throw invalidOption('cache.bytes', 'is missing: give an integer ≥ 0')
  oneOf(given.freeze, 'cache.freeze', [true, false])
  oneOf(given.indexes, 'cache.indexes', [true, false])
  const bytes = integer(given.bytes, 'cache.bytes', 0, MAX_CACHE, 0)
  return { bytes, freeze: given.freeze !== false, indexes: given.indexes === true }
}

/**
 * Checks a `history` option; bounds not given are Infinity.
 * @param hasDisk the database is in a directory
 */
export function historyBounds(history: unknown, hasDisk: boolean): AllBounds {
  const given = boundsOf(history, 'history', ['disk'])
  const { disk } = history as History
  if (disk !== undefined && !hasDisk) {
    throw invalidOption('history.disk', 'is for a database in a directory: give path, too')
  }
  return { ...given, disk: disk === undefined ? null : diskBounds(disk) }
}

function diskBounds(disk: DiskHistory): DiskBounds {
  const bounds = boundsOf(disk, 'history.disk', ['deflate', 'bitsPerKey'])
  const { deflate, bitsPerKey } = disk
  oneOf(deflate, 'history.disk.deflate', [true, false])
  return {
    ...{ ...bounds, deflate: deflate === true },
    bitsPerKey: integer(bitsPerKey, 'history.disk.bitsPerKey', 0, MOST_BITS, BITS_PER_KEY),
  }
}

const BOUND_NAMES = ['versions', 'ms', 'bytes']

function boundsOf(bounds: unknown, what: string, others: readonly string[]): Bounds {
  if (typeof bounds !== 'object' || bounds === null || Array.isArray(bounds)) {
    throw invalidOption(what, 'must be an object with versions, ms or bytes')
  }
  const given = bounds as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && ![...BOUND_NAMES, ...others].includes(name)) {
      const names = [...BOUND_NAMES, ...others].join(', ')
      throw invalidOption(`${what}.${name}`, `is not an option: there are ${names}`)
    }
  }
  const unlimited = Number.POSITIVE_INFINITY
  const bound = (name: string) => number(given[name], `${what}.${name}`, 0, unlimited, unlimited)
  for (const name of ['versions', 'bytes']) {
    const value = given[name]
    if (value !== undefined && value !== unlimited && !Number.isSafeInteger(value)) {
      throw invalidOption(`${what}.${name}`, 'must be an integer ≥ 0 or Infinity')
    }
  }
  return { versions: bound('versions'), ms: bound('ms'), bytes: bound('bytes') }
}

function number(value: unknown, name: string, min: number, max: number, byDefault: number): number {
  if (value === undefined) return byDefault
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw invalidOption(name, `must be a number from ${min} to ${max}`)
  }
  return value
}

/** Checks an optional integer within bounds. */
export function integer(
  value: unknown,
  name: string,
  min: number,
  max: number,
  byDefault: number,
): number {
  if (value !== undefined && !Number.isInteger(value)) {
    throw invalidOption(name, `must be an integer from ${min} to ${max}`)
  }
  return number(value, name, min, max, byDefault)
}

function oneOf(value: unknown, name: string, allowed: readonly unknown[]): void {
  if (value !== undefined && !allowed.includes(value)) {
    throw invalidOption(name, `must be one of ${allowed.map(a => JSON.stringify(a)).join(', ')}`)
  }
}
