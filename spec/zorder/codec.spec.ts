/**
 * Z-order keys: points read back as they were put, in the order of the interleaved bits, and equal
 * keys are one key.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDb } from '../support/compare.js'
import { open } from '../support/engine.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import {
  dimensions,
  fitted,
  Points,
  quantised,
  type Recipe,
  rawOf,
  recipes,
} from './arbitraries.js'
import { brief, Cases, same } from './cases.js'
import { beginOf, byCode, cellOf, type Dimension, type Row, rowOf, storedOf } from './oracle.js'
import { askRange } from './queries.js'
import { codec } from './world.js'

const cases = new Cases('keys')

/** An equal point, nothing of it the same object. */
const copy = (point: readonly unknown[]) =>
  point.map(value => (value instanceof Date ? new Date(value.getTime()) : value))

function rowsOf(recipe: Recipe): { rows: Row[]; put: { point: unknown[]; row: Row }[] } {
  const points = new Points(recipe.dimensions, recipe.shape, new Random(recipe.seed))
  const put = Array.from({ length: recipe.count }, (_, i) => {
    const point = points.next()
    return { point, row: rowOf(recipe.dimensions, point, i, 1) }
  })
  const rows = [...new Map(put.map(({ row }) => [row.code, row])).values()].sort(byCode)
  return { rows, put }
}

const one = fc.constant(1)
const few = recipes({ count: fc.integer({ min: 0, max: 40 }), commits: one })
const many = recipes({ count: fc.integer({ min: 0, max: 500 }), commits: one })

