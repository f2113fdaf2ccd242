/** The log on a bad day (spec/support/faulty-log.ts) keeps the contract too, and all of its faults happen. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../lib/replica/log.js'
import { memoryLog } from '../../lib/replica/memory-log.js'
import { type Faults, FaultyLog, STORM } from '../support/faulty-log.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const PATIENCE = 60_000
const bytesOf = (id: string) => Uint8Array.from(id, c => c.charCodeAt(0))

/** What an append was told each time that it was tried. */
type Told = number | 'conflict' | 'none' | 'unknown'

async function told(appending: Promise<number>): Promise<Told> {
  try {
    return await appending
  } catch (error) {
    const { name, outcome } = error as { name: string; outcome: 'none' | 'unknown' }
    if (name === 'LogConflict') return 'conflict'
    expect(name).toBe('LogUnavailable')
    return outcome
  }
}

async function endsOf(log: FaultyLog) {
  for (;;) {
    try {
      return await log.ends()
    } catch (error) {
      expect(error).toMatchObject({ name: 'LogUnavailable' })
    }
  }
}

/** Three nodes that append at random, some in pipelines, each append until it is there or given up. */
async function storm(seed: number, counts: Faults): Promise<void> {
  const random = new Random(seed)
  const shared = memoryLog()
  await shared.open()
  let rivals = 0
  const rival = async () => {
    const { last } = await shared.ends()
    const id = `rival-${rivals++}`
    await shared.append(last, id, bytesOf(id), PATIENCE)
  }
  const nodes = [1, 2, 3].map(() => {
    return new FaultyLog(shared.node(), { seed: random.next(), faults: STORM, rival })
  })
  const outcomes = new Map<string, Told[]>()
  const attempt = async (node: FaultyLog, expected: number, id: string) => {
    const outcome = await told(node.append(expected, id, bytesOf(id), PATIENCE))
    outcomes.set(id, [...(outcomes.get(id) ?? []), outcome])
    return outcome
  }
  const stop = new AbortController()
  const reads: LogRecord[][] = nodes.map(() => [])
  let readAll = () => {}
  const enough = new Promise<void>(resolve => (readAll = resolve))
  let goal = Number.POSITIVE_INFINITY
  const mayEnd = () => reads.every(records => records.length >= goal) && readAll()
  const reading = nodes.map(async (node, i) => {
    await node.open()
    for await (const record of node.read(1, stop.signal)) {
      reads[i]?.push(record)
      mayEnd()
    }
  })
  await Promise.all(
    nodes.map(async (node, i) => {
      await node.open()
      for (let k = 0; k < 12; k++) {
        const { last } = await endsOf(node)
        const ids = Array.from({ length: 1 + random.int(4) }, (_, j) => `${i} ${k} ${j}`)
        const first = await Promise.all(ids.map((id, j) => attempt(node, last + j, id)))
        // Behind one that is nowhere, none is there that was acknowledged.
        const end = first.findIndex(outcome => outcome === 'conflict' || outcome === 'none')
        if (end >= 0) {
          for (const outcome of first.slice(end)) expect(typeof outcome).toBe('string')
        }
        for (const [j, id] of ids.entries()) {
          if (typeof first[j] === 'number' || random.chance(0.3)) continue
          while (typeof (await attempt(node, (await endsOf(node)).last, id)) !== 'number');
        }
      }
    }),
  )
  await Promise.all(nodes.map(node => node.calm()))
  const { first, last } = await shared.ends()
  expect(first).toBe(1)
  goal = last
  mayEnd()
  await enough
  stop.abort()
  await Promise.all(reading)

  const [records = []] = reads
  expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, i) => i + 1))
  for (const other of reads) expect(other).toEqual(records)
  const there = new Map(records.map(({ id, sequence }) => [id, sequence]))
  expect(there.size).toBe(last)
  for (const [id, all] of outcomes) {
    for (const outcome of all) if (typeof outcome === 'number') expect(there.get(id)).toBe(outcome)
    // All that was tried is nowhere.
    if (all.every(outcome => outcome === 'conflict' || outcome === 'none')) {
      expect(there.has(id)).toBe(false)
    }
  }
  for (const node of nodes) {
    for (const [fault, count] of Object.entries(node.happened)) {
      counts[fault as keyof Faults] += count
    }
    expect(node.connected).toBe(true)
    await node.close()
  }
  await shared.close()
}

describe('a log behind faults', () => {
  it('keeps the contract, and all of them happen', async () => {
    const counts = { ...new FaultyLog(memoryLog(), { seed: 1 }).happened }
    await fc.assert(
      fc.asyncProperty(fc.nat(), seed => storm(seed, counts)),
      { numRuns: scaled(100) },
    )
    // Of snapshots there are none here.
    const seldom = Object.entries(counts).filter(([name, count]) => {
      return count === 0 && name !== 'snapshots'
    })
    if (scaled(100) >= 10) expect(seldom).toEqual([])
  })

  it('keeps the newest snapshot that was put, or a newer one that may have been', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async seed => {
        const node = new FaultyLog(memoryLog(), { seed, faults: { ...STORM, snapshots: 0.5 } })
        await node.open()
        let [sure, possible] = [0, 0]
        for (let sequence = 1; sequence < 20; sequence++) {
          const parts = async function* () {
            for (let i = 0; i < sequence; i++) yield Uint8Array.of(sequence, i)
          }
          possible = sequence
          try {
            await node.putSnapshot({ sequence, version: sequence, parts: parts() })
            sure = sequence
          } catch (error) {
            expect(error).toMatchObject({ name: 'LogUnavailable' })
          }
          if (sequence === 19) await node.calm()
          try {
            const snapshot = await node.getSnapshot()
            const bytes: number[] = []
            for await (const part of snapshot?.parts ?? []) bytes.push(...part)
            const found = snapshot?.sequence ?? 0
            expect(found).toBeGreaterThanOrEqual(sure)
            expect(found).toBeLessThanOrEqual(possible)
            const whole = Array.from({ length: found }, (_, i) => [found, i]).flat()
            expect(bytes).toEqual(whole)
          } catch (error) {
            expect(sequence).toBeLessThan(19)
            expect(error).toMatchObject({ name: 'LogUnavailable' })
          }
        }
        await node.close()
      }),
      { numRuns: scaled(100) },
    )
  })

  it('is cut off and mended by hand', async () => {
    const log = memoryLog()
    const node = new FaultyLog(log.node(), { seed: 1 })
    await node.open()
    node.cut()
    expect(node.connected).toBe(false)
    await expect(node.append(0, 'a', bytesOf('a'), PATIENCE)).rejects.toMatchObject({
      name: 'LogUnavailable',
    })
    node.mend()
    expect(node.connected).toBe(true)
    expect(await node.append(0, 'a', bytesOf('a'), PATIENCE)).toBe(1)
    await node.close()
  })
})
