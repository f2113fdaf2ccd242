/**
 * Processes that write a database on disk, killed at random, thousands of times:
 * `node spec/stress/persistent.js [ROUNDS] [SEED]`.
 */
import process from 'node:process'
import { killLoop } from '../persistent/kill-loop.js'
import { workerKills } from '../persistent/worker-kills.js'
import { queueKillLoop } from '../queue/kill-loop.js'

const rounds = Number(process.argv[2] ?? 1000)
const seed = Number(process.argv[3] ?? process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

console.log(`kills: ${rounds} rounds, seed ${seed}`)
console.log(`kills: ${JSON.stringify(await killLoop(rounds, seed, console.log))}`)
console.log(`queue: ${JSON.stringify(await queueKillLoop(rounds, seed, console.log))}`)
console.log(`workers: version ${await workerKills(Math.ceil(rounds / 10), 20, seed, console.log)}`)
