/**
 * Each allocation of each kind of commit in a store with indexes fails in turn: all is as it was, in every version, and the
 * database goes on.
 */
import { describe, it } from 'vitest'
import { openWith, type ZVerse } from '../../lib/zverse.js'
import { failEach } from '../support/allocations.js'

// biome-ignore lint/suspicious/noExplicitAny: values of any kind.
type Database = ZVerse<string, any>

const key = (i: number) => `key ${String(i).padStart(4, '0')}`
const value = (i: number) => ({ n: i % 7, tags: [`t${i % 3}`, `t${i % 5}`], name: `name ${i}` })
const long = 'long '.repeat(800)

function prepared(): Database {
  const db = openWith(
    { maxBytes: 2 ** 24, history: { versions: 1000 } },
    { now: () => 1, poison: true },
  ) as unknown as Database
  db.batch(Array.from({ length: 120 }, (_, i) => ({ type: 'put', key: key(i), value: value(i) })))
  db.index('n', { on: 'n' })
  db.index('tags', { on: ['n', 'tags'], multi: true })
  db.index('name', { on: 'name', unique: true })
  db.put(key(3), value(300))
  return db
}

const WRITES: Record<string, (db: Database) => unknown> = {
  'a put': db => db.put('new', { n: 3, tags: [long, 'b'], name: long }),
  'a put that moves an entry in all of them': db => db.put(key(9), value(901)),
  'a deletion': db => db.delete(key(11)),
  'a batch': db =>
    db.batch(
      Array.from({ length: 60 }, (_, i) =>
        i % 4 === 0
          ? { type: 'del', key: key(i) }
          : { type: 'put', key: key(i * 3), value: value(1000 + i) },
      ),
    ),
  'a transaction that looks': db =>
    db.transact(tx => {
      tx.put(key(1), value(2000))
      tx.index(db.index('n')).count()
      tx.batch([
        { type: 'put', key: key(2), value: value(2001) },
        { type: 'del', key: key(1) },
      ])
      tx.index(db.index('name')).keys({ limit: 1 }).next()
      tx.put(key(4), value(2002))
    }),
  'clearing a range': db => db.clear({ gte: key(20), lt: key(60) }),
  'clearing all': db => db.clear(),
  'a restore': db => db.restore({ at: 0 }),
  'a new index': db => db.index('other', { on: ['name', 'n'] }),
  'dropping one': db => db.dropIndex('tags'),
}

/** All that can be read of the newest versions. */
function stateOf(db: Database): unknown {
  return [db.version - 1, db.version].map(version => {
    const at = { at: version }
    const indexes = db.indexes(at)
    const now = new Set(db.indexes().map(({ name }) => name))
    const pairs = indexes
      .filter(({ name }) => now.has(name))
      .map(({ name }) => [...db.index(name).pairs(at)])
    return [version, indexes, pairs, [...db.entries(at)]]
  })
}

describe('memory that ends in the middle of a commit', () => {
  it.each(Object.entries(WRITES))('of %s', (_, write) => {
    failEach(
      () => ({ db: prepared() }),
      ({ db }) => write(db),
      db => JSON.stringify(stateOf(db)),
      { every: 5, least: 3 },
    )
  })
})
