// @ts-check
/**
 * What zverse is for, beside the plain `Map` that it takes the place of: reading, writing, reading by several threads,
 * memory, history. A figure that a system has none of is left out: a `Map` has no order, is of one thread, and has
 * no past.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CHUNK, presentKey, seeded, texts, VALUE_BYTES } from '../data.js'
import { consume, settle, taste } from '../measure.js'
import { walk } from '../stage.js'
import { measureWindow, sum } from '../threads/threads.js'

/** @typedef {import('./stage.js').MatrixStage} MatrixStage */
/** @typedef {import('./stage.js').Store} Store */
/** @typedef {Omit<import('../stage.js').Scenario, 'start'> & { start: (stage: MatrixStage) => any }} Row */

const LIMIT = 100
const RANGES = 20
const BATCH = 1000
const BACK = 500
const CHANGES = 100
const COUNTS = [1, 2, 4]

/** Random gets. @param {readonly string[]} reads @param {(key: string) => string | undefined} get */
const gets = (reads, get) =>
  walk(reads, CHUNK, (from, to) => {
    let sum = 0
    for (let i = from; i < to; i++) sum += taste(get(reads[i]))
    return sum
  })

/** @param {Store} store @returns {(key: string) => string | undefined} */
const getOf = ({ db, map }) => (map === undefined ? key => db.get(key) : key => map.get(key))

/** @param {Iterable<[string, string]>} entries */
function tasteAll(entries) {
  let sum = 0
  for (const [key, value] of entries) sum += taste(key) + taste(value)
  consume(sum)
}

/** @type {Row} */
const read = {
  name: 'matrix-read',
  title: 'read',
  figures: {
    get: { what: 'get', unit: 'µs' },
    range: { what: `range of ${LIMIT}, an entry`, unit: 'µs' },
    scan: { what: 'all entries, an entry', unit: 'µs' },
  },
  note: 'a Map hands out all entries in the order in which they came, zverse in key order',
  async start(stage) {
    const { count, data } = stage
    const store = await stage.loaded()
    const { db, map } = store
    const get = gets(data.reads, getOf(store))
    const scan = () => {
      tasteAll(map ?? db.range())
      return count
    }
    if (map !== undefined) return { get, scan }
    const range = () => {
      for (let i = 0; i < RANGES; i++) {
        const gte = data.sorted[data.random(Math.max(1, count - LIMIT))]
        tasteAll(db.range({ gte, limit: LIMIT }))
      }
      return RANGES * LIMIT
    }
    return { get, range, scan }
  },
}

/** @type {Row} */
const write = {
  name: 'matrix-write',
  title: 'write',
  figures: {
    commit: { what: 'a commit of one put', unit: 'µs' },
    never: { what: "the same, sync: 'never'", unit: 'µs' },
    batch: { what: `commits of ${BATCH} puts, a put`, unit: 'µs' },
  },
  note: 'persistent: a commit returns once it is on the disk',
  async start(stage) {
    const { count, data } = stage
    const { random, values } = data
    const store = await stage.loaded()
    let at = 0
    const put = (/** @type {any} */ to) => {
      to.put(presentKey(random(count)), values[at++ % count])
      return 1
    }
    const { map } = store
    if (map !== undefined) {
      const set = () => {
        for (let i = 0; i < BATCH; i++) map.set(presentKey(random(count)), values[at++ % count])
        return BATCH
      }
      return { commit: set, batch: set }
    }
    const { db } = store
    const batch = () => {
      db.transact((/** @type {any} */ tx) => {
        for (let i = 0; i < BATCH; i++) put(tx)
      })
      return BATCH
    }
    const works = { commit: () => put(db), batch }
    if (!stage.system.isPersistent) return works
    const lazy = (await stage.open({ sync: 'never' })).db
    return { ...works, never: () => put(lazy) }
  },
}

