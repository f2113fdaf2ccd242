/**
 * Conflicts, closed things, nested and asynchronous callbacks: each has its code and fields,
 * changes nothing, and leaves the database sound. Wrong keys and values: `inputs.spec.ts`; wrong
 * options, views and ranges: `options.spec.ts`; user code in codecs and values: `user-code.spec.ts`.
 */
import { describe, expect, it } from 'vitest'
import { checkDb, snapshot } from '../support/compare.js'
import type { Database, StoreHandle, Writes } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode, expectRefused, thrownBy } from '../support/expect.js'

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
      null,
      undefined,
      1,
      'x',
      {},
      [null],
      [1],
      [{}],
      [{ type: 'put' }],
      [{ type: 'PUT', key: 'a', value: 1 }],
      [{ type: 'put', key: 'a', value: 1, more: 1 }],
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
    for (const write of writes(db, store))
      expectRefused(db, write, 'NESTED_TRANSACTION', {}, [store])
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
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    const thenable = { then: () => undefined }
    for (const result of [Promise.resolve(1), (async () => 1)(), thenable]) {
      expectRefused(db, () => db.transact(tx => [tx.put('b', 1), result][1]), 'ASYNC_TRANSACTION')
    }
    expectRefused(db, () => db.transact(async tx => void tx.put('b', 1)), 'ASYNC_TRANSACTION')
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
