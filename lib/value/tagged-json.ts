/**
 * JSON that loses nothing: for dumps, and where people read values.
 *
 * A value that JSON can express is plain JSON. Any other is an object with one key, which names the kind:
 *
 *     {"$date":"2026-11-20T10:03:00.000Z"}   a Date (iso-date.ts); null: an invalid one
 *     {"$bigint":"123"}                      a bigint
 *     {"$number":"NaN"}                      NaN, Infinity, -Infinity, -0
 *     {"$bytes":"AAEC"}                      a Uint8Array, in base64
 *     {"$typed":["Float32Array","AACAPw=="]} any other typed array: its bytes, little-endian
 *     {"$buffer":"AAEC"}                     an ArrayBuffer
 *     {"$map":[[key,value],…]}               a Map
 *     {"$set":[element,…]}                   a Set
 *     {"$object":{"$date":1}}                a plain object whose one key begins with $
 *
 * Any thread; no state. Kinds are told as MessagePack values tell them (kinds.ts).
 */
import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { ZVerseError } from '../errors.js'
import { GONE, isGone } from '../key/binary.js'
import { isoOf, msOf } from '../key/date.js'
import { describe } from '../key/describe.js'
import { isoDate } from './iso-date.js'
import { faultIn } from './json-fault.js'
import {
  bytesOf,
  bytesIn as bytesOfBuffer,
  hasPrototypes,
  isObjectPrototype,
  isPlainDate,
  TYPED_ARRAYS,
  typedArrayName,
} from './kinds.js'

type Plain = Record<string, unknown>

/**
 * A value as one line of JSON, from which {@link fromJson} makes an equal one. Properties that are
 * `undefined` are left out.
 *
 * @param value a value that `'msgpack'` takes, or an object or array of such
 * @throws ZVerseError `ZVERSE_INVALID_VALUE` for functions, symbols, instances of classes, values that
 * contain themselves, and values nested too deep
 */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(tagged(value, []))
  } catch (cause) {
    throw isRangeError(cause) ? invalid('the value is nested too deep, or too large', cause) : cause
  }
}

/**
 * The value of a text that {@link toJson} wrote, or of any JSON: the same as `JSON.parse` returns, except for
 * objects whose one key begins with $. Numbers are rounded as JavaScript rounds them.
 *
 * @throws ZVerseError `ZVERSE_INVALID_VALUE`; if the text is no JSON, with its `offset`, the index of
 * the first character that cannot be there. Also for numbers so large that they would become
 * infinite, and for a `$date` that is no date by ISO 8601, with a `cause` that says why
 */
