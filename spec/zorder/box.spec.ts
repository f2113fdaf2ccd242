/** Boxes of the present: every verb that takes one, against a look at every entry. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDb } from '../support/compare.js'
import type { Database } from '../support/contract.js'
import { open } from '../support/engine.js'
import { outcomeOf } from '../support/outcome.js'
import { recipes, roomy, upTo, wide } from './arbitraries.js'
import { Cases } from './cases.js'
import type { Dimension } from './oracle.js'
import { askKey, askRange } from './queries.js'
import { codec, World } from './world.js'

const cases = new Cases('boxes')
const commits = fc.integer({ min: 1, max: 4 })
const middling = recipes({ count: fc.integer({ min: 300, max: 3000 }), commits })

function ask(world: World, queries: number): void {
  const space = world.spaces[0]
  const scope = space.scope(world.db, space.sorted())
  for (let i = 0; i < queries; i++) askRange(scope, world.random)
  askKey(scope, world.random)
  cases.add(queries + 1)
}

describe('boxes', () => {
  cases.property('of small databases', 180, recipes({ count: upTo(400), commits }), recipe => {
    const world = new World([recipe])
    ask(world, 30)
    world.close()
  })

  cases.property('of middling databases', 20, middling, recipe => {
    const world = new World([recipe])
    ask(world, 60)
    world.close()
  })

  // Nothing else reaches the last bits of wide dimensions.
  const packed = recipes({ count: upTo(1000), commits, dimensions: wide, shapes: ['packed'] })
  cases.property('of points that share most of their bits', 60, packed, recipe => {
    const world = new World([recipe])
    ask(world, 30)
    world.close()
  })

  const count = fc.constant(20_000)
  const one = fc.constant(1)
  const large = recipes({ count, commits: one, dimensions: roomy(2, 6) })
  cases.property('of large databases', 1, large, recipe => {
    const world = new World([recipe])
    ask(world, 80)
    world.close()
  })

  it('of no entries are empty', () => {
    const db = open({ keys: codec(['float64', 'date']) })
    expect([...db.box([null, null], [null, null])]).toEqual([])
    expect([...db.nearest([1, null], Infinity)]).toEqual([])
    expect(
      db.count({
        box: [
          [0, null],
          [1, null],
        ],
      }),
    ).toBe(0)
    expect(
      db.clear({
        box: [
          [0, null],
          [1, null],
        ],
      }),
    ).toBe(0)
    checkDb(db)
    db.close()
  })

  it('take sides that no key can have', () => {
    const db = open({ keys: codec(['int8', { type: 'float', min: 0, max: 1, bits: 2 }]) })
    for (const x of [-128, -1, 0, 1, 127]) for (const y of [0, 0.3, 0.5, 1]) db.put([x, y], 0)
    const count = (min: unknown[], max: unknown[]) => db.count({ box: [min, max] })
    expect(count([-1000, null], [1000, null])).toBe(20)
    expect(count([-Infinity, -Infinity], [Infinity, Infinity])).toBe(20)
    expect(count([128, null], [Infinity, null])).toBe(0)
    expect(count([127.5, null], [null, null])).toBe(0)
    expect(count([-0.5, null], [0.5, null])).toBe(4)
    expect(count([0.25, null], [0.75, null])).toBe(0)
    expect(count([null, 0.26], [null, 0.49])).toBe(0)
    expect(count([null, 0.25], [null, 0.49])).toBe(5)
    // A key in the last cell reads back as its begin, which lies below 1.
    expect(count([null, 0.75], [null, 0.75])).toBe(5)
    expect(count([null, 0.76], [null, 1])).toBe(0)
    expect(count([null, 2], [null, 3])).toBe(0)
    expect(count([Infinity, null], [Infinity, null])).toBe(0)
    checkDb(db)
    db.close()
  })

  it('reach the infinities', () => {
    const db = open({ keys: codec(['float64', 'float32']) })
    const values = [-Infinity, -1, 0, 1, Infinity]
    for (const x of values) for (const y of values) db.put([x, y], 0)
    const count = (min: unknown[], max: unknown[]) => db.count({ box: [min, max] })
    expect(count([Infinity, null], [Infinity, null])).toBe(5)
    expect(count([-Infinity, -Infinity], [-Infinity, -Infinity])).toBe(1)
    expect(count([-Number.MAX_VALUE, null], [Number.MAX_VALUE, null])).toBe(15)
    expect(count([null, 3.5e38], [null, 1e39])).toBe(0)
    expect(count([null, 3.5e38], [null, Infinity])).toBe(5)
    expect(count([-5e-324, -1e-50], [5e-324, 1e-50])).toBe(1)
    expect(count([-0, -0], [0, 0])).toBe(1)
    db.close()
  })
})

describe('iterators of a box', () => {
  const list: Dimension[] = ['uint16', 'uint16']
  const everything = [
    [null, null],
    [null, null],
  ]
  const whole = everything[0]

  function grid(side: number, options = {}): Database {
    const db = open({ keys: codec(list), ...options })
    db.transact(tx => {
      for (let x = 0; x < side; x++) for (let y = 0; y < side; y++) tx.put([x, y], x * side + y)
    })
    return db
  }

  it('are their own iterable, once, and inherit from that of arrays', () => {
    const db = grid(4)
    const proto = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))
    for (const make of [
      () => db.box(whole, whole),
      () => db.nearest([1, 1], 5),
      () => db.keys({ box: everything }),
    ]) {
      const iterator = make()
      expect(iterator[Symbol.iterator]()).toBe(iterator)
      expect(Object.prototype.isPrototypeOf.call(proto, iterator)).toBe(true)
      expect(iterator.next().done).toBe(false)
      expect([...iterator].length).toBeGreaterThan(3)
      expect([...iterator]).toEqual([])
      expect(iterator.next()).toEqual({ done: true, value: undefined })
      const left = make()
      for (const _ of left) break
      expect(left.next().done).toBe(true)
    }
    checkDb(db)
    db.close()
  })

  it('do not see what is written after they were made, and let go when left', () => {
    const db = grid(40, { history: { versions: 2 } })
    const box = [
      [10, 5],
      [30, 35],
    ]
    const before = [...db.box(box[0], box[1])]
    const near = [...db.nearest([20.25, 20.5], Infinity)]
    const iterators = [db.box(box[0], box[1]), db.range({ box }), db.entries({ box })]
    const neighbours = db.nearest([20.25, 20.5], Infinity)
    const counted = db.keys({ box, reverse: true })
    db.clear({
      box: [
        [0, 0],
        [25, null],
      ],
    })
    for (let i = 0; i < 10; i++) db.put([20, 20], i)
    for (const iterator of iterators) expect([...iterator]).toEqual(before)
    expect([...neighbours]).toEqual(near)
    expect([...counted]).toEqual(before.map(([key]) => key).reverse())
    expect(db.count({ box })).toBe(5 * 31 + 1)
    checkDb(db)
    const abandoned = [db.box(whole, whole), db.nearest([1, 1], 100)]
    for (const iterator of abandoned) iterator.next()
    db.clear()
    for (const iterator of abandoned) iterator.return()
    for (let i = 0; i < 10; i++) db.put([1, 1], i)
    checkDb(db)
    db.close()
  })

  it('may fail for want of memory, and so may a clear: nothing has happened', () => {
    let failures = 0
    for (let n = 1; n < 40; n++) {
      const db = grid(20)
      const before = [...db.getEntries()]
      db._test.failAfter(n)
      const outcome = outcomeOf(() =>
        db.clear({
          box: [
            [3, 3],
            [15, 7],
          ],
        }),
      )
      db._test.failAfter(0)
      if ('code' in outcome) {
        failures++
        expect(outcome.code).toBe('ZVERSE_FULL')
        expect([...db.getEntries()]).toEqual(before)
      } else {
        expect(db.size).toBe(400 - 13 * 5)
      }
      checkDb(db)
      db.close()
    }
    expect(failures).toBeGreaterThan(0)
  })

  it('of a write transaction show the state when they were made', () => {
    const db = grid(10)
    const tx = db.beginWrite()
    tx.delete([0, 0])
    tx.put([100, 100], 'new')
    const before = [...tx.box(whole, whole)]
    expect(before).toHaveLength(100)
    const [box, near] = [tx.box(whole, whole), tx.nearest([0, 0], 3)]
    tx.clear({
      box: [
        [0, 0],
        [5, 5],
      ],
    })
    tx.put([0, 0], 'again')
    expect([...box]).toEqual(before)
    expect([...near].map(({ key }) => key)).toEqual([
      [0, 1],
      [1, 0],
      [1, 1],
    ])
    expect([...tx.nearest([0, 0], 2)].map(({ value }) => value)).toEqual(['again', 6])
    expect(db.count({ box: everything })).toBe(100)
    tx.abort()
    expect(db.count({ box: everything })).toBe(100)
    checkDb(db)
    db.close()
  })

  cases.print()
})
