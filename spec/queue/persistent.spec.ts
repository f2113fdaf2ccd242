/**
 * The queue in persistent mode: what a promise says of the disk, how often it is synced, and what the end of a handle leaves
 * there. Failing calls: faults.spec.ts.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { busy } from '../../lib/threads/role.js'
import { attachOn, expectSound, type Options, openOn, Time, worst } from '../persistent/world.js'
import { Disk } from '../support/disk.js'

const time = new Time()
const put = (key: string, value: unknown = key) => ({ type: 'put' as const, key, value })
const opened: ZVerse[] = []

interface Party {
  readonly disk: Disk
  readonly db: ZVerse
  readonly others: ZVerse[]
}

/** A database on a disk in memory, and handles of what poses as other threads. */
function party(options: Options = {}, count = 1): Party {
  // No segment comes to its end.
  const disk = new Disk(2 ** 20)
  const db = openOn(disk, time, options)
  const others = Array.from({ length: count }, (_, i) => attachOn(disk, time, db, 4000 + i))
  opened.push(db, ...others)
  return { disk, db, others }
}

afterEach(() => {
  for (const db of opened.splice(0)) {
    if (!db._test.engine.gate.isClosed) expectSound(db)
    db.close()
  }
})

/** Calls of a kind from now on. */
function counted(disk: Disk, call: string): { count: number } {
  const seen = { count: 0 }
  disk.before = syscall => {
    if (syscall === call) seen.count++
  }
  return seen
}

/** What is there when the directory is opened. */
function keysOn(disk: Disk): string[] {
  const db = openOn(disk, time)
  expectSound(db)
  const keys = [...db.keys()]
  db.close()
  return keys
}

describe('with sync: commit', () => {
  it.each([
    ['the thread itself', 0],
    ['another thread that drains', 1],
    ['another thread that has submissions, too', 2],
  ])('a promise resolves once its version is durable, committed by %s', async (_, way) => {
    const { disk, db, others } = party()
    const [other] = others as [ZVerse]
    const over = new AbortController()
    const drained = way === 1 ? other.drain({ signal: over.signal }) : undefined
    const told: number[] = []
    const syncs: number[] = []
    disk.before = syscall => {
      if (syscall !== 'fdatasync') return
      syncs.push(told.length)
      expect(db.has(`key ${told.length}`)).toBe(false)
      expect(other.durableVersion).toBe(told.at(-1) ?? 0)
    }
    for (let n = 0; n < 20; n++) {
      const all = [db.submit(put(`key ${n}`))]
      if (way === 2) all.unshift(other.submit(put(`other ${n}`)))
      const [version] = await Promise.all(all.reverse())
      // A crash now leaves it.
      expect(keysOn(worst(disk))).toContain(`key ${n}`)
      told.push(version as number)
    }
    // Each was synced, before it was told of, once.
    expect(syncs).toEqual(Array.from({ length: 20 }, (_, n) => n))
    over.abort()
    await drained
  })

  it('a promise resolves after the sync of a thread that drains, however long it takes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zverse-drain-'))
    const path = join(folder, 'db')
    const options = { path, background: false, maxBytes: 2 ** 22, lockTimeout: 60_000 }
    const db = ZVerse.open(options) as unknown as ZVerse
    const words = new Int32Array(new SharedArrayBuffer(12))
    const worker = new Worker(new URL('./drainer.js', import.meta.url), {
      workerData: { handle: db.share(), words, ms: 30 },
    })
    await once(worker, 'message')
    // Of its commits: this thread makes some, too, where the other one is slow.
    let count = 0
    for (; Atomics.load(words, 2) < 3; count++) {
      await db.submit(put(`key ${count}`))
      Atomics.add(words, 0, 1)
    }
    worker.postMessage('end')
    const [told] = (await once(worker, 'message')) as [number[]]
    expect(new Set(told).size).toBe(told.length)
    expect(Math.max(...told)).toBeLessThan(count)
    expectSound(db)
    db.close()
    const again = ZVerse.open({ path, maxBytes: 2 ** 22 })
    expect(again.size).toBe(count)
    again.close()
    rmSync(folder, { recursive: true })
  })

  it('a group is synced once, as the commit of a transaction is', async () => {
    const { disk, db, others } = party({}, 2)
    const ofOne = counted(disk, 'fdatasync')
    db.transact(tx => tx.put('alone', 1))
    expect(ofOne.count).toBe(1)
    const ofGroup = counted(disk, 'fdatasync')
    const handles = [db, ...others]
    const all = handles.flatMap((handle, at) =>
      Array.from({ length: 20 }, (_, n) => handle.submit(put(`${at} ${n}`))),
    )
    expect(new Set(await Promise.all(all))).toEqual(new Set([2]))
    expect(ofGroup.count).toBe(1)
  })

  it('so many groups are synced so many times', async () => {
    const { disk, db } = party({ queue: { groupBytes: 1024 } })
    const syncs = counted(disk, 'fdatasync')
    await Promise.all(Array.from({ length: 200 }, (_, n) => db.submit(put(`${n}`))))
    const { groups } = db.stats().queue
    expect(groups).toBeGreaterThan(3)
    expect(db.version).toBe(groups)
    expect(syncs.count).toBe(groups)
  })

  it('what changes nothing is not synced', async () => {
    const { disk, db } = party()
    db.put('a', 1)
    const syncs = counted(disk, 'fdatasync')
    expect(await db.submit({ type: 'del', key: 'absent' })).toBe(1)
    expect(syncs.count).toBe(0)
  })

  it('a conflict with what could not be made durable is told as its failure', async () => {
    const { disk, db, others } = party()
    const [other] = others as [ZVerse]
    disk.before = syscall => {
      if (syscall === 'fdatasync') throw Disk.failure('EIO', syscall, -5)
    }
    const first = { ...put('a'), ifVersion: null }
    const all = [db.submit(first), db.submit(first), other.submit(first)]
    for (const one of await Promise.allSettled(all)) {
      expect(one).toMatchObject({ reason: { code: 'ZVERSE_IO', syscall: 'fdatasync', errno: -5 } })
    }
    disk.before = () => {}
    await expect(other.submit(first)).rejects.toMatchObject({ code: 'ZVERSE_IO' })
    expect(db.version).toBe(0)
  })

  it('one that was refused since another thread has the past for too long says so', async () => {
    const { db } = party()
    const log = db._test.engine.log as NonNullable<typeof db._test.engine.log>
    const append = log.append.bind(log)
    log.append = () => {
      throw busy(123.4, 7)
    }
    const error = await db.submit(put('a')).catch(reason => reason)
    expect(error).toMatchObject({ code: 'ZVERSE_WRITER_BUSY', waitedMs: 123, threadId: 7 })
    expect(error.message).toContain('thread 7 has been writing the past to disk for 123 ms')
    log.append = append
    expect(await db.submit(put('a'))).toBe(1)
  })
})

