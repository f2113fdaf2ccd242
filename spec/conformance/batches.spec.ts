/**
 * Iterators decode several entries at a time. A caller cannot notice: not by their results, for any
 * neighbours, nor by when the caller's code runs, nor by what happens between two steps.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDb } from '../support/compare.js'
import type { Cursor, Database, RangeOptions, Reads } from '../support/contract.js'
import { open } from '../support/engine.js'
import { outcomeOf } from '../support/outcome.js'
import { scaled } from '../support/runs.js'

type Pair = [key: string, value: unknown]

const walks = ['range', 'keys', 'values', 'getEntries'] as const
type Walk = (typeof walks)[number]

/** The results of a walk over a database that was filled with the pairs in one commit. */
function expected(name: Walk, pairs: readonly Pair[]): unknown[] {
  if (name === 'keys') return pairs.map(([key]) => key)
  if (name === 'values') return pairs.map(([, value]) => value)
  if (name === 'range') return pairs.map(([key, value]) => [key, value])
  return pairs.map(([key, value]) => ({ key, value, version: 1 }))
}

function walk(reads: Reads, name: Walk, options?: RangeOptions): Cursor<unknown> {
  return reads[name](options) as Cursor<unknown>
}

function filled(pairs: readonly Pair[], options: Record<string, unknown> = {}): Database {
  const db = open(options)
  db.batch(pairs.map(([key, value]) => ({ type: 'put', key, value })))
  return db
}

function take(cursor: Cursor<unknown>, n: number): unknown[] {
  const items: unknown[] = []
  for (let i = 0; i < n; i++) {
    const step = cursor.next()
    if (step.done) break
    items.push(step.value)
  }
  return items
}

/** `n` pairs whose keys and values have every length, some of them not ASCII. */
function assorted(n: number): Pair[] {
  return Array.from({ length: n }, (_, i) => {
    const key = `${String(i).padStart(4, '0')}${'k'.repeat(i % 70)}${i % 7 === 3 ? 'é' : ''}`
    return [key, `${'v'.repeat((i * 5) % 90)}${i % 5 === 2 ? '€' : ''}`]
  })
}

const unit = fc.constantFrom('a', 'b', '\0', '\x7f', '\x80', 'é', '€', '😀')
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\x7f'), maxLength: 80 }),
  fc.string({ unit, maxLength: 30 }),
)
const anything = fc.oneof(
  { weight: 4, arbitrary: text },
  fc.integer(),
  fc.constant({ a: [1, 'x'] }),
  fc.string({ minLength: 200, maxLength: 9000, size: 'max' }),
)
const order = (a: Pair, b: Pair) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]))

