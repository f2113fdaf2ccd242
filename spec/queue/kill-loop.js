/**
 * Kills processes whose threads submit, one after the other, and looks after each what is there: every submission that was
 * told of, in its version; of each thread and lane a prefix of what it submitted, each once, as a whole, in the order of
 * versions; nothing else.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ZVerse } from '../../dist/index.js'
import { run } from '../persistent/kill-loop.js'
import { drawFrom } from '../persistent/kill-model.js'
import { drawOptions, drawPlan } from '../persistent/kill-plan.js'
import { LANES } from './kill-producer.js'

const CHILD = fileURLToPath(new URL('./kill-child.js', import.meta.url))
const THREADS = 4
const BYTES = 2 ** 28
/** Bytes of a value: such a one has no room in a ring. */
const LARGEST = 80_000

/**
 * @typedef {object} Plan
 * @property {string} path of the database
 * @property {string} told the directory of the files in which its threads say what they were told
 * @property {number} seed
 * @property {number} ms how long it works, if it is not killed
 * @property {number} largest bytes of a value
 * @property {boolean} isTracked
 * @property {number[][]} from by thread and lane: the number of the first submission
 * @property {object} options of `open`
 * @property {import('../persistent/kill-plan.js').Plan['kill']} kill
 */
/** @typedef {{ rounds: number, kills: number, told: number, there: number, untold: number }} Counts */

/**
 * @param {number} rounds
 * @param {number} seed
 * @param {(line: string) => void} [log]
 * @returns {Promise<Counts>}
 */
export async function queueKillLoop(rounds, seed, log = () => {}) {
  const draw = drawFrom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'zverse-queue-kills-'))
  const counts = { rounds: 0, kills: 0, told: 0, there: 0, untold: 0 }
  let path = join(folder, 'db-0')
  let from = none()
  for (let round = 0; round < rounds; round++) {
    const told = join(folder, `told-${round}`)
    mkdirSync(told)
    const drawn = drawPlan(draw, { path, told, round })
    const groupBytes = [1024, 16_384, 65_536][draw(3)]
    const options = { ...drawn.options, maxBytes: BYTES, queue: { groupBytes } }
    const largest = Math.min(drawn.largest, LARGEST)
    const plan = { ...drawn, largest, from: from.slice(0, 1 + draw(THREADS)), options }
    try {
      const { code, signal, said } = await run([CHILD, JSON.stringify(plan)])
      if (signal === 'SIGKILL') counts.kills++
      else if (code !== 0 || said !== 'closed')
        throw new Error(`the process ended with ${code} ${signal}: ${said}`)
      mkdirSync(path, { recursive: true })
      const db = /** @type {ZVerse} */ (
        ZVerse.open({ ...drawOptions(draw), maxBytes: BYTES, path })
      )
      judge(db, told, from, counts)
      db.close()
    } catch (error) {
      const all = JSON.stringify(plan)
      throw new Error(`round ${round} of seed ${seed}, in ${folder}: ${all}`, { cause: error })
    }
    rmSync(told, { recursive: true })
    counts.rounds++
    if ((round + 1) % 100 === 0)
      log(`queue: ${round + 1} of ${rounds} rounds, ${JSON.stringify(counts)}`)
    // A new database now and then: its first moments count, too.
    if (draw(8) > 0) continue
    rmSync(path, { recursive: true })
    path = join(folder, `db-${round + 1}`)
    from = none()
  }
  rmSync(folder, { recursive: true })
  return counts
}

/** By thread and lane: the numbers to begin with. */
const none = () => Array.from({ length: THREADS }, () => LANES.map(() => 0))

/**
 * @param {ZVerse} db
 * @param {string} told
 * @param {number[][]} from raised to what is there
 * @param {Counts} counts
 */
function judge(db, told, from, counts) {
  const { ok, problems, leakedBytes } = db.check()
  assert.deepEqual({ ok, problems, leakedBytes }, { ok: true, problems: [], leakedBytes: 0 })
  assert.deepEqual(db.pressure().depths, { high: 0, normal: 0, low: 0 })
  for (const [thread, numbers] of from.entries()) {
    const lines = linesOf(join(told, `${thread}`))
    for (const [lane, priority] of LANES.entries()) {
      const name = `${thread} ${priority}`
      const before = numbers[lane] ?? 0
      const end = endOf(db, name, before)
      numbers[lane] = end
      const ofLane = lines.filter(line => line[1] === lane)
      for (const [what, , n, version] of ofLane) {
        const entry = db.getEntry(`${name} ${n}`)
        assert.equal(entry?.version, what === 'ok' ? version : undefined, `${name} ${n}: ${what}`)
      }
      const known = ofLane.filter(([what]) => what === 'ok').length
      counts.told += known
      counts.there += end - before
      counts.untold += end - before - known
    }
  }
}

/**
 * The number behind the last submission that is there.
 * @param {ZVerse} db
 * @param {string} name
 * @param {number} before
 */
function endOf(db, name, before) {
  let last = 0
  let n = before
  for (; db.has(`${name} ${n}`); n++) {
    const version = db.getEntry(`${name} ${n}`)?.version ?? 0
    assert.equal(db.getEntry(`${name} ${n} too`)?.version, version, `${name} ${n} is whole`)
    assert.ok(version >= last, `${name}: the order is kept at ${n}`)
    last = version
  }
  assert.equal(db.count({ prefix: `${name} ` }), 2 * n, `${name}: there are no gaps`)
  assert.equal(db.get(`last ${name}`) ?? -1, n - 1, `${name}: the last one is the last`)
  return n
}

/** @param {string} file @returns {[string, number, number, number?][]} */
function linesOf(file) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  // The last one may be torn.
  return lines.slice(0, -1).map(line => JSON.parse(line))
}
