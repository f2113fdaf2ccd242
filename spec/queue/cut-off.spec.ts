/**
 * A call of the queue is cut off, as by a vm timeout, before each store in shared memory and each call of the disk, and the
 * thread goes on. What was being submitted is there as a whole or not at all, and once; nobody hears of a promise that nobody
 * got; all that was submitted before or after is settled as it is. `ZVERSE_DEATHS` and `ZVERSE_SEED` as in death.spec.ts.
 */
import { createContext, runInContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Arena } from '../../lib/memory/arena.js'
import { H_DRAINER, H_PUMP } from '../../lib/memory/layout.js'
import { queueOf } from '../../lib/queue/queue.js'
import { attachWith } from '../../lib/zverse.js'
import { openOn, Time, worst } from '../persistent/world.js'
import { Disk } from '../support/disk.js'
import {
  runToDeath,
  storesOf,
  Tracer,
  traceAtomics,
  tracedArena,
  untraceAtomics,
} from '../threads/death/traced.js'
import { type Db, sound } from '../threads/death/world.js'

const CUTS = Number(process.env.ZVERSE_DEATHS ?? 40)
const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 1000)
vi.setConfig({ testTimeout: 7_200_000 })
const THREAD = 99
const time = new Time()
/** One that has no room in a ring. */
const LARGE = 'x'.repeat(9000)
const set = Uint32Array.prototype.set

const put = (key: string, value: unknown = key) => ({ type: 'put' as const, key, value })

/** What became of submissions. */
class Told {
  readonly outcomes = new Map<string, number | string>()
  readonly promises: Promise<unknown>[] = []

  submit(db: Db, key: string, value: unknown = key, priority: 'high' | 'normal' = 'normal'): void {
    const promise = db.submit([put(key, value), put(`${key} too`)], { priority })
    const settled = promise.then(
      version => this.outcomes.set(key, version),
      error => this.outcomes.set(key, error.code),
    )
    this.promises.push(settled)
  }
}

interface Party {
  readonly disk: Disk
  /** The handle of the thread that is cut off, and another one's. */
  readonly db: Db
  readonly other: Db
  readonly tracer: Tracer
}

function party(): Party {
  const disk = new Disk(2 ** 16)
  const tracer = new Tracer(Number.POSITIVE_INFINITY)
  const options = { maxBytes: 2 ** 20, lockTimeout: 1000, history: { versions: 1e6 } }
  const other = openOn(disk, time, options) as Db
  const wrap = (arena: Arena) => tracedArena(arena, tracer)
  const hooks = { now: () => time.ms, poison: true, threadId: THREAD, files: disk, wrap }
  const db = attachWith(other.share(), {}, hooks) as unknown as Db
  disk.before = () => tracer.step()
  // Private memory of what is in no ring.
  Uint32Array.prototype.set = function (...args) {
    if (this.buffer !== db._test.engine.W.buffer) tracer.step()
    return set.apply(this, args)
  }
  return { disk, db, other, tracer }
}

/** What is in the database is what was told; the rest is whole. */
function judge(db: Db, { outcomes }: Told, cut: readonly string[]): void {
  for (const [key, version] of outcomes) {
    const found = [key, `${key} too`].map(each => db.getEntry(each)?.version)
    const told = typeof version === 'number' ? version : undefined
    expect([key, ...found]).toEqual([key, told, told])
  }
  for (const key of [...outcomes.keys(), ...cut]) {
    const found = [key, `${key} too`].map(each => db.getEntry(each)?.version)
    expect(found[0]).toBe(found[1])
    expect(db.history(key).toArray().length).toBe(found[0] === undefined ? 0 : 1)
  }
}

