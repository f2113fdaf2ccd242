// @ts-check
/**
 * Rounds of both kinds with random seeds for as long as there is time; stops at the first difference.
 * Needs the built `dist/`.
 *
 * `node spec/threads/consistency/stress.js`; `ZVERSE_SECONDS` (60), `ZVERSE_THREADS` (4, all kinds
 * together), `ZVERSE_KILLS=1` ends threads at random moments, `ZVERSE_SEED` begins with that seed,
 * `ZVERSE_DUMP` names a file for the history in which a difference was found.
 */
import { writeFileSync } from 'node:fs'
import { bankRound } from './bank.js'
import { linearRound } from './linear.js'
import { firstSeed, Random } from './random.js'

const SECONDS = Number(process.env.ZVERSE_SECONDS ?? 60)
const THREADS = Math.max(2, Number(process.env.ZVERSE_THREADS ?? 4))
const KILLS = process.env.ZVERSE_KILLS === '1'
const DUMP = process.env.ZVERSE_DUMP
const PRINTED = 4000

const until = performance.now() + SECONDS * 1000
let seed = firstSeed()

/** @param {Random} random */
function bank(random) {
  const writers = 1 + random.int(THREADS - 1)
  const round = { seed, writers, readers: THREADS - writers, ms: 1000 + random.int(2000) }
  return { what: `bank ${JSON.stringify(round)}`, run: () => bankRound({ ...round, kills: KILLS }) }
}

/** @param {Random} random */
function linear(random) {
  const followers = random.int(2)
  const threads = Math.max(1, THREADS - followers)
  const round = { seed, threads, followers, ms: 1000 + random.int(2000) }
  return {
    what: `linear ${JSON.stringify(round)}`,
    run: () => linearRound({ ...round, kills: KILLS }),
  }
}

let rounds = 0
while (performance.now() < until) {
  const random = new Random(seed)
  const { what, run } = seed % 2 === 0 ? bank(random) : linear(random)
  const { problems, ...found } = await run()
  console.log(`${what}: ${JSON.stringify(found)}`)
  if (problems.length > 0) {
    console.error(`seed ${seed}: ${problems[0].slice(0, PRINTED)}`)
    if (DUMP && 'recorded' in found) writeFileSync(DUMP, JSON.stringify(found.recorded()))
    if (problems.length > 1) console.error(`and ${problems.length - 1} more`)
    process.exit(1)
  }
  rounds++
  seed++
}
console.log(`stress: ${rounds} rounds without a difference`)
