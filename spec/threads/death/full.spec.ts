/**
 * A thread dies before single stores of what it does in a full database: while history goes, larger
 * blocks serve, the reserve moves, is used and put by again. Then another finds all of it, and goes on.
 *
 * `ZVERSE_DEATHS` and `ZVERSE_SEED` as in steps.spec.ts.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { bury } from '../../../lib/epoch/threads.js'
import { openWith } from '../../../lib/zverse.js'
import { Random } from '../../support/random.js'
import { runToDeath, Tracer, traceAtomics, untraceAtomics } from './traced.js'
import { attach, attachTraced, copyOf, type Db, type Image, SURVIVOR, sound } from './world.js'

const DEATHS = Number(process.env.ZVERSE_DEATHS ?? 4)
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

/** A database of 1 MiB that is full; then every other key may have been deleted. */
function build(halved: boolean): { image: Image; keys: string[] } {
  const options = { maxBytes: 2 ** 20, history: { versions: 5 }, maxThreads: 16 }
  const db = openWith(options, { now: () => 5000, threadId: 50, poison: true }) as Db
  const random = new Random(4)
  try {
    for (;;) db.put(`key ${random.next()}`, 'x'.repeat(10 + random.int(90)))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
  }
  if (halved) for (const key of [...db.keys()]) if (random.chance(0.5)) db.delete(key as string)
  db.share()
  const { W } = db._test.engine
  const empty = { version: 0, oldest: 0, versions: [], stores: new Map(), pinned: [], tags: [] }
  const image = { bytes: W.slice(), maxBytes: W.length * 4, line: db._test.line, pins: 0 }
  return { image: { ...image, contents: empty }, keys: [...db.keys()] as string[] }
}

/** Runs it, and lets it be refused. */
function attempt(db: Db, keys: string[], operate: (db: Db, keys: string[]) => unknown): void {
  try {
    operate(db, keys)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ZVERSE_FULL') throw error
  }
}

describe.each([
  ['that is full', false],
  ['that was full, and is full of gaps', true],
])('death before stores, in a database %s', (_, halved) => {
  let image: Image
  let keys: string[]
  beforeAll(() => {
    ;({ image, keys } = build(halved))
    traceAtomics()
  })
  afterAll(untraceAtomics)

  it.each(OPERATIONS)('%s', async (_, operate) => {
    const before = JSON.stringify([...attach(copyOf(image), SURVIVOR).getEntries()])
    const handle = copyOf(image)
    const tracer = new Tracer(Number.POSITIVE_INFINITY)
    const victim = attachTraced(handle, VICTIM, tracer)
    const attached = tracer.steps
    const clean = runToDeath(tracer, () => attempt(victim, keys, operate))
    expect(clean).toEqual({ died: false, error: undefined })
    const { steps } = tracer
    const after = JSON.stringify([...attach(handle, SURVIVOR).getEntries()])
    const stride = Math.max(1, Math.ceil((steps - attached) / DEATHS))
    for (let n = attached + 1 + (SEED % stride); n <= steps; n += stride) {
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
        expect([before, after]).toContain(JSON.stringify([...db.getEntries()]))
        for (let i = 1; i < 40; i++) db.delete(keys[i * 5] as string)
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
