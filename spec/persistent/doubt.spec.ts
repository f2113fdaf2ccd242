/**
 * A failed call of the disk that leaves nothing in doubt costs one commit: where the log cannot go on for want of
 * descriptors, say. One that leaves what is written in doubt ends all writing.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import { H_LOCK_TIMEOUT } from '../../lib/memory/layout.js'
import { attachWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import { expectSound, type Options, openOn, SEGMENT, stateOf, Time } from './world.js'

const time = new Time()
const opened: ZVerse[] = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const db of opened.splice(0).reverse()) db.close()
})

function open(options: Options = {}): { disk: Disk; db: ZVerse } {
  const disk = new Disk(SEGMENT)
  const db = openOn(disk, time, { lockTimeout: 30, ...options })
  opened.push(db)
  return { disk, db }
}

/** Another handle, of what poses as another thread. */
function another(disk: Disk, db: ZVerse): ZVerse {
  const other = attachWith(
    db.share(),
    {},
    { now: () => time.ms, files: disk, threadId: 4000 },
  ) as unknown as ZVerse
  opened.push(other)
  return other
}

function refuse(disk: Disk, call: string, code: string, errno: number): void {
  disk.before = syscall => {
    if (syscall === call) throw Disk.failure(code, syscall, errno)
  }
}

const refused = (errno: number) => expect.objectContaining({ code: 'ZVERSE_IO', errno })

/** Puts until one is refused, and that one again and again: none of these happens. */
function putToTheEnd(db: ZVerse, errno: number): void {
  for (let n = 0; ; n++) {
    const { version } = db
    try {
      db.put('a', `${n}`.padEnd(100, 'x'))
    } catch (error) {
      expect(error).toEqual(refused(errno))
      for (let again = 0; again < 3; again++) expect(() => db.put('a', n)).toThrow(refused(errno))
      expect(db.version).toBe(version)
      return
    }
  }
}

describe.each(['commit', 'interval', 'never'] as const)('with sync: %s', sync => {
  it.each([
    ['open', 'EMFILE', -24],
    ['open', 'ENFILE', -23],
    ['open', 'EACCES', -13],
    ['fstat', 'EIO', -5],
    ['scandir', 'EMFILE', -24],
  ])(
    'a commit that fails in %s, %s, has not happened; the next one works',
    async (call, code, errno) => {
      const { disk, db } = open({ sync })
      db.put('a', 1)
      for (let round = 0; round < 4; round++) {
        refuse(disk, call, code, errno)
        putToTheEnd(db, errno)
        // In parts, which come to several segments.
        const many = Array.from({ length: 60 }, (_, n) => {
          return { type: 'put' as const, key: `many-${n}`, value: 'y'.repeat(90) }
        })
        expect(() => db.batch(many)).toThrow(refused(errno))
        expect(() => db.tag(`t${round}`)).toThrow(refused(errno))
        disk.before = () => {}
        if (round % 2 === 0) db.batch(many)
        db.put('a', round)
        db.tag(`t${round}`)
        expect(db.flush()).toBe(db.version)
        if (round === 1) await db.compact()
      }
      expectSound(db)
      const again = openOn(
        disk.crashed(() => 0),
        time,
      )
      expect(stateOf(again)).toBe(stateOf(db))
      again.close()
    },
  )

  it.each(['write', 'fdatasync'])('a %s that fails otherwise ends all writing', call => {
    const { disk, db } = open({ sync })
    db.put('a', 1)
    refuse(disk, call, 'EIO', -5)
    putToTheEnd(db, -5)
    disk.before = () => {}
    expect(() => db.put('a', 1)).toThrow(refused(-5))
    expect(() => db.flush()).toThrow(refused(-5))
  })
})

it('a flush that cannot open the log takes nothing from other threads', () => {
  const { disk, db } = open({ sync: 'never' })
  const other = another(disk, db)
  db.put('a', 1)
  refuse(disk, 'open', 'EMFILE', -24)
  expect(() => other.flush()).toThrow(refused(-24))
  db.put('b', 1)
  disk.before = () => {}
  expect(other.flush()).toBe(2)
  other.put('c', 1)
})

describe('a commit whose log has gone on in a segment that its thread cannot open', () => {
  /** Before it settles, others stage behind it, and settle nothing. */
  function overtaken(lockTimeout: number): { disk: Disk; db: ZVerse; other: ZVerse } {
    const { disk, db } = open({ sync: 'commit', lockTimeout })
    const other = another(disk, db)
    const { log } = db._test.engine
    const settle = log?.settle.bind(log)
    vi.spyOn(log as NonNullable<typeof log>, 'settle').mockImplementationOnce(version => {
      const theirs = other._test.engine.log as NonNullable<typeof log>
      const none = vi.spyOn(theirs, 'settle').mockImplementation(() => {})
      for (let n = 0; n < 30; n++) other.put('b', `${n}`.padEnd(100, 'x'))
      none.mockRestore()
      settle?.(version)
    })
    return { disk, db, other }
  }

  it('is seen once it can', () => {
    const { disk, db, other } = overtaken(60_000)
    let left = 3
    disk.before = syscall => {
      if (syscall !== 'open' || db._test.engine.epochs.versions.staged < 31) return
      if (left-- > 0) throw Disk.failure('EMFILE', syscall, -24)
    }
    db.put('a', 1)
    expect(left).toBeLessThan(0)
    expect(other.version).toBe(31)
    db.put('a', 2)
  })

  it('is not seen, and nothing after it, where that takes longer than lockTimeout', () => {
    const { disk, db, other } = overtaken(30)
    expect(db._test.engine.W[H_LOCK_TIMEOUT]).toBe(30)
    disk.before = syscall => {
      const isStaged = db._test.engine.epochs.versions.staged >= 31
      if (syscall === 'open' && isStaged) throw Disk.failure('EMFILE', syscall, -24)
    }
    expect(() => db.put('a', 1)).toThrow(refused(-24))
    disk.before = () => {}
    expect(db.version).toBe(0)
    expect(() => other.put('a', 1)).toThrow(refused(-24))
    expectSound(db)
  })
})
