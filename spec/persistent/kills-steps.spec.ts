/**
 * A thread dies before each single store of each kind of operation on a persistent database. Then it is buried, and
 * another thread finds the database in the state before or after, whole, with nothing leaked; and writes. What was
 * readable is there when the directory is opened, too: as the death left it, and after the other thread has closed.
 *
 * `ZVERSE_DEATHS` and `ZVERSE_SEED` as in spec/threads/death/steps.spec.ts.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { bury } from '../../lib/threads/lines.js'
import { openWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import {
  runToDeath,
  storesOf,
  Tracer,
  traceAtomics,
  untraceAtomics,
} from '../threads/death/traced.js'
import { type Db, type Image, SURVIVOR } from '../threads/death/world.js'
import { attachTo, copyOf, imageOf, placeOf, readable, sound } from './steps-world.js'

const DEATHS = Number(process.env.ZVERSE_DEATHS ?? 1)
vi.setConfig({ testTimeout: 7_200_000 })
const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 1000)
const VICTIM = 99
/** Bytes of the first segment. */
const SEGMENT = 2 ** 20

const OPERATIONS: [string, (db: Db) => unknown][] = [
  ['put', db => db.put('key 3', 'new')],
  ['put of a large value', db => db.put('key 3', 'x'.repeat(9000))],
  ['delete', db => db.delete('key 4')],
  [
    'batch',
    db =>
      db.batch([
        { type: 'put', key: 'a', value: 1 },
        { type: 'del', key: 'key 7' },
        ...Array.from({ length: 40 }, (_, i) => {
          return { type: 'put' as const, key: `b ${i}`, value: i }
        }),
      ]),
  ],
  ['two puts', db => [db.put('key 3', 1), db.put('key 3', 2)]],
  ['clear', db => db.clear()],
  ['tag', db => db.tag('new tag')],
  ['tag that moves', db => db.tag('tag 22')],
  ['untag', db => db.untag('tag 13')],
  ['store', db => db.store('third')],
  ['dropStore', db => db.dropStore('other')],
  ['prune', db => db.prune({ before: db.version })],
  ['setHistory', db => [db.setHistory({ versions: 2 }), db.put('key 3', 'new')]],
  [
    'a transaction over two stores',
    db => {
      const other = db.store('other')
      db.transact(tx => {
        tx.put('key 3', 'both')
        tx.store(other).put('key 3', 'both')
      })
    },
  ],
  ['flush', db => [db.put('key 3', 'new'), db.flush()]],
  ['close', db => [db.put('key 3', 'new'), db.close()]],
]

interface World {
  readonly image: Image
  readonly disk: Disk
}

/** A persistent database with a past, tags and stores; the next record begins a segment if `isFull`. */
function build(sync: string, isFull: boolean): World {
  let time = 1000
  const disk = new Disk()
  const options = {
    ...{ path: '/db', sync, background: false, maxBytes: 2 ** 21 },
    ...{ history: { versions: 8 }, maxThreads: 16, syncInterval: 60_000 },
  }
  const hooks = { now: () => ++time, threadId: 50, poison: true, indexFrom: 1, files: disk }
  const db = openWith(options, hooks) as Db
  const other = db.store('other')
  for (let i = 0; i < 34; i++) {
    db.put(`key ${(i * 7) % 23}`, `value ${i} ${'.'.repeat((i * 31) % 90)}`)
    if (i % 5 === 2) db.delete(`key ${(i * 3) % 23}`)
    if (i % 6 === 1) other.put(`other ${i % 4}`, i)
    if (i % 9 === 4) db.tag(`tag ${i}`)
  }
  const left = () => SEGMENT - (db._test.engine.log as unknown as Ending).tip.end.offset
  while (isFull && left() > 150) {
    db.put('filler', 'x'.repeat(Math.min(20_000, Math.max(0, left() - 200))))
  }
  return { image: imageOf(db), disk }
}

interface Ending {
  readonly tip: { readonly end: { readonly offset: number } }
}

/** What the directory holds, as another process would find it. */
function reopened(disk: Disk): string {
  const left = disk.survived()
  for (const path of left.paths) if (path.startsWith('/db/lock-')) left.unlink(path)
  const options = { path: '/db', background: false, maxBytes: 2 ** 21, maxThreads: 16 }
  const db = openWith(options, { now: () => 5000, files: left }) as Db
  const found = readable(db)
  sound(db)
  db.close()
  return found
}

const WORLDS: [string, boolean][] = [
  ['commit', true],
  ['interval', false],
  ['commit', false],
  ['never', true],
]

describe.each(DEATHS > 1 ? WORLDS : WORLDS.slice(0, 2))(
  'death before each store, persistent, sync %s, at the end of a segment: %s',
  (sync, isFull) => {
    let world: World
    beforeAll(() => {
      world = build(sync, isFull)
    })

    /** Runs the operation, until store `n` of the thread. */
    function run(operate: (db: Db) => unknown, n: number) {
      const disk = world.disk.survived()
      const handle = copyOf(world.image)
      const survivor = () => {
        const db = attachTo(handle, SURVIVOR, disk)
        bury(db._test.engine.epochs.arena, VICTIM, SURVIVOR)
        return db
      }
      const tracer = new Tracer(n)
      traceAtomics()
      try {
        const victim = attachTo(handle, VICTIM, disk, tracer)
        const attached = tracer.steps
        const outcome = runToDeath(tracer, () => operate(victim))
        return { outcome, attached, tracer, disk, survivor }
      } finally {
        untraceAtomics()
      }
    }
    it.each(OPERATIONS)('%s', async (_, operate) => {
      const before = reopened(world.disk)
      const clean = run(operate, Number.POSITIVE_INFINITY)
      expect(clean.outcome).toEqual({ died: false, error: undefined })
      const { steps } = clean.tracer
      const states = [before, ...statesOf(operate)]
      for (const n of storesOf(clean.attached, steps, DEATHS, SEED)) {
        await turn()
        const { outcome, survivor, disk } = run(operate, n)
        try {
          expect(outcome).toEqual({ died: true })
          placeOf(states, reopened(disk), 0, 'opened after the death')
          const db = survivor()
          sound(db)
          const seen = placeOf(states, readable(db), 0, 'seen after the death')
          // What the dead thread left staged becomes readable now, if not before.
          db.flush()
          placeOf(states, readable(db), seen, 'seen after a flush')
          const { version } = db
          expect(db.put('survivor', 'writes')).toBe(version + 1)
          for (let i = 0; i < 20; i++) db.put(`key ${i % 9}`, i)
          db.tag('survivor')
          db.prune({ before: db.version })
          sound(db)
          const last = readable(db)
          db.close()
          expect(reopened(disk)).toEqual(last)
        } catch (error) {
          throw new Error(`death before store ${n} of ${steps} (ZVERSE_SEED=${SEED})`, {
            cause: error,
          })
        }
      }
    })

    /** The states that the operation leads through, seen after each of its verbs. */
    function statesOf(operate: (db: Db) => unknown): string[] {
      const disk = world.disk.survived()
      const db = attachTo(copyOf(world.image), VICTIM, disk)
      const states: string[] = []
      const { engine } = db._test
      const log = engine.log as unknown as { append: (mutation: unknown) => void }
      const append = log.append.bind(log)
      // Each record of the log ends a state.
      log.append = mutation => {
        states.push(reopened(disk))
        append(mutation)
      }
      operate(db)
      states.push(reopened(disk))
      return states
    }
  },
)
