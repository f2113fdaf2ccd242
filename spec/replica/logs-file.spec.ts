/** The log in a file after crashes and damage: what it has acknowledged is there, or it says where not. */
import { Buffer } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fileLogOn } from '../../lib/replica/file-log.js'
import type { LocalLog } from '../../lib/replica/local-log.js'
import type { LogRecord, ReplicatedLog, Snapshot } from '../../lib/replica/log.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { CrashDisk } from './crash-disk.js'

const PATIENCE = 60_000
const PATH = '/disk/log'
const HEAD = 64

async function opened(disk: CrashDisk): Promise<LocalLog> {
  const log = fileLogOn(disk, PATH, { maxRecordBytes: 5000 })
  await log.open()
  return log
}

const bytesOf = (id: string, size: number) =>
  Uint8Array.from({ length: size }, (_, i) => id.charCodeAt(i % id.length) + i)

async function recordsOf(log: ReplicatedLog): Promise<LogRecord[]> {
  const { first, last } = await log.ends()
  const records: LogRecord[] = []
  if (first > last) return records
  for await (const record of log.read(first, new AbortController().signal)) {
    records.push(record)
    if (record.sequence === last) break
  }
  return records
}

/** Appends together, so that one write has them all. */
const append = (log: ReplicatedLog, last: number, sizes: readonly number[]) =>
  Promise.all(
    sizes.map((size, i) => {
      const id = `id-${last + i + 1}`
      return log.append(last + i, id, bytesOf(id, size), PATIENCE)
    }),
  )

/** A log of a few records, some of which were written together, as it was left by a crash. */
async function sample(groups: readonly (readonly number[])[]) {
  const disk = new CrashDisk()
  const log = await opened(disk)
  const ends = [disk.get(PATH).length]
  let last = 0
  for (const group of groups) {
    await append(log, last, group)
    last += group.length
    // Where each of them ends.
    for (const size of group) {
      const id = `id-${ends.length}`
      ends.push((ends.at(-1) as number) + 40 + id.length + size)
    }
  }
  const crashed = disk.copy()
  const records = await recordsOf(log)
  await log.close()
  expect(crashed.get(PATH).length).toBe(ends.at(-1))
  return { crashed, closed: disk, records, ends, groups }
}

/** Groups of sizes of records. */
const groups = fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }), {
  ...{ minLength: 1, maxLength: 5 },
})

/** A disk whose log has these bytes. */
function diskOf(bytes: Uint8Array): CrashDisk {
  const disk = new CrashDisk()
  disk.put(PATH, bytes)
  return disk
}

