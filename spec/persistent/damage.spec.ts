/**
 * Damage to files: bits that turn, files cut short, deleted, exchanged. It is told, or it is harmless: what is opened is
 * a state that was committed, with all that is proved to have been durable. With `repair` what is left opens again.
 */
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Recovery, ZVerse } from '../../lib/index.js'
import { Directory } from '../../lib/storage/files.js'
import { SEGMENT_HEAD } from '../../lib/storage/log-format.js'
import { type Manifest, readManifest } from '../../lib/storage/manifest.js'
import { Disk } from '../support/disk.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import {
  expectSound,
  indexOfState,
  openOn,
  outcome,
  SEGMENT,
  stateOf,
  Time,
  text,
} from './world.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 31)
const DB = /\/(log|base|manifest|lock)-/

interface Made {
  disk: Disk
  /** All states, in order; the last one is that of the disk. */
  states: string[]
}

/** A database on a disk, closed or killed, and all states that it was in. */
async function made(random: Random, isClosed: boolean, bases: number): Promise<Made> {
  const time = new Time()
  const disk = new Disk(SEGMENT)
  // The bounds that are given come with a change of their own.
  const unbounded = openOn(new Disk(SEGMENT), time)
  const db = openOn(disk, time, { history: { versions: random.int(4) } })
  const states = [stateOf(unbounded), stateOf(db)]
  unbounded.close()
  const then = (act: () => unknown) => {
    outcome(act)
    const state = stateOf(db)
    if (state !== states.at(-1)) states.push(state)
  }
  const store = () => db.store('named', { values: 'json' })
  then(store)
  for (let i = 0; i < 30; i++) {
    time.ms += random.int(5)
    const key = `key-${random.int(7)}`
    const value = 'x'.repeat(random.int(random.chance(0.1) ? 4000 : 200))
    if (i % 10 === 9 && i / 10 < bases) await db.compact()
    if (random.chance(0.6)) then(() => db.put(key, value))
    else if (random.chance(0.5)) then(() => store().put(key, i))
    else if (i % 2 === 0) then(() => db.tag(`t${random.int(3)}`))
    else then(() => db.delete(key))
  }
  if (isClosed) db.close()
  const left = isClosed ? disk : disk.survived()
  return { disk: left, states }
}

const cut = (path: string) => path.slice(path.lastIndexOf('/') + 1)

interface Outcome {
  error?: { code: string; file?: unknown; offset?: unknown }
  /** Index of the state. */
  at?: number
}

/** Opens a disk that was damaged: a state that was, or an error that says what is damaged. */
function tried(disk: Disk, { states }: Made, options: { repair?: boolean } = {}): Outcome {
  let db: ZVerse
  try {
    db = openOn(disk, new Time(), options)
  } catch (error) {
    const { code, file, offset } = error as Outcome['error'] & object
    // A lock that names another process is refused.
    if (code !== 'ZVERSE_LOCKED' && code !== 'ZVERSE_CORRUPT' && code !== 'ZVERSE_FORMAT')
      throw error
    if (code === 'ZVERSE_CORRUPT') {
      expect(typeof file).toBe('string')
      expect(offset).toBeGreaterThanOrEqual(0)
    }
    expect(disk.openFiles).toBe(0)
    return { error: { code, file, offset } }
  }
  const at = options.repair === true ? undefined : indexOfState(stateOf(db), states)
  if (options.repair === true) expectParts(db, states)
  // A process that dies here has repaired it all the same.
  if (options.repair === true) openOn(disk.killed(), new Time()).close()
  expectSound(db)
  const { lost } = db.recovery as { lost: readonly unknown[] }
  if (options.repair !== true) expect(lost).toEqual([])
  else expect(lost.length).toBeGreaterThan(0)
  db.put('goes on', at ?? null)
  const after = stateOf(db)
  db.close()
  const again = openOn(disk, new Time())
  expect(stateOf(again)).toBe(after)
  expect(again.recovery).toMatchObject({ lost: [] })
  again.close()
  return at === undefined ? {} : { at }
}

/** Each version that is left has what it had; how far the past goes, and its tags, may be lost. */
function expectParts(db: ZVerse, states: readonly string[]): void {
  const all = states.join('\n')
  for (const { version } of db.versions()) {
    const view = { at: version }
    expect(all).toContain(text([version, [...db.getEntries(view)], db.stores(view)]))
  }
}

let cases = 0

