/**
 * Makes the golden directories that are not there yet, after `npm run build`: `node spec/persistent/golden/make.js`.
 * Those that are there stay: a database that was once written must be read for ever.
 *
 * Each has an expected.json: the options that open it, what it must then show, and what a recovery finds.
 */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { toJson, zorder } from '../../../dist/index.js'
import { SYSTEM } from '../../../dist/storage/files.js'
import * as zverse from '../../../dist/zverse.js'

const HERE = dirname(fileURLToPath(import.meta.url))
const { openWith } = /** @type {any} */ (zverse)
const FILES = { ...SYSTEM, segmentBytes: 4096 }

/** @typedef {import('../../../lib/zverse.js').ZVerse<any, any>} Database */

let time = Date.UTC(2026, 0, 1)
const now = () => (time += 1000)

/**
 * @param {string} path
 * @param {object} [options]
 * @returns {Database}
 */
function open(path, options) {
  const all = { path, background: false, maxBytes: 2 ** 24, ...options }
  return openWith(all, { now, files: FILES })
}

/**
 * A database in memory.
 * @param {object} [options]
 * @param {number} [firstVersion]
 * @returns {Database}
 */
function inMemory(options, firstVersion = 0) {
  return openWith({ maxBytes: 2 ** 24, ...options }, { now, firstVersion })
}

/** @param {string} _ @param {unknown} value */
function shorter(_, value) {
  const isLong = typeof value === 'string' && value.length > 256
  return isLong ? `${value.length}:${crc32(value)}` : value
}

/** @param {Database} db */
function shown(db) {
  const tags = db.versions().flatMap(({ version, tags }) => tags.map(tag => [tag, version]))
  const dump = [...db.dump({ history: true })]
  return { tags: tags.sort(), dump: dump.map(record => JSON.parse(toJson(record), shorter)) }
}

/**
 * A copy as a crash leaves it, but for the lock, which names the process that has it.
 * @param {string} from
 * @param {string} to
 */
function crash(from, to) {
  cpSync(from, to, { recursive: true })
  unlock(to)
}

/** @param {string} path */
function unlock(path) {
  for (const file of readdirSync(path)) {
    if (file.startsWith('lock-')) writeFileSync(join(path, file), '')
  }
}

/** @param {string} path */
function segments(path) {
  return readdirSync(path)
    .filter(file => file.startsWith('log-'))
    .sort()
    .map(file => join(path, file))
}

/**
 * Spoils the last record of the log, all of which is in the last segment that is not empty.
 * @param {string} path
 */
function tear(path) {
  for (const file of segments(path).reverse()) {
    const bytes = readFileSync(file)
    const last = new Uint8Array(bytes).reduce((at, byte, i) => (byte === 0 ? at : i), -1)
    if (last < 0) continue
    bytes[last] ^= 0xff
    writeFileSync(file, bytes)
    return
  }
}

/** Every change, keys of all codecs, several segments; closed. @param {string} path */
function changes(path) {
  const options = { history: { versions: 12, ms: 86_400_000 } }
  const db = open(path, options)
  db.put('a', { text: 'ä', list: [1, 2.5, null, true] })
  db.put('', 'the empty key')
  db.tag('first')
  db.batch([
    { type: 'put', key: 'b', value: 'ascii' },
    { type: 'put', key: 'c', value: '' },
    { type: 'del', key: 'a' },
  ])
  const tuples = db.store('tuples', { keys: 'tuple', values: 'json' })
  tuples.put([1, 'two', new Uint8Array([3]), [null, false]], { five: 5 })
  tuples.put('a scalar', 'ascii')
  const bytes = db.store('bytes', { keys: 'binary', values: 'binary' })
  for (let length = 0; length < 6; length++) {
    bytes.put(new Uint8Array(length).fill(0xfe), new Uint8Array(length).fill(length))
  }
  const curve = zorder(['uint8', 'float64', 'date', { type: 'float', min: -1, max: 1, bits: 12 }])
  const points = db.store('pünkte', { keys: /** @type {any} */ (curve), values: 'string' })
  points.put([7, -0.5, new Date(0), 0.25], 'Größe')
  db.tag('points')
  db.tag('moves', { at: 'first' })
  db.transact(tx => {
    tx.put('d', 1)
    tx.store(tuples).put([], [])
    tx.store(points).put([1, 1, new Date(1), 1], 'in three stores')
  })
  db.tag('moves')
  db.dropStore('bytes')
  db.store('bytes', { keys: 'string', values: 'json' }).put('made', 'again')
  tuples.clear()
  tuples.put([1], 'after the clear')
  for (let i = 0; i < 24; i++) db.put(`key-${i % 5}`, 'x'.repeat(i * 16))
  db.untag('first')
  db.clear({ gte: 'key-3' })
  db.setHistory({ versions: 20 })
  db.update('b', old => `${old}, updated`)
  db.prune({ before: db.version - 6 })
  db.put('last', 'before the close')
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 20 }, tornBytes: 0 }
}

