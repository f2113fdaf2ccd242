/**
 * A vm timeout, or the end of the stack, at any point of a commit that writes to disk: what threw of a stack's end has not
 * happened; what comes next goes on; nothing stays taken; and what was acknowledged is there when it is opened again.
 */
import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import { H_KEEPING, H_LOCK_TIMEOUT, H_SEALING, H_SYNCER } from '../../lib/memory/layout.js'
import { attachWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import { expectSound, type Options, openOn, SEGMENT, Time, twinOf } from './world.js'

/** Of a past that memory soon has no room for. */
const DEEP = { history: { versions: 1e6, disk: {} }, maxBytes: 2 ** 20 }
const MODES: [string, Options][] = [
  ['commit', { sync: 'commit' }],
  ['never', { sync: 'never' }],
  ['commit, with a past on disk', { sync: 'commit', ...DEEP }],
  ['never, with a past on disk', { sync: 'never', ...DEEP }],
]

const words = (db: ZVerse) => db._test.engine.epochs.arena.words
const rolesOf = (db: ZVerse) => [H_SEALING, H_SYNCER, H_KEEPING].map(role => words(db)[role])
const put = (db: ZVerse, n: number) => db.put(`k${n % 50}`, `${n}`.padEnd(400, 'x'))
/** All that happened, key by key. */
const lived = (db: ZVerse) => [...db.keys()].map(key => [key, ...db.history(key)])
const stagedOf = (db: ZVerse) => db._test.engine.epochs.versions.staged

describe.each(MODES)('%s', (_, mode) => {
  const options = { lockTimeout: 50, ...mode }

  it('goes on after a vm timeout in any call of the disk', () => {
    const disk = new Disk(16 * SEGMENT)
    const time = new Time()
    const db = openOn(disk, time, options)
    // Of a window that stays in memory.
    const twin = twinOf(time, { history: { versions: 1e6 }, maxBytes: 2 ** 25 })
    const seen = new Set<string>()
    let n = 0
    const more = () => {
      for (;;) put(db, ++n)
    }
    const context = createContext({ more })
    for (let round = 0; round < 40; round++) {
      const first = n + 1
      let left = 60 * (round % 10) + round
      disk.before = (syscall, path) => {
        if (left-- > 0) return
        seen.add(`${syscall} ${/\w+(-\w+)?$/.exec(path)?.[0].replace(/\d+/, 'n')}`)
        for (;;);
      }
      expect(() => runInContext('more()', context, { timeout: 10 })).toThrow(/timed out/)
      disk.before = () => {}
      for (let done = first; done < n; done++) put(twin, done)
      if (stagedOf(db) > twin.version) put(twin, n)
      time.ms++
      for (const one of [db, twin]) put(one, n + 1)
      n++
      expect(db.version).toBe(twin.version)
      expect(rolesOf(db)).toEqual([0, 0, 0])
    }
    expect(seen.size).toBeGreaterThan(1)
    expectSound(db)
    const present = lived(db)
    if ('history' in mode) expect(present).toEqual(lived(twin))
    else expect([...db.entries()]).toEqual([...twin.entries()])
    const again = openOn(disk.killed(), time, { ...options, history: undefined } as Options)
    expect(lived(again)).toEqual(present)
    again.close()
    db.close()
  })

  it('is undone by the end of the stack at any depth, or has happened', () => {
    const disk = new Disk(16 * SEGMENT)
    const time = new Time()
    const db = openOn(disk, time, options)
    for (let n = 0; n < 700; n++) put(db, n)
    let attempts = 0
    for (const ballast of [0, 1, 2, 3, 5, 8, 13]) {
      let successes = 0
      const dive = (...rest: number[]): void => {
        try {
          dive(...rest)
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
        }
        if (successes >= 40) return
        const before = stagedOf(db)
        try {
          put(db, ++attempts)
          successes++
        } catch (error) {
          successes = 0
          if (!(error instanceof RangeError)) throw error
          expect(stagedOf(db)).toBe(before)
        }
      }
      dive(...Array.from({ length: ballast }, (_, i) => i))
      expect(db._test.engine.log).toMatchObject({ tip: { failure: null } })
      expect(rolesOf(db)).toEqual([0, 0, 0])
    }
    expect(attempts).toBeGreaterThan(200)
    expectSound(db)
    const present = lived(db)
    const again = openOn(disk.killed(), time, { ...options, history: undefined } as Options)
    expect(lived(again)).toEqual(present)
    again.close()
    db.close()
    expect(disk.openFiles).toBe(0)
  })
})

describe('sealing', () => {
  const options = { ...DEEP, sync: 'never', lockTimeout: 30 } as const

  /** Cuts a commit off while it writes a run. */
  function cutSealing(disk: Disk, db: ZVerse): void {
    let isThere = false
    disk.before = (syscall, path) => {
      if (syscall !== 'write' || !path.endsWith('draft-past')) return
      isThere = true
      for (;;);
    }
    const more = () => {
      for (let n = 0; ; n++) put(db, n)
    }
    const context = createContext({ more })
    for (let timeout = 30; !isThere; timeout *= 2) {
      expect(() => runInContext('more()', context, { timeout })).toThrow(/timed out/)
    }
    disk.before = () => {}
    expect(rolesOf(db)).not.toEqual([0, 0, 0])
  }

  it('that was cut off is gone on with by the next commit, and leaves no file open', () => {
    const disk = new Disk()
    const db = openOn(disk, new Time(), options)
    for (let i = 0; i < 3; i++) {
      cutSealing(disk, db)
      for (let n = 0; n < 2000; n++) put(db, n)
      expect(db._test.engine.epochs.versions.oldest).toBeGreaterThan(0)
    }
    expectSound(db)
    db.close()
    expect(disk.openFiles).toBe(0)
  })

  it('that was cut off is over with the next write, and with the handle', () => {
    const disk = new Disk()
    const db = openOn(disk, new Time(), options)
    const stranger = attachWith(
      db.share(),
      {},
      { now: () => 1, poison: true, threadId: 77_777, files: disk },
    ) as unknown as ZVerse
    cutSealing(disk, db)
    expect(() => put(stranger, 1)).toThrow(expect.objectContaining({ code: 'ZVERSE_WRITER_BUSY' }))
    db.put('a', 1)
    expect(rolesOf(db)).toEqual([0, 0, 0])
    cutSealing(disk, db)
    db.close()
    for (let n = 0; n < 2000; n++) put(stranger, n)
    expectSound(stranger)
    stranger.close()
  })

  it('by another thread is waited for as long as for the lock; then the commit has not happened', () => {
    const disk = new Disk()
    const db = openOn(disk, new Time(), options)
    const W = words(db)
    expect(W[H_LOCK_TIMEOUT]).toBe(30)
    const busy = attachWith(
      db.share(),
      {},
      { now: () => 1, poison: true, threadId: 77_777, files: disk },
    )
    W[H_SEALING] = 77_778
    let thrown: unknown
    try {
      for (let n = 0; n < 5000; n++) put(db, n)
    } catch (error) {
      thrown = error
    }
    const cause = { code: 'ZVERSE_WRITER_BUSY', threadId: 77_777 }
    expect(thrown).toMatchObject({ code: 'ZVERSE_FULL', cause })
    W[H_SEALING] = 0
    for (let n = 0; n < 1000; n++) put(db, n)
    expectSound(db)
    busy.close()
    db.close()
  })

  it('and other work of the keeper is nothing that a vm timeout can cut off', async () => {
    const disk = new Disk()
    const db = openOn(disk, new Time(), options)
    for (let n = 0; n < 50; n++) put(db, n)
    const before = disk.calls
    const tell = { db, promise: Promise.resolve() }
    runInContext('promise = db.compact()', createContext(tell), { timeout: 1000 })
    expect(rolesOf(db)).toEqual([0, 0, 0])
    expect(disk.calls).toBe(before)
    await tell.promise
    expect(disk.calls).toBeGreaterThan(before)
    db.close()
  })
})
