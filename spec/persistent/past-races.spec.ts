/**
 * The past on disk beside others who write, merge, and end it: what a reader is given is what its version had, or that
 * the version is gone. Each race is made to happen, by a hook where the one thread looks.
 */
import { describe, expect, it } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import { pastOf } from '../../lib/read/deep.js'
import { Keeper } from '../../lib/storage/keeper.js'
import { Sealer } from '../../lib/storage/sealer.js'
import { Sealed } from '../../lib/versions/sealed.js'
import { attachWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import { expectSound, type Options, openOn, SEGMENT, Time } from './world.js'

const time = new Time()

/** A database, and another thread's handle on it, which writes. */
function two(disk: Disk, options: Options) {
  const a = openOn(disk, time, { lockTimeout: 0, ...options })
  const world = { now: () => time.ms++, threadId: 77, files: disk, poison: true, indexFrom: 1 }
  const b = attachWith(structuredClone(a.share()), undefined, world) as unknown as ZVerse
  const keep = () => {
    const { engine } = b._test
    for (const _ of new Keeper(engine, engine.log as never, 100).work(true));
  }
  const put = (from: number, to: number) => {
    for (let i = from; i <= to; i++) b.put('k', i)
  }
  const close = () => {
    b.close()
    a.close()
    expect(disk.openFiles).toBe(0)
  }
  return { a, b, keep, put, close }
}

/** Calls `act` once, the next time that a method of a class is called: before it, or after. */
function hook<T extends object>(of: T, name: keyof T, act: () => void, isAfter = false): void {
  const before = of[name] as (...args: unknown[]) => unknown
  of[name] = function (this: unknown, ...args: unknown[]) {
    of[name] = before as T[keyof T]
    if (!isAfter) act()
    const result = before.apply(this, args)
    if (isAfter) act()
    return result
  } as T[keyof T]
}

describe('a tag of a version on disk', () => {
  it('gives what it gave when memory has that version again', () => {
    const disk = new Disk(SEGMENT)
    const options = { history: { versions: 1e6, disk: {} } }
    let db = openOn(disk, time, { ...options, maxBytes: 2 ** 20 })
    for (let i = 1; i <= 3000; i++) db.put(`k${i % 10}`, `${i}`.padEnd(400, '.'))
    const expected = [...db.getEntries({ at: 1000 })]
    expect(db._test.engine.epochs.versions.oldest).toBeGreaterThan(1000)
    db.tag('t', { at: 1000 })
    db.close()
    db = openOn(disk, time, { maxBytes: 2 ** 25 })
    expect(db._test.engine.epochs.versions.oldest).toBeLessThan(1000)
    expect([...db.getEntries({ at: 't' })]).toEqual(expected)
    expect(db.count({ at: 't' })).toBe(10)
    expect([...db.diff('t', 1000)]).toEqual([])
    expect([...db.diff(999, 't')].length).toBe(1)
    expect(db.get('k0', { at: 't' })).toBe(db.get('k0', { at: 1000 }))
    db.restore({ at: 't' })
    expect([...db.range()]).toEqual(expected.map(({ key, value }) => [key, value]))
    db.prune({ before: 2000 })
    expect([...db.getEntries({ at: 't' })]).toEqual(expected)
    expectSound(db)
    db.close()
  })
})

describe('a tag that moves from a version on disk while it is read', () => {
  const verbs: [string, (a: ZVerse) => unknown][] = [
    ['beginRead', a => heldBy(a.beginRead({ at: 't' }))],
    ['range', a => [...a.range({ at: 't' })][0]?.[1]],
    ['dump', a => [...a.dump({ at: 't' })].map(record => 'value' in record && record.value)[1]],
  ]
  const heldBy = (tx: ReturnType<ZVerse['beginRead']>) => {
    const value = tx.get('k')
    tx.close()
    return value
  }
  for (const [name, read] of verbs) {
    // Of thirty versions memory has the last two.
    for (const to of [10, 30]) {
      it(`${name} gives what it has moved to: ${to === 10 ? 'on disk, too' : 'in memory'}`, () => {
        const { a, b, keep, put, close } = two(new Disk(SEGMENT), {
          history: { versions: 2, disk: {} },
        })
        put(1, 30)
        keep()
        b.tag('t', { at: 15 })
        hook(pastOf(a._test.engine), 'pin', () => b.tag('t', { at: to }))
        expect(read(a)).toBe(to)
        expect(a.stats().readers.pins).toBe(0)
        close()
      })
    }
  }
})

describe('two differences from one version', () => {
  it('read in turns give what each gives alone', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, time, { history: { versions: 2, disk: {} } })
    const all = (step: number, first: number, value: number) =>
      db.batch(
        Array.from({ length: 100 }, (_, i) => {
          return { type: 'put', key: `k${step * i + first}`, value } as const
        }),
      )
    all(1, 0, 0)
    all(2, 1, 1)
    all(2, 0, 2)
    for (let round = 0; round < 40; round++) all(1, 0, 10 + round)
    await db.compact()
    db.put('z', 1)
    for (const [to, other] of [
      [2, 3],
      [3, 2],
      [2, db.version],
    ] as const) {
      const alone = [...db.diff(1, to)]
      const one = db.diff(1, to)
      const some = [one.next().value, one.next().value, one.next().value]
      const two = db.diff(1, other)
      two.next()
      expect([...some, ...one]).toEqual(alone)
    }
    db.close()
  })
})

