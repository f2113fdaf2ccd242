/**
 * Queries as users meet them: plans and what they touch, orders, refusals, the caller's code in the middle.
 */
import { describe, expect, it } from 'vitest'
import { type Where, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'

interface User {
  city: string
  role?: string
  age: number
  tags: string[]
}

/** Two hundred users in twenty cities, of whom every third has a role. */
function users() {
  const db = ZVerse.open<string, User>({ maxBytes: 2 ** 24 })
  db.transact(tx => {
    for (let i = 0; i < 200; i++) {
      const role = i % 3 === 0 ? { role: i % 2 === 0 ? 'admin' : 'guest' } : {}
      const tags = i % 5 === 0 ? ['x', `t${i % 4}`] : []
      tx.put(`u${String(i).padStart(3, '0')}`, { city: `c${i % 20}`, age: i % 50, tags, ...role })
    }
  })
  return db
}

const keysOf = (entries: Iterable<[string, unknown]>) => [...entries].map(([key]) => key)

describe('a plan', () => {
  it('takes the index that leads to the fewest, and touches no more than it says', () => {
    const db = users()
    db.index('city', { on: 'city' })
    db.index('role', { on: 'role' })
    db.index('age', { on: 'age' })
    db.index('tag', { on: 'tags', multi: true })
    const cases: [Where<string, User>, string, [string, number][], boolean][] = [
      [{ city: 'c3' }, 'index', [['city', 10]], false],
      [{ city: 'c3', age: 3 }, 'index', [['age', 4]], true],
      [
        { city: 'c3', role: 'admin' },
        'intersect',
        [
          ['city', 10],
          ['role', 34],
        ],
        false,
      ],
      [
        { city: { in: ['c3', 'c4', 'c3'] } },
        'union',
        [
          ['city', 10],
          ['city', 10],
        ],
        false,
      ],
      [
        { or: [{ city: 'c3' }, { age: 7 }] },
        'union',
        [
          ['city', 10],
          ['age', 4],
        ],
        false,
      ],
      [{ or: [{ city: 'c3' }, { name: 'x' }] }, 'scan', [], true],
      [{ age: { gte: 10, lt: 12 } }, 'index', [['age', 8]], false],
      [{ age: { gte: 10, ne: 11 } }, 'index', [['age', 160]], true],
      [{ tags: 'x' }, 'index', [['tag', 40]], false],
      [{ tags: { has: 't0' }, city: 'c0' }, 'index', [['city', 10]], true],
      [{ city: 'nowhere', role: 'admin' }, 'index', [['city', 0]], true],
      [{ not: { city: 'c3' } }, 'scan', [], true],
      [{}, 'scan', [], false],
    ]
    for (const [query, plan, steps, filter] of cases) {
      const explained = db.explain(query)
      expect({ query, ...explained }).toEqual({
        ...{ query, plan, filter, sorted: false },
        steps: steps.map(([index, count]) => ({ index, count })),
      })
      const before = db.stats().indexes
      const found = [...db.where(query)]
      const after = db.stats().indexes
      const counts = steps.map(([, count]) => count)
      const all = plan === 'scan' ? db.size : counts.reduce((sum, count) => sum + count, 0)
      expect(after.scanned - before.scanned).toBe(all)
      const most = plan === 'intersect' ? Math.min(...counts) : all
      expect(after.lookups - before.lookups).toBeLessThanOrEqual(plan === 'scan' ? 0 : most)
      expect(after.returned - before.returned).toBe(found.length)
      expect(found).toEqual([...db.range()].filter(([key]) => keysOf(found).includes(key)))
    }
    db.close()
  })

  it('is the one that is asked for, or none', () => {
    const db = users()
    const city = db.index('city', { on: 'city' })
    db.index('role', { on: 'role' })
    expect(db.explain({ city: 'c3', age: 3 }, { index: 'city' }).steps).toEqual([
      { index: 'city', count: 10 },
    ])
    expect(db.explain({ age: 3 }, { index: city })).toMatchObject({
      ...{ plan: 'index', filter: true },
      steps: [{ index: 'city', count: 200 }],
    })
    expect(keysOf(db.where({ age: 3 }, { index: city }))).toEqual(keysOf(db.where({ age: 3 })))
    // It lacks those without a role.
    expectCode(() => db.where({ age: 3 }, { index: 'role' }), 'NO_INDEX')
    expectCode(() => db.where({ age: 3 }, { index: 'none' }), 'UNKNOWN_INDEX')
    expectCode(() => db.where({ age: 3 }, { scan: false }), 'NO_INDEX')
    expectCode(() => db.explain({ age: 3 }, { scan: false }), 'NO_INDEX')
    expect(keysOf(db.where({ city: 'c3', age: 3 }, { scan: false }))).toEqual(['u003', 'u103'])
    const { version } = db
    db.dropIndex('city')
    expectCode(() => db.where({ city: 'c3' }, { scan: false }), 'NO_INDEX')
    expectCode(() => db.where({ city: 'c3' }, { index: city }), 'UNKNOWN_INDEX')
    expect(keysOf(db.where({ city: 'c3' }, { scan: false, at: version }))).toHaveLength(10)
    db.close()
  })

  it('reads no more than the first results need', () => {
    const db = users()
    db.index('age', { on: 'age' })
    db.index('city', { on: 'city' })
    const scanned = (query: Where<string, User>, options: object) => {
      const before = db.stats().indexes.scanned
      const found = [...db.where(query, options)]
      return [db.stats().indexes.scanned - before, found.length]
    }
    expect(scanned({ city: 'c3' }, { limit: 2 })).toEqual([2, 2])
    expect(scanned({}, { order: 'age', limit: 3 })).toEqual([3, 3])
    expect(scanned({ age: { gte: 10 } }, { order: 'age', reverse: true, limit: 3 })).toEqual([3, 3])
    expect(scanned({}, { limit: 3 })).toEqual([3, 3])
    expect(scanned({ city: 'c3' }, { limit: 0 })).toEqual([0, 0])
    db.close()
  })
})

describe('an order', () => {
  it('is given by an index where one can', () => {
    const db = users()
    db.index('age', { on: 'age' })
    db.index('place', { on: ['city', 'age'] })
    db.index('role', { on: 'role' })
    const cases: [Where<string, User>, object, string, boolean][] = [
      [{}, { order: 'age' }, 'index', false],
      [{}, { order: ['city', 'age'] }, 'index', false],
      [{ city: 'c3' }, { order: 'age' }, 'index', false],
      [{ age: { gt: 5 } }, { order: 'age' }, 'index', false],
      [{ age: { gt: 5 } }, { order: 'city' }, 'index', true],
      // Some have no role: they come last.
      [{}, { order: 'role' }, 'scan', true],
      [{ role: { absent: false } }, { order: 'role' }, 'index', false],
      [{ role: 'admin' }, { order: 'role' }, 'index', false],
    ]
    for (const [query, options, plan, sorted] of cases) {
      expect({ query, options, ...db.explain(query, options) }).toMatchObject({ plan, sorted })
      const found = keysOf(db.where(query, options))
      expect(keysOf(db.where(query, { ...options, reverse: true }))).toEqual(found.reverse())
    }
    db.close()
  })

  it('may be an index by its name or handle; one of several keys stands by its least', () => {
    const db = ZVerse.open({ maxBytes: 2 ** 24 })
    db.put('a', { t: ['m', 'b'] })
    db.put('b', { t: ['a', 'z'] })
    db.put('c', {})
    db.put('d', { t: 'c' })
    const tags = db.index('by tag', { on: 't', multi: true })
    for (const order of ['by tag', tags] as const) {
      expect(keysOf(db.where({}, { order }))).toEqual(['b', 'a', 'd', 'c'])
      expect(keysOf(db.where({}, { order, reverse: true }))).toEqual(['c', 'd', 'a', 'b'])
    }
    // A path orders by the arrays themselves.
    expect(keysOf(db.where({}, { order: 't' }))).toEqual(['d', 'b', 'a', 'c'])
    expectCode(() => db.where({}, { order: [] }), 'INVALID_OPTION')
    expectCode(() => db.where({}, { order: 5 as never }), 'INVALID_OPTION')
    db.close()
  })
})

describe('a query', () => {
  it('that is none is refused, with the reason', () => {
    const db = users()
    const wrong: unknown[] = [
      ...[undefined, null, 5, [], 'city', new Map()],
      ...[{ city: undefined }, { city: { near: 1 } }, { city: { eq: Number.NaN } }],
      ...[{ city: { eq: {} } }, { city: new Map() }, { city: { in: 'c3' } }, { 'a..b': 1 }],
      ...[{ city: { prefix: 5 } }, { city: { absent: 'yes' } }, { at: { box: [[1], [1, 2]] } }],
      ...[{ at: { box: [1, 2] } }, { or: {} }, { not: [] }, { match: true }, { or: [5] }],
      ...[{ at: { box: [[Number.NaN], [1]] } }, { city: () => true }, { '': 1 }],
    ]
    for (const query of wrong) {
      expect(() => db.where(query as never), JSON.stringify(query)).toThrow(
        expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION', option: 'query' }),
      )
    }
    const endless: Where<string, User> = {}
    endless.not = endless
    expectCode(() => db.where(endless), 'INVALID_OPTION')
    expectCode(() => db.where({}, { scan: 1 as never }), 'INVALID_OPTION')
    expectCode(() => db.where({}, { index: 5 as never }), 'INVALID_OPTION')
    expectCode(() => db.where({}, { at: 5, asOf: new Date() }), 'INVALID_OPTION')
    expectCode(() => db.where({}, { at: db.version + 1 }), 'FUTURE_VERSION')
    expect(db.stats().readers.pins).toBe(0)
    db.close()
  })

  it('is copied: what is changed later changes nothing', () => {
    const db = users()
    const query = { city: { in: ['c3'] } }
    const found = db.where(query)
    query.city.in.push('c4')
    expect(keysOf(found)).toHaveLength(10)
    db.close()
  })

  it('may run the caller’s code, which may use the database', () => {
    const db = users()
    db.index('city', { on: 'city' })
    const seen: string[] = []
    const match = (value: User, key: string) => {
      seen.push(key)
      expect(db.get(key)).toEqual(value)
      expect(keysOf(db.where({ city: value.city, age: value.age }))).toContain(key)
      db.put('new', { city: 'c3', age: 1, tags: [] })
      return value.age > 20
    }
    const found = keysOf(db.where({ city: 'c3', match }))
    expect(seen).toHaveLength(10)
    expect(found).toEqual(keysOf(db.where({ city: 'c3', age: { gt: 20 } })))
    db.close()
  })

  it('passes on what that code throws, and goes on behind it', () => {
    const db = users()
    db.index('city', { on: 'city' })
    for (const options of [{}, { index: 'city' }]) {
      let calls = 0
      const match = () => {
        if (++calls === 2) throw new Error('mine')
        return true
      }
      const rows = db.where({ city: 'c3', match }, options)
      expect(rows.next().value?.[0]).toBe('u003')
      expect(() => rows.next()).toThrow('mine')
      expect(db.stats().readers.pins).toBe(0)
      expect(rows.next().value?.[0]).toBe('u043')
      rows.return()
    }
    db.close()
  })

  it('goes on behind what that code throws also where all is read to be sorted', () => {
    const db = users()
    db.index('city', { on: 'city' })
    const all = keysOf(db.where({ city: 'c3' }, { order: 'age' }))
    let calls = 0
    const match = () => {
      if (++calls === 3) throw new Error('mine')
      return true
    }
    const rows = db.where({ city: 'c3', match }, { order: 'age' })
    expect(() => rows.next()).toThrow('mine')
    expect(db.stats().readers.pins).toBe(0)
    expect(keysOf(rows)).toEqual(all.filter(key => key !== 'u043'))
    db.close()
  })

  it('ends with the database, and with its transaction', () => {
    const db = users()
    const rows = db.where({ match: () => true })
    rows.next()
    db.transact(tx => {
      const inside = tx.where({
        match: () => {
          tx.abort()
          return true
        },
      })
      expectCode(() => inside.next(), 'TRANSACTION_CLOSED')
    })
    const closing = db.where({
      match: () => {
        db.close()
        return true
      },
    })
    expectCode(() => closing.next(), 'CLOSED')
    expectCode(() => rows.next(), 'CLOSED')
  })

  it('goes through what a transaction changes meanwhile as it was', () => {
    const db = users()
    const city = db.index('city', { on: 'city' })
    db.transact(tx => {
      for (const read of [
        () => tx.index(city).range({ eq: 'c3' }),
        () => tx.where({ city: 'c3' }),
      ]) {
        const found = [...read()].length
        let n = 0
        for (const [key] of read()) {
          n++
          // Those still to come, too.
          for (const other of keysOf(tx.where({ city: 'c3' }))) if (other > key) tx.delete(other)
          tx.put(key, { city: 'c3', age: n, tags: ['seen'] })
        }
        expect(n).toBe(found)
        // Each was deleted, and put again when its turn came.
        expect([...read()]).toHaveLength(found)
      }
    })
    expect(db.check().problems).toEqual([])
    db.close()
  })

  it('asks values of any codec; without paths only what they are as a whole', () => {
    const codec = {
      name: 'points',
      encode: ({ x }: { x: number }) => Uint8Array.of(x),
      decode: (bytes: Uint8Array) => ({ x: bytes[0] }),
    }
    const db = ZVerse.open({ values: codec, maxBytes: 2 ** 24 })
    for (let x = 0; x < 40; x++) db.put(`p${x % 10}${x}`, { x })
    expect(keysOf(db.where({ x: { gte: 37 } }, { order: 'x', reverse: true }))).toEqual([
      ...['p939', 'p838', 'p737'],
    ])
    const texts = ZVerse.open({ values: 'string', maxBytes: 2 ** 24 })
    texts.put('a', 'yes')
    texts.put('b', 'no')
    expect([...texts.where({ match: text => text === 'yes' })]).toEqual([['a', 'yes']])
    expect([...texts.where({ length: { absent: false } })]).toEqual([])
    db.close()
    texts.close()
  })
})