/** Cuts `act` off before some of its steps; before and after it others are submitted. */
async function eachCut(
  prepare: (party: Party, told: Told) => void,
  act: (party: Party, told: Told) => unknown,
  goOn: (party: Party, told: Told) => unknown,
  cut: readonly string[] = [],
): Promise<void> {
  const stepsOf = async () => {
    const all = party()
    const told = new Told()
    prepare(all, told)
    const { steps } = all.tracer
    act(all, told)
    const after = all.tracer.steps
    await goOn(all, told)
    all.db.close()
    all.other.close()
    return [steps, after] as const
  }
  const [first, last] = await stepsOf()
  for (const n of storesOf(first, last, CUTS, SEED)) {
    try {
      const all = party()
      const { db, other, disk, tracer } = all
      const told = new Told()
      prepare(all, told)
      tracer.dieAt = n
      expect(runToDeath(tracer, () => act(all, told))).toEqual({ died: true })
      await goOn(all, told)
      await Promise.all(told.promises)
      judge(other, told, cut)
      expect(await other.submit(put('last'))).toBe(other.version)
      expect(other.pressure().depths).toEqual({ high: 0, normal: 0, low: 0 })
      sound(other)
      for (const left of [disk.killed(), worst(disk)]) {
        const again = openOn(left, time) as Db
        judge(again, told, cut)
        again.close()
      }
      db.close()
      other.close()
    } catch (error) {
      throw new Error(`cut off before ${n}, of ${first + 1} to ${last} (ZVERSE_SEED=${SEED})`, {
        cause: error,
      })
    }
  }
}

it('a vm timeout cuts calls of submit off at any moment', async () => {
  const disk = new Disk(2 ** 20)
  const db = openOn(disk, time, { maxBytes: 2 ** 26, history: { versions: 1e6 } }) as Db
  let n = 0
  for (let round = 0; round < 20; round++) {
    const told = new Told()
    const first = n
    const more = () => {
      for (;;) told.submit(db, `${n}`, n++ % 50 === 0 ? LARGE : n, n % 7 === 0 ? 'high' : 'normal')
    }
    const context = createContext({ more })
    expect(() => runInContext('more()', context, { timeout: 3 })).toThrow(/timed out/)
    await Promise.all(told.promises)
    for (const version of told.outcomes.values()) expect(version).toBeTypeOf('number')
    // All but the last one, which was cut off.
    expect(told.outcomes.size).toBeGreaterThanOrEqual(Math.max(0, n - first - 1))
    judge(db, told, [`${n - 1}`])
    n++
  }
  sound(db)
  db.close()
})

