/**
 * Each allocation of each kind of commit that changes a graph fails in turn: all is as it was, in every version, and the
 * database goes on.
 */
import { describe, expect, it } from 'vitest'
import { failEach } from '../support/allocations.js'
import { type AnyGraph, opened, type Wrong } from './fixture.js'

const long = 'long '.repeat(800)

function prepared(): { db: Wrong; graph: AnyGraph } {
  const db: Wrong = opened({ maxBytes: 2 ** 24 })
  const edges = db.store('g', { keys: 'tuple' })
  edges.put(['a', '', 'b'], 1)
  const graph = db.graph('g')
  const put = (i: number) => ({ type: 'put', key: [i % 9, i % 2 ? '' : 'even', i], value: { i } })
  graph.edges.batch(Array.from({ length: 150 }, (_, i) => put(i)))
  graph.addEdge('a', ['n', 1], long)
  const other = db.store('other', { keys: 'tuple' })
  other.batch(
    Array.from({ length: 50 }, (_, i) => ({ type: 'put', key: [i, '', i + 1], value: i })),
  )
  return { db, graph }
}

const WRITES: Record<string, (graph: AnyGraph, db: Wrong) => unknown> = {
  'an edge': graph => graph.addEdge(long, [long, 2], long, { type: long }),
  'another value of an edge': graph => graph.addEdge(1, 1, long),
  'an edge less': graph => graph.removeEdge(2, 2, { type: 'even' }),
  'a node less': graph => graph.removeNode(4),
  'a batch': graph =>
    graph.edges.batch(
      Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0
          ? { type: 'del' as const, key: [i % 9, i % 2 ? '' : 'even', i] as const }
          : { type: 'put' as const, key: [i, 'new', 'hub'] as const, value: i },
      ) as Wrong,
    ),
  'a transaction that looks': (graph, db) =>
    db.transact((tx: Wrong) => {
      const draft = tx.graph(graph)
      draft.addEdge('x', 7)
      expect(draft.in(7).toArray().length).toBeGreaterThan(1)
      draft.removeNode(7)
      draft.addEdge(7, 'x', long)
      expect(draft.path(7, 'x')?.cost).toBe(1)
      draft.removeNode(8)
    }),
  'clearing a range': graph => graph.edges.clear({ gte: [3, '', null], lt: [6, '', null] }),
  'clearing all': graph => graph.edges.clear(),
  'a restore': graph => graph.edges.restore({ at: 2 }),
  'a store that becomes a graph': (_, db) => db.graph('other'),
  'a new graph': (_, db) => db.graph('new'),
  'dropping it': (_, db) => db.dropStore('g'),
  'a load': (_, db) => {
    const other: Wrong = opened()
    other.graph('g').addEdge('loaded', 'b', 2)
    other.graph('new').addEdge('loaded', 'b', 3)
    const records = [...other.dump()]
    other.close()
    db.load(records)
  },
}

describe('memory that ends in the middle of a commit', () => {
  it.each(Object.entries(WRITES))('of %s', (_, write) => {
    // check() compares the index with the edges.
    failEach(
      prepared,
      ({ graph, db }) => write(graph, db),
      db => JSON.stringify([...db.dump({ history: true })]),
      { every: 5, least: 3 },
    )
  })
})
