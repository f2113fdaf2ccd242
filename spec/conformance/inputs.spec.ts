/**
 * Wrong keys and values: refused by their codes at every verb that takes one, nothing changed.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database, StoreHandle } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode, expectRefused } from '../support/expect.js'

const LARGE = 1 << 16

describe('keys', () => {
  const loneSurrogates = ['\ud800', 'a\udc00', '\udc00\ud800', 'x\ud83dy']
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  const wrong: Record<string, unknown[]> = {
    string: [
      undefined,
      null,
      1,
      true,
      1n,
      Symbol('x'),
      {},
      ['a'],
      Uint8Array.of(1),
      ...loneSurrogates,
    ],
    binary: [
      undefined,
      null,
      1,
      'a',
      {},
      [1],
      new ArrayBuffer(2),
      Uint16Array.of(1),
      new DataView(new ArrayBuffer(1)),
    ],
    tuple: [
      undefined,
      Number.NaN,
      1n,
      Symbol('x'),
      {},
      () => 1,
      new Date(),
      new Map(),
      Uint16Array.of(1),
      [undefined],
      [Number.NaN],
      [[1n]],
      ['a', {}],
      ...loneSurrogates,
      ...loneSurrogates.map(text => [[text]]),
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
      for (const key of wrong[keys] ?? [])
        expectRefused(db, () => ask(key), 'INVALID_KEY', {}, [store])
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
      undefined,
      Symbol('x'),
      () => 1,
      new Point(),
      new WeakMap(),
      Promise.resolve(1),
      /x/,
      new Error('x'),
      [Symbol('x')],
      { f: () => 1 },
      new Map([['a', () => 1]]),
      new Set([new Point()]),
      cyclic,
      deep,
    ],
    json: [
      undefined,
      Symbol('x'),
      () => 1,
      1n,
      cyclic,
      { a: 1n },
      { toJSON: () => undefined },
      deep,
    ],
    string: [undefined, null, 1, {}, Buffer.from('x'), '\ud800', 'a\udc00b', new String('x')],
    binary: [undefined, null, 'x', 1, {}, [1], new ArrayBuffer(3), Uint16Array.of(1)],
  }
  const good: Record<string, unknown> = {
    msgpack: 1,
    json: 1,
    string: 'x',
    binary: Uint8Array.of(1),
  }

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
