/** Indexes by functions: each runs once for a value that is written, and never for one that goes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { openWith } from '../../lib/zverse.js'
import { expectCode } from '../support/expect.js'
import { outcomeOf } from '../support/outcome.js'
import { Random } from '../support/random.js'
import { pairsOf } from './plain-index.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

interface Named {
  name?: unknown
  words?: string[]
}

/** A function that counts its runs. */
function counting<T>(run: (value: Named, key: string) => T) {
  const counted = (value: Named, key: string) => {
    counted.runs++
    return run(value, key)
  }
  counted.runs = 0
  return counted
}

const lower = () =>
  counting(({ name }) => (typeof name === 'string' ? name.toLowerCase() : (name as undefined)))
const initials = () => counting(({ words }) => words?.map(word => word[0]))

function open(options: object = {}) {
  const functions = { lower: lower(), initials: initials() }
  const db = ZVerse.open<string, Named>({ maxBytes: 2 ** 24, functions, ...options } as never)
  const take = () => {
    const { runs } = functions.lower
    functions.lower.runs = 0
    return runs
  }
  return { db, functions, take }
}

const refused = (code: string, fields: object) =>
  expect.objectContaining({ code: `ZVERSE_${code}`, ...fields })

describe('a function', () => {
  it('runs once for each value that is written, before the lock is taken', async () => {
    const { db, functions, take } = open()
    db.put('a', { name: 'Zed' })
    const low = db.index('low', { by: 'lower' })
    expect(take()).toBe(1)
    const stranger = ZVerse.attach<string, Named>(db.share())
    expect(db.put('b', { name: 'Ann' })).toBe(db.version)
    expect(take()).toBe(1)
    db.batch([
      { type: 'put', key: 'c', value: { name: 'BOB' } },
      { type: 'put', key: 'd', value: {} },
      { type: 'del', key: 'a' },
    ])
    expect(take()).toBe(2)
    await db.submit([
      { type: 'put', key: 'e', value: { name: 'Eve' } },
      { type: 'del', key: 'b' },
    ])
    expect(take()).toBe(1)
    db.transact(tx => {
      tx.put('f', { name: 'Fay' })
      tx.put('f', { name: 'FYE' })
      expect([...tx.index(low).keys({ eq: 'fye' })]).toEqual(['f'])
      tx.delete('e')
    })
    expect(take()).toBe(2)
    db.update('c', old => ({ ...old, name: 'Bert' }))
    expect(take()).toBe(1)
    expect([...low.pairs()]).toEqual([
      ['bert', 'c'],
      ['fye', 'f'],
    ])
    db.delete('c')
    db.clear({ gte: 'f' })
    expect(take()).toBe(0)
    db.restore({ at: 3 })
    expect([...low.pairs()]).toEqual([
      ['ann', 'b'],
      ['zed', 'a'],
    ])
    expect(take()).toBe(2)
    expect(functions.initials.runs).toBe(0)
    // It may use other databases.
    const others = [ZVerse.open<string, Named>({ maxBytes: 2 ** 22 })]
    const calling = ZVerse.open<string, Named>({
      maxBytes: 2 ** 24,
      functions: { lower: () => others[0].put('from inside', {}) },
    })
    calling.index('low', { by: 'lower' })
    calling.put('a', {})
    expect(others[0].has('from inside')).toBe(true)
    for (const one of [stranger, db, calling, ...others]) one.close()
  })

  it('that a thread lacks bars its puts, not its reads and deletions', async () => {
    const { db } = open()
    const low = db.index('low', { by: 'lower' })
    db.put('a', { name: 'Ann' })
    db.put('b', { name: 'Bob' })
    const other = ZVerse.attach<string, Named>(db.share())
    const lacks = refused('UNKNOWN_FUNCTION', { function: 'lower', index: 'low' })
    const { version } = db
    expect(() => other.put('c', { name: 'C' })).toThrow(lacks)
    expect(() => other.batch([{ type: 'put', key: 'c', value: {} }])).toThrow(lacks)
    expect(() => other.update('a', () => ({ name: 'x' }))).toThrow(lacks)
    await expect(other.submit({ type: 'put', key: 'c', value: {} })).rejects.toEqual(lacks)
    other.transact(tx => {
      expect(() => tx.put('c', { name: 'C' })).toThrow(lacks)
      tx.delete('b')
    })
    expect(db.version).toBe(version + 1)
    expect([...other.index('low').pairs()]).toEqual([['ann', 'a']])
    expect(() => other.index('low 2', { by: 'lower' })).toThrow(refused('UNKNOWN_FUNCTION', {}))
    other.clear()
    expect(low.count()).toBe(0)
    other.index('by none', { on: 'name' })
    expect(db.check().problems).toEqual([])
    // What one thread submits another may commit.
    const handle = ZVerse.attach<string, Named>(db.share(), { functions: { lower: lower() } })
    await Promise.all([
      other.submit({ type: 'del', key: 'z' }),
      handle.submit({ type: 'put', key: 'q', value: { name: 'QU' } }),
      other.submit({ type: 'del', key: 'y' }),
    ])
    expect([...low.pairs()]).toEqual([['qu', 'q']])
    for (const one of [handle, other, db]) one.close()
  })

  it('that throws, or gives what can be no index key, lets nothing happen', () => {
    const { db } = open()
    const strict = db.index('low', { by: 'lower' })
    db.index('lax', { by: 'lower', invalid: 'skip', missing: 'null' })
    const { version } = db
    expect(() => db.put('a', { name: {} })).toThrow(refused('INVALID_VALUE', { index: 'low' }))
    expect(() => db.put('a', { name: Number.NaN })).toThrow(refused('INVALID_VALUE', {}))
    expect(db.version).toBe(version)
    db.put('a', {})
    expect(strict.count()).toBe(0)
    expect([...db.index('lax').pairs()]).toEqual([[null, 'a']])
    const failing = ZVerse.open<string, Named>({
      maxBytes: 2 ** 22,
      functions: {
        lower: () => {
          throw new Error('mine')
        },
      },
    })
    failing.index('low', { by: 'lower' })
    failing.transact(tx => {
      expect(() => tx.put('a', {})).toThrow('mine')
      tx.delete('b')
    })
    expect(() => failing.put('a', {})).toThrow('mine')
    expect(failing.size).toBe(0)
    let inside: unknown
    const using = ZVerse.open<string, Named>({
      maxBytes: 2 ** 22,
      functions: {
        lower: () => {
          inside = outcomeOf(() => using.get('a'))
          return 'x'
        },
      },
    })
    using.index('low', { by: 'lower' })
    using.put('a', {})
    expect(inside).not.toHaveProperty('value')
    for (const one of [db, failing, using]) one.close()
  })

  it('is named well, with functions to name', () => {
    for (const functions of [5, [], { lower: 'x' }, null]) {
      expectCode(() => ZVerse.open({ functions } as never), 'INVALID_OPTION')
    }
    const { db } = open()
    for (const definition of [
      { by: '' },
      { by: 5 },
      { by: 'lower', on: 'name' },
      { kind: 'spatial', by: 'lower', dimensions: ['uint8'] },
      {},
    ]) {
      expectCode(() => db.index('low', definition as never), 'INVALID_OPTION')
    }
    expectCode(() => db.index('low', { by: 'upper' }), 'UNKNOWN_FUNCTION')
    const low = db.index('low', { by: 'lower', unique: true })
    expect(low.definition).toEqual({ by: 'lower', unique: true })
    db.put('a', { name: 'Ann' })
    expect(() => db.put('b', { name: 'ANN' })).toThrow(
      refused('NOT_UNIQUE', { index: 'low', key: 'ann', holder: 'a' }),
    )
    db.close()
  })
})

