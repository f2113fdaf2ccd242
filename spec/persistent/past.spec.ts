/** The past on disk, as users meet it: versions that memory has let go of, and what keeps them. */
import { describe, expect, it } from 'vitest'
import { ZVerse, zorder } from '../../lib/index.js'
import { attachWith } from '../../lib/zverse.js'
import { Disk } from '../support/disk.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { ALL, both, fill, inMemory, pastBytes, SEED } from './past-world.js'
import { expectSound, type Options, openOn, SEGMENT, stateOf, Time, twinOf } from './world.js'

describe(`a past on disk, seed ${SEED}`, () => {
  it('is read by the same verbs, before and after it is opened again', async () => {
    const all = both()
    fill(all, 200)
    const { version } = all.db
    await all.db.compact()
    fill(all, 60)
    expect(inMemory(all.db)).toBeGreaterThan(100)
    expect(all.db.oldestVersion).toBe(0)
    expect(stateOf(all.db)).toBe(stateOf(all.twin))
    expectSound(all.db)
    all.db.close()
    const again = openOn(all.disk, all.time)
    expect(stateOf(again)).toBe(stateOf(all.twin))
    expect(again.stats().storage).toMatchObject({ pastVersion: version })
    again.close()
    all.twin.close()
    expect(all.disk.openFiles).toBe(0)
  })

  it('keeps the newest version at the bound, and lets go of those before it', async () => {
    const options = { history: { versions: 1, disk: { versions: 20 } } }
    const all = both(options)
    fill(all, 90)
    await all.db.compact()
    fill(all, 10)
    const { db, twin } = all
    const oldest = db.version - 20
    expect(db.oldestVersion).toBe(oldest)
    expect([...db.range({ at: oldest })]).toEqual([...twin.range({ at: oldest })])
    const error = expectCode(() => db.get('key-1', { at: oldest - 1 }), 'VERSION_NOT_RETAINED')
    expect(error).toMatchObject({ requested: oldest - 1, oldest, newest: db.version })
    db.close()
    twin.close()
  })

  it('no deletion is undone where what it hid is let go of', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, new Time(), { history: { versions: 0, disk: { versions: 3 } } })
    db.put('a', 1)
    const gone = db.delete('a')
    for (let i = 0; i < 40; i++) {
      db.put('b', i)
      if (i % 4 === 0) await db.compact()
      for (const { version } of db.versions()) {
        expect(db.has('a', { at: version })).toBe(version > 0 && version < gone)
      }
    }
    db.close()
  })

  it('a tag below the bound gives what it gave; without it the directory shrinks', async () => {
    const all = both({ history: { versions: 1, disk: { versions: 5 } } })
    const { db, twin, disk } = all
    const options = { versions: 1, disk: {} }
    db.setHistory(options)
    twin.setHistory({})
    fill(all, 100, undefined, 900)
    await db.compact()
    for (const one of [db, twin]) {
      one.tag('then', { at: 30 })
      one.tag('later', { at: 60 })
      one.setHistory(one === db ? { versions: 1, disk: { versions: 5 } } : { versions: 5 })
    }
    fill(all, 60, undefined, 900)
    await db.compact()
    expect(stateOf(db)).toBe(stateOf(twin))
    expect(db.versions().map(({ version }) => version)).toContain(30)
    const tagged = pastBytes(disk)
    db.untag('then')
    db.untag('later')
    await db.compact()
    expect(pastBytes(disk)).toBeLessThan(tagged / 2)
    expectCode(() => db.get('key-1', { at: 30 }), 'VERSION_NOT_RETAINED')
    db.close()
    twin.close()
  })

  it('a reader goes on while what it reads is merged, deleted, and let go of', async () => {
    const all = both({ history: { versions: 1, disk: { versions: 1000 } } })
    const { db, twin } = all
    fill(all, 120)
    await db.compact()
    fill(all, 3)
    const at = 40
    const [tx, expected] = [db.beginRead({ at }), [...twin.range({ at })]]
    const cursor = db.range({ at })
    const changes = [...db.diff(at, 90)]
    const diff = db.diff(at, 90)
    const seen: unknown[] = []
    const differences: unknown[] = []
    for (let i = 0; seen.length < expected.length || differences.length < changes.length; i++) {
      const next = cursor.next()
      if (!next.done) seen.push(next.value)
      const change = diff.next()
      if (!change.done) differences.push(change.value)
      fill(all, 20)
      if (i === 2) db.setHistory({ versions: 1, disk: { versions: 10 } })
      await db.compact()
    }
    expect(seen).toEqual(expected)
    expect(differences).toEqual(changes)
    expect(db.oldestVersion).toBeGreaterThan(at)
    expect([...tx]).toEqual(expected)
    expect(tx.timestamp).toBe(twin.versions()[at]?.timestamp)
    expect([...db.range({ snapshot: tx })]).toEqual(expected)
    expectCode(() => db.get('key-1', { at }), 'VERSION_NOT_RETAINED')
    for (const held of [tx, diff, cursor]) 'close' in held ? held.close() : held.return()
    await db.compact()
    db.close()
    twin.close()
  })

  it('a reader of a deep version costs a writer no memory', async () => {
    const all = both({ history: { versions: 1, disk: {} } })
    const { db, twin } = all
    fill(all, 50)
    await db.compact()
    fill(all, 2)
    using _ = db.beginRead({ at: 3 })
    const cursor = db.range({ at: 4 })
    cursor.next()
    const used: number[] = []
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 50; i++) db.put(`key-${i % 12}`, 'v'.repeat(200))
      await db.compact()
      db.put('key-0', 'v'.repeat(200))
      used.push(db.stats().memory.usedBytes)
    }
    expect(Math.max(...used.slice(10))).toBeLessThan(1.2 * Math.max(...used.slice(0, 5)))
    cursor.return()
    db.close()
    twin.close()
  })

  it('memory that runs short is written to disk early, without a keeper, and nothing is lost', () => {
    const all = both({ history: { disk: {} }, maxBytes: 2 ** 20 })
    const { db, time } = all
    const twin = twinOf(time, { maxBytes: 2 ** 26 })
    twin.setHistory({})
    all.twin.close()
    fill({ ...all, twin }, 1500, undefined, 3000)
    expect(inMemory(db)).toBeGreaterThan(500)
    expect(db.oldestVersion).toBe(0)
    for (const at of [1, 300, 700, 1100, db.version]) {
      expect([...db.getEntries({ at })]).toEqual([...twin.getEntries({ at })])
    }
    expectSound(db)
    db.close()
    const again = openOn(all.disk, time, { maxBytes: 2 ** 20 })
    for (const at of [1, 300, 700, 1100]) {
      expect([...again.getEntries({ at })]).toEqual([...twin.getEntries({ at })])
    }
    again.close()
    twin.close()
  })

  it('a disk that refuses what memory lets go of is named by the commit that finds no room', async () => {
    const disk = new Disk(SEGMENT)
    const time = new Time()
    const options = { maxBytes: 2 ** 20, history: { versions: 1e6, disk: {} } }
    const db = openOn(disk, time, options)
    let refuses = true
    disk.before = (_, path) => {
      if (refuses && /past/.test(path)) throw Disk.failure('ENOSPC', 'write', -28)
    }
    const written: string[] = []
    const fill = () => {
      for (let i = 0; i < 3000; i++) {
        const value = `${i}`.padEnd(500)
        db.put(`key-${i % 10}`, value)
        written.push(value)
      }
    }
    const full = expectCode(fill, 'FULL')
    const path = expect.stringMatching(/draft-past$/)
    expect(full.cause).toMatchObject({ code: 'ZVERSE_IO', syscall: 'write', path })
    expect(full.message).toContain('the disk does not take the past')
    // All that was there is there; and once there is room, it goes on.
    expect(db.oldestVersion).toBe(0)
    expectSound(db)
    refuses = false
    fill()
    expect(db.oldestVersion).toBe(0)
    for (let version = 1; version <= db.version; version += 97) {
      const key = [...db.diff(version - 1, version)].map(({ key }) => key)[0] as string
      expect(db.get(key, { at: version })).toBe(written[version - 1])
    }
    expectSound(db)
    db.close()
    const again = openOn(disk, time)
    expect(again.version).toBe(written.length)
    again.close()
  })

  it('ends where the bounds say so, but for what is tagged', async () => {
    const all = both()
    const { db, twin, disk } = all
    fill(all, 80)
    await db.compact()
    fill(all, 3)
    db.tag('old', { at: 20 })
    const expected = [...db.range({ at: 20 })]
    db.setHistory({ versions: 2 })
    fill(all, 3)
    await db.compact()
    expect(db.oldestVersion).toBe(db.version - 2)
    expect([...db.range({ at: 'old' })]).toEqual(expected)
    db.untag('old')
    await db.compact()
    expect(pastBytes(disk)).toBe(0)
    fill(all, 3)
    expect(db.oldestVersion).toBe(db.version - 2)
    // And begins again with what is there.
    db.setHistory({ versions: 1, disk: {} })
    const first = db.oldestVersion
    fill(all, 40)
    await db.compact()
    fill(all, 3)
    expect(db.oldestVersion).toBe(first)
    expect([...db.range({ at: first })]).toEqual([...twin.range({ at: first })])
    expectSound(db)
    db.close()
    twin.close()
  })

  it('tells when a version was committed by whoever holds it, when its tag is gone', async () => {
    const time = new Time()
    const db = openOn(new Disk(SEGMENT), time, { history: { versions: 1, disk: { versions: 3 } } })
    const put = (i: number) => {
      time.ms += 10
      return db.put('a', i)
    }
    for (let i = 0; i < 50; i++) put(i)
    await db.compact()
    const when = db.versions().find(({ version }) => version === 48)?.timestamp
    db.tag('t', { at: 48 })
    for (let i = 50; i < 99; i++) put(i)
    await db.compact()
    const first = db.beginRead({ at: 't' })
    expect(first.timestamp).toBe(when)
    db.tag('t')
    const second = db.beginRead({ snapshot: first })
    expect(second.timestamp).toBe(when)
    first.close()
    // A tag by it knows as much.
    db.tag('again', { snapshot: second })
    expect(db.versions()[0]).toEqual({ version: 48, timestamp: when, tags: ['again'] })
    second.close()
    await db.compact()
    expect(db.get('a', { at: 'again' })).toBe(47)
    expectSound(db)
    db.close()
  })

  it('is bound by time, as commits tell it', async () => {
    const time = new Time()
    const db = openOn(new Disk(SEGMENT), time, { history: { versions: 0, disk: { ms: 100 } } })
    for (let i = 0; i < 50; i++) {
      time.ms += 10
      db.put('a', i)
    }
    await db.compact()
    db.put('a', 50)
    await db.compact()
    // Kept is what was there 100 ms before the last commit.
    const then = new Date(time.ms - 100)
    expect(db.get('a', { asOf: then })).toBe(39)
    expect(db.oldestVersion).toBeGreaterThan(30)
    expectCode(() => db.get('a', { asOf: new Date(time.ms - 300) }), 'VERSION_NOT_RETAINED')
    db.close()
  })

  it('is bound by bytes', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, new Time(), { history: { versions: 0, disk: { bytes: 60_000 } } })
    for (let i = 0; i < 400; i++) {
      db.put(`key-${i % 5}`, 'v'.repeat(500))
      if (i % 20 === 19) await db.compact()
    }
    expect(pastBytes(disk)).toBeLessThan(60_000)
    expect(pastBytes(disk)).toBeGreaterThan(20_000)
    expect(db.oldestVersion).toBeGreaterThan(200)
    db.close()
  })

  it('points are found in boxes, and by their distance', async () => {
    const random = new Random(SEED)
    const options = { keys: zorder(['uint16', 'uint16']), ...ALL }
    const [disk, time] = [new Disk(SEGMENT), new Time()]
    type Points = ZVerse<[number, number], number>
    const db = openOn(disk, time, options as Options) as unknown as Points
    const twin = ZVerse.open({ ...options, history: {} }) as unknown as Points
    const point = (): [number, number] => [random.int(300), random.int(300)]
    for (let i = 0; i < 600; i++) {
      const at = point()
      const isGone = random.chance(0.3)
      const near = [...twin.nearest(at, 1)][0]
      for (const one of [db, twin]) {
        if (isGone && near !== undefined) one.delete(near.key)
        else one.put(at, i)
      }
      if (i % 200 === 199) await db.compact()
    }
    db.put([0, 0], -1)
    twin.put([0, 0], -1)
    expect(inMemory(db as never)).toBeGreaterThan(500)
    for (let i = 0; i < 100; i++) {
      const view = { at: random.int(db.version + 1) }
      const [a, b, c] = [point(), point(), point()]
      const [min, max] = [0, 1].map(side =>
        a.map((x, d) => (side === 0 ? Math.min(x, b[d] ?? 0) : Math.max(x, b[d] ?? 0))),
      ) as [[number, number], [number, number]]
      expect([...db.box(min, max, view)]).toEqual([...twin.box(min, max, view)])
      const range = { ...view, box: [min, max] as const, reverse: true, limit: 9 }
      expect([...db.keys(range)]).toEqual([...twin.keys(range)])
      expect(db.count({ ...view, box: [min, max] })).toBe(twin.count({ ...view, box: [min, max] }))
      expect([...db.nearest(c, 12, view)]).toEqual([...twin.nearest(c, 12, view)])
    }
    db.close()
    twin.close()
  })

  it('is read through every handle', async () => {
    const all = both()
    fill(all, 100)
    await all.db.compact()
    fill(all, 3)
    const { db, twin, disk, time } = all
    const hooks = { now: () => time.ms, threadId: 77_777, files: disk }
    const other = attachWith(db.share(), {}, hooks)
    expect([...other.range({ at: 10 })]).toEqual([...twin.range({ at: 10 })])
    // What one of them has merged the other one finds.
    fill(all, 100)
    await db.compact()
    expect([...other.range({ at: 10 })]).toEqual([...twin.range({ at: 10 })])
    db.close()
    expect([...other.range({ at: 120 })]).toEqual([...twin.range({ at: 120 })])
    other.close()
    twin.close()
    expect(disk.openFiles).toBe(0)
  })
})
