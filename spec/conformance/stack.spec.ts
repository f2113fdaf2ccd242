/**
 * The stack runs out at every point inside a write or a read: a call that threw has not happened,
 * one that returned has, and the database stays sound and usable.
 */
import { describe, expect, it } from 'vitest'
import { checkDb } from '../support/compare.js'
import type { Database, WriteTx } from '../support/contract.js'
import { open } from '../support/engine.js'
import { outcomeOf } from '../support/outcome.js'

/** Successes in a row after which there is stack enough, and the recursion unwinds quietly. */
const ENOUGH = 30

/**
 * Recurses until the stack is full, then calls `attempt` at each depth on the way back, until it
 * has succeeded a number of times. `ballast` makes frames larger, so that other points are hit.
 */
function atTheEdge(attempt: (depth: number) => void, ballast: number): number {
  let successes = 0
  let attempts = 0
  const dive = (depth: number, ...rest: number[]): void => {
    try {
      dive(depth + 1, ...rest)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
    if (successes >= ENOUGH) return
    try {
      attempts++
      attempt(depth)
      successes++
    } catch (error) {
      successes = 0
      if (!(error instanceof RangeError)) throw error
    }
  }
  dive(0, ...Array.from({ length: ballast }, (_, i) => i))
  return attempts
}

function prepared(options: Record<string, unknown> = {}): Database {
  const db = open({ history: { versions: 5 }, ...options })
  db.batch(Array.from({ length: 200 }, (_, i) => ({ type: 'put', key: `k${i}`, value: i })))
  return db
}

const json = {
  name: 'json by hand',
  encode: (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value)),
  decode: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()),
}

/** A transaction that ran out of stack before it could be ended. */
let unended: WriteTx | undefined

/** Each call writes `name` if it returns; one that throws must leave it absent. */
const WRITES: [string, (db: Database, name: string) => unknown][] = [
  ['put', (db, name) => db.put(name, 1)],
  ['put of a nested value', (db, name) => db.put(name, [[[{ a: [name.repeat(200)] }]]])],
  ['update', (db, name) => db.update(name, () => 1)],
  [
    'batch',
    (db, name) =>
      db.batch([
        { type: 'put', key: 'k3', value: name },
        { type: 'put', key: name, value: 1 },
      ]),
  ],
  [
    'transact',
    (db, name) =>
      db.transact(tx => {
        tx.put('k7', 8)
        tx.put(name, 1)
      }),
  ],
  [
    'beginWrite',
    (db, name) => {
      // Not through a helper of the tests: at the edge of the stack its imports may fail to resolve.
      unended?.abort()
      const tx = (unended = db.beginWrite())
      tx.put(name, 1)
      tx.commit()
      unended = undefined
    },
  ],
]

describe.each([
  ['built-in codecs', {}],
  ['a custom codec', { values: json }],
])('stack overflow with %s', (_, options) => {
  it.each(WRITES)('in %s: what threw has not happened', (_, write) => {
    for (const ballast of [0, 1, 2, 3, 5, 8, 13]) {
      const db = prepared(options)
      const before = db.version
      // Made beforehand, so that noting down takes no stack: 0 not tried, 1 began, 2 returned.
      const states = new Uint8Array(20_000)
      let count = 0
      unended = undefined
      atTheEdge(() => {
        const at = ++count
        states[at] = 1
        write(db, `n${at}`)
        states[at] = 2
      }, ballast)
      if (unended) outcomeOf(() => unended?.abort())
      for (let at = 1; at <= count; at++) expect(db.has(`n${at}`), `${at}`).toBe(states[at] === 2)
      const returned = states.filter(state => state === 2).length
      expect(returned).toBeGreaterThan(0)
      expect(db.version).toBe(before + returned)
      checkDb(db)
      expect(db.put('usable', 1)).toBe(db.version)
      expect(db.get('usable')).toBe(1)
      checkDb(db)
      db.close()
    }
  })

  it('in reads, which then let go of what they pinned', () => {
    for (const ballast of [0, 1, 3, 8]) {
      const db = prepared(options)
      const reads: (() => unknown)[] = [
        () => db.get('k5'),
        () => db.getMany(['k1', 'k2']),
        () => db.range({ gte: 'k1', limit: 3 }).toArray(),
        () => [...db.range({ reverse: true, limit: 3 })],
        () => db.count({ prefix: 'k1' }),
        () => [...db.history('k5')],
        () => db.getEntry('k9'),
      ]
      for (const read of reads) {
        const expected = read()
        let last: unknown
        atTheEdge(() => {
          last = read()
        }, ballast)
        expect(last).toEqual(expected)
      }
      checkDb(db)
      for (let i = 0; i < 20; i++) db.put('k5', i)
      checkDb(db)
      db.close()
    }
  })

  it('in callbacks, which then roll back as with any throw', () => {
    const db = prepared(options)
    const before = db.version
    const overflow = (): number => overflow() + 1
    for (const run of [
      () =>
        db.transact(tx => {
          tx.put('new', 1)
          overflow()
        }),
      () => db.update('k1', () => overflow()),
    ]) {
      expect(run).toThrow(RangeError)
      expect(db.version).toBe(before)
      expect(db.has('new')).toBe(false)
      checkDb(db)
    }
    db.close()
  })

  it('in the verbs of a transaction, which goes on without them or is rolled back', () => {
    for (const ballast of [0, 1, 2, 3, 5, 8, 13]) {
      const db = prepared(options)
      const before = db.version
      const states = new Uint8Array(20_000)
      let count = 0
      const outcome = outcomeOf(() =>
        db.transact(tx => {
          atTheEdge(() => {
            const at = ++count
            states[at] = 1
            tx.put(`n${at}`, at)
            states[at] = 2
          }, ballast)
        }),
      )
      // An edit that was torn may cost the whole transaction; never part of it.
      const isDone = 'value' in outcome
      if (!isDone) expect(outcome.code).toBe('ZVERSE_TRANSACTION_CLOSED')
      for (let at = 1; at <= count; at++) {
        expect(db.has(`n${at}`)).toBe(isDone && states[at] === 2)
      }
      expect(db.version).toBe(isDone ? before + 1 : before)
      checkDb(db)
      db.put('usable', 1)
      checkDb(db)
      db.close()
    }
  })
})
