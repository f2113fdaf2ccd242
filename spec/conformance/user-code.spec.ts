/**
 * User code that runs inside the database: custom codecs, getters and Proxies in values. A write is
 * whole or absent, and the database stays sound.
 */
import { describe, expect, it } from 'vitest'
import type { ZVerse } from '../../lib/index.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import { checkDb, snapshot } from '../support/compare.js'
import type { Database } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode, expectRefused, thrownBy } from '../support/expect.js'

describe('user code in codecs and values', () => {
  const json = {
    encode: (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value)),
    decode: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()),
  }

  it('encoders that throw pass it on, those that give no bytes are INVALID_VALUE', () => {
    const boom = new Error('boom')
    const results: unknown[] = [
      undefined,
      null,
      'text',
      1,
      [1],
      new ArrayBuffer(1),
      Uint16Array.of(1),
    ]
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
      value =>
        db.batch([
          { type: 'put', key: 'b', value: 'x' },
          { type: 'put', key: 'a', value },
        ]),
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
    const db = open({
      values: { name: 'angry', encode: json.encode, decode },
      history: { versions: 0 },
    })
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
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw boom
          },
        },
      ),
      [
        1,
        new Proxy([], {
          get: () => {
            throw boom
          },
        }),
      ],
    ]
    for (const value of evil) {
      const before = snapshot(db)
      for (const ask of [
        () => db.put('a', value),
        () => db.update('a', () => value),
        () => db.transact(tx => [tx.put('b', 1), tx.put('a', value)]),
        () =>
          db.batch([
            { type: 'put', key: 'b', value: 1 },
            { type: 'put', key: 'a', value },
          ]),
      ]) {
        const error = thrownBy(ask) as { code?: string }
        // Passed on as it is, or wrapped: it must not be swallowed.
        if (error !== boom) expect(error.code).toBe('ZVERSE_INVALID_VALUE')
        expect(snapshot(db)).toEqual(before)
        checkDb(db)
      }
    }
    // Reentrant getters: for each error they meet, the outer write is whole or absent.
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
          // A value on which JSON.stringify throws is INVALID_VALUE, whatever the error.
          const codes = ['ZVERSE_NESTED_TRANSACTION', 'ZVERSE_INVALID_VALUE']
          expect(codes).toContain((error as { code?: string }).code)
        }
        if (isDone) expect(db.get('a')).toEqual({ x: 1 })
        checkDb(db)
      }
    }
    db.close()
  })
})

it('a clock that closes the database in the middle of a commit ends it, undone', () => {
  const hooks = { now: Date.now }
  const db = openWith({ maxBytes: 2 ** 21 }, { now: () => hooks.now() })
  db.put('a', 1)
  const other = attachWith(db.share(), undefined, { now: Date.now })
  for (const write of [
    (victim: ZVerse) => victim.put('a', 2),
    (victim: ZVerse) => victim.transact(tx => tx.put('a', 3)),
    (victim: ZVerse) => victim.load([...other.dump()]),
  ]) {
    const victim = attachWith(other.share(), undefined, { now: () => hooks.now() })
    hooks.now = () => {
      victim.close()
      return Date.now()
    }
    expect(() => write(victim)).toThrow(expect.objectContaining({ code: 'ZVERSE_CLOSED' }))
    hooks.now = Date.now
    expect(other.get('a')).toBe(1)
    expect(other.version).toBe(1)
    expect(other.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  }
  expect(other.put('a', 4)).toBe(2)
  db.close()
  other.close()
})
