/**
 * Each allocation of each kind of commit in a store with indexes of vectors fails in turn, and each time that a kernel asks for
 * memory: all is as it was, in every version, and the database goes on.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { VectorIndex } from '../../lib/index.js'
import { openWith, type ZVerse } from '../../lib/zverse.js'
import { failEach } from '../support/allocations.js'
import { outcomeOf } from '../support/outcome.js'
import { Random } from '../support/random.js'
import { unit } from './random-vectors.js'

// biome-ignore lint/suspicious/noExplicitAny: values of any kind.
type Database = ZVerse<string, any>

const DIMS = 6
const key = (i: number) => `key ${String(i).padStart(4, '0')}`

/** A value whose vectors are the same each time that it is asked for. */
function value(i: number) {
  const random = new Random(i)
  const draw = () => Array.from({ length: DIMS }, () => unit(random))
  return { v: draw(), w: draw(), n: i % 7 }
}

function prepared(options: object = {}): Database {
  const functions = { w: ({ w }: { w?: unknown }) => w }
  const all = { maxBytes: 2 ** 25, history: { versions: 1000 }, functions, ...options }
  const db = openWith(all, {
    now: () => 1,
    poison: true,
    functions: new Map(),
  }) as unknown as Database
  const form = { kind: 'vector' as const, dims: DIMS }
  db.index('floats', { ...form, on: 'v', metric: 'euclid' })
  db.index('codes', { ...form, on: 'w', element: 'int8' })
  db.index('own', { ...form, by: 'w', metric: 'dot' })
  db.index('n', { on: 'n' })
  db.batch(Array.from({ length: 200 }, (_, i) => ({ type: 'put', key: key(i), value: value(i) })))
  db.put(key(3), value(300))
  return db
}

const some = (count: number, step: number) =>
  Array.from({ length: count }, (_, i) => {
    return i % 5 === 4
      ? { type: 'del' as const, key: key((i * 3) % 200) }
      : { type: 'put' as const, key: key((i * step) % 400), value: value(1000 + i) }
  })

const WRITES: Record<string, (db: Database) => unknown> = {
  'a put': db => db.put('new', value(999)),
  'a put that moves vectors': db => db.put(key(9), value(901)),
  'a put without vectors': db => db.put(key(9), { n: 5 }),
  'a deletion': db => db.delete(key(11)),
  'a batch that splits clusters': db => db.batch(some(90, 7)),
  'a transaction that looks': db =>
    db.transact(tx => {
      tx.put(key(1), value(2000))
      const floats = db.index('floats') as unknown as VectorIndex<string, unknown>
      tx.index(floats)
        .nearest({ key: key(1) }, 3)
        .toArray()
      tx.batch(some(30, 11))
      tx.index(floats).count()
      tx.delete(key(2))
      tx.put(key(4), value(2002))
    }),
  'clearing a range, which merges clusters': db => db.clear({ gte: key(20), lt: key(190) }),
  'clearing all': db => db.clear(),
  'a restore': db => db.restore({ at: db.version - 2 }),
  'a new index': db => db.index('other', { kind: 'vector', on: 'w', dims: DIMS, metric: 'euclid' }),
  'dropping one': db => db.dropIndex('codes'),
}

/** All that can be read of the newest versions. */
function stateOf(db: Database): string {
  const queries = [1, 2].map(i => value(5000 + i).v)
  const all = [db.version - 1, db.version].map(version => {
    const at = { at: version }
    const there = db.indexes(at).map(({ name }) => name)
    const now = new Set(db.indexes().map(({ name }) => name))
    const found = there
      .filter(name => name !== 'n' && now.has(name))
      .map(name => {
        const index = db.index(name) as unknown as VectorIndex<string, unknown>
        const near = queries.map(q => [...index.nearest(q, 400, { ...at, exact: true })])
        return [
          name,
          index.count(at),
          near.map(those => those.map(({ key: k, distance }) => [k, distance])),
        ]
      })
    return [version, there, found, [...db.entries(at)]]
  })
  return JSON.stringify(all)
}

