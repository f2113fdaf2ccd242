/**
 * A thread dies before each store of committing a group, or of submitting. It is buried, and another thread commits what
 * is left: each submission of the others is committed once, as a whole, in order, and its outcome says with which version;
 * what the dead one was submitting is there as a whole or not at all; nothing leaks.
 *
 * `ZVERSE_DEATHS` and `ZVERSE_SEED` as in spec/threads/death/steps.spec.ts.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { LANES, T_QUEUE } from '../../lib/memory/layout.js'
import { U_WORDS } from '../../lib/memory/queue-layout.js'
import { Backlog } from '../../lib/queue/backlog.js'
import { Committer } from '../../lib/queue/committer.js'
import { versionAt } from '../../lib/queue/outcome.js'
import { bury } from '../../lib/threads/lines.js'
import * as rings from '../../lib/threads/rings.js'
import { eachLine } from '../../lib/threads/table.js'
import { openWith } from '../../lib/zverse.js'
import {
  runToDeath,
  storesOf,
  Tracer,
  traceAtomics,
  untraceAtomics,
} from '../threads/death/traced.js'
import {
  attach,
  attachTraced,
  copyOf,
  type Db,
  type Image,
  imageOf,
  SURVIVOR,
  sound,
} from '../threads/death/world.js'

const DEATHS = Number(process.env.ZVERSE_DEATHS ?? 40)
const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 1000)
vi.setConfig({ testTimeout: 7_200_000 })
const VICTIM = 99
const PRODUCERS = [60, 61]
const PRIORITIES = ['high', 'normal', 'low'] as const

/** What each producer has submitted in each lane: the keys of each unit. */
const UNITS = 6
const keysOf = (id: number, lane: number, i: number) => {
  const keys = [`${id} ${PRIORITIES[lane]} ${i}`]
  return i % 3 === 1 ? [...keys, `${keys[0]} too`, `${keys[0]} as well`] : keys
}

/** A database with submissions of two threads that nobody has taken. */
function build(groupBytes: number): Image {
  const options = { maxBytes: 2 ** 21, maxThreads: 16, queue: { groupBytes } }
  const hooks = { now: () => 5000, threadId: 50, poison: true, indexFrom: 1 }
  const db = openWith(options, hooks) as Db
  for (let i = 0; i < 30; i++) db.put(`key ${i}`, i)
  const handle = db.share()
  const producers = PRODUCERS.map(id => ({ id, handle: attach(handle, id) }))
  for (let i = 0; i < UNITS; i++) {
    for (const [lane, priority] of PRIORITIES.entries()) {
      for (const { id, handle } of producers) {
        // Absent before: a second time would be a conflict.
        const operations = keysOf(id, lane, i).map(key => {
          return {
            type: 'put' as const,
            key,
            value: `${key} ${'.'.repeat(i * 20)}`,
            ifVersion: null,
          }
        })
        handle.submit(operations, { priority }).catch(() => {})
      }
    }
  }
  const image = imageOf(db)
  for (const { handle } of producers) handle.close()
  db.close()
  return image
}

function committerOf(db: Db): Committer {
  return new Committer(db._test.engine, [new Backlog(), new Backlog(), new Backlog()])
}

function commitAll(db: Db): void {
  const committer = committerOf(db)
  while (committer.commit(false, false));
}

/** The outcomes of all submissions, by producer and lane. */
function outcomes(db: Db): Map<string, (number | undefined)[]> {
  const { W } = db._test.engine
  const all = new Map<string, (number | undefined)[]>()
  eachLine(W, line => {
    const block = W[line + T_QUEUE] as number
    if (block === 0) return false
    for (let lane = 0; lane < LANES; lane++) {
      const at = rings.laneAt(block, lane)
      expect(rings.tailOf(W, at)).toBe(rings.headOf(W, at))
      expect(rings.doneOf(W, at)).toBe(rings.headOf(W, at))
      const versions: (number | undefined)[] = []
      for (let position = 0; position !== rings.headOf(W, at); ) {
        position = rings.skipTo(W, at, position)
        const unit = rings.unitAt(W, at, position)
        versions.push(versionAt(W, unit))
        position += W[unit + U_WORDS] as number
      }
      all.set(`${line} ${lane}`, versions)
    }
    return false
  })
  return all
}

