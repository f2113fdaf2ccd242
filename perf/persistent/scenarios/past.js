// @ts-check
/** The past on disk: reads of versions that memory has let go of; and what the disk gets for what is put. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { presentKey } from '../../data.js'
import { consume, measureInTurns, taste } from '../../measure.js'
import { fill, roomFor } from '../systems.js'
import { churned } from './disk.js'

/** @typedef {import('../stage.js').PersistentStage} PersistentStage */

const LIMIT = 100
const RANGES = 20
const BATCH = 100
/** Single commits that make the past, at most. */
const MOST_COMMITS = 200_000
/** Versions that memory keeps. */
const WINDOW = 1000
/** Points of a plane so large that a box has about LIMIT of them. */
const POINTS = 20_000
const SIDE = 2 ** 16
const BOX = Math.round(SIDE * Math.sqrt(LIMIT / POINTS))

/**
 * A database with a long past on disk, and points in it.
 * @param {PersistentStage} stage
 * @param {object} disk
 */
async function pastOf(stage, disk) {
  const { system, data, count } = stage
  const { keys, values, random } = data
  const { ZVerse, zorder } = system.engine
  const path = stage.directory()
  const db = ZVerse.open({
    ...{ path, values: 'string', maxBytes: roomFor(count), sync: 'never' },
    history: { versions: WINDOW, disk },
  })
  stage.after(() => {
    db.close()
    stage.remove(path)
  })
  fill(db, keys, values)
  const loaded = db.version
  const points = db.store('points', { keys: zorder(['uint16', 'uint16']), values: 'string' })
  const place = () => [random(SIDE), random(SIDE)]
  db.transact((/** @type {any} */ tx) => {
    for (let i = 0; i < POINTS; i++) tx.store(points).put(place(), 'a point')
  })
  const commits = Math.min(count, MOST_COMMITS)
  for (let i = 0; i < commits; i++) {
    if (i % 10 === 9) points.put(place(), 'a point')
    else db.put(presentKey(random(count)), values[i % count])
    if (i % 20_000 === 0) await db.compact()
  }
  for (let i = 0; i < 2 * WINDOW; i++) db.put(presentKey(random(count)), values[i % count])
  await db.compact()
  db.put(presentKey(0), values[0])
  return { db, points, loaded }
}

/** @type {import('../stage.js').Scenario} */
const deep = {
  name: 'deep-past',
  title: 'reads of a past on disk',
  figures: {
    get: { what: 'get, a version half way back', unit: 'µs' },
    any: { what: 'get, any version', unit: 'µs' },
    'range÷': { what: 'range of 100, a version half way back: time ÷ in memory', unit: '×' },
    'box÷': { what: 'box of about 100 points, half way back: time ÷ in memory', unit: '×' },
    history: { what: 'history of a key', unit: 'µs' },
    diff: { what: 'diff of any version and the next', unit: 'µs' },
    changes: { what: 'changes since half way back, a commit', unit: 'µs' },
    bytes: { what: 'bytes of the past on disk, a commit', unit: 'bytes' },
    files: { what: 'its files', unit: '' },
    'any deflated': { what: 'get, any version, with deflate', unit: 'µs' },
    'bytes deflated': { what: 'bytes of the past on disk, a commit, with deflate', unit: 'bytes' },
  },
  zverse: true,
  note: 'single puts on random keys; the files are cached by the system',
  async start(stage) {
    const { data, count, settings } = stage
    const { random } = data
    const { db, points, loaded } = await pastOf(stage, {})
    const other = await pastOf(stage, { deflate: true })
    const half = { at: db.version >>> 1 }
    const anyOf = (/** @type {typeof other} */ { db, loaded }) => ({
      at: loaded + random(db.version - WINDOW - loaded),
    })
    const anyVersion = () => anyOf({ db, points, loaded })
    /** @param {(at: () => object) => () => void} make */
    const work = make => (/** @type {() => object} */ at) => {
      const one = make(at)
      return {
        run: () => {
          for (let i = 0; i < RANGES; i++) one()
          return RANGES
        },
      }
    }
    const found = work(at => () => taste(db.get(presentKey(random(count)), at())))
    const inflated = work(() => () => taste(other.db.get(presentKey(random(count)), anyOf(other))))
    const range = work(at => () => {
      for (const [, value] of db.range({ gte: presentKey(random(count)), limit: LIMIT, ...at() })) {
        taste(value)
      }
    })
    const box = work(at => () => {
      const [x, y] = [random(SIDE - BOX), random(SIDE - BOX)]
      for (const [, value] of points.box([x, y], [x + BOX, y + BOX], at())) taste(value)
    })
    const history = work(
      () => () => consume(db.history(presentKey(random(count))).toArray().length),
    )
    const diff = work(() => () => {
      const { at } = anyVersion()
      consume(db.diff(at, at + 1).toArray().length)
    })
    const present = () => ({})
    const then = () => half
    return async () => {
      const works = [
        ...[found(then), found(anyVersion), range(then), range(present), box(then), box(present)],
        ...[history(then), diff(then), inflated(then)],
      ]
      const means = (await measureInTurns(works, settings.seconds * 1000)).map(({ mean }) => mean)
      const [get, any, old, now, oldBox, nowBox, all, one, deflated] = means
      const began = performance.now()
      let commits = 0
      for await (const { version } of db.changes({ since: half.at })) {
        commits++
        if (version >= db.version - WINDOW) break
      }
      const changes = ((performance.now() - began) * 1000) / commits
      const { pastBytes, pastFiles } = db.stats().storage
      const packed = other.db.stats().storage.pastBytes
      return {
        ...{ get, any, history: all, diff: one, changes },
        ...{ 'range÷': old / now, 'box÷': oldBox / nowBox },
        ...{ bytes: pastBytes / db.version, files: pastFiles },
        ...{ 'any deflated': deflated, 'bytes deflated': packed / other.db.version },
      }
    }
  },
}