describe('the log in a file', () => {
  it('opens with what is whole, wherever its end is torn', async () => {
    await fc.assert(
      fc.asyncProperty(groups, fc.nat(), fc.nat(700), async (sizes, seed, zeros) => {
        const { crashed, records, ends } = await sample(sizes)
        const bytes = crashed.get(PATH)
        const random = new Random(seed)
        // What a crash leaves there may be longer than what was written.
        for (let size = HEAD; size < bytes.length; size += 1 + random.int(9)) {
          const torn = new Uint8Array(size + (random.chance(0.5) ? zeros : 0))
          torn.set(bytes.subarray(0, size))
          const disk = diskOf(torn)
          const log = await opened(disk)
          const whole = ends.filter(end => end <= size).length - 1
          expect(await recordsOf(log)).toEqual(records.slice(0, whole))
          expect(disk.get(PATH).length).toBe(ends[whole])
          // It goes on there.
          const next = await append(log, whole, [7])
          expect(next).toEqual([whole + 1])
          await log.close()
          const again = await opened(disk)
          expect((await recordsOf(again)).slice(0, -1)).toEqual(records.slice(0, whole))
          await again.close()
          expect(disk.openFiles).toBe(0)
        }
      }),
      { numRuns: scaled(50) },
    )
  })

  it('tells a damaged byte, with its record, or is what it was', async () => {
    await fc.assert(
      fc.asyncProperty(groups, fc.nat(), async (sizes, seed) => {
        const { closed, records, ends } = await sample(sizes)
        const bytes = closed.get(PATH)
        const random = new Random(seed)
        for (let at = random.int(5); at < bytes.length; at += 1 + random.int(9)) {
          bytes[at]! ^= 1 << random.int(8)
          const disk = diskOf(bytes)
          bytes.set(closed.get(PATH))
          const record = at < HEAD ? 0 : (ends.filter(end => end <= at).at(-1) as number)
          try {
            const log = await opened(disk)
            // What is not looked at, or only says how far the file was durable.
            expect(at >= 28 && at < HEAD).toBe(true)
            expect(await recordsOf(log)).toEqual(records)
            await log.close()
          } catch (error) {
            const corrupt = { code: 'ZVERSE_CORRUPT', file: PATH, offset: record }
            expect(error).toMatchObject(at < 8 ? { code: 'ZVERSE_FORMAT' } : corrupt)
            // It is left as it is.
            expect(disk.get(PATH)[at]).not.toBe(bytes[at])
          }
          expect(disk.openFiles).toBe(0)
        }
      }),
      { numRuns: scaled(60) },
    )
  })

  it('after a crash, tells damage of what a later write knew to be durable', async () => {
    await fc.assert(
      fc.asyncProperty(groups, fc.nat(), async (sizes, seed) => {
        const { crashed, records, ends } = await sample(sizes)
        const bytes = crashed.get(PATH)
        const random = new Random(seed)
        // Nothing proves that the last group was durable: it may as well be torn.
        const last = records.length - (sizes.at(-1) as number[]).length
        for (let at = HEAD + random.int(9); at < bytes.length; at += 1 + random.int(9)) {
          bytes[at]! ^= 1 << random.int(8)
          const disk = diskOf(bytes)
          bytes.set(crashed.get(PATH))
          const record = ends.filter(end => end <= at).length - 1
          if (record < last) {
            const corrupt = { code: 'ZVERSE_CORRUPT', file: PATH, offset: ends[record] }
            await expect(opened(disk)).rejects.toMatchObject(corrupt)
          } else {
            const log = await opened(disk)
            expect(await recordsOf(log)).toEqual(records.slice(0, record))
            await log.close()
          }
        }
      }),
      { numRuns: scaled(60) },
    )
  })

  it('takes no bytes of a record for one of its own', async () => {
    const { crashed, records } = await sample([[10], [20]])
    const inner = crashed.get(PATH)
    const disk = new CrashDisk()
    const log = await opened(disk)
    // All of another log, and the next record of this one in the place of its end.
    await log.append(0, 'a', inner.subarray(HEAD), PATIENCE)
    await log.append(1, 'b', inner, PATIENCE)
    const torn = disk.copy()
    await log.close()
    torn.put(PATH, torn.get(PATH).subarray(0, -1))
    const again = await opened(torn)
    expect((await recordsOf(again)).map(({ id }) => id)).toEqual(['a'])
    await again.close()
    expect(records.length).toBe(2)
  })

  it('tells records that are damaged while it is open', async () => {
    const disk = new CrashDisk()
    let log = await opened(disk)
    await append(log, 0, [4000, 10])
    await log.close()
    log = await opened(disk)
    const damage = disk.get(PATH)
    damage[HEAD + 100]! ^= 1
    // Behind its back.
    disk.damage(PATH, damage)
    const reading = log.read(1, new AbortController().signal)[Symbol.asyncIterator]()
    await expect(reading.next()).rejects.toMatchObject({ code: 'ZVERSE_CORRUPT', offset: HEAD })
    await log.close()
  })

  it('is not made anew where there is a snapshot of it', async () => {
    const disk = new CrashDisk()
    const log = await opened(disk)
    await append(log, 0, [1])
    await log.putSnapshot(snapshotOf(1, 1, 10))
    await log.close()
    await disk.unlink(PATH)
    await expect(opened(disk)).rejects.toMatchObject({ code: 'ZVERSE_CORRUPT', file: PATH })
    expect(disk.openFiles).toBe(0)
  })

  it('forgets ids after an hour, but for the newest', async () => {
    const disk = new CrashDisk()
    const log = await opened(disk)
    const sizes = Array.from({ length: 500 }, () => 0)
    await append(log, 0, sizes)
    await log.trim(400)
    await log.trim(501)
    await log.close()
    const again = await opened(disk)
    expect(await again.ends()).toEqual({ first: 501, last: 500 })
    for (const sequence of [1, 399, 400, 500]) {
      const id = `id-${sequence}`
      expect(await again.append(500, id, new Uint8Array(0), PATIENCE)).toBe(sequence)
    }
    await again.close()
  })
})

