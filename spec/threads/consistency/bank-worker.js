// @ts-check
/**
 * A thread of the bank: moves money, or adds it up again and again by every way of reading.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse, ZVerseError } from '../../../dist/index.js'
import { audit, differ, NAMES, STORES, transfer } from './accounts.js'
import { poison } from './crew.js'
import { BEGAN, STOP } from './journal.js'
import { Random } from './random.js'

/** @typedef {any} Store */

const { handle, role, seed, name } = workerData
const control = new Int32Array(workerData.control)
const random = new Random(seed)
const db = ZVerse.attach(handle)
if (workerData.poison) poison(db)
/** @type {Store[]} */
const stores = [db, ...STORES.map(store => db.store(store))]
const done = { commits: 0, conflicts: 0, full: 0, audits: 0, tooOld: 0, held: 0 }

/** @param {string} what @returns {never} */
function fail(what) {
  Atomics.store(control, STOP, 1)
  throw new Error(`seed ${seed}, ${role} ${name}: ${what}`)
}

/** @param {string | undefined} wrong @param {string} where */
function must(wrong, where) {
  if (wrong !== undefined) fail(`${where}: ${wrong}`)
}

const pause = () => new Promise(resolve => setImmediate(resolve))

// ── Writers ─────────────────────────────────────────────────────────────────────────────────────

/** Two different accounts, anywhere. */
function two() {
  for (;;) {
    const [s1, s2] = [random.int(stores.length), random.int(stores.length)]
    const [a, b] = [random.pick(NAMES), random.pick(NAMES)]
    if (s1 !== s2 || a !== b) return { s1, a, s2, b }
  }
}

/** @param {Store} on @param {string} key @param {unknown} value */
function write(on, key, value) {
  if (value === undefined) on.delete(key)
  else on.put(key, value)
}

/** @param {Store} tx */
function move(tx) {
  const { s1, a, s2, b } = two()
  const from = s1 === 0 ? tx : tx.store(stores[s1])
  const to = s2 === 0 ? tx : tx.store(stores[s2])
  const moved = transfer(from.get(a), to.get(b), random)
  if (moved === undefined) return
  if (random.chance(0.4)) {
    from.update(a, () => moved.from)
    to.update(b, () => moved.to)
  } else {
    write(from, a, moved.from)
    write(to, b, moved.to)
  }
}

/** Without a lock between reading and writing: the versions that were read must still be there. */
function moveInBatch() {
  const { a, b } = two()
  if (a === b) return
  const store = random.pick(stores)
  const [from, to] = [store.getEntry(a), store.getEntry(b)]
  const moved = transfer(from?.value, to?.value, random)
  if (moved === undefined) return
  const first =
    moved.from === undefined ? { type: 'del', key: a } : { type: 'put', key: a, value: moved.from }
  store.batch([
    { ...first, ifVersion: from?.version ?? null },
    { type: 'put', key: b, value: moved.to, ifVersion: to?.version ?? null },
  ])
}

async function moveAsync() {
  const tx = await db.beginWriteAsync()
  try {
    move(tx)
    if (random.chance(0.5)) await null
    move(tx)
    if (random.chance(0.9)) tx.commit()
  } finally {
    tx.abort()
  }
}

/** Rolls back in the middle: money that left and did not arrive. */
function moveAndThrow() {
  const token = new Error('rolled back')
  try {
    db.transact(tx => {
      for (let i = 0; i < 3; i++) tx.put(random.pick(NAMES), { balance: 1e6 })
      if (random.chance(0.2)) tx.clear()
      throw token
    })
  } catch (error) {
    if (error !== token) throw error
  }
}

/** Writes in a row that find no memory, 1 ms apart: no running thread keeps it so long. */
const MOST_FULL = 30_000

async function writer() {
  let full = 0
  while (Atomics.load(control, STOP) === 0) {
    const before = db.version
    try {
      const kind = random.int(20)
      if (kind < 8) db.transact(move)
      else if (kind < 14) moveInBatch()
      else if (kind < 16) await moveAsync()
      else if (kind < 17) moveAndThrow()
      else {
        const tx = db.beginWrite()
        try {
          move(tx)
          tx.commit()
        } finally {
          tx.abort()
        }
      }
      done.commits++
      full = 0
    } catch (error) {
      if (!(error instanceof ZVerseError)) throw error
      if (error.code === 'ZVERSE_CONFLICT') done.conflicts++
      else if (error.code === 'ZVERSE_FULL') {
        // A reader that the system has suspended in mid-read blocks reclamation until it goes on.
        done.full++
        if (++full > MOST_FULL) fail('there is no memory, though little is held')
        await new Promise(resolve => setTimeout(resolve, 1))
      } else throw error
    }
    if (db.version < before) fail(`the version went back from ${before}`)
    if (random.chance(0.05)) await pause()
  }
}

// ── Readers ─────────────────────────────────────────────────────────────────────────────────────

/** All accounts by one view. @param {(store: Store, s: number) => Iterable<any>} scan */
const everything = scan => stores.map((store, s) => [...scan(store, s)])