describe('cut off', () => {
  beforeAll(traceAtomics)
  afterAll(() => {
    untraceAtomics()
    Uint32Array.prototype.set = set
  })

  const some = ({ db, other }: Party, told: Told) => {
    for (let n = 0; n < 3; n++) told.submit(db, `before ${n}`)
    told.submit(other, 'theirs before')
  }
  const more = async ({ db, other }: Party, told: Told) => {
    for (let n = 0; n < 3; n++) told.submit(db, `after ${n}`)
    told.submit(db, 'after high', 1, 'high')
    told.submit(other, 'theirs after')
    told.submit(db, 'after large', LARGE)
    await Promise.all(told.promises)
    for (const version of told.outcomes.values()) expect(version).toBeTypeOf('number')
  }

  const cut = [put('cut'), put('cut too')]
  const submit = ({ db }: Party) => void db.submit(cut).catch(() => {})

  it('submit, the first of a thread', () => eachCut(() => {}, submit, more, ['cut']))

  it('submit, behind others', () => eachCut(some, submit, more, ['cut']))

  it('submit of what has no room in a ring', () => {
    const large = ({ db }: Party) => {
      db.submit([put('cut', LARGE), put('cut too')]).catch(() => {})
    }
    return eachCut(some, large, more, ['cut'])
  })

  it('submit to a backlog that has room, and what was there before', async () => {
    const before = (all: Party, told: Told) => {
      some(all, told)
      for (let n = 0; n < 4; n++) told.submit(all.db, `large ${n}`, LARGE)
    }
    await eachCut(before, submit, more, ['cut'])
  })

  it('submit, and the handle closes, rejecting it', () => {
    // Nobody hears of what nobody got: vitest fails for a rejection that is not handled.
    const first = ({ db }: Party) => void db.submit(cut).catch(() => {})
    const reject = ({ db }: Party) => db.close({ queue: 'reject' })
    return eachCut(() => {}, first, reject, ['cut'])
  })

  /** In rings, and in none. */
  const many = (all: Party, told: Told) => {
    some(all, told)
    for (let n = 0; n < 2; n++) told.submit(all.db, `large ${n}`, LARGE)
    told.submit(all.db, 'before high', 1, 'high')
  }

  it('put, while others wait', () => eachCut(many, ({ db }) => db.put('direct', 1), more))

  it('drain cannot be: it leaves all it does to the event loop', async () => {
    const all = party()
    const told = new Told()
    many(all, told)
    const { steps } = all.tracer
    const over = new AbortController()
    const drained = all.db.drain({ signal: over.signal })
    expect(all.tracer.steps).toBe(steps)
    await more(all, told)
    over.abort()
    await drained
    for (const role of [H_PUMP, H_DRAINER]) expect(all.db._test.engine.W[role]).toBe(0)
    for (const each of [all.db, all.other]) each.close()
  })

  it('close, which commits, and is called again', () => {
    return eachCut(
      many,
      ({ db }) => db.close(),
      ({ db }) => db.close(),
    )
  })

  it('close, which commits; the handle goes on', () => {
    return eachCut(
      many,
      ({ db }) => db.close(),
      async (all, told) => {
        if (!all.db._test.engine.gate.isClosed) await more(all, told)
      },
    )
  })

  it('close, which rejects, and is called again', () => {
    const close = ({ db }: Party) => db.close({ queue: 'reject' })
    return eachCut(many, close, close)
  })

  it('submit of what is in conflict', () => {
    const conflict = ({ db }: Party) =>
      void db.submit({ ...put('before 0'), ifVersion: 77 }).catch(() => {})
    return eachCut(some, conflict, more)
  })

  it('close, while it reads what has come of them', async () => {
    const count = 70
    const all = () => {
      const one = party()
      const told = new Told()
      for (let n = 0; n < count; n++) told.submit(one.db, `${n}`)
      return { ...one, told }
    }
    const whole = all()
    whole.db.close()
    whole.other.close()
    // The last stores: times are noted, once a chunk, and then the line is given back.
    for (let n = whole.tracer.steps - 60; n <= whole.tracer.steps; n++) {
      const { db, other, tracer, told } = all()
      tracer.dieAt = n
      runToDeath(tracer, () => db.close())
      db.close()
      await Promise.all(told.promises)
      judge(other, told, [])
      expect(told.outcomes.size).toBe(count)
      other.close()
    }
  })

  it('by the end of the stack, at any depth, submit has done nothing', async () => {
    const { db, other } = party()
    const queue = queueOf(db._test.engine)
    const submitted: [string, Promise<number>][] = []
    const refused: string[] = []
    for (let ballast = 0; ballast < 40; ballast++) {
      let left = 40
      const dive = (...rest: number[]): void => {
        try {
          dive(...rest)
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
        }
        if (left-- <= 0) return
        const key = `${ballast} ${left}`
        try {
          submitted.push([key, queue.submit(db._core, put(key), undefined, true)])
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
          refused.push(key)
        }
      }
      dive(...Array.from({ length: ballast }, (_, i) => i))
    }
    for (const [key, promise] of submitted) {
      const version = await promise
      expect(other.getEntry(key)?.version).toBe(version)
    }
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.filter(key => other.has(key))).toEqual([])
    expect(other.pressure().depths.normal).toBe(0)
    sound(other)
    for (const each of [db, other]) each.close()
  })
})
