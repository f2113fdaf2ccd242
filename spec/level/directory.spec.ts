/** Levels in directories: what they keep, and how they are opened. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { type LevelError, ZVerseLevel, type ZVerseLevelOptions } from '../../lib/level/index.js'

let root: string
let made = 0
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'zverse-level-'))
})
afterAll(() => rmSync(root, { recursive: true }))

/** A path that leads nowhere yet. */
const place = () => join(root, `${made++}`)

/** Without a worker for the work in the background. */
const SMALL = { maxBytes: 2 ** 22, background: false } as const
const levelIn = (path: string, options: Partial<ZVerseLevelOptions> = {}) => {
  return new ZVerseLevel(path, { ...SMALL, ...(options as object) })
}

interface Told {
  readonly code: string | undefined
  readonly message: string
}

/** The error that `body` rejects with, and what led to it. */
async function toldBy(body: () => unknown): Promise<Told[]> {
  const told: Told[] = []
  try {
    await body()
  } catch (error) {
    let next: unknown = error
    while (next instanceof Error) {
      told.push({ code: (next as LevelError).code, message: next.message })
      next = next.cause
    }
  }
  return told
}
const codesOf = async (body: () => unknown) => (await toldBy(body)).map(({ code }) => code)

describe('a level in a directory', () => {
  it('says so, and where it is', async () => {
    const path = place()
    for (const level of [levelIn(path), new ZVerseLevel({ ...SMALL, path })]) {
      expect(level.location).toBe(path)
      expect(level.supports).toMatchObject({
        ...{ permanence: true, createIfMissing: true, errorIfExists: true },
      })
      await level.open()
      const past = level.at()
      expect(past.supports.permanence).toBe(true)
      expect([past.supports.createIfMissing, past.supports.errorIfExists]).toEqual([false, false])
      await level.close()
    }
    const memory = new ZVerseLevel({ maxBytes: 2 ** 20 })
    expect(memory.location).toBe(undefined)
    expect(memory.supports).toMatchObject({
      ...{ permanence: false, createIfMissing: false, errorIfExists: false },
    })
    await memory.close()
  })

  it('is not touched before it is opened', async () => {
    const path = place()
    const level = levelIn(path)
    expect(existsSync(path)).toBe(false)
    await level.close()
    expect(existsSync(path)).toBe(false)
    await level.open()
    expect(existsSync(path)).toBe(true)
    await level.close()
  })

  it('has its entries, versions and past when the same level is opened again', async () => {
    const level = levelIn(place(), { valueEncoding: 'json' })
    await level.put('a', { n: 1 } as never)
    await level.put('a', { n: 2 } as never)
    await level.close()
    expect(await codesOf(() => level.get('a'))).toEqual(['LEVEL_DATABASE_NOT_OPEN'])
    await level.open()
    expect(level.version()).toBe(2)
    expect(await level.get('a')).toEqual({ n: 2 })
    const past = level.at(1)
    expect(await past.get('a')).toEqual({ n: 1 })
    await level.del('a')
    expect(level.history('a').toArray()).toHaveLength(3)
    await level.close()
  })

  it('has them in another level, and for zverse', async () => {
    const path = place()
    const first = levelIn(path)
    const users = first.sublevel('users')
    await users.put('ada', 'Lovelace')
    await first.batch([
      { type: 'put', key: 'é', value: 'text' },
      { type: 'put', key: 'b', value: '2' },
    ])
    await first.close()
    const second = levelIn(path, { history: { versions: 5 } })
    expect(await second.keys().all()).toEqual(['!users!ada', 'b', 'é'])
    expect(await second.sublevel('users').get('ada')).toBe('Lovelace')
    await second.close()
    const db = ZVerse.open({ ...SMALL, path, keys: 'binary', values: 'binary' })
    expect(db.version).toBe(2)
    expect(db.check().problems).toEqual([])
    db.close()
    expect(await codesOf(() => levelIn(path, { sync: 'always' as never }).open())).toEqual([
      'LEVEL_DATABASE_NOT_OPEN',
      'ZVERSE_INVALID_OPTION',
    ])
  })

  it('is of text and bytes: another database is refused, and stays as it is', async () => {
    const path = place()
    const db = ZVerse.open({ ...SMALL, path })
    db.put('a', 1)
    db.close()
    const told = await toldBy(() => levelIn(path).open())
    expect(told.map(({ code }) => code)).toEqual([
      'LEVEL_DATABASE_NOT_OPEN',
      'ZVERSE_INVALID_OPTION',
    ])
    const again = ZVerse.open({ ...SMALL, path })
    expect(again.get('a')).toBe(1)
    again.close()
  })

  it('is there for one level at a time', async () => {
    const path = place()
    const level = levelIn(path)
    await level.put('a', '1')
    const other = levelIn(path)
    const told = await toldBy(() => other.open())
    expect(told.map(({ code }) => code)).toEqual([
      ...['LEVEL_DATABASE_NOT_OPEN', 'LEVEL_LOCKED', 'ZVERSE_LOCKED'],
    ])
    expect(told[1]?.message).toBe(`${path} is open in this process`)
    expect(await level.get('a')).toBe('1')
    await level.close()
    await other.open()
    expect(await other.get('a')).toBe('1')
    expect(await codesOf(() => level.open())).toEqual([
      ...['LEVEL_DATABASE_NOT_OPEN', 'LEVEL_LOCKED', 'ZVERSE_LOCKED'],
    ])
    await other.close()
  })

  it('tells of damage as Level does', async () => {
    const path = place()
    const level = levelIn(path)
    await level.put('a', '1')
    await level.close()
    const manifest = readdirSync(path).find(name => name.startsWith('manifest')) as string
    writeFileSync(join(path, manifest), 'nonsense')
    const codes = ['LEVEL_DATABASE_NOT_OPEN', 'LEVEL_CORRUPTION', 'ZVERSE_CORRUPT']
    expect(await codesOf(() => level.open())).toEqual(codes)
    expect(await codesOf(() => level.open({ createIfMissing: false }))).toEqual(codes)
    const file = place()
    writeFileSync(file, '')
    expect(await codesOf(() => levelIn(file).open())).toEqual([
      ...['LEVEL_DATABASE_NOT_OPEN', 'LEVEL_IO_ERROR', 'ZVERSE_IO', 'EEXIST'],
    ])
  })

  it('passes to hooks what is not for zverse', async () => {
    const level = levelIn(place(), { own: 1 } as never)
    const seen: object[] = []
    level.hooks.postopen.add(async options => void seen.push(options))
    await level.open({ passive: false })
    expect(seen).toEqual([{ own: 1, passive: false, createIfMissing: true, errorIfExists: false }])
    await level.close()
  })
})