/** A value in parts, over three segments; binary keys; never closed. @param {string} path */
function parts(path) {
  const options = { keys: 'binary', values: 'binary', history: { versions: 4 } }
  const db = open(`${path}-open`, options)
  db.put(new Uint8Array([1, 2, 3]), new Uint8Array([4]))
  db.put(new Uint8Array([0]), new Uint8Array(9001).fill(0xab))
  db.put(new Uint8Array([]), new Uint8Array([]))
  const told = shown(db)
  crash(`${path}-open`, path)
  db.close()
  return {
    ...told,
    options: { keys: 'binary', values: 'binary' },
    bounds: { versions: 4 },
    tornBytes: 0,
  }
}

/** The log ends in the middle of parts; the database went on in another segment. @param {string} path */
function unfinished(path) {
  let db = open(`${path}-open`)
  db.put('whole', 1)
  db.put('large', 'y'.repeat(9000))
  crash(`${path}-open`, path)
  db.close()
  for (const file of segments(path).slice(2)) rmSync(file)
  db = open(path)
  db.put('after', 'the crash')
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 1000 }, tornBytes: 0 }
}

/** A torn tail, behind which a segment was begun, and one at the end. @param {string} path */
function torn(path) {
  let db = open(`${path}-0`)
  db.put('kept', 1)
  db.put('lost', 2)
  crash(`${path}-0`, `${path}-1`)
  db.close()
  tear(`${path}-1`)
  db = open(`${path}-1`)
  db.put('kept, too', 3)
  const told = shown(db)
  db.put('lost, too', 4)
  crash(`${path}-1`, path)
  db.close()
  tear(path)
  crash(path, `${path}-2`)
  db = open(`${path}-2`)
  const { tornBytes } = /** @type {any} */ (db.recovery)
  db.close()
  return { ...told, bounds: { versions: 1000 }, tornBytes }
}

/** Two bases, tagged versions before them, stores, a large value; a log behind. @param {string} path */
async function bases(path) {
  const db = open(path, { history: { versions: 2, bytes: 2 ** 20 } })
  const rows = db.store('rows', { keys: 'tuple', values: 'msgpack' })
  db.store('gone', { values: 'string' }).put('k', 'v')
  for (let i = 0; i < 20; i++) rows.put([i, `row ${i}`], { i })
  db.tag('early')
  db.put('large', 'z'.repeat(5000))
  db.tag('large')
  db.dropStore('gone')
  db.put('large', 'small')
  db.store('empty', { keys: 'binary' })
  rows.delete([3, 'row 3'])
  db.put('more', 1)
  await db.compact()
  db.tag('between')
  rows.clear()
  for (let i = 0; i < 5; i++) rows.put([i], i)
  await db.compact()
  db.tag('late')
  db.untag('between')
  db.put('end', 'of the log')
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 2, bytes: 2 ** 20 }, tornBytes: 0 }
}

/** As {@link bases}, but the newest base is damaged: the one before serves. @param {string} path */
async function fallback(path) {
  const expected = await bases(path)
  const file = join(path, 'base-2')
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1] ^= 1
  writeFileSync(file, bytes)
  return expected
}

/** A loaded history that begins where the database does. @param {string} path */
function history(path) {
  const from = inMemory()
  from.put('a', 1)
  from.tag('loaded')
  from.store('s', { values: 'json' }).put('k', 'v')
  from.delete('a')
  const db = open(path)
  db.load(from.dump({ history: true }))
  from.close()
  db.put('b', 2)
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 1000 }, tornBytes: 0 }
}

/** A dump with gaps, of versions beyond 2^32. */
function gappy() {
  const from = inMemory({ history: { versions: 1 } }, 2 ** 33)
  from.put('a', 1)
  from.tag('one')
  from.put('a', 2)
  from.put('a', 3)
  from.tag('three')
  for (let i = 4; i < 9; i++) from.put('a', i)
  return [...from.dump({ history: true })]
}

/** A loaded history with gaps. @param {string} path */
function gaps(path) {
  const db = open(path)
  db.load(gappy())
  db.put('b', 'after the load')
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 1000 }, tornBytes: 0 }
}

/** As {@link gaps}, with a base behind the load. @param {string} path */
async function base(path) {
  const db = open(path)
  db.load(gappy())
  db.put('b', 'after the load')
  await db.compact()
  db.put('b', 'after the base')
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 1000 }, tornBytes: 0 }
}

