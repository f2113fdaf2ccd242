/** Kills processes that write a database, one after the other, and looks after each what is there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { ZVerse } from '../../dist/index.js'
import { drawFrom, Model } from './kill-model.js'
import { drawOptions, drawPlan } from './kill-plan.js'

const CHILD = fileURLToPath(new URL('./kill-child.js', import.meta.url))
/** ms after which a process hangs for certain. */
const LONG = 60_000

/** @typedef {{ rounds: number, kills: number, versions: number, replayed: number, torn: number }} Counts */

/**
 * @param {number} rounds
 * @param {number} seed
 * @param {(line: string) => void} [log]
 * @returns {Promise<Counts>}
 */
export async function killLoop(rounds, seed, log = () => {}) {
  const draw = drawFrom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'zverse-kills-'))
  const counts = { rounds: 0, kills: 0, versions: 0, replayed: 0, torn: 0 }
  let model = new Model()
  let path = join(folder, 'db-0')
  for (let round = 0; round < rounds; round++) {
    const told = join(folder, `told-${round}`)
    mkdirSync(told)
    const plan = drawPlan(draw, { path, told, round })
    const options = drawOptions(draw)
    const looks = draw(2) === 0 ? path : `${path}-copy`
    const isSeen = draw(5) > 0
    try {
      const { code, signal, said } = await run([CHILD, JSON.stringify(plan)])
      if (signal === 'SIGKILL') counts.kills++
      else if (code !== 0 || said !== 'closed')
        throw new Error(`the process ended with ${code} ${signal}: ${said}`)
      // A process that died early enough has made no folder.
      mkdirSync(path, { recursive: true })
      if (looks !== path) cpSync(path, looks, { recursive: true })
      // A keeper lets versions go, by their bytes, that were there a moment before.
      const db = ZVerse.open({ ...options, path: looks, background: false })
      if (db.recovery !== null) counts.replayed += db.recovery.replayed
      if ((db.recovery?.tornBytes ?? 0) > 0) counts.torn++
      const files = Array.from({ length: plan.threads }, (_, thread) => join(told, `${thread}`))
      model.take(files, db)
      if (isSeen) await db.compact()
      const before = [...db.versions()]
      db.close()
      if (looks === path && isSeen) {
        const again = ZVerse.open({ ...plan.options, history: undefined, path: looks })
        compare(before, again.versions())
        again.close()
      }
    } catch (error) {
      const drawn = JSON.stringify({ ...plan, looks, options })
      throw new Error(`round ${round} of seed ${seed}, in ${folder}: ${drawn}`, { cause: error })
    }
    if (looks !== path) rmSync(looks, { recursive: true })
    rmSync(told, { recursive: true })
    counts.rounds++
    if ((round + 1) % 100 === 0) log(`kills: ${round + 1} of ${rounds}, ${JSON.stringify(counts)}`)
    counts.versions += model.version
    // A new database now and then: its first moments count, too.
    if (draw(30) === 0) {
      rmSync(path, { recursive: true })
      path = join(folder, `db-${round + 1}`)
      model = new Model()
    }
  }
  rmSync(folder, { recursive: true })
  return counts
}

/**
 * What was closed is what is opened, but that bounds of history which no commit has applied yet may be applied.
 * @param {import('../../dist/index.js').VersionInfo[]} before
 * @param {import('../../dist/index.js').VersionInfo[]} after
 */
function compare(before, after) {
  const [present, from] = [
    after.at(-1),
    after.find(({ tags }) => tags.length === 0) ?? after.at(-1),
  ]
  const kept = before.filter(
    ({ version, tags }) => tags.length > 0 || version >= (from?.version ?? 0),
  )
  const [was, is] = [JSON.stringify(kept), JSON.stringify(after)]
  if (was !== is || present?.version !== before.at(-1)?.version)
    throw new Error(`closed with ${was}, opened with ${is}`)
}

/** Runs a main module of Node to its end. @param {string[]} args */
export async function run(args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (said += text))
  const timer = setTimeout(() => {
    said += `hangs: process ${child.pid}`
    child.kill('SIGABRT')
  }, LONG)
  const [code, signal] = await once(child, 'close')
  clearTimeout(timer)
  return { code, signal, said }
}
