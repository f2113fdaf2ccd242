/**
 * Bugs of `zverse/level` that were found once, one test each: they must not come back. And
 * refusals: with a code of Level's if there is one, and ours as the cause.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { ZVerse, zorder } from '../../lib/index.js'
import { ZVerseLevel } from '../../lib/level/index.js'
import { thrownBy } from '../support/expect.js'

const refused = { code: 'ZVERSE_INVALID_OPTION' }
const open: { close(): unknown }[] = []

/** A level over a database that the test can look into. */
async function levelOver() {
  const db = ZVerse.open({ keys: 'binary', values: 'binary', maxBytes: 2 ** 22 })
  const level = new ZVerseLevel({ db })
  await level.open()
  open.push(level, db)
  return { db, level, pins: () => db.stats().readers.pins }
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

describe('sublevels of the past', () => {
  it('closing the level closes them, and does not wait for itself', async () => {
    const { level, pins } = await levelOver()
    const past = level.sublevel('a').sublevel('b')
    await past.open()
    const first = past.at(0)
    await first.open()
    const second = past.at(0)
    expect(pins()).toBeGreaterThan(0)
    await level.close()
    expect([first.status, second.status, pins()]).toEqual(['closed', 'closed', 0])
  })

  it('closed before it was open, it lets go of its version', async () => {
    const { level, pins } = await levelOver()
    const sublevel = level.sublevel('a')
    await sublevel.open()
    await sublevel.at(0).close()
    expect(pins()).toBe(0)
  })
})

describe('snapshots', () => {
  it('of another database are refused, whatever is read', async () => {
    const { level } = await levelOver()
    const other = (await levelOver()).level
    await other.put('key', 'theirs')
    await level.put('key', 'ours')
    const snapshot = other.snapshot()
    await expect(level.get('key', { snapshot })).rejects.toMatchObject(refused)
    expect(thrownBy(() => level.getSync('key', { snapshot }))).toMatchObject(refused)
    await expect(level.getMany(['key'], { snapshot })).rejects.toMatchObject(refused)
    await expect(level.has('key', { snapshot })).rejects.toMatchObject(refused)
    await expect(level.hasMany(['key'], { snapshot })).rejects.toMatchObject(refused)
    await expect(level.clear({ snapshot })).rejects.toMatchObject(refused)
    expect(level.getSync('key')).toBe('ours')
  })

  it('of another store of the same database are refused', async () => {
    const { db, level } = await levelOver()
    const store = db.store('other', { keys: 'binary', values: 'binary' })
    const other = new ZVerseLevel({ db: store })
    open.unshift(other)
    await other.open()
    await other.put('key', 'theirs')
    const snapshot = other.snapshot()
    await expect(level.get('key', { snapshot })).rejects.toMatchObject(refused)
  })

  it('of the same database serve every level over it, and those of the past', async () => {
    const { db, level } = await levelOver()
    const other = new ZVerseLevel({ db })
    open.unshift(other)
    await other.open()
    await level.put('key', '1')
    const past = level.at(level.version())
    const snapshot = level.snapshot()
    await level.put('key', '2')
    expect(await other.get('key', { snapshot })).toBe('1')
    expect(await past.get('key', { snapshot })).toBe('1')
    expect(await level.get('key', { snapshot: past.snapshot() })).toBe('1')
  })
})

describe('iterators', () => {
  it('one that cannot be made holds up nothing that waits for the level to be open', async () => {
    const foreign = (await levelOver()).level.snapshot()
    const level = new ZVerseLevel({ maxBytes: 2 ** 20 })
    open.unshift(level)
    const iterators = [
      level.iterator({ snapshot: foreign }),
      level.keys({ snapshot: foreign }),
      level.values({ snapshot: foreign }),
    ]
    await level.put('key', 'value')
    for (const iterator of iterators) {
      await expect(iterator.next()).rejects.toMatchObject(refused)
      await iterator.close()
    }
    expect(await level.get('key')).toBe('value')
  })
})

describe('batches', () => {
  it('refuse sublevels of another level, whose keys would lose their prefix', async () => {
    const { level } = await levelOver()
    await level.put('key', 'ours')
    const other = (await levelOver()).level
    const value = 'lost'
    for (const sublevel of [other.sublevel('s'), level.at(1).sublevel('s'), other] as never[]) {
      const operation = { type: 'put', key: 'key', value, sublevel } as const
      await expect(level.batch([operation])).rejects.toMatchObject(refused)
      await expect(level.sublevel('t').batch([operation])).rejects.toMatchObject(refused)
      const chained = level.batch().put('key', value, { sublevel })
      await expect(chained.write()).rejects.toMatchObject(refused)
      const deletion = { type: 'del', key: 'key', sublevel } as const
      await expect(level.batch([deletion])).rejects.toMatchObject(refused)
    }
    expect(await level.iterator().all()).toEqual([['key', 'ours']])
  })
})

describe('what an encoding makes that is no data', () => {
  const five = { name: 'five', format: 'utf8', encode: () => 5, decode: String } as const
  const codecs = ['binary', 'msgpack', 'json', 'string'] as const

  it.each(codecs)('is no value of a database with %s values', async values => {
    const db = ZVerse.open({ values, maxBytes: 2 ** 20 })
    const level = new ZVerseLevel({ db })
    open.push(level, db)
    const invalid = { code: 'LEVEL_INVALID_VALUE', cause: { code: 'ZVERSE_INVALID_VALUE' } }
    for (const valueEncoding of ['json', five as never]) {
      const put = level.put('key', (() => 1) as never, { valueEncoding })
      await expect(put).rejects.toMatchObject(invalid)
      const operation = { type: 'put', key: 'key', value: (() => 1) as never } as const
      await expect(level.batch([operation], { valueEncoding })).rejects.toMatchObject(invalid)
    }
    expect(db.version).toBe(0)
  })

  it.each(['binary', 'string'] as const)('is no %s key', async keys => {
    const db = ZVerse.open({ keys, maxBytes: 2 ** 20 })
    const level = new ZVerseLevel<string, string>({ db } as never)
    open.push(level, db)
    await level.put('key', 'value')
    const invalid = { code: 'LEVEL_INVALID_KEY', cause: { code: 'ZVERSE_INVALID_KEY' } }
    const keyEncoding = five as never
    await expect(level.put('key', '', { keyEncoding })).rejects.toMatchObject(invalid)
    await expect(level.del('key', { keyEncoding })).rejects.toMatchObject(invalid)
    await expect(level.get('key', { keyEncoding })).rejects.toMatchObject(invalid)
    await expect(level.hasMany(['key'], { keyEncoding })).rejects.toMatchObject(invalid)
    await expect(level.clear({ gt: '', keyEncoding })).rejects.toMatchObject(invalid)
    const iterator = level.keys({ gt: '', keyEncoding })
    await expect(iterator.all()).rejects.toMatchObject(invalid)
    const thrown = (action: () => unknown) => expect(thrownBy(action)).toMatchObject(invalid)
    thrown(() => level.keys().seek('key', { keyEncoding }))
    thrown(() => level.history('key', { keyEncoding }))
    thrown(() => level.diff(0, 1, { gt: 'key', keyEncoding }))
    expect(db.size).toBe(1)
  })
})

describe('the past', () => {
  it('what is no option is refused, not passed over', async () => {
    const { level } = await levelOver()
    const verbs = [
      (options: never) => level.history('key', options),
      (options: never) => level.diff(0, 0, options),
      (options: never) => level.changes(options),
    ]
    for (const verb of verbs) {
      for (const options of [null, 5, { prefix: 'k' }, { box: 1 }, { gtt: 'a' }]) {
        expect(thrownBy(() => verb(options as never))).toMatchObject(refused)
      }
      expect(() => verb({ prefix: undefined } as never)).not.toThrow()
    }
  })

  it('aborting changes rejects as Level has it', async () => {
    const { level } = await levelOver()
    const controller = new AbortController()
    const next = level.changes({ signal: controller.signal }).next()
    controller.abort()
    await expect(next).rejects.toMatchObject({ code: 'LEVEL_ABORTED', name: 'AbortError' })
  })

  it('what cannot be decoded ends the iteration, which lets go of its version', async () => {
    const { level, pins } = await levelOver()
    await level.put('key', 'no JSON')
    const valueEncoding = 'json'
    const bad = { code: 'LEVEL_DECODE_ERROR' }
    expect(thrownBy(() => level.history('key', { valueEncoding }).toArray())).toMatchObject(bad)
    expect(thrownBy(() => [...level.diff(0, 1, { valueEncoding })])).toMatchObject(bad)
    expect(pins()).toBe(0)
  })
})

describe('the constructor', () => {
  it('takes options behind a location that is left out', () => {
    const level = new ZVerseLevel(undefined, { valueEncoding: 'json' })
    open.push(level)
    expect(level.valueEncoding().commonName).toBe('json')
  })

  it('refuses options that are none', () => {
    for (const options of [5, true, Symbol('level')]) {
      expect(thrownBy(() => new ZVerseLevel(options as never))).toMatchObject(refused)
      expect(thrownBy(() => new ZVerseLevel('place', options as never))).toMatchObject(refused)
    }
  })

  it('takes nothing for a database that is none', async () => {
    const { level } = await levelOver()
    const codecs = { keys: 'binary', values: 'binary' }
    for (const db of [null, 5, 'db', {}, { codecs }, { codecs: null }, level]) {
      expect(thrownBy(() => new ZVerseLevel({ db } as never))).toMatchObject(refused)
    }
  })
})

describe('text in msgpack values', () => {
  it('is a plain Uint8Array to those who ask for a view', async () => {
    const db = ZVerse.open({ keys: 'binary', maxBytes: 2 ** 20 })
    const level = new ZVerseLevel<string, string>({ db })
    open.push(level, db)
    await level.put('key', 'value')
    const value = await level.get<string, Uint8Array>('key', { valueEncoding: 'view' })
    expect(value).toStrictEqual(new TextEncoder().encode('value'))
    const buffer = await level.get<string, Buffer>('key', { valueEncoding: 'buffer' })
    expect(buffer).toStrictEqual(Buffer.from('value'))
  })
})

describe('what is refused', () => {
  const long = 'k'.repeat(20_000)
  const codeOf = async (action: () => unknown) => {
    try {
      await action()
    } catch (error) {
      const { code, cause } = error as { code: string; cause?: { code?: string } }
      return cause?.code === undefined ? code : `${code} <- ${cause.code}`
    }
    return 'nothing'
  }

  it('keys that are too large, bounds and seek targets, too', async () => {
    const { db, level, pins } = await levelOver()
    await level.put('key', '')
    const seek = () => {
      const iterator = level.keys()
      iterator.seek(long)
      return iterator.all()
    }
    const refused = [
      () => level.put(long, ''),
      () => level.del(long),
      () => level.get(long),
      () => level.getSync(long),
      () => level.getMany(['key', long]),
      () => level.has(long),
      () => level.hasMany(['key', long]),
      () => level.batch([{ type: 'put', key: long, value: '' }]),
      () => level.batch().del(long).write(),
      () => level.clear({ lt: long }),
      () => level.clear({ gt: long, limit: 1 }),
      () => level.iterator({ gt: long }).next(),
      () => level.values({ lte: long }).all(),
      () => level.sublevel(long).get('key'),
      seek,
      () => level.history(long),
      () => level.diff(0, 1, { gte: long }),
      () => level.changes({ gte: long }),
    ]
    for (const action of refused) {
      expect(await codeOf(action), String(action)).toBe('LEVEL_INVALID_KEY <- ZVERSE_KEY_TOO_LARGE')
    }
    expect([db.version, db.size]).toEqual([1, 1])
    await level.close()
    expect(pins()).toBe(0)
  })

  it('values that are too large, or do not fit', async () => {
    const db = ZVerse.open({ keys: 'binary', values: 'binary', maxBytes: 2 ** 20 })
    const level = new ZVerseLevel({ db })
    open.push(level, db)
    const huge = 'v'.repeat(2 ** 21)
    const tooLarge = 'LEVEL_INVALID_VALUE <- ZVERSE_VALUE_TOO_LARGE'
    expect(await codeOf(() => level.put('key', huge))).toBe(tooLarge)
    const operations = ['a', 'b'].map(key => ({ type: 'put', key, value: huge }) as const)
    expect(await codeOf(() => level.batch(operations))).toBe(tooLarge)
    const large = ['a', 'b', 'c'].map(
      key => ({ type: 'put', key, value: 'v'.repeat(4e5) }) as const,
    )
    expect(await codeOf(() => level.batch(large))).toBe('ZVERSE_FULL')
    expect([db.version, db.check().ok]).toEqual([0, true])
  })

  it('values that are neither text nor bytes', async () => {
    const db = ZVerse.open({ maxBytes: 2 ** 20 })
    db.put('a', { n: 1 })
    db.put('b', 'text')
    const level = new ZVerseLevel({ db })
    open.push(level, db)
    await level.open()
    const refused = [
      () => level.get('a'),
      () => level.getSync('a'),
      () => level.getMany(['b', 'a']),
      () => level.iterator().all(),
      () => level.values().next(),
      () => level.history('a').toArray(),
      () => level.diff(0, 1).next(),
      () => level.changes({ since: 0 }).next(),
    ]
    for (const action of refused) expect(await codeOf(action)).toBe('LEVEL_DECODE_ERROR')
    expect(await level.keys().all()).toEqual(['a', 'b'])
    await level.close()
    expect(db.stats().readers.pins).toBe(0)
  })

  it('views of what is not there', async () => {
    const db = ZVerse.open({
      keys: 'binary',
      values: 'binary',
      maxBytes: 2 ** 20,
      history: { versions: 1 },
    })
    const level = new ZVerseLevel({ db })
    open.push(level, db)
    await level.open()
    const late = level.changes()
    for (let i = 0; i < 5; i++) await level.put('key', `${i}`)
    const gone = 'ZVERSE_VERSION_NOT_RETAINED'
    const codes: [string, () => unknown][] = [
      [gone, () => level.at(1)],
      [gone, () => level.snapshot({ at: 1 })],
      [gone, () => level.diff(1, 5)],
      [gone, () => level.changes({ since: 1 })],
      [gone, () => late.next()],
      [gone, () => level.at(new Date(0))],
      ['ZVERSE_FUTURE_VERSION', () => level.at(6)],
      ['ZVERSE_FUTURE_VERSION', () => level.diff(5, 6)],
      ['ZVERSE_UNKNOWN_TAG', () => level.at('nobody')],
      ...[-1, 0.5, Number.NaN, null, {}, new Date(Number.NaN), true, 1n].map(
        when => ['ZVERSE_INVALID_OPTION', () => level.at(when as never)] as [string, () => unknown],
      ),
      ['ZVERSE_INVALID_OPTION', () => level.snapshot({ at: 5, asOf: new Date() })],
      ['ZVERSE_INVALID_OPTION', () => level.diff({} as never, 5)],
    ]
    for (const [code, action] of codes) {
      expect(await codeOf(action), String(action)).toBe(code)
    }
    expect(db.stats().readers.pins).toBe(0)
  })

  it('databases whose keys or values Level cannot pass', async () => {
    const reversed = { name: 'mine', encode: () => new Uint8Array(), decode: () => 0 }
    const options = [{ keys: 'tuple' }, { keys: zorder(['uint8']) }, { values: reversed }]
    for (const option of options) {
      const db = ZVerse.open({ maxBytes: 2 ** 20, ...option } as never)
      open.push(db)
      expect(await codeOf(() => new ZVerseLevel({ db } as never))).toBe(
        'LEVEL_ENCODING_NOT_SUPPORTED <- ZVERSE_INVALID_OPTION',
      )
    }
    const db = ZVerse.open({ maxBytes: 2 ** 20 })
    open.push(db)
    const bytes = () => new ZVerseLevel({ db, valueEncoding: 'view' })
    expect(await codeOf(bytes)).toBe('LEVEL_ENCODING_NOT_SUPPORTED')
  })

  it('writes while this thread has a transaction open', async () => {
    const { db, level } = await levelOver()
    const tx = db.beginWrite()
    const writes = [level.put('a', ''), level.del('a'), level.clear(), level.clear({ limit: 1 })]
    const done = await Promise.allSettled(writes)
    tx.abort()
    const nested = { reason: { code: 'ZVERSE_NESTED_TRANSACTION' } }
    expect(done).toMatchObject(Array(4).fill(nested))
  })

  it('nothing of views on any kind of buffer', async () => {
    const { level } = await levelOver()
    const view = { keyEncoding: 'view', valueEncoding: 'view' } as never
    const numbers = Uint16Array.of(0x0201, 0x0403)
    const data = new DataView(numbers.buffer, 1, 2)
    const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7)
    for (const key of [numbers, data, shared, new DataView(shared.buffer, 1)]) {
      await level.put(key as never, key as never, view)
      const bytes = new Uint8Array(key.buffer, key.byteOffset, key.byteLength)
      const value: unknown = await level.get(Uint8Array.from(bytes) as never, view)
      expect(value).toStrictEqual(Uint8Array.from(bytes))
    }
  })
})
