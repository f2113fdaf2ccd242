/**
 * The log in JetStream on one server: options, streams that will not do, answers that get lost, what is damaged. Left out
 * where there is no server.
 */
import { randomBytes } from 'node:crypto'
import { jetstream as client, jetstreamManager } from '@nats-io/jetstream'
import { Objm } from '@nats-io/obj'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JetStreamOptions, jetstream } from '../../lib/nats/index.js'
import { LogUnavailable, type ReplicatedLog } from '../../lib/replica/log.js'
import { findServer, NatsServers } from '../support/nats-server.js'
import { bytesOf, CuttingHarness, idsOf, insist, numbers, PATIENCE, take } from './harness.js'

const file = findServer()

describe('the options of a log in JetStream', () => {
  const good = { servers: '127.0.0.1:4222', stream: 'log' }
  const bad: [string, unknown][] = [
    ['options', undefined],
    ['options', []],
    ['servers', { ...good, servers: undefined }],
    ['servers', { ...good, servers: [] }],
    ['servers', { ...good, servers: ['a', 1] }],
    ['servers', { ...good, servers: '' }],
    ['stream', { ...good, stream: undefined }],
    ['stream', { ...good, stream: '' }],
    ['stream', { ...good, stream: 'a.b' }],
    ['stream', { ...good, stream: 'a b' }],
    ['stream', { ...good, stream: '>' }],
    ['stream', { ...good, stream: 'a'.repeat(129) }],
    ['replicas', { ...good, replicas: 2 }],
    ['replicas', { ...good, replicas: '3' }],
    ['connection', { ...good, connection: null }],
    ['connection', { ...good, connection: { servers: 'a' } }],
    ['connection', { ...good, connection: { maxReconnectAttempts: 1 } }],
    ['name', { ...good, name: 'a' }],
  ]

  it.each(bad)('%s: %j', (option, options) => {
    const fields = { code: 'ZVERSE_INVALID_OPTION', option }
    expect(() => jetstream(options as JetStreamOptions)).toThrow(expect.objectContaining(fields))
  })

  it('without a server nothing opens', async () => {
    const log = jetstream({ servers: '127.0.0.1:1', stream: 'log', replicas: 1 })
    expect(log.connected).toBe(false)
    await expect(log.open()).rejects.toThrow(LogUnavailable)
    await expect(log.append(0, 'a', new Uint8Array(1), 100)).rejects.toThrow(LogUnavailable)
    await log.close()
  })
})

