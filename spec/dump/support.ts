/**
 * Shared by the dump specs: databases with a past, made at random over all codecs, and the answers
 * to all questions that a database takes, as plain data.
 */
import { expect } from 'vitest'
import { fromJson, toJson, type ZVerse, ZVerseError, zorder } from '../../lib/index.js'
import { openWith, type TestHooks } from '../../lib/zverse.js'
import { Random } from '../support/random.js'

/** A custom codec. */
export const reversed = {
  name: 'reversed',
  encode: (value: string) => Buffer.from([...value].reverse().join('')),
  decode: (bytes: Uint8Array) => [...Buffer.from(bytes).toString()].reverse().join(''),
}

const grid = zorder([{ type: 'float', min: -10, max: 10, bits: 12 }, 'date', 'int16'])

/** Codecs of keys, each with a key for a number. */
const keyKinds = [
  { keys: 'string', key: (i: number) => `key ${'é'.repeat(i % 3)}${i}` },
  { keys: 'binary', key: (i: number) => Uint8Array.of(i & 255, i >> 8, 0) },
  {
    keys: 'tuple',
    key: (i: number) => [[i, `t${i}`, null, Uint8Array.of(i & 255)], i, `t${i}`][i % 3],
  },
  { keys: grid, key: (i: number) => [(i % 20) - 9, new Date(i * 1e9), -i] },
]

const shown = (i: number) => [
  { i, d: new Date(i), m: new Map([[i, new Set([BigInt(i)])]]), z: -0, n: Number.NaN },
  `text ${i}`,
  [i, { $date: i }, Float32Array.of(i)],
]
/** Codecs of values, each with a value for a number. */
const valueKinds = [
  { values: 'msgpack', value: (i: number) => shown(i)[i % 3] },
  { values: 'json', value: (i: number) => [null, i, { i: [i, 'x'] }, 'é'][i % 4] },
  { values: 'string', value: (i: number) => `value ${i}`.repeat(i % 5) },
  { values: 'binary', value: (i: number) => new Uint8Array(i % 40).fill(i) },
  { values: reversed, value: (i: number) => `custom ${i}` },
]

// biome-ignore lint/suspicious/noExplicitAny: any codecs
export type Any = any

export interface Made {
  db: ZVerse<Any, Any>
  /** Codecs by name of store; '' is the unnamed one. */
  kinds: Map<string, (typeof keyKinds)[number] & (typeof valueKinds)[number]>
  size: number
  clock: { now: number }
}

/** Codec options of a kind. */
export function optionsOf({ keys, values }: { keys: unknown; values: unknown }) {
  return { keys, values } as { keys: 'string'; values: 'msgpack' }
}

/** A database with a past, the same for the same seed. */
export function make(seed: number, commits: number, hooks: Partial<TestHooks> = {}): Made {
  const random = new Random(seed)
  const clock = { now: Date.UTC(2024, 0, 1) + random.int(1000) }
  const main = anyKind(random)
  const size = 1 + random.int(random.chance(0.3) ? 300 : 12)
  const history = { versions: random.pick([0, 1, 5, 30, 1000]) }
  const db = openWith(
    { ...optionsOf(main), history, maxBytes: 2 ** 24, pointIndex: random.chance(0.5) },
    { now: () => clock.now, indexFrom: 1, poison: true, ...hooks },
  ) as Made['db']
  const made: Made = { db, kinds: new Map([['', main]]), size, clock }
  for (let n = 0; n < commits; n++) step(made, random)
  return made
}

/** Codecs of keys and values. */
function anyKind(random: Random) {
  return { ...random.pick(keyKinds), ...random.pick(valueKinds) }
}

/** One thing that happens to a database. */
export function step(made: Made, random: Random): void {
  const { db, kinds, size, clock } = made
  clock.now += random.int(4) * random.int(50)
  const name = random.pick([...kinds.keys()])
  const { keys, values, key, value } = kinds.get(name) as Any
  const store: Any = name === '' ? db : db.store(name, optionsOf({ keys, values }))
  const i = random.int(size)
  const what = random.int(100)
  if (what < 50) store.put(key(i), value(random.int(500)))
  else if (what < 68) store.delete(key(i))
  else if (what < 76) {
    store.batch([
      { type: 'put', key: key(i), value: value(i + 1) },
      { type: 'del', key: key(random.int(size)) },
      { type: 'put', key: key(random.int(size)), value: value(i) },
    ])
  } else if (what < 79) store.clear()
  else if (what < 80) store.clear({ gte: key(i) })
  else if (what < 88) db.tag(random.pick(['one', 'two', 'three', 'vier ✓']))
  else if (what < 90) {
    const tags = db.versions().flatMap(({ tags }) => tags)
    if (tags.length > 0) db.untag(random.pick(tags))
  } else if (what < 94) {
    const fresh = random.pick(['s', 'store two', 'ü'])
    if (kinds.has(fresh)) return
    const made = anyKind(random)
    kinds.set(fresh, made)
    db.store(fresh, optionsOf(made))
  } else if (what < 97) {
    if (name === '') return
    kinds.delete(name)
    db.dropStore(name)
  } else if (what < 99) db.prune({ before: Math.max(0, db.version - random.int(4)) })
  else db.setHistory({ versions: random.int(20) })
}

/** An empty database with the codecs of another. */
export function emptyLike({ kinds }: Made, hooks: Partial<TestHooks> = {}): ZVerse<Any, Any> {
  const options = { ...optionsOf(kinds.get('') as Any), maxBytes: 2 ** 24, history: {} }
  return openWith(options, { now: () => 7, indexFrom: 1, poison: true, ...hooks })
}

export const codecs = [reversed]

/** Lines of a dump, and back: as through a file. */
export function lines(db: ZVerse<Any, Any>, options: object = {}): string[] {
  return db
    .dump({ codecs, ...options })
    .toArray()
    .map(toJson)
}

export function records(of: readonly string[]): unknown[] {
  return of.map(fromJson)
}

/** The result of `ask`, or the code of its refusal. */
function answer(ask: () => unknown): unknown {
  try {
    return ask()
  } catch (error) {
    if (!(error instanceof ZVerseError)) throw error
    return error.code
  }
}

/** All that a database says of itself and its past. */
export function everything(db: ZVerse<Any, Any>, { kinds, size }: Made): unknown {
  const versions = db.versions()
  const dates = versions.flatMap(({ timestamp }) => [timestamp - 1, timestamp, timestamp + 1])
  const ask = (store: Any, { key }: Any) => ({
    present: store.getEntries().toArray(),
    past: versions.map(({ version }) => store.getEntries({ at: version }).toArray()),
    dates: dates.map(ms => answer(() => store.range({ asOf: new Date(ms) }).toArray())),
    histories: Array.from({ length: size }, (_, i) => store.history(key(i)).toArray()),
  })
  const stores = new Map<string, unknown>()
  for (const [name, kind] of kinds) {
    stores.set(name, ask(name === '' ? db : db.store(name, optionsOf(kind)), kind))
  }
  return {
    versions,
    oldest: db.oldestVersion,
    listed: versions.map(v => db.stores({ at: v.version })),
    stores,
  }
}

export function sound(db: ZVerse<Any, Any>): void {
  const report = db.check()
  expect(report.problems).toEqual([])
  expect(report.leakedBytes).toBe(0)
}
