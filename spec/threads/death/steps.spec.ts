/**
 * A thread dies before each single store of each kind of operation. Then it is buried, and another
 * thread finds the database in the state before or after, whole, with nothing leaked; and writes.
 *
 * `ZVERSE_DEATHS` is the most deaths of each operation (default 2, spread over all its stores;
 * Infinity: before every store), `ZVERSE_SEED` the seed.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type VersionInfo, ZVerse } from '../../../lib/index.js'
import { tipOf } from '../../../lib/memory/atomic.js'
import { H_LOCK, R_VERSION } from '../../../lib/memory/layout.js'
import { load48 } from '../../../lib/memory/words.js'
import { bury } from '../../../lib/threads/lines.js'
import { runToDeath, storesOf, Tracer, traceAtomics, untraceAtomics } from './traced.js'
import {
  attach,
  attachTraced,
  build,
  type Contents,
  contents,
  copyOf,
  type Db,
  type Image,
  SURVIVOR,
  sound,
} from './world.js'

const DEATHS = Number(process.env.ZVERSE_DEATHS ?? 2)
// All deaths of an operation of many stores take their time.
vi.setConfig({ testTimeout: 7_200_000 })
const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 1000)
const VICTIM = 99
const HEIR = 98

/** The victim's operations. */
const OPERATIONS: [string, (db: Db) => unknown][] = [
  ['put', db => db.put('key 3', 'new')],
  ['put of a large value', db => db.put('key 3', 'x'.repeat(9000))],
  ['delete', db => db.delete('key 4')],
  ['update', db => db.update('key 5', old => `${old}!`)],
  [
    'batch',
    db =>
      db.batch([
        { type: 'put', key: 'a', value: 1 },
        { type: 'del', key: 'key 7' },
        ...Array.from({ length: 40 }, (_, i) => ({
          type: 'put' as const,
          key: `b ${i}`,
          value: i,
        })),
      ]),
  ],
  ['clear', db => db.clear()],
  ['clear of a range', db => db.clear({ prefix: 'key 1' })],
  ['restore', db => db.restore({ at: 'tag 22' })],
  ['tag', db => db.tag('new tag')],
  ['tag that moves', db => db.tag('tag 22')],
  ['untag', db => db.untag('tag 13')],
  ['store', db => db.store('third')],
  ['dropStore', db => db.dropStore('other')],
  ['put in a store', db => db.store('other').put('other 1', 'new')],
  ['an index', db => db.index('other', { on: ['n', 'n'], missing: 'null' })],
  ['dropIndex', db => db.dropIndex('n')],
  ['put that an index follows', db => db.put('indexed 3', { n: ['new', 2, 'and'] })],
  [
    'a transaction that looks into an index',
    db =>
      db.transact(tx => {
        tx.put('indexed 4', { n: 'four' })
        tx.index(db.index('n')).count()
        tx.delete('indexed 3')
      }),
  ],
  ['prune', db => db.prune({ before: db.version })],
  ['setHistory', db => db.setHistory({ versions: 2 })],
  [
    'abort',
    db => {
      const tx = db.beginWrite()
      for (let i = 0; i < 12; i++) tx.put(`key ${i}`, i)
      tx.abort()
    },
  ],
  [
    'a transaction that rolls a verb back',
    db =>
      db.transact(tx => {
        tx.put('a', 1)
        try {
          tx.batch([
            { type: 'put', key: 'c', value: 1 },
            { type: 'put', key: 'key 2', value: 2, ifVersion: null },
          ])
        } catch {}
        tx.put('b', 1)
      }),
  ],
  ['check', db => db.check()],
  [
    'reads',
    db => {
      db.get('key 1')
      db.get('key 1', { at: db.oldestVersion })
      db.get('key 1', { at: 'tag 22' })
      const tagged = db.versions().find(({ tags }) => tags.includes('tag 13'))
      db.get('key 1', { asOf: new Date((tagged as VersionInfo).timestamp) })
      db.history('key 1').toArray()
      db.range().next()
      db.beginRead({ at: 'tag 22' })
    },
  ],
  [
    'many pins',
    db => {
      for (let i = 0; i < 70; i++) {
        const tx = db.beginRead(i % 4 === 1 ? { at: 'tag 22' } : { at: db.oldestVersion })
        db.put(`pin ${i}`, i)
        if (i % 3 === 0) tx.close()
      }
    },
  ],
  ['dump', db => db.dump({ history: true }).toArray()],
  [
    'load',
    db => {
      const small = ZVerse.open({ maxBytes: 2 ** 20 })
      for (let i = 0; i < 9; i++) small.put(`key ${i}`, `loaded ${i}`)
      small.store('third').put('a', 1)
      db.load(small.dump().toArray())
      small.close()
    },
  ],
  ['close', db => db.close()],
]

