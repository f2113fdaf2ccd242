/** Indexes and queries at the edges of what keys, values and iterators may be. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type IndexDefinition, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'

const open = (options: object = {}) =>
  ZVerse.open<string, unknown>({ maxBytes: 2 ** 24, ...options } as never)

const refused = (index: string) => expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE', index })
const keysOf = (entries: Iterable<[string, unknown]>) => [...entries].map(([key]) => key)
const functions = { a: ({ a }: { a?: unknown }) => a }

describe('an index key and the key of its entry', () => {
  const cases: [string, IndexDefinition, string, unknown][] = [
    ['a long index key', { on: 'a' }, 'p'.repeat(200), { a: 'x'.repeat(16_300) }],
    ['a long key', { on: 'a' }, 'p'.repeat(16_280), { a: 'x'.repeat(100) }],
    ['a function', { by: 'a' }, 'p'.repeat(16_374), { a: 1 }],
    ['a compound one', { on: ['a', 'b'] }, 'k', { a: 'x'.repeat(16_368), b: 1 }],
    ['almost a compound one', { on: ['a', 'b'] }, 'k', { a: 'x'.repeat(16_365), b: 1 }],
    ['one of many', { on: 'a', multi: true }, 'k', { a: [1, 'x'.repeat(16_378)] }],
    [
      'a place',
      { kind: 'spatial', on: 'a', dimensions: ['float64', 'float64'] },
      'p'.repeat(16_374),
      { a: [1, 2] },
    ],
  ]

  it.each(cases)('have room together, or are refused: %s', (_, definition, key, value) => {
    for (const path of [undefined, mkdtempSync(join(tmpdir(), 'zverse-edges-'))]) {
      const db = open({ functions, ...(path && { path, sync: 'never' }) })
      db.index('i', definition as never)
      db.put('other', { a: definition.kind === 'spatial' ? [0, 0] : 5, b: 5 })
      expect(() => db.put(key, value)).toThrow(refused('i'))
      db.dropIndex('i')
      db.put(key, value)
      expect(() => db.index('i', definition as never)).toThrow(refused('i'))
      expect(db.indexes()).toEqual([])
      // Where it may lack entries, queries do without it; but for what has no room beside any key.
      const lax = { ...definition, invalid: 'skip' as const }
      if (key.length < 16_000) {
        const before = keysOf(db.where({ a: { gte: 'x' } }))
        db.index('i', lax as never)
        expect(keysOf(db.where({ a: { gte: 'x' } }))).toEqual(before)
        db.put(key, { a: 1, b: 2 })
        db.delete(key)
      } else expect(() => db.index('i', lax as never)).toThrow(refused('i'))
      expect(db.check().problems).toEqual([])
      db.close()
      if (path) rmSync(path, { recursive: true })
    }
  })
})

describe('values', () => {
  it('that are deflated and lie in pieces read back, and are indexed', () => {
    const noise = Array.from({ length: 5000 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 22).join()
    for (const values of ['msgpack', 'json'] as const) {
      const db = open({
        maxBytes: 2 ** 20,
        history: { versions: 1 },
        compress: { above: 100 },
        values,
      })
      db.index('a', { on: 'a', invalid: 'skip' })
      let n = 0
      expectCode(() => {
        for (;;) db.put(`f${n++}`, values === 'json' ? 'f'.repeat(90) : new Uint8Array(400))
      }, 'FULL')
      for (let i = 0; i < n; i += 2) db.delete(`f${i}`)
      const value = [{ a: 31, pad: noise }, `ü${noise}`, [1, noise, 'ü']]
      for (let m = 0; m < 12; m++) {
        db.put(`k${m}`, value[m % 3])
        expect(db.get(`k${m}`)).toEqual(value[m % 3])
      }
      expect(keysOf(db.where({ a: 31 }))).toEqual(['k0', 'k3', 'k6', 'k9'])
      expect(db.check().problems).toEqual([])
      db.close()
    }
  })

  it('that are nested too deep are no index keys, decoded or not', () => {
    for (const values of ['msgpack', 'json'] as const) {
      const db = open({ values })
      const nested = (depth: number) => {
        let a: unknown = 1
        for (let i = 0; i < depth; i++) a = [a]
        return a
      }
      db.put('a', { a: nested(64) })
      db.put('b', { a: nested(65) })
      for (const more of [{}, { match: () => true }]) {
        expect(keysOf(db.where({ a: { gte: [] }, ...more }))).toEqual(['a'])
        expect(keysOf(db.where({ a: { prefix: [] }, ...more }))).toEqual(['a'])
        expect(keysOf(db.where({ a: { ne: 5 }, ...more }))).toEqual(['a', 'b'])
      }
      expect(() => db.index('i', { on: 'a' })).toThrow(refused('i'))
      db.close()
    }
  })

  it('of a place in time have whole milliseconds; bounds need not be whole', () => {
    const db = open()
    db.put('a', { at: [5], n: [5] })
    db.put('b', { at: [6], n: [6] })
    const ask = () => [
      ...[[5], [5.2], [4.5]].map(min => keysOf(db.where({ at: { box: [min, [9]] } }))),
      ...[[5], [5.2], [4.5]].map(min => keysOf(db.where({ n: { box: [min, [5.9]] } }))),
    ]
    const before = ask()
    db.index('p', { kind: 'spatial', on: 'at', dimensions: ['date'] })
    db.index('q', { kind: 'spatial', on: 'n', dimensions: ['int16'] })
    expect(ask()).toEqual(before)
    expect(db.explain({ at: { box: [[5.2], [9]] } })).toMatchObject({
      plan: 'index',
      filter: false,
    })
    expect(() => db.put('c', { at: [5.5] })).toThrow(refused('p'))
    db.close()
  })
})

describe('a query', () => {
  it('in the order of an index of several keys is turned as a whole', () => {
    const db = open()
    db.index('t', { on: 't', multi: true })
    db.put('a', { t: [1, 9] })
    db.put('b', { t: [5] })
    db.put('c', { t: [2, 3] })
    db.put('d', {})
    expect(keysOf(db.where({}, { order: 't' }))).toEqual(['a', 'c', 'b', 'd'])
    expect(keysOf(db.where({}, { order: 't', reverse: true }))).toEqual(['d', 'b', 'c', 'a'])
    db.close()
  })

  it('whose match ends its own iterator ends, and pins nothing', () => {
    const db = open()
    for (let i = 10; i < 60; i++) db.put(`k${i}`, { b: -i })
    for (const options of [{}, { order: 'b' }]) {
      for (const result of [true, false]) {
        const rows = db.where(
          {
            match: () => {
              rows.return()
              return result
            },
          },
          options,
        )
        const found = rows.next()
        if (result && !('order' in options)) expect(found.value?.[0]).toBe('k10')
        else expect(found.done).toBe(true)
        expect(rows.next().done).toBe(true)
        expect(db.stats().readers.pins).toBe(0)
      }
      const asking = db.where(
        {
          match: () => {
            asking.next()
            return true
          },
        },
        options,
      )
      expectCode(() => asking.next(), 'INVALID_OPTION')
    }
    db.close()
  })

  it('refuses what is of another store, or no name, by the right name', () => {
    const db = open()
    const other = db.store<string, unknown>('other')
    const index = other.index('i', { on: 'a' })
    db.index('i', { on: 'a' })
    const option = (run: () => unknown, name: string) =>
      expect(run).toThrow(expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION', option: name }))
    option(() => db.where({}, { index }), 'index')
    option(() => db.where({}, { order: index }), 'order')
    option(() => db.where({}, { order: 5 as never }), 'order')
    option(() => db.index('x', null as never), 'definition')
    option(() => db.index('x', 5 as never), 'definition')
    option(() => db.index('x'.repeat(1001), { on: 'a' }), 'name')
    option(() => db.index('\ud800', { on: 'a' }), 'name')
    option(() => db.index('x', { on: 'x\ud800' }), 'on')
    option(() => db.where({ 'x\ud800': 1 }), 'query')
    expect([...other.where({ a: 1 }, { index })]).toEqual([])
    db.close()
  })
})

it('a build beside writers forgives any number of values that are gone in the end', async () => {
  const db = open()
  for (let i = 0; i < 3000; i++) db.put(`k${i}`, { a: i < 1500 ? Number.NaN : i })
  const made = db.indexAsync('a', { on: 'a' })
  for (let i = 0; i < 1500; i++) db.delete(`k${i}`)
  expect((await made).count()).toBe(1500)
  db.close()
})
