/**
 * The records of a dump, format 1, and their checks. Any thread; no state.
 *
 * A dump is a sequence of plain objects, told apart by `type`:
 *
 *     zverse    first: the format, the codecs of the unnamed store, the version and whether its history
 *     store     a named store is made, with its codecs
 *     drop      a named store is dropped with all its entries
 *     index     an index of a store (`store`) is made, with its definition; without a name: it is made a graph
 *     drop-index an index of a store is dropped
 *     put, del  an entry of a store (`store`; the unnamed one where that is absent)
 *     version   with history: the version of the records that follow
 *     tag       with history: a name of the version before
 *     end       last: the dump is whole
 *
 * Without history there are `store`s and `put`s only. With it the first version comes with all its
 * entries, each later one with the differences from the one before. docs/dump.md is the same for users.
 */
import { ZVerseError } from '../errors.js'
import { GRAPH, type GraphDefinition, type IndexDefinition } from '../indexes/definition.js'
import { describe } from '../key/describe.js'
import { MAX_VERSION } from '../memory/layout.js'

/** The format that this version writes and reads. */
export const FORMAT = 1

/** One record of a dump. */
export type DumpRecord<K = unknown, V = unknown> =
  | DumpHeader
  | {
      type: 'version'
      version: number
      /** When it was committed, ms since 1970. */
      timestamp: number
      /** When the version after it was committed, where the dump lacks that one. */
      until?: number
    }
  | { type: 'store'; store: string; keys: string; values: string }
  | { type: 'drop'; store: string }
  | { type: 'index'; store?: string; name: string; definition: IndexDefinition | GraphDefinition }
  | { type: 'drop-index'; store?: string; name: string }
  | {
      type: 'put'
      store?: string
      key: K
      value: V
      /** The version that wrote the entry, where that is not the one above. */
      version?: number
    }
  | { type: 'del'; store?: string; key: K }
  | { type: 'tag'; name: string }
  | { type: 'end' }

export interface DumpHeader {
  type: 'zverse'
  format: number
  /** True if the dump has all versions; else it has one. */
  history: boolean
  /** With history: the first version of the unbroken run; versions before it are kept by their tags. */
  oldest?: number
  /** Names of the unnamed store's codecs. */
  keys: string
  values: string
  /** The version that was dumped; the newest of them. */
  version: number
  /** When that was committed, ms since 1970. */
  timestamp: number
}

/** The error for records that are no dump, or none that can be read. */
export function badDump(what: string): ZVerseError {
  return new ZVerseError('ZVERSE_FORMAT', `not a dump that can be loaded: ${what}`)
}

type Fields = Record<string, unknown>

/** The record, if it is an object with a type. */
export function fieldsOf(record: unknown): Fields {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw badDump(`a record must be an object, not ${describe(record)}`)
  }
  return record as Fields
}

/** @throws ZVerseError `ZVERSE_FORMAT` */
export function headerIn(record: unknown): DumpHeader {
  const fields = fieldsOf(record)
  if (fields.type !== 'zverse') throw badDump("it does not begin with a record of type 'zverse'")
  if (fields.format !== FORMAT) {
    const format = typeof fields.format === 'number' ? fields.format : describe(fields.format)
    throw badDump(`it has format ${format}, this version of zverse reads ${FORMAT}`)
  }
  const header: DumpHeader = {
    ...{ type: 'zverse', format: FORMAT, history: fields.history === true },
    ...{ keys: textIn(fields, 'keys'), values: textIn(fields, 'values') },
    ...{ version: versionIn(fields, 'version'), timestamp: versionIn(fields, 'timestamp') },
  }
  return header.history ? { ...header, oldest: versionIn(fields, 'oldest') } : header
}

/** A field that must be a text that is not empty. */
export function textIn(fields: Fields, name: string): string {
  const text = fields[name]
  if (typeof text === 'string' && text !== '') return text
  throw badDump(`${name} of a ${fields.type} must be a string, not ${describe(text)}`)
}

/** The name of an index: that of a graph has none. */
export function indexNameIn(fields: Fields): string {
  return fields.name === GRAPH ? GRAPH : textIn(fields, 'name')
}

/** A field that must be a version, or a time. */
export function versionIn(fields: Fields, name: string): number {
  const number = fields[name]
  if (Number.isSafeInteger(number) && (number as number) >= 0 && (number as number) <= MAX_VERSION)
    return number as number
  throw badDump(`${name} of a ${fields.type} must be an integer from 0 to ${MAX_VERSION}`)
}

/** The name of the store of a put or del; undefined: the unnamed one. */
export function storeIn(fields: Fields): string | undefined {
  return fields.store === undefined ? undefined : textIn(fields, 'store')
}
