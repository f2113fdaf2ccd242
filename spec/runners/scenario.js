/**
 * All that must work under fake clocks: each runner calls it with the built package as its users load
 * it, while the clocks are fake. Not a spec. Waits by Atomics alone, for there are no other clocks here.
 */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { Worker } from 'node:worker_threads'

/**
 * One thread.
 * @param {any} zverse the package
 * @param {Date} early a Date from before the clocks were fake
 */
export async function alone(zverse, early) {
  dates(zverse, early)
  await waits(zverse)
}

/**
 * Several threads: commits, the writer's turn, and death.
 * @param {any} zverse the package
 * @param {object} around
 * @param {URL | string} around.holder the file of the worker
 * @param {string} around.dist what the worker imports
 * @param {boolean} [around.faked] fake clocks in the workers, too; two more workers then compete
 */
export async function together({ ZVerse }, { holder, dist, faked }) {
  // As long as a busy machine may need, but for a turn that is not to come.
  const db = ZVerse.open({ lockTimeout: 120_000 })
  const impatient = ZVerse.open({ lockTimeout: 20 })
  const work = (/** @type {string} */ job, of = db) => {
    const flags = new SharedArrayBuffer(8)
    const worker = new Worker(holder, {
      workerData: { handle: of.share(), dist, job, flags, faked: faked === true },
    })
    const signed = new Int32Array(flags)
    const said = () => ok(Atomics.wait(signed, 0, 0, 60_000) !== 'timed-out')
    const goOn = () => {
      Atomics.store(signed, 1, 1)
      Atomics.notify(signed, 1)
    }
    return { worker, said, goOn }
  }

  // Commits of another thread are reported.
  const changes = db.changes()
  const change = changes.next()
  const there = db.waitFor(1)
  work('commit')
  equal((await change).value.changes[0].key, 'from another thread')
  equal(await there, 1)
  ok(db.get('from another thread') instanceof Date)

  // A turn that is not given back, and one that is.
  const kept = work('hold', impatient)
  kept.said()
  throws(() => impatient.put('x', 1), { code: 'ZVERSE_WRITER_BUSY' })
  await rejects(impatient.beginWriteAsync(), { code: 'ZVERSE_WRITER_BUSY' })
  kept.goOn()
  await gone(kept.worker)
  impatient.close()
  const { worker, said, goOn } = work('hold')
  said()
  const tx = db.beginWriteAsync()
  goOn()
  ;(await tx).abort()
  await gone(worker)

  // Submissions wait for a turn, and for a thread that commits for all.
  const busy = work('hold')
  busy.said()
  const submitted = Array.from({ length: 200 }, (_, i) =>
    db.submit({ type: 'put', key: `submitted ${i % 50}`, value: i }, { priority: 'low' }),
  )
  busy.goOn()
  equal(new Set(await Promise.all(submitted)).size, 1)
  await gone(busy.worker)
  const end = new AbortController()
  const drained = db.drain({ signal: end.signal })
  for (let i = 0; i < 50; i++)
    equal(await db.submit({ type: 'del', key: `submitted ${i}` }), db.version)
  end.abort()
  await drained

  // The turn of a thread that has died.
  for (const begin of [async () => db.beginWrite(), () => db.beginWriteAsync()]) {
    const dead = work('hold')
    dead.said()
    await dead.worker.terminate()
    ;(await begin()).abort()
  }
  equal(db.has('unfinished'), false)

  if (faked) await compete(db, work)
  ok(db.check().ok)
  db.close()
}

/**
 * Dates in and out, and the time of versions.
 * @param {any} zverse the package
 * @param {Date} early
 */
function dates({ ZVerse, zorder, toJson, fromJson }, early) {
  const db = ZVerse.open()
  const now = new Date()
  db.put('a', { now, early, in: [new Map([[now, new Set([early])]])] })
  const found = db.get('a')
  for (const date of [found.now, found.early, [...found.in[0].keys()][0]]) ok(date instanceof Date)
  equal(found.now.getTime(), now.getTime())
  equal(found.early.getTime(), early.getTime())
  equal(fromJson(toJson({ early })).early.getTime(), early.getTime())
  ok(fromJson(toJson({ now })).now instanceof Date)

  // The clock of the runner is the clock of the versions.
  deepEqual(
    db.versions().map((/** @type {any} */ info) => info.timestamp),
    [now.getTime(), now.getTime()],
  )
  equal(db.has('a', { asOf: now }), true)
  deepEqual([...db.diff(early < now ? early : now, now)].length, early < now ? 1 : 0)
  equal(db.beginRead({ asOf: new Date(now.getTime() - 1) }).version, 0)

  const space = db.store('space', { keys: zorder(['date', 'uint8']) })
  space.put([now, 1], 'now')
  space.put([early, 2], 'early')
  const low = early < now ? early : now
  const all = [...space.box([low, 0], [null, null])]
  equal(all.length, 2)
  ok(all[0][0][0] instanceof Date)
  equal(space.get([early, 2]), 'early')
  equal([...space.nearest([now, null], 1)][0].value, 'now')
  db.close()
}

/**
 * Calls that wait, and calls that defer work.
 * @param {any} zverse the package
 */
async function waits({ ZVerse }) {
  const db = ZVerse.open({ values: 'json' })
  // More than one row, and an iterator that is left open over a turn.
  for (let i = 0; i < 100; i++) db.put(`k${i}`, 'é'.repeat(i * 2))
  equal(db.range({ prefix: 'k' }).toArray().length, 100)
  const left = db.range()
  left.next()
  await undefined
  left.return()

  const changes = db.changes()
  const first = changes.next()
  const there = db.waitFor(db.version + 2)
  db.put('x', 1)
  equal((await first).value.changes[0].key, 'x')
  const second = changes.next()
  await undefined
  db.put('y', 2)
  equal((await second).value.changes[0].key, 'y')
  equal(await there, db.version)

  const stop = new AbortController()
  const never = db.waitFor(db.version + 1000, { signal: stop.signal })
  stop.abort()
  await rejects(never, { name: 'AbortError' })
  await rejects(db.beginWriteAsync({ signal: stop.signal }), { name: 'AbortError' })
  await rejects(db.changes({ signal: stop.signal }).next(), { name: 'AbortError' })

  const tx = await db.beginWriteAsync()
  tx.put('z', 3)
  tx.commit()
  equal(db.get('z'), 3)
  ok(db.check().ok)
  ok(Number.isFinite(db.stats().latency.commit.p50))
  const last = changes.next()
  db.close()
  equal((await last).done, true)
}

/**
 * Three threads that write in turns.
 * @param {any} db
 * @param {(job: string) => { worker: Worker, said(): void }} work begins a worker
 */
async function compete(db, work) {
  db.put('count', 0)
  const all = [work('compete'), work('compete')]
  for (let i = 0; i < 30; i++) db.update('count', (/** @type {number} */ n) => n + 1)
  for (const each of all) each.said()
  equal(db.get('count'), 90)
  await Promise.all(all.map(each => gone(each.worker)))
}

/** @param {Worker} worker */
function gone(worker) {
  return new Promise(resolve => {
    if (worker.threadId === -1) resolve(undefined)
    else worker.once('exit', resolve)
  })
}