/** Damages copies of databases; `proved`: no state but the last one is harmless. */
async function damaged(
  count: number,
  harm: (disk: Disk, random: Random, made: Made) => string,
  check: (outcome: Outcome, last: number, what: string) => void = () => {},
): Promise<void> {
  const random = new Random(SEED)
  for (let run = 0; run < 4; run++) {
    const one = await made(random, run % 2 === 0, run)
    for (let i = 0; i < scaled(count); i++) {
      const disk = one.disk.copy()
      let what = ''
      try {
        what = harm(disk, random, one)
        cases++
        const broken = disk.copy()
        const outcome = tried(disk, one)
        check(outcome, one.states.length - 1, what)
        if (outcome.error !== undefined && !what.startsWith('manifest'))
          repaired(broken, one, outcome)
      } catch (error) {
        const where = `ZVERSE_SEED=${SEED}, database ${run}, ${what}`
        throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
      }
    }
  }
}

/** With `repair` it opens, or is refused as before where nothing can be proved without what is damaged. */
function repaired(disk: Disk, one: Made, before: Outcome): void {
  if (before.error?.code === 'ZVERSE_LOCKED') return
  const outcome = tried(disk, one, { repair: true })
  const file = String(before.error?.file)
  if (before.error?.code !== 'ZVERSE_CORRUPT' || /^(manifest|lock|base)-/.test(file)) return
  expect(outcome.error).toBe(undefined)
}

const anyFile = (disk: Disk, random: Random) =>
  random.pick(disk.paths.filter(path => DB.test(path)))

/** Segments with something in them; the last one has what came last. */
const used = (disk: Disk) =>
  disk.paths.filter(path => path.includes('/log-') && disk.bytesOf(path).some(byte => byte !== 0))

