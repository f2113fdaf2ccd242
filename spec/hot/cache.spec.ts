/**
 * Decoded values that callers share: which are kept, that they are frozen, bounded, and never stale.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attachWith, type ZVerse } from '../../lib/zverse.js'
import { openPublic } from '../support/engine.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { counts, type HotDb, hotStore, openHot, property, SEED, sound } from './support.js'
import { type Plan, World } from './world.js'

const cache = { bytes: 2 ** 20 }

/** True if a value is frozen to the bottom. */
function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen)
}

describe('the option', () => {
  const wrong: [string, unknown][] = [
    ...[null, true, 5, 'x', [], [1], () => 1].map((value): [string, unknown] => ['cache', value]),
    ['cache.bytes', {}],
    ['cache.bytes', { freeze: false }],
    ['cache.bytes', { bytes: undefined }],
    ...[-1, 1.5, Number.NaN, Infinity, '1', null, 5n, 2 ** 53].map((bytes): [string, unknown] => [
      'cache.bytes',
      { bytes },
    ]),
    ...[0, 1, 'yes', null, {}].map((freeze): [string, unknown] => [
      'cache.freeze',
      { bytes: 1, freeze },
    ]),
    ['cache.size', { bytes: 1, size: 1 }],
  ]
  it.each(wrong)('is refused, naming %s: %o', (name, value) => {
    const error = expectCode(() => openPublic({ cache: value }), 'INVALID_OPTION')
    expect(error.message).toContain(name)
    expect((error as unknown as { option: string }).option).toBe(name)
  })

  it('may be absent, or in part', () => {
    const given = [
      undefined,
      { bytes: 0 },
      { bytes: 1, freeze: undefined },
      { bytes: 1, x: undefined },
    ]
    for (const value of given) {
      const db = openPublic({ cache: value }) as HotDb
      db.put('a', { x: 1 })
      expect(db.get('a')).toEqual({ x: 1 })
      expect(counts(db).maxValueBytes).toBe((value as { bytes?: number } | undefined)?.bytes ?? 0)
      db.close()
    }
  })

  it('keeps nothing, and freezes nothing, with no bytes or none given', () => {
    for (const options of [{}, { cache: { bytes: 0 } }]) {
      const db = openHot(options)
      db.put('a', { x: [1] })
      expect(db.get('a')).not.toBe(db.get('a'))
      expect(Object.isFrozen(db.get('a'))).toBe(false)
      expect(counts(db)).toMatchObject({ values: 0, valueBytes: 0, hits: 0, maxValueBytes: 0 })
    }
  })
})

