/** Neighbours on the sphere, against the angle between all places. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkDb } from '../support/compare.js'
import type { Database, Reads, ViewOptions } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode } from '../support/expect.js'
import { Mismatch } from '../support/outcome.js'
import { Random } from '../support/random.js'
import { dimension, fitted, rawOf, upTo } from './arbitraries.js'
import { brief, Cases, same } from './cases.js'
import {
  byCode,
  type Dimension,
  EARTH_RADIUS,
  greatCircle,
  type Nearest,
  type Point,
  type Row,
  rowOf,
  tolerance,
} from './oracle.js'
import { isCutOf, randomBox, reachOf } from './queries.js'
import { codec } from './world.js'

const cases = new Cases('on the sphere')
const metric = 'haversine'

const degrees = (min: number, max: number) =>
  fc.integer({ min: 3, max: 52 }).map((bits): Dimension => ({ type: 'float', min, max, bits }))

const longitude = fc.oneof(
  fc.constantFrom<Dimension>('float64', 'float64', 'float32', 'int16'),
  degrees(-180, 180),
  degrees(0, 360),
  degrees(-540, 540),
)
const latitude = fc.oneof(
  fc.constantFrom<Dimension>('float64', 'float32', 'int8'),
  degrees(-90, 90),
)
const globes = (shapes: readonly string[]) =>
  fc.record({
    dimensions: fc
      .tuple(longitude, latitude, fc.array(dimension, { maxLength: 2 }))
      .map(([x, y, others]) => [x, y, ...others]),
    shape: fc.constantFrom(...shapes),
    count: fc.oneof(upTo(300), fc.integer({ min: 200, max: 2500 })),
    seed: fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 })),
  })
type Globe = ReturnType<typeof globes> extends fc.Arbitrary<infer T> ? T : never

const SHAPES = ['anywhere', 'cities', 'poles', 'seam', 'grid']

const CITIES = [
  [13.4, 52.5],
  [-179.99, -16.8],
  [179.95, 66],
  [0.001, 0],
  [-122.4, 37.8],
  [25, 89.97],
]

const limit = (y: number) => Math.max(-90, Math.min(90, y))

/** A place as data has it, and its longitude sometimes a turn or more away. */
function place(shape: string, random: Random): [number, number] {
  const t = () => random.next() / 2 ** 32 - 0.5
  if (shape === 'mixed') shape = random.pick(SHAPES)
  const turns = random.chance(0.1) ? 360 * (random.int(5) - 2) : 0
  if (shape === 'cities') {
    const [x, y] = random.pick(CITIES)
    const spread = random.pick([1e-7, 1e-3, 0.1])
    return [x + t() * spread + turns, limit(y + t() * spread)]
  }
  if (shape === 'poles') {
    const near = 90 - random.pick([0, 1e-9, 1e-4, 0.01, 1, 10, 60]) * Math.abs(t())
    return [t() * 360 + turns, random.chance(0.5) ? near : -near]
  }
  if (shape === 'seam') {
    const off = t() * random.pick([0, 1e-9, 1e-3, 1, 10])
    return [(random.chance(0.5) ? 180 : -180) + off + turns, t() * random.pick([0, 1e-3, 180])]
  }
  // Over a pole, if a dimension has that: on the other side of the sphere.
  if (shape === 'beyond') return [t() * 360, t() * 720]
  if (shape === 'grid') return [random.int(25) * 15 - 180, random.int(13) * 15 - 90]
  return [t() * 360 + turns, t() * 180]
}

function fittedPlace(
  dimensions: readonly Dimension[],
  at: [number, number],
  random: Random,
): Point {
  return dimensions.map((one, d) => (d < 2 ? fitted(one, at[d]) : rawOf(one, random)))
}

function rowsOf(list: readonly Dimension[], points: Point[]): Row[] {
  const rows = points.map((point, i) => rowOf(list, point, i, 1))
  return [...new Map(rows.map(row => [row.code, row])).values()].sort(byCode)
}

/**
 * The place of an entry, or opposite to it, or over a pole from it, or anywhere; now and then some
 * turns away.
 */
function from(rows: Row[], random: Random, shape: string): [number, number] {
  const [x, y] = rows.length > 0 ? random.pick(rows).at : [0, 0]
  const choice = random.int(10)
  const away = random.chance(0.2) ? 360 * (random.int(9) - 4) : 0
  if (choice < 3) return [x + away, limit(y)]
  if (choice < 4) {
    // So near to the opposite that the formula is worst.
    const off = random.pick([0, 1e-7, 1e-6, 1e-5]) * random.pick([1, -1])
    return [x + 180 + off + away, limit(-y + off)]
  }
  if (choice < 6) {
    const higher = limit(y) + random.pick([0, 0.5, 0.9]) * (Math.sign(y) * 90 - limit(y))
    return [x + 180 + random.pick([0, 0, 1e-3, 20]) + away, limit(higher)]
  }
  const [east, north] = place(shape, random)
  return [east + away, limit(north)]
}

