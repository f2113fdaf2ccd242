/**
 * A thread dies before single stores of its operations in a full database: while history goes, other
 * blocks serve, values go into pieces and out of them, and the reserve moves, is used and is filled
 * again. Then another thread finds all of it whole, and goes on.
 *
 * `ZVERSE_DEATHS` and `ZVERSE_SEED` as in steps.spec.ts.
 */

import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { KeyBuffer } from '../../../lib/key/codec.js'
import { isInPieces } from '../../../lib/memory/entry.js'
import { H_CURRENT, R_STATE, S_LIVE } from '../../../lib/memory/layout.js'
import { bury } from '../../../lib/threads/lines.js'
import { openWith } from '../../../lib/zverse.js'
import { Random } from '../../support/random.js'
import { runToDeath, storesOf, Tracer, traceAtomics, untraceAtomics } from './traced.js'
import { attach, attachTraced, copyOf, type Db, type Image, SURVIVOR, sound } from './world.js'

const DEATHS = Number(process.env.ZVERSE_DEATHS ?? 2)
vi.setConfig({ testTimeout: 7_200_000 })
const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 1000)
const VICTIM = 99

const OPERATIONS: [string, (db: Db, keys: string[]) => unknown][] = [
  ['delete', (db, keys) => db.delete(keys[100] as string)],
  [
    'clear of a range',
    (db, keys) => db.clear({ gte: keys[50] as string, lt: keys[250] as string }),
  ],
  ['clear', db => db.clear()],
  ['put that replaces', (db, keys) => db.put(keys[7] as string, 'y'.repeat(60))],
  ['put that may not fit', db => db.put('key new', 'y'.repeat(3000))],
  ['put of a large value', db => db.put('key new', 'y'.repeat(30_000))],
  [
    'deletes and puts',
    (db, keys) =>
      db.transact(tx => {
        for (let i = 0; i < 20; i++) tx.delete(keys[i * 9] as string)
        for (let i = 0; i < 10; i++) tx.put(`new ${i}`, 'y'.repeat(100))
      }),
  ],
]

const LARGE = 'z'.repeat(20_000)

/** Operations on values in pieces. */
const IN_PIECES: [string, (db: Db, keys: string[]) => unknown][] = [
  ['put of a value', db => db.put('key new', LARGE)],
  ['put that replaces one', db => db.put('large 1', LARGE)],
  ['put of a small value', db => db.put('key new', 'y'.repeat(150))],
  ['delete', db => db.delete('large 1')],
  ['delete that ends the past', db => [db.delete('large 1'), db.prune({ before: db.version })]],
  ['clear of a range', db => db.clear({ prefix: 'large' })],
  ['clear', db => db.clear()],
  ['restore', db => db.restore({ at: 'before' })],
  ['untag', db => db.untag('before')],
  [
    'abort',
    db => {
      const tx = db.beginWrite()
      tx.put('large 2', LARGE)
      tx.put('large 2', `${LARGE}2`)
      tx.delete('large 0')
      tx.abort()
    },
  ],
  [
    'a transaction that rolls back what it put',
    db =>
      db.transact(tx => {
        tx.put('a', LARGE)
        try {
          tx.batch([
            { type: 'put', key: 'c', value: LARGE },
            { type: 'put', key: 'a', value: 2, ifVersion: null },
          ])
        } catch {}
        tx.put('b', 1)
      }),
  ],
  ['put that does not fit', db => db.put('key new', 'z'.repeat(700_000))],
]

/** How full the database is. */
type Fill = 'full' | 'halved' | 'in pieces'

/**
 * A database of 1 MiB that is full; then every other key may have been deleted, and large values put that
 * lie in the gaps.
 */
