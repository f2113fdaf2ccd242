/** Conformance of a replicated log: snapshots. Used by conformance.ts alone. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { type Case, noise, numbers, scenario } from './conformance-kit.js'
import type { ReplicatedLog, Snapshot } from './log.js'

async function* partsOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    await null
    yield part
  }
}

const snapshotOf = (
  sequence: number,
  version: number,
  ...parts: readonly Uint8Array[]
): Snapshot => ({ sequence, version, parts: partsOf(parts) })

async function bytesIn({ parts }: Snapshot): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part.slice())
  return Buffer.concat(all)
}

/** The newest snapshot is this one. */
async function newest(
  log: ReplicatedLog,
  sequence: number,
  version: number,
  bytes: Uint8Array,
): Promise<void> {
  const snapshot = await log.getSnapshot()
  assert(snapshot !== undefined, 'there is no snapshot')
  assert.deepEqual([snapshot.sequence, snapshot.version], [sequence, version])
  const found = await bytesIn(snapshot)
  assert.equal(found.length, bytes.length)
  assert.equal(Buffer.compare(found, bytes), 0, 'its bytes are others')
}

export const SNAPSHOTS: readonly Case[] = [
  scenario('a log without a snapshot says so', async nodes => {
    const log = await nodes.open()
    assert.equal(await log.getSnapshot(), undefined)
    await nodes.fill(log, 2)
    assert.equal(await log.getSnapshot(), undefined)
  }),

  scenario('a snapshot is had by every node, again and again', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 3)
    const bytes = noise(1000)
    await log.putSnapshot(snapshotOf(3, 17, bytes.subarray(0, 400), bytes.subarray(400)))
    for (const node of [log, other, log, await nodes.open()]) await newest(node, 3, 17, bytes)
    // It is no record, and takes none.
    assert.deepEqual(await log.ends(), { first: 1, last: 3 })
  }),

  scenario('a newer snapshot takes the place of an older one', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 6)
    for (const sequence of [1, 2, 5, 6]) {
      const bytes = noise(100 * (7 - sequence), sequence)
      await (sequence % 2 === 0 ? log : other).putSnapshot(snapshotOf(sequence, 2 ** 40, bytes))
      for (const node of [log, other]) await newest(node, sequence, 2 ** 40, bytes)
    }
    await log.trim(7)
    await newest(other, 6, 2 ** 40, noise(100, 6))
  }),

  scenario('an older snapshot takes the place of none', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 6)
    await log.putSnapshot(snapshotOf(5, 5, noise(50)))
    // Of a node that was slow: records that only the newer one has may be trimmed by now.
    await other.putSnapshot(snapshotOf(3, 3, noise(30)))
    for (const node of [log, other]) await newest(node, 5, 5, noise(50))
  }),

  scenario('a snapshot may have no bytes, many parts, or large ones', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 4)
    await log.putSnapshot(snapshotOf(1, 0))
    await newest(other, 1, 0, new Uint8Array(0))

    const bytes = noise(30_000, 2)
    const small = numbers(0, 2999).flatMap(i => {
      return [bytes.subarray(10 * i, 10 * i + 10), new Uint8Array(0)]
    })
    await log.putSnapshot(snapshotOf(2, 1, ...small))
    await newest(other, 2, 1, bytes)

    const large = noise(5_000_000, 3)
    await log.putSnapshot(snapshotOf(3, 2, large))
    await newest(other, 3, 2, large)
    await log.putSnapshot(snapshotOf(4, 3, large.subarray(0, 2_345_678), large.subarray(2_345_678)))
    await newest(other, 4, 3, large)
  }),

  scenario('a snapshot whose parts throw is never handed out', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 4)
    const failure = new Error('no more')
    const broken = (sequence: number, bytes: number): Snapshot => ({
      ...{ sequence, version: sequence },
      parts: (async function* () {
        yield noise(bytes)
        yield noise(bytes)
        throw failure
      })(),
    })
    const fails = async (sequence: number, bytes: number) => {
      await assert.rejects(
        async () => log.putSnapshot(broken(sequence, bytes)),
        (error: unknown) => error === failure,
      )
    }
    await fails(1, 10)
    assert.equal(await other.getSnapshot(), undefined)
    await log.putSnapshot(snapshotOf(2, 2, noise(1000, 2)))
    for (const bytes of [0, 10, 1_500_000]) {
      await fails(3, bytes)
      for (const node of [log, other]) await newest(node, 2, 2, noise(1000, 2))
    }
    await log.putSnapshot(snapshotOf(3, 3, noise(1000, 3)))
    await newest(other, 3, 3, noise(1000, 3))
  }),

  scenario('a snapshot that is not whole yet is not handed out', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 2)
    await log.putSnapshot(snapshotOf(1, 1, noise(100)))
    let goOn = () => {}
    const gate = new Promise<void>(resolve => (goOn = resolve))
    let hasBegun = () => {}
    const begun = new Promise<void>(resolve => (hasBegun = resolve))
    const parts = (async function* () {
      yield noise(300_000, 2)
      hasBegun()
      await gate
      yield noise(300_000, 3)
    })()
    const putting = log.putSnapshot({ sequence: 2, version: 2, parts })
    await begun
    for (const node of [log, other]) await newest(node, 1, 1, noise(100))
    // Records can be appended meanwhile.
    await nodes.fill(log, 1, 2)
    goOn()
    await putting
    await newest(other, 2, 2, Buffer.concat([noise(300_000, 2), noise(300_000, 3)]))
  }),

  scenario('a snapshot that is replaced while it is read is read whole, or throws', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 9)
    for (let i = 1; i < 9; i += 2) {
      const parts = numbers(1, 20).map(part => noise(100_000, 1000 * i + part))
      await log.putSnapshot(snapshotOf(i, i, ...parts))
      const snapshot = await other.getSnapshot()
      assert.equal(snapshot?.sequence, i)
      const replace = () => log.putSnapshot(snapshotOf(i + 1, i + 1, noise(3_000_000, i)))
      // Before its first part is asked for, or after.
      const replacing = i % 4 === 1 ? [await replace()] : replace()
      const read = bytesIn(snapshot).then(
        bytes => assert.equal(Buffer.compare(bytes, Buffer.concat(parts)), 0),
        (error: unknown) => assert(!(error instanceof assert.AssertionError), String(error)),
      )
      await Promise.all([read, replacing])
      await newest(other, i + 1, i + 1, noise(3_000_000, i))
    }
  }),

  scenario('of snapshots that are put at once the newest stays', async nodes => {
    const logs = await nodes.several(3)
    await nodes.fill(logs[0], 9)
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        logs.map((log, i) => {
          const sequence = 3 * round + ((i + round) % 3) + 1
          return log.putSnapshot(snapshotOf(sequence, sequence, noise(50_000, sequence)))
        }),
      )
      const sequence = 3 * round + 3
      for (const log of logs) await newest(log, sequence, sequence, noise(50_000, sequence))
    }
  }),
]
