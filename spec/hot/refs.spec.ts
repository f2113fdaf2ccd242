/**
 * References (`db.ref`): their answers, and that no reuse of memory deceives them.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyBuffer } from '../../lib/key/codec.js'
import { R_STATE, S_LIVE, T_READS } from '../../lib/memory/layout.js'
import type { KeyRef } from '../../lib/verbs/ref.js'
import { attachWith, type ZVerse } from '../../lib/zverse.js'
import type { Database } from '../support/contract.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { counts, type HotDb, hotStore, insides, openHot, property, SEED, sound } from './support.js'

type Ref = KeyRef<unknown, unknown>

/** Reference of a key's present entry; 0: it is absent. */
function entryOf(db: Database, key: string): number {
  const { _core: core } = db as unknown as ZVerse
  const { W, epochs } = core.engine
  const other = new KeyBuffer()
  core.encodeKey(key, other)
  return core.find(W[epochs.versions.current + R_STATE + S_LIVE], other)
}

/** Reads that this handle has begun. */
function reads(db: Database): number {
  const { W, epochs } = insides(db)
  return W[epochs.line + T_READS]
}

/** The answers of a reference, before and after it is refreshed. */
function expectRef(ref: Ref, db: Pick<Database, 'getEntry'>, what = ''): void {
  const entry = db.getEntry(ref.key)
  expect(ref.stale, what).toBe(ref.version !== (entry?.version ?? null))
}