function snapshotOf(sequence: number, version: number, size: number): Snapshot {
  const bytes = bytesOf(`snapshot ${version} `, size)
  const parts = async function* () {
    for (let at = 0; at < size; at += 1000) yield bytes.subarray(at, at + 1000)
  }
  return { sequence, version, parts: parts() }
}

async function contentOf(snapshot: Snapshot): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of snapshot.parts) parts.push(part)
  return Buffer.concat(parts)
}

describe('a snapshot beside a log in a file', () => {
  it('throws where it is damaged', async () => {
    const disk = new CrashDisk()
    const log = await opened(disk)
    await append(log, 0, [1, 1, 1])
    await log.putSnapshot(snapshotOf(3, 5, 2000))
    await log.close()
    const path = `${PATH}.snapshot-3-5`
    const bytes = disk.get(path)
    const is = async (damagedBytes: Uint8Array) => {
      const other = disk.copy()
      other.put(path, damagedBytes)
      const node = await opened(other)
      const snapshot = (await node.getSnapshot()) as Snapshot
      expect([snapshot.sequence, snapshot.version]).toEqual([3, 5])
      try {
        expect(Buffer.compare(await contentOf(snapshot), bytesOf('snapshot 5 ', 2000))).toBe(0)
        throw new Error('nothing was damaged')
      } catch (error) {
        expect(error).toMatchObject({ code: 'ZVERSE_CORRUPT', file: path })
      }
      await node.close()
      expect(other.openFiles).toBe(0)
    }
    for (let at = 0; at < bytes.length; at += at < 40 || at > 2000 ? 1 : 37) {
      const copy = bytes.slice()
      copy[at]! ^= 16
      await is(copy)
      await is(bytes.slice(0, at))
    }
  })

  it('is the newest one, whichever names a crash has left', async () => {
    const disk = new CrashDisk()
    const log = await opened(disk)
    await append(log, 0, [1, 1, 1])
    await log.putSnapshot(snapshotOf(2, 2, 100))
    const old = disk.get(`${PATH}.snapshot-2-2`)
    await log.putSnapshot(snapshotOf(3, 4, 100))
    await log.close()
    disk.put(`${PATH}.snapshot-2-2`, old)
    disk.put(`${PATH}.snapshot-x-y`, old)
    disk.put(`${PATH}.draft-snapshot-9`, old)
    const again = await opened(disk)
    expect(await again.getSnapshot()).toMatchObject({ sequence: 3, version: 4 })
    await again.close()
    const names = ['', '.snapshot-3-4', '.snapshot-x-y'].map(end => `${PATH}${end}`)
    expect(disk.paths).toEqual(names)
  })
})

/** What a test has done to a log, and what it was told. */
class Account {
  readonly attempted = new Map<string, Uint8Array>()
  readonly acknowledged = new Map<string, number>()
  readonly refused = new Set<string>()
  readonly snapshots = new Set<string>()
  trimmed = 1
  trimming = 1
  snapshot = 0
  ids = 0

  /** What is there is right. */
  async check(log: LocalLog): Promise<void> {
    const { first, last } = await log.ends()
    expect(first).toBeGreaterThanOrEqual(this.trimmed)
    expect(first).toBeLessThanOrEqual(Math.min(this.trimming, last + 1))
    const records = await recordsOf(log)
    const there = new Map(records.map(({ id, sequence }) => [id, sequence]))
    expect(there.size).toBe(records.length)
    for (const { id, bytes } of records) {
      expect(Buffer.compare(bytes, this.attempted.get(id) as Uint8Array)).toBe(0)
      expect(this.refused.has(id)).toBe(false)
    }
    for (const [id, sequence] of this.acknowledged) {
      expect(sequence).toBeLessThanOrEqual(last)
      if (sequence >= first) expect(there.get(id)).toBe(sequence)
    }
    const snapshot = await log.getSnapshot()
    expect(snapshot?.sequence ?? 0).toBeGreaterThanOrEqual(this.snapshot)
    if (snapshot !== undefined) {
      const { sequence, version } = snapshot
      const content = await contentOf(snapshot)
      expect(this.snapshots.has(`${sequence} ${version} ${content.length}`)).toBe(true)
      expect(Buffer.compare(content, bytesOf(`snapshot ${version} `, content.length))).toBe(0)
    }
    const ids = [...this.acknowledged].slice(-5)
    for (const [id, sequence] of ids) {
      expect(await log.append(0, id, new Uint8Array(0), PATIENCE)).toBe(sequence)
    }
    // What is there was not told to anybody, but it is from now on.
    for (const { id, sequence } of records) this.acknowledged.set(id, sequence)
    this.trimmed = first
    this.snapshot = snapshot?.sequence ?? 0
  }
}

