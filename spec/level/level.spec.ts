/**
 * The adapter's additions to Level, and its errors. The public suite proves that it is a Level
 * (suite.spec.ts).
 */
import { AbstractLevel } from 'abstract-level'
import { describe, expect, it } from 'vitest'
import { ZVerse, type ZVerseError, zorder } from '../../lib/index.js'
import { type LevelError, ZVerseLevel, type ZVerseLevelOptions } from '../../lib/level/index.js'

const BINARY = { keys: 'binary', values: 'binary', maxBytes: 2 ** 20 } as const

/** A level over a database that can be looked at; at the end nothing may be pinned, or wrong. */
async function over(
  body: (level: ZVerseLevel, db: ZVerse<Uint8Array, Uint8Array>) => Promise<unknown>,
): Promise<void> {
  const db = ZVerse.open({ ...BINARY, maxBytes: 2 ** 22 })
  const level = new ZVerseLevel({ db })
  await level.open()
  await body(level, db)
  await level.close()
  expect(db.stats().readers.pins).toBe(0)
  expect(db.check().problems).toEqual([])
  db.close()
}

/** The error that `body` throws or rejects with: its code, and that of its cause. */
async function codesOf(body: () => unknown): Promise<(string | undefined)[]> {
  try {
    await body()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    const { code, cause } = error as LevelError & { cause?: ZVerseError }
    return cause === undefined ? [code] : [code, cause.code]
  }
  return []
}

describe('a level', () => {
  it('says what it can', async () => {
    const level = new ZVerseLevel({ maxBytes: 2 ** 20 })
    expect(level).toBeInstanceOf(AbstractLevel)
    const { supports } = level
    expect(supports).toMatchObject({
      ...{ seek: true, has: true, getSync: true, permanence: false, deferredOpen: true },
      ...{ implicitSnapshots: true, explicitSnapshots: true, signals: { iterators: true } },
      encodings: { utf8: true, buffer: true, view: true, json: true, hex: true, base64: true },
    })
    for (const name of Object.keys(supports.additionalMethods)) {
      expect(level[name as 'history']).toBeTypeOf('function')
      expect(level.sublevel('a')[name as 'history']).toBeTypeOf('function')
    }
    await level.close()
  })

  it('makes each write one version', () =>
    over(async (level, db) => {
      expect(level.version()).toBe(0)
      await level.put('a', '1')
      await level.batch([
        { type: 'put', key: 'b', value: '2' },
        { type: 'put', key: 'c', value: '3' },
        { type: 'del', key: 'a' },
      ])
      await level.batch().put('d', '4').del('b').write()
      expect(level.version()).toBe(3)
      await level.clear({ gte: 'c', limit: 1, reverse: true })
      await level.clear()
      await level.clear()
      await level.del('nothing')
      expect(level.version()).toBe(5)
      expect(db.version).toBe(5)
    }))

  it('keeps what it holds in memory from close to open', async () => {
    const level = new ZVerseLevel({ maxBytes: 2 ** 20, history: { versions: 3 } })
    await level.put('a', '1')
    await level.close()
    expect(await codesOf(() => level.get('a'))).toEqual(['LEVEL_DATABASE_NOT_OPEN'])
    await level.open()
    expect(await level.get('a')).toBe('1')
    for (let i = 0; i < 9; i++) await level.put('b', `${i}`)
    expect(level.history('b').toArray()).toHaveLength(4)
    await level.close()
  })

  it('can be closed before it has been opened, and opened then', async () => {
    const level = new ZVerseLevel({ maxBytes: 2 ** 20 })
    await level.close()
    await level.open()
    await level.put('a', '1')
    expect(level.getSync('a')).toBe('1')
    await level.close()
  })

  it('leaves a database that it was given alone', () =>
    over(async (level, db) => {
      await level.put('a', '1')
      await level.close()
      expect(db.size).toBe(1)
      await level.open()
      expect(await level.get('a')).toBe('1')
    }))

  it.each(['string', 'msgpack', 'json', 'binary'] as const)(
    'is text over string keys and %s values',
    async values => {
      const db = ZVerse.open({ keys: 'string', values, maxBytes: 2 ** 20 })
      const level = new ZVerseLevel({ db })
      expect(level.supports.encodings).toMatchObject({ utf8: true, buffer: false, view: false })
      await level.put('\u{10000}', 'é')
      await level.put('\uffff', '\ud800')
      expect(await level.keys().all()).toEqual(['\uffff', '\u{10000}'])
      expect(await level.values().all()).toEqual(['\ufffd', 'é'])
      const stored = values === 'binary' ? new Uint8Array(Buffer.from('é')) : 'é'
      expect(db.get('\u{10000}')).toEqual(stored)
      expect(await codesOf(() => level.get('a', { keyEncoding: 'buffer' as string }))).toEqual([
        'LEVEL_ENCODING_NOT_SUPPORTED',
      ])
      await level.close()
      db.close()
    },
  )

  it('reads text and bytes that zverse put, and refuses what is neither', async () => {
    const db = ZVerse.open({ keys: 'binary', values: 'msgpack', maxBytes: 2 ** 20 })
    const level = new ZVerseLevel({ db })
    const key = (text: string) => Buffer.from(text)
    db.put(key('text'), 'é')
    db.put(key('bytes'), Uint8Array.of(1, 2))
    db.put(key('object'), { a: 1 })
    expect(await level.get('text')).toBe('é')
    expect(await level.get('text', { valueEncoding: 'view' })).toEqual(
      new Uint8Array(Buffer.from('é')),
    )
    expect(await level.get('bytes', { valueEncoding: 'hex' })).toBe('0102')
    expect(await codesOf(() => level.get('object'))).toEqual(['LEVEL_DECODE_ERROR'])
    await level.close()
    db.close()
  })

  it('takes views of every kind, and gives plain ones', () =>
    over(async level => {
      const view = { keyEncoding: 'view', valueEncoding: 'view' }
      const words = new Uint16Array([1, 2, 3]).subarray(1)
      await level.put<ArrayBufferView, ArrayBufferView>(words, new DataView(words.buffer), view)
      const [entry] = await level.iterator<Uint8Array, Uint8Array>(view).all()
      expect(entry).toEqual([Uint8Array.of(2, 0, 3, 0), Uint8Array.of(1, 0, 2, 0, 3, 0)])
    }))
})

