/**
 * Built-in kinds of other realms, and Dates of other classes, wherever the public interface takes them:
 * in values, keys, options, views, sides, dumps, levels.
 */
import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { fromJson, toJson, ZVerse, zorder } from '../../lib/index.js'
import { ZVerseLevel } from '../../lib/level/index.js'

const MS = Date.UTC(2001, 1, 3, 4, 5, 6, 7)
const realm = createContext({})
const foreign = (source: string): never => runInContext(`(${source})`, realm) as never

class ClockDate extends Date {
  static override now() {
    return 0
  }
  constructor(...given: [] | [number]) {
    super(...(given.length === 0 ? ([0] as [number]) : given))
    Object.defineProperty(this, 'constructor', { value: Date, enumerable: false })
  }
  override getTime() {
    return 0
  }
  override toISOString() {
    return 'never'
  }
}

const dates: Record<string, Date> = {
  'of this realm': new Date(MS),
  'of another realm': foreign(`new Date(${MS})`),
  'of a fake class': new ClockDate(MS),
  'of a fake class of another realm': foreign(
    `new (class extends Date { static now() { return 0 } })(${MS})`,
  ),
}

describe('a Date', () => {
  for (const [name, date] of Object.entries(dates)) {
    it(`${name} is one in values and keys`, () => {
      const db = ZVerse.open()
      db.put('k', [date, { date }, new Map([[date, new Set([date])]])])
      const plain = new Date(MS)
      expect(db.get('k')).toStrictEqual([
        plain,
        { date: plain },
        new Map([[plain, new Set([plain])]]),
      ])
      expect(toJson({ date })).toBe(toJson({ date: plain }))
      expect(fromJson(toJson(date))).toStrictEqual(plain)
      const copy = ZVerse.open()
      copy.load(db.dump())
      expect(copy.get('k')).toStrictEqual(db.get('k'))

      const space = db.store('space', { keys: zorder(['date', 'uint8']) })
      space.put([date, 1], 'v')
      expect(space.get([plain, 1])).toBe('v')
      expect(space.keys().toArray()).toStrictEqual([[plain, 1]])
      expect(space.box([date, 0], [date, 9]).toArray()).toHaveLength(1)
      expect(
        space
          .range({
            box: [
              [date, null],
              [null, null],
            ],
          })
          .toArray(),
      ).toHaveLength(1)
      expect(space.range({ gte: [date, 0] }).toArray()).toHaveLength(1)
      expect(space.nearest([date, null], 1).toArray()[0]).toMatchObject({ distance: 0 })
      for (const each of [db, copy]) each.close()
    })

    it(`${name} is one in views and sides`, async () => {
      const db = ZVerse.open({ keys: 'binary', values: 'binary' })
      const key = Uint8Array.of(1)
      db.put(key, key)
      expect(db.version).toBe(1)
      expect(db.has(key, { asOf: date })).toBe(false)
      expect(db.beginRead({ asOf: date }).version).toBe(0)
      expect(db.diff(date, 1).toArray()).toHaveLength(1)
      expect(db.diff(1, date).toArray()).toHaveLength(1)
      expect(db.history(key, { asOf: date } as never).toArray()).toHaveLength(0)
      expect(db.tag('then', { asOf: date })).toBe(0)
      expect(db.dump({ asOf: date }).toArray()).toHaveLength(2)
      const level = new ZVerseLevel({ db })
      expect(await level.at(date).keys().all()).toEqual([])
      expect(level.diff(date, 1).toArray()).toHaveLength(1)
      await level.close()
      db.close()
    })
  }

  it('that is invalid is stored, and is no time', () => {
    const db = ZVerse.open()
    for (const date of [new Date(Number.NaN), foreign('new Date(NaN)') as Date]) {
      db.put('k', date)
      expect(db.get('k')).toEqual(new Date(Number.NaN))
      expect(toJson(date)).toBe('{"$date":null}')
      const refused = expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION' })
      expect(() => db.get('k', { asOf: date })).toThrow(refused)
      expect(() => db.diff(date, 1)).toThrow(refused)
    }
    db.close()
  })

  it('is none by its looks', () => {
    const db = ZVerse.open()
    const looks = [
      Object.create(Date.prototype),
      new Proxy(new Date(MS), {}),
      { getTime: () => MS },
    ]
    for (const date of looks) {
      const refused = expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION' })
      expect(() => db.get('k', { asOf: date as Date })).toThrow(refused)
    }
    for (const date of looks.slice(0, 2)) {
      const refused = expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE' })
      expect(() => db.put('k', date)).toThrow(refused)
      expect(() => toJson(date)).toThrow(refused)
    }
    db.close()
  })
})

