/** Logs for the conformance suite, each of which reaches its servers through a relay that can be cut. */
import { randomBytes } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'
import { expect } from 'vitest'
import { jetstream } from '../../lib/nats/index.js'
import type { Harness } from '../../lib/replica/conformance.js'
import { type LogRecord, LogUnavailable, type ReplicatedLog } from '../../lib/replica/log.js'

/** Passes bytes between clients and a server. */
export class Relay {
  readonly #target: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false
  /** What comes from the server is held back, and lost if the relay is cut then. */
  isDeaf = false

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer(client => this.#relay(client))
  }

  static async to(address: string): Promise<Relay> {
    const relay = new Relay(Number(address.split(':')[1]))
    await new Promise<void>(resolve => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`
  }

  #relay(client: Socket): void {
    if (this.#isCut) {
      client.destroy()
      return
    }
    const server = connect(this.#target, '127.0.0.1')
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', bytes => {
        if (from === server && this.isDeaf) return
        to.write(bytes)
      })
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#isCut = false
    this.isDeaf = false
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}

/** The nodes of one log, of its own. */
export class CuttingHarness implements Harness {
  readonly #addresses: readonly string[]
  readonly #replicas: number
  readonly stream = `log-${randomBytes(6).toString('hex')}`
  readonly #relays = new Map<ReplicatedLog, Relay[]>()

  constructor(addresses: readonly string[], replicas = 1) {
    this.#addresses = addresses
    this.#replicas = replicas
  }

  async open(): Promise<ReplicatedLog> {
    const relays = await Promise.all(this.#addresses.map(address => Relay.to(address)))
    const log = jetstream({
      servers: relays.map(({ address }) => address),
      stream: this.stream,
      replicas: this.#replicas,
      // Servers of a cluster tell their own addresses, which lead around the relays.
      connection: { ignoreClusterUpdates: true },
    })
    this.#relays.set(log, relays)
    await log.open()
    return log
  }

  relays(log: ReplicatedLog): readonly Relay[] {
    return this.#relays.get(log) ?? []
  }

  cut(log: ReplicatedLog): void {
    for (const relay of this.relays(log)) relay.cut()
  }

  mend(log: ReplicatedLog): void {
    for (const relay of this.relays(log)) relay.mend()
  }

  /** After the case has closed its nodes. */
  async close(): Promise<void> {
    for (const relays of this.#relays.values()) for (const relay of relays) relay.close()
  }
}

/** ms that an append may take: no spec depends on speed. */
export const PATIENCE = 120_000

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** `from` to `to`. */
export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)

/** Appends, again while the log cannot be reached; the record's bytes are its id. */
export async function insist(log: ReplicatedLog, expected: number, id: string): Promise<number> {
  for (;;) {
    try {
      return await log.append(expected, id, bytesOf(id), PATIENCE)
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error
    }
  }
}

/** Reads `count` records. */
export async function take(log: ReplicatedLog, from: number, count: number): Promise<LogRecord[]> {
  const stop = new AbortController()
  const records: LogRecord[] = []
  for await (const record of log.read(from, stop.signal)) {
    records.push(record)
    if (records.length === count) break
  }
  return records
}

/** The ids of all records, which have no gaps. */
export async function idsOf(log: ReplicatedLog): Promise<string[]> {
  for (;;) {
    try {
      const { first, last } = await log.ends()
      const records = await take(log, first, last - first + 1)
      expect(records.map(({ sequence }) => sequence)).toEqual(numbers(first, last))
      return records.map(({ id }) => id)
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error
    }
  }
}

/** The name of the server that leads a stream. */
export async function leaderOf(servers: readonly string[], stream: string): Promise<string> {
  for (;;) {
    try {
      const nc = await connectNats({ servers: [...servers], timeout: 1000 })
      try {
        const manager = await jetstreamManager(nc, { checkAPI: false, timeout: 1000 })
        const { cluster } = await manager.streams.info(stream)
        if (cluster?.leader) return cluster.leader
      } finally {
        await nc.close()
      }
    } catch {
      // There is none at present.
    }
    await setTimeout(20)
  }
}
