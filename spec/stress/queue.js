/**
 * Threads that submit into all lanes, more of them than cores, some killed, one that drains now and then, one that writes
 * by itself: `node spec/stress/queue.js [SUBMISSIONS] [SEED]`. Every submission puts a key that must be absent, so doing one twice would be a
 * conflict. Each thread notes in shared memory what it is about to submit and what it was told, and the main thread judges
 * afterwards: what was told is there, in the version that was told; of each lane what is there has no gaps, in the order of
 * versions; nothing else is there; `check()` proves the memory.
 */
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'

const LANES = /** @type {const} */ (['high', 'normal', 'low'])
/** Words of a journal: for each lane how many were begun, how many told; then versions of the told ones. */
const HEAD = 8
const total = Number(process.argv[2] ?? 300_000)
const seed = Number(process.argv[3] ?? process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

/** @param {number} begin */
function randomFrom(begin) {
  let state = begin >>> 0
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

if (isMainThread) await judge()
else await submit()

async function judge() {
  const random = randomFrom(seed)
  const threads = 2 * availableParallelism() + 2
  const each = Math.ceil(total / threads)
  const db = ZVerse.open({
    maxBytes: 2 ** 30,
    history: { versions: 50 },
    queue: { groupBytes: 16_384 },
  })
  /** @type {{ journal: Float64Array, id: number }[]} */
  const journals = []
  let killed = 0
  const start = (/** @type {number} */ id) => {
    const journal = new Float64Array(new SharedArrayBuffer((HEAD + 3 * each) * 8))
    journals.push({ journal, id })
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { handle: db.share(), journal, id, each, begin: seed + id },
    })
    db.track(worker)
    const over = new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.once('exit', resolve)
    })
    return { worker, over }
  }
  const workers = Array.from({ length: threads }, (_, i) => start(i))
  let left = workers.length
  for (const { over } of workers) void over.then(() => left--)
  let puts = 0
  while (left > 0) {
    await sleep(random(20))
    puts++
    db.put(`put ${puts % 100}`, puts)
    if (random(4) === 0) {
      const abort = new AbortController()
      const drained = db.drain({ signal: abort.signal })
      await sleep(random(30))
      abort.abort()
      await drained
    }
    if (random(30) === 0 && killed < threads / 2) {
      const { worker } = /** @type {{ worker: Worker }} */ (workers[random(workers.length)])
      if (worker.threadId > 0) killed++
      await worker.terminate()
    }
  }
  await Promise.all(workers.map(({ over }) => over))
  // What the dead have left is nobody's.
  await db.submit([])
  let there = 0
  let told = 0
  for (const { journal, id } of journals) {
    for (const [lane, name] of LANES.entries()) {
      const begun = journal[2 * lane] ?? 0
      const known = journal[2 * lane + 1] ?? 0
      let last = 0
      let isOver = false
      for (let n = 0; n < begun; n++) {
        const entry = db.getEntry(`${id} ${name} ${n}`)
        const second = db.getEntry(`${id} ${name} ${n} too`)
        assert.equal(entry?.version, second?.version, 'a submission is whole')
        if (n < known) {
          told++
          assert.equal(
            entry?.version,
            journal[HEAD + 3 * n + lane],
            `${id} ${name} ${n} is where it was said to be`,
          )
        }
        if (entry === undefined) isOver = true
        else {
          there += 2
          assert.ok(!isOver, `${id} ${name}: there are no gaps before ${n}`)
          assert.ok(entry.version >= last, `${id} ${name}: the order is kept at ${n}`)
          last = entry.version
        }
      }
    }
  }
  const own = db.count({ prefix: 'own ' })
  assert.equal(db.size - own, there + Math.min(puts, 100), 'nothing else is there')
  const { ok, problems, leakedBytes } = db.check()
  assert.deepEqual({ ok, problems, leakedBytes }, { ok: true, problems: [], leakedBytes: 0 })
  assert.deepEqual(db.pressure().depths, { high: 0, normal: 0, low: 0 })
  const { groups } = db.stats().queue
  console.log(
    `queue: ${threads} threads, ${killed} killed, ${told} told of ${there / 2} there, ${groups} groups (seed ${seed})`,
  )
  db.close()
  process.exit(0)
}

async function submit() {
  const { handle, journal, id, each, begin } = workerData
  const db = ZVerse.attach(handle)
  const random = randomFrom(begin)
  let submitted = 0
  const flow = async () => {
    while (submitted < each) {
      submitted++
      const lane = random(3)
      const priority = /** @type {'high' | 'normal' | 'low'} */ (LANES[lane])
      const n = journal[2 * lane]++
      const key = `${id} ${priority} ${n}`
      const value = 'x'.repeat(random(20) === 0 ? random(5000) : random(60))
      const version = await db.submit(
        [
          { type: 'put', key, value, ifVersion: null },
          { type: 'put', key: `${key} too`, value: n, ifVersion: null },
        ],
        { priority },
      )
      journal[HEAD + 3 * n + lane] = version
      // Promises of a lane are settled in its order.
      assert.equal(journal[2 * lane + 1], n)
      journal[2 * lane + 1] = n + 1
      if (random(50) === 0) db.put(`own ${id}`, n)
      if (random(50) === 0) db.delete(`own ${id}`)
      if (random(200) === 0) await sleep(random(5))
    }
  }
  await Promise.all(Array.from({ length: 1 + random(200) }, flow))
  db.close()
  parentPort?.postMessage('over')
}
