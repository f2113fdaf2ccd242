/**
 * The log in JetStream on a cluster of three servers that are killed, stopped and started: nothing acknowledged is lost,
 * nothing is there twice, and all go on. Left out where there is no server.
 */
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jetstream } from '../../lib/nats/index.js'
import { LogConflict, LogUnavailable, type ReplicatedLog } from '../../lib/replica/log.js'
import { findServerToKill, type NatsServer, NatsServers } from '../support/nats-server.js'
import { bytesOf, idsOf, insist, leaderOf, numbers, PATIENCE, take } from './harness.js'

const file = findServerToKill()
const STREAM = 'log'

describe.skipIf(file === undefined)('a log in JetStream whose servers die', () => {
  let servers: NatsServers
  let logs: ReplicatedLog[] = []

  beforeEach(async () => {
    servers = await NatsServers.start(file as string, 3)
  })
  afterEach(async () => {
    await Promise.all(logs.map(log => log.close()))
    logs = []
    await servers.stop()
  })

  async function open(addresses = servers.addresses): Promise<ReplicatedLog> {
    const log = jetstream({ servers: addresses, stream: STREAM, replicas: 3 })
    logs.push(log)
    for (;;) {
      try {
        await log.open()
        return log
      } catch (error) {
        // The cluster has only begun.
        if (!(error instanceof LogUnavailable)) throw error
        await setTimeout(50)
      }
    }
  }

  async function roles(): Promise<{ leader: NatsServer; followers: NatsServer[] }> {
    const name = await leaderOf(servers.addresses, STREAM)
    const leader = servers.servers.find(server => server.name === name) as NatsServer
    return { leader, followers: servers.servers.filter(server => server !== leader) }
  }

  /** Appends records `from` to `to`, eight under way at a time; calls `at` with each that is there. */
  async function fill(
    log: ReplicatedLog,
    from: number,
    to: number,
    at: (sequence: number) => unknown = () => {},
  ): Promise<void> {
    for (let first = from; first <= to; first += 8) {
      const sequences = numbers(first, Math.min(to, first + 7))
      const outcomes = await Promise.all(sequences.map(i => insist(log, i - 1, `id ${i}`)))
      expect(outcomes).toEqual(sequences)
      for (const sequence of outcomes) await at(sequence)
    }
  }

  const ids = (to: number) => numbers(1, to).map(i => `id ${i}`)

  it('the leader is killed, again and again, in the middle of appends', async () => {
    const [log, other] = [await open(), await open()]
    const reading = take(other, 1, 240)
    let dead: NatsServer | null = null
    const killing: Promise<void>[] = []
    await fill(log, 1, 240, sequence => {
      if (sequence % 80 !== 40) return
      // Beside the appends that follow.
      const kill = async () => {
        await dead?.start()
        dead = (await roles()).leader
        await dead.kill()
      }
      killing.push((killing[killing.length - 1] ?? Promise.resolve()).then(kill))
    })
    await Promise.all(killing)
    expect((await reading).map(({ id }) => id)).toEqual(ids(240))
    expect(await idsOf(log)).toEqual(ids(240))
    await (dead as NatsServer | null)?.start()
    expect(await idsOf(await open([(dead as unknown as NatsServer).address]))).toEqual(ids(240))
  })

  it('nodes that race agree, though leaders are killed', async () => {
    const nodes = [await open(), await open(), await open()]
    const acknowledged = new Map<string, number>()
    let isOver = false
    const kills = (async () => {
      while (!isOver) {
        const { leader } = await roles()
        await leader.kill()
        await setTimeout(200)
        await leader.start()
      }
    })()
    await Promise.all(
      nodes.map(async (log, i) => {
        let last = 0
        for (let k = 0; k < 40; ) {
          const id = `node ${i} ${k}`
          try {
            last = await log.append(last, id, bytesOf(id), PATIENCE)
            acknowledged.set(id, last)
            k++
          } catch (error) {
            if (error instanceof LogConflict) last = await ends(log)
            else if (!(error instanceof LogUnavailable)) throw error
          }
        }
      }),
    )
    isOver = true
    await kills
    expect(await ends(nodes[0] as ReplicatedLog)).toBe(120)
    for (const log of nodes) {
      for (const [i, id] of (await idsOf(log)).entries()) expect(acknowledged.get(id)).toBe(i + 1)
    }
  })

  async function ends(log: ReplicatedLog): Promise<number> {
    for (;;) {
      try {
        return (await log.ends()).last
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error
      }
    }
  }

  it('all are killed at once, and come back', async () => {
    const log = await open()
    let restarting: Promise<void> | null = null
    await fill(log, 1, 160, sequence => {
      if (sequence !== 80) return
      restarting = servers.killAll().then(() => servers.startAll())
    })
    await restarting
    expect(await idsOf(log)).toEqual(ids(160))
    await servers.killAll()
    await servers.startAll()
    expect(await idsOf(await open())).toEqual(ids(160))
  })

  it('a follower is killed, misses records, and has them when it counts', async () => {
    const log = await open()
    await fill(log, 1, 20)
    const { followers } = await roles()
    const [first, second] = followers as [NatsServer, NatsServer]
    await first.kill()
    await fill(log, 21, 60)
    await first.start()
    await fill(log, 61, 80)
    await second.kill()
    await fill(log, 81, 100)
    const { leader } = await roles()
    await second.start()
    await leader.kill()
    await fill(log, 101, 120)
    expect(await idsOf(log)).toEqual(ids(120))
  })

  it('without a majority nothing is appended, and nothing is lost', async () => {
    const log = await open()
    await fill(log, 1, 10)
    const { followers } = await roles()
    await Promise.all(followers.map(server => server.kill()))
    const error = await log.append(10, 'id 11', bytesOf('id 11'), 2000).then(
      () => null,
      (error: unknown) => error,
    )
    expect(error).toBeInstanceOf(LogUnavailable)
    await Promise.all(followers.map(server => server.start()))
    await fill(log, 11, 20)
    expect(await idsOf(log)).toEqual(ids(20))
  })

  it('the leader stands still, and comes back with what it had in its hands', async () => {
    const log = await open()
    const reading = take(log, 1, 80)
    await fill(log, 1, 30)
    const { leader } = await roles()
    leader.freeze()
    await fill(log, 31, 60)
    leader.thaw()
    await fill(log, 61, 80)
    expect((await reading).map(({ id }) => id)).toEqual(ids(80))
    expect(await idsOf(await open([leader.address]))).toEqual(ids(80))
  })

  it('a server that a node is connected to stands still', async () => {
    const [first] = servers.addresses as [string]
    const log = await open([first])
    await fill(log, 1, 20)
    const server = servers.servers[0] as NatsServer
    server.freeze()
    // The node has been told of the others.
    await fill(log, 21, 40)
    server.thaw()
    expect(await idsOf(log)).toEqual(ids(40))
  })

  it('a snapshot is put while the leader is killed', async () => {
    const log = await open()
    await fill(log, 1, 5)
    const parts = numbers(1, 30).map(i => new Uint8Array(200_000).fill(i))
    let isPut = false
    // Of those that are tried again each would be cut off as well.
    let isKilled = false
    while (!isPut) {
      const source = async function* () {
        for (const [i, part] of parts.entries()) {
          yield part
          if (i !== 15 || isKilled) continue
          isKilled = true
          const { leader } = await roles()
          await leader.kill()
          void setTimeout(100).then(() => leader.start())
        }
      }
      isPut = await log.putSnapshot({ sequence: 5, version: 3, parts: source() }).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof LogUnavailable)) throw error
          return false
        },
      )
    }
    const snapshot = await (await open()).getSnapshot()
    const found: Uint8Array[] = []
    for await (const part of snapshot?.parts ?? []) found.push(part)
    expect([snapshot?.sequence, snapshot?.version]).toEqual([5, 3])
    expect(Buffer.compare(Buffer.concat(found), Buffer.concat(parts))).toBe(0)
  })
})
