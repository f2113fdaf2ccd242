/**
 * Keys and values as words, by codec: reads them, and writes them so that they read back the same.
 */
import { Buffer } from 'node:buffer'
import {
  type Dimension,
  fromJson,
  type KeysOption,
  toJson,
  type ValuesOption,
  ZVerseError,
  zorder,
} from '../index.js'
import { dateIn } from './dates.js'
import { numberIn, refuseInexact, refuseOverflow } from './numbers.js'
import { asWord, Mistake, printable, shorten, type Word } from './words.js'

/** How keys of a codec are read and written. */
export interface KeyForm {
  /** The codec's name in the database. */
  readonly name: string
  readonly option: KeysOption
  read(word: Word): unknown
  write(key: unknown): string
  /** The argument of `prefix`. */
  prefix(word: Word): unknown
  /** A key made of one or several fields of a row. */
  fromFields(fields: readonly unknown[]): unknown
  /** A key within JSON, as {@link fromJson} returns it. */
  fromJson(value: unknown): unknown
  /** The hint for a text that does not fit into a number. */
  instead(number: string): string
}

/** How values of a codec are read and written. */
export interface ValueForm {
  readonly name: string
  readonly option: ValuesOption
  read(word: Word): unknown
  write(value: unknown): string
  fromField(field: unknown): unknown
  /** True if JSON with values in it is plain: objects whose one key begins with $ mean themselves. */
  readonly isPlain: boolean
  /** Parses JSON with values in it. */
  parse(text: string): unknown
}

export const KEY_CODECS = ['string', 'tuple', 'binary', 'zorder(float64,float64)'] as const
export const VALUE_CODECS = ['msgpack', 'json', 'string', 'binary'] as const

// ── JSON ──────────────────────────────────────────────────────────────────────────────────────────

/** The error for text that is no JSON: the place of the fault, with its neighbourhood as the hint. */
export class BadJson extends Mistake {}

/**
 * Parses JSON.
 * @throws BadJson with the position, counted from 1; Mistake for numbers that are too large
 */
export function parseJson(text: string, parse: (text: string) => unknown = fromJson): unknown {
  try {
    refuseOverflow(text, parse === JSON.parse)
    return parse(text)
  } catch (error) {
    if (error instanceof Mistake) throw error
    const at = error instanceof SyntaxError ? faultIn(text) : (error as ZVerseError).offset
    if (at === undefined) throw error
    const what = at < text.length ? `unexpected ${glyph(text, at)}` : 'it ends too early'
    throw new BadJson(`bad JSON: ${what} at position ${at + 1}`, excerpt(text, at))
  }
}

/** A part of plain JSON as {@link fromJson} reads it, but without a check for numbers that are too large. */
export function revived(plain: unknown): unknown {
  return fromJson(JSON.stringify(plain))
}

/** The index at which JSON.parse failed, which it does not report on every Node. */
function faultIn(text: string): number | undefined {
  try {
    fromJson(text)
    return undefined
  } catch (error) {
    return (error as ZVerseError).offset
  }
}

function glyph(text: string, at: number): string {
  return printable(JSON.stringify(String.fromCodePoint(text.codePointAt(at) as number)))
}

/** The neighbourhood of a position, with an arrow at it. */
function excerpt(text: string, at: number): string {
  const from = Math.max(0, at - 30)
  const line = (from > 0 ? '…' : '') + text.slice(from, at)
  const shown = printable(line).replaceAll('\\u000a', ' ')
  const rest = printable(text.slice(at, at + 20)).replaceAll('\\u000a', ' ')
  return `${shown}${rest}\n${' '.repeat(shown.length)}^`
}

