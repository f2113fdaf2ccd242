/** Conformance of a replicated log: readers, the log's ends, trims. Used by conformance.ts alone. */
import assert from 'node:assert/strict'
import {
  attempt,
  type Case,
  later,
  numbers,
  plain,
  Reading,
  recordsOf,
  scenario,
  until,
} from './conformance-kit.js'
import { type LogRecord, LogTrimmed, type ReplicatedLog } from './log.js'

const sequencesOf = (records: readonly LogRecord[]) => records.map(({ sequence }) => sequence)

/** A reader that begins there is told that the record was trimmed. */
async function trimmed(log: ReplicatedLog, from: number): Promise<void> {
  const reading = new Reading(log, from)
  await assert.rejects(reading.next(), LogTrimmed, `from ${from}`)
  reading.abort()
}

export const READS: readonly Case[] = [
  scenario('a reader begins at any record', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 10)
    for (const node of [log, other]) {
      for (const from of [1, 2, 5, 10]) {
        const records = await recordsOf(node, from, 10)
        assert.deepEqual(
          records.map(({ id }) => id),
          numbers(from, 10).map(i => nodes.id(i)),
        )
      }
    }
  }),

  scenario('a reader waits for the records to come', async nodes => {
    const [log, other] = await nodes.pair()
    const readings = [new Reading(log, 1), new Reading(other, 1)]
    for (let i = 1; i <= 5; i++) {
      const next = readings.map(reading => reading.next())
      // Some are waiting by then, or none.
      if (i % 2 === 0) await later()
      await nodes.fill(i % 2 === 0 ? log : other, 1, i - 1)
      for (const record of await Promise.all(next)) {
        assert.equal(record?.sequence, i)
        assert.equal(record?.id, nodes.id(i))
      }
    }
    for (const reading of readings) reading.abort()
  }),

  scenario('a reader from beyond the end begins where it was told', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 2)
    const readings = [3, 4, 7].map(from => ({ from, reading: new Reading(other, from) }))
    const firsts = readings.map(({ reading }) => reading.next())
    await later()
    await nodes.fill(log, 8, 2)
    for (const [i, { from, reading }] of readings.entries()) {
      assert.equal((await firsts[i])?.sequence, from)
      assert.deepEqual(sequencesOf(await reading.take(10 - from)), numbers(from + 1, 10))
      reading.abort()
    }
  }),

  scenario('readers get each record once, in order, while others append', async nodes => {
    const logs = await nodes.several(3)
    const readings = [1, 1, 20].map((from, i) => ({ from, reading: new Reading(logs[i], from) }))
    const reads = readings.map(({ from, reading }) => reading.take(100 - from + 1))
    const append = async (log: ReplicatedLog, name: string) => {
      for (let k = 0, last = 0; k < 50; ) {
        if (typeof (await attempt(log, last, nodes.id(`${name} ${k}`))) === 'number') k++
        last = (await log.ends()).last
      }
    }
    await Promise.all([append(logs[0], 'a'), append(logs[1], 'b')])
    const all = await recordsOf(logs[2], 1, 100)
    for (const [i, { from, reading }] of readings.entries()) {
      const records = await reads[i]
      assert.deepEqual(sequencesOf(records), numbers(from, 100))
      const expected = all.slice(from - 1)
      for (const [k, { id, bytes }] of records.entries()) {
        assert.deepEqual([id, plain(bytes)], [expected[k].id, plain(expected[k].bytes)])
      }
      reading.abort()
    }
  }),

  scenario('readers of one node do not disturb each other', async nodes => {
    const log = await nodes.open()
    await nodes.fill(log, 6)
    const [one, two, three] = [1, 3, 7].map(from => new Reading(log, from))
    const waiting = three.next()
    assert.deepEqual(sequencesOf(await one.take(4)), [1, 2, 3, 4])
    assert.deepEqual(sequencesOf(await two.take(1)), [3])
    one.abort()
    assert.equal(await one.next(), undefined)
    assert.deepEqual(sequencesOf(await two.take(3)), [4, 5, 6])
    await nodes.fill(log, 1, 6)
    assert.equal((await waiting)?.sequence, 7)
    assert.equal((await two.next())?.sequence, 7)
    for (const reading of [two, three]) reading.abort()
  }),

  scenario('a reader that was aborted before it began yields nothing', async nodes => {
    const log = await nodes.open()
    await nodes.fill(log, 2)
    for (const from of [1, 3]) {
      const reading = new Reading(log, from)
      reading.abort()
      assert.equal(await reading.next(), undefined)
    }
  }),

  scenario('a reader that is aborted while it waits ends without an error', async nodes => {
    const log = await nodes.open()
    await nodes.fill(log, 2)
    for (const delay of [async () => {}, later]) {
      const reading = new Reading(log, 1)
      await reading.take(2)
      const waiting = reading.next()
      await delay()
      reading.abort()
      assert.equal(await waiting, undefined)
      assert.equal(await reading.next(), undefined)
    }
  }),

  scenario('a reader that is aborted between two records ends there', async nodes => {
    const log = await nodes.open()
    await nodes.fill(log, 10)
    const reading = new Reading(log, 1)
    await reading.take(3)
    reading.abort()
    assert.equal(await reading.next(), undefined)
    // What was read from the log ahead is not lost for others.
    await recordsOf(log, 1, 10)
  }),

  scenario('a loop over a reader can be left', async nodes => {
    const log = await nodes.open()
    await nodes.fill(log, 5)
    const reading = new Reading(log, 2)
    await reading.take(2)
    await reading.leave()
    assert.equal(await reading.next(), undefined)
    await nodes.fill(log, 1, 5)
    await recordsOf(log, 2, 6)
  }),

  scenario('ends are those of the log, whoever appends and trims', async nodes => {
    const [log, other] = await nodes.pair()
    const both = async (first: number, last: number) => {
      for (const node of [log, other]) assert.deepEqual(await node.ends(), { first, last })
    }
    await both(1, 0)
    await nodes.fill(log, 10)
    await both(1, 10)
    await log.trim(1)
    await both(1, 10)
    await log.trim(4)
    await both(4, 10)
    // What is gone stays so.
    await other.trim(2)
    await other.trim(4)
    await both(4, 10)
    await other.trim(10)
    await both(10, 10)
    await nodes.fill(other, 2, 10)
    await both(10, 12)
  }),

  scenario('a log whose records were all trimmed goes on with its sequences', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 5)
    await log.trim(6)
    for (const node of [log, other]) assert.deepEqual(await node.ends(), { first: 6, last: 5 })
    assert.equal(await attempt(other, 0, nodes.id('first')), 'conflict')
    await trimmed(log, 5)
    const reading = new Reading(other, 6)
    await nodes.fill(log, 2, 5)
    assert.deepEqual(sequencesOf(await reading.take(2)), [6, 7])
    reading.abort()
    assert.deepEqual(await log.ends(), { first: 6, last: 7 })
  }),

  scenario('a trim beyond the end lets go of all there is, and of nothing to come', async nodes => {
    const [log, other] = await nodes.pair()
    await log.trim(3)
    assert.deepEqual(await log.ends(), { first: 1, last: 0 })
    await nodes.fill(log, 5)
    await log.trim(100)
    assert.deepEqual(await other.ends(), { first: 6, last: 5 })
    await nodes.fill(other, 3, 5)
    assert.deepEqual(sequencesOf(await recordsOf(log, 6, 8)), [6, 7, 8])
  }),

  scenario('the ids of trimmed records are known', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 5)
    await log.trim(4)
    for (const expected of [1, 2, 5]) {
      assert.equal(await attempt(other, expected, nodes.id(2)), 2)
    }
    await log.trim(6)
    assert.equal(await attempt(log, 5, nodes.id(5)), 5)
    assert.deepEqual(await log.ends(), { first: 6, last: 5 })
  }),

  scenario('a reader that begins before what is there is told so', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 10)
    await log.trim(7)
    for (const node of [log, other]) {
      for (const from of [1, 5, 6]) await trimmed(node, from)
      for (const from of [7, 8, 10]) {
        assert.deepEqual(sequencesOf(await recordsOf(node, from, 10)), numbers(from, 10))
      }
    }
  }),

  scenario('a reader whose next record is trimmed is told so, and skips none', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 20)
    const reading = new Reading(other, 1)
    await reading.take(2)
    await log.trim(15)
    await nodes.fill(log, 1, 20)
    // It may have read ahead.
    let last = 2
    try {
      while (last < 21) {
        assert.equal((await reading.next())?.sequence, last + 1)
        last++
      }
    } catch (error) {
      assert(error instanceof LogTrimmed, String(error))
      assert(last < 14)
    }
    reading.abort()
  }),

  scenario('a reader that is at the end does not mind a trim of all before', async nodes => {
    const [log, other] = await nodes.pair()
    await nodes.fill(log, 5)
    const reading = new Reading(other, 1)
    await reading.take(5)
    const waiting = reading.next()
    await log.trim(6)
    await until(async () => (await other.ends()).first === 6)
    await nodes.fill(log, 2, 5)
    assert.equal((await waiting)?.sequence, 6)
    assert.equal((await reading.next())?.sequence, 7)
    reading.abort()
  }),
]
