/**
 * Readers of the oldest versions on disk, on threads, beside a writer and a keeper that let go of these:
 * `node spec/stress/past-readers.js [COMMITS] [SEED]`. Each version puts its number: what a read gives is that, or that
 * the version is no longer kept. Every reader reads by number, by tags that come and go, and under pins.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'

const READERS = 3
const KEPT = 300
const commits = Number(process.argv[2] ?? 200_000)
const seed = Number(process.argv[3] ?? process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

if (isMainThread) await write()
else await read()

async function write() {
  const path = join(mkdtempSync(join(tmpdir(), 'zverse-')), 'db')
  const history = { versions: 3, disk: { versions: KEPT } }
  const db = ZVerse.open({ path, sync: 'never', maxBytes: 2 ** 26, history })
  for (let i = 1; i <= 2 * KEPT; i++) db.put('k', i)
  const readers = Array.from({ length: READERS }, (_, i) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: [db.share(), seed + i] })
    db.track(worker)
    const told = new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    return { worker, told }
  })
  for (let i = 0; i < commits; i++) {
    db.put('k', db.version + 1)
    if (i % 200 === 0) await turn()
    if (i % 997 === 0) db.tag('t', { at: db.oldestVersion + 20 })
    if (i % 997 === 500) db.untag('t')
    if (i % 5000 === 0) await db.compact()
  }
  const counts = []
  for (const { worker, told } of readers) {
    worker.postMessage('end')
    counts.push(await told)
  }
  const { ok, problems } = db.check()
  assert.deepEqual({ ok, problems }, { ok: true, problems: [] })
  db.close()
  rmSync(join(path, '..'), { recursive: true })
  console.log(`past readers: ${commits} commits, ${JSON.stringify(counts)} reads and refusals`)
}

async function read() {
  const [handle, begin] = workerData
  const db = ZVerse.attach(handle)
  let state = begin
  const random = (/** @type {number} */ below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const counts = { reads: 0, gone: 0 }
  let isOver = false
  parentPort?.once('message', () => {
    isOver = true
  })
  /** @param {() => void} act */
  const tried = act => {
    try {
      act()
      counts.reads++
    } catch (error) {
      const { code } = /** @type {{ code?: string }} */ (error)
      if (code !== 'ZVERSE_VERSION_NOT_RETAINED' && code !== 'ZVERSE_UNKNOWN_TAG') throw error
      counts.gone++
    }
  }
  while (!isOver) {
    for (let i = 0; i < 300; i++) {
      const at = db.oldestVersion + random(4)
      tried(() => assert.equal(db.get('k', { at }), at))
      if (i % 10 === 0) tried(() => assert.equal(db.count({ at }), 1))
      if (i % 10 === 1) tried(() => assert.deepEqual([...db.range({ at })], [['k', at]]))
      if (i % 10 === 2) {
        tried(() =>
          assert.deepEqual(first(db.diff(at, at + 1)), { key: 'k', before: at, after: at + 1 }),
        )
      }
      if (i % 50 === 3) {
        tried(() => {
          const all = [...db.history('k')]
          const begin = all[0]?.version ?? 0
          assert.ok(
            all.every(({ version, value }, i) => version === value && version === begin + i),
          )
        })
      }
      if (i % 50 === 4) tried(() => pinned(db.beginRead({ at })))
      if (i % 50 === 5) tried(() => pinned(db.beginRead({ at: 't' })))
      if (i % 50 === 6) {
        tried(() => assert.ok(db.versions().every(({ timestamp }) => timestamp > 0)))
      }
    }
    await turn()
  }
  db.close()
  parentPort?.postMessage(counts)
}

/** @param {Iterable<object>} all */
function first(all) {
  const { key, before, after } = /** @type {any} */ ([...all][0])
  return { key, before, after }
}

/** @param {ReturnType<ZVerse['beginRead']>} tx */
function pinned(tx) {
  try {
    for (let i = 0; i < 20; i++) {
      assert.equal(tx.get('k'), tx.version)
      assert.deepEqual([...tx.values()], [tx.version])
    }
  } finally {
    tx.close()
  }
}
