/**
 * Level's public suite, as it is published, over ZVerseLevel: TAP on the standard output, and after it a line
 * for each database that has a problem at the end. From the root of the repository, after a build:
 *
 *     node spec/level/suite.js TARGET...
 *
 *     own        a database that each level opens for itself
 *     small      one of 1 MiB for each level, given to it
 *     text       stores of text alone: string keys, any values
 *     directory  a database in a directory of its own for each level
 *     worker     stores of one database, in a worker, while another thread commits
 *     replica    stores of a replica, whose log another node reads
 *
 * One after the other, each ended by a line `over TARGET`.
 */
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import suite from 'abstract-level/test/index.js'
import tape from 'tape'
import { ZVerse } from '../../dist/index.js'
import { ZVerseLevel } from '../../dist/level/index.js'
import { memoryLog } from '../../dist/replica/memory-log.js'

const BINARY = /** @type {const} */ ({ keys: 'binary', values: 'binary' })
const TEXT = /** @type {const} */ (['string', 'msgpack', 'json', 'binary'])

// Tape's own comparison takes half of the time: it is not asked when Node's, no less strict, says yes.
const { same } = tape.Test.prototype
tape.Test.prototype.same = function (actual, expected, message, extra) {
  if (isDeepStrictEqual(actual, expected))
    this.pass(message ?? 'should be deeply equivalent', extra)
  else same.call(this, actual, expected, message, extra)
}

/** @type {ZVerse<never, never>[]} */
let databases = []
let made = 0
/** Where directories are made: each test syncs a few files, which is quick if they are in memory. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
/** The directories are in this one. */
let root = ''

/**
 * @template K, V
 * @param {ZVerse<K, V>} db
 */
function kept(db) {
  databases.push(/** @type {ZVerse<never, never>} */ (/** @type {unknown} */ (db)))
  return db
}

/** @type {Record<string, (options?: object) => object>} */
const factories = {
  own: options => new ZVerseLevel(options),
  small(options) {
    const db = kept(ZVerse.open({ ...BINARY, maxBytes: 2 ** 20 }))
    return new ZVerseLevel({ ...options, db })
  },
  text(options) {
    const values = TEXT[made++ % TEXT.length]
    const db = kept(ZVerse.open({ keys: 'string', values, maxBytes: 2 ** 20 }))
    return new ZVerseLevel({ ...options, db })
  },
  // Without a worker for each.
  directory(options) {
    return new ZVerseLevel(join(root, `${made++}`), { ...options, background: false })
  },
  worker(options) {
    const [db] = databases
    return new ZVerseLevel({ ...options, db: db.store(`store ${made++}`, BINARY) })
  },
  replica(options) {
    const [db] = databases
    return new ZVerseLevel({ ...options, db: db.store(`store ${made++}`, BINARY) })
  },
}
/** The suite makes fewer levels. */
const STORES = 2000

/** @param {string} target */
async function runSuite(target) {
  const harness = tape.createHarness()
  const done = new Promise(resolve => harness.onFinish(() => resolve(undefined)))
  harness.createStream().pipe(process.stdout, { end: false })
  suite({ test: harness, factory: factories[target] })
  await done
}

/** In a worker, beside commits of this thread. */
async function runBeside() {
  const db = kept(ZVerse.open({ history: { versions: 100 } }))
  const worker = new Worker(new URL(import.meta.url), { workerData: db.share() })
  db.track(worker)
  let commits = 0
  const timer = setInterval(() => db.put(`key ${commits++ % 50}`, commits), 1)
  await once(worker, 'exit')
  clearInterval(timer)
  console.log(`commits beside it: ${commits > 100}`)
}

/** On one node of two. The stores are made ahead: the suite wants levels at once. */
async function runOnReplica() {
  const log = memoryLog()
  await log.open()
  const options = { maxBytes: 2 ** 28, history: { versions: 100 } }
  const db = kept(await ZVerse.replicate({ ...options, log: log.node() }))
  const other = kept(await ZVerse.replicate({ ...options, log: log.node() }))
  const stores = Array.from({ length: STORES }, (_, i) => {
    return { type: 'store', store: `store ${i}`, ...BINARY }
  })
  await db.change(() => {
    const [header, ...rest] = db.dump()
    return db.load([header, ...stores, ...rest])
  })
  made = 0
  await runSuite('replica')
  await other.sync()
  const isSame = isDeepStrictEqual([...db.dump()], [...other.dump()])
  console.log(`the other node is the same: ${isSame && made < STORES}`)
}

/** The problems of the databases when all levels are closed. */
function report() {
  for (const [i, db] of databases.entries()) {
    const { ok, problems } = db.check()
    const { pins } = db.stats().readers
    if (!ok || pins > 0) console.log(`database ${i}: ${pins} pins, ${problems.join('; ')}`)
  }
}

if (isMainThread) {
  for (const target of process.argv.slice(2)) {
    databases = []
    if (target === 'directory') root = mkdtempSync(join(PLACE, 'zverse-level-'))
    try {
      if (target === 'worker') await runBeside()
      else await (target === 'replica' ? runOnReplica() : runSuite(target))
    } finally {
      if (root !== '') rmSync(root, { recursive: true })
      root = ''
    }
    report()
    await Promise.all(databases.map(db => db.close()))
    console.log(`over ${target}`)
  }
} else {
  kept(ZVerse.attach(workerData))
  await runSuite('worker')
}
