/**
 * A small database with a past: several versions, tags (one below the run), keys deleted and
 * rewritten, a pinned version, and a named store beside it; the oracle in step with it.
 */
import type { KeyKind } from '../oracle/keys.js'
import type { StoreLog } from '../oracle/log.js'
import { Oracle, type OracleView, type Pin } from '../oracle/oracle.js'
import type { Bounds, Database, ReadTx, StoreHandle, ViewOptions } from './contract.js'
import { type Hooks, open } from './engine.js'

/** The keys of the fixture, in order; the first and last but one are never written. */
export const KEYS: Record<KeyKind, readonly unknown[]> = {
  string: ['', 'a', 'a\0', 'ab', 'abc', 'b', 'b\uffff', 'b\u{10000}', 'c', 'd', 'e', 'zz'],
  binary: [
    [],
    [0],
    [0, 0],
    [0, 1],
    [1],
    [1, 0],
    [1, 0, 0, 0, 0],
    [2],
    [2, 255],
    [3],
    [255],
    [255, 255],
  ].map(bytes => Uint8Array.from(bytes)),
  tuple: [
    null,
    true,
    -1,
    0,
    'a',
    Uint8Array.of(0),
    [],
    ['a'],
    ['a', 1],
    ['a', 1, 'x'],
    ['b'],
    [[1]],
  ],
}

export const PREFIXES: Record<KeyKind, readonly unknown[]> = {
  string: ['', 'a', 'ab', 'b', 'q', 'b\u{10000}'],
  binary: [[], [0], [1, 0], [9]].map(bytes => Uint8Array.from(bytes)),
  tuple: [['a'], ['a', 1], ['q'], []],
}

export interface NamedView {
  name: string
  real: ViewOptions
  model: OracleView
}

export interface Fixture {
  kind: KeyKind
  db: Database
  store: StoreHandle
  oracle: Oracle
  storeLog: StoreLog
  keys: readonly unknown[]
  read: ReadTx
  pin: Pin
  views: NamedView[]
  clock: { now: number }
  close(): void
}

const DAY = Date.UTC(2024, 0, 1)

/** Both stores go the same way, with other values. */
export function fixture(kind: KeyKind, options: object = {}, hooks: Hooks = {}): Fixture {
  const clock = { now: DAY }
  const now = () => clock.now
  const history = { versions: 14 }
  const db = open({ keys: kind, history, ...options }, { now, ...hooks })
  const oracle = new Oracle({ keys: kind, values: 'msgpack', history, now })
  const store = db.store('side', { keys: kind, values: 'msgpack' })
  const storeLog = oracle.store('side', kind, 'msgpack')
  const keys = KEYS[kind]
  const key = (i: number) => keys[i % keys.length]
  const put = (i: number, value: unknown) => {
    clock.now += 10
    db.put(key(i), value)
    oracle.put(oracle.unnamed, key(i), value)
    store.put(key(i + 1), [value])
    oracle.put(storeLog, key(i + 1), [value])
  }
  const remove = (i: number) => {
    clock.now += 10
    db.delete(key(i))
    oracle.delete(oracle.unnamed, key(i))
    store.delete(key(i + 1))
    oracle.delete(storeLog, key(i + 1))
  }
  const tag = (name: string) => {
    db.tag(name)
    oracle.tag(name)
  }

  for (const i of [1, 3, 5, 7]) put(i, `first ${i}`)
  tag('old')
  const read = db.beginRead()
  const pin = oracle.beginRead()
  for (const i of [2, 4, 9, 3]) put(i, `second ${i}`)
  remove(5)
  tag('recent')
  put(8, 'third')
  remove(1)
  for (const i of [3, 5, 6]) put(i, { third: i })
  remove(7)

  const dates = [0, 5, 35, 40, 95, 100, 10_000]
  const tagged = ['old', 'recent', 'nobody'].map(at => ({ name: `tag ${at}`, view: { at } }))
  const numbered = Array.from({ length: oracle.version + 2 }, (_, at) => {
    return { name: `version ${at}`, view: { at } }
  })
  const dated = dates.map(ms => ({ name: `day + ${ms} ms`, view: { asOf: new Date(DAY + ms) } }))
  const plain = [{ name: 'present', view: {} }, ...tagged, ...numbered, ...dated]
  const views: NamedView[] = plain.map(({ name, view }) => ({ name, real: view, model: view }))
  views.push({ name: 'snapshot', real: { snapshot: read }, model: { snapshot: pin } })

  const close = () => {
    read.close()
    db.close()
  }
  return { kind, db, store, oracle, storeLog, keys, read, pin, views, clock, close }
}

/** Every way to say a range, on keys that are there, that are not, and across them. */
export function ranges(kind: KeyKind): Bounds[] {
  const keys = KEYS[kind]
  const [low, middle, high] = [keys[2], keys[5], keys[8]]
  const bounds: Bounds[] = [
    {},
    { gt: low },
    { gte: low },
    { lt: high },
    { lte: high },
    { gt: low, lt: high },
    { gte: low, lte: high },
    { gt: low, lte: high },
    { gte: middle, lte: middle },
    { gt: middle, lte: middle },
    { gt: high, lt: low },
    { gte: keys[0] },
    { lt: keys[0] },
    { gt: keys.at(-1) },
    { gte: undefined, gt: low, lt: undefined, prefix: undefined, limit: undefined },
    ...PREFIXES[kind].map(prefix => ({ prefix })),
    ...PREFIXES[kind].map(prefix => ({ prefix, gt: low, lte: high })),
    { prefix: PREFIXES[kind][0], reverse: true, limit: 2 },
  ]
  const turned = bounds.map(bound => ({ ...bound, reverse: true }))
  const limited = [0, 1, 3, 1000].flatMap(limit => [
    { limit },
    { limit, reverse: true },
    { limit, gt: low, lt: high, reverse: false },
  ])
  return [...bounds, ...turned, ...limited]
}