describe('a reader beside the keeper', () => {
  it('is told that its version has gone, where it goes before the files are looked at', () => {
    const verbs: [string, (a: ZVerse, at: number) => unknown][] = [
      ['get', (a, at) => a.get('k', { at })],
      ['has', (a, at) => a.has('k', { at })],
      ['getEntry', (a, at) => a.getEntry('k', { at })],
      ['getMany', (a, at) => a.getMany(['k'], { at })],
      ['count', (a, at) => a.count({ at })],
      ['range', (a, at) => [...a.range({ at })]],
      ['history', (a, at) => [...a.history('k', { to: at })]],
      ['diff', (a, at) => [...a.diff(at, at + 1)]],
      ['stores', (a, at) => a.stores({ at })],
      ['dump', (a, at) => [...a.dump({ at })]],
      ['asOf', (a, at) => a.get('k', { asOf: new Date(timeOf(a, at)) })],
    ]
    const timeOf = (a: ZVerse, at: number) =>
      a.versions().find(({ version }) => version === at)?.timestamp ?? 0
    for (const [name, read] of verbs) {
      const disk = new Disk(SEGMENT)
      const { a, b, keep, put, close } = two(disk, {
        history: { versions: 2, disk: { versions: 50 } },
      })
      put(1, 100)
      keep()
      put(101, 101)
      keep()
      const at = a.oldestVersion + 5
      expect(read(a, at), name).toBeDefined()
      // The list of files changes, so that the next read looks at it, and meanwhile once more.
      put(102, 104)
      keep()
      const right = JSON.stringify(read(a, at))
      put(105, 106)
      keep()
      let isHooked = true
      disk.before = syscall => {
        if (syscall !== 'scandir' || !isHooked) return
        isHooked = false
        put(107, 200)
        keep()
        put(201, 201)
        keep()
      }
      let given: unknown
      try {
        given = JSON.stringify(read(a, at))
      } catch (error) {
        expect(error, name).toMatchObject({ code: 'ZVERSE_VERSION_NOT_RETAINED' })
      }
      disk.before = () => {}
      expect(isHooked, name).toBe(false)
      if (given !== undefined && name !== 'history') expect(given, name).toBe(right)
      expect(b.get('k')).toBe(201)
      close()
    }
  })

  it('keeps what it has pinned by a tag that is taken away meanwhile', () => {
    const disk = new Disk(SEGMENT)
    const { a, b, keep, put, close } = two(disk, {
      history: { versions: 2, disk: { versions: 20 } },
    })
    put(1, 30)
    keep()
    b.tag('t', { at: 15 })
    put(31, 60)
    keep()
    put(61, 80)
    let tx: ReturnType<ZVerse['beginRead']> | undefined
    hook(
      Sealed.prototype,
      'pinned',
      () => {
        tx = a.beginRead({ at: 't' })
        // The keeper has the turn: nobody can take the tag away before it has seen the pin, or the tag.
        expect(() => a.untag('t')).toThrow(expect.objectContaining({ code: 'ZVERSE_WRITER_BUSY' }))
      },
      true,
    )
    keep()
    expect(tx?.get('k')).toBe(15)
    b.untag('t')
    put(81, 90)
    keep()
    expect(tx?.get('k')).toBe(15)
    expect(tx?.count()).toBe(1)
    tx?.close()
    keep()
    expect(() => a.get('k', { at: 15 })).toThrow(
      expect.objectContaining({ code: 'ZVERSE_VERSION_NOT_RETAINED' }),
    )
    close()
  })

  it('who pins a version while the past ends keeps it, or is told', () => {
    const disk = new Disk(SEGMENT)
    const { a, b, keep, put, close } = two(disk, { history: { versions: 2, disk: {} } })
    put(1, 30)
    keep()
    put(31, 31)
    b.setHistory({ versions: 2 })
    let tx: ReturnType<ZVerse['beginRead']> | undefined
    hook(
      Sealed.prototype,
      'pinned',
      () => {
        try {
          tx = a.beginRead({ at: 10 })
        } catch (error) {
          expect(error).toMatchObject({ code: 'ZVERSE_VERSION_NOT_RETAINED' })
        }
      },
      true,
    )
    keep()
    put(32, 40)
    keep()
    if (tx !== undefined) expect(tx.get('k')).toBe(10)
    tx?.close()
    close()
  })

  it('a past that begins anew while the one before ends is not lost', () => {
    const disk = new Disk(SEGMENT)
    const { a, b, keep, put, close } = two(disk, { history: { versions: 2, disk: {} } })
    put(1, 30)
    keep()
    put(31, 31)
    a.setHistory({ versions: 2 })
    hook(Sealer.prototype, 'update', () => {
      const begin = () => a.setHistory({ versions: 2, disk: {} })
      expect(begin).toThrow(expect.objectContaining({ code: 'ZVERSE_WRITER_BUSY' }))
    })
    keep()
    b.setHistory({ versions: 2, disk: {} })
    put(32, 60)
    keep()
    put(61, 61)
    for (const at of [40, 50, 57]) expect(a.get('k', { at })).toBe(at)
    close()
    const again = openOn(disk, time)
    for (const at of [40, 50, 57]) expect(again.get('k', { at })).toBe(at)
    expectSound(again)
    again.close()
  })
})
