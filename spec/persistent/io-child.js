/**
 * Commits on two threads while calls of the system fail, and says what came of it: `node io-child.js PATH SYNC COMMITS [limited]`.
 * Each commit writes its number to two keys. Whatever fails, both threads see what was committed, whole.
 */
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'

const [path = '', sync = '', commits = '', limit] = process.argv.slice(2)
/** Bytes of a value: a segment ends now and then. */
const PADDING = 'x'.repeat(30_000)

/**
 * @param {import('./kill-model.js').Db} db
 * @param {string} name
 * @param {number} count
 */
async function commit(db, name, count) {
  /** @type {{ code: string, syscall: string, i: number }[]} */
  const errors = []
  let last = 0
  let version = 0
  for (let i = 1; i <= count; i++) {
    try {
      const padding = i % 3 === 0 ? PADDING : ''
      version = db.batch([
        { type: 'put', key: `${name} a`, value: i },
        { type: 'put', key: `${name} b`, value: i },
        { type: 'put', key: `${name} padding`, value: padding },
      ])
      last = i
    } catch (error) {
      const { code, syscall, stack } = /** @type {any} */ (error)
      if (code !== 'ZVERSE_IO') throw new Error(stack)
      errors.push({ code, syscall, i })
    }
    const seen = [db.get(`${name} a`) ?? 0, db.get(`${name} b`) ?? 0]
    if (seen[0] !== last || seen[1] !== last) throw new Error(`${name} sees ${seen}, not ${last}`)
    if (db.version < version) throw new Error(`version ${version} is gone`)
    if (i % 5 === 0) await delay(1)
  }
  const first = errors[0]
  // The failure is for good if nothing worked after it.
  return { last, errors: errors.length, first, isOver: first !== undefined && last < first.i }
}

/** @param {() => unknown} body */
function outcome(body) {
  try {
    body()
    return 'done'
  } catch (error) {
    return /** @type {any} */ (error).code ?? String(error)
  }
}

if (isMainThread) {
  const options = /** @type {any} */ ({
    path,
    sync,
    background: false,
    maxBytes: 2 ** 24,
    syncInterval: 5,
  })
  /** @type {import('./kill-model.js').Db} */
  const db = ZVerse.open({ ...options, history: { versions: 3 } })
  const worker = new Worker(new URL(import.meta.url), {
    workerData: db.share(),
    argv: process.argv.slice(2),
  })
  const theirs = new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const told = { mine: await commit(db, 'main', Number(commits)), theirs: await theirs }
  const after = [
    () => db.tag('t'),
    () => db.setHistory({ versions: 2 }),
    () => db.store('s'),
    () => db.flush(),
  ]
  const { ok, problems } = db.check()
  const present = [db.get('main a') ?? 0, db.get('worker a') ?? 0]
  // The limit of the size of files was a soft one.
  if (limit !== undefined) spawnSync('prlimit', [`--pid=${process.pid}`, '--fsize=unlimited'])
  const again = limit === undefined ? undefined : await commit(db, 'again', Number(commits))
  const last = {
    again,
    after: after.map(outcome),
    check: ok ? 'ok' : problems.slice(0, 2),
    present,
  }
  const { version } = db
  await db.compact().catch(() => {})
  db.close()
  console.log(JSON.stringify({ ...told, ...last, version }))
} else {
  const db = ZVerse.attach(workerData)
  const told = await commit(/** @type {any} */ (db), 'worker', Number(commits))
  parentPort?.postMessage(told)
  db.close()
}