describe('damage', () => {
  let other: Made

  beforeAll(async () => {
    other = await made(new Random(SEED + 1), true, 2)
  })

  it('bits that turn, anywhere', () =>
    damaged(150, (disk, random) => {
      const path = anyFile(disk, random)
      const bytes = disk.bytesOf(path)
      const count = random.chance(0.8) ? 1 : 8
      let what = cut(path)
      for (let i = 0; i < count && bytes.length > 0; i++) {
        const [at, bit] = [random.int(bytes.length), random.int(8)]
        bytes[at] = (bytes[at] as number) ^ (1 << bit)
        what += ` ${at}.${bit}`
      }
      return what
    }))

  it('files cut short, or longer than they were', () =>
    damaged(150, (disk, random) => {
      const path = anyFile(disk, random)
      const bytes = disk.bytesOf(path)
      const size = random.int(bytes.length + 100)
      const other = new Uint8Array(size).fill(random.chance(0.5) ? 0 : 7)
      other.set(bytes.subarray(0, size))
      disk.replace(path, other)
      return `${cut(path)}, ${bytes.length} to ${size}`
    }))

  it('blocks of zeros, and of other bytes', () =>
    damaged(150, (disk, random) => {
      const path = anyFile(disk, random)
      const bytes = disk.bytesOf(path)
      const from = random.int(bytes.length + 1)
      const to = Math.min(bytes.length, from + random.int(600))
      for (let at = from; at < to; at++) bytes[at] = random.chance(0.5) ? 0 : random.int(256)
      return `${cut(path)}, ${from} to ${to}`
    }))

  it('files deleted', () =>
    damaged(
      60,
      (disk, random) => {
        const path = anyFile(disk, random)
        disk.replace(path)
        return cut(path)
      },
      ({ error, at }, last, what) => {
        // A lock that is gone is nobody's; the newest segment, or one that was made ahead, may never have been.
        if (what.startsWith('manifest')) expect(error).toBeDefined()
        if (what.startsWith('lock')) expect(at).toBe(last)
      },
    ))

  it('a segment in the middle deleted: told, for the one behind it goes on from it', async () => {
    const one = await made(new Random(11), false, 0)
    const segments = used(one.disk)
    expect(segments.length).toBeGreaterThan(2)
    for (const path of segments.slice(0, -1)) {
      const disk = one.disk.copy()
      disk.replace(path)
      expect(tried(disk, one).error?.code).toBe('ZVERSE_CORRUPT')
    }
  })

  it('a segment deleted before one that has a record, of which nothing says that it was synced', () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, new Time(), { history: { versions: 2 } })
    for (let i = 0; i < 4; i++) db.put(`key-${i}`, 'x'.repeat(2500))
    const killed = disk.survived()
    const segments = used(killed)
    expect(segments.length).toBeGreaterThan(3)
    for (const path of segments.slice(0, -1)) {
      const left = killed.copy()
      left.replace(path)
      expect(() => openOn(left, new Time())).toThrow(
        expect.objectContaining({ code: 'ZVERSE_CORRUPT', file: cut(path) }),
      )
    }
    db.close()
  })

  it('the head of a segment in the middle: told, for the one behind it goes on from it', async () => {
    const one = await made(new Random(11), false, 0)
    for (const path of used(one.disk).slice(0, -1)) {
      const disk = one.disk.copy()
      const bytes = disk.bytesOf(path)
      bytes[20] = (bytes[20] as number) ^ 1
      expect(tried(disk, one).error?.code).toBe('ZVERSE_CORRUPT')
    }
  })

  it('files exchanged, within a database or with those of another', () =>
    damaged(60, (disk, random, one) => {
      const path = anyFile(disk, random)
      const kind = cut(path).split('-')[0] as string
      const from = random.chance(0.5) ? one.disk : other.disk
      const paths = from.paths.filter(each => cut(each).startsWith(kind))
      if (paths.length === 0) return 'nothing'
      const source = random.pick(paths)
      const bytes = Uint8Array.from(from.bytesOf(source))
      disk.replace(path, bytes)
      return `${cut(path)} by ${cut(source)} of ${from === one.disk ? 'the same' : 'another'}`
    }))

  it('bytes of a log as a value are no records', async () => {
    const one = await made(new Random(SEED), false, 1)
    const disk = new Disk(SEGMENT)
    const open = () => openOn(disk, new Time(), { history: { versions: 2 } })
    let db = open()
    for (const path of one.disk.paths) db.put(path, Array.from(one.disk.bytesOf(path)).join())
    // Its own log, again and again, at any place.
    for (let i = 0; i < 4; i++) {
      const own = used(disk).at(-1) as string
      const text = [...disk.bytesOf(own)].map(byte => String.fromCharCode(byte & 127)).join('')
      db.put(`own ${i}`, text.slice(i))
    }
    const before = stateOf(db)
    for (const left of [disk.killed(), disk.survived()]) {
      const again = openOn(left, new Time())
      expect(stateOf(again)).toBe(before)
      again.close()
    }
    db.close()
    db = open()
    expect(stateOf(db)).toBe(before)
    db.close()
  })

  it('of the newest base: the one before it and the log have all that it had', async () => {
    const random = new Random(SEED)
    for (let i = 0; i < scaled(40); i++) {
      const one = await made(random, i % 2 === 0, 3)
      const bases = one.disk.paths.filter(path => path.includes('/base-'))
      expect(bases.length).toBe(2)
      const bytes = one.disk.bytesOf(bases[1] as string)
      const at = random.int(bytes.length)
      bytes[at] = (bytes[at] as number) ^ (1 << random.int(8))
      cases++
      expect(tried(one.disk, one)).toEqual({ at: one.states.length - 1 })
    }
  })

  it('of the newest base, which the disk cannot read: the same, until it can', async () => {
    const one = await made(new Random(SEED), true, 3)
    const { disk, states } = one
    const bases = () => disk.paths.filter(path => path.includes('/base-'))
    const newest = bases()[1] as string
    for (const at of ['open', 'fstat', 'read']) {
      disk.before = (syscall, path) => {
        if (syscall === at && path === newest) throw Disk.failure('EIO', syscall)
      }
      const db = openOn(disk, new Time())
      expect(stateOf(db)).toBe(states.at(-1))
      expectSound(db)
      db.close()
      disk.before = () => {}
      expect(bases()).toContain(newest)
    }
    const db = openOn(disk, new Time())
    expect(stateOf(db)).toBe(states.at(-1))
    db.close()
  })

  it('of the log, where the disk cannot read the newest base: repair puts that aside', async () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, new Time(), { history: { versions: 2 } })
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20; i++) db.put(`key-${i}`, `${round}`.repeat(200))
      await db.compact()
    }
    db.close()
    const newest = disk.paths.filter(path => path.includes('/base-'))[1] as string
    const { length } = disk.bytesOf(newest)
    disk.bytesOf(used(disk).at(-1) as string).fill(0)
    disk.before = (syscall, path) => {
      if (syscall === 'read' && path === newest) throw Disk.failure('EIO', syscall)
    }
    // What the base tells of the log holds, though nobody can read it.
    expect(() => openOn(disk, new Time())).toThrow(
      expect.objectContaining({ code: 'ZVERSE_CORRUPT', file: expect.stringMatching(/^log-/) }),
    )
    openOn(disk, new Time(), { repair: true }).close()
    disk.before = () => {}
    expect(disk.paths).not.toContain(newest)
    expect(disk.bytesOf(newest.replace('base-', 'lost-base-'))).toHaveLength(length)
    const again = openOn(disk, new Time())
    expect(again.recovery).toMatchObject({ lost: [] })
    expectSound(again)
    again.close()
  })

  it('of the newest base, seen before another is written: the one before it stays', async () => {
    for (const error of [undefined, 'EIO']) {
      const one = await made(new Random(SEED), true, 3)
      const { disk } = one
      const names = () => disk.paths.filter(path => path.includes('/base-'))
      const [older, newer] = names() as [string, string]
      const db = openOn(disk, new Time())
      const bytes = disk.bytesOf(newer)
      if (error === undefined) bytes[bytes.length - 9]! ^= 1
      const opened = disk.calls
      disk.before = (syscall, path) => {
        const isRead = error !== undefined && syscall === 'read' && path?.endsWith(newer)
        if (isRead) throw Disk.failure(error, syscall, -5)
      }
      db.put('more', 1)
      await db.compact()
      disk.before = () => {}
      expect(disk.calls).toBeGreaterThan(opened)
      const [kept, newest] = names() as [string, string]
      expect(names()).toHaveLength(2)
      expect(kept).toBe(older)
      expect(newest).not.toBe(newer)
      const state = stateOf(db)
      db.close()
      // All of it is there by either.
      for (const isDamaged of [false, true]) {
        if (isDamaged) disk.bytesOf(newest)[100]! ^= 1
        const again = openOn(disk, new Time())
        expect(stateOf(again)).toBe(state)
        again.close()
      }
    }
  })

  it('there are never more than two bases', async () => {
    const one = await made(new Random(SEED), true, 3)
    const { disk } = one
    const db = openOn(disk, new Time())
    let most = 0
    disk.before = () => {
      most = Math.max(most, disk.paths.filter(path => path.includes('/base-')).length)
    }
    for (let i = 0; i < 3; i++) {
      db.put('more', i)
      await db.compact()
    }
    db.close()
    expect(most).toBe(2)
  })

  it('of the newest base, wherever in a segment the log of the one before it begins', async () => {
    let moved = 0
    for (let puts = 1; puts < 30; puts++) {
      const disk = new Disk(SEGMENT)
      const db = openOn(disk, new Time(), { history: { versions: 0 } })
      for (let i = 0; i < puts; i++) db.put(`key ${i % 7}`, i)
      await db.compact()
      for (let i = 0; i < 100; i++) db.put(`key ${i % 7}`, `${i}`.repeat(20))
      await db.compact()
      const { bases } = readManifest(new Directory(disk, resolve('db'))) as Manifest
      // Where it was at the end of a segment, the log goes on from there in the next one.
      if (bases[1]?.log.offset === SEGMENT_HEAD) moved++
      const state = stateOf(db)
      db.close()
      const newest = disk.paths.filter(path => path.includes('/base-'))[1] as string
      disk.bytesOf(newest)[200]! ^= 1
      const again = openOn(disk, new Time())
      expect(stateOf(again)).toBe(state)
      again.close()
    }
    expect(moved).toBeGreaterThan(0)
  })

  it('in the middle of the log: repair says where, and puts the rest aside', async () => {
    const one = await made(new Random(SEED), true, 0)
    const segments = used(one.disk)
    const path = segments[1] as string
    const bytes = one.disk.bytesOf(path)
    bytes[100] = (bytes[100] as number) ^ 4
    expect(tried(one.disk.copy(), one).error).toMatchObject({
      code: 'ZVERSE_CORRUPT',
      file: cut(path),
    })
    const db = openOn(one.disk, new Time(), { repair: true })
    const { lost } = db.recovery as Recovery
    expect(lost[0]).toMatchObject({ file: cut(path) })
    expect(lost[0]?.offset).toBeGreaterThan(0)
    expect(lost.slice(1).map(({ file }) => file)).toEqual(segments.slice(2).map(cut))
    const names = one.disk.paths.filter(each => each.includes('/lost-'))
    expect(names.length).toBeGreaterThanOrEqual(segments.length - 2)
    expect(one.states).toContain(stateOf(db))
    db.close()
    expect(tried(one.disk, { ...one, states: one.states })).toMatchObject({})
  })

  it('of the log behind a tag on what only a pin kept: repair leaves it where reopening has it', () => {
    const disk = new Disk(SEGMENT)
    const db = openOn(disk, new Time(), { history: { versions: 0 } })
    db.put('key', 1)
    db.tag('tag')
    db.put('key', 2)
    const snapshot = db.beginRead()
    db.put('key', 3)
    db.tag('tag', { snapshot })
    expect(db.get('key', { at: 'tag' })).toBe(2)
    for (let i = 0; i < 3; i++) db.put('other', 'x'.repeat(SEGMENT))
    db.close()
    disk.bytesOf(used(disk).at(-2) as string)[100]! ^= 1
    const left = openOn(disk, new Time(), { repair: true })
    expect(left.recovery).toMatchObject({ lost: [expect.anything(), expect.anything()] })
    expect(left.get('key', { at: 'tag' })).toBe(2)
    left.close()
    const again = openOn(disk, new Time())
    expect(again.recovery).toMatchObject({ lost: [] })
    expect(again.get('key', { at: 'tag' })).toBe(2)
    expectSound(again)
    again.close()
  })

  it('counts', () => {
    console.log(`damage: seed ${SEED}, ${cases} cases`)
  })
})
