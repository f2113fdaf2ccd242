/** The files of a past on disk: their form, backups of them, damage. */
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { Directory } from '../../lib/storage/files.js'
import { readManifest } from '../../lib/storage/manifest.js'
import { Disk } from '../support/disk.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { both, fill, inMemory, pastBytes, SEED } from './past-world.js'
import { expectSound, type Options, openOn, stateOf, Time } from './world.js'

describe(`files of a past on disk, seed ${SEED}`, () => {
  it('is backed up while others write, into a directory that opens as a database', async () => {
    const all = both()
    const { db, twin, disk, time } = all
    fill(all, 120)
    await db.compact()
    fill(all, 20)
    db.tag('deep', { at: 7 })
    twin.tag('deep', { at: 7 })
    const expected = stateOf(twin)
    const { version } = db
    const done = db.backup('copy')
    // The event loop begins it.
    await undefined
    fill(all, 30)
    expect(await done).toBe(version)
    await db.compact()
    fill(all, 30)
    const copy = openOn(disk, time, { path: 'copy' } as Options)
    expect(stateOf(copy)).toBe(expected)
    expect(copy.recovery).toMatchObject({ tornBytes: 0, lost: [] })
    copy.put('goes on', 1)
    await copy.compact()
    expectSound(copy)
    copy.close()
    expect(stateOf(db)).toBe(stateOf(twin))
    for (const wrong of ['copy', 'db', 'db/in', '', 5]) {
      await expect(db.backup(wrong as string)).rejects.toMatchObject({
        code: 'ZVERSE_INVALID_OPTION',
      })
    }
    db.close()
    twin.close()
    expect(disk.openFiles).toBe(0)
  })

  it('what a thread that died has left goes with the next work of the keeper', async () => {
    const all = both()
    fill(all, 60)
    await all.db.compact()
    const { db, twin, disk } = all
    const [run] = disk.paths.filter(path => /\/past-\d+$/.test(path)) as [string]
    disk.link(run, run.replace(/\d+$/, '999'))
    await db.compact()
    expect(disk.paths.filter(path => path.includes('past-999'))).toEqual([])
    expect(stateOf(db)).toBe(stateOf(twin))
    expectSound(db)
    db.close()
    twin.close()
  })

  it('a backup that closing ends leaves nothing', async () => {
    const { db, twin, disk } = both()
    fill({ db, twin, disk, time: new Time() }, 60)
    await db.compact()
    const done = db.backup('copy')
    db.close()
    twin.close()
    await expect(done).rejects.toMatchObject({ code: 'ZVERSE_CLOSED' })
    expect(disk.paths.filter(path => path.includes('/copy/'))).toEqual([])
    expect(disk.openFiles).toBe(0)
  })

  it('a backup that fails, or is cut off, is no database', async () => {
    const all = both()
    const { db, twin, disk, time } = all
    fill(all, 60)
    await db.compact()
    fill(all, 10)
    const expected = stateOf(twin)
    const before = disk.calls
    await db.backup('whole')
    const calls = disk.calls - before
    let failed = 0
    for (let at = 0; at < calls; at++) {
      let left = at
      const cut: Disk[] = []
      disk.before = (syscall, path) => {
        // After a sync of its log that fails no other backup would be tried.
        if (left-- !== 0 || (syscall === 'fdatasync' && path.includes('/db/log-'))) return
        failed++
        cut.push(disk.crashed(below => at % below))
        throw Disk.failure('EIO', syscall)
      }
      const path = `copy-${at}`
      const error = await db.backup(path).catch((error: unknown) => error)
      disk.before = () => {}
      if (typeof error !== 'number') {
        expect(error).toMatchObject({ code: 'ZVERSE_IO' })
        expect(disk.paths.filter(name => name.includes(`/${path}/`))).toEqual([])
      }
      for (const other of [disk, ...cut]) {
        let copy: ZVerse | undefined
        try {
          copy = openOn(other.copy(), time, { path } as Options)
        } catch (refused) {
          expect(refused).toMatchObject({ code: 'ZVERSE_CORRUPT' })
        }
        if (copy !== undefined && copy.version > 0) expect(stateOf(copy)).toBe(expected)
        copy?.close()
      }
    }
    expect(failed).toBe(calls - 1)
    expect(stateOf(db)).toBe(expected)
    db.close()
    twin.close()
  })

  it('deflated, or with filters of any size, it gives the same, and stays so', async () => {
    const sizes: number[] = []
    for (const form of [{}, { deflate: true }, { bitsPerKey: 0 }, { bitsPerKey: 32 }]) {
      const options = { history: { versions: 2, disk: form } }
      const all = both(options)
      // From one seed: what differs in size does so by its form.
      fill(all, 300, new Random(7), 200)
      await all.db.compact()
      expect(stateOf(all.db)).toBe(stateOf(all.twin))
      expectSound(all.db)
      sizes.push(pastBytes(all.disk))
      all.db.close()
      const again = openOn(all.disk, all.time)
      expect(again._test.engine.epochs.versions.sealed.form).toEqual({
        ...{ deflate: false, bitsPerKey: 10, ...form },
      })
      again.close()
      const other = openOn(all.disk, all.time, {
        history: { versions: 2, disk: { deflate: true } },
      })
      expect(other._test.engine.epochs.versions.sealed.form.deflate).toBe(true)
      expect(stateOf(other)).toBe(stateOf(all.twin))
      other.close()
      all.twin.close()
    }
    const [plain, deflated, none] = sizes as [number, number, number, number]
    expect(deflated).toBeLessThan(0.75 * plain)
    expect(none).toBeLessThan(plain)
  })

  it('options that are none are refused', () => {
    expectCode(() => ZVerse.open({ history: { disk: {} } }), 'INVALID_OPTION')
    const db = ZVerse.open()
    expectCode(() => db.setHistory({ disk: { versions: 3 } }), 'INVALID_OPTION')
    db.close()
    for (const disk of [
      5,
      null,
      [],
      { versions: -1 },
      { versions: 1.5 },
      { ms: Number.NaN },
      { x: 1 },
      { deflate: 1 },
      { bitsPerKey: 33 },
      { bitsPerKey: 2.5 },
    ]) {
      const open = () => openOn(new Disk(), new Time(), { history: { disk } } as unknown as Options)
      expectCode(open, 'INVALID_OPTION')
    }
  })

  it('damage anywhere in its files is told, and nothing wrong is given', async () => {
    const all = both()
    fill(all, 150, undefined, 300)
    await all.db.compact()
    fill(all, 3)
    const { db, twin, disk, time } = all
    const right = new Map(
      twin.versions().map(({ version: at }) => [at, [...twin.getEntries({ at })]]),
    )
    db.close()
    twin.close()
    const random = new Random(SEED)
    const paths = disk.paths.filter(path => /\/past-\d+$/.test(path))
    let told = 0
    for (let i = 0; i < 60; i++) {
      const hurt = disk.copy()
      const path = random.pick(paths)
      const bytes = hurt.bytesOf(path)
      const at = random.int(bytes.length)
      bytes[at] = (bytes[at] as number) ^ (1 << random.int(8))
      const opened = openOn(hurt, time)
      for (const [version, entries] of right) {
        try {
          expect([...opened.getEntries({ at: version })]).toEqual(entries)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ZVERSE_CORRUPT', file: path.replace(/.*\//, '') })
          told++
        }
      }
      // The present does not depend on it.
      opened.put('goes on', 1)
      opened.close()
      expect(hurt.openFiles).toBe(0)
    }
    expect(told).toBeGreaterThan(0)
  })

  it('a file that is missing, or cannot be opened, is damage for those who need it alone', async () => {
    const all = both()
    for (let i = 0; i < 4; i++) {
      fill(all, [300, 120, 40, 10][i] as number, new Random(SEED + i), 300)
      await all.db.compact()
    }
    fill(all, 3)
    const { db, twin, disk, time } = all
    const { oldestVersion } = db
    const right = new Map(
      twin.versions().map(({ version: at }) => [at, [...twin.getEntries({ at })]]),
    )
    const runs = readManifest(new Directory(disk, resolve('db')))?.past?.runs ?? []
    expect(runs.length).toBeGreaterThan(1)
    db.close()
    twin.close()
    for (const { number, from, to } of runs) {
      for (const isMissing of [true, false]) {
        const hurt = disk.copy()
        const file = `past-${number}`
        const path = hurt.paths.find(name => name.endsWith(`/${file}`)) as string
        const bytes = hurt.bytesOf(path)
        if (isMissing) hurt.unlink(path)
        else bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1
        const opened = openOn(hurt, time)
        for (const [at, entries] of right) {
          if (at < oldestVersion) continue
          const read = () => [...opened.getEntries({ at })]
          if (at >= Math.min(to, inMemory(opened))) expect(read()).toEqual(entries)
          else expect(read).toThrow(expect.objectContaining({ code: 'ZVERSE_CORRUPT', file }))
        }
        const isNeeded = (at: number) =>
          at >= Math.max(oldestVersion, from) && at <= to && at < inMemory(opened)
        const isThere = [...right.keys()].some(isNeeded)
        if (isThere) {
          expect(() => opened.versions()).toThrow(expect.objectContaining({ file }))
        }
        expect(opened.check().problems.join()).toContain(file)
        opened.put('goes on', 1)
        opened.close()
        expect(hurt.openFiles).toBe(0)
      }
    }
  })

  it('repair gives up what a damaged file makes unknown, and no more', async () => {
    const all = both()
    for (let i = 0; i < 4; i++) {
      fill(all, [300, 120, 40, 10][i] as number, new Random(SEED + i), 300)
      await all.db.compact()
    }
    fill(all, 3)
    all.db.tag('early', { at: all.db.oldestVersion + 1 })
    const { db, twin, disk, time } = all
    const right = new Map(
      twin.versions().map(({ version: at }) => [at, [...twin.getEntries({ at })]]),
    )
    const { oldestVersion } = db
    db.close()
    twin.close()
    const paths = disk.paths.filter(path => /\/past-\d+$/.test(path))
    expect(paths.length).toBeGreaterThan(1)
    for (const path of paths) {
      const hurt = disk.copy()
      const bytes = hurt.bytesOf(path)
      bytes[bytes.length >>> 1] = (bytes[bytes.length >>> 1] as number) ^ 4
      const damaged = openOn(hurt, time)
      const { ok, problems } = damaged.check()
      expect(ok).toBe(false)
      expect(problems.join()).toContain(path.replace(/.*\//, ''))
      damaged.close()
      const repaired = openOn(hurt, time, { repair: true })
      const [first, ...others] = repaired.recovery?.lost ?? []
      expect(first?.file).toBe(path.replace(/.*\//, ''))
      // A version before needs all that died since.
      const before = paths.filter(other => other < path).map(other => other.replace(/.*\//, ''))
      expect(others).toEqual(before.map(file => ({ file, offset: 0 })))
      expect(repaired.oldestVersion).toBeGreaterThan(oldestVersion)
      expect(repaired.oldestVersion).toBeLessThanOrEqual(inMemory(repaired))
      for (const { version: at } of repaired.versions()) {
        expect([...repaired.getEntries({ at })]).toEqual(right.get(at))
      }
      // Its version needs all that died since.
      expect(() => repaired.get('key-1', { at: 'early' })).toThrow(
        expect.objectContaining({ code: 'ZVERSE_UNKNOWN_TAG' }),
      )
      repaired.put('goes on', 1)
      await repaired.compact()
      expectSound(repaired)
      repaired.close()
      const again = openOn(hurt, time)
      expect(again.recovery).toMatchObject({ lost: [] })
      expect(hurt.paths.some(name => name.includes('lost-past-'))).toBe(true)
      again.close()
      expect(hurt.openFiles).toBe(0)
    }
  })

  it('a log that ends before what they tell is damaged; repair keeps what is before that', async () => {
    const all = both()
    for (let i = 0; i < 3; i++) {
      fill(all, [200, 100, 30][i] as number, new Random(SEED + i), 300)
      await all.db.compact()
    }
    fill(all, 5)
    const { db, twin, disk, time } = all
    const right = new Map(
      twin.versions().map(({ version: at }) => [at, [...twin.getEntries({ at })]]),
    )
    const { oldestVersion } = db
    const { pastVersion } = db.stats().storage as { pastVersion: number }
    db.close()
    twin.close()
    const random = new Random(SEED)
    const logs = disk.paths.filter(path => /\/log-\d+$/.test(path))
    let cut = 0
    for (let run = 0; run < 12; run++) {
      const hurt = disk.copy()
      const path = random.pick(logs)
      const bytes = hurt.bytesOf(path)
      bytes.fill(0, 64 + random.int(bytes.length - 64))
      for (const later of logs.filter(other => other > path)) hurt.bytesOf(later).fill(0)
      let refused = false
      try {
        const opened = openOn(hurt.copy(), time)
        expect(opened.version).toBeGreaterThanOrEqual(pastVersion)
        opened.close()
      } catch (error) {
        expect(error).toMatchObject({ code: 'ZVERSE_CORRUPT' })
        refused = true
      }
      if (!refused) continue
      let repaired = openOn(hurt, time, { repair: true })
      const { version, recovery } = repaired
      const lost = recovery?.lost.map(({ file }) => file) ?? []
      expect(lost.some(file => file.startsWith('log-'))).toBe(true)
      if (version > oldestVersion) expect(repaired.oldestVersion).toBe(oldestVersion)
      if (version < pastVersion) {
        cut++
        const file = lost.find(name => name.startsWith('past-'))
        expect(hurt.paths.some(name => name.endsWith(`/lost-${file}`))).toBe(true)
      }
      for (let round = 0; round < 3; round++) {
        for (const [at, entries] of right) {
          if (at < oldestVersion || at > version) continue
          expect([...repaired.getEntries({ at })]).toEqual(entries)
        }
        // What the lost versions had changed is changed otherwise.
        for (let i = 0; i < 20; i++) repaired.put(`key-${random.int(40)}`, `other ${i}`)
        await repaired.compact()
        expectSound(repaired)
        repaired.close()
        repaired = openOn(hurt, time)
        expect(repaired.recovery).toMatchObject({ lost: [] })
      }
      repaired.close()
      expect(hurt.openFiles).toBe(0)
    }
    expect(cut).toBeGreaterThan(0)
  })
})