/**
 * Commits of all kinds, for a past: stores that come and go, values of many sizes, one of them larger than a block.
 * @param {Database} db
 * @param {number} round
 */
function busy(db, round) {
  const rows = db.store('rows', { keys: 'tuple', values: 'json' })
  db.put('a', round)
  db.put('ä', { round, list: [true, null, 2.5] })
  db.put(`only in ${round}`, 'x'.repeat(round * 50))
  rows.put([round, 'row'], { round })
  db.transact(tx => {
    tx.put('', 'the empty key')
    tx.store(rows).put([], `in both, ${round}`)
  })
  const some = db.store(`some ${round % 2}`, { keys: 'binary', values: 'binary' })
  for (let length = 0; length < 4; length++) {
    some.put(new Uint8Array(length).fill(0xf0), new Uint8Array(length * 3).fill(round))
  }
  db.delete('ä')
  // A version in which nothing differs: what it puts, it deletes.
  db.batch([
    { type: 'put', key: 'not there', value: 1 },
    { type: 'del', key: 'not there' },
  ])
  db.put('ä', 'again')
  if (round === 1) db.put('large', 'z'.repeat(17_000))
  if (round === 2) db.delete('large')
  if (round % 2 === 0) db.dropStore('some 1')
  if (round % 3 === 2) rows.clear()
  db.delete('')
  // What it was.
  db.put('a', round)
  db.restore({ at: Math.max(0, db.version - 4) })
}

/**
 * A past on disk, all of it: a merged run, one that was sealed later, and what is in none.
 * @param {string} path
 */
async function past(path) {
  const db = open(path, { history: { versions: 2, disk: {} } })
  for (let round = 1; round <= 6; round++) {
    busy(db, round)
    if (round === 2) db.tag('in memory')
    await db.compact()
    if (round === 4) db.tag('deep', { at: 20 })
    if (round === 5) db.tag('moved', { at: 30 })
  }
  db.tag('moved', { at: 40 })
  busy(db, 7)
  db.tag('late', { at: 50 })
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 2 }, disk: {}, tornBytes: 0 }
}

/** Keys so long that what a run lists of them lies in two pieces. @param {Database} db */
function long(db) {
  const keys = Array.from({ length: 30 }, (_, i) => `long ${i} `.padEnd(300, 'k'))
  db.batch(keys.map(key => ({ type: 'put', key, value: key.length })))
  db.clear({ prefix: 'long' })
}

/** Deflated blocks; a bound, below which there are tags, one of which is taken away. @param {string} path */
async function deflated(path) {
  const disk = { versions: 40, deflate: true, bitsPerKey: 6 }
  const db = open(path, { history: { versions: 1, disk } })
  busy(db, 1)
  db.tag('in memory', { at: 9 })
  await db.compact()
  db.put('a', 0)
  db.tag('below', { at: 12 })
  db.tag('taken away', { at: 14 })
  for (let round = 2; round <= 7; round++) {
    busy(db, round)
    if (round === 5) long(db)
    await db.compact()
  }
  db.untag('taken away')
  db.put('not', 'sealed')
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 1 }, disk, tornBytes: 0 }
}

/** A past of a loaded history with gaps, of versions beyond 2^32. @param {string} path */
async function beyond(path) {
  const db = open(path, { history: { versions: 0, disk: {} } })
  db.load(gappy())
  for (let i = 0; i < 6; i++) {
    db.store('s', { values: 'string' }).put(`key-${i % 2}`, 'x'.repeat(i))
    for (let j = 0; j < 3; j++) db.put(`key-${j % 2}`, i * 3 + j)
    if (i % 2 === 1) db.dropStore('s')
    await db.compact()
  }
  db.tag('deep', { at: 2 ** 33 + 20 })
  db.put('b', 'after the runs')
  const told = shown(db)
  db.close()
  return { ...told, bounds: { versions: 0 }, disk: {}, tornBytes: 0 }
}

/** @param {Record<string, any>} expected */
function toText({ dump, ...rest }) {
  const lines = Object.entries(rest).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
  const records = dump.map((/** @type {unknown} */ record) => `  ${JSON.stringify(record)}`)
  return `{\n${[...lines, `"dump": [\n${records.join(',\n')}\n]`].join(',\n')}\n}\n`
}

const log = [changes, parts, unfinished, torn, history, gaps]
for (const make of [...log, bases, fallback, base, past, deflated, beyond]) {
  const to = join(HERE, make.name)
  if (existsSync(to)) continue
  const scratch = mkdtempSync(join(tmpdir(), 'zverse-golden-'))
  const path = join(scratch, make.name)
  const expected = await make(path)
  unlock(path)
  writeFileSync(join(path, 'expected.json'), toText(expected))
  cpSync(path, to, { recursive: true })
  rmSync(scratch, { recursive: true })
}