describe('an index by a function', () => {
  it(`has what plain code says, at every version, seed ${SEED}`, async () => {
    const random = new Random(SEED)
    const path = mkdtempSync(join(tmpdir(), 'zverse-function-'))
    const disk = { path, sync: 'never', background: false, history: { versions: 5, disk: {} } }
    const { db } = open(disk)
    try {
      const low = db.index('low', { by: 'lower' })
      const first = db.index('first', { by: 'initials', multi: true })
      const live = new Map<string, Named>()
      const past: { version: number; entries: Map<string, Named> }[] = []
      const plainly = (entries: Map<string, Named>) => {
        const derived = new Map<string, unknown>()
        for (const [key, { name, words }] of entries) {
          const low = typeof name === 'string' ? { low: name.toLowerCase() } : {}
          derived.set(key, { ...low, ...(words && { first: words.map(word => word[0]) }) })
        }
        return derived
      }
      const compare = (entries: Map<string, Named>, view: object) => {
        const derived = plainly(entries)
        const expected = pairsOf(derived, { on: 'low' })
        expect([...low.pairs(view)]).toEqual(expected)
        expect([...low.pairs({ reverse: true, ...view })]).toEqual([...expected].reverse())
        expect(low.count(view)).toBe(expected.length)
        expect([...low.keys({ gte: 'b', lte: 'c', ...view })]).toEqual(
          expected.filter(([key]) => key === 'b' || key === 'c').map(([, key]) => key),
        )
        expect([...low.distinct(view)].reduce((sum, [, count]) => sum + count, 0)).toBe(
          expected.length,
        )
        expect([...first.pairs(view)]).toEqual(pairsOf(derived, { on: 'first', multi: true }))
        const ordered = [...db.where({}, { order: 'low', ...view })].map(([key]) => key)
        const keys = expected.map(([, key]) => key)
        const rest = [...entries.keys()].sort().filter(key => !keys.includes(key))
        expect(ordered).toEqual([...keys, ...rest])
      }
      for (let i = 0; i < 80; i++) {
        if (i === 40) await db.compact()
        const before = { version: db.version, entries: new Map(live) }
        const write = (tx: {
          put(key: string, value: Named): unknown
          delete(key: string): unknown
        }) => {
          const key = `k${random.int(30)}`
          if (random.chance(0.3)) {
            tx.delete(key)
            live.delete(key)
            return
          }
          const value: Named = {}
          if (random.chance(0.8)) value.name = random.pick(['A', 'a', 'B', 'b', 'C', 'D'])
          if (random.chance(0.6))
            value.words = [random.pick(['x1', 'y1']), random.pick(['x2', 'z'])]
          tx.put(key, value)
          live.set(key, value)
        }
        if (random.chance(0.5)) write(db)
        else {
          db.transact(tx => {
            for (let n = random.int(9); n >= 0; n--) {
              write(tx)
              if (random.chance(0.1)) tx.index(low).count()
              if (random.chance(0.1)) {
                expectCode(
                  () =>
                    tx.batch([
                      { type: 'put', key: 'k1', value: { name: 'never' } },
                      { type: 'put', key: 'k2', value: {}, ifVersion: 1e9 },
                    ]),
                  'CONFLICT',
                )
              }
            }
          })
        }
        if (random.chance(0.1)) {
          const at = random.pick([...past, before])
          if (at.version === db.version) continue
          db.restore({ at: at.version })
          live.clear()
          for (const [key, value] of at.entries) live.set(key, value)
        }
        past.push({ version: db.version, entries: new Map(live) })
      }
      compare(live, {})
      await db.compact()
      for (const { version, entries } of past) compare(entries, { at: version })
      expect(db.check().problems).toEqual([])
    } finally {
      db.close()
      rmSync(path, { recursive: true })
    }
  })

  it('is built from dumps, opened again from disk, and of any codec', async () => {
    const path = mkdtempSync(join(tmpdir(), 'zverse-function-'))
    const size = { size: (text: string) => text.length }
    const options = { path, sync: 'never' as const, values: 'string' as const, functions: size }
    const db = ZVerse.open(options)
    const bySize = db.index('size', { by: 'size' })
    db.put('a', 'four')
    db.put('b', 'one')
    expect([...bySize.range()]).toEqual([
      ['b', 'one'],
      ['a', 'four'],
    ])
    const records = [...db.dump({ history: true })]
    db.close()
    const bare = ZVerse.open({ path, sync: 'never', values: 'string' })
    expect([...bare.index('size').pairs({ gt: 3 })]).toEqual([[4, 'a']])
    bare.delete('a')
    expectCode(() => bare.put('c', 'see'), 'UNKNOWN_FUNCTION')
    expect(bare.check().problems).toEqual([])
    bare.close()
    const copy = ZVerse.open({ values: 'string', functions: size, maxBytes: 2 ** 22 })
    copy.load(records)
    expect([...copy.index('size').pairs()]).toEqual([
      [3, 'b'],
      [4, 'a'],
    ])
    const without = ZVerse.open({ values: 'string', maxBytes: 2 ** 22 })
    expectCode(() => without.load(records), 'UNKNOWN_FUNCTION')
    expect([without.size, without.indexes()]).toEqual([0, []])
    for (const one of [copy, without]) one.close()
    rmSync(path, { recursive: true })
  })

  it('survives each allocation that fails', () => {
    const make = () => {
      const world = { now: () => 1, poison: true, functions: new Map() }
      const db = openWith(
        { maxBytes: 2 ** 24, functions: { lower: lower(), initials: initials() } },
        world,
      ) as unknown as ZVerse<string, Named>
      db.index('low', { by: 'lower' })
      db.index('first', { by: 'initials', multi: true })
      for (let i = 0; i < 50; i++) db.put(`k${i}`, { name: `N${i % 7}`, words: [`w${i}`, `v${i}`] })
      return db
    }
    const write = (db: ZVerse<string, Named>) =>
      db.transact(tx => {
        for (let i = 0; i < 12; i++)
          tx.put(`k${i * 3}`, { name: `M${i}`, words: ['u'.repeat(i * 90 + 1)] })
        tx.delete('k4')
        tx.batch([{ type: 'put', key: 'k7', value: {} }])
        tx.delete('k9')
      })
    const stateOf = (db: ZVerse<string, Named>) =>
      JSON.stringify([db.version, ...['low', 'first'].map(name => [...db.index(name).pairs()])])
    const twin = make()
    write(twin)
    const after = stateOf(twin)
    const db = make()
    const before = stateOf(db)
    let failures = 0
    for (let n = 1; ; n++) {
      db._test.failAfter(n)
      const outcome = outcomeOf(() => write(db))
      db._test.failAfter(0)
      if (!('code' in outcome)) break
      failures++
      expect(outcome.code).toBe('ZVERSE_FULL')
      expect(stateOf(db)).toBe(before)
      expect(db.check()).toMatchObject({ problems: [], leakedBytes: 0 })
    }
    expect(failures).toBeGreaterThan(10)
    expect(stateOf(db)).toBe(after)
    expect(db.check()).toMatchObject({ problems: [], leakedBytes: 0 })
    twin.close()
    db.close()
  })
})