/** How often only some of all are asked for. */
const CUTS = 20

/** Asks for all neighbours, and that they are; then for some of them, exactly those. */
function ask(
  list: Dimension[],
  reads: Reads,
  rows: Row[],
  view: ViewOptions,
  random: Random,
  shape: string,
) {
  const others = list.slice(2).map(() => null)
  const asked = from(rows, random, shape)
  const point = [...asked, ...others]
  const what = `${brief(list)} nearest(${brief([point, view])})`
  const all = reads.nearest(point, Infinity, { metric, ...view }).toArray()
  if (all.length !== rows.length) throw new Mismatch(`${what}: ${all.length} of ${rows.length}`)
  const places = new Map(rows.map((row, i) => [row.at.join(), { row, i }]))
  let last = { distance: -1, i: -1 }
  const full = all.map(found => {
    const { key, value, distance } = found
    const name = (key as Point).map(Number).join()
    const known = places.get(name)
    if (!known) throw new Mismatch(`${what}: ${brief(found)} is no entry, or there twice`)
    places.delete(name)
    const { row, i } = known
    same(() => what, [key, value], [row.key, row.value])
    const metres = greatCircle(asked, row.at)
    if (!(Math.abs(distance - metres) <= tolerance(metres, Math.abs(row.at[1]) > 90))) {
      throw new Mismatch(`${what}: ${brief(key)} is at ${metres} m, not ${distance}`)
    }
    if (distance < last.distance || (distance === last.distance && i < last.i)) {
      throw new Mismatch(`${what}: ${brief(key)} at ${distance} comes after ${brief(last)}`)
    }
    last = { distance, i }
    return { key, distance, row }
  })
  for (let i = 0; i < CUTS; i++) {
    const options: Nearest = {}
    const distances = new Map(full.map(({ row, distance }) => [row, distance]))
    const distance = (row: Row) => distances.get(row) as number
    if (random.chance(0.4)) options.within = reachOf(rows, distance, random)
    if (random.chance(0.3)) options.box = randomBox({ dimensions: list, reads, view, rows }, random)
    const k = random.pick([0, 1, 1, 2, 5, 20, 100, Infinity])
    const part = reads.nearest(point, k, { metric, ...options, ...view }).toArray()
    try {
      isCutOf(full, part, k, options)
    } catch (cause) {
      throw new Mismatch(`${what}: k ${k}, ${brief(options)}: ${(cause as Error).message}`, {
        cause,
      })
    }
  }
  cases.add(1 + CUTS)
}

function askAll(globe: Globe): void {
  const random = new Random(globe.seed)
  const { dimensions, shape, count } = globe
  const next = () => fittedPlace(dimensions, place(shape, random), random)
  const points = Array.from({ length: count }, next)
  const db = open({ keys: codec(dimensions) })
  db.transact(tx => {
    points.forEach((point, i) => {
      tx.put(point, i)
    })
  })
  const before = rowsOf(dimensions, points)
  const at = db.version
  const tx = db.beginWrite()
  const gone = new Set(before.filter(() => random.chance(0.3)))
  for (const { key } of gone) tx.delete(key)
  const after = before.filter(row => !gone.has(row))
  ask(dimensions, tx, after, {}, random, shape)
  tx.commit()
  for (let i = 0; i < 2; i++) {
    ask(dimensions, db, after, {}, random, shape)
    ask(dimensions, db, before, { at }, random, shape)
  }
  checkDb(db)
  db.close()
}

describe('neighbours on the sphere', () => {
  const shapes = [...SHAPES, 'mixed']
  cases.property('are all, in order, and cut as asked', 50, globes(shapes), askAll)
  // The contract refuses such a latitude in a question only.
  cases.property('are so where latitudes go on over a pole', 15, globes(['beyond']), askAll)
})

