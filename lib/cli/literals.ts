/**
 * Keys and values as words, by codec: how they are read, and written so that they read back the same.
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
import { asWord, Mistake, printable, type Word } from './words.js'

/** How keys of a codec are read and written. */
export interface KeyForm {
  /** The codec's name, as the database tells it. */
  readonly name: string
  readonly option: KeysOption
  read(word: Word): unknown
  write(key: unknown): string
  /** The argument of `prefix`. */
  prefix(word: Word): unknown
  /** A key made of a field of a row, or of several. */
  fromFields(fields: readonly unknown[]): unknown
}

/** How values of a codec are read and written. */
export interface ValueForm {
  readonly name: string
  readonly option: ValuesOption
  read(word: Word): unknown
  write(value: unknown): string
  fromField(field: unknown): unknown
}

export const KEY_CODECS = ['string', 'tuple', 'binary', 'zorder(float64,float64)'] as const
export const VALUE_CODECS = ['msgpack', 'json', 'string', 'binary'] as const

// ── JSON ──────────────────────────────────────────────────────────────────────────────────────────

/** Parses JSON. @throws Mistake with the position, counted from 1 */
export function parseJson(text: string, parse: (text: string) => unknown = fromJson): unknown {
  try {
    return parse(text)
  } catch (error) {
    const at = error instanceof SyntaxError ? faultIn(text) : (error as ZVerseError).offset
    if (at === undefined) throw error
    const what = at < text.length ? `unexpected ${glyph(text, at)}` : 'it ends too early'
    throw new Mistake(`bad JSON: ${what} at position ${at + 1}`, excerpt(text, at))
  }
}

/** Where JSON.parse has stumbled: it does not tell on every Node. */
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

/** The neighbourhood of a position, which an arrow marks. */
function excerpt(text: string, at: number): string {
  const from = Math.max(0, at - 30)
  const line = (from > 0 ? '…' : '') + text.slice(from, at)
  const shown = printable(line).replaceAll('\\u000a', ' ')
  const rest = printable(text.slice(at, at + 20)).replaceAll('\\u000a', ' ')
  return `${shown}${rest}\n${' '.repeat(shown.length)}^`
}