describe('with other modes of sync', () => {
  it.each(['interval', 'never'] as const)('%s: a promise waits for no sync', async sync => {
    // No time for the sync of an interval.
    const { disk, db, others } = party({ sync, syncInterval: 2 ** 30 })
    const syncs = counted(disk, 'fdatasync')
    const all = [db, ...others].map((handle, n) => handle.submit(put(`${n}`)))
    expect(await Promise.all(all)).toEqual([1, 1])
    expect(syncs.count).toBe(0)
    expect(db.size).toBe(2)
    // The system has it: the end of the process takes nothing.
    expect(keysOn(disk.killed())).toEqual(['0', '1'])
    expect(keysOn(worst(disk))).toEqual([])
    expect(db.durableVersion).toBe(0)
    expect(db.flush()).toBe(1)
    expect(keysOn(worst(disk))).toEqual(['0', '1'])
  })
})

describe('close', () => {
  // More than a ring has room for, and one that has no room in any.
  const many = [...Array.from({ length: 1500 }, (_, n) => `${n}`), 'x'.repeat(3000)]
  const value = (key: string) => key.padEnd(key.length > 10 ? 40_000 : 30, '.')

  it.each(['the last handle', 'another one'])(
    'of %s leaves what it has submitted durable',
    async name => {
      const { disk, db, others } = party()
      const handle = name === 'another one' ? (others[0] as ZVerse) : db
      if (handle === db) others[0]?.close()
      const all = many.map(key => handle.submit(put(key, value(key))))
      handle.close()
      expect(keysOn(worst(disk)).sort()).toEqual([...many].sort())
      const versions = await Promise.all(all)
      const again = openOn(disk.killed(), time)
      const found = many.map(key => again.getEntry(key))
      expect(found.map(entry => entry?.version)).toEqual(versions)
      expect(found.map(entry => entry?.value)).toEqual(many.map(value))
      again.close()
    },
  )

  it('with queue: reject leaves nothing of it, and what others have submitted', async () => {
    const { disk, db, others } = party()
    const [other] = others as [ZVerse]
    const done = await db.submit(put('before'))
    const kept = other.submit(put('theirs'))
    const all = many.map(key => db.submit(put(key, value(key))))
    db.close({ queue: 'reject' })
    for (const one of await Promise.allSettled(all))
      expect(one).toMatchObject({ reason: { code: 'ZVERSE_CLOSED' } })
    expect(await kept).toBe(done + 1)
    expect(keysOn(worst(disk))).toEqual(['before', 'theirs'])
    other.close()
    expect(keysOn(disk)).toEqual(['before', 'theirs'])
  })

  it('rejects what a full disk has no room for, and loses nothing else', async () => {
    const { disk, db, others } = party()
    const [other] = others as [ZVerse]
    const done = await db.submit(put('before'))
    const theirs = other.submit(put('theirs'))
    disk.before = syscall => {
      if (syscall === 'write') throw Disk.failure('ENOSPC', syscall, -28)
    }
    const all = many.slice(0, 50).map(key => db.submit(put(key)))
    db.close()
    disk.before = () => {}
    for (const one of await Promise.allSettled(all))
      expect(one).toMatchObject({ reason: { code: 'ZVERSE_IO', syscall: 'write', errno: -28 } })
    expect(await theirs).toBe(done + 1)
    expect(keysOn(worst(disk))).toEqual(['before', 'theirs'])
  })
})
