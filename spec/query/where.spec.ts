/**
 * `where` against plain code: random entries, indexes and queries; every plan gives the same answer, at every
 * version, in memory, in transactions, and in the deep past.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type IndexDefinition, type WhereOptions, ZVerse } from '../../lib/index.js'
import { scaled } from '../support/runs.js'
import { where as plainly } from './plain-query.js'
import { type Case, caseOf, type Values } from './random-query.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

interface Readable {
  where(query: never, options?: WhereOptions): Iterable<[string, unknown]>
  explain(query: never, options?: WhereOptions): { plan: string; steps: { count: number }[] }
}

/** Asks in every way that the options allow. */
function askAll(store: Readable, entries: Case['entries'], one: Case, view: object): void {
  for (const { query, options } of one.asked) {
    const expected = plainly(entries, query, options)
    const ask = (more: object) => [...store.where(query as never, { ...options, ...view, ...more })]
    expect(ask({})).toEqual(expected)
    const decoded = {
      ...query,
      match: (value: unknown, key: unknown) => query.match === undefined || query.match(value, key),
    }
    expect([...store.where(decoded as never, { ...options, ...view })]).toEqual(expected)
    for (const index of Object.keys(one.indexes)) {
      // An index that may lack entries of the answer is refused.
      try {
        expect([index, ask({ index })]).toEqual([index, expected])
      } catch (error) {
        if ((error as { code?: string }).code !== 'ZVERSE_NO_INDEX') throw error
      }
    }
  }
}

function opened(values: Values, one: Case, options: object = {}) {
  const db = ZVerse.open({ maxBytes: 2 ** 24, keys: 'string', values, ...options })
  for (const [name, definition] of Object.entries(one.indexes)) {
    db.index(name, definition as IndexDefinition)
  }
  return db as ZVerse<string, unknown>
}

for (const values of ['msgpack', 'json'] as const) {
  describe(`where, values ${values}, seed ${SEED}`, () => {
    it('finds what plain code finds, by every plan', () => {
      fc.assert(
        fc.property(caseOf(values), one => {
          const bare = ZVerse.open({ maxBytes: 2 ** 24, keys: 'string', values })
          const db = opened(values, one)
          for (const store of [bare, db])
            store.batch(one.entries.map(([key, value]) => ({ type: 'put', key, value })) as never)
          askAll(bare as never, one.entries, { ...one, indexes: {} }, {})
          askAll(db as never, one.entries, one, {})
          expect(db.check().problems).toEqual([])
          bare.close()
          db.close()
        }),
        { seed: SEED, numRuns: scaled(500) },
      )
    })

    it('at old versions, and in transactions, which see their own changes', () => {
      fc.assert(
        fc.property(caseOf(values, { count: 20, queries: 3 }), one => {
          const db = opened(values, one)
          const half = one.entries.slice(0, one.entries.length / 2)
          for (const [key, value] of half) db.put(key, value)
          const version = db.version
          const read = db.beginRead()
          db.transact(tx => {
            for (const [key, value] of one.entries) tx.put(key, value)
            askAll(tx as never, one.entries, one, {})
            for (const [key] of half) tx.delete(key)
            const rest = one.entries.filter(([key]) => !half.some(([other]) => other === key))
            askAll(tx as never, rest, one, {})
          })
          askAll(db as never, half, one, { at: version })
          askAll(read as never, half, one, {})
          db.close()
        }),
        { seed: SEED, numRuns: scaled(200) },
      )
    })
  })
}

it(`in the deep past, seed ${SEED}`, async () => {
  await fc.assert(
    fc.asyncProperty(caseOf('msgpack', { count: 20, queries: 3 }), async one => {
      const path = mkdtempSync(join(tmpdir(), 'zverse-where-'))
      const disk = { path, sync: 'never', history: { versions: 1, disk: {} }, background: false }
      const db = opened('msgpack', one, disk)
      try {
        for (const [key, value] of one.entries) db.put(key, value)
        const version = db.version
        for (const [key] of one.entries) db.put(key, { other: key })
        await db.compact()
        askAll(db as never, one.entries, one, { at: version })
        const read = db.beginRead({ at: version })
        askAll(read as never, one.entries, one, {})
        read.close()
      } finally {
        db.close()
        rmSync(path, { recursive: true })
      }
    }),
    { seed: SEED, numRuns: scaled(40) },
  )
})
