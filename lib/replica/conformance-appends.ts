/** Conformance of a replicated log: appends, their conditions, ids, sizes. Used by conformance.ts alone. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import {
  allOf,
  attempt,
  bytesOf,
  type Case,
  idsOf,
  noise,
  numbers,
  type Outcome,
  PATIENCE,
  plain,
  recordsOf,
  scenario,
} from './conformance-kit.js'
import { LogConflict, type ReplicatedLog } from './log.js'

/** Appends of one node that are all under way at once, each expecting what the one before makes. */
function pipeline(log: ReplicatedLog, ids: readonly string[], from: number): Promise<Outcome[]> {
  return Promise.all(ids.map((id, i) => attempt(log, from + i, id)))
}

export const APPENDS: readonly Case[] = [
  scenario('a fresh log has no record', async nodes => {
    const log = await nodes.open()
    assert.deepEqual(await log.ends(), { first: 1, last: 0 })
    assert.equal(log.connected, true)
    assert(Number.isSafeInteger(log.maxRecordBytes) && log.maxRecordBytes > 0)
  }),

  scenario('records get the sequence behind what was expected, from 1 on', async nodes => {
    const [log, other] = await nodes.pair()
    for (let i = 0; i < 5; i++) {
      const from = i % 2 === 0 ? log : other
      assert.equal(await from.append(i, nodes.id(i), bytesOf(`record ${i}`), PATIENCE), i + 1)
      assert.deepEqual(await other.ends(), { first: 1, last: i + 1 })
    }
    for (const node of [log, other]) {
      const records = await recordsOf(node, 1, 5)
      for (const [i, { sequence, id, bytes }] of records.entries()) {
        assert.equal(sequence, i + 1)
        assert.equal(id, nodes.id(i))
        assert.deepEqual(plain(bytes), plain(bytesOf(`record ${i}`)))
      }
    }
  }),

  scenario(
    'an append that expects fewer records is a conflict, and appends nothing',
    async nodes => {
      const [log, other] = await nodes.pair()
      await nodes.fill(log, 3)
      for (const expected of [0, 1, 2]) {
        for (const node of [log, other]) {
          const id = nodes.id(`late ${expected} ${node === log}`)
          await assert.rejects(async () => {
            await node.append(expected, id, bytesOf('late'), PATIENCE)
          }, LogConflict)
        }
      }
      assert.deepEqual(await other.ends(), { first: 1, last: 3 })
      assert.deepEqual(
        await idsOf(log),
        [1, 2, 3].map(i => nodes.id(i)),
      )
    },
  ),

  scenario(
    'an append that expects more records is a conflict, and appends nothing',
    async nodes => {
      const [log, other] = await nodes.pair()
      assert.equal(await attempt(log, 1, nodes.id('early')), 'conflict')
      assert.deepEqual(await log.ends(), { first: 1, last: 0 })
      await nodes.fill(log, 3)
      for (const expected of [4, 5, 1000]) {
        assert.equal(await attempt(other, expected, nodes.id(`early ${expected}`)), 'conflict')
      }
      assert.deepEqual(await log.ends(), { first: 1, last: 3 })
    },
  ),

  scenario('an id that was in conflict can be appended elsewhere', async nodes => {
    const log = await nodes.open()
    await nodes.fill(log, 2)
    const id = nodes.id('again')
    assert.equal(await attempt(log, 0, id), 'conflict')
    assert.equal(await attempt(log, 7, id), 'conflict')
    assert.equal(await attempt(log, 2, id), 3)
    assert.deepEqual(await idsOf(log), [nodes.id(1), nodes.id(2), id])
  }),

  scenario(
    'an id that was appended answers with its sequence, and appends nothing',
    async nodes => {
      const [log, other] = await nodes.pair()
      await nodes.fill(log, 1)
      const again = async () => {
        // Where it was expected, below, above, and at the end.
        const { last } = await log.ends()
        for (const expected of [0, 1, last - 1, last, last + 1, 1000]) {
          for (const node of [log, other]) {
            assert.equal(await attempt(node, expected, nodes.id(1)), 1, `expected ${expected}`)
          }
        }
        assert.deepEqual(await log.ends(), { first: 1, last })
      }
      await again()
      // Others have appended since.
      assert.equal(await attempt(other, 1, nodes.id(2)), 2)
      await again()
      assert.equal(await attempt(log, 2, nodes.id(3)), 3)
      await again()
      assert.deepEqual(
        await idsOf(other),
        [1, 2, 3].map(i => nodes.id(i)),
      )
    },
  ),

  scenario('an id that comes again with other bytes leaves its record as it is', async nodes => {
    const log = await nodes.open()
    assert.equal(await attempt(log, 0, nodes.id('a'), bytesOf('first')), 1)
    assert.equal(await attempt(log, 1, nodes.id('a'), bytesOf('second')), 1)
    const [record] = await allOf(log)
    assert.deepEqual(plain(record.bytes), plain(bytesOf('first')))
  }),

  scenario('an id that is under way twice is appended once', async nodes => {
    const [log, other] = await nodes.pair()
    for (const [i, second] of [log, other, log, other].entries()) {
      const id = nodes.id(`twice ${i}`)
      const outcomes = await Promise.all([attempt(log, i, id), attempt(second, i, id)])
      assert.deepEqual(outcomes, [i + 1, i + 1])
    }
    assert.deepEqual(
      await idsOf(log),
      [0, 1, 2, 3].map(i => nodes.id(`twice ${i}`)),
    )
  }),

  scenario('appends that are under way together come in their order', async nodes => {
    const [log, other] = await nodes.pair()
    const ids = numbers(1, 50).map(i => nodes.id(i))
    assert.deepEqual(await pipeline(log, ids, 0), numbers(1, 50))
    assert.deepEqual(await idsOf(other), ids)
  }),

  scenario('behind an append that is in conflict, those under way come nowhere', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(other, 3)
    // The first one expects one record too few; what the second expects is there, but another one.
    const ids = numbers(1, 10).map(i => nodes.id(`behind ${i}`))
    const outcomes = await pipeline(log, ids, 2)
    assert.equal(outcomes[0], 'conflict')
    for (const outcome of outcomes) assert.equal(typeof outcome, 'string', `appended: ${outcomes}`)
    assert.deepEqual(await other.ends(), { first: 1, last: 3 })
    // In the middle.
    const [one, two, three, four] = ['one', 'two', 'three', 'four'].map(name => nodes.id(name))
    const mixed = await Promise.all([
      attempt(log, 3, one),
      attempt(log, 4, two),
      attempt(log, 9, three),
      attempt(log, 10, four),
    ])
    assert.deepEqual(mixed.slice(0, 3), [4, 5, 'conflict'])
    assert.equal(typeof mixed[3], 'string')
    assert.deepEqual(await idsOf(log), [...[1, 2, 3].map(i => nodes.id(i)), one, two])
    // The node has read what is there, and goes on.
    assert.deepEqual(await pipeline(log, ids, 5), numbers(6, 15))
  }),

  scenario('of nodes that race for a sequence one wins', async nodes => {
    const logs = await nodes.several(3)
    const winners: string[] = []
    for (let last = 0; last < 20; last++) {
      const ids = logs.map((_, i) => nodes.id(`${last} of ${i}`))
      const outcomes = await Promise.all(logs.map((log, i) => attempt(log, last, ids[i])))
      const won = outcomes.flatMap((outcome, i) => (outcome === 'conflict' ? [] : [i]))
      assert.equal(won.length, 1, `round ${last}: ${outcomes}`)
      assert.equal(outcomes[won[0]], last + 1)
      winners.push(ids[won[0]])
    }
    for (const log of logs) assert.deepEqual(await idsOf(log), winners)
  }),

  scenario('of nodes that race with several appends under way each, one wins', async nodes => {
    const logs = await nodes.several(2)
    const all: string[] = []
    for (let round = 0; round < 10; round++) {
      const ids = logs.map((_, i) => numbers(1, 8).map(k => nodes.id(`${round} ${i} ${k}`)))
      const from = all.length
      const outcomes = await Promise.all(logs.map((log, i) => pipeline(log, ids[i], from)))
      const won = outcomes.findIndex(([first]) => typeof first === 'number')
      assert(won >= 0, `nobody has won: ${outcomes}`)
      assert.deepEqual(outcomes[won], numbers(from + 1, from + 8))
      for (const outcome of outcomes[1 - won]) assert.equal(typeof outcome, 'string')
      all.push(...ids[won])
      for (const log of logs) assert.deepEqual(await idsOf(log), all)
    }
  }),

  scenario('records may have from 0 to maxRecordBytes bytes', async nodes => {
    const [log, other] = await nodes.pair()
    const most = log.maxRecordBytes
    const sizes = [0, 1, 255, 256, 65_535, 65_536, most - 1, most].filter(size => size <= most)
    for (const [i, size] of sizes.entries()) {
      const bytes = noise(size, i)
      assert.equal(await log.append(i, nodes.id(i), bytes, PATIENCE), i + 1)
    }
    for (const node of [log, other]) {
      const records = await allOf(node)
      for (const [i, size] of sizes.entries()) {
        assert(records[i].bytes instanceof Uint8Array)
        assert.equal(records[i].bytes.length, size)
        assert.equal(Buffer.compare(records[i].bytes, noise(size, i)), 0, `${size} bytes`)
      }
    }
  }),

  scenario('a record of more bytes is refused by a RangeError, and comes nowhere', async nodes => {
    const log = await nodes.open()
    const large = new Uint8Array(log.maxRecordBytes + 1)
    await assert.rejects(async () => {
      await log.append(0, nodes.id('large'), large, PATIENCE)
    }, RangeError)
    assert.deepEqual(await log.ends(), { first: 1, last: 0 })
    assert.equal(await attempt(log, 0, nodes.id('large'), large.subarray(1)), 1)
  }),

  scenario('a part of a larger buffer is appended, and no more', async nodes => {
    const log = await nodes.open()
    const bytes = noise(100)
    assert.equal(await log.append(0, nodes.id('part'), bytes.subarray(10, 20), PATIENCE), 1)
    const [record] = await allOf(log)
    assert.deepEqual(plain(record.bytes), plain(noise(100).subarray(10, 20)))
  }),

  scenario('nodes that append at random agree on every record', async nodes => {
    const logs = await nodes.several(3)
    const acknowledged = new Map<string, number>()
    let turn = 0
    await Promise.all(
      logs.map(async (log, i) => {
        for (let k = 0; k < 25; k++) {
          const id = nodes.id(`${i} ${k}`)
          for (;;) {
            // Others append meanwhile.
            const outcome = await attempt(log, (await log.ends()).last, id)
            if (typeof outcome !== 'number') continue
            acknowledged.set(id, outcome)
            if (turn++ % 3 === 0) assert.equal(await attempt(log, 0, id), outcome)
            break
          }
        }
      }),
    )
    for (const log of logs) {
      const records = await allOf(log)
      assert.equal(records.length, 75)
      for (const { id, sequence } of records) assert.equal(acknowledged.get(id), sequence)
    }
  }),
]