describe.each([
  ['with a point index', true],
  ['without', false],
])('a handle, %s', (_, pointIndex) => {
  const openIt = (more = {}, hooks = {}) => openHot({ pointIndex, ...more }, hooks)

  it('has value and version as of when it was made or refreshed', () => {
    const db = openIt()
    const v1 = db.put('a', { x: 1 })
    const ref = db.ref('a')
    expect(ref.key).toBe('a')
    expect([ref.value, ref.version, ref.stale]).toEqual([{ x: 1 }, v1, false])
    const v2 = db.put('a', { x: 2 })
    expect([ref.value, ref.version, ref.stale]).toEqual([{ x: 1 }, v1, true])
    expect([ref.value, ref.version, ref.stale]).toEqual([{ x: 1 }, v1, true])
    expect(ref.refresh()).toBe(ref)
    expect([ref.value, ref.version, ref.stale]).toEqual([{ x: 2 }, v2, false])
    db.put('b', 1)
    expect(ref.stale).toBe(false)
    const equal = db.put('a', { x: 2 })
    expect(ref.stale, 'rewritten with an equal value').toBe(true)
    expect(ref.refresh().version).toBe(equal)
  })

  it('of an absent key has no value, and null for a version', () => {
    const db = openIt()
    const ref = db.ref('a')
    expect([ref.value, ref.version, ref.stale]).toEqual([undefined, null, false])
    db.put('b', 1)
    db.delete('b')
    expect(ref.stale).toBe(false)
    const version = db.put('a', 0)
    expect(ref.stale).toBe(true)
    expect(ref.refresh()).toMatchObject({ value: 0, version })
    db.delete('a')
    expect(ref.stale).toBe(true)
    expect(ref.refresh().version).toBe(null)
    expect(ref.value).toBe(undefined)
    // Written and deleted since: its reader does not have to know.
    db.put('a', 1)
    db.delete('a')
    expect(ref.stale).toBe(false)
  })

  it('gives what ifVersion takes', () => {
    const db = openIt()
    const ref = db.ref('a')
    db.put('a', 1, { ifVersion: ref.version })
    expectCode(() => db.put('a', 2, { ifVersion: ref.version }), 'CONFLICT')
    db.put('a', 2, { ifVersion: ref.refresh().version })
    expect(db.get('a')).toBe(2)
    expectCode(() => db.delete('a', { ifVersion: ref.version }), 'CONFLICT')
    db.delete('a', { ifVersion: ref.refresh().version })
    expect(ref.refresh().version).toBe(null)
  })

  it.each([
    ['tuple', ['a', [1, null]], ['a', [1, false]]],
    ['binary', Uint8Array.of(1, 2, 3, 4, 0), Uint8Array.of(1, 2, 3, 4)],
    ['string', 'x'.repeat(4096), 'x'.repeat(4095)],
    ['string', '', '\0'],
  ])('takes %s keys', (keys, key, other) => {
    const db = openIt({ keys })
    const version = db.put(key, 1)
    const [ref, absent] = [db.ref(key), db.ref(other)]
    expect([ref.version, absent.version]).toEqual([version, null])
    db.put(other, 2)
    expect([ref.stale, absent.stale]).toEqual([false, true])
    expect(absent.refresh().value).toBe(2)
    db.clear()
    expect([ref.stale, absent.stale]).toEqual([true, true])
    for (const wrong of [undefined, Symbol('x'), () => 1]) {
      expectCode(() => db.ref(wrong), 'INVALID_KEY')
    }
    expectCode(
      () => db.ref(keys === 'binary' ? new Uint8Array(20_000) : 'x'.repeat(20_000)),
      ['KEY_TOO_LARGE'],
    )
  })

  it('keeps to its key when what it was made of is changed, or other verbs are called', () => {
    const db = openIt({ keys: 'binary' })
    const key = Uint8Array.of(1, 2, 3, 4, 5)
    db.put(key, 'it')
    const ref = db.ref(key)
    key.fill(9)
    db.put(key, 'another')
    db.getMany([key, Uint8Array.of(7)])
    expect(ref.stale).toBe(false)
    expect(ref.refresh().value).toBe('it')
  })

  it('knows of every way to write', () => {
    const db = openIt()
    const before = db.put('a', 1)
    const ref = db.ref('a')
    const ways: [string, () => unknown][] = [
      ['put', () => db.put('a', 2)],
      ['delete', () => db.delete('a')],
      ['batch', () => db.batch([{ type: 'put', key: 'a', value: 3 }])],
      ['update', () => db.update('a', () => 4)],
      ['clear of a range', () => db.clear({ prefix: 'a' })],
      ['restore', () => db.restore({ at: before })],
      ['clear', () => db.clear()],
      ['transaction', () => db.transact(tx => tx.put('a', 5))],
      [
        'transaction that writes it often, and rolls back a part',
        () =>
          db.transact(tx => {
            for (let i = 0; i < 100; i++) tx.put(`${i}`, i)
            tx.put('a', 6)
            expectCode(
              () => tx.batch([{ type: 'put', key: 'a', value: 1, ifVersion: 1 }]),
              'CONFLICT',
            )
            for (let i = 0; i < 100; i++) tx.put(`${i}`, i)
          }),
      ],
      [
        'clear and put in one',
        () =>
          db.transact(tx => {
            tx.clear()
            tx.put('b', 1)
          }),
      ],
    ]
    for (const [what, write] of ways) {
      expect(ref.stale, `before ${what}`).toBe(false)
      write()
      expect(ref.stale, what).toBe(true)
      expect(ref.refresh().version).toBe(db.getEntry('a')?.version ?? null)
    }
    sound(db)
  })

  it('does not know of what is not committed', () => {
    const db = openIt()
    db.put('a', 1)
    const ref = db.ref('a')
    const tx = db.beginWrite()
    tx.put('a', 2)
    const made = db.ref('a')
    const absent = db.ref('b')
    tx.put('b', 1)
    for (const one of [ref, made, absent]) expect(one.stale).toBe(false)
    expect(made.refresh().value).toBe(1)
    tx.abort()
    for (const one of [ref, made, absent]) expect(one.stale).toBe(false)
    // The same version is made after all, by another transaction.
    db.put('a', 3)
    for (const one of [ref, made]) expect(one.stale).toBe(true)
    expect(absent.stale).toBe(false)
    db.transact(() => {
      expect(db.ref('a').value).toBe(3)
    })
  })

  it('that is made first in the middle of a transaction is told of that, too', () => {
    const db = openIt()
    db.put('a', 1)
    const tx = db.beginWrite()
    tx.put('a', 2)
    const ref = db.ref('a')
    expect(ref.stale).toBe(false)
    tx.commit()
    expect(ref.stale).toBe(true)
    expect(ref.refresh().stale).toBe(false)
    db.put('a', 3)
    expect(ref.stale).toBe(true)
  })

  it('that another handle of this thread makes then is, too', () => {
    const db = openIt()
    db.put('a', 1)
    const handle = (db as unknown as ZVerse).share()
    const other = attachWith(handle, undefined, { now: Date.now }) as unknown as HotDb
    const tx = db.beginWrite()
    tx.put('a', 2)
    const ref = other.ref('a')
    expect(ref.stale).toBe(false)
    tx.commit()
    expect(ref.stale).toBe(true)
    ref.refresh()
    other.put('a', 3)
    expect(ref.stale).toBe(true)
    other.close()
    expectCode(() => ref.stale, 'CLOSED')
    expect(db.ref('a').value).toBe(3)
  })

  it('ends with the database', () => {
    const db = openIt()
    db.put('a', 1)
    const ref = db.ref('a')
    db.close()
    expect([ref.key, ref.value, ref.version]).toEqual(['a', 1, 1])
    expectCode(() => ref.stale, 'CLOSED')
    expectCode(() => ref.refresh(), 'CLOSED')
    expectCode(() => db.ref('a'), 'CLOSED')
    expect([ref.value, ref.version]).toEqual([1, 1])
  })

  it('of a named store is about that', () => {
    const db = openIt()
    const side = hotStore(db, 'side', { values: 'json' })
    const version = side.put('a', [1])
    const [here, there] = [db.ref('a'), side.ref('a')]
    expect([here.version, there.version, there.value]).toEqual([null, version, [1]])
    db.put('a', 2)
    expect([here.stale, there.stale]).toEqual([true, false])
    side.clear()
    expect([here.refresh().stale, there.stale]).toEqual([false, true])
    expect(there.refresh().version).toBe(null)
  })

  it('of a store that is dropped says so, and follows the name', () => {
    const db = openIt()
    const side = hotStore(db, 'side')
    side.put('a', 1)
    const refs = [side.ref('a'), side.ref('absent')]
    db.dropStore('side')
    for (const ref of refs) {
      for (let i = 0; i < 2; i++) {
        expectCode(() => ref.stale, 'UNKNOWN_STORE')
        expectCode(() => ref.refresh(), 'UNKNOWN_STORE')
      }
    }
    expectCode(() => side.ref('a'), 'UNKNOWN_STORE')
    const again = hotStore(db, 'side')
    expect(refs.map(ref => ref.stale)).toEqual([true, false])
    again.put('absent', 2)
    expect(refs.map(ref => ref.stale)).toEqual([true, true])
    expect(refs.map(ref => ref.refresh().value)).toEqual([undefined, 2])
    sound(db)
  })

  it('is left as it was when its value cannot be read', () => {
    let fails = false
    const values = {
      name: 'sometimes',
      encode: (value: unknown) => Buffer.from(String(value)),
      decode: (bytes: Uint8Array) => {
        if (fails) throw new Error('not now')
        return Buffer.from(bytes).toString()
      },
    }
    const db = openIt({ values })
    db.put('a', 1)
    const ref = db.ref('a')
    db.put('a', 2)
    fails = true
    expect(() => ref.refresh()).toThrow('not now')
    expect([ref.value, ref.version, ref.stale]).toEqual(['1', 1, true])
    fails = false
    expect(ref.refresh().value).toBe('2')
  })

  it('costs no read while nothing is written', () => {
    for (const firstVersion of [0, 2 ** 31 - 1, 2 ** 47]) {
      const db = openIt({}, { firstVersion })
      db.put('a', 1)
      const ref = db.ref('a')
      // The first may have to look.
      expect(ref.stale).toBe(false)
      const before = reads(db)
      for (let i = 0; i < 50; i++) expect(ref.stale).toBe(false)
      expect(reads(db), `from version ${firstVersion} on`).toBe(before)
      for (let i = 0; i < 5; i++) {
        db.put('a', i)
        expect(ref.stale, `from version ${firstVersion} on`).toBe(true)
        ref.refresh()
        expect(ref.stale).toBe(false)
      }
      const after = reads(db)
      for (let i = 0; i < 50; i++) expect(ref.stale).toBe(false)
      expect(reads(db)).toBe(after)
    }
  })

  it('of one key notices a write of it among thousands that share its group', () => {
    const db = openIt({ history: { versions: 0 } })
    const random = new Random(SEED)
    const count = 9000
    db.transact(tx => {
      for (let i = 0; i < count; i++) tx.put(`key ${i}`, i)
    })
    const refs = Array.from({ length: 300 }, () => db.ref(`key ${random.int(count)}`))
    for (let n = 0; n < 200; n++) {
      const i = random.int(count)
      if (random.chance(0.3)) db.delete(`key ${i}`)
      else db.put(random.chance(0.3) ? (random.pick(refs).key as string) : `key ${i}`, n)
      for (let k = 0; k < 10; k++) expectRef(random.pick(refs), db)
      if (random.chance(0.5)) random.pick(refs).refresh()
    }
    for (const ref of refs) expectRef(ref, db)
  })

  describe('when memory is used again', () => {
    const quiet = { history: { versions: 0 } }

    /** Writes `key` until its entry lies where an earlier one lay. */
    function land(db: HotDb, key: string, entry: number, value: unknown): void {
      for (let i = 0; i < 500; i++) {
        db.put(key, value)
        db.prune({ before: db.version })
        if (entryOf(db, key) === entry) return
      }
      expect.fail('the allocator does not give that block again')
    }

    it.each([
      ['deleted and written', (db: HotDb) => db.delete('key')],
      ['overwritten', () => {}],
      ['cleared and written', (db: HotDb) => db.clear()],
    ])('by the same key, %s: it is stale', (_, first) => {
      const db = openIt(quiet, { poison: true })
      const version = db.put('key', 'value')
      const entry = entryOf(db, 'key')
      const ref = db.ref('key')
      first(db)
      land(db, 'key', entry, 'eulav')
      expect(entryOf(db, 'key')).toBe(entry)
      expect(ref.stale).toBe(true)
      expect([ref.value, ref.version]).toEqual(['value', version])
      expect(ref.refresh().value).toBe('eulav')
      expect(ref.version).toBe(db.version)
    })

    it('by another key: it is stale, and the other one is not', () => {
      const db = openIt(quiet, { poison: true })
      db.put('key', 'value')
      const entry = entryOf(db, 'key')
      const ref = db.ref('key')
      db.delete('key')
      land(db, 'kez', entry, 'other')
      const other = db.ref('kez')
      expect([ref.stale, other.stale]).toEqual([true, false])
      expect([ref.refresh().value, other.value]).toEqual([undefined, 'other'])
      db.delete('kez')
      land(db, 'key', entry, 'again')
      expect([ref.stale, other.stale]).toEqual([true, true])
    })

    it('keeps nothing from being used again', () => {
      const db = openIt(quiet)
      const { memory } = db.stats() as { memory: { usedBytes: number } }
      const refs: Ref[] = []
      for (let i = 0; i < 500; i++) {
        db.put('key', 'x'.repeat(1000))
        refs.push(db.ref('key'))
      }
      db.prune({ before: db.version })
      const now = (db.stats() as { memory: { usedBytes: number } }).memory
      expect(now.usedBytes).toBeLessThan(memory.usedBytes + 64 * 1024)
      expect(refs.filter(ref => ref.stale)).toHaveLength(499)
    })
  })

  const plans = fc.tuple(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.constantFrom(0, 2 ** 32 - 9))
  property('says what a look at the entry says', 12, plans, ([seed, firstVersion]) => {
    const random = new Random(seed)
    const slots = random.chance(0.5) ? ('always' as const) : ('auto' as const)
    const history = { versions: random.pick([0, 5]) }
    const db = openIt({ history }, { firstVersion, slots, poison: true })
    const stores = [db, hotStore(db, 's')]
    const key = () => `key ${random.int(12)}`
    const refs: [Ref, HotDb | ReturnType<typeof hotStore>][] = []
    for (let n = 0; n < 120; n++) {
      const store = random.pick(stores)
      const choice = random.int(20)
      if (choice < 5) store.put(key(), n)
      else if (choice < 8) store.delete(key())
      else if (choice === 8) store.clear()
      else if (choice < 12) {
        const tx = db.beginWrite()
        const draft = store === db ? tx : tx.store(store as ReturnType<typeof hotStore>)
        for (let i = random.int(60); i > 0; i--) {
          if (random.chance(0.6)) draft.put(key(), i)
          else draft.delete(key())
          if (random.chance(0.05)) draft.clear()
          if (random.chance(0.05)) {
            const bad = { type: 'put' as const, key: key(), value: 0, ifVersion: 2 ** 50 }
            expectCode(() => draft.batch([bad]), 'CONFLICT')
          }
          if (random.chance(0.05)) refs.push([store.ref(key()), store])
        }
        if (random.chance(0.6)) tx.commit()
        else tx.abort()
      } else if (choice < 16) refs.push([store.ref(key()), store])
      else if (refs.length > 0) random.pick(refs)[0].refresh()
      for (const [ref, of] of refs) {
        expectRef(ref, of)
        if (!ref.stale) expect(ref.value).toEqual(of.get(ref.key))
      }
      if (refs.length > 20) refs.splice(random.int(refs.length), 5)
    }
    sound(db)
    db.close()
  })
})

describe('a handle and the cache', () => {
  it('shares what is kept', () => {
    const db = openHot({ cache: { bytes: 1e5 } })
    db.put('a', { x: [1] })
    const ref = db.ref('a')
    expect(ref.value).toBe(db.get('a'))
    expect(Object.isFrozen(ref.value)).toBe(true)
    expect(counts(db).hits).toBeGreaterThan(0)
  })

  it('has a value of its own where nothing is', () => {
    const db = openHot()
    db.put('a', { x: [1] })
    expect(db.ref('a').value).not.toBe(db.ref('a').value)
    expect(Object.isFrozen(db.ref('a').value)).toBe(false)
    expect(insides(db).cache).toBe(null)
  })
})
