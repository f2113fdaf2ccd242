/**
 * Walks and paths through graphs of many nodes and of odd shapes, against plain code; searches that go on in slices.
 */
import { describe, expect, it } from 'vitest'
import { type Graph, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { opened } from './fixture.js'
import { type Node, PlainGraph, told } from './plain-graph.js'
import { ask, SEED, TYPES } from './world.js'

type Numbers = Graph<number, number>

const ROOM = { maxBytes: 2 ** 27, history: { versions: 5 } }

function fill(db: ZVerse, edges: Iterable<[number, number]>): Numbers {
  const graph = db.graph<number, number>('g')
  graph.edges.batch(
    Array.from(edges, ([from, to]) => ({ type: 'put', key: [from, '', to], value: 1 })),
  )
  return graph
}

/** Places `side * y + x`, each with edges to the right and downwards. */
function* grid(side: number): Generator<[number, number]> {
  for (let at = 0; at < side * side; at++) {
    if (at % side < side - 1) yield [at, at + 1]
    if (at < side * (side - 1)) yield [at, at + side]
  }
}

function* chain(length: number): Generator<[number, number]> {
  for (let at = 0; at < length; at++) yield [at, at + 1]
}

const tick = () => new Promise<void>(resolve => setImmediate(resolve))

describe(`walks and paths, seeds ${SEED} and on`, () => {
  it('are those of plain code, in graphs of all densities', () => {
    for (let round = 0; round < scaled(1000); round++) {
      const seed = SEED + round
      const random = new Random(seed)
      const cache = { bytes: random.pick([2 ** 12, 2 ** 16]), indexes: random.chance(0.5) }
      const db = ZVerse.open({ maxBytes: 2 ** 22, cache })
      const graph = db.graph<number, unknown>('g')
      const plain = new PlainGraph()
      const count = 1 + random.int(30)
      const nodes = Array.from({ length: count }, (_, i) => i)
      const edges = Array.from({ length: random.int(count * 3) }, () => {
        // Near ones, for ways of many edges.
        const from = random.int(count)
        const to = random.chance(0.7)
          ? Math.abs((from + random.int(5) - 2) % count)
          : random.int(count)
        return { from, to, type: random.pick(TYPES), value: random.int(4) }
      })
      graph.edges.batch(
        edges.map(({ from, type, to, value }) => ({ type: 'put', key: [from, type, to], value })),
      )
      for (const { from, to, type, value } of edges) plain.add(from, to, value, type)
      try {
        for (let i = 0; i < 40; i++) ask(random, nodes as Node[], graph as never, plain)
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${seed}: ${(error as Error).message}`, { cause: error })
      }
      expect(db.stats().readers.pins).toBe(0)
      db.close()
    }
  })

  it('are the same in slices', async () => {
    const random = new Random(SEED)
    const db = opened(ROOM, false)
    const side = 40
    const graph = fill(db, grid(side))
    const weight = ({ from, to }: { from: number; to: number }) => (from * 7 + to * 3) % 11
    for (let i = 0; i < 6; i++) {
      const [from, to] = [random.int(side * side), random.int(side * side)]
      const direction = random.pick(['out', 'in', 'both'] as const)
      const plan = random.chance(0.5) ? { direction } : { direction, weight }
      const path = graph.path(from, to, plan)
      expect(await graph.pathAsync(from, to, plan)).toEqual(path)
      const most = random.int(2 * side)
      const short = graph.path(from, to, { ...plan, maxDepth: most })
      if (short === undefined) {
        const least = graph.path(from, to, { direction })
        expect(least === undefined || least.cost > most).toBe(true)
      } else expect(short.edges.length).toBeLessThanOrEqual(most)
      expect(await graph.pathAsync(from, to, { ...plan, maxDepth: most })).toEqual(short)
    }
  })
})

describe('large graphs', () => {
  it('a grid: the way has as many edges as it must, and costs what the weights are', () => {
    const side = 60
    const graph = fill(opened(ROOM, false), grid(side))
    const last = side * side - 1
    expect(graph.path(0, last)).toMatchObject({ cost: 2 * (side - 1) })
    expect(graph.path(last, 0)).toBeUndefined()
    expect(graph.path(last, 0, { direction: 'in' })?.nodes.length).toBe(2 * side - 1)
    expect(graph.path(side - 1, last - side + 1, { direction: 'both' })?.cost).toBe(2 * (side - 1))
    expect(graph.path(0, last, { maxDepth: 2 * (side - 1) - 1 })).toBeUndefined()
    expect(graph.path(0, last, { maxDepth: 2 * (side - 1) })?.edges.length).toBe(2 * (side - 1))
    // Downwards costs nothing, to the right only along the lowest row.
    const weight = ({ from, to }: { from: number; to: number }) =>
      to - from === 1 && from < side * (side - 1) ? 5 : 0.25
    expect(graph.path(0, last, { weight })?.cost).toBe((side - 1) * 0.5)
    const closed = ({ from, to }: { from: number; to: number }) =>
      to - from === 1 ? Number.POSITIVE_INFINITY : 1
    expect(graph.path(0, last, { weight: closed })).toBeUndefined()
    expect(graph.path(0, side * (side - 1), { weight: closed })?.cost).toBe(side - 1)
    // Each node once, by depth.
    const steps = graph.walk(0).toArray()
    expect(steps.length).toBe(last)
    expect(steps.map(({ depth }) => depth)).toEqual(
      steps.map(({ node }) => (node % side) + Math.floor(node / side)),
    )
    expect(steps.every(({ depth }, i) => i === 0 || depth >= (steps[i - 1]?.depth ?? 0))).toBe(true)
  })

  it('a chain is walked and searched to its end, without a stack', () => {
    const length = 12_000
    const graph = fill(opened(ROOM, false), chain(length))
    for (const order of ['breadth', 'depth'] as const) {
      const steps = graph.walk(0, { order }).toArray()
      expect(steps.map(({ node }) => node)).toEqual(Array.from({ length }, (_, i) => i + 1))
      expect(steps.at(-1)).toEqual({
        node: length,
        depth: length,
        edge: { from: length - 1, to: length, type: '', value: 1 },
      })
      expect(graph.walk(length, { order, direction: 'in', depth: 70 }).toArray().at(-1)?.node).toBe(
        length - 70,
      )
    }
    const path = graph.path(0, length)
    expect(path?.nodes).toEqual(Array.from({ length: length + 1 }, (_, i) => i))
    expect(graph.path(0, length, { weight: ({ from }) => from % 2 })?.cost).toBe(length / 2)
  })

  it('breadth first, queues of many nodes are given whole', () => {
    // Three of each node: 3 + 9 + … nodes.
    const edges: [number, number][] = []
    for (let at = 0; edges.length < 9840; at++) {
      for (let i = 1; i <= 3; i++) edges.push([at, 3 * at + i])
    }
    const graph = fill(opened(ROOM, false), edges)
    const all = Array.from({ length: 9840 }, (_, i) => i + 1)
    expect(
      graph
        .walk(0)
        .toArray()
        .map(({ node }) => node),
    ).toEqual(all)
    const below = (at: number): number[] =>
      at > 9840 ? [] : [at, ...[1, 2, 3].flatMap(i => below(3 * at + i))]
    expect(
      graph
        .walk(0, { order: 'depth' })
        .toArray()
        .map(({ node }) => node),
    ).toEqual(below(0).slice(1))
  })

  it('depth first, a filter that throws late costs its own step alone', () => {
    const graph = fill(opened(ROOM, false), [...chain(2000), [0, -1], [0, -2], [1999, -3]])
    const boom = new Error('boom')
    let left = 1
    const filter = ({ node }: { node: number }) => {
      if (node === -3 && left-- > 0) throw boom
      return true
    }
    const steps = graph.walk(0, { order: 'depth', filter })
    expect(() => steps.next()).toThrow(boom)
    const nodes = steps.toArray().map(({ node }) => node)
    expect(nodes).toEqual([-2, -1, ...Array.from({ length: 2000 }, (_, i) => i + 1)])
  })

  it('a node of more edges than may wait is counted, cut short, and removed', () => {
    const db = opened(ROOM, false)
    const count = 70_000
    const graph = fill(
      db,
      Array.from({ length: count }, (_, i) => (i % 2 === 0 ? [i + 1, 0] : [0, i + 1])),
    )
    graph.addEdge(0, 0, 1)
    graph.addEdge(5, 6, 1)
    expect(graph.degree(0, { direction: 'both' })).toBe(count + 2)
    expect(graph.neighbours(0, { direction: 'both' }).toArray().length).toBe(count + 1)
    expect(graph.neighbours(0, { direction: 'in', limit: 3 }).toArray()).toEqual([0, 1, 3])
    expect(
      graph
        .in(0, { limit: 2 })
        .toArray()
        .map(({ from }) => from),
    ).toEqual([0, 1])
    const before = db.version
    expect(graph.removeNode(0)).toBe(before + 1)
    expect(graph.edges.keys().toArray()).toEqual([[5, '', 6]])
    expect(graph.in(6).toArray()).toEqual([{ from: 5, to: 6, type: '', value: 1 }])
    expect(graph.degree(0, { direction: 'both', at: before })).toBe(count + 2)
    graph.edges.restore({ at: before })
    expect(graph.degree(0, { direction: 'in' })).toBe(count / 2 + 1)
    db.transact(tx => {
      tx.graph(graph).removeNode(0)
      expect(tx.graph(graph).in(0).toArray()).toEqual([])
    })
    expect(graph.edges.size).toBe(1)
  })

  it('a walk follows edges only as far as it is asked', () => {
    const db = opened(ROOM, false)
    const graph = fill(db, [...chain(3000), [0, 5000], [0, 5001]])
    let asked = 0
    const filter = () => ++asked > 0
    const steps = graph.walk(0, { filter })
    expect(asked).toBe(0)
    expect(db.stats().readers.pins).toBe(1)
    expect(steps.next().value?.node).toBe(1)
    expect(asked).toBe(1)
    expect(Array.from({ length: 3 }, () => steps.next().value?.node)).toEqual([5000, 5001, 2])
    expect(asked).toBe(4)
    steps.return()
    expect(db.stats().readers.pins).toBe(0)
    expect(steps.next()).toEqual({ value: undefined, done: true })
    for (const { node } of graph.walk(0)) if (node === 100) break
    expect(db.stats().readers.pins).toBe(0)
  })
})

describe('pathAsync', () => {
  const side = 60
  const last = side * side - 1
  const weight = () => 1

  it('lets the event loop go on, and reads one version', async () => {
    const db = opened(ROOM, false)
    const graph = fill(db, grid(side))
    for (const plan of [{}, { weight }]) {
      let ticks = 0
      let isDone = false
      const counting = (async () => {
        while (!isDone) {
          await tick()
          ticks++
          // None of these is seen.
          if (ticks === 1) graph.addEdge(0, last, 0)
          else graph.removeNode(ticks)
        }
      })()
      const path = await graph.pathAsync(0, last, plan)
      isDone = true
      await counting
      expect(path?.cost).toBe(2 * (side - 1))
      expect(ticks).toBeGreaterThan(1)
      expect(graph.path(0, last, plan)?.cost).toBe(1)
      graph.edges.restore({ at: db.oldestVersion })
      graph.edges.clear()
      graph.edges.batch(
        [...grid(side)].map(([a, b]) => ({ type: 'put', key: [a, '', b], value: 1 })),
      )
    }
  })

  it('rejects when its signal says so, before and in the middle', async () => {
    const db = opened(ROOM, false)
    const graph = fill(db, grid(side))
    for (const plan of [{}, { weight }]) {
      const reason = new Error('enough')
      const early = AbortSignal.abort(reason)
      await expect(graph.pathAsync(0, last, { ...plan, signal: early })).rejects.toMatchObject({
        name: 'AbortError',
      })
      expect(() => graph.path(0, last, { ...plan, signal: early })).toThrow(
        expect.objectContaining({ name: 'AbortError' }),
      )
      const late = new AbortController()
      const searching = graph.pathAsync(0, last, { ...plan, signal: late.signal })
      expect(db.stats().readers.pins).toBe(1)
      late.abort()
      await expect(searching).rejects.toMatchObject({ name: 'AbortError' })
      expect(db.stats().readers.pins).toBe(0)
      const never = new AbortController()
      const path = await graph.pathAsync(0, last, { ...plan, signal: never.signal })
      expect(path?.cost).toBe(2 * (side - 1))
      never.abort()
    }
  })

  it('rejects where the database is closed meanwhile, or nothing can be read', async () => {
    const db = ZVerse.open()
    const graph = fill(db, grid(side))
    await expect(graph.pathAsync(0, last, { at: 99 })).rejects.toMatchObject({
      code: 'ZVERSE_FUTURE_VERSION',
    })
    await expect(graph.pathAsync(Number.NaN, last)).rejects.toMatchObject({
      code: 'ZVERSE_INVALID_KEY',
    })
    await expect(graph.pathAsync(0, last, { depth: 1 } as never)).rejects.toMatchObject({
      code: 'ZVERSE_INVALID_OPTION',
    })
    const searching = [graph.pathAsync(0, last), graph.pathAsync(0, last, { weight })]
    const ends = Promise.allSettled(searching)
    db.close()
    for (const end of await ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ZVERSE_CLOSED' } })
    }
    await expect(graph.pathAsync(0, last)).rejects.toMatchObject({ code: 'ZVERSE_CLOSED' })
  })

  it('rejects with what a weight throws, and where it gives no weight', async () => {
    const db = opened(ROOM, false)
    const graph = fill(db, grid(side))
    const boom = new Error('boom')
    let calls = 0
    const throwing = () => {
      if (++calls === 4000) throw boom
      return 1
    }
    await expect(graph.pathAsync(0, last, { weight: throwing })).rejects.toBe(boom)
    calls = 0
    const negative = () => (++calls === 4000 ? -1 : 1)
    await expect(graph.pathAsync(0, last, { weight: negative })).rejects.toMatchObject({
      code: 'ZVERSE_INVALID_VALUE',
    })
    expect(db.stats().readers.pins).toBe(0)
    expectCode(() => graph.path(0, last, { weight: () => Number.NaN }), 'INVALID_VALUE')
  })

  it('many at a time do not get in each other’s way', async () => {
    const graph = fill(opened(ROOM, false), grid(30))
    const wanted = Array.from({ length: 12 }, (_, i) => ({
      to: 899 - i * 31,
      plan: i % 2 ? {} : { weight },
    }))
    const found = await Promise.all(wanted.map(({ to, plan }) => graph.pathAsync(0, to, plan)))
    expect(found.map(told)).toEqual(wanted.map(({ to, plan }) => told(graph.path(0, to, plan))))
  })
})