describe('of another realm', () => {
  it('values are the kinds that they are there', () => {
    const db = ZVerse.open()
    const source = `{
      object: { a: 1, bare: Object.assign(Object.create(null), { b: 2 }) }, array: [1, [2]],
      map: new Map([[1, new Set([2])]]), bytes: new Uint8Array([1, 2]), floats: new Float32Array([1]),
      clamped: new Uint8ClampedArray([3]), big: new BigInt64Array([4n]), int: 2n ** 70n,
      buffer: new Uint8Array([5]).buffer,
    }`
    const value = foreign(source)
    db.put('k', value)
    const here = runHere(source)
    expect(db.get('k')).toStrictEqual({ ...here, object: { a: 1, bare: { b: 2 } } })
    expect(toJson(value)).toBe(toJson(here))
    for (const source of [
      'new (class extends Map {})()',
      'new (class A {})()',
      'new DataView(new ArrayBuffer(1))',
    ]) {
      expect(() => db.put('k', foreign(source))).toThrow(
        expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE' }),
      )
    }
    db.close()
  })

  it('options, keys, bounds, batches and dumps are taken', () => {
    const db = ZVerse.open(tuples())
    db.put(foreign("['a', 1, new Uint8Array([1])]"), 1)
    db.batch(
      foreign("[{ type: 'put', key: ['a', 2], value: { b: 1 } }, { type: 'del', key: ['c'] }]"),
    )
    expect(db.range(foreign("{ prefix: ['a'], limit: 5 }")).toArray()).toHaveLength(2)
    expect(db.get(foreign("['a', 2]"), foreign('{ at: 1 }'))).toBe(db.get(['a', 2], { at: 1 }))
    const other = ZVerse.open(tuples())
    const pass: (rows: Iterable<unknown>) => Iterable<unknown> = foreign(
      'function* (rows) { yield* rows }',
    )
    other.load(pass(db.dump()))
    expect(other.size).toBe(2)
    const space = ZVerse.open({ keys: zorder(foreign("['uint8', 'date']")) })
    space.put(foreign('[1, new Date(5)]'), 1)
    expect(space.box(foreign('[0, null]'), foreign('[9, new Date(9)]')).toArray()).toHaveLength(1)
    for (const each of [db, other, space]) each.close()
  })

  it('signals are taken, by what they can do', async () => {
    const db = ZVerse.open()
    const listeners = new Set<() => void>()
    const signal = {
      aborted: false,
      reason: 'why',
      addEventListener: (_: string, listener: () => void) => listeners.add(listener),
      removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
    }
    const waiting = [db.waitFor(9, { signal }), db.changes({ signal }).next()]
    await undefined
    expect(listeners.size).toBe(2)
    signal.aborted = true
    for (const listener of listeners) listener()
    for (const each of waiting) await expect(each).rejects.toMatchObject({ name: 'AbortError' })
    expect(listeners.size).toBe(0)
    for (const wrong of [null, 1, {}, { aborted: false }, new EventTarget()]) {
      await expect(db.waitFor(9, { signal: wrong as never })).rejects.toMatchObject({
        code: 'ZVERSE_INVALID_OPTION',
      })
    }
    db.close()
  })
})

const tuples = (): { keys: 'tuple' } => foreign("{ keys: 'tuple', history: { versions: 5 } }")

function runHere(source: string): Record<string, unknown> {
  return new Function(`return ${source}`)() as Record<string, unknown>
}
