/**
 * Runs of the model: from a seed to parameters, from parameters to operations, from a failure to
 * the smallest run that still fails.
 *
 * spec/stress runs {@link runModel}, too, with more and larger seeds.
 */
import type { KeyKind } from '../oracle/keys.js'
import type { ValueKind } from '../support/alphabet.js'
import { compareAll } from '../support/compare.js'
import { Random } from '../support/random.js'
import { beginRead, endRead, leaveCursor, openCursor, stepCursor } from './held.js'
import { changeIndex, readWhere } from './indexes.js'
import {
  readCount,
  readDiff,
  readHistory,
  readMany,
  readPoint,
  readRange,
  readSize,
  readVersions,
} from './reads.js'
import { transact } from './transact.js'
import { type Params, World } from './world.js'
import {
  batch,
  beginOrEnd,
  clear,
  dropStore,
  openStore,
  put,
  randomHistory,
  remove,
  restore,
  retention,
  tag,
  update,
} from './writes.js'

type Act = (world: World, random: Random) => void

/** Mostly forward; backwards now and then, which timestamps must not show. */
const tick: Act = (world, random) => {
  const isTimed = world.oracle.history.ms !== undefined
  world.clock += isTimed || random.chance(0.9) ? random.pick([0, 1, 3, 30, 2000]) : -random.int(50)
}

const ACTS: Record<string, { weight: number; act: Act }> = {
  put: { weight: 22, act: put },
  remove: { weight: 8, act: remove },
  update: { weight: 4, act: update },
  batch: { weight: 5, act: batch },
  clear: { weight: 2, act: clear },
  restore: { weight: 2, act: restore },
  tag: { weight: 4, act: tag },
  retention: { weight: 1.5, act: retention },
  openStore: { weight: 2, act: openStore },
  dropStore: { weight: 0.4, act: dropStore },
  transact: { weight: 4, act: transact },
  beginOrEnd: { weight: 4, act: beginOrEnd },
  tick: { weight: 8, act: tick },
  readPoint: { weight: 14, act: readPoint },
  readMany: { weight: 2, act: readMany },
  readRange: { weight: 8, act: readRange },
  readCount: { weight: 3, act: readCount },
  readSize: { weight: 2, act: readSize },
  readHistory: { weight: 5, act: readHistory },
  readDiff: { weight: 4, act: readDiff },
  readVersions: { weight: 1.5, act: readVersions },
  beginRead: { weight: 2.5, act: beginRead },
  endRead: { weight: 1.5, act: endRead },
  openCursor: { weight: 3, act: openCursor },
  stepCursor: { weight: 4, act: stepCursor },
  leaveCursor: { weight: 1, act: leaveCursor },
  check: { weight: 1, act: world => world.check() },
  changeIndex: { weight: 1.5, act: changeIndex },
  readWhere: { weight: 3, act: readWhere },
  compact: { weight: 3, act: world => world.compact() },
  reopen: { weight: 1.5, act: (world, random) => world.reopen(random.chance(0.5)) },
}

/** What a past on disk is tried by. */
const OFTEN_ON_DISK = ['compact', 'retention', 'tag', 'beginRead']

/** One operation: its name, and the seed it chooses its arguments by. */
interface Step {
  act: string
  seed: number
}

/** The parameters of a seed; `scale` > 1 makes longer runs. */
/** @param isDeep memory keeps few versions, and the disk the others */
export function paramsOf(seed: number, scale = 1, isDeep = false): Params {
  const random = new Random(seed ^ 0x5eed)
  const size = random.int(100)
  // Most runs are small and collide; a few are large enough for a tree of three levels.
  const poolSize = size < 55 ? 3 + random.int(12) : size < 97 ? 20 + random.int(150) : 4000
  const isTight = size < 97 && random.chance(0.08)
  const isTimed = random.chance(0.2) && !isDeep
  return {
    seed,
    keys: random.pick<KeyKind>(['string', 'binary', 'tuple']),
    values: random.pick<ValueKind>(['msgpack', 'msgpack', 'json', 'string', 'binary', 'custom']),
    history: { ...randomHistory(random, isTimed, isDeep), ...(isTimed ? { ms: 40 } : {}) },
    ...(isDeep ? { window: random.pick([0, 1, 3, 10]), onDisk: true } : {}),
    poolSize,
    length: Math.round((poolSize > 200 ? 60 : 40 + random.int(160)) * scale),
    maxBytes: (isTight ? random.pick([1, 2]) : 64) * 2 ** 20,
    isTight,
    firstVersion: random.chance(0.1) ? 2 ** 32 - random.int(60) : 0,
    slots: random.chance(0.3) ? 'always' : 'auto',
    units: random.pick([0, 1, 2, 3, 5, 31, 31]),
  }
}

