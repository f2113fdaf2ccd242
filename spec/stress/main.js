/**
 * The long run: the model with other seeds, more runs and longer ones, until `ZVERSE_STRESS`
 * (default 1, about 60 s) is used up. `npm run stress`, or `node spec/stress/main.js`.
 *
 * It starts vitest as a process of its own, so that the same code runs here and in `npm test`.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const factor = Number(process.env.ZVERSE_STRESS ?? 1)
const seed = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

/** Short runs that collide, then long ones in which things add up. */
const parts = [
  { runs: Math.ceil(5000 * factor), scale: 1 },
  { runs: Math.ceil(150 * factor), scale: 10 },
]

let at = seed
for (const { runs, scale } of parts) {
  const env = {
    ...process.env,
    ZVERSE_SEED: String(at),
    ZVERSE_RUNS: String(runs),
    ZVERSE_SCALE: String(scale),
  }
  console.log(`stress: ${runs} runs of scale ${scale} from seed ${at}`)
  const args = [vitest, 'run', 'spec/model', '--silent=false']
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  at += runs
}

// References above 2³¹ and bytes above 4 GiB: only in a run that has the time and the memory.
if (factor >= 1) {
  const large = fileURLToPath(new URL('large.js', import.meta.url))
  const { status } = spawnSync(process.execPath, [large, '6'], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