/** One of the steps that a node of a log takes. What fails fails. */
async function step(log: LocalLog, account: Account, random: Random): Promise<void> {
  const { last } = await log.ends()
  const what = random.int(10)
  if (what < 7) {
    await Promise.all(
      Array.from({ length: 1 + random.int(4) }, async (_, i) => {
        const id = `id-${++account.ids}`
        const bytes = bytesOf(id, random.chance(0.1) ? 5000 : random.int(300))
        account.attempted.set(id, bytes)
        try {
          account.acknowledged.set(id, await log.append(last + i, id, bytes, PATIENCE))
        } catch (error) {
          const { name, outcome } = error as { name: string; outcome?: string }
          if (name === 'LogConflict' || outcome === 'none') account.refused.add(id)
          else expect({ name, outcome }).toEqual({ name: 'LogUnavailable', outcome: 'unknown' })
        }
      }),
    )
  } else if (what < 8) {
    const before = 1 + random.int(last + 2)
    account.trimming = Math.max(account.trimming, before)
    await log.trim(before)
    account.trimmed = Math.max(account.trimmed, Math.min(before, last + 1))
  } else {
    const version = ++account.ids
    const size = random.int(3000)
    account.snapshots.add(`${last} ${version} ${size}`)
    await log.putSnapshot(snapshotOf(last, version, size))
    account.snapshot = Math.max(account.snapshot, last)
  }
}

/** Two nodes at work, until the disk fails for good at a call, or at one call alone. */
async function work(disk: CrashDisk, account: Account, random: Random): Promise<void> {
  let left = random.int(120)
  const isFinal = random.chance(0.7)
  const code = random.pick(['EIO', 'ENOSPC'])
  let hasFailed = false
  disk.before = (call, path) => {
    if (left-- > 0 || (!isFinal && hasFailed)) return
    hasFailed = true
    throw CrashDisk.failure(call, path, code)
  }
  let node: LocalLog
  try {
    node = await opened(disk)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ZVERSE_IO' })
    return
  }
  await account.check(node).catch((error: unknown) => {
    // The disk may have failed in the middle.
    if (!hasFailed) throw error
  })
  const nodes = [node, node.node()]
  await Promise.all(
    nodes.map(async each => {
      try {
        await each.open()
        for (let i = 0; i < 12; i++) {
          await step(each, account, random)
          if (random.chance(0.2)) await setImmediate()
        }
      } catch (error) {
        expect(error).toMatchObject({ name: 'LogUnavailable' })
      }
    }),
  )
  // Dead processes close nothing; living ones do.
  if (!isFinal) await Promise.all(nodes.map(each => each.close()))
}

describe('crashes', () => {
  it('nothing that was acknowledged is lost, nor is anything there that was refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async seed => {
        const random = new Random(seed)
        const account = new Account()
        let disk = new CrashDisk()
        for (let crashes = 0; crashes < 4; crashes++) {
          await work(disk, account, random)
          disk = random.chance(0.6) ? disk.crashed(random) : disk.left()
        }
        disk.before = () => {}
        const log = await opened(disk)
        await account.check(log)
        // The process dies, then the system.
        disk = disk.left().crashed(random)
        const again = await opened(disk)
        await account.check(again)
        const { last } = await again.ends()
        expect(await again.append(last, 'last', new Uint8Array(9), PATIENCE)).toBe(last + 1)
        await again.close()
        expect(disk.openFiles).toBe(0)
      }),
      { numRuns: scaled(600) },
    )
  })
})
