/**
 * What a version keeps follows what it changed, whatever way of writing made it: puts, transactions, batches, units of the
 * write queue, with cursors open or not. Bytes, of random entries in a tree of three levels; bounds are twice what was measured.
 */
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { Random } from '../support/random.js'

const KEYS = 20_000
const VERSIONS = 200
const TEN = 10

const random = new Random(7)

const keyOf = (i: number): string => `key-${String(i).padStart(8, '0')}`

function filled() {
  const db = ZVerse.open<string, string>({ values: 'string', maxBytes: 2 ** 27, history: {} })
  // Not in order, which would leave no room in leaves.
  const order = Array.from({ length: KEYS }, (_, i) => i)
  for (let i = KEYS - 1; i > 0; i--) {
    const other = random.int(i + 1)
    ;[order[i], order[other]] = [order[other] as number, order[i] as number]
  }
  db.transact(tx => {
    for (const i of order) tx.put(keyOf(i), 'as it was')
  })
  return db
}

type Database = ReturnType<typeof filled>

const any = (): string => keyOf(random.int(KEYS))
const put = () => ({ type: 'put' as const, key: any(), value: 'as it is now' })
const ten = () => Array.from({ length: TEN }, put)

const WAYS: [string, most: number, (db: Database) => unknown][] = [
  ['a put', 400, db => db.put(any(), 'as it is now')],
  ['an insert', 550, db => db.put(`${any()} and ${random.int(1e9)}`, 'new')],
  ['a batch of ten', 2400, db => db.batch(ten())],
  [
    'a transaction of ten',
    4000,
    db => db.transact(tx => ten().forEach(({ key, value }) => void tx.put(key, value))),
  ],
  [
    'a transaction of ten, with a cursor after each',
    2500,
    db =>
      db.transact(tx => {
        for (const { key, value } of ten()) {
          tx.put(key, value)
          tx.keys({ limit: 1 }).next()
        }
      }),
  ],
  [
    'a transaction of two batches of five',
    2500,
    db =>
      db.transact(tx => {
        tx.batch(ten().slice(5))
        tx.batch(ten().slice(5))
      }),
  ],
  ['a unit of ten', 2400, db => db.submit(ten())],
  ['ten units of ten at once', 24_000, db => Promise.all(ten().map(() => db.submit(ten())))],
]

it.each(WAYS)('%s keeps at most %i bytes', async (_, most, write) => {
  const db = filled()
  // The queue's rings are there from the first use on.
  await write(db)
  const before = db.stats().memory.usedBytes
  for (let i = 0; i < VERSIONS; i++) await write(db)
  expect(db.version).toBeGreaterThanOrEqual(2 + VERSIONS)
  const kept = (db.stats().memory.usedBytes - before) / VERSIONS
  expect(kept).toBeLessThan(most)
  expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
  db.close()
})