describe.skipIf(file === undefined)('a log in JetStream', () => {
  let servers: NatsServers
  let nc: NatsConnection
  const logs: ReplicatedLog[] = []
  beforeAll(async () => {
    servers = await NatsServers.start(file as string)
    nc = await connect({ servers: servers.addresses })
  })
  afterAll(async () => {
    await Promise.all(logs.map(log => log.close()))
    await nc.close()
    await servers.stop()
  })

  const fresh = () => `log-${randomBytes(6).toString('hex')}`
  async function open(stream: string): Promise<ReplicatedLog> {
    const log = jetstream({ servers: servers.addresses, stream })
    logs.push(log)
    await log.open()
    return log
  }

  async function* partsOf(...parts: Uint8Array[]) {
    yield* parts
  }

  it('its stream is one that others take as well', async () => {
    const stream = fresh()
    await open(stream)
    await insist(await open(stream), 0, 'a')
    const manager = await jetstreamManager(nc)
    const { config } = await manager.streams.info(stream)
    expect(config).toMatchObject({
      ...{ storage: 'file', discard: 'new', max_age: 0, max_msgs: -1, max_bytes: -1 },
      ...{ deny_delete: true, deny_purge: false, duplicate_window: 120e9 },
      subjects: [`zverse.${stream}.log`],
    })
  })

  it.each([
    ['storage: file', { storage: 'memory' as const }],
    ['max_age: 0', { max_age: 3600e9 }],
    ['discard: new', { max_msgs: 1000 }],
    ['max_msgs_per_subject: -1', { max_msgs_per_subject: 5 }],
    ['duplicate_window: 2 minutes', { duplicate_window: 1e9 }],
    ['deny_purge: false', { deny_purge: true }],
    ['subjects: ["zverse.', { subjects: ['else.>'] }],
    ['retention: limits', { retention: 'workqueue' as const }],
  ])('a stream that is no log is refused: %s', async (change, wrong) => {
    const name = fresh()
    const manager = await jetstreamManager(nc)
    const fit = { name, subjects: [`zverse.${name}.log`], storage: 'file' as const }
    await manager.streams.add({ ...fit, ...wrong })
    const error = await open(name).then(
      () => expect.fail('it was opened'),
      (error: unknown) => error as Error,
    )
    expect(error).not.toBeInstanceOf(LogUnavailable)
    expect(error.message).toContain(change)
    await manager.streams.delete(name)
  })

  it('several replicas need several servers', async () => {
    const log = jetstream({ servers: servers.addresses, stream: fresh(), replicas: 3 })
    await expect(log.open()).rejects.toThrow(/replicas > 1 not supported/)
    await log.close()
  })

  it('answers that get lost: the record is there once, and its id is known', async () => {
    const harness = new CuttingHarness(servers.addresses)
    const [log, other] = [await harness.open(), await harness.open()]
    await insist(log, 0, 'id 1')
    for (let i = 2; i <= 5; i++) {
      for (const relay of harness.relays(log)) relay.isDeaf = true
      const failed = log.append(i - 1, `id ${i}`, bytesOf('first'), 300)
      await expect(failed).rejects.toThrow(expect.objectContaining({ outcome: 'unknown' }))
      // It has come there all the same.
      while ((await other.ends()).last < i);
      harness.cut(log)
      harness.mend(log)
      expect(await insist(log, i - 1, `id ${i}`)).toBe(i)
    }
    expect(await idsOf(other)).toEqual(numbers(1, 5).map(i => `id ${i}`))
    await Promise.all([log.close(), other.close()])
    await harness.close()
  })

  it('an append goes on over a lost connection, by itself', async () => {
    const harness = new CuttingHarness(servers.addresses)
    const log = await harness.open()
    for (const relay of harness.relays(log)) relay.isDeaf = true
    const appends = numbers(1, 5).map(i => insist(log, i - 1, `id ${i}`))
    harness.cut(log)
    harness.mend(log)
    expect(await Promise.all(appends)).toEqual(numbers(1, 5))
    await log.close()
    await harness.close()
  })

  it('what another client has put into the stream is a record, too', async () => {
    const stream = fresh()
    const log = await open(stream)
    await client(nc).publish(`zverse.${stream}.log`, 'text')
    await insist(log, 1, 'ünï/cöde %41 id')
    const ids = (await take(log, 1, 2)).map(({ id }) => id)
    expect(ids).toEqual(['', 'ünï/cöde %41 id'])
  })

  it('a slow reader gets all, more than it has room for', async () => {
    const stream = fresh()
    const log = await open(stream)
    const bytes = new Uint8Array(100_000)
    for (let i = 0; i < 200; i++) await log.append(i, `id ${i}`, bytes, PATIENCE)
    let last = 0
    for await (const { sequence } of log.read(1, new AbortController().signal)) {
      expect(sequence).toBe(++last)
      if (last % 10 === 0) await insist(await open(stream), 0, 'id 0')
      if (last === 200) break
    }
  })

  it('a snapshot is an object that the package of NATS reads', async () => {
    const stream = fresh()
    const log = await open(stream)
    const bytes = randomBytes(1_500_000)
    await log.putSnapshot({ sequence: 7, version: 5, parts: partsOf(bytes) })
    const store = await new Objm(nc).open(`zverse-${stream}`)
    const [info, ...others] = await store.list()
    expect(others).toEqual([])
    expect(info?.metadata).toEqual({ sequence: '7', version: '5' })
    const found = await store.getBlob(info?.name as string)
    expect(Buffer.compare(found as Uint8Array, bytes)).toBe(0)
    // Of older ones nothing stays.
    await log.putSnapshot({ sequence: 8, version: 6, parts: partsOf(bytes.subarray(0, 10)) })
    expect((await store.list()).map(({ size }) => size)).toEqual([10])
    expect((await store.status()).streamInfo.state.messages).toBe(2)
  })

  it('a snapshot that is damaged throws', async () => {
    const stream = fresh()
    const log = await open(stream)
    const put = () => {
      const parts = partsOf(randomBytes(1_000_000), randomBytes(1_000_000))
      return log.putSnapshot({ sequence: 1, version: 1, parts })
    }
    const read = async () => {
      const snapshot = await log.getSnapshot()
      for await (const part of snapshot?.parts ?? []) expect(part.length).toBeGreaterThan(0)
    }
    const manager = await jetstreamManager(nc)
    const bucket = `OBJ_zverse-${stream}`
    const filter = `$O.zverse-${stream}.C.>`
    await put()
    await read()
    // Other bytes in the place of one part.
    const { state } = await manager.streams.info(bucket, { subjects_filter: filter })
    const [subject] = Object.keys(state.subjects ?? {}) as [string]
    await manager.streams.deleteMessage(bucket, state.last_seq - 1)
    await client(nc).publish(subject, new Uint8Array(1000))
    await expect(read()).rejects.toThrow(/damaged/)
    await put()
    await read()
  })
})