export function fromJson(text: string): unknown {
  if (typeof text !== 'string')
    throw invalid(`text must be a string of JSON, not ${describe(text)}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const offset = faultIn(text)
    const found = offset < text.length ? JSON.stringify(text[offset]) : 'the end'
    const message = `no JSON: ${found} at character ${offset + 1}`
    throw new ZVerseError('ZVERSE_INVALID_VALUE', message, { offset, cause })
  }
  try {
    return untagged(value)
  } catch (cause) {
    throw isRangeError(cause) ? invalid('the value is nested too deep', cause) : cause
  }
}

/** True for the error of a full stack or of an allocation, of any realm. */
function isRangeError(cause: unknown): boolean {
  return types.isNativeError(cause) && cause.name === 'RangeError'
}

function invalid(message: string, cause?: unknown): ZVerseError {
  return new ZVerseError('ZVERSE_INVALID_VALUE', message, cause === undefined ? {} : { cause })
}

/** The value with the parts that JSON cannot express replaced; the value itself if there are none. */
function tagged(value: unknown, around: object[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) }
    case 'bigint':
      return { $bigint: String(value) }
    case 'object':
      break
    default:
      throw invalid(`${describe(value)} has no form in JSON`)
  }
  if (value === null) return value
  if (around.includes(value)) throw invalid('a value that contains itself has no form in JSON')
  around.push(value)
  const result = taggedObject(value, around)
  around.pop()
  return result
}

function taggedObject(value: object, around: object[]): unknown {
  const prototype = Object.getPrototypeOf(value)
  const builtIn = prototype !== null && hasPrototypes(prototype, 2)
  if (Array.isArray(value) && builtIn) return mapped(value, item => tagged(item, around))
  if (prototype === null || prototype === Object.prototype || isObjectPrototype(prototype)) {
    return taggedPlain(value as Plain, around)
  }
  if (isPlainDate(value, prototype)) {
    return { $date: Number.isNaN(msOf(value)) ? null : isoOf(value) }
  }
  if (types.isMap(value) && builtIn) {
    return { $map: Array.from(value, pair => pair.map(item => tagged(item, around))) }
  }
  if (types.isSet(value) && builtIn) {
    return { $set: Array.from(value, item => tagged(item, around)) }
  }
  if (types.isArrayBuffer(value) && builtIn) {
    const bytes = bytesOfBuffer(value)
    if (bytes === undefined)
      throw invalid('an ArrayBuffer that was transferred has no form in JSON')
    return { $buffer: base64(bytes) }
  }
  const isTyped =
    types.isTypedArray(value) && (hasPrototypes(prototype, 3) || Buffer.isBuffer(value))
  const name = isTyped ? typedArrayName(value) : undefined
  if (name === undefined) throw invalid(`${describe(value)} has no form in JSON`)
  if (isGone(value)) throw invalid(`a ${name} that ${GONE} has no form in JSON`)
  const text = base64(bytesOf(value))
  return name === 'Uint8Array' ? { $bytes: text } : { $typed: [name, text] }
}

function base64({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('base64')
}

function taggedPlain(value: Plain, around: object[]): unknown {
  const names = Object.keys(value)
  let copied: [string, unknown][] | undefined
  for (let i = 0; i < names.length; i++) {
    const item = value[names[i]]
    const form = item === undefined ? undefined : tagged(item, around)
    if (form !== item) copied ??= names.slice(0, i).map(name => [name, value[name]])
    copied?.push([names[i], form])
  }
  // Defines own properties only, also one that is named __proto__.
  const plain = copied === undefined ? value : Object.fromEntries(copied)
  // JSON leaves undefined ones out.
  if (!names.some(name => name[0] === '$')) return plain
  const left = names.filter(name => (plain as Plain)[name] !== undefined)
  return left.length === 1 && left[0].startsWith('$') ? { $object: plain } : plain
}

/** `items.map(change)`, or `items` itself where nothing changes. */
function mapped(items: unknown[], change: (item: unknown) => unknown): unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < items.length; i++) {
    const form = change(items[i])
    if (form !== items[i]) copy ??= items.slice(0, i)
    copy?.push(form)
  }
  return copy ?? items
}

/** Puts the kinds back into a result of JSON.parse, in place where it can. */
function untagged(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw invalid('a number in it is too large: infinity is written {"$number":"Infinity"}')
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = untagged(value[i])
    return value
  }
  const names = Object.keys(value)
  const object = value as Plain
  if (names.length === 1 && names[0].startsWith('$')) return revived(names[0], object[names[0]])
  return untaggedPlain(object, names)
}

function untaggedPlain(object: Plain, names: string[]): Plain {
  for (const name of names) {
    const item = object[name]
    if (typeof item !== 'object' && typeof item !== 'number') continue
    const form = untagged(item)
    if (form === item) continue
    Object.defineProperty(object, name, {
      ...{ value: form, enumerable: true, configurable: true, writable: true },
    })
  }
  return object
}

function revived(kind: string, content: unknown): unknown {
  const wrong = () => {
    const hint = `an object whose one key begins with $ is written {"$object":{…}}`
    return invalid(`${JSON.stringify(kind)} with ${describe(content)} means nothing: ${hint}`)
  }
  switch (kind) {
    case '$date':
      if (content === null) return new Date(Number.NaN)
      return typeof content === 'string' ? dateOf(content) : fail(wrong)
    case '$bigint':
      return typeof content === 'string' && /^-?\d+$/.test(content) ? BigInt(content) : fail(wrong)
    case '$number':
      return NUMBERS.includes(content as string) ? Number(content) : fail(wrong)
    case '$bytes':
      return bytesIn(content) ?? fail(wrong)
    case '$typed':
      return typedIn(content) ?? fail(wrong)
    case '$buffer':
      return bytesIn(content)?.buffer ?? fail(wrong)
    case '$map': {
      if (!Array.isArray(content)) throw wrong()
      const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2
      return content.every(isPair)
        ? new Map(untagged(content) as [unknown, unknown][])
        : fail(wrong)
    }
    case '$set':
      return Array.isArray(content) ? new Set(untagged(content) as unknown[]) : fail(wrong)
    case '$object': {
      const isPlain = typeof content === 'object' && content !== null && !Array.isArray(content)
      return isPlain ? untaggedPlain(content as Plain, Object.keys(content)) : fail(wrong)
    }
    default:
      throw wrong()
  }
}

function fail(make: () => ZVerseError): never {
  throw make()
}

const NUMBERS = ['NaN', 'Infinity', '-Infinity', '-0']

function dateOf(text: string): Date {
  try {
    return isoDate(text)
  } catch (cause) {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text)
    throw invalid(`"$date" with ${shown} means nothing: ${(cause as Error).message}`, cause)
  }
}

/** Bytes in memory of their own. */
function bytesIn(content: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof content !== 'string' || content.length % 4 !== 0 || !BASE64.test(content)) {
    return undefined
  }
  return new Uint8Array(Buffer.from(content, 'base64'))
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

function typedIn(content: unknown): unknown {
  if (!Array.isArray(content) || content.length !== 2) return undefined
  const [name, text] = content
  const bytes = bytesIn(text)
  if (bytes === undefined || !TYPED_ARRAYS.includes(name)) return undefined
  const Typed = (globalThis as Record<string, unknown>)[name] as
    | { new (buffer: ArrayBuffer): object; BYTES_PER_ELEMENT: number }
    | undefined
  if (Typed === undefined || bytes.length % Typed.BYTES_PER_ELEMENT !== 0) return undefined
  return new Typed(bytes.buffer)
}
