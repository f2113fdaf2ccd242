/**
 * Random documents, indexes, queries and options: of few paths and few values, so that values coincide and
 * conditions hold for some.
 */
import fc from 'fast-check'
import { type Definition, keyOf, keysOf } from '../index/plain-index.js'
import { along, type Operators, type Options, type Query } from './plain-query.js'

/** A codec of values: what JSON cannot tell is drawn for MessagePack only. */
export type Values = 'msgpack' | 'json'

export type Entry = [key: string, value: unknown]

/** Entries of a store in key order, indexes that accept them, and what to ask. */
export interface Case {
  entries: Entry[]
  indexes: Record<string, Definition>
  asked: { query: Query; options: Options }[]
}

// 'nowhere' and 'constructor' are in no document.
const TEXT_PATHS = ['kind', 'address.city', 'tags.0']
const NUMBER_PATHS = ['n', 'at.1', 'address.stops.1.0']
const LIST_PATHS = ['tags', 'address.stops', 'address.stops.0']
const ODD_PATHS = ['address', 'address.stops.0.1', 'nowhere', 'constructor']
const USUAL_PATHS = [...TEXT_PATHS, ...NUMBER_PATHS, ...LIST_PATHS, 'at']
export const PATHS = [...USUAL_PATHS, ...ODD_PATHS]

const day = (ms: number) => new Date(ms)
const TEXTS = ['a', 'ab', 'abc', 'b', '', 'é', '\uffff', '😀', 'a\0']
const NUMBERS = [0, 1, 2, 3, 1.5, -1, -2]
const OTHERS = [null, false, true]
// Some are the same as a number.
const MORE_NUMBERS = [1n, 2n, -1n, day(1), day(2), day(-1), Infinity, -Infinity]
const BYTES = [Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(1, 2), Uint8Array.of(97)]
/** What is no index key. */
const STRANGERS: unknown[] = [{}, { x: 1 }, { 0: 'a', 1: { 0: 1 } }, { city: 'a' }, [{}], [1, {}]]
const MORE_STRANGERS = [
  ...[Number.NaN, day(Number.NaN), 2n ** 70n, new Set([1]), Float32Array.of(1)],
  ...[new Map([['city', 'a']]), new Map([[0, 1]]), [Number.NaN], [1, 2n ** 64n]],
]

const anyScalar = fc.constantFrom(...TEXTS, ...NUMBERS, ...OTHERS, ...MORE_NUMBERS, ...BYTES)
const finite = fc.constantFrom(...NUMBERS, 1n, 2n, day(1), day(2))

