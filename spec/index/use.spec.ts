/** Indexes as users meet them: refusals, uniqueness, changes, threads, the queue, a full database, dumps. */
import { describe, expect, it } from 'vitest'
import { ZVerse, ZVerseError } from '../../lib/index.js'
import { keysOf, pairsOf } from './plain-index.js'

describe('an index', () => {
  it('refuses values that cannot be indexed, with nothing done', () => {
    const db = ZVerse.open()
    db.index('n', { on: 'n', missing: 'error' })
    db.put('a', { n: 1 })
    const { version } = db
    for (const value of [{}, { n: Number.NaN }, { n: {} }, 5]) {
      expect(keysOf(value, { on: 'n', missing: 'error' })).toBe('error')
      expect(() => db.put('b', value)).toThrow(
        expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE', index: 'n' }),
      )
    }
    expect(db.version).toBe(version)
    expect([...db.index('n').pairs()]).toEqual([[1, 'a']])
    expect(db.check().ok).toBe(true)
    db.close()
  })

  it('gives one value, at any view, and pins nothing for it', () => {
    const db = ZVerse.open<string, { n: number }>()
    const index = db.index('n', { on: 'n' })
    const version = db.put('b', { n: 1 })
    db.put('a', { n: 1 })
    expect(index.get(1)).toEqual({ n: 1 })
    expect([index.get(2), index.get(1, { at: version - 1 })]).toEqual([undefined, undefined])
    db.transact(tx => {
      tx.put('c', { n: 2 })
      expect(tx.index(index).get(2)).toEqual({ n: 2 })
    })
    const read = db.beginRead({ at: version })
    expect([read.index(index).get(1), read.index(index).get(2)]).toEqual([{ n: 1 }, undefined])
    expect(() => read.index(index).get(1, { at: 1 } as never)).toThrow(
      expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION' }),
    )
    read.close()
    for (const wrong of [undefined, Number.NaN, {}, () => 1]) {
      expect(() => index.get(wrong as never)).toThrow(
        expect.objectContaining({ code: 'ZVERSE_INVALID_KEY' }),
      )
    }
    expect(() => index.get(1, { at: 0 })).toThrow(
      expect.objectContaining({ code: 'ZVERSE_UNKNOWN_INDEX' }),
    )
    expect(db.stats().readers.pins).toBe(0)
    db.close()
  })

  it('that is unique refuses a second entry at the commit', () => {
    const db = ZVerse.open()
    const email = db.index('email', { on: 'email', unique: true })
    db.put('ann', { email: 'a@x' })
    expect(() => db.put('bob', { email: 'a@x' })).toThrow(
      expect.objectContaining({
        code: 'ZVERSE_NOT_UNIQUE',
        index: 'email',
        key: 'a@x',
        holder: 'ann',
      }),
    )
    db.put('bob', { email: 'b@x' })
    // Within a transaction two may have one key for a while.
    db.transact(tx => {
      tx.put('ann', { email: 'b@x' })
      tx.put('bob', { email: 'a@x' })
    })
    expect([...email.pairs()]).toEqual([
      ['a@x', 'bob'],
      ['b@x', 'ann'],
    ])
    expect(db.check().ok).toBe(true)
    db.close()
  })

  it.each([
    ['property', { on: 'n' }],
    ['spatial', { kind: 'spatial', on: 'at', dimensions: ['float64', 'float64'] }],
    ['vector', { kind: 'vector', on: 'at', dims: 2 }],
  ])('by %s that followed what was then undone makes no version', (_, definition) => {
    const db = ZVerse.open()
    const index = db.index('i', definition as never)
    const { version } = db
    const asked = db.transact(tx => {
      tx.put('a', { n: 1, at: [1, 2] })
      const count = tx.index(index).count()
      tx.delete('a')
      return count
    })
    expect(asked).toBe(1)
    expect([db.version, index.count()]).toEqual([version, 0])
    expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
    db.close()
  })

  it('tells of changes as they happen', async () => {
    const db = ZVerse.open()
    const since = db.put('a', { n: 1 })
    const index = db.index('n', { on: 'n' })
    db.put('b', { n: 2 })
    db.put('b', { n: 2, more: true })
    db.batch([
      { type: 'put', key: 'b', value: { n: 3 } },
      { type: 'del', key: 'a' },
    ])
    const commits = index.changes({ since: since + 1, lt: 3 })
    expect((await commits.next()).value).toMatchObject({
      version: since + 2,
      changes: [{ type: 'in', key: 2, primary: 'b' }],
    })
    expect((await commits.next()).value).toMatchObject({
      version: since + 4,
      changes: [
        { type: 'out', key: 1, primary: 'a' },
        { type: 'out', key: 2, primary: 'b' },
      ],
    })
    const next = commits.next()
    db.put('c', { n: 0 })
    expect((await next).value?.changes).toEqual([{ type: 'in', key: 0, primary: 'c' }])
    await commits.return()
    db.close()
  })

  it('follows transactions of more changes than may wait', () => {
    const db = ZVerse.open<string, unknown>()
    const index = db.index('n', { on: ['n', 't'], multi: true })
    const live = new Map<string, unknown>()
    db.transact(tx => {
      for (let i = 0; i < 30_000; i++) {
        const [key, value] = [`key ${(i * 7919) % 29_000}`, { n: i % 100, t: [i, -i, 'x'] }]
        tx.put(key, value)
        live.set(key, value)
        if (i % 3 !== 0) continue
        const gone = `key ${(i * 31) % 29_000}`
        tx.delete(gone)
        live.delete(gone)
      }
    })
    expect([...index.pairs()]).toEqual(pairsOf(live, { on: ['n', 't'], multi: true }))
    expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
    db.close()
  })

  it('knows its name and definition, and no other', () => {
    const db = ZVerse.open()
    expect(() => db.index('x')).toThrow(expect.objectContaining({ code: 'ZVERSE_UNKNOWN_INDEX' }))
    const { version } = db
    const index = db.index('x', { on: 'a.b' })
    expect(db.version).toBe(version + 1)
    db.index('x', { on: 'a.b', kind: 'property' })
    expect(db.version).toBe(version + 1)
    expect(() => db.index('x', { on: 'a.c' })).toThrow(ZVerseError)
    expect(index.definition).toEqual({ on: 'a.b' })
    expect(db.indexes()).toEqual([{ name: 'x', on: 'a.b' }])
    expect(db.indexes({ at: version })).toEqual([])
    expect(db.stores()).toEqual([])
    expect(() => [...index.pairs({ at: version })]).toThrow(
      expect.objectContaining({ code: 'ZVERSE_UNKNOWN_INDEX' }),
    )
    db.close()
  })
})