describe('memory that ends in the middle of a commit', () => {
  it.each(Object.entries(WRITES))('of %s', (_, write) => {
    failEach(
      () => ({ db: prepared() }),
      ({ db }) => write(db),
      stateOf,
      { every: 13, least: 2 },
    )
  })

  it('goes on within a transaction: what failed is made when there is room', () => {
    const db = prepared()
    const twin = prepared()
    const index = (of: Database) => of.index('floats') as unknown as VectorIndex<string, unknown>
    for (const one of [db, twin]) one.put('first', value(1))
    twin.transact(tx => tx.batch(some(150, 7)))
    const tx = db.beginWrite()
    for (let n = 1; ; n++) {
      if (n === 1)
        for (const one of some(150, 7))
          one.type === 'put' ? tx.put(one.key, one.value) : tx.delete(one.key)
      db._test.failAfter(n)
      const outcome = outcomeOf(() => tx.index(index(db)).count())
      db._test.failAfter(0)
      if (!('code' in outcome)) break
      expect(outcome.code).toBe('ZVERSE_FULL')
    }
    tx.commit()
    expect(stateOf(db)).toBe(stateOf(twin))
    for (const one of [db, twin]) {
      expect(one.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
      one.close()
    }
  })
})

interface Memory {
  grow(pages: number): number
}
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: Memory } } })
  .WebAssembly
const { grow } = Memory.prototype

describe('memory that the process does not get for vectors', () => {
  afterEach(() => {
    Memory.prototype.grow = grow
  })

  /** Kernels get memory so many times, then once not. @returns how often they asked */
  function refuseAfter(times: number): () => number {
    let asked = 0
    Memory.prototype.grow = function (pages) {
      if (++asked === times) throw new RangeError('WebAssembly.Memory.grow(): refused')
      return Reflect.apply(grow, this, [pages])
    }
    return () => asked
  }

  it('is an error of each commit that needs it, which is then done', () => {
    const write = (db: Database) => db.batch(some(300, 7))
    const twin = prepared()
    write(twin)
    const after = stateOf(twin)
    twin.close()
    let failures = 0
    for (let n = 1; ; n++) {
      const db = prepared()
      const large = db.index('large', { kind: 'vector', on: 'large', dims: 3000 })
      const put = () =>
        db.batch(
          Array.from({ length: 300 }, (_, i) => {
            return {
              type: 'put',
              key: key(i),
              value: { large: new Float32Array(3000).fill(1 + i) },
            }
          }),
        )
      const { version } = db
      const asked = refuseAfter(n)
      const outcome = outcomeOf(put)
      Memory.prototype.grow = grow
      if ('code' in outcome) {
        expect(outcome.code).toBe('ZVERSE_FULL')
        expect(db.version).toBe(version)
        failures++
      } else expect(asked()).toBeLessThan(n)
      expect((large as unknown as VectorIndex<string, unknown>).count()).toBe(
        'code' in outcome ? 0 : 300,
      )
      if ('code' in outcome) put()
      expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
      db.dropIndex('large')
      db.restore({ at: version - 1 })
      write(db)
      expect(JSON.parse(stateOf(db))[1].slice(2)).toEqual(JSON.parse(after)[1].slice(2))
      db.close()
      if (!('code' in outcome)) break
      if (n > 12) break
    }
    expect(failures).toBeGreaterThan(1)
  })

  it('is an error of a search, and the next one has it', () => {
    for (let n = 1; n < 4; n++) {
      const db = prepared({ cache: { bytes: 2 ** 20, indexes: true } })
      const index = db.index('floats') as unknown as VectorIndex<string, unknown>
      const ask = () => index.nearest(value(1).v, 5).toArray()
      refuseAfter(n)
      let refused = 0
      let found: unknown
      while (found === undefined) {
        const outcome = outcomeOf(ask)
        if ('value' in outcome) found = outcome.value
        else {
          expect(outcome.code).toBe('ZVERSE_FULL')
          refused++
        }
      }
      Memory.prototype.grow = grow
      expect(refused).toBeLessThan(3)
      const twin = prepared()
      expect(found).toEqual(
        (twin.index('floats') as unknown as VectorIndex<string, unknown>)
          .nearest(value(1).v, 5)
          .toArray(),
      )
      for (let i = 0; i < 10; i++) expect(ask()).toEqual(found)
      expect(db.stats().readers.pins).toBe(0)
      for (const one of [db, twin]) one.close()
    }
  })
})