describe('the past', () => {
  it('is a read-only level', () =>
    over(async (level, db) => {
      await level.put('a', '1')
      db.tag('one')
      await level.put('a', '2')
      await level.put('b', '3')
      const date = new Date()
      for (const when of [1, 'one'] as const) {
        const past = level.at(when)
        expect(await past.get('a')).toBe('1')
        expect(past.version()).toBe(1)
        expect(await past.iterator().all()).toEqual([['a', '1']])
        expect(past.history('a').toArray()).toHaveLength(1)
        expect(past.supports.additionalMethods).toEqual(level.supports.additionalMethods)
        const writes = [
          () => past.put('a', '3'),
          () => past.del('a'),
          () => past.batch([{ type: 'del', key: 'a' }]),
          () => past.batch().del('a').write(),
          () => past.clear(),
          () => past.sublevel('x').put('a', 'b'),
        ]
        for (const write of writes) expect(await codesOf(write)).toEqual(['LEVEL_READONLY'])
        expect(await past.at(2).get('a')).toBe('2')
        await past.close()
        await past.close()
      }
      const dated = level.at(date)
      expect(await dated.getMany(['a', 'b'])).toEqual(['2', '3'])
      expect(await codesOf(() => level.at(9))).toEqual(['ZVERSE_FUTURE_VERSION'])
      expect(await codesOf(() => level.at('none'))).toEqual(['ZVERSE_UNKNOWN_TAG'])
      expect(await codesOf(() => level.at(null as never))).toEqual(['ZVERSE_INVALID_OPTION'])
      expect(await codesOf(() => level.at(new Date(Number.NaN)))).toEqual(['ZVERSE_INVALID_OPTION'])
    }))

  it('stays as long as it is open, and can be opened again only while it is kept', () =>
    over(async (level, db) => {
      await level.put('a', '1')
      const past = level.at(1)
      for (let i = 0; i < 10; i++) await level.put('a', `${i}`)
      db.prune({ before: db.version })
      expect(await past.get('a')).toBe('1')
      const snapshot = past.snapshot()
      await past.close()
      expect(await codesOf(() => past.open())).toEqual([
        'LEVEL_DATABASE_NOT_OPEN',
        'ZVERSE_VERSION_NOT_RETAINED',
      ])
      expect(await codesOf(() => past.get('a', { snapshot }))).toEqual(['LEVEL_DATABASE_NOT_OPEN'])
      const present = level.at(db.version)
      await present.close()
      await present.open()
      expect(await present.get('a')).toBe('9')
    }))

  it('is there for sublevels, however deep', () =>
    over(async level => {
      const users = level.sublevel('users', { valueEncoding: 'json' })
      const notes = users.sublevel<string, { text: string }>('notes', { valueEncoding: 'json' })
      await notes.put('a', { text: 'one' })
      const then = notes.version()
      await level.put('a', 'beside')
      await notes.batch([
        { type: 'del', key: 'a' },
        { type: 'put', key: 'b', value: { text: 'two' } },
      ])
      const past = notes.at(then)
      expect(await past.iterator().all()).toEqual([['a', { text: 'one' }]])
      expect(past.prefix).toBe('!users!!notes!')
      expect(notes.diff(then, notes.version()).toArray()).toEqual([
        { key: 'a', before: { text: 'one' }, after: undefined },
        { key: 'b', before: undefined, after: { text: 'two' } },
      ])
      expect(users.diff(then, 3, { limit: 1, reverse: true }).toArray()).toEqual([
        { key: '!notes!b', before: undefined, after: { text: 'two' } },
      ])
      expect(notes.diff(then, 3, { gt: 'a' }).toArray()).toHaveLength(1)
      const unfinished = notes.diff(then, 3)
      expect(Object.getPrototypeOf(Object.getPrototypeOf(unfinished))).toBe(
        Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
      )
      const history = notes.history('a').toArray()
      expect(history.map(({ version, value }) => [version, value])).toEqual([
        [1, { text: 'one' }],
        [3, undefined],
      ])
      const { snapshot } = { snapshot: notes.snapshot({ at: then }) }
      expect(snapshot.version).toBe(then)
      expect(await notes.get('a', { snapshot })).toEqual({ text: 'one' })
      expect(level.diff(snapshot, 'none' as never).next).toThrow()
    }).catch(error => {
      expect(error).toMatchObject({ code: 'ZVERSE_UNKNOWN_TAG' })
    }))

  it.each(['sublevel', 'past', 'level'])('closes in any order: the %s first', first =>
    over(async level => {
      const sublevel = level.sublevel('a')
      await sublevel.put('b', 'c')
      const past = sublevel.at(1)
      const deeper = past.sublevel('d').at(1)
      if (first === 'past') await Promise.all([past.open(), deeper.open()])
      if (first === 'sublevel') await deeper.close()
      if (first !== 'level') await past.close()
      else await level.close()
      await Promise.all([past.close(), sublevel.close(), deeper.close()])
    }),
  )

  it('goes on as changes', () =>
    over(async level => {
      const sublevel = level.sublevel<string, number>('a', { valueEncoding: 'json' })
      const all = level.changes({ since: 0 })
      const some = sublevel.changes({ gte: 'b', valueEncoding: 'json' })
      const first = some.next()
      await level.put('x', 'y')
      await sublevel.put('a', 1)
      await sublevel.put('b', 2)
      await sublevel.del('b')
      expect((await first).value).toMatchObject({
        version: 3,
        changes: [{ type: 'put', key: 'b', value: 2 }],
      })
      expect((await some.next()).value?.changes).toEqual([
        { type: 'del', key: 'b', value: undefined },
      ])
      expect((await all.next()).value?.changes).toEqual([{ type: 'put', key: 'x', value: 'y' }])
      const waiting = some.next()
      await all.return()
      expect(await all.next()).toEqual({ value: undefined, done: true })
      await level.close()
      expect(await waiting).toEqual({ value: undefined, done: true })
      await level.open()
    }))

  it('aborts changes as Level would', () =>
    over(async level => {
      const controller = new AbortController()
      const waiting = level.changes({ signal: controller.signal }).next()
      controller.abort()
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError', code: 'LEVEL_ABORTED' })
    }))
})