describe('threads and the write queue', () => {
  it('a unit that an index refuses fails alone', async () => {
    const db = ZVerse.open<string, unknown>()
    const index = db.index('n', { on: 'n', unique: true, missing: 'error' })
    const put = (key: string, n: unknown) => ({ type: 'put' as const, key, value: { n } })
    const results = await Promise.allSettled([
      db.submit(put('a', 1)),
      db.submit([put('b', 2), put('c', 1)]),
      db.submit(put('d', {})),
      db.submit([put('e', 3), put('f', 4)]),
    ])
    const codes = results.map(one => (one.status === 'fulfilled' ? 'done' : one.reason.code))
    expect(codes).toEqual(['done', 'ZVERSE_NOT_UNIQUE', 'ZVERSE_INVALID_VALUE', 'done'])
    expect([...index.pairs()]).toEqual([
      [1, 'a'],
      [3, 'e'],
      [4, 'f'],
    ])
    expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
    db.close()
  })

  it('another thread reads it, keeps it up, and sees it dropped', () => {
    const db = ZVerse.open<string, unknown>()
    db.put('a', { n: 1 })
    // Handles of one thread are told apart as those of several.
    const other = ZVerse.attach(db.share())
    const index = db.index('n', { on: 'n' })
    other.put('b', { n: 0 })
    expect([...index.pairs()]).toEqual([
      [0, 'b'],
      [1, 'a'],
    ])
    expect([...other.index('n').values({ gte: 1 })]).toEqual([{ n: 1 }])
    const tx = other.beginRead()
    other.dropIndex('n')
    expect(() => index.count()).toThrow(expect.objectContaining({ code: 'ZVERSE_UNKNOWN_INDEX' }))
    tx.close()
    db.put('c', { n: {} })
    expect(db.check().ok).toBe(true)
    other.close()
    db.close()
  })

  it('a full database refuses a put whole, and deletes as ever', () => {
    const db = ZVerse.open<string, unknown>({ maxBytes: 2 ** 20, history: { versions: 0 } })
    const index = db.index('n', { on: 'n' })
    let count = 0
    expect(() => {
      for (;;) db.put(`key ${count}`, { n: `${'x'.repeat(count % 50)} ${count++}` })
    }).toThrow(expect.objectContaining({ code: 'ZVERSE_FULL' }))
    expect(index.count()).toBe(db.size)
    expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
    for (const key of [...db.keys()]) db.delete(key)
    expect(index.count()).toBe(0)
    db.put('again', { n: 1 })
    expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
    db.close()
  })
})

describe('a dump with indexes', () => {
  const plain = (db: ZVerse<string, unknown>) =>
    db.versions().map(({ version }) => {
      const at = { at: version }
      const stores = [db, ...db.stores(at).map(({ name }) => db.store(name))]
      return stores.map(store => {
        const indexes = store.indexes(at)
        const now = new Set(store.indexes().map(({ name }) => name))
        const read = indexes
          .filter(({ name }) => now.has(name))
          .map(({ name }) => [...store.index(name).pairs(at)])
        return [indexes, read, [...store.entries(at)]]
      })
    })

  it.each([false, true])('is loaded with them, with history: %s', async history => {
    const db = ZVerse.open<string, unknown>()
    const store = db.store('s')
    db.put('a', { n: 2, t: ['x'] })
    db.index('n', { on: 'n' })
    store.put('b', { n: 'no number' })
    store.index('n', { on: 'n', unique: true })
    db.put('c', { n: 1 })
    store.dropIndex('n')
    store.put('d', { n: 'no number' })
    store.index('t', { on: ['n', 't'], missing: 'null' })
    db.store('gone').index('g', { on: 'g' })
    db.dropStore('gone')
    const records = [...db.dump({ history } as never)] as object[]
    expect(records.filter(one => (one as { type: string }).type === 'index').length).toBe(
      history ? 4 : 2,
    )
    const twin = ZVerse.open<string, unknown>()
    await twin.load(records as never)
    expect(twin.indexes()).toEqual(db.indexes())
    if (history) expect(plain(twin)).toEqual(plain(db))
    else expect(plain(twin).at(-1)).toEqual(plain(db).at(-1))
    expect(twin.check().ok).toBe(true)
    // What cannot be loaded as a whole leaves nothing.
    const bad = [
      ...records.slice(0, -1),
      { type: 'put', key: 'z', value: { n: {} } },
      { type: 'end' },
    ]
    const empty = ZVerse.open<string, unknown>()
    if (!history) {
      expect(() => empty.load(bad as never)).toThrow(
        expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE' }),
      )
      expect(empty.indexes()).toEqual([])
      expect(empty.size).toBe(0)
    }
    expect(empty.check().ok).toBe(true)
    for (const one of [db, twin, empty]) one.close()
  })
})
