/**
 * Any keys and values that codecs take: order, equality and prefixes as the oracle has them; values
 * read back as they were put.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeyKind, ORDERS, type TupleKey } from '../oracle/keys.js'
import { HARD_KEYS } from '../support/alphabet.js'
import { checkDb } from '../support/compare.js'
import { open } from '../support/engine.js'
import { scaled } from '../support/runs.js'

const text = fc.string({ unit: 'binary', maxLength: 30 })
const bytes = fc.uint8Array({ maxLength: 20 })
const scalar = fc.oneof(
  fc.constantFrom<TupleKey>(null, true, false),
  fc.double({ noNaN: true }),
  fc.integer(),
  text,
  bytes,
)
const tuple = fc.letrec<{ key: TupleKey; array: TupleKey[] }>(tie => ({
  array: fc.array(tie('key'), { maxLength: 4 }),
  key: fc.oneof({ maxDepth: 4 }, scalar, tie('array')),
})).key

const KEYS: Record<KeyKind, fc.Arbitrary<unknown>> = {
  string: fc.oneof(text, fc.constantFrom(...HARD_KEYS.string)),
  binary: fc.oneof(bytes, fc.constantFrom(...HARD_KEYS.binary)),
  tuple: fc.oneof(tuple, fc.constantFrom(...HARD_KEYS.tuple)),
}

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const RUNS = { seed: SEED, numRuns: scaled(300) }

describe.each<KeyKind>(['string', 'binary', 'tuple'])('%s keys', kind => {
  const order = ORDERS[kind]
  const sorted = (keys: readonly unknown[]) => {
    const byIdentity = new Map(keys.map(key => [order.identity(key), order.normal(key)]))
    return [...byIdentity.values()].sort((a, b) => {
      return order.compare(order.prepare(a), order.prepare(b))
    })
  }

  it('come back as they were, once each, in order', () => {
    fc.assert(
      fc.property(fc.array(KEYS[kind], { maxLength: 40 }), keys => {
        const db = open({ keys: kind })
        keys.forEach((key, i) => {
          db.put(key, i)
          expect(db.get(key)).toBe(i)
        })
        expect([...db.keys()]).toEqual(sorted(keys))
        expect([...db.keys({ reverse: true })]).toEqual(sorted(keys).reverse())
        checkDb(db)
        db.close()
      }),
      RUNS,
    )
  })

  it('bound ranges at any key, there or not', () => {
    fc.assert(
      fc.property(fc.array(KEYS[kind], { maxLength: 30 }), KEYS[kind], KEYS[kind], (keys, a, b) => {
        const db = open({ keys: kind })
        db.batch(keys.map(key => ({ type: 'put', key, value: 1 })))
        const compare = (key: unknown, bound: unknown) =>
          order.compare(order.prepare(key), order.prepare(bound))
        const all = sorted(keys)
        expect([...db.keys({ gte: a, lt: b })]).toEqual(
          all.filter(key => compare(key, a) >= 0 && compare(key, b) < 0),
        )
        expect([...db.keys({ gt: a, lte: b, reverse: true })]).toEqual(
          all.filter(key => compare(key, a) > 0 && compare(key, b) <= 0).reverse(),
        )
        expect(db.count({ lt: a })).toBe(all.filter(key => compare(key, a) < 0).length)
        const prefix = kind === 'tuple' ? [a] : a
        expect([...db.keys({ prefix })]).toEqual(
          all.filter(key => order.startsWith(order.prepare(key), order.prepare(prefix))),
        )
        db.close()
      }),
      RUNS,
    )
  })
})

describe('values', () => {
  const plain = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.double(),
      fc.integer(),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.boolean(),
      fc.constant(null),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array({ maxLength: 40 }),
      fc.float32Array({ maxLength: 5 }),
      fc.int16Array({ maxLength: 5 }),
      fc.float64Array({ maxLength: 5 }),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), {
        maxKeys: 5,
        noNullPrototype: true,
      }),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map(pairs => new Map(pairs)),
      fc.array(tie('value'), { maxLength: 4 }).map(items => new Set(items)),
    ),
  })).value

  /** toEqual distinguishes -0 and 0; the contract leaves open whether msgpack does. */
  const roundTrip = (values: string, arbitrary: fc.Arbitrary<unknown>) =>
    fc.assert(
      fc.property(fc.array(arbitrary, { maxLength: 6 }), items => {
        const db = open({ values })
        items.forEach((item, i) => {
          db.put(`k${i}`, item)
          expect(db.get(`k${i}`)).toEqual(item)
        })
        expect([...db.values()]).toEqual(items)
        checkDb(db)
        db.close()
      }),
      RUNS,
    )

  it('of msgpack', () => roundTrip('msgpack', plain))

  it('of json', () => {
    const json = fc.jsonValue().map(value => JSON.parse(JSON.stringify(value)) as unknown)
    roundTrip('json', json)
  })

  it('of string', () => {
    roundTrip('string', fc.string({ unit: 'binary', maxLength: 5000, size: 'large' }))
  })

  it('of binary', () => {
    roundTrip('binary', fc.uint8Array({ maxLength: 5000, size: 'large' }))
  })

  it('of any length around words, nodes and pages', () => {
    for (const values of ['string', 'binary', 'msgpack', 'json']) {
      const db = open({ values, maxBytes: 64 * 2 ** 20, history: { versions: 0 } })
      const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 4095]
      for (const length of [...lengths, 4096, 4097, 65_535, 65_536, 100_000, 2 ** 20, 5_000_001]) {
        for (const unit of ['x', 'é']) {
          const string = unit.repeat(length)
          const value = values === 'binary' ? new TextEncoder().encode(string) : string
          db.put('key', value)
          // Not through toEqual, which prints megabytes.
          const out = db.get('key')
          const isSame =
            typeof out === 'string'
              ? out === value
              : Buffer.compare(out as Uint8Array, value as Uint8Array) === 0
          expect(isSame, `${values} of ${length}`).toBe(true)
        }
      }
      checkDb(db)
      db.close()
    }
  })
})
