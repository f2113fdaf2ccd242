// @ts-check
/** The directory: how long reopening it takes, how large it is, and commits while the keeper works. */
import { once } from 'node:events'
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { presentKey } from '../../data.js'
import { settle } from '../../measure.js'
import { SLOW_MS, Slow } from '../../threads/slow.js'
import { fill, roomFor } from '../systems.js'

/** @typedef {import('../stage.js').PersistentStage} PersistentStage */

const MIB = 2 ** 20
const HEADER = 64

/** Bases that a churn goes on for, and the most seconds, in multiples of a window. */
const BASES = 4
const WINDOWS = 10
/** Commits between two looks at the directory. */
const LOOK_EVERY = 5000
/** Puts of a durable commit in the churn: they fill the log about as fast as single ones of 'never'. */
const DURABLE_PUTS = 100

/** @param {string} path @param {RegExp} [name] */
const filesIn = (path, name = /./) =>
  readdirSync(path)
    .filter(file => name.test(file))
    .map(file => join(path, file))

/**
 * Bytes of the files of a directory, which the keeper may delete meanwhile; one with two names counts once.
 * @param {string} path
 * @param {RegExp} [name]
 */
function bytesIn(path, name) {
  const sizes = new Map()
  for (const file of filesIn(path, name)) {
    const found = statSync(file, { throwIfNoEntry: false })
    if (found) sizes.set(found.ino, found.size)
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

/** Bytes of the segments that no record has come to. @param {string} path */
function bytesAhead(path) {
  let sum = 0
  const head = Buffer.alloc(4)
  for (const file of filesIn(path, /^log-/)) {
    try {
      const open = openSync(file, 'r')
      readSync(open, head, 0, head.length, 0)
      if (head.readUInt32LE() === 0) sum += fstatSync(open).size
      closeSync(open)
    } catch (error) {
      // The keeper has deleted it.
      if (/** @type {{ code?: string }} */ (error).code !== 'ENOENT') throw error
    }
  }
  return sum
}

/** Bytes up to the last one that is not 0, of all segments that were begun. @param {string} path */
function logBytes(path) {
  let sum = 0
  for (const file of filesIn(path, /^log-/)) {
    const bytes = readFileSync(file)
    let end = bytes.length
    while (end > 0 && bytes[end - 1] === 0) end--
    if (end > HEADER) sum += end
  }
  return sum
}

/** @param {PersistentStage} stage @param {string} path @param {object} options */
const openIn = ({ system, count }, path, options) =>
  system.engine.ZVerse.open({ path, values: 'string', maxBytes: roomFor(count), ...options })

/** Seconds that an opening takes. @param {PersistentStage} stage @param {string} path */
async function reopened({ settings, count }, path) {
  const workerData = { engine: settings.engine, path, maxBytes: roomFor(count) }
  const worker = new Worker(new URL('../opening.js', import.meta.url), { workerData })
  const [{ seconds, size }] = await once(worker, 'message')
  await worker.terminate()
  if (size !== count) throw new Error(`${size} keys of ${count} came back`)
  return seconds
}

/** @type {import('../stage.js').Scenario} */
const reopen = {
  name: 'reopen',
  title: 'reopening the set',
  figures: {
    base: { what: 'from a base', unit: 's' },
    log: { what: 'from the log of one transaction', unit: 's' },
    'base÷log': { what: 'bytes of the base ÷ of the log', unit: '×' },
    'base bytes': { what: 'the base', unit: 'MiB' },
    'log bytes': { what: 'the log', unit: 'MiB' },
  },
  ratios: { 'base÷log': ['base bytes', 'log bytes'] },
  zverse: true,
  note: 'each in a new thread; the files are cached by the system',
  async start(stage) {
    const { keys, values } = stage.data
    const paths = { base: stage.directory(), log: stage.directory() }
    for (const path of Object.values(paths)) {
      stage.after(() => stage.remove(path))
      const db = openIn(stage, path, { background: false, history: { versions: 0 } })
      fill(db, keys, values)
      if (path === paths.base) await db.compact()
      db.close()
    }
    const sizes = {
      'base bytes': bytesIn(paths.base, /^base-/) / MIB,
      'log bytes': logBytes(paths.log) / MIB,
    }
    return async () => ({
      base: await reopened(stage, paths.base),
      log: await reopened(stage, paths.log),
      ...sizes,
    })
  },
}

/**
 * Overwrites the set at random until some bases were written, or the time is over.
 * @param {PersistentStage} stage
 * @param {'never' | 'commit'} sync
 * @param {number} puts of a commit
 * @param {object} history
 */
export async function churned(stage, sync, puts, history = { versions: 0 }) {
  const { data, count, settings } = stage
  const { keys, values, random } = data
  const path = stage.directory()
  const db = openIn(stage, path, { sync, history })
  try {
    fill(db, keys, values)
    await db.compact()
    settle()
    const until = performance.now() + WINDOWS * settings.seconds * 1000
    const isDone = () => performance.now() > until || newestBase(path) > BASES
    const slow = new Slow()
    let stall = 0
    let disk = 0
    let begun = 0
    for (let at = 0, commits = 0; commits % 100 > 0 || !isDone(); commits++) {
      const from = performance.now()
      if (puts === 1) db.put(presentKey(random(count)), values[at++ % count])
      else {
        db.transact((/** @type {any} */ tx) => {
          for (let i = 0; i < puts; i++) tx.put(presentKey(random(count)), values[at++ % count])
        })
      }
      const took = performance.now() - from
      if (took > SLOW_MS) slow.note(from, took)
      stall = Math.max(stall, took)
      if (commits % LOOK_EVERY > 0) continue
      const all = bytesIn(path)
      disk = Math.max(disk, all)
      begun = Math.max(begun, all - bytesAhead(path))
    }
    const own = await slow.longest()
    const { storage } = db.stats()
    return { stall, own, disk, begun, ...storage, bases: newestBase(path) - 1 }
  } finally {
    db.close()
    stage.remove(path)
  }
}

/** The number of the base written last. @param {string} path */
const newestBase = path =>
  Math.max(0, ...readdirSync(path).map(name => Number(/^base-(\d+)$/.exec(name)?.[1] ?? 0)))

/** @type {import('../stage.js').Scenario} */
const churn = {
  name: 'disk-churn',
  title: 'random overwriting of the set without a past',
  figures: {
    'disk÷live': { what: 'the directory at its largest ÷ the base', unit: '×' },
    'begun÷live': { what: 'the same without segments that were only made ahead', unit: '×' },
    stall: { what: "single puts, sync: 'never': longest commit by itself", unit: 'ms' },
    'stall seen': { what: "single puts, sync: 'never': longest commit", unit: 'ms' },
    'stall durable': { what: `${DURABLE_PUTS} puts, sync: 'commit': longest commit`, unit: 'ms' },
    disk: { what: 'the directory at its largest', unit: 'MiB' },
    'disk÷data': { what: 'the directory at its largest ÷ keys and values', unit: '×' },
    live: { what: 'the base', unit: 'MiB' },
    bases: { what: "sync: 'never': bases written meanwhile", unit: '' },
    'durable bases': { what: "sync: 'commit': bases written meanwhile", unit: '' },
  },
  ratios: { 'disk÷live': ['disk', 'live'] },
  once: true,
  zverse: true,
  note: 'by itself: without garbage collection and waiting for a core; no figure with fewer than two bases',
  start(stage) {
    const { keys, values } = stage.data
    const data = keys.reduce((sum, key, i) => sum + key.length + values[i].length, 0)
    return async () => {
      const { stall, own, disk, begun, baseBytes, bases } = await churned(stage, 'never', 1)
      const durable = await churned(stage, 'commit', DURABLE_PUTS)
      return {
        bases,
        // Too short a churn says nothing.
        ...(bases > 1 && { stall: own, 'stall seen': stall }),
        ...(bases > 1 && { disk: disk / MIB, live: baseBytes / MIB, 'disk÷data': disk / data }),
        ...(bases > 1 && { 'begun÷live': begun / baseBytes }),
        'durable bases': durable.bases,
        ...(durable.bases > 1 && { 'stall durable': durable.stall }),
      }
    }
  },
}

export const onDisk = [reopen, churn]