const weighed = <T>(...of: [weight: number, arbitrary: fc.Arbitrary<T>][]) =>
  fc.oneof(...of.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const path = weighed([12, fc.constantFrom(...USUAL_PATHS)], [1, fc.constantFrom(...ODD_PATHS)])
const text = weighed([4, fc.constantFrom('a', 'ab', 'b')], [1, fc.constantFrom(...TEXTS)])
const plainNumber = weighed([4, fc.constantFrom(0, 1, 2)], [1, fc.constantFrom(...NUMBERS)])
const anyNumber = weighed<unknown>([4, plainNumber], [1, fc.constantFrom(...MORE_NUMBERS)])

const few = <T>(arbitrary: fc.Arbitrary<T>, minLength = 0) =>
  fc.array(arbitrary, { minLength, maxLength: 3, size: 'max' })

/** Values; of tame ones, all that paths lead to can be index keys, but for objects on the way. */
export function documents(values: Values, isTame = false): fc.Arbitrary<unknown> {
  const isJson = values === 'json'
  const number = isJson ? plainNumber : anyNumber
  const scalar = isJson ? fc.constantFrom(...TEXTS, ...NUMBERS, ...OTHERS) : anyScalar
  const stranger = fc.constantFrom(...STRANGERS, ...(isJson ? [] : MORE_STRANGERS))
  const strange = isTame ? scalar : stranger
  const element = weighed<unknown>([6, text], [2, number], [2, few(scalar)], [1, strange])
  const part = weighed<unknown>([3, scalar], [2, few(element)], [1, strange])
  const mostly = (arbitrary: fc.Arbitrary<unknown>) => weighed([6, arbitrary], [1, part])
  const stops = fc.tuple(few(mostly(number)), fc.tuple(mostly(number)))
  const address = fc.record(
    { city: mostly(text), stops: mostly(stops) },
    { requiredKeys: [], noNullPrototype: true },
  )
  const members = {
    kind: mostly(text),
    n: mostly(number),
    tags: mostly(few(element)),
    at: mostly(fc.tuple(number, number)),
    address: mostly(address),
  }
  const whole = fc.record(members, { requiredKeys: [], noNullPrototype: true })
  return weighed<unknown>([30, whole], [1, part])
}

/** At most `count` entries in key order. */
export function entriesOf(values: Values, count = 40): fc.Arbitrary<Entry[]> {
  const listOf = (isTame: boolean) => {
    return fc.array(documents(values, isTame), { maxLength: count, size: 'max' })
  }
  const width = String(count).length
  return fc
    .oneof(listOf(false), listOf(true))
    .map(list => list.map((value, i) => [`k${String(i).padStart(width, '0')}`, value]))
}

export const definition: fc.Arbitrary<Definition> = fc.record(
  {
    on: fc.oneof(path, fc.uniqueArray(path, { minLength: 1, maxLength: 3, size: 'max' })),
    multi: fc.boolean(),
    missing: fc.constantFrom('skip', 'null'),
    invalid: fc.constantFrom('skip', 'error'),
  },
  { requiredKeys: ['on'], noNullPrototype: true },
)

/** The definition, which skips what is invalid if any of the values is. */
export function fitting(one: Definition, all: readonly unknown[]): Definition {
  const isRefused = all.some(value => keysOf(value, one) === 'error')
  return isRefused ? { ...one, invalid: 'skip' } : one
}

/** At most four indexes, by name, that accept all of the values. */
export function indexesOf(all: readonly unknown[]): fc.Arbitrary<Record<string, Definition>> {
  return fc.array(definition, { maxLength: 4, size: 'max' }).map(list => {
    return Object.fromEntries(list.map((one, i) => [`i${i}`, fitting(one, all)]))
  })
}

/** A value to compare with what a path may lead to. */
function boundOf(at: string): fc.Arbitrary<unknown> {
  const list = weighed<unknown>([3, few(text)], [1, few(anyNumber)], [1, few(anyScalar)])
  const fit = TEXT_PATHS.includes(at)
    ? text
    : NUMBER_PATHS.includes(at)
      ? anyNumber
      : at === 'at'
        ? fc.tuple(anyNumber, anyNumber)
        : weighed<unknown>([3, text], [2, anyNumber], [3, list])
  return weighed<unknown>([20, fit], [2, anyScalar], [1, list])
}

const box: fc.Arbitrary<[unknown[], unknown[]]> = fc
  .array(fc.tuple(fc.option(finite, { freq: 3 }), fc.option(finite, { freq: 3 })), {
    minLength: 1,
    maxLength: 3,
    size: 'max',
  })
  .map(sides => [sides.map(([low]) => low), sides.map(([, high]) => high)])
/** As most points are. */
const flatBox = box.map(([min, max]): [unknown[], unknown[]] => [
  [...min, null].slice(0, 2),
  [...max, null].slice(0, 2),
])

function rangeOf(at: string): fc.Arbitrary<Operators> {
  const bound = boundOf(at)
  const side = (...names: string[]) => {
    return fc.tuple(fc.constantFrom(...names), bound).map(([name, value]) => ({ [name]: value }))
  }
  const [lower, upper] = [side('gt', 'gte'), side('lt', 'lte')]
  return fc.oneof(
    lower,
    upper,
    fc.tuple(lower, upper).map(sides => ({ ...sides[0], ...sides[1] })),
  )
}

const equalTo = (at: string): fc.Arbitrary<unknown> =>
  weighed<unknown>([3, boundOf(at)], [1, fc.record({ eq: boundOf(at) })])

const prefix: fc.Arbitrary<Operators> = fc.record({
  prefix: weighed<string | unknown[]>([3, text], [1, few(text)], [1, few(anyScalar)]),
})

/** Those that an index may answer. */
const answerable = (at: string): fc.Arbitrary<unknown> =>
  weighed<unknown>(
    [6, equalTo(at)],
    [4, rangeOf(at)],
    [3, fc.record({ in: few(boundOf(at)) })],
    [2, prefix],
  )

/** Any operators at once, some without an operand; most hold for little. */
function operatorsOf(at: string): fc.Arbitrary<Operators> {
  const bound = boundOf(at)
  const ordered = fc.option(bound, { nil: undefined })
  const all = {
    ...{ eq: bound, ne: bound, in: few(bound, 1), has: bound },
    ...{ gt: ordered, gte: ordered, lt: ordered, lte: ordered },
    ...{ prefix: fc.option(text, { nil: undefined }), box, absent: fc.boolean() },
  }
  const names = fc.subarray(Object.keys(all) as (keyof Operators)[], { maxLength: 3 })
  return fc.tuple(fc.record(all), names).map(([drawn, kept]) => {
    return Object.fromEntries(kept.map(name => [name, drawn[name]]))
  })
}

export const conditionOf = (at: string): fc.Arbitrary<unknown> =>
  weighed<unknown>(
    [8, answerable(at)],
    [1, fc.record({ ne: boundOf(at) })],
    [1, fc.record({ has: boundOf(at) })],
    [1, fc.record({ absent: fc.boolean() })],
    [at === 'at' ? 6 : 1, fc.record({ box: weighed([3, flatBox], [1, box]) })],
    [1, operatorsOf(at)],
  )

type Condition = [path: string, condition: unknown]

const conditionAt = (at: string): fc.Arbitrary<Condition> =>
  fc.tuple(fc.constant(at), conditionOf(at))

/** One to three paths, more often such as are indexed. */
function conditionsOf(indexed: readonly string[]): fc.Arbitrary<Query> {
  const usual = fc.oneof(...USUAL_PATHS.map(conditionAt))
  const any = weighed([12, usual], [1, fc.oneof(...ODD_PATHS.map(conditionAt))])
  const one =
    indexed.length > 0 ? weighed([3, fc.oneof(...indexed.map(conditionAt))], [1, any]) : any
  const upTo = (maxLength: number) => {
    const selector = ([name]: Condition) => name
    return fc.uniqueArray(one, { selector, minLength: 1, maxLength, size: 'max' })
  }
  return weighed([4, upTo(1)], [1, upTo(2)], [1, upTo(3)]).map(list => Object.fromEntries(list))
}

/** Of a compound index: the first of its paths equal to something, and a condition for the next one. */
function leadingOf(on: readonly string[]): fc.Arbitrary<Query> {
  return fc.oneof(
    ...on.map((last, i) => {
      const equal = on.slice(0, i).map(one => fc.tuple(fc.constant(one), equalTo(one)))
      const next = fc.tuple(fc.constant(last), answerable(last))
      return fc.tuple(...equal, next).map(list => Object.fromEntries(list))
    }),
  )
}

/** A condition that holds for what the path leads to in this value. */
function heldAt(value: unknown, at: string): fc.Arbitrary<unknown> {
  const found = along(value, at)
  if (found === undefined) return fc.constant({ absent: true })
  const isKey = (one: unknown) => typeof keyOf(one) !== 'symbol'
  const elements = Array.isArray(found) ? found.filter(isKey) : []
  const whole = [found].filter(isKey)
  const conditions = [
    { absent: false },
    ...[...whole, ...elements].flatMap(one => [one, one, { eq: one }, { in: [1, one, 'b'] }]),
    ...whole.flatMap(one => [{ gte: one }, { lte: one }]),
    ...elements.map(one => ({ has: one })),
  ]
  if (typeof found === 'string') conditions.push({ prefix: [...found].slice(0, 1).join('') })
  if (Array.isArray(found) && isKey(found)) conditions.push({ prefix: found.slice(0, 1) })
  return fc.constantFrom(...conditions)
}

/** Several conditions that hold for one of the values at least; `lists` are of paths of indexes. */
function heldOf(values: readonly unknown[], lists: readonly string[][]): fc.Arbitrary<Query> {
  const some = fc.uniqueArray(path, { minLength: 2, maxLength: 3, size: 'max' })
  const leading = lists.flatMap(on => on.map((_, i) => on.slice(0, i + 1)))
  const names = lists.length > 0 ? weighed([1, some], [2, fc.constantFrom(...leading)]) : some
  return fc.tuple(fc.constantFrom(...values), names).chain(([value, list]) => {
    return fc
      .tuple(...list.map(at => heldAt(value, at)))
      .map(conditions => Object.fromEntries(list.map((at, i) => [at, conditions[i]])))
  })
}

const matches: fc.Arbitrary<NonNullable<Query['match']>> = fc.constantFrom(
  () => true,
  () => undefined,
  (_value: unknown, key: unknown) => (key as string).endsWith('1') || (key as string) > 'k2',
  (value: unknown) => (value as { n?: unknown } | null)?.n,
  (value: unknown) => typeof value === 'object' && value !== null && 'kind' in value,
)

/** Nested at most `depth` times; often of paths that are indexed, often holding for one of the values. */
export function queryOf(
  indexes: Record<string, Definition>,
  values: readonly unknown[],
  depth = 2,
): fc.Arbitrary<Query> {
  const lists = Object.values(indexes).map(({ on }) => (typeof on === 'string' ? [on] : on))
  const compound = lists.filter(on => on.length > 1).map(leadingOf)
  const flat = fc.oneof(
    { weight: 5, arbitrary: conditionsOf(lists.flat()) },
    ...(values.length > 0 ? [{ weight: 5, arbitrary: heldOf(values, lists) }] : []),
    ...compound.map(arbitrary => ({ weight: 1, arbitrary })),
  )
  if (depth === 0) return weighed([20, flat], [1, fc.constant({})])
  const inner = queryOf(indexes, values, depth - 1)
  const more = weighed<Query>(
    [6, fc.record({ or: fc.array(inner, { minLength: 1, maxLength: 3, size: 'max' }) })],
    [4, fc.record({ not: inner })],
    [2, fc.record({ match: matches })],
    [1, fc.record({ or: few(inner), not: inner, match: matches })],
    [1, fc.constant({ or: [] })],
  )
  const both = fc.tuple(flat, more).map(([a, b]): Query => ({ ...a, ...b }))
  return weighed([20, flat], [5, more], [5, both], [1, fc.constant({})])
}

/** Orders are of paths, more often of all that an index is on. */
export function optionsOf(indexes: Record<string, Definition>): fc.Arbitrary<Options> {
  const paths = fc.uniqueArray(path, { minLength: 1, maxLength: 3, size: 'max' })
  const any = fc.oneof<fc.Arbitrary<string | string[]>[]>(path, paths)
  const indexed = Object.values(indexes).map(({ on }) => on)
  const order = indexed.length > 0 ? weighed([2, fc.constantFrom(...indexed)], [1, any]) : any
  const some = { order, reverse: fc.boolean(), limit: fc.oneof(fc.nat(3), fc.nat(40)) }
  const names = fc.subarray(Object.keys(some) as (keyof Options)[])
  return fc.tuple(fc.record(some), names).map(([drawn, kept]) => {
    return Object.fromEntries(kept.map(name => [name, drawn[name]]))
  })
}

export function caseOf(values: Values, { count = 40, queries = 10 } = {}): fc.Arbitrary<Case> {
  return entriesOf(values, count).chain(entries => {
    const all = entries.map(([, value]) => value)
    return indexesOf(all).chain(indexes => {
      const one = fc.record({ query: queryOf(indexes, all), options: optionsOf(indexes) })
      const asked = fc.array(one, { minLength: 1, maxLength: queries, size: 'max' })
      return asked.map(list => ({ entries, indexes, asked: list }))
    })
  })
}
