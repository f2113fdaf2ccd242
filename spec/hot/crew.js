/**
 * A thread that writes without pause, or one that reads meanwhile and judges its answers.
 *
 * Every value contains its key and version. The writer notes past and imminent writes in memory of the
 * test's own (`done`, `begun`: twice the version, and 1 if the key is present then), so that a reader
 * knows which answers it may get; a reader compares each answer by key with the tree.
 */
import { isDeepStrictEqual } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'
import { Random } from '../threads/consistency/random.js'

const { handle, role, seed, keys, memory } = workerData
const [stop, done, begun] = [
  new Int32Array(memory, 0, 1),
  new Int32Array(memory, 4, keys),
  new Int32Array(memory, 4 + 4 * keys, keys),
]
/** @type {import('../../dist/index.js').ZVerse<string, string>} */
const db = ZVerse.attach(handle)
const random = new Random(seed)
/** @type {string[]} */
const problems = []
const stopped = () => Atomics.load(stop, 0) !== 0 || problems.length > 9

/** @param {number} i */
const name = i => (i % 2 === 0 ? `key ${i}` : `a key that is longer ${i}`)
const NAMES = Array.from({ length: keys }, (_, i) => name(i))
const INDICES = new Map(NAMES.map((key, i) => [key, i]))

/** @param {string} key @param {number} version */
const valueAt = (key, version) => `${key}|${version}|${'x'.repeat((version * 7) % 61)}`

/** @typedef {Map<number, boolean>} Changes which keys are written (true) or deleted */

/** Corrects `done` and `begun` after the last writer. */
function takeOver() {
  const tx = db.beginWrite()
  for (const [i, key] of NAMES.entries()) {
    const entry = tx.getEntry(key)
    const now = entry === undefined ? 2 * (tx.version - 1) : 2 * entry.version + 1
    Atomics.store(done, i, now)
    Atomics.store(begun, i, now)
  }
  tx.abort()
}

function write() {
  const tx = db.beginWrite()
  const { version } = tx
  /** @type {Changes} */
  const changes = new Map()
  try {
    if (random.chance(0.02)) {
      tx.clear()
      for (let i = 0; i < keys; i++) changes.set(i, false)
    }
    // Mostly a few; now and then so many that the table grows, and shrinks again.
    const many = random.chance(0.05) ? keys : 1 + random.int(4)
    const puts = random.pick([0.2, 0.6, 0.9])
    for (let n = 0; n < many; n++) {
      const i = random.int(keys)
      if (random.chance(puts)) {
        tx.put(NAMES[i], valueAt(NAMES[i], version))
        changes.set(i, true)
      } else {
        tx.delete(NAMES[i])
        changes.set(i, false)
      }
    }
    if (random.chance(0.05)) {
      tx.abort()
      return
    }
    for (const [i, isPut] of changes) Atomics.store(begun, i, 2 * version + (isPut ? 1 : 0))
    if (tx.commit() < version) return undo(changes)
    for (const i of changes.keys()) Atomics.store(done, i, begun[i])
  } catch (error) {
    tx.abort()
    undo(changes)
    if (/** @type {any} */ (error).code !== 'ZVERSE_FULL') throw error
    db.clear()
    takeOver()
  }
}

/** Nothing was written. @param {Changes} changes */
function undo(changes) {
  for (const i of changes.keys()) Atomics.store(begun, i, done[i])
}

/** @param {string} what */
function problem(what) {
  problems.push(what)
}

/** Is `version` (null: absent) a possible answer? `before` was done when the question was asked. */
/** @param {string} what @param {number} i @param {number | null} version @param {number} before */
function judge(what, i, version, before) {
  const after = Atomics.load(begun, i)
  const [least, isThere] = [before >>> 1, (before & 1) === 1]
  if (after === before) {
    // Nothing was written meanwhile.
    if (version !== (isThere ? least : null)) {
      problem(
        `${what} of ${NAMES[i]}: ${version}, though ${isThere ? least : 'absent'} all the time`,
      )
    }
  } else if (version !== null && version < (isThere ? least : least + 1)) {
    problem(`${what} of ${NAMES[i]}: ${version}, though ${least} (${isThere}) was there before`)
  } else if (version !== null && version > db.version) {
    problem(`${what} of ${NAMES[i]}: ${version} is not there yet`)
  }
}

/** The version in a value; null for none. @param {string} key @param {unknown} value */
function versionIn(key, value) {
  if (value === undefined) return null
  const version = Number(String(value).split('|')[1])
  if (value !== valueAt(key, version)) problem(`${key}: ${String(value).slice(0, 99)}`)
  return version
}

