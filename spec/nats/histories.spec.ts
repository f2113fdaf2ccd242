/**
 * Histories of several nodes over three servers that are killed, frozen and cut off while clients write on all of them;
 * judged as those of spec/replica/histories.spec.ts. Left out where there is no server.
 *
 * `ZVERSE_SEED` seeds the runs, `ZVERSE_RUNS` scales them (3000 is once).
 */
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ReplicatedLog, ZVerse } from '../../lib/index.js'
import { type Db, History, judge, same, settle } from '../replica/history.js'
import { findServerToKill, NatsServers } from '../support/nats-server.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { CuttingHarness } from './harness.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const RUNS = scaled(10)
const FAULTS = ['kill one', 'kill all', 'freeze one', 'cut one off', 'end a node'] as const

const file = findServerToKill()

class Run {
  readonly random: Random
  readonly history: History
  readonly #servers: NatsServers
  readonly #harness: CuttingHarness
  readonly #logs: ReplicatedLog[] = []
  #names = 0

  constructor(seed: number, servers: NatsServers) {
    this.random = new Random(seed)
    this.history = new History(this.random)
    this.#servers = servers
    this.#harness = new CuttingHarness(servers.addresses, 3)
  }

  async open(): Promise<Db> {
    const log = await this.#harness.open()
    this.#logs.push(log)
    const options = { node: `n${this.#names++}`, maxBytes: 2 ** 25, history: { versions: 1e6 } }
    return ZVerse.replicate<'string', 'msgpack'>({ ...options, log, timeout: 60_000 })
  }

  async fault(fault: (typeof FAULTS)[number], nodes: Db[]): Promise<void> {
    const { random } = this
    const { servers } = this.#servers
    const one = random.pick(servers)
    const pause = () => setTimeout(200 + random.int(2000))
    if (fault === 'kill one' || fault === 'kill all') {
      const killed = fault === 'kill one' ? [one] : servers
      await Promise.all(killed.map(server => server.kill()))
      await pause()
      for (const server of killed) await server.start()
    } else if (fault === 'freeze one') {
      one.freeze()
      await pause()
      one.thaw()
    } else if (fault === 'cut one off') {
      const log = random.pick(this.#logs)
      this.#harness.cut(log)
      await pause()
      this.#harness.mend(log)
    } else {
      const at = random.int(nodes.length)
      const old = nodes[at] as Db
      nodes[at] = await this.open()
      await old.close({ queue: 'reject' })
    }
  }

  close(): Promise<void> {
    return this.#harness.close()
  }
}

async function play(seed: number, servers: NatsServers): Promise<Run> {
  const run = new Run(seed, servers)
  const { random } = run
  const witness = await run.open()
  const nodes = [await run.open(), await run.open(), await run.open()]
  let isOver = false
  const clients = nodes.flatMap((_, i) =>
    [0, 1].map(async client => {
      for (let j = 0; !isOver; j++) {
        await run.history.client(() => nodes[i] as Db, `${i}-${client}-${j}`, 5)
      }
    }),
  )
  for (let i = 0; i < 3; i++) {
    await setTimeout(300)
    await run.fault(random.pick(FAULTS), nodes)
  }
  await setTimeout(300)
  isOver = true
  await Promise.all(clients)
  await settle([witness, ...nodes])
  judge(run.history.calls, witness)
  for (const node of nodes) same(node, witness)
  for (const node of [witness, ...nodes]) await node.close()
  await run.close()
  return run
}

describe.skipIf(file === undefined)('nodes of a log in JetStream', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await NatsServers.start(file as string, 3)
  })
  afterAll(() => servers?.stop())

  it(`have one history, whatever servers do (ZVERSE_SEED=${SEED})`, async () => {
    const counts = { calls: 0, made: 0, conflict: 0, none: 0, unknown: 0 }
    for (let i = 0; i < RUNS; i++) {
      try {
        const { history } = await play(SEED + i, servers)
        counts.calls += history.calls.length
        for (const { failed } of history.calls) counts[failed ?? 'made']++
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${SEED + i}: ${(error as Error).message}`, { cause: error })
      }
    }
    console.log(`histories over servers: ${JSON.stringify(counts)}`)
    expect(counts.made).toBeGreaterThan(0)
  })
})