describe('places on the sphere', () => {
  let db: Database

  beforeEach(() => {
    db = open({ keys: codec(['float64', 'float64', 'date']) })
  })

  afterEach(() => {
    checkDb(db)
    db.close()
  })

  const put = (places: number[][]) => {
    for (const [i, at] of places.entries()) db.put([...at, new Date(i)], i)
  }
  const near = (at: number[], k: number, options = {}) => [
    ...db.nearest([...at, null], k, { metric, ...options }),
  ]

  it('are near across the antimeridian, and by any number of turns', () => {
    put([
      [179.9, 0],
      [-179.9, 0],
      [0, 0],
      [539.95, 0],
      [-900.2, 0.5],
    ])
    for (const from of [179.95, -180.05, 539.95, 179.95 + 3600]) {
      expect(near([from, 0], 3).map(({ value }) => value)).toEqual([3, 0, 1])
    }
    const [first, second] = near([-179.95, 0], 2)
    expect([first.value, second.value]).toEqual([1, 3])
    expect(first.distance).toBeCloseTo((0.05 / 180) * Math.PI * EARTH_RADIUS, 2)
    expect(
      near([180, 0], 9, { within: 12_000 })
        .map(({ value }) => value)
        .sort(),
    ).toEqual([0, 1, 3])
  })

  it('are found at the antipodes, the last of all', () => {
    put([
      [0, 90],
      [-45, 90],
      [100, -90],
      [-90, -45],
      [-180, 0],
    ])
    const farthest = Math.PI * EARTH_RADIUS
    const pairs: [number[], number][] = [
      [[135, -90], 2],
      [[135, 90], 1],
      [[90, 45], 1],
      [[0, 0], 1],
    ]
    for (const [from, opposite] of pairs) {
      const all = near(from, Infinity)
      expect(all).toHaveLength(5)
      for (const { distance } of all.slice(-opposite)) {
        expect(Math.abs(distance - farthest)).toBeLessThan(tolerance(farthest))
      }
      const within = all[4].distance
      expect(near(from, Infinity, { within })).toEqual(all)
      expect(near(from, Infinity, { within: farthest + 1 })).toEqual(all)
      expect(near(from, 5, { within: Infinity })).toEqual(all)
    }
    for (const key of [...db.keys()]) if ((key as number[])[1] !== 90) db.delete(key)
    expect(near([135, -90], 1)).toHaveLength(1)
    expect(near([135, -90], 1, { within: farthest + 1 })).toHaveLength(1)
  })

  it('are found next to the antipodes, where the formula is worst', () => {
    const random = new Random(1)
    for (let i = 0; i < 300; i++) {
      db.clear()
      const pole = random.pick([-90, 90, 0])
      const off = random.pick([1e-7, 1e-6, 2e-6, 1e-5]) * (random.int(1000) / 1000)
      put([[random.int(360) - 180 + off, pole - Math.sign(pole) * off]])
      const [x] = (db.keys().next().value as number[]) ?? []
      const from = [pole === 0 ? x + 180 : random.int(360), -pole]
      const [one] = near(from, Infinity)
      const found = [near(from, 1), near(from, 1, { within: Infinity })]
      found.push(near(from, 9, { within: one.distance }))
      expect(found, brief([from, one])).toEqual([[one], [one], [one]])
    }
  })

  it('are near across the poles', () => {
    put([
      [0, 89],
      [180, 89],
      [90, -90],
      [-90, -90],
      [10, 0],
    ])
    const found = near([0, 90], 9)
    const one = (Math.PI * EARTH_RADIUS) / 180
    expect(found[0].distance).toBeCloseTo(one, 3)
    expect(found[1].distance).toBeCloseTo(one, 3)
    expect(found[4].distance).toBeCloseTo(180 * one, 0)
    expect(near([0, 89.5], 2).map(({ value }) => value)).toEqual([0, 1])
    expect(
      near([77, -90], 2)
        .map(({ value }) => value)
        .sort(),
    ).toEqual([2, 3])
    expect(near([77, -90], 2)[1].distance).toBeLessThan(1e-3)
  })

  it('are refused where they are none', () => {
    put([[1, 1]])
    const nearest =
      (point: unknown[], options = {}) =>
      () =>
        db.nearest(point, 1, { metric, ...options })
    for (const y of [90.0001, -91, 1e300]) {
      expect(expectCode(nearest([0, y, null]), 'INVALID_KEY').message).toMatch(/dimension 1\b/)
    }
    for (const x of [Infinity, Number.NaN, '1', new Date(1)]) {
      expect(expectCode(nearest([x, 0, null]), 'INVALID_KEY').message).toMatch(/dimension 0\b/)
    }
    expectCode(nearest([0, 0, new Date(1)]), 'INVALID_OPTION')
    expectCode(nearest([0, 0, null], { scale: [1, 1, 1] }), 'INVALID_OPTION')
    expectCode(nearest([0, 0]), 'INVALID_KEY')
    for (const point of [
      [null, 0, null],
      [0, null, null],
      [null, null, null],
    ]) {
      expectCode(nearest(point), ['INVALID_OPTION', 'INVALID_KEY'])
    }
    const line = open({ keys: codec(['float64']) })
    expectCode(() => line.nearest([1], 1, { metric }), ['INVALID_OPTION', 'INVALID_KEY'])
    line.close()
    expect(near([1e15, 90], 1)).toHaveLength(1)
    expect(near([0, 90], 0)).toEqual([])
  })

  cases.print()
})