describe('what iterators give', () => {
  const cases = [
    ['string', text],
    ['msgpack', anything],
    ['json', anything],
  ] as const
  for (const [values, value] of cases) {
    it(`is what is there, with ${values} values`, () => {
      const pairsOf = fc.uniqueArray(fc.tuple(text, value), { selector: p => p[0], maxLength: 70 })
      const property = fc.property(
        pairsOf,
        fc.constantFrom(...walks),
        fc.boolean(),
        fc.option(fc.nat(75), { nil: undefined }),
        fc.nat(75),
        (given, name, reverse, limit, steps) => {
          const db = filled(given as Pair[], { values })
          const sorted = (given as Pair[]).slice().sort(order)
          const all = expected(name, reverse ? sorted.reverse() : sorted).slice(0, limit)
          const options = limit === undefined ? { reverse } : { reverse, limit }
          expect([...walk(db, name, options)]).toEqual(all)
          expect(walk(db, name, options).toArray()).toEqual(all)
          // Some by steps, the rest at once.
          const cursor = walk(db, name, options)
          expect(take(cursor, steps)).toEqual(all.slice(0, steps))
          expect(cursor.toArray()).toEqual(all.slice(steps))
          expect(cursor.next()).toEqual({ value: undefined, done: true })
          db.close()
        },
      )
      fc.assert(property, { numRuns: scaled(150) })
    })
  }

  it('is the same wherever one stops, begins or turns round', () => {
    const pairs = assorted(150)
    const db = filled(pairs, { values: 'string' })
    for (const name of walks) {
      const all = expected(name, pairs)
      for (let n = 0; n <= pairs.length; n++) {
        expect(walk(db, name, { limit: n }).toArray()).toEqual(all.slice(0, n))
        const backwards = walk(db, name, { reverse: true, limit: n }).toArray()
        expect(backwards.reverse()).toEqual(n === 0 ? [] : all.slice(-n))
        const cursor = walk(db, name)
        expect(take(cursor, n)).toEqual(all.slice(0, n))
        expect(cursor.return()).toEqual({ value: undefined, done: true })
        expect(cursor.next().done).toBe(true)
        expect(cursor.toArray()).toEqual([])
        if (n < pairs.length) {
          expect(take(walk(db, name, { gte: pairs[n][0] }), 20)).toEqual(all.slice(n, n + 20))
        }
      }
    }
    checkDb(db)
    db.close()
  })

  it('is a new pair each time', () => {
    const db = filled(assorted(40), { values: 'string' })
    const [first, second] = [db.range().toArray(), [...db.range()]]
    first.forEach((pair, i) => {
      expect(pair).not.toBe(second[i])
      pair[0] = null
    })
    expect(second.map(([key]) => key)).toEqual(assorted(40).map(([key]) => key))
    db.close()
  })
})

describe('between two steps', () => {
  const pairs = assorted(60)
  const all = expected('range', pairs)

  it('commits change nothing', () => {
    for (let n = 0; n <= pairs.length; n += 7) {
      const db = filled(pairs, { values: 'string', history: { versions: 0 } })
      const cursor = walk(db, 'range')
      const items = take(cursor, n)
      for (let i = 0; i < pairs.length; i += 2) db.put(pairs[i][0], 'changed')
      for (let i = 1; i < pairs.length; i += 2) db.delete(pairs[i][0])
      db.put('0000', 'new')
      items.push(...take(cursor, 9))
      db.clear()
      expect([...items, ...cursor]).toEqual(all)
      checkDb(db)
      db.close()
    }
  })

  it('closing cuts off at once', () => {
    for (let n = 0; n < pairs.length; n++) {
      const db = filled(pairs, { values: 'string' })
      const cursor = walk(db, 'range')
      take(cursor, n)
      const tx = db.beginRead()
      const inside = walk(tx, 'range')
      take(inside, n)
      tx.close()
      expect(outcomeOf(() => inside.next())).toMatchObject({ code: 'ZVERSE_TRANSACTION_CLOSED' })
      expect(outcomeOf(() => inside.toArray())).toMatchObject({ code: 'ZVERSE_TRANSACTION_CLOSED' })
      db.close()
      expect(outcomeOf(() => cursor.next())).toMatchObject({ code: 'ZVERSE_CLOSED' })
      expect(outcomeOf(() => cursor.toArray())).toMatchObject({ code: 'ZVERSE_CLOSED' })
    }
  })

  it('a draft goes on changing, the iterator does not', () => {
    for (let n = 0; n < pairs.length; n += 3) {
      const db = filled(pairs, { values: 'string' })
      const tx = db.beginWrite()
      tx.put('0000', 'written')
      const seen = walk(tx, 'range').toArray()
      expect(seen.length).toBe(pairs.length + (pairs[0][0] === '0000' ? 0 : 1))
      const cursor = walk(tx, 'range')
      const items = take(cursor, n)
      for (const [key] of pairs) tx.put(key, 'overwritten')
      items.push(...take(cursor, 5))
      tx.clear()
      expect([...items, ...cursor]).toEqual(seen)
      const cut = walk(tx, 'range')
      tx.commit()
      expect(outcomeOf(() => cut.next())).toMatchObject({ code: 'ZVERSE_TRANSACTION_CLOSED' })
      checkDb(db)
      db.close()
    }
  })
})

