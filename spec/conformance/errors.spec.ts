/**
 * Wrong keys and values, conflicts, closed things, nested and asynchronous callbacks, codecs and
 * values that run user code: each its code and fields, nothing changed, and the database sound.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkDb, snapshot } from '../support/compare.js'
import type { Database, StoreHandle, Writes } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode, expectRefused, thrownBy } from '../support/expect.js'

const LARGE = 1 << 16

describe('keys', () => {
  const loneSurrogates = ['\ud800', 'a\udc00', '\udc00\ud800', 'x\ud83dy']
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  const wrong: Record<string, unknown[]> = {
    string: [undefined, null, 1, true, 1n, Symbol('x'), {}, ['a'], Uint8Array.of(1), ...loneSurrogates],
    binary: [undefined, null, 1, 'a', {}, [1], new ArrayBuffer(2), Uint16Array.of(1), new DataView(new ArrayBuffer(1))],
    tuple: [
      undefined, Number.NaN, 1n, Symbol('x'), {}, () => 1, new Date(), new Map(), Uint16Array.of(1),
      [undefined], [Number.NaN], [[1n]], ['a', {}], ...loneSurrogates, ...loneSurrogates.map(text => [[text]]),
      // biome-ignore lint/suspicious/noSparseArray: a hole is no element
      [1, , 2],
    ],
  }
  const large: Record<string, unknown> = {
    string: 'x'.repeat(LARGE),
    binary: new Uint8Array(LARGE),
    tuple: ['x', 'y'.repeat(LARGE)],
  }
  const good: Record<string, unknown> = { string: 'a', binary: Uint8Array.of(1), tuple: ['a'] }

  describe.each(['string', 'binary', 'tuple'])('%s', keys => {
    let db: Database
    let store: StoreHandle

    beforeEach(() => {
      db = open({ keys })
      store = db.store('s', { keys, values: 'json' })
      db.put(good[keys], 1)
      store.put(good[keys], 1)
    })

    afterEach(() => db.close())

    const asks = (name: string, get: () => Database | StoreHandle) => {
      type Ask = (key: unknown) => unknown
      return [
        [`${name}.get`, key => get().get(key)],
        [`${name}.has`, key => get().has(key)],
        [`${name}.getEntry`, key => get().getEntry(key)],
        [`${name}.getMany`, key => get().getMany([good[keys], key])],
        [`${name}.history`, key => [...get().history(key)]],
        [`${name}.put`, key => get().put(key, 1)],
        [`${name}.delete`, key => get().delete(key)],
        [`${name}.update`, key => get().update(key, () => 1)],
        [
          `${name}.batch`,
          key =>
            get().batch([
              { type: 'put', key: good[keys], value: 2 },
              { type: 'put', key, value: 2 },
            ]),
        ],
        [`${name}.batch del`, key => get().batch([{ type: 'del', key }])],
        ['transact', key => db.transact(tx => [tx.put(good[keys], 3), tx.put(key, 1)])],
        ['transact get', key => db.transact(tx => [tx.put(good[keys], 3), tx.get(key)])],
      ] as [string, Ask][]
    }

    it.each([...asks('db', () => db), ...asks('store', () => store)])('%s', (_, ask) => {
      for (const key of wrong[keys] ?? []) expectRefused(db, () => ask(key), 'INVALID_KEY', {}, [store])
      expectCode(() => ask(cyclic), ['INVALID_KEY', 'KEY_TOO_LARGE'])
      const error = expectRefused(db, () => ask(large[keys]), 'KEY_TOO_LARGE', {}, [store])
      expect(error.size).toBeGreaterThanOrEqual(LARGE)
      expect(error.max).toBeGreaterThanOrEqual(4096)
      expect(error.max).toBeLessThan(error.size as number)
    })
  })

  it('of exactly the greatest size are taken, one more byte is not', () => {
    const db = open({ keys: 'binary' })
    const { max } = expectCode(() => db.put(new Uint8Array(LARGE), 1), 'KEY_TOO_LARGE')
    const key = new Uint8Array(max as number).fill(255)
    db.put(key, 1)
    expect(db.get(key)).toBe(1)
    expectRefused(db, () => db.put(new Uint8Array((max as number) + 1), 1), 'KEY_TOO_LARGE', {
      size: (max as number) + 1,
      max,
    })
    db.close()
  })
})

describe('values', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const deep: unknown[] = []
  let at = deep
  for (let i = 0; i < 100_000; i++) {
    const next: unknown[] = []
    at.push(next)
    at = next
  }
  class Point {
    x = 1
  }
  const wrong: Record<string, unknown[]> = {
    msgpack: [
      undefined, Symbol('x'), () => 1, new Point(), new WeakMap(), Promise.resolve(1), /x/,
      new Error('x'), [Symbol('x')], { f: () => 1 }, new Map([['a', () => 1]]), new Set([new Point()]),
      cyclic, deep,
    ],
    json: [undefined, Symbol('x'), () => 1, 1n, cyclic, { a: 1n }, { toJSON: () => undefined }, deep],
    string: [undefined, null, 1, {}, Buffer.from('x'), '\ud800', 'a\udc00b', new String('x')],
    binary: [undefined, null, 'x', 1, {}, [1], new ArrayBuffer(3), Uint16Array.of(1)],
  }
  const good: Record<string, unknown> = { msgpack: 1, json: 1, string: 'x', binary: Uint8Array.of(1) }

  describe.each(Object.keys(wrong))('%s', values => {
    let db: Database

    beforeEach(() => {
      db = open({ values })
      db.put('a', good[values])
    })

    afterEach(() => db.close())

    const asks: [string, (value: unknown) => unknown][] = [
      ['put', value => db.put('a', value)],
      ['put new', value => db.put('b', value)],
      [
        'batch',
        value =>
          db.batch([
            { type: 'del', key: 'a' },
            { type: 'put', key: 'b', value },
          ]),
      ],
      ['transact', value => db.transact(tx => [tx.delete('a'), tx.put('b', value)])],
      // An undefined result deletes, so it is wrapped out of the way below.
      ['update', value => db.update('b', () => value)],
    ]

    it.each(asks)('%s', (name, ask) => {
      for (const value of wrong[values] ?? []) {
        if (name === 'update' && value === undefined) continue
        const isPromise = name === 'update' && value instanceof Promise
        const code = isPromise ? ['INVALID_VALUE', 'ASYNC_TRANSACTION'] : 'INVALID_VALUE'
        expectRefused(db, () => ask(value), code)
      }
    })
  })

  it('larger than the arena can hold', () => {
    const db = open({ maxBytes: 2 ** 20, values: 'binary' })
    db.put('a', Uint8Array.of(1))
    const value = new Uint8Array(2 ** 21)
    const error = expectRefused(db, () => db.put('b', value), 'VALUE_TOO_LARGE')
    expect(error.size).toBeGreaterThanOrEqual(2 ** 21)
    expect(error.max).toBeLessThanOrEqual(2 ** 20)
    expectRefused(db, () => db.update('a', () => value), 'VALUE_TOO_LARGE')
    expectRefused(db, () => db.batch([{ type: 'put', key: 'b', value }]), 'VALUE_TOO_LARGE')
    expectRefused(db, () => db.transact(tx => tx.put('b', value)), 'VALUE_TOO_LARGE')
    db.close()
  })
})

describe('conflicts', () => {
  it('carry what was expected and what is there, and change nothing', () => {
    const db = open()
    const store = db.store('s', { keys: 'string', values: 'json' })
    for (const target of [db, store] as Writes<number>[]) {
      const version = target.put('a', 1)
      const conflict = (action: () => unknown, expected: number | null, actual: number | null) =>
        expectRefused(db, action, 'CONFLICT', { expected, actual }, [store])
      conflict(() => target.put('a', 2, { ifVersion: null }), null, version)
      conflict(() => target.put('a', 2, { ifVersion: version - 1 }), version - 1, version)
      conflict(() => target.put('a', 2, { ifVersion: version + 9 }), version + 9, version)
      conflict(() => target.put('b', 2, { ifVersion: version }), version, null)
      conflict(() => target.delete('a', { ifVersion: null }), null, version)
      conflict(() => target.delete('b', { ifVersion: 0 }), 0, null)
      const operations = [
        { type: 'put' as const, key: 'b', value: 1, ifVersion: null },
        { type: 'del' as const, key: 'a', ifVersion: 0 },
      ]
      conflict(() => target.batch(operations), 0, version)
      const wrong = [-1, 0.5, Number.NaN, '1', {}, true] as unknown as number[]
      for (const ifVersion of wrong) {
        expectRefused(db, () => target.put('a', 2, { ifVersion }), 'INVALID_OPTION')
        expectRefused(db, () => target.delete('a', { ifVersion }), 'INVALID_OPTION')
        const operation = { type: 'del' as const, key: 'a', ifVersion }
        expectRefused(db, () => target.batch([operation]), 'INVALID_OPTION')
      }
      expect(target.put('a', 2, { ifVersion: undefined })).toBe(version + 1)
      expect(target.put('a', 3, { ifVersion: version + 1 })).toBe(version + 2)
      expect(target.put('c', 3, { ifVersion: null })).toBe(version + 3)
      expect(target.delete('c', { ifVersion: version + 3 })).toBe(version + 4)
      expect(target.delete('c', { ifVersion: null })).toBe(version + 4)
    }
    db.close()
  })

  it('wrong operations and options of writes', () => {
    const db = open()
    db.put('a', 1)
    const batches: unknown[] = [
      null, undefined, 1, 'x', {}, [null], [1], [{}], [{ type: 'put' }],
      [{ type: 'PUT', key: 'a', value: 1 }], [{ type: 'put', key: 'a', value: 1, more: 1 }],
      [{ type: 'put', key: 'a', value: 2 }, undefined],
    ]
    for (const operations of batches) {
      const codes = ['INVALID_OPTION', 'INVALID_KEY', 'INVALID_VALUE']
      expectRefused(db, () => db.batch(operations as []), codes)
    }
    for (const options of [1, 'x', { more: 1 }, { IfVersion: 1 }] as object[]) {
      expectRefused(db, () => db.put('a', 2, options), 'INVALID_OPTION')
      expectRefused(db, () => db.delete('a', options), 'INVALID_OPTION')
    }
    for (const callback of [undefined, null, 1, 'x', {}] as unknown as (() => unknown)[]) {
      expectRefused(db, () => db.update('a', callback), 'INVALID_OPTION')
      expectRefused(db, () => db.transact(callback), 'INVALID_OPTION')
    }
    expect(db.batch([])).toBe(1)
    db.close()
  })
})

describe('after the end', () => {
  const verbs = (get: () => Database | StoreHandle): [string, () => unknown][] => [
    ['get', () => get().get('a')],
    ['has', () => get().has('a')],
    ['getMany', () => get().getMany(['a'])],
    ['getEntry', () => get().getEntry('a')],
    ['range', () => get().range()],
    ['entries', () => get().entries()],
    ['iteration', () => [...get()]],
    ['keys', () => get().keys()],
    ['values', () => get().values()],
    ['getEntries', () => get().getEntries()],
    ['size', () => get().size],
    ['count', () => get().count()],
    ['history', () => [...get().history('a')]],
    ['diff', () => [...get().diff(0, 1)]],
    ['put', () => get().put('a', 1)],
    ['delete', () => get().delete('a')],
    ['update', () => get().update('a', () => 1)],
    ['batch', () => get().batch([{ type: 'del', key: 'a' }])],
    ['clear', () => get().clear()],
    ['restore', () => get().restore({ at: 0 })],
  ]

  it('of the database: every verb is CLOSED, close() is idempotent', () => {
    const db = open()
    const store = db.store('s', { keys: 'string', values: 'json' })
    db.put('a', 1)
    const cursors = [db.range(), db.keys(), store.range(), db.range()]
    const read = db.beginRead()
    const cut = read.range()
    const write = db.beginWrite()
    const own = write.range()
    cursors[0]?.next()
    db.close()
    db.close()
    const more: [string, () => unknown][] = [
      ['transact', () => db.transact(() => 1)],
      ['beginWrite', () => db.beginWrite()],
      ['beginRead', () => db.beginRead()],
      ['tag', () => db.tag('x')],
      ['untag', () => db.untag('x')],
      ['prune', () => db.prune({ before: 0 })],
      ['setHistory', () => db.setHistory({})],
      ['versions', () => [...db.versions()]],
      ['version', () => db.version],
      ['oldestVersion', () => db.oldestVersion],
      ['store', () => db.store('s', { keys: 'string', values: 'json' })],
      ['stores', () => db.stores()],
      ['dropStore', () => db.dropStore('s')],
      ['stats', () => db.stats()],
      ['check', () => db.check()],
    ]
    for (const [name, ask] of [...verbs(() => db), ...verbs(() => store), ...more]) {
      expect(thrownBy(ask), name).toMatchObject({ code: 'ZVERSE_CLOSED' })
    }
    for (const cursor of cursors) expectCode(() => cursor.next(), 'CLOSED')
    const ended = ['CLOSED', 'TRANSACTION_CLOSED']
    for (const ask of [
      () => cut.next(),
      () => own.next(),
      () => read.get('a'),
      () => write.get('a'),
      () => write.put('a', 1),
      () => write.commit(),
    ]) {
      expectCode(ask, ended)
    }
    read.close()
  })

  it('of a transaction: every verb is TRANSACTION_CLOSED, other verbs go on', () => {
    const db = open()
    db.put('a', 1)
    const store = db.store('s', { keys: 'string', values: 'json' })
    const ends: [string, (tx: ReturnType<Database['beginWrite']>) => void][] = [
      ['commit', tx => void tx.commit()],
      ['abort', tx => tx.abort()],
    ]
    for (const [, end] of ends) {
      const tx = db.beginWrite()
      tx.put('b', 2)
      const inStore = tx.store(store)
      const cursor = tx.range()
      cursor.next()
      end(tx)
      const reads = verbs(() => tx as unknown as Database)
      const usable = reads.filter(([name]) => name !== 'diff' && name !== 'restore')
      for (const [name, ask] of usable) {
        expect(thrownBy(ask), name).toMatchObject({ code: 'ZVERSE_TRANSACTION_CLOSED' })
      }
      for (const ask of [
        () => cursor.next(),
        () => inStore.get('a'),
        () => inStore.put('a', 1),
        () => tx.commit(),
        () => tx.store(store).get('a'),
      ]) {
        expectCode(ask, 'TRANSACTION_CLOSED')
      }
      db.put('c', 3)
      checkDb(db)
    }
    const read = db.beginRead()
    const cursor = read.keys()
    const inStore = read.store(store)
    read.close()
    read.close()
    for (const ask of [
      () => cursor.next(),
      () => read.get('a'),
      () => [...read],
      () => read.size,
      () => [...read.history('a')],
      () => inStore.get('a'),
      () => db.get('a', { snapshot: read }),
      () => db.beginRead({ snapshot: read }),
    ]) {
      expectCode(ask, 'TRANSACTION_CLOSED')
    }
    checkDb(db)
    db.close()
  })

  it('of transact: its transaction cannot be kept', () => {
    const db = open()
    const kept = db.transact(tx => {
      tx.put('a', 1)
      return { tx, cursor: tx.range() }
    })
    expectRefused(db, () => kept.tx.put('a', 2), 'TRANSACTION_CLOSED')
    expectCode(() => kept.tx.get('a'), 'TRANSACTION_CLOSED')
    expectCode(() => kept.cursor.next(), 'TRANSACTION_CLOSED')
    db.close()
  })
})

describe('nested and asynchronous', () => {
  const writes = (db: Database, store: StoreHandle): (() => unknown)[] => [
    () => db.put('x', 1),
    () => db.delete('a'),
    () => db.update('a', () => 1),
    () => db.batch([{ type: 'put', key: 'x', value: 1 }]),
    () => db.transact(() => 1),
    () => db.beginWrite(),
    () => db.clear(),
    () => db.clear({ gte: 'a' }),
    () => db.restore({ at: db.version }),
    () => db.tag('x'),
    () => db.untag('t'),
    () => db.prune({ before: db.version }),
    () => db.setHistory({ versions: 1 }),
    () => db.dropStore('s'),
    () => db.store('new', { keys: 'string', values: 'json' }),
    () => store.put('x', 1),
    () => store.delete('x'),
    () => store.update('x', () => 1),
    () => store.batch([{ type: 'put', key: 'x', value: 1 }]),
    () => store.clear(),
    () => store.restore({ at: db.version }),
  ]
  const prepared = (options: Record<string, unknown> = {}) => {
    const db = open(options)
    const store = db.store('s', { keys: 'string', values: 'json' })
    db.put('a', 1)
    db.tag('t')
    return { db, store }
  }

  it('any other write beside an open transaction', () => {
    const { db, store } = prepared()
    const tx = db.beginWrite()
    tx.put('b', 2)
    for (const write of writes(db, store)) expectRefused(db, write, 'NESTED_TRANSACTION', {}, [store])
    expect([db.get('b'), tx.get('b')]).toEqual([undefined, 2])
    expect(db.store('s', { keys: 'string', values: 'json' }).size).toBe(0)
    expect(tx.commit()).toBe(3)
    expect(db.get('b')).toBe(2)
    checkDb(db)
    db.close()
  })

  it('any other write inside transact, which goes on', () => {
    const { db, store } = prepared()
    db.transact(tx => {
      for (const write of writes(db, store)) expectCode(write, 'NESTED_TRANSACTION')
      tx.put('b', 2)
      expect(db.get('b')).toBe(undefined)
    })
    expect(db.get('b')).toBe(2)
    expectRefused(db, () => db.transact(() => db.put('c', 1)), 'NESTED_TRANSACTION')
    db.close()
  })

  it('any other write inside the callback of update', () => {
    const { db, store } = prepared()
    db.update('a', old => {
      for (const write of writes(db, store)) expectCode(write, 'NESTED_TRANSACTION')
      expect(db.get('a')).toBe(1)
      return [old, 'more']
    })
    expect(db.get('a')).toEqual([1, 'more'])
    db.transact(tx => {
      tx.update('a', () => {
        for (const write of writes(db, store)) expectCode(write, 'NESTED_TRANSACTION')
        return 5
      })
    })
    expect(db.get('a')).toBe(5)
    checkDb(db)
    db.close()
  })

  it('promises are rolled back', () => {
    const { db } = prepared()
    const thenable = { then: () => undefined }
    for (const result of [Promise.resolve(1), (async () => 1)(), thenable]) {
      expectRefused(db, () => db.transact(tx => [tx.put('b', 1), result][1]), 'ASYNC_TRANSACTION')
    }
    expectRefused(
      db,
      () => db.transact(async tx => void tx.put('b', 1)),
      'ASYNC_TRANSACTION',
    )
    expectRefused(db, () => db.update('a', async () => 1), ['ASYNC_TRANSACTION', 'INVALID_VALUE'])
    db.close()
  })

  it('throws roll back and pass on, whatever they are', () => {
    const { db } = prepared()
    for (const thrown of [new Error('x'), 'text', undefined, null, 0]) {
      const before = snapshot(db)
      const isThrown = (action: () => unknown) => expect(thrownBy(action)).toBe(thrown)
      isThrown(() =>
        db.transact(tx => {
          tx.put('b', 1)
          tx.clear()
          throw thrown
        }),
      )
      isThrown(() =>
        db.update('a', () => {
          throw thrown
        }),
      )
      expect(snapshot(db)).toEqual(before)
      checkDb(db)
    }
    db.close()
  })
})

describe('user code in codecs and values', () => {
  const json = {
    encode: (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value)),
    decode: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()),
  }

  it('encoders that throw pass it on, those that give no bytes are INVALID_VALUE', () => {
    const boom = new Error('boom')
    const results: unknown[] = [undefined, null, 'text', 1, [1], new ArrayBuffer(1), Uint16Array.of(1)]
    const values = {
      name: 'moody',
      ...json,
      encode(value: unknown) {
        if (value === 'boom') throw boom
        return typeof value === 'number' && value >= 0 ? results[value] : json.encode(value)
      },
    }
    const db = open({ values })
    db.put('a', 'good')
    const ways: ((value: unknown) => unknown)[] = [
      value => db.put('a', value),
      value => db.update('a', () => value),
      value => db.batch([{ type: 'put', key: 'b', value: 'x' }, { type: 'put', key: 'a', value }]),
      value => db.transact(tx => [tx.put('b', 'x'), tx.put('a', value)]),
    ]
    for (const way of ways) {
      const before = snapshot(db)
      expect(thrownBy(() => way('boom'))).toBe(boom)
      expect(snapshot(db)).toEqual(before)
      for (let i = 0; i < results.length; i++) expectRefused(db, () => way(i), 'INVALID_VALUE')
      checkDb(db)
    }
    // Caught inside, the transaction goes on without the put that failed.
    db.transact(tx => {
      expect(thrownBy(() => tx.put('c', 'boom'))).toBe(boom)
      tx.put('d', 'kept')
    })
    expect([db.has('c'), db.get('d')]).toEqual([false, 'kept'])
    db.close()
  })

  it('decoders that throw pass it on and leave nothing pinned', () => {
    const boom = new Error('boom')
    let isAngry = false
    const decode = (bytes: Uint8Array) => {
      if (isAngry) throw boom
      return json.decode(bytes)
    }
    const db = open({ values: { name: 'angry', encode: json.encode, decode }, history: { versions: 0 } })
    db.batch(['a', 'b', 'c'].map(key => ({ type: 'put', key, value: key })))
    isAngry = true
    const asks: (() => unknown)[] = [
      () => db.get('a'),
      () => db.getEntry('a'),
      () => db.getMany(['a']),
      () => [...db.range()],
      () => db.values().toArray(),
      () => db.update('a', () => 1),
      () => [...db.history('a')],
    ]
    for (const ask of asks) expect(thrownBy(ask)).toBe(boom)
    expect([...db.keys()]).toEqual(['a', 'b', 'c'])
    isAngry = false
    expect(db.put('a', 'again')).toBe(2)
    expect([...db.values()]).toEqual(['again', 'b', 'c'])
    checkDb(db)
    db.close()
  })

  it('codecs that call the database get NESTED_TRANSACTION', () => {
    let db: Database | undefined
    let call: ((db: Database) => unknown) | undefined
    const nested = () => {
      const [ask, at] = [call, db]
      call = undefined
      if (ask && at) ask(at)
    }
    const values = {
      name: 'caller',
      encode: (value: unknown) => {
        nested()
        return json.encode(value)
      },
      decode: (bytes: Uint8Array) => {
        nested()
        return json.decode(bytes)
      },
    }
    db = open({ values })
    const at = db
    at.put('a', 'first')
    const calls: ((db: Database) => unknown)[] = [
      db => db.get('a'),
      db => db.put('b', 1),
      db => [...db.range()],
      db => db.transact(() => 1),
      db => db.beginWrite(),
      db => db.clear(),
      db => db.store('s', { keys: 'string', values: 'json' }),
    ]
    for (const inner of calls) {
      const asks: (() => unknown)[] = [
        () => at.put('a', 'x'),
        () => at.update('a', () => 'x'),
        () => at.batch([{ type: 'put', key: 'a', value: 'x' }]),
        () => at.transact(tx => tx.put('a', 'x')),
        () => at.get('a'),
        () => [...at.range()],
        () => at.transact(tx => tx.get('a')),
      ]
      for (const ask of asks) {
        const before = snapshot(at)
        call = inner
        expectCode(ask, 'NESTED_TRANSACTION')
        expect(snapshot(at)).toEqual(before)
        checkDb(at)
      }
    }
    at.close()
  })

  it.each(['msgpack', 'json'])('getters and Proxies in %s values may do what they like', values => {
    const db = open({ values })
    db.put('a', 'first')
    const boom = new Error('boom')
    const evil: unknown[] = [
      {
        get x(): unknown {
          throw boom
        },
      },
      new Proxy({}, { ownKeys: () => { throw boom } }),
      [1, new Proxy([], { get: () => { throw boom } })],
    ]
    for (const value of evil) {
      const before = snapshot(db)
      for (const ask of [
        () => db.put('a', value),
        () => db.update('a', () => value),
        () => db.transact(tx => [tx.put('b', 1), tx.put('a', value)]),
        () => db.batch([{ type: 'put', key: 'b', value: 1 }, { type: 'put', key: 'a', value }]),
      ]) {
        const error = thrownBy(ask) as { code?: string }
        // Passed on as it is, or wrapped: it must not be swallowed.
        if (error !== boom) expect(error.code).toBe('ZVERSE_INVALID_VALUE')
        expect(snapshot(db)).toEqual(before)
        checkDb(db)
      }
    }
    // Reentrant getters: whatever they get, the outer write is whole or not there.
    const reentrant = (inner: () => unknown) => ({
      get x() {
        inner()
        return 1
      },
    })
    for (const inner of [
      () => db.put('b', 'inner'),
      () => db.get('a'),
      () => db.clear(),
      () => db.transact(tx => tx.put('c', 'inner')),
      () => [...db.range()],
    ]) {
      for (const write of [
        () => db.put('a', reentrant(inner)),
        () => db.update('a', () => reentrant(inner)),
        () => db.transact(tx => tx.put('a', reentrant(inner))),
        () => db.batch([{ type: 'put', key: 'a', value: reentrant(inner) }]),
      ]) {
        let isDone = true
        try {
          write()
        } catch (error) {
          isDone = false
          expect(error).toMatchObject({ code: 'ZVERSE_NESTED_TRANSACTION' })
        }
        if (isDone) expect(db.get('a')).toEqual({ x: 1 })
        checkDb(db)
      }
    }
    db.close()
  })
})
