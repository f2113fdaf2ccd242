/** Indexes of vectors as users meet them: refusals, code of the caller’s own, what else shows them. */
import { describe, expect, it } from 'vitest'
import { type VectorIndex, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'

interface Value {
  v?: unknown
  n?: number
}

const key = (i: number) => `k${String(i).padStart(4, '0')}`
const keysOf = (found: Iterable<{ key: unknown }>) => Array.from(found, ({ key: at }) => at)

function open(options: object = {}) {
  const all = { maxBytes: 2 ** 26, ...options } as never
  return ZVerse.open<string, Value>(all)
}

/** Vectors on a line: that of `key(i)` is at the distance i from [0, 1]. */
function filled(count = 2000) {
  const db = open()
  const index = db.index('v', { kind: 'vector', on: 'v', dims: 2, metric: 'euclid' })
  db.batch(
    Array.from({ length: count }, (_, i) => {
      return { type: 'put', key: key(i), value: { v: [i, 1], n: i } }
    }),
  )
  return { db, index }
}

function sound(db: ZVerse<string, Value>): void {
  expect(db.stats().readers.pins).toBe(0)
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  db.close()
}

describe('what is refused', () => {
  it('definitions', () => {
    const db = open()
    const text = ZVerse.open<string, string>({ values: 'string', maxBytes: 2 ** 20 })
    const good = { kind: 'vector' as const, on: 'v', dims: 2 }
    const wrong: [string, object][] = [
      ...[undefined, 0, -1, 1.5, 16_385, Number.NaN, '2', null, 2n, [2]].map(
        (dims): [string, object] => ['dims', { dims }],
      ),
      ...['l2', null, 1, ''].map((metric): [string, object] => ['metric', { metric }]),
      ...['int4', null, 8].map((element): [string, object] => ['element', { element }]),
      ...[['v'], undefined, '', 5].map((on): [string, object] => ['on', { on }]),
      ...['null', true].map((missing): [string, object] => ['missing', { missing }]),
      ['invalid', { invalid: 'null' }],
      ['multi', { multi: true }],
      ['unique', { unique: true }],
      ['dimensions', { dimensions: ['uint8'] }],
      ['by', { by: 'f' }],
    ]
    for (const [name, part] of wrong) {
      const error = expectCode(() => db.index('v', { ...good, ...part } as never), 'INVALID_OPTION')
      expect(error.message).toContain(name)
    }
    expectCode(
      () => db.index('v', { kind: 'property', on: 'v', dims: 2 } as never),
      'INVALID_OPTION',
    )
    expectCode(() => text.index('v', good), 'INVALID_OPTION')
    expectCode(() => db.index('v', { ...good, on: undefined, by: 'f' }), 'UNKNOWN_FUNCTION')
    expect(db.version).toBe(0)
    const index = db.index('v', good)
    const { version } = db
    db.index('v', { ...good, metric: 'cosine', element: 'float32', missing: 'skip' })
    expect(db.version).toBe(version)
    expectCode(() => db.index('v', { ...good, element: 'int8' }), 'INVALID_OPTION')
    expect(index.definition).toEqual(good)
    expect(db.indexes()).toEqual([{ name: 'v', ...good }])
    text.close()
    sound(db)
  })

  it('values, with nothing done', async () => {
    const db = open()
    const index = db.index('v', { kind: 'vector', on: 'v', dims: 3, missing: 'error' })
    db.put('a', { v: [1, 2, 3] })
    const { version } = db
    const wrong: unknown[] = [
      ...[undefined, null, 5, 'abc', true, {}, [], [1, 2], [1, 2, 3, 4], [[1, 2, 3]]],
      ...[
        [0, 0, 0],
        [1, 2, '3'],
        [1, 2, null],
        [1, 2, true],
        [1, 2, [3]],
        [1, 2, 5n],
      ],
      ...[
        [1, 2, Number.NaN],
        [1, 2, Number.POSITIVE_INFINITY],
        [1, 2, 1e39],
        [1e-60, 0, 0],
      ],
      ...[new Float32Array(3), BigInt64Array.of(1n, 2n, 3n), new Set([1, 2, 3]), new Date(3)],
      ...[Float64Array.of(1e39, 1, 1), Float32Array.of(1, 2)],
    ]
    for (const v of wrong) {
      const value = v === undefined ? {} : { v }
      const refused = { index: 'v' }
      expectCode(() => db.put('b', value), 'INVALID_VALUE', refused)
      expectCode(() => db.update('a', () => value), 'INVALID_VALUE', refused)
      expectCode(() => db.batch([{ type: 'put', key: 'c', value }]), 'INVALID_VALUE', refused)
      db.transact(tx => {
        expectCode(() => tx.put('b', value), 'INVALID_VALUE', refused)
        expect(tx.index(index).count()).toBe(1)
      })
    }
    const results = await Promise.allSettled([
      db.submit({ type: 'put', key: 'b', value: { v: [3, 2, 1] } }),
      db.submit({ type: 'put', key: 'c', value: { v: [0, 0, 0] } }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(db.version).toBe(version + 1)
    expect(keysOf(index.nearest([1, 2, 3], 9))).toEqual(['a', 'b'])
    const other = db.store<string, Value>('other')
    other.put('a', { v: [0, 0, 0] })
    const make = (name: string, part: object) => {
      return other.index(name, {
        kind: 'vector',
        on: 'v',
        dims: 3,
        ...part,
      } as never) as unknown as VectorIndex<string, Value>
    }
    expectCode(() => make('c', {}), 'INVALID_VALUE', { index: 'c' })
    expect(make('e', { metric: 'euclid' }).count()).toBe(1)
    expect(make('d', { metric: 'dot' }).count()).toBe(1)
    expect(make('s', { invalid: 'skip' }).count()).toBe(0)
    for (const v of [[3e19, 0, 0], [1.2e19, 1.2e19, 1.2e19], new Float32Array(3).fill(3e38)]) {
      expectCode(() => other.put('a', { v }), 'INVALID_VALUE')
    }
    sound(db)
  })

  it('questions', () => {
    const { db, index } = filled(20)
    const ask = index.nearest.bind(index) as (...args: unknown[]) => unknown
    const q = [0, 1]
    const queries: unknown[] = [null, undefined, 5, 'ab', {}, { key: undefined }, () => 1]
    queries.push({ key: key(1), more: 1 }, new Map(), new Date(), { length: 2, 0: 1, 1: 2 })
    queries.push({ key: 'nobody' }, Symbol('q'), 2n, new Set([1, 2]))
    for (const query of queries) expectCode(() => ask(query, 1), 'INVALID_OPTION')
    expectCode(() => ask({ key: 5 }, 1), 'INVALID_KEY')
    const vectors: unknown[] = [[1], [1, 2, 3], ['1', 2], [Number.NaN, 1], [1, 1e39], [1n, 2n]]
    vectors.push([1, undefined], new Array(2), new DataView(new ArrayBuffer(2)), [3e19, 1])
    for (const query of vectors) expectCode(() => ask(query, 1), 'INVALID_VALUE', { index: 'v' })
    for (const k of [-1, 1.5, Number.NaN, '1', undefined, null, 1n, Number.NEGATIVE_INFINITY]) {
      expectCode(() => ask(q, k), 'INVALID_OPTION')
    }
    const options: unknown[] = [null, 5, [], { limit: 5 }, { exact: 'yes' }, { exact: null }]
    options.push({ effort: 0 }, { effort: -1 }, { effort: Number.NaN }, { effort: '1' })
    options.push({ within: Number.NaN }, { within: '1' }, { within: null }, { filter: 5 })
    options.push({ filter: null }, { where: 5 }, { where: null }, { where: { n: { zz: 1 } } })
    for (const one of options) expectCode(() => ask(q, 1, one), 'INVALID_OPTION')
    expectCode(() => ask(q, 1, { at: 0 }), 'UNKNOWN_INDEX')
    expectCode(() => ask(q, 1, { at: 99 }), 'FUTURE_VERSION')
    expectCode(() => ask(q, 1, { at: 'none' }), 'UNKNOWN_TAG')
    for (const one of [
      { sample: 0 },
      { sample: 1.5 },
      { k: 0 },
      { k: 1e99 },
      { effort: 0 },
      { at: 1 },
    ]) {
      expectCode(() => index.recall(one as never), 'INVALID_OPTION')
    }
    expectCode(() => index.recall({}, { at: 0 }), 'UNKNOWN_INDEX')
    expectCode(() => index.count({ at: 0 }), 'UNKNOWN_INDEX')
    db.transact(tx => {
      expectCode(() => tx.index(index).nearest(q, 1, { at: 1 } as never), 'INVALID_OPTION')
      expect(tx.index(index).recall()).toBe(1)
    })
    for (const one of ['v', index]) {
      expectCode(() => db.where({ n: 1 }, { index: one }), 'NO_INDEX')
      expectCode(() => db.where({ n: 1 }, { order: one }), 'INVALID_OPTION')
    }
    expect([...db.where({ v: { eq: [3, 1] } })].length).toBe(1)
    expect(db.explain({ v: { eq: [3, 1] } }).plan).toBe('scan')
    const before = db.version
    db.dropIndex('v')
    expectCode(() => ask(q, 1), 'UNKNOWN_INDEX')
    expect(keysOf(index.nearest(q, 2, { at: before }))).toEqual([key(0), key(1)])
    sound(db)
  })
})

describe('code of the caller', () => {
  it('may not call the database from getters and Proxies of a question', () => {
    const { db, index } = filled(20)
    const using = () => {
      db.get(key(1))
      return key(1)
    }
    const proxy = (get: (name: string | symbol) => unknown) => {
      return new Proxy([0, 1], { get: (target, name) => get(name) ?? Reflect.get(target, name) })
    }
    const nested = [
      () =>
        index.nearest(
          {
            get key() {
              return using()
            },
          } as never,
          1,
        ),
      () =>
        index.nearest(
          proxy(name => (name === '0' ? using() : undefined)),
          1,
        ),
      () =>
        index.nearest([0, 1], 1, {
          get exact() {
            using()
            return true
          },
        } as never),
      () =>
        index.nearest([0, 1], 1, {
          where: {
            get n() {
              return using()
            },
          },
        } as never),
    ]
    for (const ask of nested) expectCode(ask, 'NESTED_TRANSACTION')
    const mine = () => {
      throw new Error('mine')
    }
    expect(() => index.nearest(proxy(mine), 1)).toThrow('mine')
    expect(
      keysOf(
        index.nearest(
          proxy(() => undefined),
          1,
        ),
      ),
    ).toEqual([key(0)])
    // What it is when it is asked counts.
    const query = Float64Array.of(0, 1)
    const found = index.nearest(query, 1)
    query.fill(1e9)
    expect(keysOf(found)).toEqual([key(0)])
    const closes = {
      get exact() {
        db.close()
        return true
      },
    }
    expectCode(() => index.nearest([0, 1], 1, closes as never), 'CLOSED')
  })

  const WAYS: Record<string, object> = {
    'more or less': {},
    exactly: { exact: true },
    'of a small set': { where: { n: { lt: 60 } } },
    'of a large set': { where: { match: (value: Value) => (value.n as number) < 1900 } },
  }

  it.each(Object.entries(WAYS))('a filter may use the database, %s', (_, way) => {
    const { db, index } = filled()
    db.index('n', { on: 'n' })
    const found = index.nearest([0, 1], 3, {
      ...way,
      filter: (at, { n }) => {
        expect(db.get(at)?.n).toBe(n)
        expect(keysOf(index.nearest([900, 1], 2, { exact: true }))).toEqual([key(900), key(899)])
        expect([...db.where({ n: 4 })].length).toBe(1)
        return (n as number) % 2 === 1
      },
    })
    expect(keysOf(found)).toEqual([key(1), key(3), key(5)])
    const writing = index.nearest([0, 1], 3, {
      ...way,
      filter: (_, { n }) => {
        db.put(key(1), { v: [1e6, n], n: 1 })
        db.delete(key(3))
        return (n as number) % 2 === 1
      },
    })
    expect(keysOf(writing)).toEqual([key(1), key(3), key(5)])
    expect(keysOf(index.nearest([0, 1], 3, { ...way, exact: true }))).toEqual([
      key(0),
      key(2),
      key(4),
    ])
    sound(db)
  })

  it.each(Object.entries(WAYS))('a filter may throw, and end what runs, %s', (_, way) => {
    const { db, index } = filled()
    let runs = 0
    const ask = (filter: () => unknown) => {
      runs = 0
      const tested = () => Boolean(filter() ?? true)
      return index.nearest([0, 1], 9, { ...way, filter: tested })
    }
    const throwing = ask(() => {
      if (runs++ < 3) throw new Error('mine')
    })
    for (let i = 0; i < 3; i++) {
      expect(() => throwing.next()).toThrow('mine')
      expect(db.stats().readers.pins).toBe(0)
    }
    const rest = keysOf(throwing)
    expect(rest).toEqual([...rest].sort())
    expect([rest.length, new Set(rest).size]).toEqual([9, 9])
    const ended = ask(() => {
      if (runs++ === 4) ended.return()
    })
    expect(ended.next()).toEqual({ value: undefined, done: true })
    expect(ended.next()).toEqual({ value: undefined, done: true })
    const own = ask(() => own.next())
    expectCode(() => own.next(), 'INVALID_OPTION')
    own.return()
    const read = db.beginRead()
    const cut = read.index(index).nearest([0, 1], 9, {
      ...way,
      filter: () => {
        read.close()
        return true
      },
    })
    expectCode(() => cut.next(), 'TRANSACTION_CLOSED')
    expectCode(() => cut.next(), 'TRANSACTION_CLOSED')
    const tx = db.beginWrite()
    const aborted = tx.index(index).nearest([0, 1], 9, {
      ...way,
      filter: () => {
        tx.abort()
        return true
      },
    })
    expectCode(() => aborted.next(), 'TRANSACTION_CLOSED')
    expect(db.stats().readers.pins).toBe(0)
    expect(db.check().problems).toEqual([])
    const closed = ask(() => db.close())
    expectCode(() => closed.next(), 'CLOSED')
    expectCode(() => closed.next(), 'CLOSED')
  })

  it('a query’s match may throw and end the iterator, too', () => {
    const { db, index } = filled()
    db.index('n', { on: 'n' })
    for (const part of [{}, { n: { lt: 60 } }, { n: { lt: 1900 } }]) {
      let runs = 0
      const match = ({ n }: Value) => {
        if (runs++ < 3) throw new Error('mine')
        return (n as number) % 3 === 0
      }
      const found = index.nearest([0, 1], 3, { where: { ...part, match } as never })
      for (let i = 0; i < 3; i++) expect(() => found.next()).toThrow('mine')
      expect(keysOf(found)).toEqual([key(3), key(6), key(9)])
      const ended = index.nearest([0, 1], 3, {
        where: { ...part, match: () => Boolean(ended.return()) } as never,
      })
      expect([...ended]).toEqual([])
    }
    sound(db)
  })

  it('in a transaction sees what was written before, and no more', () => {
    const { db, index } = filled()
    db.transact(tx => {
      const seen = tx.index(index)
      const found = seen.nearest([0, 1], 3, {
        exact: true,
        filter: (_, { n }) => {
          tx.put(key(1), { v: [1e6, n], n: 1 })
          tx.delete(key(5))
          tx.put(`new ${n}`, { v: [0, 1] })
          expect(seen.count()).toBeGreaterThan(1999)
          return (n as number) % 2 === 1
        },
      })
      expect(keysOf(found)).toEqual([key(1), key(3), key(5)])
      const next = keysOf(seen.nearest([0, 1], 3, { exact: true }))
      expect(next).toEqual([key(0), 'new 0', 'new 1'])
      const open = seen.nearest([0, 1], 5, { exact: true })
      open.next()
      for (let i = 0; i < 30; i++) tx.delete(key(i))
      tx.clear({ gte: 'k1' })
      expect(seen.count()).toBe(970)
      expect(keysOf(open)).toEqual(['new 0', 'new 1', 'new 2', 'new 3'])
      tx.clear()
      expect([...seen.nearest([0, 1], 3)]).toEqual([])
      tx.put('last', { v: [5, 5] })
      expect(seen.nearest({ key: 'last' }, 3).toArray()).toEqual([
        { key: 'last', value: { v: [5, 5] }, distance: 0 },
      ])
    })
    expect(index.count()).toBe(1)
    sound(db)
  })

  it('values of a codec of its own, keys of every kind', () => {
    const values = {
      name: 'mine',
      encode: (value: Value) => new TextEncoder().encode(JSON.stringify(value)),
      decode: (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)),
    }
    const functions = { v: ({ v }: Value) => v }
    const db = open({ values, functions, keys: 'tuple' }) as unknown as ZVerse<unknown[], Value>
    const definition = { kind: 'vector' as const, by: 'v', dims: 2, element: 'int8' as const }
    const index = db.index('v', definition) as VectorIndex<unknown[], Value>
    const all = [['b', 1], ['a', 2], ['a', -1], ['a'], [Uint8Array.of(1)], [null]]
    for (const at of all) db.put(at as never, { v: [1, 1] })
    db.put(['gone'] as never, {})
    const order = [...db.keys()].filter(at => at[0] !== 'gone')
    expect(keysOf(index.nearest([2, 2], 9))).toEqual(order)
    expect(keysOf(index.nearest({ key: ['a', 2] } as never, 2, { exact: true }))).toEqual(
      order.slice(0, 2),
    )
    const some = index.nearest([1, 0], 9, {
      where: { match: (_: Value, at: unknown[]) => at.length === 2 } as never,
    })
    expect([...some].length).toBe(3)
    expect(db.check().problems).toEqual([])
    db.close()
  })
})

it('shows itself nowhere but where indexes are shown', async () => {
  const { db, index } = filled(300)
  expect(db.stores()).toEqual([])
  expect([...db.diff(1, db.version)].length).toBe(300)
  const changes = db.changes({ since: db.version })
  db.put('a', { v: [1, 1] })
  expect((await changes.next()).value?.changes).toMatchObject([{ type: 'put', key: 'a' }])
  await changes.return()
  expect([...db.history('a')].length).toBe(1)
  const before = db.stats().indexes
  expect([before.entries, before.similarities]).toEqual([301, 0])
  expect([...index.nearest([1, 1], 3)].length).toBe(3)
  const { similarities, warm, hot, returned } = db.stats().indexes
  expect(similarities).toBeGreaterThan(300)
  expect(warm).toBeGreaterThan(10)
  expect([hot, returned - before.returned]).toEqual([0, 3])
  sound(db)
})
