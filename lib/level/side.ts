/**
 * How Level's keys and values lie in a store. Any thread; no state.
 *
 * Level hands over text (its format `utf8`) or bytes (`buffer`, `view`), and text stands for its UTF-8
 * everywhere: the two are the same key. A store of binary keys takes both; one of string keys takes text
 * only, which it holds as it is and sorts the same way. Invariant: what `take` makes of two data with the
 * same bytes is the same to the store.
 */
import { ZVerseError } from '../index.js'
import { LevelError } from './errors.js'

/** What Level passes to and takes from a database. */
export type Data = string | Uint8Array
/** Level's storage formats: a string, a Buffer, a Uint8Array. */
export type Format = 'utf8' | 'buffer' | 'view'

/** Keys, or values, of a store. */
export interface Side {
  /** False where only text can be held. */
  readonly holdsBytes: boolean
  /** What the store is given for `data`. */
  take(data: Data): unknown
  /** What makes Level's data of a format of what the store gives. */
  give(format: Format): (stored: unknown) => Data
}

const encoder = new TextEncoder()
// A byte order mark is data like any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const BYTES: Side = {
  holdsBytes: true,
  take(data) {
    return typeof data === 'string' ? Buffer.from(data, 'utf8') : bytesOf(data)
  },
  give(format) {
    if (format === 'view') return stored => stored as Uint8Array
    if (format === 'buffer') return stored => bufferOf(stored as Uint8Array)
    return stored => decoder.decode(stored as Uint8Array)
  },
}

const TEXT: Side = {
  holdsBytes: false,
  // Nothing but text ever comes: the manifest says so.
  take: data => wellFormed(data as string),
  give() {
    return stored => (typeof stored === 'string' ? stored : refuse(stored))
  },
}

/** Values that may be either, each kept as what it came as. */
const EITHER: Side = {
  holdsBytes: true,
  take(data) {
    return typeof data === 'string' ? wellFormed(data) : bytesOf(data)
  },
  give(format) {
    const give = BYTES.give(format)
    if (format === 'utf8') {
      return stored => (typeof stored === 'string' ? stored : give(bytesIn(stored)))
    }
    return stored => give(typeof stored === 'string' ? encoder.encode(stored) : bytesIn(stored))
  },
}

const KEYS: Record<string, Side> = { binary: BYTES, string: TEXT }
const VALUES: Record<string, Side> = { binary: BYTES, string: TEXT, json: TEXT, msgpack: EITHER }

/** Both sides of a store. */
export interface Sides {
  readonly keys: Side
  readonly values: Side
}

/** The sides of a store with codecs of these names. */
export function sidesOf(codecs: { readonly keys: string; readonly values: string }): Sides {
  const keys = own(KEYS, codecs.keys)
  const values = own(VALUES, codecs.values)
  if (keys !== undefined && values !== undefined) return { keys, values }
  const message =
    `db has ${codecs.keys} keys and ${codecs.values} values: Level needs 'binary' keys, or 'string' for ` +
    "text alone, and 'binary', 'msgpack', 'string' or 'json' values. A store of its own will do: " +
    "db.store('level', { keys: 'binary', values: 'binary' })"
  const cause = new ZVerseError('ZVERSE_INVALID_OPTION', message, { option: 'db' })
  throw new LevelError('LEVEL_ENCODING_NOT_SUPPORTED', message, cause)
}

/** The codecs of a database that a level makes for itself. */
export const CODECS = { keys: 'binary', values: 'binary' } as const

/** Two stored keys in the store's order: < 0, 0 or > 0. */
export function compareKeys(a: unknown, b: unknown): number {
  return Buffer.compare(BYTES.take(a as Data) as Uint8Array, BYTES.take(b as Data) as Uint8Array)
}

function own(table: Record<string, Side>, name: string): Side | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** Level's `view` passes every view on a buffer. */
function bytesOf(data: ArrayBufferView): Uint8Array {
  if (data instanceof Uint8Array) return data
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function bytesIn(stored: unknown): Uint8Array {
  return stored instanceof Uint8Array ? stored : refuse(stored)
}

function refuse(stored: unknown): never {
  const kind = stored === null ? 'null' : typeof stored
  const message = `the value is neither text nor bytes: it was put through zverse (${kind})`
  throw new LevelError('LEVEL_DECODE_ERROR', message)
}

/** `text` with U+FFFD for lone surrogates, which have no UTF-8: what an encoder makes of them. */
function wellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed()
}
