/** Backups: what a failure leaves, what goes along, and where they must not lie. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Files, SYSTEM } from '../../lib/storage/files.js'
import { openWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import { type Options, openOn, SEGMENT, stateOf, Time } from './world.js'

describe('a backup in the file system', () => {
  let root: string
  let isFull: boolean
  const drafts = new Set<number>()
  const files: Files = {
    ...SYSTEM,
    segmentBytes: SEGMENT,
    open(path, mode) {
      const file = SYSTEM.open(path, mode)
      drafts.delete(file)
      if (/copy.manifest-draft$/.test(path)) drafts.add(file)
      return file
    },
    write(file, bytes, at) {
      if (!isFull || !drafts.has(file)) return SYSTEM.write(file, bytes, at)
      throw Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28, syscall: 'write' })
    },
  }
  const open = (path: string) =>
    openWith({ path, background: false, maxBytes: 2 ** 20 }, { now: () => 1e12, files })

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'zverse-copies-'))
    isFull = false
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('that fails leaves what was there before, and works the next time', async () => {
    const db = open(join(root, 'db'))
    for (let i = 0; i < 20; i++) db.put(`key-${i}`, 'x'.repeat(300))
    await db.compact()
    const deep = join(root, 'a', 'b', 'copy')
    const empty = join(root, 'copy')
    mkdirSync(empty)
    isFull = true
    for (const path of [deep, empty]) {
      await expect(db.backup(path)).rejects.toMatchObject({ code: 'ZVERSE_IO', errno: -28 })
    }
    expect(readdirSync(root).sort()).toEqual(['copy', 'db'])
    expect(readdirSync(empty)).toEqual([])
    isFull = false
    for (const path of [deep, empty]) {
      expect(await db.backup(path)).toBe(20)
      const copy = open(path)
      expect(copy.version).toBe(20)
      copy.close()
    }
    db.close()
  })

  it('is refused in the database’s own directory, by whatever path', async () => {
    const path = join(root, 'db')
    const db = open(path)
    mkdirSync(join(path, 'in'))
    symlinkSync(path, join(root, 'link'))
    symlinkSync(join(path, 'in'), join(root, 'deep'))
    const before = readdirSync(path)
    for (const to of ['link', 'link/copy', 'link/in/copy', 'deep', 'deep/copy/of', 'db/in']) {
      await expect(db.backup(join(root, to))).rejects.toMatchObject({
        code: 'ZVERSE_INVALID_OPTION',
      })
    }
    expect(readdirSync(path)).toEqual(before)
    symlinkSync(root, join(path, 'out'))
    expect(await db.backup(join(path, 'out', 'copy'))).toBe(0)
    db.close()
    const again = open(join(root, 'link'))
    await expect(again.backup(join(path, 'copy'))).rejects.toMatchObject({
      code: 'ZVERSE_INVALID_OPTION',
    })
    again.close()
  })
})

describe('a backup', () => {
  it('has the base to fall back on, and the log behind it', async () => {
    const disk = new Disk(SEGMENT)
    const time = new Time()
    const db = openOn(disk, time, { history: { versions: 2 } })
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20; i++) db.put(`key-${i}`, `${round}`.repeat(200))
      await db.compact()
    }
    const newest = disk.paths.filter(path => path.includes('/base-')).at(-1) as string
    const state = stateOf(db)
    disk.bytesOf(newest)[disk.bytesOf(newest).length >>> 1]! ^= 1
    await db.backup('copy')
    disk.before = syscall => {
      if (syscall === 'link') throw Disk.failure('EXDEV', syscall, -18)
    }
    const copying = db.backup('far')
    // Of the manifest, whose files are all there.
    disk.before = (syscall, path) => {
      if (syscall === 'link' && !path.includes('manifest')) {
        throw Disk.failure('EXDEV', syscall, -18)
      }
    }
    await copying
    disk.before = () => {}
    db.close()
    for (const path of ['copy', 'far']) {
      const copy = openOn(disk, time, { path } as Options)
      expect(stateOf(copy)).toBe(state)
      copy.close()
    }
  })
})