describe('what is read', () => {
  it('is shared by get, getMany, getEntry, read transactions and views, and frozen', () => {
    const db = openHot({ cache })
    const version = db.put('a', { x: [1, { y: 2 }] })
    db.tag('it')
    const value = db.get('a')
    expect(value).toEqual({ x: [1, { y: 2 }] })
    expect(isDeepFrozen(value)).toBe(true)
    const tx = db.beginRead()
    const all = [
      db.get('a'),
      ...db.getMany(['a', 'a']),
      db.getEntry('a')?.value,
      db.get('a', { at: version }),
      db.get('a', { at: 'it' }),
      db.get('a', { snapshot: tx }),
      tx.get('a'),
      tx.getMany(['a'])[0],
      tx.getEntry('a')?.value,
    ]
    for (const one of all) expect(one).toBe(value)
    tx.close()
    // Each entry is the caller's own.
    expect(db.getEntry('a')).not.toBe(db.getEntry('a'))
    expect(Object.isFrozen(db.getEntry('a'))).toBe(false)
    expect(() => {
      ;(value as { x: unknown }).x = 3
    }).toThrow(TypeError)
    expect(db.get('a')).toEqual({ x: [1, { y: 2 }] })
    const { hits, misses, values, valueBytes, maxValueBytes } = counts(db)
    expect(hits).toBeGreaterThanOrEqual(10)
    expect([misses, values, maxValueBytes]).toEqual([1, 1, cache.bytes])
    expect(valueBytes).toBeGreaterThan(0)
  })

  it('by ranges, history, diff, changes and inside write transactions is the caller’s own', async () => {
    const db = openHot({ cache })
    const before = db.version
    db.put('a', { x: 1 })
    const shared = db.get('a')
    const own = [
      [...db.range()][0][1],
      [...db.values()][0],
      [...db.entries()][0][1],
      [...db.getEntries()][0].value,
      [...db][0][1],
      [...db.history('a')][0].value,
      [...db.diff(before, db.version)][0].after,
      (await db.changes({ since: before }).next()).value?.changes[0].value,
      db.transact(tx => tx.get('a')),
      db.transact(tx => tx.getEntry('a')?.value),
      db.transact(tx => tx.getMany(['a'])[0]),
    ]
    db.update('a', old => {
      own.push(old)
      return old
    })
    for (const one of own) {
      expect(one).toEqual({ x: 1 })
      expect(one).not.toBe(shared)
      expect(Object.isFrozen(one)).toBe(false)
    }
    expect(new Set(own).size).toBe(own.length)
  })

  const odd = (): [string, unknown][] => [
    ['a Date', new Date(5)],
    ['a Map', new Map([[1, { x: 1 }]])],
    ['a Set', new Set([1])],
    ['bytes', Uint8Array.of(1, 2)],
    ['a typed array', Float64Array.of(1.5)],
    ['an ArrayBuffer', new ArrayBuffer(3)],
  ]
  it.each(odd())(
    'that cannot be frozen (%s) is neither shared nor frozen, nor what holds it',
    (_, it_) => {
      const db = openHot({ cache })
      for (const value of [it_, [it_], { deep: [{ it_ }], x: { y: 1 } }]) {
        db.put('a', value)
        const [one, other] = [db.get('a'), db.get('a')]
        expect(one).toEqual(value)
        expect(one).not.toBe(other)
        if (typeof one === 'object' && !ArrayBuffer.isView(one))
          expect(Object.isFrozen(one)).toBe(false)
        if (value !== it_ && !Array.isArray(value)) {
          expect(Object.isFrozen((one as { x: unknown }).x)).toBe(false)
        }
      }
      expect(counts(db).values).toBe(0)
      const shares = openHot({ cache: { ...cache, freeze: false } })
      shares.put('a', it_)
      expect(shares.get('a')).toBe(shares.get('a'))
      expect(Object.isFrozen(shares.get('a'))).toBe(
        ArrayBuffer.isView(it_) ? false : Object.isFrozen(it_),
      )
    },
  )

  it('is shared, and not frozen, where the user says so', () => {
    const db = openHot({ cache: { ...cache, freeze: false } })
    db.put('a', { x: [1] })
    const value = db.get('a') as { x: number[] }
    expect(db.get('a')).toBe(value)
    expect([Object.isFrozen(value), Object.isFrozen(value.x)]).toEqual([false, false])
    value.x.push(2)
    expect(db.get('a')).toEqual({ x: [1, 2] })
    expect([...db.values()]).toEqual([{ x: [1] }])
  })

  it.each([
    ['string', 'text', 'other'],
    ['json', { a: [1] }, [2]],
    ['msgpack', { a: [1n] }, [Number.NaN]],
    ['msgpack', 'text', null],
    ['msgpack', 2n ** 70n, -0],
  ])('is right with %s values', (values, first, second) => {
    const db = openHot({ values, cache })
    db.put('a', first)
    expect(db.get('a')).toEqual(first)
    expect(db.get('a')).toBe(db.get('a'))
    db.put('a', second)
    expect(db.get('a')).toEqual(second)
    expect(counts(db).hits).toBeGreaterThan(0)
    expect(isDeepFrozen(db.get('a'))).toBe(true)
  })

  it('is not shared with binary values, unless nothing is to be frozen', () => {
    const db = openHot({ values: 'binary', cache })
    db.put('a', Uint8Array.of(1, 2))
    const value = db.get('a') as Uint8Array
    value.fill(9)
    expect(db.get('a')).toEqual(Uint8Array.of(1, 2))
    expect(counts(db).values).toBe(0)
    const shares = openHot({ values: 'binary', cache: { ...cache, freeze: false } })
    shares.put('a', Uint8Array.of(1, 2))
    expect(shares.get('a')).toBe(shares.get('a'))
  })

  it('is shared of a custom codec if it is plain, and decoded once', () => {
    let decoded = 0
    class Point {
      x = 1
    }
    const values = {
      name: 'mine',
      encode: (value: unknown) => Buffer.from(JSON.stringify(value)),
      decode: (bytes: Uint8Array) => {
        decoded++
        const value = JSON.parse(Buffer.from(bytes).toString())
        if (value === 'point') return new Point()
        if (value === 'nothing') return undefined
        if (value === 'ring') {
          const ring: unknown[] = [{}]
          ring.push(ring)
          return ring
        }
        return value
      },
    }
    const db = openHot({ values, cache })
    db.batch(['plain', 'point', 'nothing', 'ring'].map(key => ({ type: 'put', key, value: key })))
    for (const key of ['plain', 'nothing', 'ring']) {
      decoded = 0
      expect(db.get(key)).toBe(db.get(key))
      expect(decoded, key).toBe(1)
    }
    expect(Object.isFrozen(db.get('ring'))).toBe(true)
    expect(db.get('point')).not.toBe(db.get('point'))
    expect(Object.isFrozen(db.get('point'))).toBe(false)
    expect(db.has('nothing')).toBe(true)
  })

  it('is frozen in an object with a key called __proto__, too', () => {
    for (const values of ['json', 'msgpack']) {
      const db = openHot({ values, cache })
      db.put('a', JSON.parse('{"__proto__": {"x": 1}, "constructor": [1]}'))
      const value = db.get('a') as object
      const { value: inner } = Object.getOwnPropertyDescriptor(value, '__proto__') ?? {}
      if (db.get('a') === value)
        expect([isDeepFrozen(value), isDeepFrozen(inner)]).toEqual([true, true])
      expect(Object.keys(value)).toEqual(['__proto__', 'constructor'])
    }
  })

  it('is kept in each thread that attaches', () => {
    const db = openHot({ cache })
    db.put('a', { x: 1 })
    const handle = (db as unknown as ZVerse).share()
    const other = attachWith(handle, undefined, { now: Date.now }) as unknown as HotDb
    expect(counts(other).maxValueBytes).toBe(cache.bytes)
    const value = other.get('a')
    expect(other.get('a')).toBe(value)
    expect(isDeepFrozen(value)).toBe(true)
    expect(db.get('a')).not.toBe(value)
    db.put('a', { x: 2 })
    expect(other.get('a')).toEqual({ x: 2 })
    expect(db.get('a')).toEqual({ x: 2 })
    other.close()
  })
})

