/** What a graph's verbs are given, and give, is the caller's own: changing it changes nothing else. */
import { describe, expect, it } from 'vitest'
import type { TupleKey } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { type AnyGraph, filled, having, opened } from './fixture.js'

const nodesOf = (steps: Iterable<{ node: unknown }>) => [...steps].map(({ node }) => node)

describe('what is the caller’s own', () => {
  const bytes = () => Uint8Array.of(1, 2)

  it('nodes that are changed after the call change nothing', async () => {
    const db = opened()
    const graph = db.graph<TupleKey>('g')
    const node = ['a', bytes()] as [string, Uint8Array]
    const other = bytes()
    graph.addEdge(node, other, 1)
    graph.addEdge(other, node, 2)
    const [one, two] = [['a', bytes()], bytes()]
    const spoil = () => {
      node[0] = 'other'
      node[1].fill(9)
      other.fill(9)
    }
    const mend = () => {
      node[0] = 'a'
      node[1].set([1, 2])
      other.set([1, 2])
    }
    const verbs: Record<string, () => Iterable<unknown>> = {
      out: () => graph.out(node),
      in: () => graph.in(node),
      'walk both': () => graph.walk(node, { direction: 'both' }),
      'walk deep': () => graph.walk(node, { order: 'depth' }),
      'neighbours out': () => graph.neighbours(node),
      'neighbours in': () => graph.neighbours(node, { direction: 'in' }),
    }
    for (const [name, verb] of Object.entries(verbs)) {
      const expected = [...verb()]
      expect([name, expected.length]).toEqual([name, 1])
      const items = verb()
      spoil()
      expect([name, ...items]).toEqual([name, ...expected])
      mend()
    }
    const path = graph.path(node, other)
    const weight = () => having(spoil(), 1)
    expect(graph.path(node, other, { weight })).toEqual(path)
    mend()
    const searching = [graph.pathAsync(node, other), graph.pathAsync(node, other, { weight })]
    spoil()
    expect(await Promise.all(searching)).toEqual([path, path])
    expect(graph.in(two).toArray()).toEqual([{ from: one, to: two, type: '', value: 1 }])
  })

  it('a node that is changed after the call changes nothing in neighbours of both sides', () => {
    const db = opened()
    const graph = db.graph<TupleKey>('g')
    for (const [from, to] of [
      [[1], 'b'],
      ['c', [1]],
      ['d', [2]],
    ] as const) {
      graph.addEdge(from, to)
    }
    const node = [1]
    const all = graph.neighbours(node, { direction: 'both' })
    node[0] = 2
    expect(all.toArray()).toEqual(['b', 'c'])
  })

  it('options are read once, at the call', () => {
    const { graph } = filled('ab ac ad')
    const options = { limit: 2, type: '', direction: 'out' as const }
    const all = [graph.out('a', { limit: 2, type: '' }), graph.neighbours('a', options)]
    Object.assign(options, { limit: 0, type: 'x', direction: 'in' })
    expect(all.map(items => items.toArray().length)).toEqual([2, 2])
    const walk: { depth: number; filter?: () => boolean } = { depth: 2 }
    const steps = graph.walk('a', walk)
    Object.assign(walk, { depth: 0, filter: () => false })
    expect(steps.toArray().length).toBe(3)
  })

  it('results share nothing with one another, nor with what is under way', () => {
    const db = opened()
    const graph = db.graph<TupleKey>('g')
    const name = (i: number) => ['n', Uint8Array.of(i)]
    for (let i = 0; i < 30; i++) {
      graph.addEdge(name(0), name(i + 1), { i }, { type: i % 2 ? 'odd' : '' })
      graph.addEdge(name(i + 1), name(i + 2), { i })
    }
    const spoil = (value: unknown): void => {
      if (value instanceof Uint8Array) value.fill(99)
      else if (typeof value === 'object' && value !== null) {
        for (const one of Object.values(value)) spoil(one)
        if (Array.isArray(value)) value.length = 0
      }
    }
    const options = [
      { direction: 'both' },
      { direction: 'both', order: 'depth' },
      { direction: 'in', filter: (step: unknown) => having(structuredClone(step), true) },
    ] as const
    const verbs: (() => IterableIterator<unknown>)[] = [
      () => graph.out(name(0)),
      () => graph.in(name(5)),
      () => graph.neighbours(name(0), { direction: 'both' }),
      ...options.map(one => () => graph.walk(name(0), one)),
    ]
    for (const verb of verbs) {
      const expected = [...verb()].map(item => structuredClone(item))
      const found: unknown[] = []
      for (const item of verb()) {
        found.push(structuredClone(item))
        spoil(item)
      }
      expect(found).toEqual(expected)
    }
    // What a filter and a weight are shown is theirs as well; the walk and the search do not look at it again.
    const nodes = nodesOf(graph.walk(name(0), { direction: 'both' }))
    const steps = graph.walk(name(0), {
      direction: 'both',
      filter: step => having(spoil(step), true),
    })
    expect(steps.toArray().length).toBe(nodes.length)
    const path = graph.path(name(2), name(9), { weight: () => 1 })
    const other = graph.path(name(2), name(9), { weight: edge => having(spoil(edge), 1) })
    expect([other?.nodes, other?.cost]).toEqual([path?.nodes, path?.cost])
    for (const way of [path, graph.path(name(2), name(9))]) {
      const { nodes: all, edges } = way as NonNullable<typeof way>
      const before = structuredClone(edges)
      spoil(all)
      expect(edges).toEqual(before)
      spoil(edges[0])
      expect(edges.slice(1)).toEqual(before.slice(1))
    }
    expect(graph.edge(name(0), name(1))).toEqual({
      from: name(0),
      to: name(1),
      type: '',
      value: { i: 0 },
    })
  })

  it('nodes whose reading runs code cannot use the database', () => {
    const { db, graph } = filled('ab')
    const calls: (() => unknown)[] = [
      () => graph.addEdge('x', 'y'),
      () => graph.out('a').toArray(),
      () => graph.degree('a'),
    ]
    const verbs: ((of: AnyGraph, node: TupleKey) => unknown)[] = [
      (of, node) => of.addEdge(node, 'b'),
      (of, node) => of.removeEdge('a', node),
      (of, node) => of.removeNode(node),
      (of, node) => of.edge(node, 'a'),
      (of, node) => of.out(node),
      (of, node) => of.walk(node),
      (of, node) => of.neighbours(node),
      (of, node) => of.degree(node),
      (of, node) => of.path('a', node),
    ]
    const reading = (get: () => unknown) =>
      Object.defineProperty(['a'], 0, { get, enumerable: true })
    for (const call of calls) {
      for (const verb of verbs) {
        expectCode(() => verb(graph, reading(call)), 'NESTED_TRANSACTION')
        expect(db.stats().readers.pins).toBe(0)
      }
    }
    expect(graph.edges.size).toBe(1)
    // But they can close it.
    for (const verb of verbs) {
      const { db: other, graph: of } = filled('ab')
      expectCode(
        () =>
          verb(
            of,
            reading(() => having(other.close(), 'a')),
          ),
        'CLOSED',
      )
    }
  })
})
