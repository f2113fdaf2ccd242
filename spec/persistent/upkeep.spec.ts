/** The keeper where something fails, or waits: the past holds up no present, nothing is left over. */
import { describe, expect, it } from 'vitest'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { ALL, both, fill, inMemory } from './past-world.js'
import { expectSound, openOn, SEGMENT, stateOf, Time } from './world.js'

const filesOf = (disk: Disk, kind: string) =>
  disk.paths.filter(path => new RegExp(`/${kind}-\\d+$`).test(path))

/** Where the manifest comes to, a draft that is written. */
const full = (syscall: string, path: string) => {
  if (syscall === 'write' && path.endsWith('/manifest-draft')) {
    throw Disk.failure('ENOSPC', syscall, -28)
  }
}

const thrownBy = (done: Promise<unknown>) => done.then(() => null).catch((error: unknown) => error)

describe('a run that is damaged, or gone', () => {
  it.each(['damaged', 'gone'])('%s: all else is done, and it is told', async how => {
    const all = both()
    const { db, twin, disk } = all
    fill(all, 40, new Random(12))
    await db.compact()
    const [first] = filesOf(disk, 'past') as [string]
    if (how === 'gone') disk.replace(first)
    else disk.bytesOf(first)[200]! ^= 1
    let failures = 0
    let told = 0
    for (let i = 0; i < 30; i++) {
      fill(all, 40, new Random(i))
      const error = await thrownBy(db.compact())
      if (error !== null) expect(error).toMatchObject({ code: 'ZVERSE_CORRUPT', file: 'past-1' })
      if (error !== null) told++
      failures = error === null ? 0 : failures + 1
      const { baseVersion, keeperFailures, pastFiles } = db.stats().storage
      expect(baseVersion).toBe(inMemory(db))
      expect(keeperFailures).toBe(failures)
      // Those behind it are merged.
      expect(pastFiles).toBeLessThan(9)
    }
    expect(told).toBeGreaterThan(0)
    expect(db.check().problems.join()).toContain('past-1')
    const present = [...twin.entries()]
    expect([...db.entries()]).toEqual(present)
    db.close()
    twin.close()
    expect(disk.openFiles).toBe(0)
  })
})

describe('a manifest that finds no room', () => {
  it('leaves no run beside a database whose memory is full', async () => {
    const disk = new Disk(SEGMENT)
    const options = { maxBytes: 2 ** 20, history: { versions: 2 ** 20, disk: {} } }
    const db = openOn(disk, new Time(), options)
    disk.before = full
    let refused = 0
    for (let i = 0; refused < 5; i++) {
      try {
        db.put(`key-${i % 20}`, 'x'.repeat(4000) + i)
      } catch (error) {
        expect(error).toMatchObject({ code: 'ZVERSE_FULL' })
        refused++
      }
    }
    expect(filesOf(disk, 'past')).toEqual([])
    disk.before = () => {}
    db.put('goes on', 1)
    await db.compact()
    expect(filesOf(disk, 'past').length).toBe(db.stats().storage.pastFiles)
    expectSound(db)
    db.close()
  })

  it('leaves no run that was merged, whichever it is', async () => {
    const all = both()
    const { db, twin, disk } = all
    let failed = 0
    for (let most = 0; most < 12; most++) {
      fill(all, 40)
      let writes = 0
      disk.before = (syscall, path) => {
        if (syscall !== 'write' || !path.endsWith('/manifest-draft')) return
        if (++writes > most % 4) full(syscall, path)
      }
      if ((await thrownBy(db.compact())) !== null) failed++
      disk.before = () => {}
      expect(filesOf(disk, 'past').length).toBe(db.stats().storage.pastFiles)
      expect(filesOf(disk, 'base').length).toBeLessThan(3)
    }
    expect(failed).toBeGreaterThan(3)
    expect(stateOf(db)).toBe(stateOf(twin))
    db.close()
    twin.close()
  })

  it('leaves no base', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, new Time(), { history: { versions: 1 } })
    for (let i = 0; i < 20; i++) db.put(`key-${i}`, i)
    disk.before = full
    expect(await thrownBy(db.compact())).toMatchObject({ code: 'ZVERSE_IO', errno: -28 })
    expect(filesOf(disk, 'base')).toEqual([])
    expect(db.stats().storage.keeperFailures).toBe(1)
    disk.before = () => {}
    await db.compact()
    expect(filesOf(disk, 'base')).toHaveLength(1)
    expect(db.stats().storage.keeperFailures).toBe(0)
    db.close()
  })

  it('of which a failed link leaves doubt: its run stays until another manifest is there', async () => {
    const all = both()
    const { db, twin, disk } = all
    fill(all, 30)
    let links = 0
    disk.before = (syscall, path) => {
      if (syscall === 'link' && path.includes('/manifest-') && ++links === 1) {
        throw Disk.failure('EIO', syscall)
      }
    }
    expect(db._test.engine.epochs.past.seal?.(0)).toBe(false)
    expect(filesOf(disk, 'past')).toHaveLength(1)
    await db.compact()
    expect(filesOf(disk, 'past').length).toBe(db.stats().storage.pastFiles)
    expect(stateOf(db)).toBe(stateOf(twin))
    db.close()
    twin.close()
  })
})