describe('the bound', () => {
  it('holds, whatever is read', () => {
    const random = new Random(SEED)
    for (const bytes of [1, 500, 5000, 100_000]) {
      const db = openHot({ cache: { bytes } })
      for (let i = 0; i < 300; i++) {
        db.put(`key ${i}`, { i, pad: 'x'.repeat(random.int(random.chance(0.1) ? 20_000 : 200)) })
      }
      for (let n = 0; n < 1500; n++) {
        const i = random.int(300)
        const value = db.get(`key ${i}`) as { i: number }
        expect(value.i).toBe(i)
        expect(counts(db).valueBytes).toBeLessThanOrEqual(bytes)
      }
      const { values, hits, misses } = counts(db)
      if (bytes >= 5000) {
        expect(values).toBeGreaterThan(5)
        expect(hits).toBeGreaterThan(0)
      }
      expect(hits + misses).toBe(1500)
      db.close()
    }
  })

  it('leaves room for what is hot', () => {
    const db = openHot({ cache: { bytes: 20_000 } })
    const random = new Random(SEED)
    db.batch(Array.from({ length: 5000 }, (_, i) => ({ type: 'put', key: `${i}`, value: { i } })))
    const hitsNow = () => counts(db).hits
    for (let n = 0; n < 20_000; n++) {
      const i = random.chance(0.8) ? random.int(20) : random.int(5000)
      db.get(`${i}`)
    }
    const hits = hitsNow()
    for (let n = 0; n < 1000; n++) {
      db.get(`${random.int(20)}`)
      db.get(`${random.int(5000)}`)
    }
    expect(hitsNow() - hits).toBeGreaterThan(800)
  })
})

describe(`what is kept is never stale, ZVERSE_SEED=${SEED}`, () => {
  const plans: fc.Arbitrary<Plan> = fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    size: fc.integer({ min: 1, max: 150 }),
    commits: fc.integer({ min: 1, max: 60 }),
    versions: fc.constantFrom(0, 3, 1000),
    firstVersion: fc.constantFrom(0, 2 ** 32 - 20),
    announced: fc.boolean(),
    twin: fc.boolean(),
    cache: fc.record({ bytes: fc.constantFrom(1000, 4000, 2 ** 20), freeze: fc.boolean() }),
  })
  property('in any version and store, however memory is used again', 20, plans, plan => {
    const world = new World(plan)
    for (let n = 0; n < plan.commits; n++) {
      world.commit()
      world.compare(15)
    }
    world.sound()
    world.close()
  })

  it('when entries follow each other in the same memory', () => {
    const db = openHot({ cache, history: { versions: 0 } }, { poison: true })
    const other = hotStore(db, 'other')
    for (let i = 0; i < 3000; i++) {
      const store = i % 3 === 0 ? other : db
      const key = `k${i % 5}`
      store.put(key, { i })
      expect(store.get(key)).toEqual({ i })
      if (i % 7 === 0) {
        store.delete(key)
        expect(store.get(key)).toBe(undefined)
      }
      const tx = db.beginWrite()
      tx.put('k1', { never: i })
      expect(tx.get('k1')).toEqual({ never: i })
      expect(db.get('k1')).not.toEqual({ never: i })
      tx.abort()
      if (i % 32 === 0) db.prune({ before: db.version })
    }
    sound(db)
  })
})
