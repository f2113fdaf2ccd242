/** Faults that hostile specs have found in persistent mode: each with the shortest way to it. */
import { describe, expect, it } from 'vitest'
import { Batch } from '../../lib/engine/batch.js'
import { UNNAMED } from '../../lib/engine/names.js'
import { H_DIRTY, H_PHASE, R_VERSION, WRITING_VERB } from '../../lib/memory/layout.js'
import { load48 } from '../../lib/memory/words.js'
import { replay } from '../../lib/write/replay.js'
import { inTurn } from '../../lib/write/transaction.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import { type Options, openOn, SEGMENT, stateOf, Time, twinOf } from './world.js'

const time = new Time()

/** A dump with so many versions. */
function dumpOf(versions: number): unknown[] {
  const early = new Time()
  early.ms -= 1e9
  const db = twinOf(early, {})
  for (let i = 0; i < versions; i++) db.put('key', i)
  const records = [...db.dump({ history: true })]
  db.close()
  return records
}

describe('reopening', () => {
  it('applies no bounds before a commit does: those that were set came after the last one', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, time, { history: { versions: 3 } })
    for (let i = 0; i < 9; i++) db.put('key', i)
    db.setHistory({ versions: 0 })
    expect(db.oldestVersion).toBe(6)
    await db.compact()
    db.close()
    const again = openOn(disk, time)
    expect(again.oldestVersion).toBe(6)
    again.put('key', 9)
    expect(again.oldestVersion).toBe(10)
    again.close()
  })

  it('keeps a tagged version whose tag was another version’s where the log begins', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, time, { history: { versions: 0 } })
    db.put('key', 1)
    db.tag('other')
    db.put('key', 2)
    db.tag('moves', { at: 'other' })
    db.tag('moves')
    db.put('key', 3)
    await db.compact()
    const before = stateOf(db)
    db.close()
    const again = openOn(disk, time)
    expect(stateOf(again)).toBe(before)
    again.close()
  })

  it('leaves the time of a version as it is where a history was loaded before the last base', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, time, { history: { versions: 1 } })
    db.load(dumpOf(2))
    db.put('key', 'late')
    await db.compact()
    const before = stateOf(db)
    db.close()
    const again = openOn(disk, time)
    expect(stateOf(again)).toBe(before)
    again.close()
  })
})

describe('onProgress', () => {
  it.each([0, 3])('is told at last that all is read, with %d bases', async bases => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, time, { history: { versions: 2 } })
    for (let round = 0; round <= bases; round++) {
      for (let i = 0; i < 30; i++) db.put(`key-${i}`, 'x'.repeat(100))
      // There is a segment that was made ahead.
      if (round < bases) await db.compact()
    }
    db.close()
    const told: { done: number; total: number }[] = []
    const onProgress = (progress: { done: number; total: number }) => void told.push(progress)
    openOn(disk, time, { onProgress } as Options).close()
    const { done, total } = told.at(-1) ?? { done: -1, total: 0 }
    expect(done).toBe(total)
    expect(total).toBeGreaterThan(3000)
    expect(told.filter(one => one.done === one.total)).toHaveLength(1)
  })
})

describe('a recovery', () => {
  it('keeps the past of a staged version, however wide the gap before it', () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, time)
    for (let i = 0; i < 5; i++) db.put('key', i)
    const { engine } = db._test
    const { W, epochs } = engine
    const batch = new Batch()
    batch.store(UNNAMED)
    const far = { version: 2 ** 31 + 7, time: time.ms, ended: undefined, forgets: false }
    disk.before = syscall => {
      if (syscall === 'fdatasync') throw Disk.failure('EIO', syscall, -5)
    }
    const isFailed = expect.objectContaining({ code: 'ZVERSE_IO' })
    expect(() => inTurn(engine, WRITING_VERB, tx => replay(tx, batch, far))).toThrow(isFailed)
    disk.before = () => {}
    expect(load48(W, epochs.versions.tip + R_VERSION)).toBe(far.version)
    // As an owner leaves it that dies in the middle of a commit, before the version is in the ring.
    for (const version of [0, 1, 2, 3, 4, 5, far.version]) epochs.versions.set(version, 0)
    W[H_PHASE] = 1
    W[H_DIRTY] = 1
    expect(() => db.put('key', 6)).toThrow(isFailed)
    expect(W[H_DIRTY]).toBe(0)
    for (let i = 0; i < 5; i++) expect(db.get('key', { at: i + 1 })).toBe(i)
    expect(db.versions().map(({ version }) => version)).toEqual([0, 1, 2, 3, 4, 5])
    expect(epochs.versions.record(far.version)).toBe(epochs.versions.tip)
    expect(db.check()).toMatchObject({ ok: true, problems: [] })
  })
})