describe('compact', () => {
  it('lets memory go of what it seals, and shortens the log, at once', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, new Time(), ALL)
    for (let i = 0; i < 200; i++) db.put(`key-${i % 7}`, i)
    expect(inMemory(db)).toBe(0)
    await db.compact()
    expect(inMemory(db)).toBe(db.version - 2)
    expect(db.stats().storage.baseVersion).toBe(db.version - 2)
    expect(db.oldestVersion).toBe(0)
    expectSound(db)
    const state = stateOf(db)
    db.close()
    const again = openOn(disk, new Time())
    expect(stateOf(again)).toBe(state)
    again.close()
  })

  it('applies the bounds of the disk to what memory has kept until then', async () => {
    const disk = new Disk(SEGMENT)
    const time = new Time()
    const db = openOn(disk, time, { history: { versions: 2, disk: { ms: 50 } } })
    for (let i = 0; i < 200; i++) {
      time.ms += 1
      db.put(`key-${i % 7}`, i)
    }
    await db.compact()
    const { oldestVersion } = db
    expect(oldestVersion).toBeGreaterThan(140)
    await db.compact()
    expect(db.oldestVersion).toBe(oldestVersion)
    db.close()
  })

  it.each(['compact', 'backup'] as const)(
    'with sync: interval, others’ commits become durable during a %s',
    async verb => {
      const disk = new Disk(SEGMENT)
      const db = openOn(disk, new Time(), { sync: 'interval', history: { versions: 2 } })
      for (let i = 0; i < 50; i++) db.put(`key-${i}`, 'x'.repeat(100))
      disk.before = syscall => {
        if (verb === 'backup' && syscall === 'link') throw Disk.failure('EXDEV', syscall, -18)
      }
      const done = verb === 'backup' ? db.backup('copy') : db.compact()
      const version = [1, 2].map(i => db.put('late', i))[1] as number
      // Its last words to the disk come later.
      await thrownBy(done)
      expect(db.durableVersion).toBe(version)
      disk.before = () => {}
      db.close()
    },
  )
})

describe('a manifest that somebody has deleted', () => {
  it('is told by whatever needs it', async () => {
    const all = both()
    const { db, twin, disk } = all
    fill(all, 30)
    await db.compact()
    fill(all, 30)
    disk.replace(filesOf(disk, 'manifest')[0] as string)
    const code = expect.objectContaining({ code: 'ZVERSE_CORRUPT', file: 'manifest', offset: 0 })
    expect(() => db.stats()).toThrow(code)
    expect(await thrownBy(db.compact())).toEqual(code)
    expect(await thrownBy(db.backup('copy'))).toEqual(code)
    expect(() => db._test.engine.epochs.past.seal?.(0)).not.toThrow()
    expect(db._test.engine.epochs.past.refusal).toEqual(code)
    // The present does not need it.
    fill(all, 10)
    expect([...db.entries()]).toEqual([...twin.entries()])
    db.close()
    twin.close()
  })
})