function build(fill: Fill): { image: Image; keys: string[] } {
  const options = { maxBytes: 2 ** 20, history: { versions: 5 }, maxThreads: 16 }
  const db = openWith(options, { now: () => 5000, threadId: 50, poison: true }) as Db
  const random = new Random(4)
  try {
    for (;;) db.put(`key ${random.next()}`, 'x'.repeat(10 + random.int(90)))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
  }
  const keys = [...db.keys()] as string[]
  if (fill !== 'full') for (const key of keys) if (random.chance(0.5)) db.delete(key)
  if (fill === 'in pieces') {
    for (let i = 0; i < 3; i++) db.put(`large ${i}`, `${LARGE}${i}`)
    db.tag('before')
    for (let i = 0; i < 3; i++) db.put(`large ${i}`, `${LARGE}${i + 1}`)
    const { W } = db._test.engine
    const entry = db._core.find(W[(W[H_CURRENT] as number) + R_STATE + S_LIVE] as number, keyOf(db))
    expect(isInPieces(W, entry)).toBe(true)
  }
  db.share()
  const { W } = db._test.engine
  const empty = { version: 0, oldest: 0, versions: [], stores: new Map(), pinned: [], tags: [] }
  const image = { bytes: W.slice(), maxBytes: W.length * 4, line: db._test.line, pins: 0 }
  return { image: { ...image, contents: empty }, keys }
}

/** The key of a value in pieces, encoded. */
function keyOf(db: Db): KeyBuffer {
  const key = new KeyBuffer()
  db._core.encodeKey('large 1', key)
  return key
}

/** All that can be read. */
function allOf(db: Db): string {
  return JSON.stringify(db.versions().map(({ version: at }) => [at, [...db.getEntries({ at })]]))
}

/** All that can be read at the present version. */
function present(db: Db): string {
  return JSON.stringify([...db.getEntries()])
}

/** Runs it, and lets it be refused. */
function attempt(db: Db, keys: string[], operate: (db: Db, keys: string[]) => unknown): void {
  try {
    operate(db, keys)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ZVERSE_FULL') throw error
  }
}

describe.each<[string, Fill, typeof OPERATIONS]>([
  ['that is full', 'full', OPERATIONS],
  ['that was full, and is full of gaps', 'halved', OPERATIONS],
  ['in whose gaps values lie', 'in pieces', IN_PIECES],
])('death before stores, in a database %s', (_, fill, operations) => {
  let image: Image
  let keys: string[]
  beforeAll(() => {
    ;({ image, keys } = build(fill))
    traceAtomics()
  })
  afterAll(untraceAtomics)

  it.each(operations)('%s', async (_, operate) => {
    const before = present(attach(copyOf(image), SURVIVOR))
    const handle = copyOf(image)
    const tracer = new Tracer(Number.POSITIVE_INFINITY)
    const victim = attachTraced(handle, VICTIM, tracer)
    const attached = tracer.steps
    const clean = runToDeath(tracer, () => attempt(victim, keys, operate))
    expect(clean).toEqual({ died: false, error: undefined })
    const { steps } = tracer
    const after = present(attach(handle, SURVIVOR))
    for (const n of storesOf(attached, steps, DEATHS, SEED)) {
      await turn()
      const copy = copyOf(image)
      const tracer = new Tracer(n)
      const victim = attachTraced(copy, VICTIM, tracer)
      const outcome = runToDeath(tracer, () => attempt(victim, keys, operate))
      try {
        expect(outcome).toEqual({ died: true })
        const db = attach(copy, SURVIVOR)
        bury(db._test.engine.epochs.arena, VICTIM, SURVIVOR)
        sound(db)
        expect([before, after]).toContain(present(db))
        expect(allOf(db)).toContain(present(db))
        for (let i = 1; i < 40; i++) db.delete(keys[i * 5] as string)
        for (let i = 0; i < 3; i++) db.delete(`large ${i}`)
        sound(db)
        db.put('survivor', 'writes')
        expect(db.get('survivor')).toBe('writes')
        db.clear()
        db.put('survivor', 'writes again')
        sound(db)
        db.close()
      } catch (error) {
        throw new Error(`death before store ${n} of ${steps} (ZVERSE_SEED=${SEED})`, {
          cause: error,
        })
      }
    }
  })
})
