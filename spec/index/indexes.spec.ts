/**
 * Indexes by property against plain code: random values with random parts, random changes, every version.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Index, ZVerse } from '../../lib/index.js'
import { Random } from '../support/random.js'
import { compare, type Definition, type Plain, pairsOf } from './plain-index.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

const DEFINITIONS: Record<string, Definition> = {
  city: { on: 'address.city', invalid: 'skip' },
  name: { on: ['last', 'first'], invalid: 'skip' },
  nameOrNull: { on: ['last', 'address.city'], missing: 'null', invalid: 'skip' },
  tags: { on: 'tags', multi: true, invalid: 'skip' },
  product: { on: ['tags', 'last'], multi: true, missing: 'null', invalid: 'skip' },
  third: { on: 'tags.2', missing: 'null', invalid: 'skip' },
  deep: { on: 'address.stops.1.0', invalid: 'skip' },
}

function drawScalar(random: Random, isJson: boolean): unknown {
  const scalars: unknown[] = [
    null,
    true,
    false,
    0,
    -1,
    1.5,
    255,
    256,
    -129,
    65536,
    2 ** 33,
    -(2 ** 40),
    1e300,
  ]
  scalars.push(
    '',
    'a',
    'b',
    'aa',
    'é',
    '\0',
    '\u0001x',
    'a\0b',
    '"quoted"',
    'back\\slash',
    '\u2028',
    '😀',
    'x'.repeat(40),
  )
  if (!isJson) {
    scalars.push(
      Number.NaN,
      Number.POSITIVE_INFINITY,
      new Date(0),
      new Date(1e12 + 1),
      new Date(Number.NaN),
      new Date(-5),
    )
    scalars.push(
      5n,
      2n ** 70n,
      -3n,
      Uint8Array.of(),
      Uint8Array.of(0, 1, 255),
      new Map([[1, 2]]),
      new Set([1]),
      Float32Array.of(1),
    )
  }
  return random.pick(scalars)
}

function drawPart(random: Random, isJson: boolean, depth = 0): unknown {
  if (depth < 3 && random.chance(0.25)) {
    return Array.from({ length: random.int(4) }, () => drawPart(random, isJson, depth + 1))
  }
  if (depth < 3 && random.chance(0.1)) return { x: drawPart(random, isJson, depth + 1) }
  return drawScalar(random, isJson)
}

function drawValue(random: Random, isJson: boolean): unknown {
  if (random.chance(0.05)) return drawPart(random, isJson)
  const value: Record<string, unknown> = { id: random.int(100) }
  if (random.chance(0.8)) {
    const address: Record<string, unknown> = {}
    if (random.chance(0.8)) address.city = drawPart(random, isJson)
    if (random.chance(0.4)) address.stops = [1, [drawPart(random, isJson)], 2]
    value.address = random.chance(0.05) ? drawPart(random, isJson) : address
  }
  for (const name of ['first', 'last', 'tags']) {
    if (random.chance(0.7))
      value[name] =
        name === 'tags' && random.chance(0.8) ? drawTags(random, isJson) : drawPart(random, isJson)
  }
  if (random.chance(0.1)) value.padding = 'y'.repeat(random.int(3000))
  return value
}

const drawTags = (random: Random, isJson: boolean): unknown[] =>
  Array.from({ length: random.int(5) }, () => drawPart(random, isJson, 2))

/** As JSON can tell it. */
const bytesOf = (key: unknown): unknown => {
  if (key instanceof Uint8Array) return { bytes: [...key] }
  if (typeof key === 'number' && !Number.isFinite(key)) return { number: String(key) }
  return Array.isArray(key) ? key.map(bytesOf) : key
}

const shown = (pairs: Iterable<[unknown, unknown]>) =>
  [...pairs].map(([key, primary]) => [bytesOf(key), primary])

interface Moment {
  version: number
  entries: Map<string, unknown>
  names: string[]
}

const KINDS = [
  ['msgpack', 'in memory'],
  ['json', 'in memory'],
  ['msgpack', 'on disk'],
] as const

