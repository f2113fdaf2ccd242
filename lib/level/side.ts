/**
 * How Level's keys and values lie in a store. Any thread; no state.
 *
 * Level hands over text (its format `utf8`) or bytes (`buffer`, `view`), and text means its UTF-8
 * everywhere: the two are the same key. A store of binary keys takes both; a store of string keys takes text
 * only, stores it unchanged and sorts it the same way. Invariant: data with the same bytes are, after
 * `take`, the same to the store.
 */
import { Buffer } from 'node:buffer'
import { TextEncoder, types } from 'node:util'
import { type ErrorCode, ZVerseError } from '../index.js'
import { LevelError } from './errors.js'

/** What Level passes to and takes from a database. */
export type Data = string | Uint8Array
/** Level's storage formats: a string, a Buffer, a Uint8Array. */
export type Format = 'utf8' | 'buffer' | 'view'

/** Level's options with the formats that it passes and wants. */
export interface Encoded {
  readonly keyEncoding: Format
  readonly valueEncoding: Format
}

/** True if keys and values are both text. */
export function isOfText({ keyEncoding, valueEncoding }: Encoded): boolean {
  return keyEncoding === 'utf8' && valueEncoding === 'utf8'
}

/** Keys, or values, of a store. */
export interface Side {
  /** False if it can hold text only. */
  readonly holdsBytes: boolean
  /**
   * The store's form of `data`.
   * @throws ZVerseError `ZVERSE_INVALID_KEY`, `ZVERSE_INVALID_VALUE` if an encoding returned neither
   * text nor bytes (`'json'` encodes a function as undefined)
   */
  take(data: Data): unknown
  /** The function that turns the store's form into Level's data of a format. */
  give(format: Format): (stored: unknown) => Data
}

const encoder = new TextEncoder()
/** Decodes UTF-8 as a TextDecoder that keeps a byte order mark does, in less time. */
const { utf8Slice } = Buffer.prototype as unknown as {
  utf8Slice(this: Uint8Array, from: number, to: number): string
}

/** @param code the code of errors for data that cannot be taken */
const bytes = (code: ErrorCode): Side => ({
  holdsBytes: true,
  take(data) {
    return typeof data === 'string' ? encoded(data) : bytesOf(data, code)
  },
  give: giveBytes,
})

const text = (code: ErrorCode): Side => ({
  holdsBytes: false,
  take(data) {
    return typeof data === 'string' ? wellFormed(data) : refuseData(data, code)
  },
  give() {
    return stored => (typeof stored === 'string' ? stored : refuse(stored))
  },
})

/** Values that are text or bytes, each kept as it came. */
const either = (code: ErrorCode): Side => ({
  holdsBytes: true,
  take(data) {
    return typeof data === 'string' ? wellFormed(data) : bytesOf(data, code)
  },
  give(format) {
    const give = giveBytes(format)
    if (format === 'utf8') {
      return stored => (typeof stored === 'string' ? stored : give(bytesIn(stored)))
    }
    return stored => give(typeof stored === 'string' ? encoder.encode(stored) : bytesIn(stored))
  },
})

const KEY = 'ZVERSE_INVALID_KEY'
const VALUE = 'ZVERSE_INVALID_VALUE'
const TEXT_KEYS = text(KEY)
const TEXTS = text(VALUE)
const KEYS: Record<string, Side> = { binary: bytes(KEY), string: TEXT_KEYS }
const VALUES: Record<string, Side> = {
  binary: bytes(VALUE),
  string: TEXTS,
  json: TEXTS,
  msgpack: either(VALUE),
}

/** Both sides of a store. */
export interface Sides {
  readonly keys: Side
  readonly values: Side
}

/** Both sides of a store that is read and written as text. */
export const TEXT: Sides = { keys: TEXT_KEYS, values: TEXTS }

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

/** Two keys, in the order that all stores have them: < 0, 0 or > 0. */
export function compareData(a: Data, b: Data): number {
  return Buffer.compare(utf8(a), utf8(b))
}

function own(table: Record<string, Side>, name: string): Side | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function utf8(data: Data): Uint8Array {
  return typeof data === 'string' ? encoded(data) : data
}

function giveBytes(format: Format): (stored: unknown) => Data {
  if (format === 'utf8') return textOf
  return format === 'buffer' ? bufferOf : viewOf
}

function textOf(stored: unknown): string {
  const bytes = stored as Uint8Array
  return utf8Slice.call(bytes, 0, bytes.length)
}

function viewOf(stored: unknown): Uint8Array {
  return stored as Uint8Array
}

function bufferOf(stored: unknown): Buffer {
  const { buffer, byteOffset, byteLength } = stored as Uint8Array
  return Buffer.from(buffer, byteOffset, byteLength)
}

function encoded(data: string): Uint8Array {
  return Buffer.from(data, 'utf8')
}

/** In Level's format `view` any view on a buffer may come. */
function bytesOf(data: ArrayBufferView, code: ErrorCode): Uint8Array {
  if (types.isUint8Array(data)) return data
  if (!ArrayBuffer.isView(data)) refuseData(data, code)
  try {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  } catch (cause) {
    const message = `the ${nounOf(code)} is on a buffer that was transferred, or is too short for it now`
    throw new ZVerseError(code, message, { cause })
  }
}

function bytesIn(stored: unknown): Uint8Array {
  return types.isUint8Array(stored) ? stored : refuse(stored)
}

function refuseData(data: unknown, code: ErrorCode): never {
  const kind = data === null ? 'null' : typeof data
  throw new ZVerseError(
    code,
    `the encoding returned ${kind} for the ${nounOf(code)}, not text or bytes`,
  )
}

function nounOf(code: ErrorCode): string {
  return code === KEY ? 'key' : 'value'
}

function refuse(stored: unknown): never {
  const kind = stored === null ? 'null' : typeof stored
  const message = `the value is ${kind}, not text or bytes: zverse put it, so read it through zverse`
  throw new LevelError('LEVEL_DECODE_ERROR', message)
}

/** `text` with U+FFFD for lone surrogates, which have no UTF-8: as encoders replace them. */
function wellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed()
}
