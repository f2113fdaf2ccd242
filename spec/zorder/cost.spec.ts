/**
 * The cost of a box, a count and a search for neighbours: nodes and entries, counted, not timed.
 *
 * A box visits no node but those whose stretch of the curve meets it, and no entry but those it hands
 * out, save the few whose head alone does not decide. A leaf's stretch is a handful of squares, so the
 * cost of a thin box grows with its length over the side of the square that one leaf covers.
 */

import { describe, expect, it } from 'vitest'
import { boxOf, nearestIn } from '../../lib/engine/points.js'
import { ZVerse, zorder } from '../../lib/index.js'
import type { Curve } from '../../lib/key/curve.js'
import { E_KEY } from '../../lib/memory/layout.js'
import { BoxCursor, count } from '../../lib/tree/box-cursor.js'
import { Nearest } from '../../lib/tree/nearest.js'
import { countOf, depthOf, kidAt, levelOf, refAt } from '../../lib/tree/node.js'
import { Random } from '../support/random.js'

const POINTS = 60_000
/** Bits of a code, and how many dimensions they are dealt to. */
const [BITS, DIMENSIONS] = [64, 2]
const source = new Random(20261121)
const random = () => source.next() / 2 ** 32
const cells = { type: 'float', min: 0, max: 1, bits: 32 } as const

/** Places in the unit square. */
const SHAPES: Record<string, () => [number, number]> = {
  uniform: () => [random(), random()],
  clustered: () => {
    const centre = Math.floor(random() * 12)
    const spread = () => (random() + random() + random() - 1.5) / (20 + centre * 10)
    const at = (x: number) => Math.min(1, Math.max(0, x + spread()))
    return [at((centre * 0.37) % 1), at((centre * 0.61) % 1)]
  },
  diagonal: () => {
    const x = random()
    return [x, Math.min(1, Math.max(0, x + (random() - 0.5) / 1000))]
  },
}

interface Tree {
  W: Uint32Array
  root: number
  curve: Curve
  leaves: number
}

function treeOf(points: readonly (readonly number[])[]): Tree {
  const db = ZVerse.open<number[], number>({
    keys: zorder(Array.from({ length: DIMENSIONS }, () => cells)) as never,
    maxBytes: 64 * 2 ** 20,
  })
  db.transact(tx => {
    for (const [i, point] of points.entries()) tx.put([...point], i)
  })
  const core = db._core
  const { W } = core.engine
  const root = core.rootIn(core.engine.epochs.versions.current, false)
  const { curve } = core.keys as unknown as { curve: Curve }
  let leaves = 0
  const visit = (node: number) => {
    if (levelOf(W, node) === 0) leaves++
    else for (let i = 0; i < countOf(W, node); i++) visit(kidAt(W, node, i))
  }
  visit(root)
  return { W, root, curve, leaves }
}

/** The code of a point, or of an entry, as one number. */
function codes({ W, curve }: Tree) {
  const value = (words: Uint32Array, at: number) => {
    let code = 0n
    for (let i = 0; i < curve.words; i++) code = (code << 32n) | BigInt(words[at + i] as number)
    return code
  }
  return {
    ofEntry: (entry: number) => value(W, entry + E_KEY),
    ofWords: (w: Uint32Array) => value(w, 0),
  }
}

type Sides = [from: number, to: number][]

/** A code's value in each dimension. */
function sidesOfCode(code: bigint): number[] {
  const sides = [0, 0]
  for (let p = 0; p < BITS; p++) {
    const bit = Number((code >> BigInt(BITS - 1 - p)) & 1n)
    sides[p % DIMENSIONS] = 2 * (sides[p % DIMENSIONS] as number) + bit
  }
  return sides
}

/** True if some code from `from` to `to` is in the box: halves the stretch's cells until it is plain. */
function meets(from: bigint, to: bigint, box: Sides): boolean {
  const search = (first: bigint, known: number, cell: Sides): boolean => {
    const last = first | ((1n << BigInt(BITS - known)) - 1n)
    if (last < from || first > to) return false
    const pairs = cell.map(([x, y], d) => ({ x, y, box: box[d] as Sides[number] }))
    if (pairs.some(({ x, y, box: [a, b] }) => y < a || x > b)) return false
    const isIn = pairs.every(({ x, y, box: [a, b] }) => x >= a && y <= b)
    if (isIn && first >= from && last <= to) return true
    if (known === BITS) return true
    const halved = (upper: boolean) =>
      cell.map(([x, y], d): Sides[number] => {
        if (d !== known % DIMENSIONS) return [x, y]
        const middle = (x + y + 1) / 2
        return upper ? [middle, y] : [x, middle - 1]
      })
    const second = first | (1n << BigInt(BITS - known - 1))
    return search(first, known + 1, halved(false)) || search(second, known + 1, halved(true))
  }
  return search(0n, 0, Array(DIMENSIONS).fill([0, 2 ** (BITS / DIMENSIONS) - 1]))
}

