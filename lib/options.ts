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

/** How much history to keep; a bound that is not given is unlimited. */
export interface History {
  /** Versions kept before the present one: an integer ≥ 0, or Infinity. */
  versions?: number | undefined
  /** A version is released once its successor was committed more than this many ms ago. ≥ 0. */
  ms?: number | undefined
  /** Bytes that only past versions may hold. ≥ 0. */
  bytes?: number | undefined
}

/** The options of `open` that do not concern codecs. */
export interface DatabaseOptions {
  /** A directory: persistent mode, which this version does not have yet. */
  path?: string | undefined
  /** Address space to reserve, 1 MiB to 16 GiB; memory is used only as it is touched. Default 1 GiB. */
  maxBytes?: number | undefined
  /** How much history to keep. Default `{ versions: 1000 }`. */
  history?: History | undefined
  /** Threads attached at once, 1 to 65 536. Default 256. */
  maxThreads?: number | undefined
  /** ms that a writer waits for its turn before `ZVERSE_WRITER_BUSY`. Default 10 000. */
  lockTimeout?: number | undefined
  /** Persistent mode: when commits are made durable. */
  sync?: 'commit' | 'interval' | 'never' | undefined
  /** Persistent mode: ms between syncs with `sync: 'interval'`. */
  syncInterval?: number | undefined
  /**
   * Keep a table that finds the present entry of a key in one look-up: some 8 to 11 bytes a key. Default
   * true.
   */
  pointIndex?: boolean | undefined
  /** Keep decoded values of hot keys, for each thread. Default: none are kept. */
  cache?: Cache | undefined
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
}

/** Checked options with their defaults filled in. */
export interface Settings {
  readonly maxBytes: number
  readonly history: Required<Record<keyof History, number>>
  readonly maxThreads: number
  readonly lockTimeout: number
  readonly pointIndex: boolean
  readonly cache: { readonly bytes: number; readonly freeze: boolean }
}

const OPEN_OPTIONS = [
  ...['path', 'maxBytes', 'keys', 'values', 'history', 'maxThreads', 'lockTimeout'],
  ...['sync', 'syncInterval', 'pointIndex', 'cache'],
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
  if (given.path !== undefined) {
    throw invalidOption(
      'path',
      'needs persistent mode, which this version does not have yet: leave it out',
    )
  }
  oneOf(given.sync, 'sync', ['commit', 'interval', 'never'])
  integer(given.syncInterval, 'syncInterval', 1, MAX_TIMEOUT, 100)
  oneOf(given.pointIndex, 'pointIndex', [true, false])
  return {
    maxBytes: integer(given.maxBytes, 'maxBytes', MIN_BYTES, MAX_BYTES, GIB),
    history: historyBounds(given.history === undefined ? { versions: 1000 } : given.history),
    maxThreads: integer(given.maxThreads, 'maxThreads', 1, MAX_THREADS, 256),
    lockTimeout: number(given.lockTimeout, 'lockTimeout', 0, MAX_TIMEOUT, 10_000),
    pointIndex: given.pointIndex !== false,
    cache: cacheIn(given.cache),
  }
}

/** Checks the `cache` option; without it, 0 bytes. */
function cacheIn(cache: unknown): Settings['cache'] {
  if (cache === undefined) return { bytes: 0, freeze: true }
  if (typeof cache !== 'object' || cache === null || Array.isArray(cache)) {
    throw invalidOption('cache', 'must be an object with bytes and, optionally, freeze')
  }
  const given = cache as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && !['bytes', 'freeze'].includes(name)) {
      throw invalidOption(`cache.${name}`, 'is not an option: use bytes and freeze')
    }
  }
  if (given.bytes === undefined)
    throw invalidOption('cache.bytes', 'is missing: give an integer ≥ 0')
  oneOf(given.freeze, 'cache.freeze', [true, false])
  const bytes = integer(given.bytes, 'cache.bytes', 0, MAX_CACHE, 0)
  return { bytes, freeze: given.freeze !== false }
}

/** Checks a `history` option; bounds not given are Infinity. */
export function historyBounds(history: unknown): Settings['history'] {
  if (typeof history !== 'object' || history === null || Array.isArray(history)) {
    throw invalidOption('history', 'must be an object with versions, ms or bytes')
  }
  const given = history as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && !['versions', 'ms', 'bytes'].includes(name)) {
      throw invalidOption(`history.${name}`, 'is not a bound: use versions, ms and bytes')
    }
  }
  const unlimited = Number.POSITIVE_INFINITY
  const { versions, bytes } = given
  for (const [name, value] of Object.entries({ versions, bytes })) {
    if (value !== undefined && value !== unlimited && !Number.isSafeInteger(value)) {
      throw invalidOption(`history.${name}`, 'must be an integer ≥ 0 or Infinity')
    }
  }
  return {
    versions: number(versions, 'history.versions', 0, unlimited, unlimited),
    ms: number(given.ms, 'history.ms', 0, unlimited, unlimited),
    bytes: number(bytes, 'history.bytes', 0, unlimited, unlimited),
  }
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
