/**
 * The long run, `npm run stress`: other seeds, more runs, longer ones, more threads than cores, and
 * workers killed at random. `ZVERSE_STRESS` (default 1, about five minutes) scales all of it; CI
 * runs `ZVERSE_STRESS=0.1`. `ZVERSE_SEED` repeats.
 *
 * Each part is a process of its own, so that the same code runs here and in `npm test`.
 */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const factor = Number(process.env.ZVERSE_STRESS ?? 1)
const seed = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))
const threads = Math.max(8, 4 * availableParallelism())

/**
 * @param {string} what
 * @param {string[]} args
 * @param {Record<string, string | number>} settings
 */
function part(what, args, settings = {}) {
  const named = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  console.log(`stress: ${what} (${named.join(' ')})`)
  const env = { ...process.env, ...Object.fromEntries(named.map(each => each.split('='))) }
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** @param {string[]} files */
const vitest = (...files) => ['node_modules/vitest/vitest.mjs', 'run', ...files]
const histories = ['spec/threads/consistency/stress.js']

const seconds = Math.ceil(60 * factor)
part('many threads', histories, {
  ZVERSE_SECONDS: seconds,
  ZVERSE_THREADS: threads,
  ZVERSE_SEED: seed,
})
// Node leaves open the files that a killed thread was loading modules from: so no process kills for longer.
for (let done = 0; done < seconds; done += 60) {
  part('many threads, killed at random', histories, {
    ZVERSE_SECONDS: Math.min(60, seconds - done),
    ZVERSE_THREADS: threads,
    ZVERSE_SEED: seed + 1000 * done,
    ZVERSE_KILLS: 1,
  })
}
part('workers killed one after the other', [
  'spec/stress/kills.js',
  String(Math.ceil(500 * factor)),
  String(seed),
])
part('processes with a database on disk, killed one after the other', [
  'spec/stress/persistent.js',
  String(Math.ceil(300 * factor)),
  String(seed),
])
part('threads that submit, killed one after the other', [
  'spec/stress/queue.js',
  String(Math.max(20_000, Math.ceil(1_000_000 * factor))),
  String(seed),
])
part('a past on disk', [
  'spec/stress/past.js',
  String(Math.max(10_000, Math.ceil(1_000_000 * factor))),
  String(seed),
])
part('readers of what the disk lets go of', [
  'spec/stress/past-readers.js',
  String(Math.max(20_000, Math.ceil(200_000 * factor))),
  String(seed),
])
const deaths = [
  'spec/threads/death',
  'spec/queue/death.spec.ts',
  'spec/persistent/kills-steps.spec.ts',
]
part('death before stores', vitest(...deaths), {
  ZVERSE_DEATHS: factor >= 4 ? 'Infinity' : Math.ceil(60 * factor),
  ZVERSE_SEED: seed,
})
// Short runs that collide, then long ones in which things add up, alone and over a shared handle.
for (const [runs, scale, target] of [
  [3000, 1, 'alone'],
  [100, 10, 'alone'],
  [1000, 1, 'attached'],
]) {
  part('the model', vitest('spec/model/model.spec.ts', '--silent=false'), {
    ZVERSE_SEED: seed,
    ZVERSE_RUNS: Math.ceil(Number(runs) * factor),
    ZVERSE_SCALE: scale,
    ZVERSE_TARGET: target,
  })
}
for (const target of ['alone', 'attached']) {
  part('boxes and neighbours', vitest('spec/zorder', '--silent=false'), {
    ZVERSE_SEED: seed,
    ZVERSE_RUNS: Math.ceil(9000 * factor),
    ZVERSE_TARGET: target,
  })
}
part('dumps and loads', vitest('spec/dump', '--silent=false'), {
  ZVERSE_SEED: seed,
  ZVERSE_RUNS: Math.ceil(60_000 * factor),
})
part('levels', vitest('spec/level/oracle.spec.ts'), {
  ZVERSE_SEED: seed,
  ZVERSE_RUNS: Math.ceil(600 * factor),
})
const kept = ['retention', 'recovery'].map(name => `spec/epoch/${name}.spec.ts`)
const conforming = ['codecs', 'batches', 'full'].map(name => `spec/conformance/${name}.spec.ts`)
part(
  'keys, values, and what is kept of them',
  vitest('spec/key', 'spec/value', 'spec/model/ascending.spec.ts', ...kept, ...conforming),
  { ZVERSE_SEED: seed, ZVERSE_RUNS: Math.ceil(9000 * factor), ZVERSE_MIB: 4 },
)
part(
  'a generated history',
  vitest('spec/examples/git-time-machine.spec.ts', '-t', 'generated history'),
  { ZVERSE_COMMITS: Math.ceil(500 * factor) },
)
// The programs that `npm test` runs in one standing process, here each in a process of its own.
const mains = ['cli/pipe', 'cli/files', 'cli/target', 'cli/flags', 'cli/docs', 'examples/']
part('the command and the examples', vitest(...mains.map(name => `spec/${name}`)), {
  ZVERSE_PROCESSES: 1,
})
part(
  'hot keys, and memory that runs short',
  vitest('spec/hot', 'spec/epoch/reserve.spec.ts', 'spec/epoch/pieces.spec.ts'),
  {
    ZVERSE_SEED: seed,
    ZVERSE_RUNS: Math.ceil(15_000 * factor),
  },
)
const crowds = ['spec/bundles', 'spec/threads/threads.spec.ts', 'spec/cli/bench.spec.ts']
part('bundles, threads that end, and large crews', vitest(...crowds), { ZVERSE_RUNS: 3000 })
part('the allocator', vitest('spec/memory'), {
  ZVERSE_RUNS: Math.max(3000, Math.ceil(9000 * factor)),
})
// References above 2³¹ and bytes above 4 GiB: only in a run that has the time and the memory.
if (factor >= 1) part('a large database', ['spec/stress/large.js', '6'])