/** A box of that many hits, as if points were uniform, `aspect` times as wide as high. */
function sidesOf(hits: number, aspect: number, at: readonly number[]) {
  const side = Math.sqrt(hits / POINTS)
  const half = [side * Math.sqrt(aspect), side / Math.sqrt(aspect)].map(x => x / 2)
  return {
    min: at.map((x, d) => x - (half[d] as number)),
    max: at.map((x, d) => x + (half[d] as number)),
  }
}

describe.each(Object.keys(SHAPES))('%s points', shape => {
  const draw = SHAPES[shape] as () => [number, number]
  const points = Array.from({ length: POINTS }, draw)
  const tree = treeOf(points)
  const { W, root, curve } = tree
  const { ofEntry, ofWords } = codes(tree)

  it.each([
    { hits: 1, aspect: 1 },
    { hits: 100, aspect: 1 },
    { hits: 3000, aspect: 1 },
    { hits: 100, aspect: 1000 },
    { hits: 100, aspect: 0.001 },
  ])('a box of $hits, $aspect times as wide as high, visits what it meets', ({ hits, aspect }) => {
    for (let q = 0; q < 12; q++) {
      const { min, max } = sidesOf(hits, aspect, points[Math.floor(random() * POINTS)] as number[])
      const box = boxOf(curve, min, max)
      const cursor = new BoxCursor(W, root, box, false, Number.POSITIVE_INFINITY)
      let found = 0
      while (cursor.next() !== 0) found++
      const [low, high] = [ofWords(box.low), ofWords(box.high)]
      const ends = sidesOfCode(high)
      const sides: Sides = sidesOfCode(low).map((from, d) => [from, ends[d] as number])
      // A kid's stretch ends where the next begins; the last one's with the prefix of its node.
      const visit = (node: number): number => {
        if (levelOf(W, node) === 0) return 1
        const count = countOf(W, node)
        const prefix = ofEntry(refAt(W, node, 0)) >> BigInt(BITS - depthOf(W, node))
        const last = ((prefix + 1n) << BigInt(BITS - depthOf(W, node))) - 1n
        let sum = 1
        for (let i = 0; i < count; i++) {
          const from = ofEntry(refAt(W, node, i))
          const to = i + 1 < count ? ofEntry(refAt(W, node, i + 1)) - 1n : last
          if (from > high || to < low || !meets(from, to, sides)) continue
          sum += visit(kidAt(W, node, i))
        }
        return sum
      }
      expect(cursor.nodes).toBeLessThanOrEqual(visit(root))
      expect(cursor.looks).toBeLessThanOrEqual(2 + found / 100)
    }
  })
})

describe('uniform points', () => {
  const points = Array.from({ length: POINTS }, SHAPES.uniform as () => [number, number])
  const { W, root, curve, leaves } = treeOf(points)
  /** Side of the square that one leaf covers. */
  const square = Math.sqrt(1 / leaves)

  it.each([1, 10, 1000, 0.1, 0.001])(
    'a box %d times as wide as high: leaves by its length',
    aspect => {
      let nodes = 0
      const rounds = 100
      const { min, max } = sidesOf(100, aspect, [0.5, 0.5])
      const [width, height] = [0, 1].map(d => (max[d] as number) - (min[d] as number)) as [
        number,
        number,
      ]
      for (let q = 0; q < rounds; q++) {
        const at = [width, height].map(side => side / 2 + random() * Math.max(0, 1 - side))
        const sides = sidesOf(100, aspect, at)
        const box = boxOf(curve, sides.min, sides.max)
        const cursor = new BoxCursor(W, root, box, false, Number.POSITIVE_INFINITY)
        while (cursor.next() !== 0);
        nodes += cursor.nodes
      }
      const squares = (Math.min(1, width) / square + 1) * (Math.min(1, height) / square + 1)
      expect(nodes / rounds).toBeLessThan(2 * squares + 4)
    },
  )

  it('counts a large box by its rim', () => {
    let reads = 0
    const counting = new Proxy(W, {
      get: (words, name) => {
        reads++
        return Reflect.get(words, name)
      },
    })
    const box = boxOf(curve, [0.05, 0.05], [0.95, 0.95])
    const found = count(counting, root, { lower: null, upper: null, box })
    expect(found).toBeGreaterThan(POINTS * 0.75)
    expect(reads).toBeLessThan(found)
  })

  it('neighbours: a handful of leaves, some entries more than are handed out', () => {
    const total = { nodes: 0, looks: 0 }
    const rounds = 200
    for (let q = 0; q < rounds; q++) {
      const asked = nearestIn(curve, [random(), random()], 10, {})
      const search = new Nearest(W, root, curve, asked)
      while (search.next() !== 0);
      total.nodes += search.nodes
      total.looks += search.looks
    }
    expect(total.nodes / rounds).toBeLessThan(12)
    expect(total.looks / rounds).toBeLessThan(80)
  })
})