describe('a long read', () => {
  it('lets an abort come in between', () =>
    over(async (level, db) => {
      db.transact(tx => {
        for (let i = 0; i < 20_000; i++) tx.put(Buffer.from(`${i}`), Buffer.from(''))
      })
      const controller = new AbortController()
      const iterator = level.keys({ signal: controller.signal })
      setImmediate(() => controller.abort())
      expect(await codesOf(() => iterator.all())).toEqual(['LEVEL_ABORTED', 20])
      const turns = { count: 0 }
      const timer = setInterval(() => turns.count++, 0)
      expect(await level.keys().all()).toHaveLength(20_000)
      expect(await level.keys().nextv(15_000)).toHaveLength(15_000)
      clearInterval(timer)
    }))
})

describe('what is wrong', () => {
  it('is said at once, for options', async () => {
    const wrong: [object, string[]][] = [
      [{ maxBytes: 'much' }, ['ZVERSE_INVALID_OPTION']],
      [{ keys: 'string' }, ['ZVERSE_INVALID_OPTION']],
      [{ history: 3 }, ['ZVERSE_INVALID_OPTION']],
      [{ db: null }, ['ZVERSE_INVALID_OPTION']],
      [{ db: {} }, ['ZVERSE_INVALID_OPTION']],
      [{ db: ZVerse.open(BINARY), maxBytes: 2 ** 20 }, ['ZVERSE_INVALID_OPTION']],
      [{ db: ZVerse.open({ keys: 'tuple', maxBytes: 2 ** 20 }) }, NOT_SUPPORTED],
      [{ db: ZVerse.open({ keys: zorder(['uint8']), maxBytes: 2 ** 20 }) }, NOT_SUPPORTED],
      [{ db: ZVerse.open({ values: CUSTOM, maxBytes: 2 ** 20 }) }, NOT_SUPPORTED],
      [{ keyEncoding: 'none' }, ['LEVEL_ENCODING_NOT_FOUND']],
    ]
    for (const [options, codes] of wrong) {
      expect(await codesOf(() => new ZVerseLevel(options as ZVerseLevelOptions))).toEqual(codes)
    }
  })

  it('has the code that Level has, and ours as its cause', () =>
    over(async level => {
      const long = 'x'.repeat(20_000)
      const key = ['LEVEL_INVALID_KEY', 'ZVERSE_KEY_TOO_LARGE']
      expect(await codesOf(() => level.put(long, ''))).toEqual(key)
      expect(await codesOf(() => level.get(long))).toEqual(key)
      expect(await codesOf(() => level.getSync(long))).toEqual(key)
      expect(await codesOf(() => level.has(long))).toEqual(key)
      expect(await codesOf(() => level.hasMany([long]))).toEqual(key)
      expect(await codesOf(() => level.history(long))).toEqual(key)
      expect(await codesOf(() => level.history(null as never))).toEqual(['LEVEL_INVALID_KEY'])
      expect(await codesOf(() => level.put('a', 'x'.repeat(2 ** 23)))).toEqual([
        'LEVEL_INVALID_VALUE',
        'ZVERSE_VALUE_TOO_LARGE',
      ])
      const value = 'x'.repeat(2 ** 21)
      const full = () =>
        level.batch([
          { type: 'put', key: 'a', value },
          { type: 'put', key: 'b', value },
        ])
      expect(await codesOf(full)).toEqual(['ZVERSE_FULL'])
      expect(level.version()).toBe(0)
      expect(await codesOf(() => level.history('a', { from: -1 }))).toEqual([
        'ZVERSE_INVALID_OPTION',
      ])
      const foreign = new ZVerseLevel({ maxBytes: 2 ** 20 })
      await foreign.open()
      const snapshot = foreign.snapshot()
      expect(await codesOf(() => level.get('a', { snapshot }))).toEqual(['ZVERSE_INVALID_OPTION'])
      expect(await codesOf(() => level.keys({ snapshot }).all())).toEqual(['ZVERSE_INVALID_OPTION'])
      await foreign.close()
      expect(await codesOf(() => foreign.version())).toEqual(['LEVEL_DATABASE_NOT_OPEN'])
      expect(await codesOf(() => foreign.at(0))).toEqual(['LEVEL_DATABASE_NOT_OPEN'])
      expect(await codesOf(() => foreign.changes())).toEqual(['LEVEL_DATABASE_NOT_OPEN'])
    }))

  it('waits for nobody on its own thread', () =>
    over(async (level, db) => {
      const tx = db.beginWrite()
      expect(await codesOf(() => level.put('a', '1'))).toEqual(['ZVERSE_NESTED_TRANSACTION'])
      expect(await codesOf(() => level.clear())).toEqual(['ZVERSE_NESTED_TRANSACTION'])
      expect(await level.get('a')).toBe(undefined)
      tx.abort()
    }))

  it('is told of a database that was closed underneath', async () => {
    const db = ZVerse.open(BINARY)
    const level = new ZVerseLevel({ db })
    await level.put('a', '1')
    const iterator = level.iterator()
    db.close()
    const closed = ['LEVEL_DATABASE_NOT_OPEN', 'ZVERSE_CLOSED']
    expect(await codesOf(() => level.get('a'))).toEqual(closed)
    expect(await codesOf(() => level.put('a', '1'))).toEqual(closed)
    expect(await codesOf(() => iterator.next())).toEqual(closed)
    await level.close()
    const error = await level.open().catch(error => error)
    expect([error.code, error.cause.code, error.cause.cause.code]).toEqual([closed[0], ...closed])
  })
})

const NOT_SUPPORTED = ['LEVEL_ENCODING_NOT_SUPPORTED', 'ZVERSE_INVALID_OPTION']
const CUSTOM = {
  name: 'own',
  encode: (value: number) => Uint8Array.of(value),
  decode: (bytes: Uint8Array) => bytes[0] as number,
}