/** @type {import('../stage.js').Scenario} */
const past = {
  name: 'past-churn',
  title: 'random overwriting of the set with all of its past on disk',
  figures: {
    stall: { what: "single puts, sync: 'never': longest commit by itself", unit: 'ms' },
    'stall seen': { what: "single puts, sync: 'never': longest commit", unit: 'ms' },
    files: { what: 'files of the past then', unit: '' },
    past: { what: 'their bytes', unit: 'MiB' },
  },
  once: true,
  zverse: true,
  note: 'beside the keeper, with bases; by itself: without garbage collection and waiting for a core',
  start(stage) {
    return async () => {
      const history = { versions: WINDOW, disk: {} }
      const { own, stall, pastFiles, pastBytes } = await churned(stage, 'never', 1, history)
      return { stall: own, 'stall seen': stall, files: pastFiles, past: pastBytes / 2 ** 20 }
    }
  },
}

/** Bytes of a directory's files; one with two names counts once. @param {string} path @returns {number} */
function bytesIn(path) {
  const sizes = new Map()
  for (const file of readdirSync(path)) {
    const found = statSync(join(path, file), { throwIfNoEntry: false })
    if (found?.isFile()) sizes.set(found.ino, found.blocks * 512)
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

/**
 * Bytes that this process has handed to the system to write. (What the system says it has written, `write_bytes`, counts a
 * whole MiB where a page of that size has changed in one place.)
 */
function writtenBytes() {
  const [, bytes] = /^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8')) ?? []
  return Number(bytes)
}

/**
 * Writes some of the set's keys again, a hundred in a transaction.
 * @param {PersistentStage} stage
 * @param {import('../systems.js').Store} store
 * @param {Iterable<string>} which
 * @returns {Promise<number>} bytes of keys and values
 */
async function rewrite({ data, count }, store, which) {
  const { values } = data
  let bytes = 0
  /** @type {string[]} */
  let batch = []
  const flush = async () => {
    const some = batch.map(() => values[data.random(count)])
    await store.putAll(batch, some)
    for (let i = 0; i < batch.length; i++) bytes += batch[i].length + some[i].length
    batch = []
  }
  for (const key of which) {
    batch.push(key)
    if (batch.length === BATCH) await flush()
  }
  if (batch.length > 0) await flush()
  return bytes
}

/** @type {import('../stage.js').Scenario} */
const amplification = {
  name: 'amplification',
  title: 'what the disk gets for what is put',
  figures: {
    'ycsb write': { what: "YCSB A's updates: bytes written ÷ bytes put", unit: '×' },
    'ycsb space': { what: 'the directory then ÷ keys and values', unit: '×' },
    'overwrite write': {
      what: 'the set overwritten ten times: bytes written ÷ bytes put',
      unit: '×',
    },
    'overwrite space': { what: 'the directory then ÷ keys and values', unit: '×' },
    'past write': {
      what: 'the latter with all of the past on disk: bytes written ÷ bytes put',
      unit: '×',
    },
    'past space': { what: 'the directory then ÷ all that was ever put', unit: '×' },
  },
  once: true,
  note: 'durable transactions of 100 puts; as many updates as keys; written is what was handed to the system',
  start(stage) {
    const { system, data, count } = stage
    const { keys, values, random } = data
    const live = keys.reduce((sum, key, i) => sum + key.length + values[i].length, 0)
    const updates = function* () {
      for (let i = 0; i < count; i++) yield presentKey(random(count))
    }
    const all = function* () {
      for (let round = 0; round < 10; round++) yield* keys
    }
    /**
     * @param {import('../systems.js').Store} store
     * @param {string} path
     * @param {() => Iterable<string>} which
     */
    const measured = async (store, path, which) => {
      const before = writtenBytes()
      const put = await rewrite(stage, store, which())
      const space = bytesIn(path)
      await store.close()
      const written = writtenBytes() - before
      stage.remove(path)
      return { write: written / put, space, put }
    }
    const open = async () => {
      const path = stage.directory()
      const store = await system.open(path, count)
      await store.putAll(keys, values)
      return /** @type {const} */ ([store, path])
    }
    return async () => {
      const ycsb = await measured(...(await open()), updates)
      const over = await measured(...(await open()), all)
      const figures = {
        ...{ 'ycsb write': ycsb.write, 'ycsb space': ycsb.space / live },
        ...{ 'overwrite write': over.write, 'overwrite space': over.space / live },
      }
      if (system.engine === undefined) return figures
      const [store, path] = await open()
      store.db.setHistory({ versions: WINDOW, disk: {} })
      const past = await measured(store, path, all)
      const ever = live + past.put
      return { ...figures, 'past write': past.write, 'past space': past.space / ever }
    }
  },
}

export const pastOnDisk = [deep, past, amplification]
