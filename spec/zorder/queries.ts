/**
 * Random questions of a Z-order store, each asked of the engine and answered by brute force.
 *
 * `rows` are always all entries that the view has, in key order.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Bounds, Reads, ViewOptions } from '../support/contract.js'
import { Mismatch } from '../support/outcome.js'
import type { Random } from '../support/random.js'
import { limitOf, Points, rawOf } from './arbitraries.js'
import { brief, same } from './cases.js'
import {
  type Box,
  type Coordinate,
  type Corner,
  type Dimension,
  euclidean,
  inBox,
  isInBox,
  type Nearest,
  nearestBy,
  type Row,
  rowOf,
} from './oracle.js'

type Side = Coordinate | null

/** The target of a query. */
export interface Scope {
  dimensions: readonly Dimension[]
  reads: Reads
  view: ViewOptions
  rows: readonly Row[]
}

/** A side of a box: any number but NaN, or a valid Date. */
function sideOf(dimension: Dimension, x: number): Coordinate {
  if (dimension !== 'date') return Number.isNaN(x) ? 0 : x
  return new Date(Math.min(8.64e15, Math.max(-8.64e15, Math.round(Number.isNaN(x) ? 0 : x))))
}

const BEYOND = [
  ...[-Infinity, -Number.MAX_VALUE, -(2 ** 63), -(2 ** 31) - 0.5, -129, -0.5, -1e-320, -0],
  ...[1e-320, 0.5, 127.5, 255.5, 256, 2 ** 32, 1e17, Number.MAX_VALUE, Infinity],
]

/** A coordinate that may be one of an entry, or of none, or none that a key can have. */
function anySide({ dimensions, rows }: Scope, d: number, random: Random): Coordinate {
  const one = dimensions[d]
  const choice = random.int(10)
  if (choice < 5 && rows.length > 0) return sideOf(one, random.pick(rows).at[d])
  if (choice < 7) return limitOf(one, random)
  if (choice < 8) return rawOf(one, random)
  if (choice < 9) return new Points([one], 'uniform', random).next()[0]
  return sideOf(one, random.pick(BEYOND))
}