/** True for a word meant as an array or object, which must be good JSON. */
const looksLikeJson = ({ form, text }: Word) => form !== 'quoted' && /^\s*[[{]/.test(text)

/** The value of a word of JSON; any other word is a string. */
function jsonOrText(word: Word, parse: (text: string) => unknown): unknown {
  if (word.form === 'quoted') return word.text
  if (!looksLikeJson(word) && !isScalar(word.text)) return word.text
  return parseJson(word.text, parse)
}

/** True for JSON that is neither an array nor an object. */
function isScalar(text: string): boolean {
  // As cheap as possible for words that are no JSON: an exception costs microseconds.
  if (!/^\s*(?:["\d-]|true|false|null)/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

// ── Bytes ─────────────────────────────────────────────────────────────────────────────────────────

function readBytes(word: Word): Uint8Array {
  const { form, text } = word
  if (form === 'quoted' || !/^0x/i.test(text)) return Uint8Array.from(Buffer.from(text, 'utf8'))
  if (!/^0x(?:[\da-f]{2})*$/i.test(text)) {
    throw new Mistake(
      `${text} is no bytes: two hex digits each after 0x`,
      "in quotes it is taken as text: '0x…'",
    )
  }
  return Uint8Array.from(Buffer.from(text.slice(2), 'hex'))
}

const writeBytes = (bytes: unknown) => `0x${Buffer.from(bytes as Uint8Array).toString('hex')}`

// ── Keys ──────────────────────────────────────────────────────────────────────────────────────────

/** A field as text, for codecs of text. */
function fieldText(field: unknown): string {
  if (typeof field === 'string') return field
  if (typeof field === 'number' || typeof field === 'boolean') return String(field)
  if (typeof field === 'bigint') return String(field)
  throw new Mistake(`${shorten(toJson(field ?? null))} is no text`)
}

function single(fields: readonly unknown[], codec: string): unknown {
  if (fields.length === 1) return fields[0]
  throw new Mistake(`keys of codec ${codec} take one field`, 'use --keys tuple for several')
}

const STRING_KEYS: KeyForm = {
  name: 'string',
  option: 'string',
  read: word => word.text,
  write: key => asWord(key as string),
  prefix: word => word.text,
  fromFields: fields => fieldText(single(fields, 'string')),
  fromJson: value => value,
  instead: number => `{"$bigint":"${number}"} and "${number}" keep all digits`,
}

const BINARY_KEYS: KeyForm = {
  name: 'binary',
  option: 'binary',
  read: readBytes,
  write: writeBytes,
  prefix: readBytes,
  fromFields: fields => readBytes(wordOf(fieldText(single(fields, 'binary')))),
  fromJson: value => (typeof value === 'string' ? readBytes(wordOf(value)) : value),
  instead: STRING_KEYS.instead,
}

const TUPLE_KEYS: KeyForm = {
  name: 'tuple',
  option: 'tuple',
  read: word => jsonOrText(word, tupleIn),
  write: key => {
    if (typeof key !== 'string') return printable(toJson(key))
    const word = asWord(key)
    return word === key && !isScalar(key) ? word : printable(JSON.stringify(key))
  },
  prefix: word => {
    const first = jsonOrText(word, tupleIn)
    return Array.isArray(first) ? first : [first]
  },
  fromFields: fields => (fields.length === 1 ? fields[0] : fields),
  fromJson: value => value,
  instead: number =>
    `in quotes it is text and keeps all digits: "${number}"; only values can be {"$bigint":"…"}`,
}

function tupleIn(json: string): unknown {
  const key = fromJson(json)
  refuseInexact(json, TUPLE_KEYS.instead)
  return key
}

function wordOf(text: string): Word {
  return { is: 'word', form: 'bare', text }
}

/** Points; their dates are ISO strings. */
function points(name: string, dimensions: readonly Dimension[]): KeyForm {
  const point = (from: unknown, text: string): unknown[] => {
    if (!Array.isArray(from)) {
      const example = dimensions.map(d => (d === 'date' ? '"2026-11-20T10:03Z"' : '0'))
      throw new Mistake(`${shorten(text)} is no point`, `for example [${example.join(', ')}]`)
    }
    return from.map((value, d) => (dimensions[d] === 'date' ? coordinateDate(value) : value))
  }
  const instead = () => 'coordinates are numbers of 53 bits: write the number it would become'
  const read = (word: Word) => {
    if (!looksLikeJson(word)) return point(word.text, word.text)
    const value = parseJson(word.text)
    refuseInexact(word.text, instead)
    return point(value, word.text)
  }
  return {
    name,
    option: zorder(dimensions),
    read,
    write: key => toJson((key as unknown[]).map(c => (c instanceof Date ? c.toISOString() : c))),
    prefix: read,
    fromFields: fields => {
      const all = fields.length === 1 && Array.isArray(fields[0]) ? fields[0] : fields
      return point(all, String(all))
    },
    fromJson: value => point(value, toJson(value)),
    instead,
  }
}

/** A date of a point: text, or a Date already; null is an open side, if one is allowed. */
function coordinateDate(value: unknown): unknown {
  if (typeof value === 'object') return value
  if (typeof value === 'string') return dateIn(value)
  const hint = 'dates are text: "2026-11-20", or "2026-11-20T10:03:05.250Z"'
  throw new Mistake(`${shorten(toJson(value))} is no date`, hint)
}

const NUMBERS = ['uint8', 'uint16', 'uint32', 'int8', 'int16', 'int32', 'float32', 'float64']

/** The key codec of a name: the API's names, and `zorder(DIMENSION,…)`. @throws Mistake */
export function keyForm(name: string): KeyForm {
  if (name === 'string') return STRING_KEYS
  if (name === 'binary') return BINARY_KEYS
  if (name === 'tuple') return TUPLE_KEYS
  const list = /^zorder\s*\(\[?(.+?)\]?\)$/s.exec(name.trim())?.[1]
  if (list === undefined) {
    const all = KEY_CODECS.join(', ')
    throw new Mistake(`there is no key codec ${asWord(name)}`, `there are ${all}`)
  }
  return pointForm(dimensionsIn(list))
}

/** Points of these dimensions. @throws Mistake */
export function pointForm(dimensions: readonly Dimension[]): KeyForm {
  try {
    return points(`zorder(${dimensionNames(dimensions)})`, dimensions)
  } catch (error) {
    if (!(error instanceof ZVerseError)) throw error
    throw new Mistake(error.message)
  }
}

/** The dimensions of a text as `float64,date`, in brackets or without. @throws Mistake */
export function dimensionsIn(text: string): Dimension[] {
  const list = text.trim().replace(/^\[(.+)\]$/s, '$1')
  return list.split(/,(?![^({]*[)}])/).map(name => dimension(name.trim()))
}

function dimension(text: string): Dimension {
  const plain = text.replace(/^(["'])(.*)\1$/, '$2')
  if (plain === 'date' || NUMBERS.includes(plain)) return plain as Dimension
  const [, min, max, bits] = /^float\((.+),(.+),(.+)\)$/.exec(plain) ?? []
  if (bits !== undefined) {
    const [from, to, cut] = [min, max, bits].map(n => numberIn(n.trim(), 'what float(…) takes'))
    return { type: 'float', min: from, max: to, bits: cut }
  }
  if (plain.startsWith('{')) return parseJson(plain) as Dimension
  const all = [...NUMBERS, 'date', 'float(MIN,MAX,BITS)'].join(', ')
  throw new Mistake(`there is no dimension ${asWord(plain)}`, `there are ${all}`)
}

/** Dimensions as the names of codecs have them. */
export function dimensionNames(dimensions: readonly Dimension[]): string {
  const names = dimensions.map(d => {
    return typeof d === 'string' ? d : `float(${d.min},${d.max},${d.bits})`
  })
  return names.join(',')
}

// ── Values ────────────────────────────────────────────────────────────────────────────────────────

const MSGPACK_VALUES: ValueForm = {
  name: 'msgpack',
  option: 'msgpack',
  read: word => jsonOrText(word, fromJson),
  write: value => printable(toJson(value)),
  fromField: field => field,
  isPlain: false,
  parse: fromJson,
}

const JSON_VALUES: ValueForm = {
  name: 'json',
  option: 'json',
  read: word => jsonOrText(word, JSON.parse),
  write: value => printable(JSON.stringify(value)),
  fromField: field => field,
  isPlain: true,
  parse: JSON.parse,
}

const NEEDS_FIELD = 'name the field that holds the value: --value FIELD'

function valueText(field: unknown): string {
  if (typeof field !== 'object' || field === null) return fieldText(field)
  throw new Mistake('a row is no text', NEEDS_FIELD)
}

const STRING_VALUES: ValueForm = {
  name: 'string',
  option: 'string',
  read: word => word.text,
  write: value => printable(JSON.stringify(value)),
  fromField: valueText,
  isPlain: false,
  parse: fromJson,
}

const BINARY_VALUES: ValueForm = {
  name: 'binary',
  option: 'binary',
  read: readBytes,
  write: writeBytes,
  fromField: field => readBytes(wordOf(valueText(field))),
  isPlain: false,
  parse: fromJson,
}

/** The value codec of a name. @throws Mistake */
export function valueForm(name: string): ValueForm {
  const forms = [MSGPACK_VALUES, JSON_VALUES, STRING_VALUES, BINARY_VALUES]
  const form = forms.find(form => form.name === name)
  if (form !== undefined) return form
  const all = VALUE_CODECS.join(', ')
  throw new Mistake(`there is no value codec ${asWord(name)}`, `there are ${all}`)
}