describe('Z-order keys', () => {
  cases.property('come back, each once, found by an equal key', 100, few, recipe => {
    const db = open({ keys: codec(recipe.dimensions) })
    const { rows, put } = rowsOf(recipe)
    const last = new Map(rows.map(row => [row.code, row]))
    const seen = new Set<string>()
    const what = () => brief(recipe.dimensions)
    for (const { point, row } of put) {
      same(what, db.has(copy(point)), seen.has(row.code))
      seen.add(row.code)
      db.put(point, row.value)
      same(() => `${what()} get(${brief(point)})`, db.get(copy(point)), row.value)
      same(() => `${what()} get(${brief(row.key)})`, db.get(row.key), row.value)
      cases.add()
    }
    same(
      what,
      db.keys().toArray(),
      rows.map(({ key }) => key),
    )
    for (const { point, row } of put) {
      const isThere = last.delete(row.code)
      same(what, db.getEntry(copy(point))?.key, isThere ? row.key : undefined)
      same(what, db.has(copy(point)), isThere)
      db.delete(copy(point))
      same(what, db.has(row.key), false)
      same(what, db.size, last.size)
    }
    checkDb(db)
    db.close()
  })

  cases.property('come back in the order of the interleaved bits', 80, many, recipe => {
    const db = open({ keys: codec(recipe.dimensions) })
    const { rows, put } = rowsOf(recipe)
    db.transact(tx => {
      for (const { point, row } of put) tx.put(point, row.value)
    })
    const what = () => brief(recipe.dimensions)
    const keys = rows.map(({ key }) => key)
    same(what, db.keys().toArray(), keys)
    same(what, db.keys({ reverse: true }).toArray(), [...keys].reverse())
    same(
      what,
      db.getMany(keys),
      rows.map(({ value }) => value),
    )
    cases.add(put.length)
    const random = new Random(recipe.seed)
    for (let i = 0; i < 20; i++) {
      askRange({ dimensions: recipe.dimensions, reads: db, view: {}, rows }, random)
      cases.add()
    }
    checkDb(db)
    db.close()
  })

  cases.property(
    'of one cell are one key, which reads back as its begin',
    80,
    fc.tuple(quantised, dimensions, fc.integer({ min: 0, max: 2 ** 31 })),
    ([dimension, others, seed]) => {
      const random = new Random(seed)
      const list: Dimension[] = [...others.slice(0, 15), dimension]
      const db = open({ keys: codec(list) })
      const rest = others.slice(0, 15).map(other => rawOf(other, random))
      const stored = rest.map((value, d) => storedOf(others[d], value))
      for (let i = 0; i < 10; i++) {
        const value = random.chance(0.3)
          ? random.pick([dimension.min, dimension.max])
          : Number(fitted(dimension, Number(rawOf(dimension, random))))
        const cell = cellOf(dimension, value)
        const begin = beginOf(dimension, cell)
        db.put([...rest, value], cell)
        const what = () => brief([dimension, value])
        same(what, db.getEntry([...rest, begin])?.key, [...stored, begin])
        const next = cell + 1 < 2 ** dimension.bits ? beginOf(dimension, cell + 1) : dimension.max
        const inside = begin + (next - begin) * (random.int(1000) / 1000)
        const isSame = cellOf(dimension, inside) === cell
        if (isSame) same(() => brief([dimension, inside]), db.get([...rest, inside]), cell)
        db.delete([...stored, begin])
        same(what, db.size, 0)
        cases.add()
      }
      checkDb(db)
      db.close()
    },
  )

  it('have the order that is worked out by hand', () => {
    const db = open({ keys: codec(['uint8', 'uint8']) })
    for (let x = 0; x < 4; x++) for (let y = 0; y < 4; y++) db.put([x, y], x * 4 + y)
    const quarter = (x: number, y: number) => [
      [x, y],
      [x, y + 1],
      [x + 1, y],
      [x + 1, y + 1],
    ]
    const order = [quarter(0, 0), quarter(0, 2), quarter(2, 0), quarter(2, 2)].flat()
    expect([...db.keys()]).toEqual(order)
    db.close()
    // The top bits of all dimensions come first, however wide the dimensions are.
    const mixed = open({ keys: codec(['uint8', 'float64']) })
    const points = [
      [127, -1],
      [127, 1],
      [128, -1],
      [128, 1],
      [0, -Infinity],
      [255, Infinity],
    ]
    for (const point of points) mixed.put(point, 0)
    const [a, b, c, d, least, most] = points
    expect([...mixed.keys()]).toEqual([least, a, b, c, d, most])
    mixed.close()
  })

  it('of one dimension have its plain order', () => {
    const lists: [Dimension, unknown[]][] = [
      ['int32', [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1]],
      ['float32', [-Infinity, -1, -(2 ** -149), 0, 2 ** -149, 1, Infinity]],
      ['float64', [-Infinity, -Number.MAX_VALUE, -5e-324, 0, 5e-324, 0.1, Infinity]],
      ['date', [-8.64e15, -1, 0, 1, 8.64e15].map(ms => new Date(ms))],
      [{ type: 'float', min: -1, max: 1, bits: 53 }, [-1, -0.5, 0, 0.5, 1 - 2 ** -52]],
    ]
    for (const [dimension, values] of lists) {
      const db = open({ keys: codec([dimension]) })
      for (const value of [...values].reverse()) db.put([value], 0)
      expect([...db.keys()]).toEqual(values.map(value => [value]))
      db.close()
    }
  })

  it('take 16 dimensions, and -0 as 0', () => {
    const list = new Array<Dimension>(16).fill('float64')
    const db = open({ keys: codec(list) })
    const zeros = list.map(() => 0)
    db.put(
      zeros.map(() => -0),
      1,
    )
    expect(db.get(zeros)).toBe(1)
    const rows = [rowOf(list, zeros, 1, 1)]
    for (let d = 0; d < 16; d++) {
      const point = zeros.map((_, i) => (i === d ? -5e-324 : i))
      rows.push(rowOf(list, point, d, 1))
      db.put(point, d)
    }
    expect([...db]).toEqual(rows.sort(byCode).map(({ key, value }) => [key, value]))
    for (const key of db.keys()) {
      for (const value of key as number[]) expect(Object.is(value, -0)).toBe(false)
    }
    const small = open({ keys: codec(['float32', { type: 'float', min: -1, max: 1, bits: 1 }]) })
    small.put([-0, -0], 1)
    expect([...small.keys()][0]).toStrictEqual([0, 0])
    checkDb(db)
    db.close()
    small.close()
  })

  it("are the caller's own", () => {
    const db = open({ keys: codec(['date', 'uint8']) })
    const point: [Date, number] = [new Date(5), 6]
    db.put(point, 1)
    point[0].setTime(7)
    point[1] = 8
    const [first] = [...db.keys()] as [Date, number][]
    expect(first).toEqual([new Date(5), 6])
    first[0].setTime(9)
    first[1] = 10
    expect([...db.keys()]).toEqual([[new Date(5), 6]])
    const [again] = [...db.keys()] as [Date, number][]
    expect(again[0]).not.toBe(first[0])
    expect(Object.getPrototypeOf(again)).toBe(Array.prototype)
    expect(Object.getPrototypeOf(again[0])).toBe(Date.prototype)
    db.close()
  })

  it('are not confused by the user code in them', () => {
    const keys = codec(['int8', 'float64', 'date'])
    const db = open({ keys })
    const boom = new Error('boom')
    const failing = [1, 2, new Date(3)]
    Object.defineProperty(failing, 1, {
      get() {
        throw boom
      },
    })
    expect(() => db.put(failing, 1)).toThrow(boom)
    expect(() => db.box(failing, failing)).toThrow(boom)
    expect(() => db.nearest(failing, 1)).toThrow(boom)
    // Not of the same database, so of another one with the same codec.
    const other = open({ keys })
    other.put([-7, -8, new Date(-9)], 'other')
    const nosy = [1, 2, new Date(3)]
    Object.defineProperty(nosy, 1, {
      get() {
        expectCode(() => db.get([-7, -8, new Date(-9)]), 'NESTED_TRANSACTION')
        expectCode(() => db.box([1, 1, null], [2, 2, null]), 'NESTED_TRANSACTION')
        expect([...other.box([-9, -9, null], [null, null, new Date(0)])]).toHaveLength(1)
        expect([...other.nearest([90, -90, null], 1)]).toHaveLength(1)
        return 5
      },
    })
    expect(db.has(nosy)).toBe(false)
    expect([...db.box([1, 5, new Date(3)], nosy)]).toEqual([])
    db.put([1, 5, new Date(3)], 'found')
    expect(db.get(nosy)).toBe('found')
    expect([...db.box(nosy, [1, 5, new Date(3)])]).toHaveLength(1)
    expect([...db.nearest(nosy, 1)]).toEqual([
      { key: [1, 5, new Date(3)], value: 'found', distance: 0 },
    ])
    // Its first answer counts.
    let reads = 0
    const fickle = new Proxy([1], {
      get: (_, name) => (name === 'length' ? 3 : name === '2' ? new Date(3) : reads++),
    })
    db.put(fickle, 'fickle')
    expect([...db.keys()]).toContainEqual([0, 1, new Date(3)])
    const scale = [1, 1, 1]
    const near = db.nearest([0, 0, null], Infinity, { scale })
    scale[1] = 1e9
    expect([...near][1].distance).toBeLessThan(10)
    checkDb(db)
    db.close()
    other.close()
  })

  it('do for every verb that takes a key', () => {
    const db = open({ keys: codec(['int8', 'date']) })
    const [a, b] = [
      [1, new Date(1)],
      [2, new Date(2)],
    ]
    const first = db.put(a, 1, { ifVersion: null })
    db.update(a, old => (old as number) + 1)
    db.batch([
      { type: 'put', key: b, value: 'b' },
      { type: 'del', key: a, ifVersion: first + 1 },
    ])
    expect(db.getMany([a, b])).toEqual([undefined, 'b'])
    expect([...db.history(a)].map(({ value, deleted }) => [value, deleted])).toEqual([
      [1, false],
      [2, false],
      [undefined, true],
    ])
    expect(db.getEntry(b)).toEqual({ key: b, value: 'b', version: first + 2 })
    checkDb(db)
    db.close()
  })

  cases.print()
})