describe("the caller's codec", () => {
  const count = 50
  const pairs = Array.from({ length: count }, (_, i): Pair => [`k${String(i).padStart(2, '0')}`, i])

  function counting(decoded: number[], onDecode: (value: number) => void = () => {}) {
    const encode = (value: number) => Uint8Array.of(value)
    const decode = (bytes: Uint8Array) => {
      decoded.push(bytes[0])
      onDecode(bytes[0])
      return bytes[0]
    }
    return { name: 'counting', encode, decode }
  }

  it('decodes what is asked for, when it is', () => {
    const decoded: number[] = []
    const db = filled(pairs, { values: counting(decoded) })
    for (const name of walks) {
      decoded.length = 0
      const cursor = walk(db, name)
      expect(decoded).toEqual([])
      for (let n = 1; n <= count; n++) {
        cursor.next()
        expect(decoded.length).toBe(name === 'keys' ? 0 : n)
      }
      expect(cursor.next().done).toBe(true)
      expect(walk(db, name).toArray()).toEqual(expected(name, pairs))
    }
    db.close()
  })

  it('may throw: that entry is passed over', () => {
    const refuse = (value: number) => {
      if (value % 3 === 1) throw new RangeError(`no ${value}`)
    }
    const db = filled(pairs, { values: counting([], refuse) })
    const cursor = walk(db, 'values')
    for (let i = 0; i < count; i++) {
      if (i % 3 === 1) expect(() => cursor.next()).toThrow(`no ${i}`)
      else expect(cursor.next()).toEqual({ value: i, done: false })
    }
    expect(cursor.next().done).toBe(true)
    db.close()
  })

  it('may end the iteration: what it decodes is the last', () => {
    for (const name of ['range', 'values', 'getEntries'] as const) {
      let cursor: Cursor<unknown> | undefined
      const end = (value: number) => {
        if (value === 20) cursor?.return()
      }
      const db = filled(pairs, { values: counting([], end) })
      cursor = walk(db, name)
      expect([...cursor]).toEqual(expected(name, pairs).slice(0, 21))
      cursor = walk(db, name)
      expect(cursor.toArray()).toEqual(expected(name, pairs).slice(0, 21))
      checkDb(db)
      db.close()
    }
  })
})

it('the end of the stack loses no entry', () => {
  const pairs = assorted(300)
  for (const name of walks) {
    for (const ballast of [0, 1, 2, 3, 5, 8]) {
      const db = filled(pairs, { values: 'string' })
      const cursor = walk(db, name)
      const items: unknown[] = []
      const dive = (...rest: number[]): void => {
        try {
          dive(...rest)
        } catch {
          // On the way back there is a little more stack at each call.
        }
        try {
          items.push(...take(cursor, 1))
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
        }
        if (items.length >= pairs.length) return
      }
      dive(...Array.from({ length: ballast }, (_, i) => i))
      items.push(...cursor)
      expect(items).toEqual(expected(name, pairs))
      db.close()
    }
  }
})

it('one value kept of many keeps little else', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const count = 40_000
  const pairs = Array.from(
    { length: count },
    (_, i): Pair => [`${i}`.padStart(20, '0'), 'v13456789abcd'],
  )
  const db = filled(pairs, { values: 'string', maxBytes: 64 * 2 ** 20 })
  const measure = () => {
    collect()
    collect()
    return process.memoryUsage().heapUsed
  }
  const kept: unknown[] = []
  walk(db, 'values').toArray()
  const before = measure()
  let i = 0
  for (const value of walk(db, 'values')) if (i++ % 20 === 0) kept.push(value)
  const each = (measure() - before) / kept.length
  expect(kept.length).toBe(count / 20)
  expect(each).toBeLessThan(600)
  db.close()
})