describe('createIfMissing and errorIfExists', () => {
  it('are asked when it is opened, by the constructor or by open', async () => {
    const path = place()
    const missing = `${path} does not exist (createIfMissing is false)`
    for (const [constructed, opened] of [
      [{ createIfMissing: false }, {}],
      [{}, { createIfMissing: false }],
    ]) {
      const level = levelIn(path, constructed as object)
      const [, cause] = await toldBy(() => level.open(opened))
      expect(cause).toEqual({ code: 'LEVEL_NOT_FOUND', message: missing })
      expect(existsSync(path)).toBe(false)
      await level.close()
    }
    const level = levelIn(path, { errorIfExists: true })
    await level.put('a', '1')
    await level.close()
    const exists = {
      code: 'LEVEL_EXISTS',
      message: `${path} exists: it has a database (errorIfExists)`,
    }
    expect((await toldBy(() => level.open()))[1]).toEqual(exists)
    await level.open({ errorIfExists: false, createIfMissing: false })
    expect(await level.get('a')).toBe('1')
    await level.close()
  })

  it('are about the database: a directory alone is none', async () => {
    const path = place()
    mkdirSync(path)
    const level = levelIn(path)
    expect((await toldBy(() => level.open({ createIfMissing: false })))[1]?.code).toBe(
      'LEVEL_NOT_FOUND',
    )
    await level.open({ errorIfExists: true })
    await level.close()
  })

  it('are nothing to a level in memory', async () => {
    const level = new ZVerseLevel({ maxBytes: 2 ** 20, createIfMissing: false })
    await level.open({ errorIfExists: true })
    await level.close()
    await level.open({ errorIfExists: true })
    await level.close()
  })
})

describe('sync', () => {
  /** The version that outlives the loss of power. */
  const durable = (level: ZVerseLevel) => {
    return (level._source as unknown as ZVerse).durableVersion
  }

  it('makes a write durable where the level does not by itself', async () => {
    const level = levelIn(place(), { sync: 'never' })
    await level.put('a', '1')
    expect(durable(level)).toBe(0)
    await level.put('a', '2', { sync: true })
    expect(durable(level)).toBe(2)
    await level.put('b', '3', { sync: false })
    await level.del('b')
    expect(durable(level)).toBe(2)
    await level.del('a', { sync: true })
    expect(durable(level)).toBe(5)
    await level.batch([{ type: 'put', key: 'c', value: '1' }], { sync: true })
    expect(durable(level)).toBe(6)
    await level
      .batch()
      .put('c', '2')
      .write({ sync: true } as object)
    expect(durable(level)).toBe(7)
    await level.sublevel('s').put('c', '2', { sync: true } as object)
    expect(durable(level)).toBe(8)
    await level.put('d', '3')
    expect(durable(level)).toBe(8)
    await level.close()
  })

  it('is nothing where every write is durable, in memory, and over a database', async () => {
    const level = levelIn(place())
    await level.put('a', '1', { sync: false })
    expect(durable(level)).toBe(1)
    await level.close()
    const db = ZVerse.open({ keys: 'binary', values: 'binary', maxBytes: 2 ** 20 })
    for (const other of [new ZVerseLevel({ maxBytes: 2 ** 20 }), new ZVerseLevel({ db })]) {
      await other.put('a', '1', { sync: true })
      expect(await other.get('a')).toBe('1')
      await other.close()
    }
    db.close()
  })
})

it('lets a worker of its own see to the files unless it is told otherwise', async () => {
  const path = place()
  const level = new ZVerseLevel(path, { maxBytes: 2 ** 22 })
  await level.put('a', '1')
  await level.close()
  const again = new ZVerseLevel(path, { maxBytes: 2 ** 22, createIfMissing: false })
  expect(await again.get('a')).toBe('1')
  await again.close()
})