/** @type {Row} */
const readers = {
  name: 'matrix-readers',
  title: 'concurrent reads',
  figures: Object.fromEntries(
    COUNTS.map(n => [`by ${n}`, { what: `gets of ${n} thread${n > 1 ? 's' : ''}`, unit: '/s' }]),
  ),
  note: 'threads that attach; a Map is of the thread that made it',
  async start(stage) {
    const store = await stage.loaded()
    const { seconds } = stage.settings
    if (store.map !== undefined) {
      const run = gets(stage.data.reads, getOf(store))
      return async () => {
        let operations = 0
        const begun = performance.now()
        while (performance.now() < begun + seconds * 1000) operations += run()
        return { 'by 1': (operations * 1000) / (performance.now() - begun) }
      }
    }
    const threads = await stage.threads(Math.max(...COUNTS))
    return async () => {
      /** @type {Record<string, number>} */
      const figures = {}
      for (const count of COUNTS) {
        const parts = threads.slice(0, count).map(thread => ({ thread, role: 'read' }))
        figures[`by ${count}`] = sum((await measureWindow(parts, seconds)).rates)
      }
      return figures
    }
  },
}

/** @type {Row} */
const memory = {
  name: 'matrix-memory',
  title: 'memory, an entry',
  figures: {
    memory: { what: 'in memory, key and value included', unit: 'bytes' },
    disk: { what: 'on the disk', unit: 'bytes' },
  },
  once: true,
  note: 'in the heap and outside; on the disk after compact(), with what is made ahead',
  start({ system, count, seed }) {
    return async () => {
      const store = system.open(count, { history: { versions: 0 } })
      try {
        settle()
        const before = process.memoryUsage().heapUsed
        await fillFresh(store, count, seed)
        settle()
        const heap = process.memoryUsage().heapUsed - before
        const { db, path } = store
        const shared = db === undefined ? 0 : db.stats().memory.usedBytes
        const memory = (heap + shared) / count
        return path === undefined ? { memory } : { memory, disk: bytesIn(path) / count }
      } finally {
        store.close()
      }
    }
  },
}

/**
 * Puts the set, in strings that nobody else holds.
 * @param {Store} store
 * @param {number} count
 * @param {number} seed
 */
async function fillFresh({ db, map, path }, count, seed) {
  const value = texts(VALUE_BYTES, seeded(seed))
  const putAll = (/** @type {(key: string, value: string) => unknown} */ put) => {
    for (let i = 0; i < count; i++) put(presentKey(i), value())
  }
  if (map !== undefined) return putAll((key, value) => map.set(key, value))
  db.transact((/** @type {any} */ tx) => putAll((key, value) => tx.put(key, value)))
  if (path !== undefined) await db.compact()
}

/** @param {string} path */
const bytesIn = path =>
  readdirSync(path).reduce((sum, name) => {
    return sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0)
  }, 0)

/** @type {Row} */
const history = {
  name: 'matrix-history',
  title: 'history',
  figures: {
    get: { what: `get ${BACK} commits back`, unit: 'µs' },
    diff: { what: `difference of two versions, ${CHANGES} changes`, unit: 'µs' },
    version: { what: 'memory that a version of one put holds', unit: 'bytes' },
  },
  async start(stage) {
    const { data, count } = stage
    const { db } = await stage.loaded()
    // A Map has no past.
    if (db === undefined) return () => ({})
    const { random, values } = data
    db.prune({ before: db.version })
    const used = () => db.stats().memory.usedBytes
    const before = used()
    const view = { at: db.version }
    for (let i = 0; i < BACK; i++) db.put(presentKey(random(count)), values[i % count])
    const version = (used() - before) / BACK
    db.transact((/** @type {any} */ tx) => {
      for (let i = 0; i < CHANGES; i++) tx.put(presentKey(random(count)), values[i % count])
    })
    const to = db.version
    const diff = () => {
      for (const { key } of db.diff(to - 1, to)) consume(taste(key))
      return 1
    }
    return { get: gets(data.reads, key => db.get(key, view)), diff, version }
  },
}

export const matrix = [read, write, readers, memory, history]
