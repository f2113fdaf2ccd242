/**
 * Level's public suite, as it is published, over ZVerseLevel: TAP on the standard output, and after it a line
 * for each database in which something is wrong at the end. From the root of the repository, after a build:
 *
 *     node spec/level/suite.js own        a database that each level opens for itself
 *     node spec/level/suite.js small      one of 1 MiB for each level, given to it
 *     node spec/level/suite.js text       stores that hold text alone: string keys, any values
 *     node spec/level/suite.js worker     stores of one database, in a worker, while another thread commits
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import suite from 'abstract-level/test/index.js'
import test from 'tape'
import { ZVerse } from '../../dist/index.js'
import { ZVerseLevel } from '../../dist/level/index.js'

const BINARY = /** @type {const} */ ({ keys: 'binary', values: 'binary' })
const TEXT = /** @type {const} */ (['string', 'msgpack', 'json', 'binary'])
const target = process.argv[2]

/** @type {ZVerse<never, never>[]} */
const databases = []
let made = 0

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
  worker(options) {
    const [db] = databases
    return new ZVerseLevel({ ...options, db: db.store(`store ${made++}`, BINARY) })
  },
}

/** What is wrong with the databases when all levels are closed. */
function report() {
  for (const [i, db] of databases.entries()) {
    const { ok, problems } = db.check()
    const { pins } = db.stats().readers
    if (!ok || pins > 0) console.log(`database ${i}: ${pins} pins, ${problems.join('; ')}`)
  }
}

if (target === 'worker' && isMainThread) {
  const db = ZVerse.open({ history: { versions: 100 } })
  const worker = new Worker(new URL(import.meta.url), { argv: [target], workerData: db.share() })
  db.track(worker)
  let commits = 0
  const timer = setInterval(() => db.put(`key ${commits++ % 50}`, commits), 1)
  worker.on('exit', code => {
    clearInterval(timer)
    kept(db)
    report()
    console.log(`commits beside it: ${commits > 100}`)
    process.exitCode = code
  })
} else {
  if (target === 'worker') kept(ZVerse.attach(workerData))
  else test.onFinish(report)
  suite({ test, factory: factories[target] })
}