function stepsOf(params: Params): Step[] {
  const random = new Random(params.seed)
  const names = Object.keys(ACTS)
  const weightOf = (name: string) => {
    const often = params.window !== undefined && OFTEN_ON_DISK.includes(name) ? 4 : 1
    return often * (ACTS[name]?.weight ?? 0)
  }
  const total = names.reduce((sum, name) => sum + weightOf(name), 0)
  return Array.from({ length: params.length }, () => {
    let at = (random.next() / 2 ** 32) * total
    const act = names.find(name => (at -= weightOf(name)) < 0) ?? 'put'
    return { act, seed: random.next() }
  })
}

/** Runs `steps`; returns how many questions were asked. */
function execute(params: Params, steps: readonly Step[], trace?: (lines: string[]) => void) {
  const world = new World(params, trace !== undefined)
  try {
    if (params.poolSize > 200) fill(world)
    for (const { act, seed } of steps) ACTS[act]?.act(world, new Random(seed))
    if (!world.writing) {
      const stores = world.stores.flatMap(({ name, handle }) => (handle ? [{ name, handle }] : []))
      if (params.poolSize <= 200) compareAll(world.db, world.oracle, stores)
    }
    world.finish()
    return world.operations
  } finally {
    trace?.(world.trace ?? [])
    try {
      world.db.close()
    } catch {
      // The failure that brought us here says more.
    }
  }
}

/** Large runs begin large. */
function fill(world: World): void {
  const random = new Random(world.params.seed)
  const operations = world.pool.map(key => {
    return { type: 'put' as const, key, value: random.int(1000) }
  })
  if (world.params.values === 'string' || world.params.values === 'binary') {
    for (const operation of operations) {
      const value = world.params.values === 'string' ? 'v' : new Uint8Array(3)
      Object.assign(operation, { value })
    }
  }
  world.write(
    'fill',
    () => world.db.batch(operations),
    () => world.oracle.batch(world.oracle.unnamed, operations),
  )
}

function fails(params: Params, steps: readonly Step[]): boolean {
  try {
    execute(params, steps)
    return false
  } catch {
    return true
  }
}

/** How often a failing run is run again to make it smaller; more if a person waits for it. */
const SHRINK_ATTEMPTS = Number(process.env.ZVERSE_SHRINK ?? 60)

/** Leaves out as much as can be left out (delta debugging), within a number of attempts. */
function shrink(params: Params, steps: readonly Step[]): Step[] {
  let small = [...steps]
  let attempts = SHRINK_ATTEMPTS * (params.poolSize > 200 ? 1 : 10)
  for (let chunk = Math.ceil(small.length / 2); chunk >= 1; ) {
    let isSmaller = false
    for (let at = 0; at < small.length && attempts > 0; ) {
      const without = [...small.slice(0, at), ...small.slice(at + chunk)]
      attempts--
      if (fails(params, without)) {
        small = without
        isSmaller = true
      } else at += chunk
    }
    if (attempts <= 0) break
    if (!isSmaller || chunk > 1) chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)
  }
  return small
}

/**
 * One run. @returns how many questions the engine was asked.
 * @throws an error that says the seed, the parameters and the shortest failing trace.
 */
export function runModel(seed: number, scale = 1, onDisk?: boolean, isDeep = false): number {
  const params = { ...paramsOf(seed, scale, isDeep), ...(onDisk === undefined ? {} : { onDisk }) }
  const steps = stepsOf(params)
  try {
    return execute(params, steps)
  } catch (error) {
    const small = shrink(params, steps)
    let lines: string[] = []
    let cause: unknown = error
    try {
      execute(params, small, trace => {
        lines = trace
      })
    } catch (smaller) {
      cause = smaller
    }
    const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    const last = lines.slice(-60).join('\n    ')
    throw new Error(
      `model run failed (ZVERSE_SEED=${seed} ZVERSE_RUNS=1)\n${JSON.stringify(params)}\n    ${last}\n${message}`,
      { cause },
    )
  }
}