/** Operations, and how far in the first of two threads dies. */
const RECOVERED: [string, number][] = [
  ['put', 0.4],
  ['put', 0.9],
  ['batch', 0.5],
  ['batch', 0.99],
  ['clear', 0.8],
  ['tag that moves', 0.85],
  ['prune', 0.3],
  ['prune', 0.9],
  ['abort', 0.8],
]

/** The allowed states of the database: each version as before or as after, and nothing in between. */
function expectEither(got: Contents, before: Contents, after: Contents): void {
  const known = (from: Contents) =>
    new Map(from.versions.map(([version, ...rest]) => [version, rest]))
  const [old, young] = [known(before), known(after)]
  expect(got.version >= before.version && got.version <= after.version).toBe(true)
  expect(got.oldest >= before.oldest && got.oldest <= after.oldest).toBe(true)
  expect(got.versions.at(-1)?.[0]).toBe(got.version)
  for (const [version, ...rest] of got.versions) {
    const options = [old.get(version), young.get(version)].filter(Boolean)
    if (options.length === 0) continue
    const same = options.map(option => JSON.stringify(option) === JSON.stringify(rest))
    if (!same.includes(true)) expect(rest).toEqual(options[0])
  }
  for (const [key, content] of got.stores) {
    const options = [before.stores.get(key), after.stores.get(key)].filter(Boolean)
    const same = options.map(option => JSON.stringify(option) === JSON.stringify(content))
    if (options.length > 0 && !same.includes(true)) expect(content, key).toEqual(options[0])
  }
  expect(got.pinned).toEqual(before.pinned)
  for (const side of [before, after]) {
    if (side.version === got.version && side.oldest === got.oldest)
      expect(got.tags).toEqual(side.tags)
  }
}

/** Runs the operation undisturbed: returns its stores, and the state afterwards. */
function cleanRun(image: Image, operate: (db: Db) => unknown) {
  const handle = copyOf(image)
  const tracer = new Tracer(Number.POSITIVE_INFINITY)
  const victim = attachTraced(handle, VICTIM, tracer)
  const attached = tracer.steps
  expect(runToDeath(tracer, () => operate(victim))).toEqual({ died: false, error: undefined })
  const { steps } = tracer
  expect(steps).toBeGreaterThan(attached)
  const db = attach(handle, SURVIVOR)
  bury(db._test.engine.epochs.arena, VICTIM, SURVIVOR)
  sound(db)
  return { steps, attached, expected: contents(db, image.line, image.pins) }
}

/** The survivor's part. */
function survive(handle: unknown, image: Image, before: Contents, after: Contents): void {
  const db = attach(handle, SURVIVOR)
  bury(db._test.engine.epochs.arena, VICTIM, SURVIVOR)
  sound(db)
  expectEither(contents(db, image.line, image.pins), before, after)
  const version = db.version
  expect(db.put('survivor', 'writes')).toBe(version + 1)
  sound(db)
  expect(db.get('survivor')).toBe('writes')
  for (let i = 0; i < 40; i++) db.put(`key ${i % 9}`, i)
  db.prune({ before: db.version })
  sound(db)
  expect(contents(db, image.line, image.pins).pinned).toEqual(before.pinned)
  db.close()
}

