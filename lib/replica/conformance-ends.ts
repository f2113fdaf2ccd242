/** Conformance of a replicated log: its close, and nodes that are cut off. Used by conformance.ts alone. */
import assert from 'node:assert/strict'
import {
  allOf,
  attempt,
  bytesOf,
  type Case,
  cutting,
  idsOf,
  insist,
  later,
  type Nodes,
  noise,
  numbers,
  PATIENCE,
  Reading,
  recordsOf,
  SOON,
  scenario,
  unavailable,
} from './conformance-kit.js'
import { LogUnavailable, type ReplicatedLog, type Snapshot } from './log.js'

const snapshot = (): Snapshot => ({
  ...{ sequence: 1, version: 1 },
  parts: (async function* () {
    yield noise(10)
  })(),
})

/** All but readers fails. */
async function refuses(log: ReplicatedLog, nodes: Nodes, name: string): Promise<void> {
  await unavailable(() => log.append(0, nodes.id(name), bytesOf(name), SOON))
  await unavailable(() => log.ends())
  await unavailable(() => log.getSnapshot())
  await unavailable(() => log.putSnapshot(snapshot()))
  await unavailable(() => log.trim(1))
}

export const CLOSES: readonly Case[] = [
  scenario('the close of a node ends its readers without an error', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 5)
    const [between, waiting] = [new Reading(log, 1), new Reading(log, 6)]
    await between.take(2)
    const next = waiting.next()
    await later()
    await log.close()
    assert.equal(await next, undefined)
    assert.equal(await between.next(), undefined)
    // Others go on.
    await nodes.fill(other, 1, 5)
    await recordsOf(other, 1, 6)
  }),

  scenario('the close of a node ends its appends', async nodes => {
    const [log, other] = await nodes.pair()
    const ids = numbers(1, 20).map(i => nodes.id(i))
    const appends = ids.map((id, i) => log.append(i, id, bytesOf(id), PATIENCE))
    const settled = Promise.allSettled(appends)
    await log.close()
    const outcomes = await settled
    const there = new Map((await allOf(other)).map(({ id, sequence }) => [id, sequence]))
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') {
        assert.equal(there.get(ids[i]), outcome.value)
      } else {
        assert(outcome.reason instanceof LogUnavailable, String(outcome.reason))
        if (outcome.reason.outcome === 'none') assert(!there.has(ids[i]))
      }
    }
  }),

  scenario('the close of a node ends the snapshot that it puts', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 1)
    let hasBegun = () => {}
    const begun = new Promise<void>(resolve => (hasBegun = resolve))
    const parts = (async function* () {
      yield noise(1000)
      hasBegun()
      await new Promise(() => {})
    })()
    const putting = unavailable(() => log.putSnapshot({ sequence: 1, version: 1, parts }))
    await begun
    await log.close()
    await putting
    assert.equal(await other.getSnapshot(), undefined)
  }),

  scenario('a closed node refuses all calls', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 2)
    await log.close()
    assert.equal(log.connected, false)
    await refuses(log, nodes, 'closed')
    await assert.rejects(
      async () => log.append(2, nodes.id('late'), bytesOf('late'), PATIENCE),
      (error: unknown) => error instanceof LogUnavailable && error.outcome === 'none',
    )
    const reading = new Reading(log, 1)
    try {
      assert.equal(await reading.next(), undefined)
    } catch (error) {
      assert(error instanceof LogUnavailable, String(error))
    }
    assert.deepEqual(await idsOf(other), [nodes.id(1), nodes.id(2)])
  }),

  scenario('a node can be closed again', async nodes => {
    const [log, other] = await nodes.pair()
    await Promise.all([log.close(), log.close()])
    await log.close()
    await nodes.fill(other, 1)
  }),

  scenario('the log outlives its nodes', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 3)
    await log.putSnapshot(snapshot())
    await log.close()
    const third = await nodes.open()
    await other.close()
    assert.deepEqual(
      await idsOf(third),
      [1, 2, 3].map(i => nodes.id(i)),
    )
    assert.equal((await third.getSnapshot())?.version, 1)
    assert.equal(await attempt(third, 3, nodes.id(2)), 2)
    assert.equal(await attempt(third, 3, nodes.id(4)), 4)
  }),
]

export const CUTS: readonly Case[] = [
  cutting('a node that is cut off knows it, and refuses calls; others go on', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 2)
    await nodes.cut(log)
    await refuses(log, nodes, 'cut')
    assert.equal(other.connected, true)
    await nodes.fill(other, 3, 2)
    assert.deepEqual(await other.ends(), { first: 1, last: 5 })
    await nodes.mend(log)
    assert.deepEqual(
      await idsOf(log),
      numbers(1, 5).map(i => nodes.id(i)),
    )
    await nodes.fill(log, 1, 5)
  }),

  cutting('a reader goes on over a lost connection', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(other, 4)
    const [behind, waiting] = [new Reading(log, 1), new Reading(log, 5)]
    await behind.take(2)
    const next = waiting.next()
    await nodes.cut(log)
    await nodes.fill(other, 20, 4)
    await later()
    await nodes.mend(log)
    assert.equal((await next)?.sequence, 5)
    const sequences = async (reading: Reading, from: number) => {
      const records = await reading.take(24 - from + 1)
      assert.deepEqual(
        records.map(({ sequence }) => sequence),
        numbers(from, 24),
      )
      reading.abort()
    }
    await sequences(behind, 3)
    await sequences(waiting, 6)
  }),

  cutting('a reader that begins while the node is cut off waits', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(other, 2)
    await nodes.cut(log)
    const [reading, stopped] = [new Reading(log, 1), new Reading(log, 1)]
    const next = reading.next()
    const none = stopped.next()
    await later()
    stopped.abort()
    assert.equal(await none, undefined)
    await nodes.mend(log)
    assert.equal((await next)?.sequence, 1)
    reading.abort()
  }),

  cutting('an append that was cut off and is tried again comes once', async nodes => {
    const [log, other] = await nodes.pair()
    let last = 0
    for (let round = 0; round < 5; round++) {
      const ids = numbers(1, 4).map(i => nodes.id(`${round} ${i}`))
      const appends = ids.map((id, i) => attempt(log, last + i, id, bytesOf(id), SOON))
      if (round % 2 === 0) await later()
      await nodes.cut(log)
      const first = await Promise.all(appends)
      await nodes.mend(log)
      for (const [i, id] of ids.entries()) {
        const again = await insist(log, last + i, id)
        assert.equal(again, last + i + 1)
        if (typeof first[i] === 'number') assert.equal(first[i], again)
      }
      last += ids.length
      assert.deepEqual((await idsOf(other)).slice(-4), ids)
      assert.deepEqual(await other.ends(), { first: 1, last })
    }
  }),

  cutting('what is said to be nowhere is nowhere, nor comes', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 1)
    await nodes.cut(log)
    const id = nodes.id('lost')
    const outcome = await log.append(1, id, bytesOf(id), SOON).then(
      () => assert.fail('a node that is cut off has appended'),
      (error: unknown) => {
        assert(error instanceof LogUnavailable, String(error))
        return error.outcome
      },
    )
    await nodes.mend(log)
    await later()
    if (outcome === 'none') assert.deepEqual(await idsOf(other), [nodes.id(1)])
    else assert.equal(await insist(log, 1, id), 2)
  }),

  cutting('a node that is cut off can be closed', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 1)
    await nodes.cut(log)
    const reading = new Reading(log, 1)
    const next = reading.next()
    await log.close()
    assert.equal(await next, undefined)
    await nodes.fill(other, 1, 1)
  }),
]
