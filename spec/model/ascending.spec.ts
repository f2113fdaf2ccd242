/**
 * Ascending puts take paths of their own in the tree's editor: into gaps between keys, over the ends
 * of leaves, with all that may come between two of them. Against a plain map; `check` after each
 * transaction.
 *
 * `ZVERSE_SEED` is the first seed.
 */
import { describe, expect, it } from 'vitest'
import type { Database } from '../support/contract.js'
import { open } from '../support/engine.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 1e6)
const RUNS = scaled(60)

type Map_ = Map<string, string>
interface Tx {
  put(key: string, value: string): unknown
  delete(key: string): unknown
  get(key: string): unknown
  batch(operations: unknown[]): unknown
  range(range?: object): Iterator<unknown>
}

/** Keys of several shapes: short and long, with prefixes in common and without. */
function keyOf(random: Random, shape: number, n: number): string {
  const digits = String(n).padStart(shape === 2 ? 12 : 7, '0')
  if (shape === 0) return digits
  if (shape === 1) return `common prefix/${digits}`
  if (shape === 2) return `${digits}${'x'.repeat(n % 5)}`
  return `${String.fromCharCode(97 + (n % 3))}${n % 2 ? 'long '.repeat(9) : ''}${digits}${random.int(2)}`
}

/** Keys in ascending order from `from` on, as many as `count`, with gaps of up to `gap`. */
function ascending(random: Random, from: number, count: number, gap: number): string[] {
  const shape = random.int(4)
  let n = from
  const keys = Array.from({ length: count }, () => keyOf(random, shape, (n += 1 + random.int(gap))))
  return shape === 3 ? keys.sort() : keys
}

/** Operations that may come between two ascending puts. */
function interrupt(random: Random, db: Database, tx: Tx, map: Map_, last: string): void {
  const keys = [...map.keys()]
  const some = random.pick(keys)
  const what = random.int(8)
  if (what === 0) {
    tx.delete(some)
    map.delete(some)
  } else if (what === 1) {
    tx.put(some, 'again')
    map.set(some, 'again')
  } else if (what === 2) {
    const cursor = tx.range({ gte: last })
    cursor.next()
    if (random.chance(0.5)) cursor.return?.()
  } else if (what === 3) {
    const failing = [
      { type: 'put', key: `${last}!`, value: 'not to stay' },
      { type: 'put', key: `${last}!!`, value: 'not to stay' },
      { type: 'put', key: last, value: 'x', ifVersion: null },
    ]
    expect(() => tx.batch(failing)).toThrow(expect.objectContaining({ code: 'ZVERSE_CONFLICT' }))
  } else if (what === 4) {
    expect(tx.get(some)).toBe(map.get(some))
  } else if (what === 5) {
    tx.delete(last)
    map.delete(last)
  } else if (what === 6) {
    tx.batch([{ type: 'put', key: `${last}~`, value: 'batched' }])
    map.set(`${last}~`, 'batched')
  } else {
    putWithFailure(random, db, tx, map, `${last}$`)
  }
}

/** A put during which an allocation fails, or none: it takes place as a whole or not at all. */
function putWithFailure(random: Random, db: Database, tx: Tx, map: Map_, key: string): void {
  db._test.failAfter(1 + random.int(4))
  try {
    tx.put(key, 'perhaps')
    map.set(key, 'perhaps')
  } catch (error) {
    expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
  } finally {
    db._test.failAfter(0)
  }
}

function run(random: Random, db: Database, tx: Tx, map: Map_): void {
  const busy = random.chance(0.5)
  for (let runs = 1 + random.int(6); runs > 0; runs--) {
    const count = random.pick([3, 20, 70, 200, 700])
    const keys = ascending(random, random.int(3000), count, random.pick([1, 2, 40]))
    for (const key of keys) {
      const value = `${random.int(1000)}`.repeat(1 + random.int(4))
      tx.put(key, value)
      map.set(key, value)
      if (busy && random.chance(0.1)) interrupt(random, db, tx, map, key)
    }
  }
}

function expectSame(db: Database, map: Map_): void {
  const { ok, problems } = db.check()
  expect(problems).toEqual([])
  expect(ok).toBe(true)
  const expected = [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  expect(db.range().toArray()).toEqual(expected)
}

describe(`ascending puts, seeds ${SEED} … ${SEED + RUNS - 1}`, () => {
  it.each(Array.from({ length: RUNS }, (_, i) => [SEED + i]))('seed %i', seed => {
    const random = new Random(seed)
    const db = open({ values: 'string', history: { versions: 3 } }, { poison: true })
    const map: Map_ = new Map()
    for (let round = 0; round < 4; round++) {
      const inside = new Map(map)
      const isAborted = random.chance(0.2)
      const tx = db.beginWrite()
      run(random, db, tx as unknown as Tx, inside)
      if (isAborted) tx.abort()
      else {
        tx.commit()
        map.clear()
        for (const [key, value] of inside) map.set(key, value)
      }
      expectSame(db, map)
    }
    db.close()
  })
})
