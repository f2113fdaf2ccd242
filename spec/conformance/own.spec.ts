/** Arguments stay the caller's: changing them afterwards, or in the middle, changes nothing. */
import { describe, expect, it } from 'vitest'
import { ZVerse, zorder } from '../../lib/index.js'
import { checkDb } from '../support/compare.js'
import { open } from '../support/engine.js'
import { expectCode } from '../support/expect.js'

const MIB = 2 ** 20

describe('a handle on a key', () => {
  it('has a key that nobody can change', () => {
    const cases: [object, unknown, (key: never) => void][] = [
      [{ keys: 'tuple' }, ['a', [1, 2]], (key: unknown[]) => void key.splice(0, 2, 'z')],
      [{ keys: 'tuple' }, ['a', [1, 2]], (key: unknown[][]) => void key[1].push(3)],
      [{ keys: 'binary' }, Uint8Array.of(1, 2, 3), (key: Uint8Array) => void key.fill(9)],
      [{ keys: 'tuple' }, [Uint8Array.of(1)], (key: Uint8Array[]) => void key[0].fill(9)],
      [{ keys: zorder(['date']) }, [new Date(5)], (key: Date[]) => void key[0].setTime(9)],
      [{ keys: 'string' }, 'text', () => {}],
    ]
    for (const [options, key, change] of cases) {
      const db = ZVerse.open({ ...options, maxBytes: MIB } as never) as ZVerse<unknown, unknown>
      const as = structuredClone(key)
      db.put(key, 1)
      const ref = db.ref(key)
      change(key as never)
      expect(ref.key).toEqual(as)
      change(ref.key as never)
      expect(ref.key).toEqual(as)
      expect(() => Object.assign(ref, { key: 'other' })).toThrow(TypeError)
      db.put(as, 2)
      expect([ref.stale, ref.refresh().value, ref.key]).toEqual([true, 2, as])
      db.close()
    }
  })
})

describe('keys and bounds', () => {
  it('are taken when a verb is called', () => {
    const db = open({ keys: 'tuple' })
    for (let i = 0; i < 6; i++) db.put([i], i)
    const [low, high] = [[1], [3]]
    const rows = [
      db.values({ gte: low, lte: high }),
      db.values({ gt: low, lt: high, reverse: true }),
      db.values({ prefix: low }),
    ]
    const diff = db.diff(0, db.version, { gte: low, lte: high })
    low[0] = 5
    high[0] = 0
    expect(rows.map(row => [...row])).toEqual([[1, 2, 3], [2], [1]])
    expect([...diff].map(({ after }) => after)).toEqual([1, 2, 3])
    db.close()
  })

  it('of points, too', () => {
    const db = ZVerse.open({ keys: zorder(['uint8', 'uint8']), maxBytes: MIB })
    for (let i = 0; i < 9; i++) db.put([i, i], i)
    const [min, max, at, scale]: [number, number][] = [
      [2, 2],
      [4, 4],
      [6, 6],
      [1, 1],
    ]
    const rows = [db.box(min, max), db.range({ box: [min, max] }), db.range({ gte: min, lte: max })]
    const near = db.nearest(at, 3, { scale })
    for (const point of [min, max, at, scale]) point.fill(0)
    for (const row of rows) expect([...row].map(([, value]) => value)).toEqual([2, 3, 4])
    expect([...near].map(({ value }) => value)).toEqual([6, 5, 7])
    db.close()
  })

  it('of changes', async () => {
    const db = open({ keys: 'tuple' })
    const low = ['b']
    const commits = db.changes({ gte: low })
    low[0] = 'z'
    db.put(['a'], 1)
    db.put(['c'], 2)
    const { value } = await commits.next()
    expect(value?.changes.map(({ key }: { key: unknown }) => key)).toEqual([['c']])
    db.close()
  })

  it('that a callback changes: what was read is what is written', () => {
    const db = open({ keys: 'tuple' })
    db.put(['a'], 1)
    db.put(['b'], 10)
    for (const run of [db, undefined]) {
      const key = ['a']
      const change = (old: unknown) => {
        key[0] = 'b'
        return Number(old) + 1
      }
      if (run === db) db.update(key, change)
      else db.transact(tx => tx.update(key, change))
    }
    const removed = ['a']
    expect([db.get(['a']), db.get(['b'])]).toEqual([3, 10])
    db.update(removed, () => {
      removed[0] = 'b'
      db.get(['b'])
      return undefined
    })
    expect([...db.keys()]).toEqual([['b']])
    checkDb(db)
    db.close()
  })
})

describe('dates', () => {
  it('are taken when a verb is called', () => {
    const clock = { now: 1000 }
    const db = open({}, { now: () => clock.now })
    for (let i = 0; i < 4; i++) {
      db.put('k', i)
      clock.now += 1000
    }
    const date = new Date(2500)
    // A getter that is read later changes the date: before that it was a valid one.
    for (const then of [0, 9000, Number.NaN]) {
      date.setTime(2500)
      const range = {
        get limit() {
          date.setTime(then)
          return 5
        },
      }
      const difference = [...db.diff(date, 4, range)]
      expect(difference.map(({ before }) => before)).toEqual([1])
    }
    expectCode(() => db.get('k', { asOf: new Date(Number.NaN) }), 'INVALID_OPTION')
    db.close()
  })
})