/** Exact about the signs of the sides: [low, high] in every dimension. */
function upright(sides: readonly (readonly [Side, Side])[]): Box {
  const pairs = sides.map(([a, b]): readonly [Side, Side] => {
    return a !== null && b !== null && Number(a) > Number(b) ? [b, a] : [a, b]
  })
  return [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
}

/** A box around an entry, as far as some constant or as the way to another entry says. */
function around(scope: Scope, random: Random): Box {
  const [centre, other] = [random.pick(scope.rows), random.pick(scope.rows)]
  const radius = random.pick([0, 1e-12, 1e-3, 0.5, 1, 10.5, 1e4])
  const part = random.pick([0, 0.01, 0.1, 0.5, 1])
  return upright(
    centre.at.map((at, d) => {
      const reach = Math.max(radius, Math.abs(at - other.at[d]) * part)
      return [sideOf(scope.dimensions[d], at - reach), sideOf(scope.dimensions[d], at + reach)]
    }),
  )
}

/** The least box that has some entries. */
function about(scope: Scope, random: Random): Box {
  const some = Array.from({ length: 2 + random.int(2) }, () => random.pick(scope.rows))
  const side = (d: number, order: number): Coordinate => {
    return some.map(({ key }) => key[d]).sort((a, b) => order * (Number(a) - Number(b)))[0]
  }
  return [scope.dimensions.map((_, d) => side(d, 1)), scope.dimensions.map((_, d) => side(d, -1))]
}

export function randomBox(scope: Scope, random: Random): Box {
  const { dimensions, rows } = scope
  const any = (d: number) => anySide(scope, d, random)
  const each = (side: (d: number) => readonly [Side, Side]) =>
    upright(dimensions.map((_, d) => side(d)))
  const only = random.int(dimensions.length)
  const choice = random.int(20)
  if (choice === 0) return each(() => [null, null])
  if (choice === 1)
    return each(d => [sideOf(dimensions[d], -Infinity), sideOf(dimensions[d], Infinity)])
  if (choice === 2) {
    const open = random.chance(0.5)
    return each(d => (d !== only ? [null, null] : open ? [null, any(d)] : [any(d), null]))
  }
  if (choice < 5) {
    // A thin slab: one dimension a single coordinate, the others wide or open.
    return each(d => {
      if (d === only) {
        const at = any(d)
        return [at, at]
      }
      return random.chance(0.6) ? [null, null] : [any(d), any(d)]
    })
  }
  if (choice < 10 && rows.length > 0) return around(scope, random)
  if (choice < 14 && rows.length > 0) return about(scope, random)
  if (choice < 15 && rows.length > 0) {
    const point = random.pick(rows).key
    return [point, point]
  }
  if (choice < 18) return each(d => [any(d), any(d)])
  return each(d => [random.chance(0.5) ? null : any(d), random.chance(0.5) ? null : any(d)])
}

function randomBounds(scope: Scope, random: Random): { bounds: Bounds; keeps(row: Row): boolean } {
  const bounds: Bounds = {}
  const tests: ((row: Row) => boolean)[] = []
  const bound = () => {
    const { dimensions, rows } = scope
    if (rows.length > 0 && random.chance(0.6)) return random.pick(rows)
    return rowOf(dimensions, new Points(dimensions, 'mixed', random).next(), 0, 0)
  }
  if (random.chance(0.3)) {
    const low = bound()
    const exclusive = random.chance(0.5)
    bounds[exclusive ? 'gt' : 'gte'] = low.key
    tests.push(row => (exclusive ? row.code > low.code : row.code >= low.code))
  }
  if (random.chance(0.3)) {
    const high = bound()
    const exclusive = random.chance(0.5)
    bounds[exclusive ? 'lt' : 'lte'] = high.key
    tests.push(row => (exclusive ? row.code < high.code : row.code <= high.code))
  }
  return { bounds, keeps: row => tests.every(test => test(row)) }
}

/** Some of range options, and the rows in order that they select. */
export function randomRange(scope: Scope, random: Random, boxes = 0.85) {
  const { bounds, keeps } = randomBounds(scope, random)
  let rows = scope.rows.filter(keeps)
  if (random.chance(boxes)) {
    const box = randomBox(scope, random)
    bounds.box = box
    rows = inBox(rows, box)
  }
  return { bounds, rows }
}

/** Cuts `rows` and says so in `bounds`. */
export function cutSome(bounds: Bounds, rows: readonly Row[], random: Random): readonly Row[] {
  if (random.chance(0.3)) {
    bounds.reverse = true
    rows = [...rows].reverse()
  }
  if (random.chance(0.3)) {
    bounds.limit = random.pick([0, 1, 2, 10, rows.length, rows.length + 1])
    rows = rows.slice(0, bounds.limit)
  }
  return rows
}

const VERBS = ['box', 'box', 'range', 'entries', 'keys', 'values', 'getEntries', 'count'] as const

/** One range or box, asked with one of the verbs. */
export function askRange(scope: Scope, random: Random): void {
  const { reads, view, dimensions } = scope
  const verb = random.pick(VERBS)
  if (verb === 'box') {
    const [min, max] = randomBox(scope, random)
    const found = inBox(scope.rows, [min, max])
    const options: Bounds = random.chance(0.3)
      ? { limit: random.pick([0, 1, 2, 10, found.length, found.length + 1]) }
      : {}
    const all = { ...options, ...view }
    const hasNone = Object.keys(all).length === 0
    same(
      () => `${brief(dimensions)} box(${brief([min, max, all])})`,
      (hasNone ? reads.box(min, max) : reads.box(min, max, all)).toArray(),
      found.slice(0, options.limit).map(({ key, value }) => [key, value]),
    )
    return
  }
  const { bounds, rows } = randomRange(scope, random)
  const found = cutSome(bounds, rows, random)
  const what = () => `${brief(dimensions)} ${verb}(${brief({ ...bounds, ...view })})`
  const options = { ...bounds, ...view }
  if (verb === 'count') {
    same(what, reads.count(options), found.length)
    return
  }
  const one = {
    range: ({ key, value }: Row) => [key, value],
    entries: ({ key, value }: Row) => [key, value],
    keys: ({ key }: Row) => key,
    values: ({ value }: Row) => value,
    getEntries: ({ key, value, version }: Row) => ({ key, value, version }),
  }[verb]
  same(what, Array.from<unknown>(reads[verb](options)), found.map(one))
}

/** Finite, and not a key's coordinate as a rule. */
function nearSide(scope: Scope, d: number, random: Random): Coordinate {
  const side = Number(anySide(scope, d, random))
  const at = Number.isFinite(side) ? side : 0
  const moved = random.chance(0.5) ? at : at + random.pick([0.5, -1, 1e-9, 100.25, at / 3])
  return sideOf(scope.dimensions[d], Number.isFinite(moved) ? moved : at)
}

const SCALES = [0, 1, 1, 1, 0.5, 3, 1 / 3, 1e-3, 1e6, 1e-300]

/** One search by euclidean distance. */
export function askNearest(scope: Scope, random: Random): void {
  const { dimensions, reads, view, rows } = scope
  const isSparse = random.chance(0.3)
  const point: Corner = dimensions.map((_, d) => {
    return isSparse && random.chance(0.4) ? null : nearSide(scope, d, random)
  })
  const options: Nearest = {}
  if (random.chance(0.2)) options.metric = 'euclidean'
  if (random.chance(0.4)) options.scale = dimensions.map(() => random.pick(SCALES))
  if (random.chance(0.3)) options.box = randomBox(scope, random)
  const distance = (row: Row) => euclidean(row, point, options.scale)
  if (random.chance(0.4)) options.within = reachOf(rows, distance, random)
  const k = random.pick([0, 1, 1, 2, 3, 5, 10, 50, 1000, Infinity])
  const all = { ...options, ...view }
  const hasNone = Object.keys(all).length === 0
  same(
    () => `${brief(dimensions)} nearest(${brief([point, k, all])})`,
    (hasNone ? reads.nearest(point, k) : reads.nearest(point, k, all)).toArray(),
    nearestBy(rows, distance, k, options),
  )
}

/** A `within`: at, just below or above some row's distance, or anything. */
export function reachOf(
  rows: readonly Row[],
  distance: (row: Row) => number,
  random: Random,
): number {
  if (rows.length === 0 || random.chance(0.2)) return random.pick([0, 1, 1e-9, 1e5, Infinity])
  const at = distance(random.pick(rows))
  return random.pick([at, at, at * (1 - 2 ** -53), at * (1 + 2 ** -52), at / 2])
}

/** Reads of a single key: one that is there, or any. */
export function askKey(scope: Scope, random: Random): void {
  const { dimensions, reads, view, rows } = scope
  const isThere = rows.length > 0 && random.chance(0.6)
  const points = new Points(dimensions, 'mixed', random)
  const asked = isThere ? random.pick(rows).key : points.next()
  const { code } = rowOf(dimensions, asked, 0, 0)
  const row = rows.find(other => other.code === code)
  const what = (verb: string) => () => `${brief(dimensions)} ${verb}(${brief([asked, view])})`
  same(what('get'), reads.get(asked, view), row?.value)
  same(what('has'), reads.has(asked, view), row !== undefined)
  const entry = row && { key: row.key, value: row.value, version: row.version }
  same(what('getEntry'), reads.getEntry(asked, view), entry)
}

/** `actual` lists the same as `full`, cut as `nearest` cuts: distances as the engine reports them. */
export function isCutOf(
  full: readonly { key: unknown; distance: number; row: Row }[],
  actual: readonly { key: unknown; distance: number }[],
  k: number,
  { within = Infinity, box }: Nearest,
): void {
  const expected = full
    .filter(({ distance, row }) => distance <= within && (!box || isInBox(row, box)))
    .slice(0, k)
    .map(({ key, distance }) => ({ key, distance }))
  const got = actual.map(({ key, distance }) => ({ key, distance }))
  if (isDeepStrictEqual(got, expected)) return
  throw new Mismatch(`a part of all neighbours: expected ${brief(expected)}, got ${brief(got)}`)
}