/** The same version by every way there is. */
function readPinned() {
  const tx = db.beginRead()
  const on = stores.map((store, s) => (s === 0 ? tx : tx.store(store)))
  const all = everything((_, s) => /** @type {Store} */ (on[s]).range())
  const at = `version ${tx.version}`
  must(audit(all), at)
  const backwards = everything(store => store.range({ reverse: true, snapshot: tx }))
  must(
    differ(
      `${at} backwards`,
      all,
      backwards.map(listed => listed.reverse()),
    ),
    'range',
  )
  for (const [s, store] of on.entries()) {
    const present = new Map(all[s])
    const many = /** @type {Store} */ (store).getMany(NAMES)
    must(
      differ(
        at,
        NAMES.map(key => present.get(key)),
        many,
      ),
      'getMany',
    )
    if (store.size !== all[s].length || store.count() !== all[s].length) fail(`${at}: size`)
  }
  done.audits++
  return { tx, all }
}

/** A version of the past, by its number, store by store: others commit between them. */
function readPast() {
  const { oldestVersion, version } = db
  const at = oldestVersion + random.int(version - oldestVersion + 1)
  if (at < workerData.first) return
  try {
    const all = everything(store => store.range({ at, reverse: true }))
    must(audit(all.map(listed => listed.reverse())), `at ${at}`)
    const key = random.pick(NAMES)
    const values = all.map(listed => listed.find(([found]) => found === key)?.[1])
    must(
      differ(
        `get at ${at}`,
        stores.map(store => store.get(key, { at })),
        values,
      ),
      'get',
    )
    done.audits++
  } catch (error) {
    if (!(error instanceof ZVerseError) || error.code !== 'ZVERSE_VERSION_NOT_RETAINED') throw error
    if (db.oldestVersion <= at) fail(`version ${at} was refused: ${error.message}`)
    done.tooOld++
  }
}

/**
 * One long read without a pin: the same few accounts over and over, of the present or of the oldest
 * version. Only the thread's announcement keeps that version.
 */
function readLong() {
  const store = random.pick(stores)
  const names = Array.from({ length: 300 + random.int(1200) }, (_, i) => NAMES[i % NAMES.length])
  const at = Math.max(workerData.first, db.oldestVersion)
  try {
    const values = random.chance(0.5) ? store.getMany(names) : store.getMany(names, { at })
    const first = values.slice(0, NAMES.length)
    for (let i = 0; i < values.length; i += NAMES.length) {
      const again = values.slice(i, i + NAMES.length)
      must(differ(`the same read ${i} later`, first.slice(0, again.length), again), 'getMany')
    }
    for (const [i, value] of first.entries()) {
      if (value !== undefined) must(audit([[[NAMES[i], value]]], value.balance), 'getMany')
    }
    done.audits++
  } catch (error) {
    if (!(error instanceof ZVerseError) || error.code !== 'ZVERSE_VERSION_NOT_RETAINED') throw error
    if (db.oldestVersion <= at) fail(`version ${at} was refused: ${error.message}`)
    done.tooOld++
  }
}

/** Scans that begin at once and go on, a step at a time, while others commit. */
function* slowScan() {
  const tx = db.beginRead()
  const cursors = stores.map((store, s) => {
    return (s === 0 ? tx : tx.store(store)).range({ reverse: s === 1 })
  })
  const { version } = tx
  // The iterators alone must pin the version.
  if (random.chance(0.5)) tx.version
  const all = []
  for (const [s, cursor] of cursors.entries()) {
    const listed = []
    for (const pair of cursor) {
      listed.push(pair)
      yield
    }
    all.push(s === 1 ? listed.reverse() : listed)
  }
  must(audit(/** @type {any} */ (all)), `a slow scan of version ${version}`)
  tx.close()
  done.audits++
}

async function reader() {
  /** @type {{ tx: any, all: unknown[] }[]} */
  const held = []
  /** @type {Generator[]} */
  const scans = []
  let newest = 0
  while (Atomics.load(control, STOP) === 0) {
    const kind = random.int(10)
    if (kind < 3) {
      const found = readPinned()
      if (found.tx.version < newest) fail(`version ${found.tx.version} after ${newest}`)
      newest = found.tx.version
      if (held.length < 4 && random.chance(0.2)) held.push(found)
      else found.tx.close()
    } else if (kind < 5) readPast()
    else if (kind < 7) readLong()
    else if (kind < 9) {
      if (scans.length < 3) scans.push(slowScan())
      const scan = random.pick(scans)
      let isDone = false
      for (let i = 0; i < 5 && !isDone; i++) isDone = scan.next().done === true
      if (isDone) scans.splice(scans.indexOf(scan), 1)
    } else if (held.length > 0) {
      const { tx, all } = random.pick(held)
      const again = stores.map((store, s) => [...(s === 0 ? tx : tx.store(store)).range()])
      must(differ(`version ${tx.version} held`, all, again), 'again')
      done.held++
      if (random.chance(0.1)) {
        held.splice(
          held.findIndex(found => found.tx === tx),
          1,
        )
        tx.close()
      }
    }
    if (random.chance(0.05)) await pause()
  }
}

// Not awaited at the top: Node 20 aborts the process if it terminates a thread in such a module.
async function run() {
  Atomics.add(control, BEGAN, 1)
  await (role === 'writer' ? writer() : reader())
  if (random.chance(0.5)) db.close()
  parentPort?.postMessage(done)
}

run()
