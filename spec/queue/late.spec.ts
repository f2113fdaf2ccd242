/**
 * What other threads do between the end of a group, well or badly, and the moment in which its thread says what has come of it. The
 * model spec/model/spin/queue.pml has found these; here real memory shows each once.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, it, vi } from 'vitest'
import { T_QUEUE } from '../../lib/memory/layout.js'
import { Backlog } from '../../lib/queue/backlog.js'
import { Committer } from '../../lib/queue/committer.js'
import { bury } from '../../lib/threads/lines.js'
import * as rings from '../../lib/threads/rings.js'
import { attachWith } from '../../lib/zverse.js'
import { runToDeath, Tracer, traceAtomics, untraceAtomics } from '../threads/death/traced.js'
import { attachTraced, type Db } from '../threads/death/world.js'
import { database, put } from './world.js'

afterEach(untraceAtomics)

/** Handles of threads on one database, whose clock can be made to throw. */
function party() {
  const clock = { fails: false }
  const db = database({ maxThreads: 16 }, () => 5000)
  const share = db.share()
  const now = () => {
    if (clock.fails) throw new Error('no time')
    return 5000
  }
  const attach = (threadId: number) => attachWith(share, undefined, { now, threadId }) as Db
  return { db, share, clock, attach }
}

/** Commits in the place of a handle's own queue: when the test says. */
const committerOf = (db: Db) =>
  new Committer(db._test.engine, [new Backlog(), new Backlog(), new Backlog()])

const quiet = (promise: Promise<unknown>) => void promise.catch(() => {})
const blockOf = ({ _test: { engine } }: Db) => engine.W[engine.epochs.line + T_QUEUE] as number
/** The ring for what `put` submits. */
const ringOf = (db: Db) => [db._test.engine.W, rings.laneAt(blockOf(db), 1)] as const

/** A group of one fails; `between` runs once the lock is given back, before what has failed is noted. */
function failing(
  db: Db,
  clock: { fails: boolean },
  between: () => void,
  committer = committerOf(db),
): void {
  const { turn } = db._test.engine.epochs
  const exclusively = turn.exclusively.bind(turn)
  turn.exclusively = body => {
    turn.exclusively = exclusively
    clock.fails = false
    between()
    return exclusively(body)
  }
  clock.fails = true
  committer.commit(false, false)
  turn.exclusively = exclusively
}

it('a group that fails takes nothing back that another thread has committed meanwhile', () => {
  const { db, clock, attach } = party()
  const [a, b] = [attach(60), attach(61)]
  const other = committerOf(b)
  quiet(b.submit(put('x', 1)))
  other.commit(false, false)
  quiet(a.submit(put('a', 1)))
  failing(a, clock, () => {
    quiet(b.submit(put('b', 1)))
    other.commit(false, true)
  })
  other.commit(false, false)
  expect(db.history('b').toArray()).toHaveLength(1)
})

it('a group that fails leaves what an owner has published that died with it', () => {
  traceAtomics()
  let hits = 0
  for (let n = 1; hits === 0 && n < 1000; n++) {
    const { db, share, clock, attach } = party()
    const a = attach(60)
    const tracer = new Tracer(Number.POSITIVE_INFINITY)
    const dying = attachTraced(share, 61, tracer)
    const committer = committerOf(dying)
    quiet(a.submit(put('a', 1)))
    let isPublished = false
    failing(a, clock, () => {
      tracer.dieAt = tracer.steps + n
      const { died } = runToDeath(tracer, () => committer.commit(false, false))
      expect(died).toBe(true)
      bury(a._test.engine.epochs.arena, 61, 60)
      isPublished = db.get('a') !== undefined && rings.tailOf(...ringOf(a)) === 0
    })
    if (!isPublished) continue
    hits++
    const [W, ring] = ringOf(a)
    expect(db.get('a')).toBe(1)
    expect(rings.tailOf(W, ring)).toBe(rings.headOf(W, ring))
    while (committerOf(a).commit(false, false));
    expect(db.history('a').toArray()).toHaveLength(1)
  }
  expect(hits).toBe(1)
})

it('what is told late says nothing to the next thread of a line', async () => {
  const { attach } = party()
  const [a, b] = [attach(60), attach(61)]
  quiet(b.submit(['b1', 'b2', 'b3', 'b4'].map(key => put(key, 1))))
  const { watch } = a._test.engine.epochs
  const tell = watch.tell.bind(watch)
  let result: Promise<number> | undefined
  let heir: Db | undefined
  watch.tell = () => {
    watch.tell = tell
    const { line } = b._test
    b.close()
    heir = attach(62)
    expect(heir._test.line).toBe(line)
    result = heir.submit(put('heir', 1))
    tell()
  }
  committerOf(a).commit(false, false)
  const [W, ring] = ringOf(heir as Db)
  expect(rings.doneOf(W, ring)).toBe(rings.tailOf(W, ring))
  expect(await result).toBe(2)
  expect((heir as Db).get('heir')).toBe(1)
})

it('promises of a lane are settled in its order, whatever the groups are', async () => {
  const db = database({ queue: { groupBytes: 1024 } })
  const told: number[] = []
  const all = Array.from({ length: 500 }, async (_, i) => {
    // Each third is in conflict.
    const operation =
      i % 3 === 0 ? { ...put('a', i), ifVersion: 1e6 } : put(`${i}`, 'x'.repeat(i % 50))
    await db.submit(operation).catch(() => {})
    told.push(i)
  })
  await Promise.all(all)
  expect(told).toEqual([...told.keys()])
})

it('what had no room in a ring is let go of once it is committed', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const db = database({ maxBytes: 2 ** 26 })
  await db.submit(put('first', 1))
  const used = () => {
    collect()
    return process.memoryUsage().arrayBuffers
  }
  const before = used()
  const size = 2 ** 24
  await db.submit(put('large', 'x'.repeat(size)))
  // What encoded it keeps as much as twice its size, and the backlog had four times. The collector may come to it late.
  await vi.waitFor(() => expect(used() - before).toBeLessThan(3 * size), { timeout: 3000 })
})

it('a group that fails takes nothing that was taken back meanwhile', () => {
  const { db, clock, attach } = party()
  const [a, c] = [attach(60), attach(61)]
  quiet(c.submit(put('c1', 1)))
  quiet(c.submit(put('c2', 1)))
  clock.fails = true
  const committer = committerOf(a)
  committer.commit(false, false)
  const withdraw = () => {
    c._test.engine.epochs.turn.exclusively(() => rings.withdraw(c._test.engine.W, blockOf(c)))
  }
  failing(a, clock, withdraw, committer)
  const [W, ring] = ringOf(c)
  expect(rings.tailOf(W, ring)).toBe(rings.headOf(W, ring))
  expect(committer.commit(false, false)).toBe(false)
  expect(db.size).toBe(0)
})