describe.each([
  ['of a window of 12', 12],
  ['of no past', 0],
])('death before each store, in a database %s', (_, history) => {
  let image: Image
  beforeAll(() => {
    image = build(history)
    traceAtomics()
  })
  afterAll(untraceAtomics)

  it.each(OPERATIONS)('%s', async (_, operate) => {
    const { steps, attached, expected } = cleanRun(image, operate)
    for (const n of storesOf(attached, steps, DEATHS, SEED)) {
      await turn()
      const handle = copyOf(image)
      const tracer = new Tracer(n)
      const victim = attachTraced(handle, VICTIM, tracer)
      const outcome = runToDeath(tracer, () => operate(victim))
      try {
        expect(outcome).toEqual({ died: true })
        survive(handle, image, image.contents, expected)
      } catch (error) {
        throw new Error(`death before store ${n} of ${steps} (ZVERSE_SEED=${SEED})`, {
          cause: error,
        })
      }
    }
  })

  it.each(OPERATIONS)(
    '%s, cut off by a vm timeout: the same handle goes on',
    async (_, operate) => {
      const { steps, attached, expected } = cleanRun(image, operate)
      for (const n of storesOf(attached, steps, DEATHS, SEED)) {
        await turn()
        const handle = copyOf(image)
        const tracer = new Tracer(n)
        const db = attachTraced(handle, VICTIM, tracer)
        expect(runToDeath(tracer, () => operate(db))).toEqual({ died: true })
        try {
          const { engine } = db._test
          if (!engine.gate.isClosed) {
            // Not the first: the user's open transaction is still open.
            if (engine.isWriting) engine.active?.close()
            // Between the stores of TIP and of CURRENT it is committed: the next owner makes it readable.
            const version = load48(engine.W, tipOf(engine.W) + R_VERSION)
            if (n % 2 === 0) expect(db.put('cut off', n)).toBe(version + 1)
            else {
              // The lock that the call left is not waited for.
              const tx = await db.beginWriteAsync()
              tx.put('cut off', n)
              expect(tx.commit()).toBe(version + 1)
            }
            expect(db.get('cut off')).toBe(n)
            sound(db)
            db.delete('cut off')
            db.close()
          }
          const other = attach(handle, SURVIVOR)
          sound(other)
          expect(contents(other, image.line, image.pins).pinned).toEqual(expected.pinned)
          expect(other.put('other', 1)).toBe(other.version)
          other.close()
        } catch (error) {
          throw new Error(`cut off before store ${n} of ${steps} (ZVERSE_SEED=${SEED})`, {
            cause: error,
          })
        }
      }
    },
  )

  it.each(RECOVERED)('a recoverer dies too, after a death in %s', async (name, share) => {
    const operate = OPERATIONS.find(([other]) => other === name)?.[1] as (db: Db) => unknown
    const { steps, attached, expected } = cleanRun(image, operate)
    const first = attached + Math.floor((steps - attached) * share)
    for (let n = 1; ; n += 1 + Math.floor(300 / DEATHS)) {
      await turn()
      const handle = copyOf(image)
      const tracer = new Tracer(first)
      const victim = attachTraced(handle, VICTIM, tracer)
      expect(runToDeath(tracer, () => operate(victim))).toEqual({ died: true })
      const second = new Tracer(n)
      const outcome = runToDeath(second, () => {
        const heir = attachTraced(handle, HEIR, second)
        bury(heir._test.engine.epochs.arena, VICTIM, HEIR)
        heir.delete('no such key')
      })
      try {
        const db = attach(handle, SURVIVOR)
        bury(db._test.engine.epochs.arena, HEIR, SURVIVOR)
        survive(handle, image, image.contents, expected)
        expect(db._test.engine.W[H_LOCK]).toBe(0)
      } catch (error) {
        throw new Error(`deaths before stores ${first} and ${n}`, { cause: error })
      }
      if (!outcome.died) break
    }
  })

  it('attaching', async () => {
    for (let n = 1; ; n++) {
      await turn()
      const handle = copyOf(image)
      const tracer = new Tracer(n)
      const outcome = runToDeath(tracer, () => attachTraced(handle, VICTIM, tracer))
      survive(handle, image, image.contents, image.contents)
      if (!outcome.died) break
    }
  })
})