describe('a full disk', () => {
  it('has as much room after a large commit that found none as before it', () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, time, { history: { versions: 0 } })
    const taken = () => disk.paths.reduce((sum, path) => sum + disk.bytesOf(path).length, 0)
    const large = (count: number) =>
      db.transact(tx => {
        for (let i = 0; i < count; i++) tx.put(`key ${i}`, 'x'.repeat(100))
      })
    for (let i = 0; i < 20; i++) {
      db.put('small', i)
      const before = taken()
      disk.room = SEGMENT * (4 + i)
      expect(() => large(2000)).toThrow(expect.objectContaining({ code: 'ZVERSE_IO' }))
      // But for the segments that it made, which the next commits fill.
      expect(taken()).toBeLessThanOrEqual(before + 3 * SEGMENT)
      expect(db.put('more', i)).toBe(db.version)
      disk.room = Number.POSITIVE_INFINITY
    }
    large(200)
    const state = stateOf(db)
    db.close()
    const again = openOn(disk, time)
    expect(stateOf(again)).toBe(state)
    again.close()
  })
})

describe('an opening that fails', () => {
  it('of a new directory takes no room on a disk that is full', () => {
    const disk = new Disk()
    disk.room = 10_000
    expect(() => openOn(disk, time)).toThrow(expect.objectContaining({ code: 'ZVERSE_IO' }))
    expect(disk.paths.map(path => path.replace(/.*\//, ''))).toEqual(['lock-1'])
    disk.room = Number.POSITIVE_INFINITY
    const db = openOn(disk, time)
    expect(db.put('a', 1)).toBe(1)
    db.close()
  })

  it('gives its lock and its files back, whichever call has failed', () => {
    const count = new Disk(SEGMENT)
    openOn(count, time, { history: { versions: 3 } }).close()
    for (const code of ['EIO', 'ENOSPC']) {
      for (let at = 1; at <= count.calls; at++) {
        const disk = new Disk(SEGMENT)
        disk.before = syscall => {
          if (disk.calls === at && syscall !== 'close') throw Disk.failure(code, syscall, -1)
        }
        const open = () => openOn(disk, time, { history: { versions: 3 } })
        try {
          open().close()
        } catch (error) {
          expect(error).toMatchObject({ code: 'ZVERSE_IO', errno: -1 })
        }
        expect(disk.openFiles).toBe(0)
        disk.before = () => {}
        open().close()
      }
    }
  })

  it('takes a lock of zeros for one of a system that has crashed, and tells one that is damaged', () => {
    const disk = new Disk(SEGMENT)
    openOn(disk, time).close()
    const lock = disk.paths.find(path => path.includes('lock-')) as string
    disk.replace(lock, new Uint8Array(100))
    openOn(disk, time).close()
    const next = disk.paths.find(path => path.includes('lock-')) as string
    expect(next).not.toBe(lock)
    // Threads have joined it, and the system has written the end of it only.
    disk.replace(next, new TextEncoder().encode(`${'\0'.repeat(512)}4 77\n`))
    openOn(disk, time).close()
    const last = disk.paths.find(path => path.includes('lock-')) as string
    disk.replace(last, Uint8Array.of(123))
    expect(() => openOn(disk, time)).toThrow(
      expect.objectContaining({ code: 'ZVERSE_CORRUPT', file: last.split('/').at(-1), offset: 0 }),
    )
  })
})

describe('a commit in several segments that has found no room', () => {
  const large = 'x'.repeat(9000)
  /** Two handles, as two threads have them, on a database whose last commit has begun several segments. */
  function failed(disk: Disk) {
    const db = openOn(disk, time, { history: { versions: 2 } })
    const other = attachWith(db.share(), {}, { now: () => time.ms, threadId: 4711, files: disk })
    db.put('first', 1)
    let writes = 0
    disk.before = (syscall, path) => {
      if (syscall === 'write' && /log-0*[4-9]$/.test(path) && ++writes > 1)
        throw Disk.failure('ENOSPC', 'write', -28)
    }
    const { length } = disk.paths
    expect(() => db.put('large', large)).toThrow(expect.objectContaining({ errno: -28 }))
    expect(disk.paths.length).toBeGreaterThan(length + 2)
    disk.before = () => {}
    return { db, other }
  }

  it('is no damage once a smaller one has taken its place', () => {
    const disk = new Disk(SEGMENT)
    const { db, other } = failed(disk)
    other.put('small', 1)
    const before = stateOf(db)
    for (const left of [disk.killed(), disk.survived()]) {
      const again = openOn(left, time)
      expect(stateOf(again)).toBe(before)
      again.close()
    }
    other.close()
    db.close()
  })

  it('leaves no file open that another thread has put another in the place of', () => {
    const disk = new Disk(SEGMENT)
    const { db, other } = failed(disk)
    for (let i = 0; i < 12; i++) {
      other.put(`key-${i}`, 'x'.repeat(700))
      db.put(`more-${i}`, 1)
      const again = openOn(disk.survived(), time)
      expect(stateOf(again)).toBe(stateOf(db))
      again.close()
    }
    other.close()
    db.close()
  })
})

describe('a change that makes no version', () => {
  it('returns, however many versions there have been', () => {
    const hooks = { now: () => time.ms, files: new Disk(SEGMENT), firstVersion: 2 ** 32 - 3 }
    const db = openWith({ path: 'db', background: false, history: { versions: 2 } }, hooks)
    for (let i = 0; i < 6; i++) {
      db.put('key', i)
      db.tag('tag')
      db.setHistory({ versions: 3 })
    }
    expect(db.version).toBe(2 ** 32 + 3)
    db.close()
  })
})

describe('loading a history', () => {
  it('keeps as many versions as the bounds say', () => {
    const db = openOn(new Disk(SEGMENT), time, { history: { versions: 0 } })
    expect(db.load(dumpOf(5))).toBe(5)
    expect(db.oldestVersion).toBe(5)
    db.close()
  })

  it.each([2 ** 31 - 3, 2 ** 31 + 1, 2 ** 32 - 3, 2 ** 33 - 2, 2 ** 40 + 2 ** 31])(
    'makes all of it readable, and durable, though its numbers begin at %d',
    first => {
      const from = openWith({ history: { versions: 2 } }, { now: () => 1e12, firstVersion: first })
      from.put('key', 0)
      from.tag('first')
      for (let i = 1; i < 6; i++) from.put('key', i)
      from.tag('last')
      const records = [...from.dump({ history: true })]
      from.close()
      const disk = new Disk(SEGMENT)
      const twin = twinOf(time, {})
      twin.load(records)
      const db = openOn(disk, time)
      db.load(records)
      expect(stateOf(db)).toBe(stateOf(twin))
      twin.put('more', 1)
      const version = db.put('more', 1)
      expect([db.version, db.durableVersion]).toEqual([version, version])
      expect(stateOf(db)).toBe(stateOf(twin))
      expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
      const again = openOn(disk.survived(), time)
      expect(stateOf(again)).toBe(stateOf(twin))
      again.close()
      db.close()
      twin.close()
    },
  )
})