/** Each submission is in one version, in which all its keys are; lanes keep their order. */
function expectOnce(db: Db): void {
  const lanes = [...outcomes(db).values()].filter(versions => versions.length === UNITS)
  expect(lanes.length).toBe(PRODUCERS.length * PRIORITIES.length)
  let at = 0
  for (const id of PRODUCERS) {
    for (const [lane] of PRIORITIES.entries()) {
      const versions = lanes[at++] as number[]
      expect([...versions].sort((a, b) => a - b)).toEqual(versions)
      for (const [i, version] of versions.entries()) {
        for (const key of keysOf(id, lane, i)) {
          expect(db.getEntry(key)).toMatchObject({ value: `${key} ${'.'.repeat(i * 20)}`, version })
        }
      }
    }
  }
}

/** Stores of the operation, from its attaching on. */
function stepsOf(image: Image, operate: (db: Db) => void) {
  const tracer = new Tracer(Number.POSITIVE_INFINITY)
  const victim = attachTraced(copyOf(image), VICTIM, tracer)
  const attached = tracer.steps
  expect(runToDeath(tracer, () => operate(victim))).toEqual({ died: false, error: undefined })
  const { steps } = tracer
  // What it has begun goes on in no promise.
  victim.close()
  return { attached, steps }
}

/** What a dead one has begun in promises would go on, for it is dead to shared memory alone. */
function bringToRest(victim: Db): void {
  try {
    victim.close()
  } catch {
    // It was in the middle of something.
  }
}

type Survive = (db: Db, n: number, handle: unknown) => void

describe.each([
  ['one group', 65_536],
  ['many groups', 1024],
])('%s', (_, groupBytes) => {
  let image: Image
  beforeAll(() => {
    image = build(groupBytes)
    traceAtomics()
  })
  afterAll(untraceAtomics)

  /** A victim dies before stores of `operate`; then `survive` looks at what is left. */
  async function eachDeath(operate: (db: Db) => void, survive: Survive): Promise<void> {
    const { attached, steps } = stepsOf(image, operate)
    for (const n of storesOf(attached, steps, DEATHS, SEED)) {
      await turn()
      const handle = copyOf(image)
      const tracer = new Tracer(n)
      const victim = attachTraced(handle, VICTIM, tracer)
      try {
        expect(runToDeath(tracer, () => operate(victim))).toEqual({ died: true })
        const db = attach(handle, SURVIVOR)
        bury(db._test.engine.epochs.arena, VICTIM, SURVIVOR)
        survive(db, n, handle)
        sound(db)
        db.close()
      } catch (error) {
        const message = `death before store ${n} of ${steps} (ZVERSE_SEED=${SEED})`
        throw new Error(message, { cause: error })
      } finally {
        bringToRest(victim)
      }
    }
  }

  it('who commits dies before a store: the next one goes on', () =>
    eachDeath(commitAll, (db, n) => {
      sound(db)
      // Somebody writes in between: a version of its own is no group.
      if (n % 2 === 0) db.put('between', n)
      commitAll(db)
      expectOnce(db)
      // A death among the counts may leave them too low.
      for (const count of Object.values(db.stats().queue.settled))
        expect(count).toBeLessThanOrEqual(12)
    }))

  it('who submits dies before a store: nobody is blocked, and nothing is half there', () => {
    const own = ['own 1', 'own 2'].map(key => ({ type: 'put' as const, key, value: key }))
    const submit = (db: Db) => {
      db.submit(own).catch(() => {})
    }
    return eachDeath(submit, (db, _, handle) => {
      commitAll(db)
      expectOnce(db)
      expect([0, 2]).toContain(db.keys({ prefix: 'own' }).toArray().length)
      expect(db.stats().queue.depth).toEqual({ high: 12, normal: 12, low: 12 })
      sound(db)
      // The place of the dead one serves another.
      const heir = attach(handle, VICTIM + 1)
      heir.submit(own).catch(() => {})
      commitAll(db)
      expect(db.get('own 1')).toBe('own 1')
    })
  })
})