function readPresent() {
  const i = random.int(keys)
  const key = NAMES[i]
  const before = Atomics.load(done, i)
  const verb = random.int(3)
  if (verb === 0) judge('get', i, versionIn(key, db.get(key)), before)
  else if (verb === 1) {
    const entry = db.getEntry(key)
    const version = versionIn(key, entry?.value)
    if (entry !== undefined && (entry.version !== version || entry.key !== key)) {
      problem(`getEntry of ${key}: ${JSON.stringify(entry)}`)
    }
    judge('getEntry', i, version, before)
  } else {
    const isThere = db.has(key)
    if (Atomics.load(begun, i) === before && isThere !== ((before & 1) === 1)) {
      problem(`has of ${key}: ${isThere}`)
    }
  }
}

function readMany() {
  const first = random.int(keys)
  const asked = Array.from({ length: 12 }, (_, n) => (first + n * 5) % keys)
  const before = asked.map(i => Atomics.load(done, i))
  const values = db.getMany(asked.map(i => NAMES[i]))
  asked.forEach((i, n) => {
    judge('getMany', i, versionIn(NAMES[i], values[n]), before[n])
  })
}

/** By key, compared with the tree. @param {any} reads @param {any} [view] @param {string} [what] */
function compare(reads, view, what = 'pinned') {
  const tree = new Map(reads.range(view).toArray())
  const values = reads.getMany(NAMES, view)
  for (const [i, key] of NAMES.entries()) {
    versionIn(key, values[i])
    if (values[i] !== tree.get(key)) {
      problem(`${what} getMany of ${key}: ${values[i]}, not ${tree.get(key)}`)
    }
  }
  const key = random.pick(NAMES)
  const [one, isThere] = [reads.get(key, view), reads.has(key, view)]
  if (one !== tree.get(key) || isThere !== tree.has(key)) problem(`${what} get of ${key}: ${one}`)
  return tree
}

/** @type {{ tx: any, tree: Map<any, any> }[]} */
const pins = []

function readPinned() {
  if (pins.length < 2 || random.chance(0.1)) {
    const tx = db.beginRead()
    pins.push({ tx, tree: compare(tx) })
  } else {
    const { tx, tree } = random.pick(pins)
    const again = compare(tx)
    if (!isDeepStrictEqual(again, tree)) problem('a pinned version has changed')
  }
  if (pins.length > 3) pins.shift()?.tx.close()
}

function readVersion() {
  try {
    compare(db, { at: Math.max(0, db.version - random.int(3)) }, 'by version')
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'ZVERSE_VERSION_NOT_RETAINED') throw error
  }
}

/** @type {any[]} */
const refs = []

function askRef() {
  if (refs.length < keys) {
    refs.push(db.ref(NAMES[refs.length]))
    return
  }
  const i = random.int(keys)
  const ref = refs[i]
  const before = Atomics.load(done, i)
  const { stale } = ref
  if (stale !== true && stale !== false) problem('stale is neither true nor false')
  if (!stale) judge('a handle that is not stale', i, ref.version, before)
  else if (Atomics.load(begun, i) === before) {
    const now = (before & 1) === 1 ? before >>> 1 : null
    if (ref.version === now) problem(`the handle of ${NAMES[i]} is stale at ${now} all the time`)
  }
  if (!stale || random.chance(0.3)) return
  const start = Atomics.load(done, i)
  ref.refresh()
  judge('refresh', i, ref.version, start)
  if (versionIn(NAMES[i], ref.value) !== ref.version) problem(`a handle: ${ref.value}`)
}

const READS = [readPresent, readPresent, readPresent, readMany, askRef, askRef]

let count = 0
try {
  if (INDICES.size !== keys) throw new Error('keys must differ')
  if (role === 'writer') {
    takeOver()
    parentPort?.postMessage({ ready: true })
    for (; !stopped(); count++) write()
  } else {
    parentPort?.postMessage({ ready: true })
    for (; count === 0 || !stopped(); count++) {
      for (let n = 0; n < 20; n++) random.pick(READS)()
      if (random.chance(0.3)) readPinned()
      if (random.chance(0.3)) readVersion()
    }
  }
} catch (error) {
  problem(String(/** @type {any} */ (error).stack))
}
for (const { tx } of pins) tx.close()
db.close()
parentPort?.postMessage({ problems, count })
