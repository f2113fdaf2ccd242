/**
 * A past on disk of a million commits, asked at random: `node spec/stress/past.js [COMMITS] [SEED]`.
 *
 * Memory keeps a thousand versions. A keeper seals and merges meanwhile, and the database is opened again in the middle.
 * Then ten thousand questions are compared with what a plain list of all that was written says.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { ZVerse } from '../../dist/index.js'

const commits = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)
const KEYS = 5000
const QUESTIONS = 10_000

let state = seed
/** @param {number} below */
const random = below => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

/** For each key the versions that wrote it, and what; null where one deleted it. */
/** @type {Map<string, { version: number, value: number | null }[]>} */
const written = new Map()
/** The key that each version wrote, or deleted. */
/** @type {string[]} */
const keysOf = []
const keyOf = (/** @type {number} */ i) => `key-${String(i).padStart(6, '0')}`

/** @param {string} key @param {number} at */
function expectedAt(key, at) {
  const all = written.get(key) ?? []
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (/** @type {any} */ (all[middle]).version <= at) low = middle + 1
    else high = middle
  }
  return all[low - 1]
}

/** @param {number} from @param {number} to */
function differencesOf(from, to) {
  return [...new Set(keysOf.slice(from + 1, to + 1))].sort().flatMap(key => {
    const [a, b] = [expectedAt(key, from), expectedAt(key, to)]
    const [before, after] = [a?.value ?? undefined, b?.value ?? undefined]
    return before === undefined && after === undefined ? [] : [{ key, before, after }]
  })
}

const path = join(mkdtempSync(join(tmpdir(), 'zverse-')), 'db')
const open = (/** @type {object} */ more = {}) => ZVerse.open({ path, sync: 'never', ...more })
let db = open({ history: { versions: 1000, disk: {} } })
try {
  const began = performance.now()
  for (let i = 0; i < commits; i++) {
    const key = keyOf(random(KEYS))
    const last = written.get(key)?.at(-1)
    const isGone = random(6) === 0 && last !== undefined && last.value !== null
    const version = isGone ? db.delete(key) : db.put(key, i)
    keysOf[version] = key
    const all = written.get(key)
    const one = { version, value: isGone ? null : i }
    if (all === undefined) written.set(key, [one])
    else all.push(one)
    if (i % 1000 === 999) await turn()
    if (i === commits >>> 1) {
      db.close()
      db = open()
    }
  }
  const seconds = (performance.now() - began) / 1000
  await db.compact()
  db.put('end', 0)
  assert.equal(db.oldestVersion, 0)
  const { pastFiles, pastBytes } = db.stats().storage
  console.log(
    `past: seed ${seed}, ${commits} commits in ${seconds.toFixed(0)} s, ${pastFiles} files, ${pastBytes} bytes`,
  )
  let slowest = 0
  const asked = performance.now()
  for (let i = 0; i < QUESTIONS; i++) {
    const [at, key] = [random(db.version), keyOf(random(KEYS))]
    const expected = expectedAt(key, at)
    const value = expected?.value ?? undefined
    const before = performance.now()
    assert.equal(db.get(key, { at }), value)
    slowest = Math.max(slowest, performance.now() - before)
    if (i % 10 === 0) {
      const entry = value === undefined ? undefined : { key, value, version: expected?.version }
      assert.deepEqual(db.getEntry(key, { at }), entry)
      const to = Math.min(at + 1 + random(3), commits)
      assert.deepEqual([...db.diff(at, to)], differencesOf(at, to))
      const next = [...db.range({ gte: key, limit: 5, at })]
      for (const [name, found] of next) assert.equal(found, expectedAt(name, at)?.value)
    }
    if (i % 100 === 0) {
      const all = (written.get(key) ?? []).map(({ version, value }) => [
        version,
        value ?? undefined,
      ])
      assert.deepEqual(
        [...db.history(key)].map(({ version, value }) => [version, value]),
        all,
      )
      const alive = [...written.keys()].filter(
        name => (expectedAt(name, at)?.value ?? null) !== null,
      )
      assert.equal(db.count({ at }), alive.length)
      let version = at
      for await (const commit of db.changes({ since: at })) {
        const name = keysOf[++version] ?? 'end'
        const value = name === 'end' ? 0 : (expectedAt(name, version)?.value ?? undefined)
        const change = { type: value === undefined ? 'del' : 'put', key: name, value }
        assert.deepEqual([commit.version, commit.changes], [version, [change]])
        if (version >= at + 5 || version === db.version) break
      }
    }
  }
  const each = ((performance.now() - asked) / QUESTIONS) * 1000
  console.log(
    `past: ${QUESTIONS} questions right, ${each.toFixed(1)} µs each with their checks, slowest get ${slowest.toFixed(1)} ms`,
  )
  const { ok, problems } = db.check()
  assert.ok(ok, problems.join('\n'))
} finally {
  db.close()
  rmSync(join(path, '..'), { recursive: true, force: true })
}
