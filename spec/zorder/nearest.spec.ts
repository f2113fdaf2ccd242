/** Neighbours by euclidean distance, against sorting all entries. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkDb } from '../support/compare.js'
import type { Database, Reads, StoreHandle } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode } from '../support/expect.js'
import { recipes, roomy, upTo, wide } from './arbitraries.js'
import { Cases } from './cases.js'
import { askNearest } from './queries.js'
import { codec, World } from './world.js'

const cases = new Cases('neighbours')
const commits = fc.integer({ min: 1, max: 4 })
const middling = recipes({ count: fc.integer({ min: 300, max: 3000 }), commits })

function ask(world: World, queries: number): void {
  const space = world.spaces[0]
  const scope = space.scope(world.db, space.sorted())
  for (let i = 0; i < queries; i++) askNearest(scope, world.random)
  cases.add(queries)
}

describe('neighbours', () => {
  cases.property('in small databases', 160, recipes({ count: upTo(400), commits }), recipe => {
    const world = new World([recipe])
    ask(world, 20)
    world.close()
  })

  cases.property('in middling databases', 15, middling, recipe => {
    const world = new World([recipe])
    ask(world, 30)
    world.close()
  })

  // Nothing else reaches the last bits of wide dimensions.
  const packed = recipes({ count: upTo(300), commits, dimensions: wide, shapes: ['packed'] })
  cases.property('that share most of their bits', 200, packed, recipe => {
    const world = new World([recipe])
    ask(world, 30)
    world.close()
  })

  const count = fc.constant(20_000)
  const one = fc.constant(1)
  const large = recipes({ count, commits: one, dimensions: roomy(2, 4) })
  cases.property('in large databases', 1, large, recipe => {
    const world = new World([recipe])
    ask(world, 50)
    world.close()
  })
})

describe('neighbours on a grid', () => {
  let db: Database

  beforeEach(() => {
    db = open({ keys: codec(['int16', 'int16']) })
    db.transact(tx => {
      for (let x = -10; x <= 10; x++) for (let y = -10; y <= 10; y++) tx.put([x, y], `${x},${y}`)
    })
  })

  afterEach(() => {
    checkDb(db)
    db.close()
  })

  const found = (reads: Reads, point: unknown, k: number, options = {}) =>
    [...reads.nearest(point, k, options)].map(({ key }) => key)

  it('that tie come in the order of their keys', () => {
    expect([...db.nearest([0, 0], 5)]).toEqual([
      { key: [0, 0], value: '0,0', distance: 0 },
      { key: [-1, 0], value: '-1,0', distance: 1 },
      { key: [0, -1], value: '0,-1', distance: 1 },
      { key: [0, 1], value: '0,1', distance: 1 },
      { key: [1, 0], value: '1,0', distance: 1 },
    ])
    expect(found(db, [0.5, 0.5], 4)).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ])
    const all = found(db, [null, null], Infinity)
    expect(all).toEqual([...db.keys()])
  })

  it('reach as far as `within`, its end included', () => {
    expect(found(db, [0, 0], Infinity, { within: 1 })).toHaveLength(5)
    expect(found(db, [0, 0], Infinity, { within: 5 })).toHaveLength(81)
    expect(found(db, [0, 0], Infinity, { within: 0 })).toEqual([[0, 0]])
    expect(found(db, [0.5, 0], Infinity, { within: 0 })).toEqual([])
    expect(found(db, [0, 0], Infinity, { within: Infinity })).toHaveLength(441)
    expect(found(db, [1000, 0], 1)).toEqual([[10, 0]])
  })

  it('take part of the dimensions, scaled', () => {
    expect(found(db, [3, null], Infinity, { within: 0 })).toEqual([
      ...db.keys({
        box: [
          [3, null],
          [3, null],
        ],
      }),
    ])
    expect(
      found(db, [3, 4], 1, {
        scale: [0, 1],
        box: [
          [7, null],
          [8, null],
        ],
      }),
    ).toEqual([[7, 4]])
    expect(db.nearest([0, 0], 2, { scale: [1, 100] }).toArray()[1].distance).toBe(1)
    expect(found(db, [0, 0], Infinity, { scale: [0, 0] })).toHaveLength(441)
    expect(found(db, [0, 0], 0)).toEqual([])
    expect(found(db, [0, 0], 0, { within: 3 })).toEqual([])
  })

  it('with an infinite coordinate are infinitely far', () => {
    const far = open({ keys: codec(['float64', 'float32']) })
    for (const x of [-Infinity, 0, Number.MAX_VALUE, Infinity]) far.put([x, -Infinity], 0)
    far.put([1, 1], 1)
    expect([...far.nearest([0, 0], Infinity)].map(({ distance }) => distance)).toEqual([
      Math.SQRT2,
      Infinity,
      Infinity,
      Infinity,
      Infinity,
    ])
    const flat = [...far.nearest([0, null], Infinity)].map(({ distance }) => distance)
    expect(flat).toEqual([0, 1, Infinity, Infinity, Infinity])
    expect(found(far, [0, 0], 9, { scale: [1, 0], within: 1e300 })).toHaveLength(2)
    far.close()
  })
})

describe('neighbours are refused', () => {
  let db: Database
  let store: StoreHandle

  beforeEach(() => {
    db = open({ keys: codec(['float64', 'float32', 'date']) })
    store = db.store('s', { keys: codec(['float64', 'float32', 'date']) })
    db.put([1, 1, new Date(1)], 1)
  })

  afterEach(() => {
    checkDb(db)
    db.close()
  })

  const good = [1, 0.1, new Date(1)]

  function refused(code: string, point: unknown, k: unknown, options?: object): string[] {
    const read = db.beginRead()
    const places: Reads[] = [db, store, read, read.store(store)]
    const messages = places.map(reads => {
      return expectCode(() => reads.nearest(point, k, options as object), code).message
    })
    read.close()
    const tx = db.beginWrite()
    for (const reads of [tx, tx.store(store)] as Reads[]) {
      messages.push(expectCode(() => reads.nearest(point, k, options as object), code).message)
    }
    tx.abort()
    return messages
  }

  it('for a point that is none, by dimension', () => {
    const numbers = [Number.NaN, Infinity, -Infinity, '1', 1n, true, {}, new Date(1)]
    const dates = [1, Number.NaN, new Date(Number.NaN), '2024', {}]
    for (const [d, wrong] of [
      [0, numbers],
      [1, numbers],
      [2, dates],
    ] as const) {
      for (const value of wrong) {
        const point = good.map((one, i) => (i === d ? value : one))
        for (const message of refused('INVALID_KEY', point, 1)) {
          expect(message).toMatch(new RegExp(`dimension ${d}\\b`))
        }
      }
    }
    for (const point of [[], [1], [1, 1], [...good, 1], null, 1, 'abc', {}]) {
      refused('INVALID_KEY', point, 1)
    }
  })

  it('for a wrong k, scale, within or metric', () => {
    for (const k of [-1, 0.5, Number.NaN, -Infinity, '1', 1n, null, {}, undefined]) {
      refused('INVALID_OPTION', good, k)
    }
    const scales = [[], [1], [1, 1], [1, 1, 1, 1], [1, 1, -1], [1, 1, Number.NaN], [1, 1, Infinity]]
    for (const scale of [...scales, [1, 1, '1'], [1, 1, null], null, 1, '111', {}]) {
      refused('INVALID_OPTION', good, 1, { scale })
    }
    for (const within of [-1, Number.NaN, -Infinity, '1', null, 1n, new Date(1)]) {
      refused('INVALID_OPTION', good, 1, { within })
    }
    for (const metric of ['manhattan', '', null, 1, 'Euclidean', 'toString']) {
      refused('INVALID_OPTION', good, 1, { metric })
    }
    for (const options of [{ reverse: true }, { unheardOf: 1 }, { prefix: [1] }]) {
      refused('INVALID_OPTION', good, 1, options)
    }
  })

  it('not, for options that are undefined', () => {
    const none = { metric: undefined, scale: undefined, within: undefined, box: undefined }
    expect([...db.nearest([1, 1, new Date(1)], 1, none)]).toHaveLength(1)
    expect([...db.nearest([1, 1, new Date(1)], 1, undefined)]).toHaveLength(1)
    expect([...db.nearest([-0, null, null], 1)][0].distance).toBe(1)
  })

  cases.print()
})
