/**
 * Histories of several nodes over a log on a bad day, judged when all is over.
 *
 * Clients of each node write and read, nodes end and join anew; then the log calms down, and history.ts judges.
 *
 * `ZVERSE_SEED` seeds the runs, `ZVERSE_RUNS` scales them (3000 is once).
 */
import { describe, it } from 'vitest'
import { ZVerse, type ZVerseError } from '../../lib/index.js'
import { memoryLog } from '../../lib/replica/memory-log.js'
import { FaultyLog, STORM } from '../support/faulty-log.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { type Db, History, judge, same, settle } from './history.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const RUNS = scaled(60)

class Run {
  readonly random: Random
  readonly history: History
  readonly #seed: number
  readonly #log
  readonly #options: object
  readonly #faulty: FaultyLog[] = []
  #names = 0

  constructor(seed: number) {
    this.#seed = seed
    this.random = new Random(seed)
    this.history = new History(this.random)
    const { random } = this
    this.#log = memoryLog({ maxRecordBytes: random.chance(0.3) ? 600 : 2 ** 20 })
    this.#options = {
      ...{ maxBytes: 2 ** 25, history: { versions: 1e6 } },
      timeout: 20 + random.int(500),
      snapshot: { bytes: random.chance(0.5) ? 3000 : 2 ** 26, keep: 2 ** 30 },
    }
  }

  async open(isStormy = true): Promise<Db> {
    const faults = isStormy ? STORM : {}
    const log = new FaultyLog(this.#log.node(), { seed: this.#seed + this.#names, faults })
    this.#faulty.push(log)
    for (;;) {
      try {
        const node = `n${this.#names++}`
        return await ZVerse.replicate<'string', 'msgpack'>({ ...this.#options, log, node })
      } catch (error) {
        if ((error as ZVerseError).code !== 'ZVERSE_UNAVAILABLE') throw error
        // A log is closed with the node that could not open it.
        return this.open(isStormy)
      }
    }
  }

  calm(): void {
    for (const log of this.#faulty) log.calm()
  }
}

async function play(seed: number): Promise<Run> {
  const run = new Run(seed)
  const { random } = run
  // It sees all from the begin to the end.
  const witness = await run.open(false)
  const nodes: Db[] = []
  const count = 2 + random.int(3)
  for (let i = 0; i < count; i++) nodes.push(await run.open())
  const clients = nodes.flatMap((_, i) =>
    [0, 1, 2].map(client =>
      run.history.client(() => nodes[i] as Db, `${i}-${client}`, 4 + random.int(12)),
    ),
  )
  let isOver = false
  const restarts = (async () => {
    for (let i = 0; i < 3 && !isOver; i++) {
      await new Promise(resolve => setTimeout(resolve, random.int(60)))
      const at = random.int(count)
      const old = nodes[at] as Db
      nodes[at] = await run.open()
      await old.close({ queue: random.pick(['commit', 'reject'] as const) })
    }
  })()
  await Promise.all(clients)
  isOver = true
  await restarts
  run.calm()
  await settle([witness, ...nodes])
  judge(run.history.calls, witness)
  for (const node of nodes) same(node, witness)
  const late = await run.open(false)
  await late.sync()
  same(late, witness)
  for (const node of [witness, ...nodes, late]) await node.close()
  return run
}

describe('nodes of a log on a bad day', () => {
  it(`have one history (ZVERSE_SEED=${SEED})`, async () => {
    const counts = { calls: 0, made: 0, conflict: 0, none: 0, unknown: 0 }
    for (let i = 0; i < RUNS; i++) {
      try {
        const { history } = await play(SEED + i)
        counts.calls += history.calls.length
        for (const { failed } of history.calls) counts[failed ?? 'made']++
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${SEED + i}: ${(error as Error).message}`, { cause: error })
      }
    }
    console.log(`histories: ${JSON.stringify(counts)}`)
  })
})
