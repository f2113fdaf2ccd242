/**
 * Wrong options of `open`, stores and views, and wrong ranges: each is refused by its code, names
 * the option, and changes nothing.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database, Reads, ReadTx, StoreHandle } from '../support/contract.js'
import { open, openPublic } from '../support/engine.js'
import { expectCode, expectRefused } from '../support/expect.js'

describe('open', () => {
  const noCodec = { name: 'x', encode: 1, decode: 2 }
  const wrong: [string, unknown][] = [
    ['unheardOf', 1],
    ...[-1, 0, 1.5, Number.NaN, '1', null, {}, 2 ** 34 + 1, Infinity].map(
      (value): [string, unknown] => ['maxBytes', value],
    ),
    ...['strings', '', 1, null, {}, [], true].map((value): [string, unknown] => ['keys', value]),
    ...['msgpck', '', 1, null, {}, [], noCodec].map((value): [string, unknown] => [
      'values',
      value,
    ]),
    ...[1, null, 'all', [], true].map((value): [string, unknown] => ['history', value]),
    ...[-1, 0.5, Number.NaN, '1', null].flatMap((value): [string, unknown][] => [
      ['history', { versions: value }],
      ['history', { bytes: value }],
    ]),
    ...[-1, Number.NaN, '1', null].map((ms): [string, unknown] => ['history', { ms }]),
    ['history', { unheardOf: 1 }],
    ...[0, -1, 1.5, '1', null].map((value): [string, unknown] => ['maxThreads', value]),
    ...[-1, Number.NaN, '1', null].map((value): [string, unknown] => ['lockTimeout', value]),
    ...[0, 1, null, 'yes'].map((value): [string, unknown] => ['pointIndex', value]),
  ]

  it.each(wrong)('refuses %s: %o', (name, value) => {
    const error = expectCode(() => openPublic({ [name]: value }), 'INVALID_OPTION')
    expect(error.message).toContain(name)
  })

  it.each([[null], [1], ['x'], [true], [[]], [() => 1]])('refuses %o for options', options => {
    expectCode(() => openPublic(options), 'INVALID_OPTION')
  })

  it('takes undefined as absent, and unlimited bounds', () => {
    const absent = {
      path: undefined,
      maxBytes: undefined,
      keys: undefined,
      values: undefined,
      history: undefined,
      maxThreads: undefined,
      lockTimeout: undefined,
      pointIndex: undefined,
      cache: undefined,
    }
    const unlimited = { versions: Infinity, ms: undefined, bytes: Infinity }
    for (const options of [undefined, {}, absent, { history: unlimited }, { history: {} }]) {
      const db = openPublic(options)
      expect(db.put('a', 1)).toBe(1)
      expect(db.get('a')).toBe(1)
      db.close()
    }
  })

  it('begins at version 0 and empty', () => {
    const db = openPublic()
    expect([db.version, db.oldestVersion, db.size]).toEqual([0, 0, 0])
    expect([...db.versions()]).toMatchObject([{ version: 0, tags: [] }])
    expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    db.close()
  })
})

describe('views and ranges', () => {
  let db: Database
  let other: Database
  let store: StoreHandle
  let read: ReadTx
  let foreign: ReadTx
  let ended: ReadTx

  beforeEach(() => {
    db = open({ history: { versions: 3 } })
    other = open()
    store = db.store('s', { keys: 'string', values: 'json' })
    for (let i = 0; i < 3; i++) db.put('a', i)
    db.tag('tag')
    read = db.beginRead()
    ended = db.beginRead()
    ended.close()
    for (let i = 0; i < 5; i++) store.put('b', i)
    foreign = other.beginRead()
  })

  afterEach(() => {
    db.close()
    other.close()
  })

  type Ask = (options: Record<string, unknown>) => unknown
  const views = (reads: () => Reads & Partial<StoreHandle>): [string, Ask][] => [
    ['get', options => reads().get('a', options)],
    ['has', options => reads().has('a', options)],
    ['getMany', options => reads().getMany(['a'], options)],
    ['getMany of none', options => reads().getMany([], options)],
    ['getEntry', options => reads().getEntry('a', options)],
    ['range', options => reads().range(options)],
    ['entries', options => reads().entries(options)],
    ['keys', options => reads().keys(options)],
    ['values', options => reads().values(options)],
    ['getEntries', options => reads().getEntries(options)],
    ['count', options => reads().count(options)],
    ['history', options => [...reads().history('a', options)]],
  ]
  const takers: [string, Ask][] = [
    ...views(() => db),
    ...views(() => store).map(([name, ask]): [string, Ask] => [`store.${name}`, ask]),
    ['beginRead', options => db.beginRead(options)],
    ['restore', options => db.restore(options)],
    ['store.restore', options => store.restore(options)],
    ['tag', options => db.tag('x', options)],
    ['stores', options => db.stores(options)],
  ]

  it.each(takers)('%s refuses wrong views', (_, ask) => {
    const invalid: Record<string, unknown>[] = [
      { at: -1 },
      { at: 0.5 },
      { at: Number.NaN },
      { at: Infinity },
      { at: 2 ** 53 },
      { at: null },
      { at: true },
      { at: 1n },
      { at: {} },
      { at: new Date() },
      { asOf: 1 },
      { asOf: '2024-01-01' },
      { asOf: new Date(Number.NaN) },
      { asOf: null },
      { snapshot: null },
      { snapshot: {} },
      { snapshot: 1 },
      { snapshot: db },
      { snapshot: foreign },
      { at: db.version, asOf: new Date() },
      { at: 'tag', snapshot: read },
      { asOf: new Date(), snapshot: read },
      { unheardOf: 1 },
      { AT: 1 },
    ]
    for (const view of invalid) expectRefused(db, () => ask(view), 'INVALID_OPTION', {}, [store])
  })

  it.each(takers)('%s refuses views of what is not there', (_, ask) => {
    const { version: newest, oldestVersion: oldest } = db
    for (const at of ['nobody', '1', '', '__proto__', 'TAG']) {
      // No tag can be empty or all digits, so these are unknown or not valid at all.
      const codes =
        at === 'nobody' || at === 'TAG' ? 'UNKNOWN_TAG' : ['UNKNOWN_TAG', 'INVALID_OPTION']
      expectRefused(db, () => ask({ at }), codes)
    }
    const gone = expectRefused(db, () => ask({ at: oldest - 1 }), 'VERSION_NOT_RETAINED')
    expect(gone).toMatchObject({ requested: oldest - 1, newest })
    expect([db.oldestVersion, [...db.versions()][0]?.version]).toContain(gone.oldest)
    expectRefused(db, () => ask({ at: newest + 1 }), 'FUTURE_VERSION')
    expectRefused(db, () => ask({ at: 2 ** 53 - 1 }), 'FUTURE_VERSION')
    expectRefused(db, () => ask({ asOf: new Date(0) }), 'VERSION_NOT_RETAINED')
    expectRefused(db, () => ask({ snapshot: ended }), 'TRANSACTION_CLOSED')
  })

  it.each(takers)('%s takes undefined for absent', (_, ask) => {
    ask({ at: 'tag', asOf: undefined, snapshot: undefined })
    ask({ at: undefined, asOf: undefined, snapshot: read })
    ask({ at: undefined, asOf: new Date(Date.now() + 1000) })
  })

  const rangers = (reads: () => Reads): [string, Ask][] =>
    (['range', 'entries', 'keys', 'values', 'getEntries', 'count'] as const).map(name => {
      return [name, options => reads()[name](options)]
    })
  const ranged: [string, Ask][] = [
    ...rangers(() => db),
    ...rangers(() => store).map(([name, ask]): [string, Ask] => [`store.${name}`, ask]),
    ...rangers(() => read).map(([name, ask]): [string, Ask] => [`read.${name}`, ask]),
    ...rangers(() => read.store(store)).map(([name, ask]): [string, Ask] => [
      `read.store.${name}`,
      ask,
    ]),
    ['diff', options => [...db.diff('tag', db.version, options)]],
    ['store.diff', options => [...store.diff('tag', db.version, options)]],
    ['clear', options => db.clear(options)],
    ['store.clear', options => store.clear(options)],
  ]

  it.each(ranged)('%s refuses wrong ranges', (_, ask) => {
    const invalid: Record<string, unknown>[] = [
      { gt: 'a', gte: 'a' },
      { lt: 'a', lte: 'a' },
      { limit: -1 },
      { limit: 1.5 },
      { limit: Number.NaN },
      { limit: '1' },
      { limit: null },
      { reverse: 1 },
      { reverse: null },
      { reverse: 'yes' },
      { prefix: 1 },
      { prefix: null },
      { prefix: Uint8Array.of(1) },
      { prefix: ['a'] },
      { box: [['a'], ['b']] },
      { start: 'a' },
      { Limit: 1 },
    ]
    for (const range of invalid) expectRefused(db, () => ask(range), 'INVALID_OPTION', {}, [store])
    const wrongKeys = [1, null, ['a'], Uint8Array.of(1), '\ud800', {}]
    for (const key of wrongKeys) {
      for (const bound of ['gt', 'gte', 'lt', 'lte']) {
        expectRefused(db, () => ask({ [bound]: key }), ['INVALID_KEY', 'INVALID_OPTION'])
      }
    }
    expectRefused(db, () => ask({ prefix: 'a\udc00' }), ['INVALID_KEY', 'INVALID_OPTION'])
  })

  it.each(ranged)('%s refuses options that are no object', (_, ask) => {
    for (const options of [null, 1, 'a', true]) {
      const action = () => ask(options as unknown as Record<string, unknown>)
      expectRefused(db, action, 'INVALID_OPTION')
    }
  })

  it('prefixes have the type of the key codec', () => {
    const cases: [string, unknown[]][] = [
      ['binary', ['a', 1, null, ['a'], {}]],
      ['tuple', ['a', 1, null, Uint8Array.of(1), {}]],
    ]
    for (const [keys, prefixes] of cases) {
      const db = open({ keys })
      for (const prefix of prefixes) {
        for (const verb of ['range', 'keys', 'count'] as const) {
          expectCode(() => db[verb]({ prefix }), 'INVALID_OPTION')
        }
        expectCode(() => db.clear({ prefix }), 'INVALID_OPTION')
      }
      db.close()
    }
  })

  it('transactions and size take no view', () => {
    const tx = db.beginWrite()
    const view = { at: db.version }
    for (const reads of [read, tx, read.store(store), tx.store(store)] as Reads[]) {
      for (const [name, ask] of views(() => reads)) {
        expect(() => ask(view), name).toThrow()
        expectCode(() => ask(view), 'INVALID_OPTION')
        expectCode(() => ask({ snapshot: read }), 'INVALID_OPTION')
      }
    }
    tx.abort()
  })

  it('history and diff refuse wrong bounds', () => {
    const invalid = [{ from: -1 }, { from: 0.5 }, { to: '1' }, { to: Number.NaN }, { from: null }]
    const more = [{ limit: -1 }, { reverse: 1 }, { gt: 'a' }, { prefix: 'a' }, { unheardOf: 1 }]
    for (const options of [...invalid, ...more] as object[]) {
      expectRefused(db, () => [...db.history('a', options)], 'INVALID_OPTION')
    }
    const sides = [-1, 0.5, Number.NaN, null, undefined, {}, true, foreign, new Date(Number.NaN)]
    for (const side of sides as number[]) {
      expectRefused(db, () => [...db.diff(side, db.version)], 'INVALID_OPTION')
      expectRefused(db, () => [...db.diff(db.version, side)], 'INVALID_OPTION')
    }
    for (const [side, code] of [
      [db.oldestVersion - 1, 'VERSION_NOT_RETAINED'],
      [db.version + 1, 'FUTURE_VERSION'],
      ['nobody', 'UNKNOWN_TAG'],
      [new Date(0), 'VERSION_NOT_RETAINED'],
      [ended, 'TRANSACTION_CLOSED'],
    ] as [number, string][]) {
      expectRefused(db, () => [...db.diff(side, db.version)], code)
      expectRefused(db, () => [...db.diff(db.version, side)], code)
    }
    expectRefused(
      db,
      () => [...db.diff(db.version, db.version, { at: 1 } as object)],
      'INVALID_OPTION',
    )
  })

  it('tags, prune and setHistory refuse wrong arguments', () => {
    for (const name of ['', '1', '007', 1, null, undefined, {}, ['a']] as string[]) {
      expectRefused(db, () => db.tag(name), 'INVALID_OPTION')
    }
    for (const name of ['nobody', '__proto__', 'TAG']) {
      expectRefused(db, () => db.untag(name), 'UNKNOWN_TAG')
    }
    for (const before of [-1, 0.5, Number.NaN, '1', null, undefined, {}] as number[]) {
      expectRefused(db, () => db.prune({ before }), 'INVALID_OPTION')
    }
    expectRefused(db, () => db.prune({ before: db.version + 1 }), 'FUTURE_VERSION')
    expectRefused(db, () => db.prune(undefined as unknown as { before: number }), 'INVALID_OPTION')
    for (const history of [
      undefined,
      null,
      1,
      { versions: -1 },
      { versions: 0.5 },
      { ms: Number.NaN },
      { bytes: '1' },
      { unheardOf: 1 },
    ] as object[]) {
      expectRefused(db, () => db.setHistory(history), 'INVALID_OPTION')
    }
  })

  it('stores refuse other codecs, wrong names and unknown ones', () => {
    const others = [
      { keys: 'binary', values: 'json' },
      { keys: 'string', values: 'msgpack' },
      { keys: 'strings' },
      { keys: 'string', values: 'jsn' },
      { keys: 'string', values: 'json', more: 1 },
    ]
    for (const options of others) expectRefused(db, () => db.store('s', options), 'INVALID_OPTION')
    for (const name of [1, null, undefined, {}] as unknown as string[]) {
      expectRefused(db, () => db.store(name, { keys: 'string', values: 'json' }), 'INVALID_OPTION')
    }
    expectRefused(db, () => db.dropStore('nobody'), 'UNKNOWN_STORE')
    const same = db.store('s', { keys: 'string', values: 'json' })
    expect(same.get('b')).toBe(4)
  })

  it('a dropped store says so, and its past stays', () => {
    const at = db.version
    const version = db.dropStore('s')
    expect(version).toBe(at + 1)
    expect(db.stores()).toEqual([])
    expect(store.get('b', { at })).toBe(4)
    expect(db.stores({ at })).toEqual([{ name: 's', keys: 'string', values: 'json' }])
    const asks: (() => unknown)[] = [
      () => store.get('b'),
      () => store.has('b'),
      () => store.getMany(['b']),
      () => store.getEntry('b'),
      () => [...store.range()],
      () => [...store.keys()],
      () => store.count(),
      () => store.size,
      () => store.put('b', 1),
      () => store.delete('b'),
      () => store.update('b', () => 1),
      () => store.batch([{ type: 'put', key: 'b', value: 1 }]),
      () => store.clear(),
      () => store.restore({ at }),
      () => db.dropStore('s'),
    ]
    for (const ask of asks) expectRefused(db, ask, 'UNKNOWN_STORE')
    db.transact(tx => {
      expectCode(() => tx.store(store).get('b'), 'UNKNOWN_STORE')
      expectCode(() => tx.store(store).put('b', 1), 'UNKNOWN_STORE')
    })
    const again = db.store('s', { keys: 'string', values: 'json' })
    expect([again.size, store.size]).toEqual([0, 0])
    again.put('c', 1)
    expect(store.get('c')).toBe(1)
    expect(store.get('b', { at })).toBe(4)
  })
})