for (const [values, where] of KINDS) {
  describe(`indexes of ${values} ${where}, seed ${SEED}`, () => {
    it('have what plain code says, at every version', async () => {
      const random = new Random(SEED)
      const isJson = values === 'json'
      const isOnDisk = where === 'on disk'
      const path = mkdtempSync(join(tmpdir(), 'zverse-index-'))
      const disk = {
        path,
        sync: 'never' as const,
        history: { versions: 20, disk: {} },
        background: false,
      }
      const memory = { history: { versions: 1000 }, compress: { above: 1000 } }
      const open = () =>
        ZVerse.open({ values, maxBytes: 64 * 2 ** 20, ...(isOnDisk ? disk : memory) })
      const isNamed = random.chance(0.5)
      let db = open()
      const storeOf = () => (isNamed ? db.store('things', { values }) : db)
      let store = storeOf()
      const indexes = new Map<string, Index<string, unknown>>()
      const live = new Map<string, unknown>()
      const past: Moment[] = []
      const draw = () => drawValue(random, isJson)
      const key = () => `k${random.int(60)}`
      const keep = () => {
        past.push({ version: db.version, entries: new Map(live), names: [...indexes.keys()] })
      }
      for (let step = 0; step < 250; step++) {
        const kind = random.int(12)
        if (isOnDisk && random.chance(0.05)) await db.compact()
        if (isOnDisk && random.chance(0.05)) {
          db.close()
          db = open()
          store = storeOf()
          for (const name of indexes.keys()) indexes.set(name, store.index(name))
        }
        if (kind === 0) {
          const [name, definition] = random.pick(Object.entries(DEFINITIONS))
          indexes.set(name, store.index(name, definition))
        } else if (kind === 1 && random.chance(0.2) && indexes.size > 0) {
          const name = random.pick([...indexes.keys()])
          store.dropIndex(name)
          expect(() => indexes.get(name)?.count()).toThrow(
            expect.objectContaining({ code: 'ZVERSE_UNKNOWN_INDEX' }),
          )
          indexes.delete(name)
        } else if (kind === 2 && random.chance(0.3)) {
          const range = random.chance(0.3) ? undefined : { gte: 'k2', lt: 'k4' }
          store.clear(range)
          for (const k of [...live.keys()])
            if (range === undefined || (k >= 'k2' && k < 'k4')) live.delete(k)
        } else if (kind === 3 && past.length > 0) {
          const { version, entries } = random.pick(past)
          store.restore({ at: version })
          live.clear()
          for (const [k, v] of entries) live.set(k, v)
        } else if (kind === 4) {
          const operations = Array.from({ length: random.int(20) }, () =>
            random.chance(0.7)
              ? { type: 'put' as const, key: key(), value: draw() }
              : { type: 'del' as const, key: key() },
          )
          store.batch(operations as never)
          for (const one of operations) {
            if (one.type === 'put') live.set(one.key, one.value)
            else live.delete(one.key)
          }
        } else if (kind === 5) {
          const before = new Map(live)
          const fails = random.chance(0.3)
          try {
            db.transact(tx => {
              const draft = store === (db as unknown) ? tx : tx.store(store as never)
              for (let i = random.int(15); i >= 0; i--) {
                const [k, v] = [key(), draw()]
                if (random.chance(0.7)) {
                  draft.put(k as never, v as never)
                  live.set(k, v)
                } else {
                  draft.delete(k as never)
                  live.delete(k)
                }
                if (random.chance(0.2) && indexes.size > 0) {
                  const name = random.pick([...indexes.keys()])
                  const seen = tx.index(indexes.get(name) as never)
                  expect(shown(seen.pairs() as never)).toEqual(
                    shown(pairsOf(live, DEFINITIONS[name] as Definition)),
                  )
                }
              }
              if (fails) throw new Error('undone')
            })
          } catch (error) {
            if ((error as Error).message !== 'undone') throw error
            live.clear()
            for (const [k, v] of before) live.set(k, v)
          }
        } else if (kind < 10) {
          const [k, v] = [key(), draw()]
          store.put(k as never, v as never)
          live.set(k, v)
        } else {
          const k = key()
          store.delete(k as never)
          live.delete(k)
        }
        keep()
      }
      for (const { version, entries, names } of past) {
        for (const name of Object.keys(DEFINITIONS)) {
          const index = indexes.get(name)
          if (index === undefined || !names.includes(name)) continue
          const definition = DEFINITIONS[name] as Definition
          const expected = pairsOf(entries, definition)
          const at = { at: version }
          expect(shown(index.pairs(at) as never), `${name} at ${version}`).toEqual(shown(expected))
          const one = random.pick([
            null,
            'a',
            0,
            ...expected.map(([indexKey]) => indexKey),
          ]) as Plain
          const those = expected.filter(([indexKey]) => compare(indexKey, one) === 0)
          expect(shown(index.pairs({ ...at, eq: one }))).toEqual(shown(those))
          expect(index.count({ ...at, gt: one })).toBe(
            expected.filter(([k]) => compare(k, one) > 0).length,
          )
          expect(shown(index.pairs({ ...at, lte: one, reverse: true }))).toEqual(
            shown(expected.filter(([k]) => compare(k, one) <= 0).reverse()),
          )
          expect([...index.keys({ ...at, lt: one })]).toEqual(
            expected.filter(([k]) => compare(k, one) < 0).map(([, k]) => k),
          )
          expect([...index.range({ ...at, gte: one, limit: 5 })].map(([k]) => k)).toEqual(
            expected
              .filter(([k]) => compare(k, one) >= 0)
              .slice(0, 5)
              .map(([, k]) => k),
          )
          expect(index.get(one, at)).toEqual(those[0] && entries.get(those[0][1]))
        }
      }
      for (let i = 0; i < 60; i++) {
        const name = random.pick(Object.keys(DEFINITIONS))
        const index = indexes.get(name)
        // Those of the present index alone: one that was dropped meanwhile is another.
        const born = past.map(({ names }) => names.includes(name)).lastIndexOf(false) + 1
        if (index === undefined || born >= past.length) continue
        const [from, to] = [born, born].map(() => past[born + random.int(past.length - born)]) as [
          Moment,
          Moment,
        ]
        const definition = DEFINITIONS[name] as Definition
        const [was, is] = [from, to].map(({ entries }) =>
          shown(pairsOf(entries, definition)).map(pair => JSON.stringify(pair)),
        )
        const found = [...index.diff(from.version, to.version)]
        const told = found.map(({ key: indexKey, primary, type }) => [
          type,
          JSON.stringify([bytesOf(indexKey), primary]),
        ])
        const expected = [
          ...(is as string[]).filter(pair => !was?.includes(pair)).map(pair => ['in', pair]),
          ...(was as string[]).filter(pair => !is?.includes(pair)).map(pair => ['out', pair]),
        ]
        expect([...told].sort(), `${name}, ${from.version} to ${to.version}`).toEqual(
          expected.sort(),
        )
        expect([...index.diff(from.version, to.version, { reverse: true, limit: 3 })]).toEqual(
          found.reverse().slice(0, 3),
        )
      }
      expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
      db.close()
      rmSync(path, { recursive: true })
    })
  })
}
