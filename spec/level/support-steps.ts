/**
 * What may happen to a level, as plain data for fast-check to make and shrink. A number selects one of
 * the existing things: the run takes it modulo their count.
 */
import fc from 'fast-check'

const n = fc.nat(63)
const flag = fc.boolean()
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 2 })

/** Codings (0: those of the place) of keys and of values. */
const coding = fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: n, weight: 1 })
const codings = { k: coding, v: coding }
const bound = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 3 },
  { arbitrary: n, weight: 1 },
)
const range = fc.oneof(
  { arbitrary: fc.constant({}), weight: 1 },
  { arbitrary: fc.record({ gt: bound, gte: bound, lt: bound, lte: bound }), weight: 2 },
)
const limit = maybe(fc.constantFrom(-1, 0, 1, 2, 3, 5, 1000, Number.POSITIVE_INFINITY))
/** -1: none */
const slot = fc.oneof({ arbitrary: fc.constant(-1), weight: 2 }, { arbitrary: n, weight: 1 })
const read = { place: n, ...codings, snapshot: slot }

const operation = fc.record({
  isPut: fc.oneof(flag, fc.constant(true)),
  /** Which sublevel's it is; undefined: the batch's own. */
  place: maybe(n),
  key: n,
  value: n,
  ...codings,
})

const step = <N extends string, T extends object>(
  kind: N,
  fields: { [F in keyof T]: fc.Arbitrary<T[F]> },
) =>
  fc.record(
    { kind: fc.constant(kind), ...fields },
    { noNullPrototype: true },
  ) as unknown as fc.Arbitrary<{ kind: N } & T>

const put = step('put', { place: n, key: n, value: n, ...codings })
const del = step('del', { place: n, key: n, ...codings })
const operations = fc.array(operation, { maxLength: 6 })
const batch = step('batch', { place: n, operations })
const chain = step('chain', { place: n, operations, clearAt: maybe(fc.nat(6)) })
const get = step('get', { ...read, key: n, how: fc.constantFrom('get', 'getSync', 'has') })
const getMany = step('getMany', {
  ...read,
  keys: fc.array(n, { minLength: 1, maxLength: 5 }),
  how: fc.constantFrom('getMany', 'hasMany'),
})
const clear = step('clear', { place: n, k: coding, range, limit, reverse: flag, snapshot: slot })
const iterate = step('iterate', {
  ...read,
  range,
  limit,
  reverse: flag,
  how: fc.constantFrom('iterator', 'keys', 'values'),
  keys: flag,
  values: flag,
  isAbortable: flag,
})
const move = step('move', {
  iterator: n,
  how: fc.constantFrom('next', 'next', 'nextv', 'nextv', 'seek', 'seek', 'all', 'close'),
  size: fc.integer({ min: -1, max: 6 }),
  key: n,
  k: coding,
})
const when = fc.record({ how: fc.constantFrom('version', 'tag', 'date', 'now'), n })
const snapshot = step('snapshot', { place: n, when })
const closeSnapshot = step('closeSnapshot', { snapshot: n })
const at = step('at', { place: n, when })
const closePast = step('closePast', { past: n })
const tag = step('tag', { n })
const version = step('version', { place: n })
const history = step('history', {
  ...read,
  key: n,
  from: maybe(n),
  to: maybe(n),
  reverse: flag,
  limit: maybe(fc.nat(4)),
})
const diff = step('diff', {
  place: n,
  ...codings,
  from: when,
  to: when,
  range,
  reverse: flag,
  limit: maybe(fc.nat(6)),
})
const changes = step('changes', { place: n, ...codings, range, since: maybe(n) })
const nextChange = step('nextChange', { changes: n })
const fill = step('fill', { key: fc.nat(20), size: fc.integer({ min: 50_000, max: 300_000 }) })

const COMMON = [
  ...[put, put, put, del, batch, chain, get, getMany, clear, iterate, iterate, iterate],
  ...[move, move, move, move, move, move, move, move],
  ...[snapshot, closeSnapshot, at, closePast, tag, version, history, diff, changes, nextChange],
]

type StepOf<A> = A extends fc.Arbitrary<infer T> ? T : never
export type Step = StepOf<(typeof COMMON)[number] | typeof fill>
export type StepOfKind<K extends Step['kind']> = Extract<Step, { kind: K }>
export type When = StepOfKind<'at'>['when']
export type RangeStep = StepOfKind<'clear'>['range']
export type OperationStep = StepOfKind<'batch'>['operations'][number]

/** @param isSmall the database is: big values come, too */
export function steps(isSmall: boolean): fc.Arbitrary<Step[]> {
  const kinds = isSmall ? [...COMMON, fill, fill, fill, fill, fill, fill, fill, fill] : COMMON
  const one = fc.oneof(...(kinds as fc.Arbitrary<Step>[]))
  return fc.array(one, { minLength: 1, maxLength: 60, size: 'max' })
}
