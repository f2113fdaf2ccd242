// @ts-check
/**
 * A pool of worker threads answers questions about prices, now and in the past, out of one database
 * in shared memory, while another thread writes a price feed into it. One reader is killed half-way.
 *
 *     node examples/worker-pool/main.js [--seconds 3] [--readers 3]     (after `npm run build`)
 *
 * Checks all answers; the exit code is 0 if all was well, 1 if not.
 */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { ZVerse } from 'zverse'
import { oneOf, random, SHARES, SYMBOLS } from './market.js'
import { Pool } from './pool.js'

/** @typedef {import('./market.js').Market} Market */

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    readers: { type: 'string', default: '3' },
  },
})
const seconds = Number(options.seconds)
const size = Number(options.readers)
if (!(seconds > 0 && seconds < 1e6) || !(Number.isInteger(size) && size >= 2 && size <= 64)) {
  process.stderr.write('--seconds takes a number above 0, --readers one from 2 to 64\n')
  process.exit(2)
}

/** How far back questions about the past go, ms; the database keeps a second. */
const AGO = 200
/** Questions under way at any time, for each reader. */
const CLIENTS = 8

/** @param {string} line */
const say = line => void process.stdout.write(`${line}\n`)
/** A rate that is not 0 is not shown as 0. @param {number} count */
const grouped = count => Math.ceil(count).toLocaleString('en-US').replaceAll(',', ' ')

const db = /** @type {Market} */ (/** @type {unknown} */ (ZVerse.open({ history: { ms: 1000 } })))
db.store('book')
const pool = new Pool(db, size)
const writer = new Worker(new URL('./writer.js', import.meta.url), { workerData: db.share() })
db.track(writer)

const seen = { prices: 0, audits: 0, pasts: 0, gone: 0 }
/** @type {Set<string>} */
const problems = new Set()
let running = true

/** The present: each price is one that can be. */
async function askPrice() {
  const symbol = oneOf(SYMBOLS)
  const quote = await pool.ask({ what: 'price', symbol })
  seen.prices++
  if (!(quote.bid <= quote.ask)) problems.add(`${symbol}: bid ${quote.bid}, ask ${quote.ask}`)
}

/** The past does not change: two threads say the same about it. */
async function askPast() {
  const question = { symbol: oneOf(SYMBOLS), time: Date.now() - AGO }
  const answers = await Promise.all([
    pool.ask({ what: 'priceAt', ...question }),
    pool.ask({ what: 'priceAt', ...question }),
  ])
  if (answers.some(({ gone }) => gone)) return void seen.gone++
  const [one, other] = answers
  if (!isDeepStrictEqual(one, other)) problems.add(`two pasts of ${question.symbol}`)
  seen.pasts++
}

/** A whole version, of now or of then: no transaction in it is half-done. */
async function askAudit() {
  const time = random(2) === 0 ? undefined : Date.now() - AGO
  const { gone, version, crossed, shares } = await pool.ask({ what: 'audit', time })
  if (gone) return void seen.gone++
  if (crossed > 0) problems.add(`version ${version}: ${crossed} bids above their asks`)
  if (shares !== SHARES) problems.add(`version ${version}: ${shares} shares`)
  seen.audits++
}

async function client() {
  while (running) await oneOf([askPrice, askPrice, askPrice, askPast, askAudit])()
}

say(`A price feed, 1 thread that writes, ${size} that answer, ${seconds} s`)
// The feed has begun, and has a past to ask about.
await db.waitFor(db.version + 1)
await delay(AGO + 50)

const clients = Array.from({ length: CLIENTS * size }, client)
const begun = performance.now()
const first = db.version
await delay((seconds * 1000) / 2)
const { victim, heir, pending, pins } = await pool.replace(size - 1)
if (pins === 0) problems.add('the report had no snapshot')
say(`  killed reader ${victim.number} in the middle of a report, with ${pending} questions waiting`)
say(`  reader ${heir.number} takes its place and answers them`)
await delay((seconds * 1000) / 2)
running = false
await Promise.all(clients)
// A machine too slow for it among all the others answers a question that is asked alone.
while (seen.prices === 0) await askPrice()
while (seen.pasts === 0) await askPast()
while (seen.audits === 0) await askAudit()
await db.waitFor(first + 1)
const elapsed = (performance.now() - begun) / 1000
const commits = db.version - first

await pool.stop()
writer.postMessage('stop')
await once(writer, 'exit')

const { memory, versions, readers } = db.stats()
const { ok, problems: wrong, leakedBytes } = db.check()
if (!ok) problems.add(`check(): ${wrong.slice(0, 3).join('; ')}`)
if (readers.pins !== 0) problems.add(`${readers.pins} snapshots are still pinned`)
if (heir.answered === 0) problems.add('the new reader has not answered')
db.close()

say('')
for (const reader of pool.readers) {
  const fate = reader.killed ? ', killed' : ''
  say(`  reader ${reader.number}  ${grouped(reader.rate)} answers/s${fate}`)
}
say(`  writer    ${grouped(commits / elapsed)} commits/s`)
say('')
const { prices, pasts, audits, gone } = seen
say(`  prices    ${grouped(prices)} asked`)
say(`  past      ${grouped(pasts)} prices of ${AGO} ms ago, each asked of two threads`)
if (gone > 0) say(`  too late  ${grouped(gone)} about a time that is no longer kept`)
say(`  audits    ${grouped(audits)} snapshots: bids, asks and ${grouped(SHARES)} shares`)
const kept = `${grouped(versions.retained)} versions of the last second`
say(`  memory    ${(memory.usedBytes / 2 ** 20).toFixed(1)} MiB, ${kept}`)
say(`  check()   ${grouped(leakedBytes)} bytes leaked, ${readers.pins} snapshots left pinned`)
for (const problem of problems) say(`  PROBLEM   ${problem}`)
say(problems.size === 0 ? '  all is well' : '  NOT ALL IS WELL')
process.exitCode = problems.size === 0 ? 0 : 1