/** True for what is meant as an array or object, so that it must be good JSON. */
const looksLikeJson = ({ form, text }: Word) => form !== 'quoted' && /^\s*[[{]/.test(text)

/** JSON where the word is JSON; anything else is the word itself, as a string. */
function jsonOrText(word: Word, parse: (text: string) => unknown): unknown {
  if (word.form === 'quoted') return word.text
  if (looksLikeJson(word)) return parseJson(word.text, parse)
  // As cheap as can be for the words that are no JSON: an exception costs microseconds.
  if (!/^\s*(?:["\d-]|true|false|null)/.test(word.text)) return word.text
  try {
    return parse(word.text)
  } catch {
    return word.text
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

/** A field as text: what a text codec makes of it. */
function fieldText(field: unknown): string {
  if (typeof field === 'string') return field
  if (typeof field === 'number' || typeof field === 'boolean') return String(field)
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
}

const BINARY_KEYS: KeyForm = {
  name: 'binary',
  option: 'binary',
  read: readBytes,
  write: writeBytes,
  prefix: readBytes,
  fromFields: fields => readBytes(wordOf(fieldText(single(fields, 'binary')))),
}

const TUPLE_KEYS: KeyForm = {
  name: 'tuple',
  option: 'tuple',
  read: word => jsonOrText(word, fromJson),
  write: key => {
    if (typeof key !== 'string') return printable(toJson(key))
    const word = asWord(key)
    const bare = word === key && typeof jsonOrText(wordOf(key), fromJson) === 'string'
    return bare ? word : printable(JSON.stringify(key))
  },
  prefix: word => {
    const first = jsonOrText(word, fromJson)
    return Array.isArray(first) ? first : [first]
  },
  fromFields: fields => (fields.length === 1 ? fields[0] : fields),
}

function wordOf(text: string): Word {
  return { is: 'word', form: 'bare', text }
}

/** Points, whose dates are ISO strings. */
function points(name: string, dimensions: readonly Dimension[]): KeyForm {
  const point = (from: unknown, text: string): unknown[] => {
    if (!Array.isArray(from)) {
      const example = dimensions.map(d => (d === 'date' ? '"2026-11-20T10:03Z"' : '0'))
      throw new Mistake(`${shorten(text)} is no point`, `for example [${example.join(', ')}]`)
    }
    return from.map((value, d) => {
      if (dimensions[d] !== 'date' || typeof value === 'object') return value
      const date = new Date(value as string | number)
      if (!Number.isNaN(date.getTime())) return date
      throw new Mistake(`${JSON.stringify(value)} is no date`, 'for example "2026-11-20T10:03Z"')
    })
  }
  const read = (word: Word) => {
    return point(looksLikeJson(word) ? parseJson(word.text) : word.text, word.text)
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
  }
}

const NUMBERS = ['uint8', 'uint16', 'uint32', 'int8', 'int16', 'int32', 'float32', 'float64']

/** The key codec of a name: as the API has them, and `zorder(DIMENSION,…)`. @throws Mistake */
export function keyForm(name: string): KeyForm {
  if (name === 'string') return STRING_KEYS
  if (name === 'binary') return BINARY_KEYS
  if (name === 'tuple') return TUPLE_KEYS
  const list = /^zorder\s*\(\[?(.+?)\]?\)$/s.exec(name.trim())?.[1]
  if (list === undefined) {
    const all = KEY_CODECS.join(', ')
    throw new Mistake(`there is no key codec ${asWord(name)}`, `there are ${all}`)
  }
  const dimensions = list.split(/,(?![^({]*[)}])/).map(text => dimension(text.trim()))
  try {
    return points(codecName(dimensions), dimensions)
  } catch (error) {
    if (!(error instanceof ZVerseError)) throw error
    throw new Mistake(error.message)
  }
}

function dimension(text: string): Dimension {
  const plain = text.replace(/^(["'])(.*)\1$/, '$2')
  if (plain === 'date' || NUMBERS.includes(plain)) return plain as Dimension
  const [, min, max, bits] = /^float\((.+),(.+),(.+)\)$/.exec(plain) ?? []
  if (bits !== undefined) return { type: 'float', min: +min, max: +max, bits: +bits }
  if (plain.startsWith('{')) return parseJson(plain) as Dimension
  const all = [...NUMBERS, 'date', 'float(MIN,MAX,BITS)'].join(', ')
  throw new Mistake(`there is no dimension ${asWord(plain)}`, `there are ${all}`)
}

/** The name under which the database knows the codec. */
function codecName(dimensions: readonly Dimension[]): string {
  const names = dimensions.map(d => {
    return typeof d === 'string' ? d : `float(${d.min},${d.max},${d.bits})`
  })
  return `zorder(${names.join(',')})`
}

// ── Values ────────────────────────────────────────────────────────────────────────────────────────

const MSGPACK_VALUES: ValueForm = {
  name: 'msgpack',
  option: 'msgpack',
  read: word => jsonOrText(word, fromJson),
  write: value => printable(toJson(value)),
  fromField: field => field,
}

const JSON_VALUES: ValueForm = {
  name: 'json',
  option: 'json',
  read: word => jsonOrText(word, JSON.parse),
  write: value => printable(JSON.stringify(value)),
  fromField: field => field,
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
}

const BINARY_VALUES: ValueForm = {
  name: 'binary',
  option: 'binary',
  read: readBytes,
  write: writeBytes,
  fromField: field => readBytes(wordOf(valueText(field))),
}

/** The value codec of a name. @throws Mistake */
export function valueForm(name: string): ValueForm {
  const forms = [MSGPACK_VALUES, JSON_VALUES, STRING_VALUES, BINARY_VALUES]
  const form = forms.find(form => form.name === name)
  if (form !== undefined) return form
  const all = VALUE_CODECS.join(', ')
  throw new Mistake(`there is no value codec ${asWord(name)}`, `there are ${all}`)
}

/** The beginning of a long text. */
export function shorten(text: string, most = 60): string {
  const shown = printable(text)
  return shown.length <= most ? shown : `${shown.slice(0, most - 1)}…`
}
