/** Stores that become graphs, and handles of graphs: at versions before, after a drop, after the end. */
import { describe, expect, it } from 'vitest'
import { type TupleKey, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { type AnyGraph, circle, NODE_VERBS, opened, READS, refused, WRITES } from './fixture.js'
import { NO_EDGES } from './world.js'

describe('a store that becomes a graph', () => {
  it('has edges from both ends from then on; before, from one', () => {
    const db = opened()
    const store = db.store('g', { keys: 'tuple' })
    const empty = db.version
    store.put(['a', '', 'b'], 1)
    const half = store.put(['b', 't', 'c'], 2)
    const graph = db.graph('g')
    expect(db.version).toBe(half + 1)
    expect(db.graph('g').name).toBe('g')
    expect(db.version).toBe(half + 1)
    expect(graph.in('c').toArray()).toEqual([{ from: 'b', to: 'c', type: 't', value: 2 }])
    store.put(['d', '', 'c'], 3)
    expect(graph.degree('c', { direction: 'in' })).toBe(2)
    const read = db.beginRead({ at: half })
    for (const [reads, view] of [
      [graph, { at: half }],
      [read.graph(graph), {}],
    ] as const) {
      expect(reads.out('b', view).toArray()).toEqual([{ from: 'b', to: 'c', type: 't', value: 2 }])
      expect(reads.edge('a', 'b', view)?.value).toBe(1)
      expect(reads.degree('a', view)).toBe(1)
      expect([...reads.neighbours('a', view)]).toEqual(['b'])
      expect([...reads.walk('a', view)].map(({ node }) => node)).toEqual(['b', 'c'])
      expect(reads.path('a', 'c', { weight: () => 1, ...view })?.cost).toBe(2)
      for (const direction of ['in', 'both'] as const) {
        expectCode(() => reads.degree('a', { direction, ...view }), 'UNKNOWN_INDEX')
        expectCode(() => [...reads.neighbours('a', { direction, ...view })], 'UNKNOWN_INDEX')
        expectCode(() => [...reads.walk('a', { direction, ...view })], 'UNKNOWN_INDEX')
        expectCode(() => reads.path('a', 'c', { direction, ...view }), 'UNKNOWN_INDEX')
      }
      expectCode(() => reads.in('c', view), 'UNKNOWN_INDEX', { index: '' })
    }
    read.close()
    // Before there was a store there were no edges, from either end.
    for (const at of [empty - 1, empty]) {
      const isThere = at === empty
      expect([...graph.out('a', { at })]).toEqual([])
      if (isThere) expectCode(() => graph.in('b', { at }), 'UNKNOWN_INDEX')
      else expect([...graph.in('b', { at })]).toEqual([])
      if (!isThere) expect(graph.degree('b', { at, direction: 'both' })).toBe(0)
      if (!isThere) expect([...graph.neighbours('b', { at, direction: 'both' })]).toEqual([])
      if (!isThere) expect([...graph.walk('b', { at, direction: 'both' })]).toEqual([])
      expect(graph.edge('a', 'b', { at })).toBeUndefined()
      if (!isThere) expect(graph.path('a', 'b', { at })).toBeUndefined()
      if (!isThere) expect(graph.path('a', 'a', { at })?.cost).toBe(0)
    }
    expect(db.check().ok).toBe(true)
    expect(db.stats().readers.pins).toBe(0)
  })

  it('has paths along its edges at a version before, whatever their number', () => {
    const db = opened()
    const store = db.store('g', { keys: 'tuple' })
    for (const to of ['b', 'd', 'e']) store.put(['a', '', to], 1)
    const half = store.put(['b', '', 'c'], 1)
    const graph = db.graph('g')
    expect(graph.path('a', 'b', { at: half })?.cost).toBe(1)
    expect(graph.path('a', 'c', { at: half })?.cost).toBe(2)
  })

  it.each(NO_EDGES.map(key => [JSON.stringify(key), key]))('but not with the key %s', (_, key) => {
    const db = opened()
    const store = db.store('g', { keys: 'tuple' })
    for (let i = 0; i < 50; i++) store.put([i, '', i + 1], i)
    store.put(key, 1)
    refused(db, () => db.graph('g'), 'INVALID_KEY')
    expect(store.get(key)).toBe(1)
    store.put([key, key], 2)
    store.delete(key)
    store.delete([key, key])
    const graph = db.graph<TupleKey>('g')
    expect(graph.degree(7, { direction: 'both' })).toBe(2)
    refused(db, () => store.put(key, 1), 'INVALID_KEY')
  })

  it('has its other indexes as before, and the listing hides its own', () => {
    const { db, graph } = circle()
    const { edges } = graph
    expect(edges.indexes()).toEqual([])
    edges.index('n', { on: 'n' })
    expect(edges.indexes()).toEqual([{ name: 'n', on: 'n' }])
    expect(edges.index('n').count({ eq: 1 })).toBe(5)
    expect([...edges.where({ n: 1 } as never)].length).toBe(5)
    expect(edges.explain({ n: 1 } as never).plan).not.toBe('')
    graph.removeNode('c')
    expect([...edges.index('n').keys()]).toEqual([
      ['a', '', 'b'],
      ['d', '', 'd'],
    ])
    for (const name of ['', undefined, null]) {
      expectCode(() => edges.index(name as never), 'INVALID_OPTION')
      expectCode(() => edges.dropIndex(name as never), 'INVALID_OPTION')
    }
    for (const kind of ['graph', 'edges']) {
      refused(db, () => edges.index('x', { kind } as never), 'INVALID_OPTION')
      refused(db, () => db.index('x', { kind } as never), 'INVALID_OPTION')
    }
    expect(db.stores().map(({ name }) => name)).toEqual(['g'])
    edges.dropIndex('n')
    expect(graph.in('d').toArray().length).toBe(1)
  })
})

describe('handles', () => {
  it('of another database, or of none, are refused', () => {
    const { db, graph } = circle()
    const { db: other, graph: foreign } = circle()
    const attached = ZVerse.attach(db.share())
    const of = attached.graph<TupleKey>('g')
    const read = db.beginRead()
    db.transact(tx => {
      for (const wrong of [foreign, of, graph.edges, {}, null, undefined, 'g', { name: 'g' }]) {
        expectCode(() => tx.graph(wrong as never), 'INVALID_OPTION')
        expectCode(() => read.graph(wrong as never), 'INVALID_OPTION')
      }
      expectCode(() => tx.graph(Object.create(graph)), 'INVALID_OPTION')
      expectCode(() => tx.store(graph as never), 'INVALID_OPTION')
      tx.graph(graph).addEdge('it', 'goes on')
    })
    read.close()
    expect(of.degree('it')).toBe(1)
    attached.close()
    other.close()
  })

  it('are of no use after the end of the database or the transaction', () => {
    const { db, graph } = circle()
    const read = db.beginRead()
    const write = db.beginWrite()
    const [reads, draft] = [read.graph(graph), write.graph(graph)]
    const all = (of: AnyGraph | typeof reads) => [
      ...[of.out('a'), of.in('a'), of.neighbours('a', { direction: 'both' }), of.walk('a')],
      of.walk('a', { order: 'depth' }),
    ]
    const [ofReads, ofDraft, ofGraph] = [all(reads), all(draft as never), all(graph)]
    // Some lie ready, others are still to be read.
    for (const one of [ofReads, ofDraft, ofGraph]) expect(one[0]?.next().done).toBe(false)
    read.close()
    write.abort()
    const verbs = [...Object.values(READS), ...Object.values(NODE_VERBS).slice(0, 7)]
    for (const iterator of [...ofReads, ...ofDraft]) {
      expectCode(() => iterator.next(), 'TRANSACTION_CLOSED')
      expectCode(() => iterator.toArray(), 'TRANSACTION_CLOSED')
    }
    for (const verb of Object.values(READS)) {
      for (const of of [reads, draft]) expectCode(() => verb(of, {}), 'TRANSACTION_CLOSED')
    }
    for (const verb of Object.values(WRITES))
      expectCode(() => verb(draft, {}), 'TRANSACTION_CLOSED')
    expectCode(() => draft.removeNode('a'), 'TRANSACTION_CLOSED')
    expectCode(() => read.graph(graph), 'TRANSACTION_CLOSED')
    expectCode(() => write.graph(graph), 'TRANSACTION_CLOSED')
    db.close()
    for (const iterator of [...ofReads, ...ofDraft, ...ofGraph]) {
      expectCode(() => iterator.next(), 'CLOSED')
      iterator.return()
      expect(iterator.next().done).toBe(true)
    }
    for (const verb of verbs) expectCode(() => verb(graph, undefined), 'CLOSED')
    expectCode(() => graph.removeNode('a'), 'CLOSED')
    expectCode(() => db.graph('g'), 'CLOSED')
    expect([graph.name, JSON.stringify(graph)]).toEqual(['g', '{"type":"Graph","name":"g"}'])
  })

  it('of a graph that was dropped know no store, but its past; then the next one of its name', () => {
    const { db, graph } = circle()
    const past = db.version
    db.dropStore('g')
    for (const verb of [...Object.values(READS), ...Object.values(WRITES)]) {
      refused(db, () => verb(graph, undefined), 'UNKNOWN_STORE')
    }
    refused(db, () => graph.removeNode('a'), 'UNKNOWN_STORE')
    expect(graph.in('a', { at: past }).toArray().length).toBe(1)
    // A store that is no graph has one end of its edges.
    const store = db.store('g', { keys: 'tuple' })
    store.put(['a', '', 'z'], 1)
    store.put(['no edge'], 1)
    expect(graph.out('a').toArray().length).toBe(1)
    expectCode(() => graph.in('z'), 'UNKNOWN_INDEX')
    refused(db, () => graph.removeNode('z'), 'UNKNOWN_INDEX')
    db.transact(tx => {
      tx.graph(graph).addEdge('x', 'y')
      expectCode(() => tx.graph(graph).removeNode('a'), 'UNKNOWN_INDEX')
      expect(tx.graph(graph).degree('a')).toBe(1)
    })
    expect([graph.degree('a'), graph.degree('x')]).toEqual([1, 1])
    store.delete(['no edge'])
    db.graph('g')
    expect(graph.in('z').toArray().length).toBe(1)
    graph.removeNode('z')
    expect(graph.degree('a')).toBe(0)
    // Of other codecs it is another's.
    db.dropStore('g')
    const json = db.graph('g', { values: 'json' })
    json.addEdge('a', 'q', 1)
    expect(() => graph.in('q').toArray()).toThrow()
    expect(db.check().ok).toBe(true)
  })

  it('write nothing where nothing changes', () => {
    const { db, graph } = circle()
    const { version } = db
    expect(graph.removeEdge('a', 'none')).toBe(version)
    expect(graph.removeEdge('a', 'b', { type: 'none' })).toBe(version)
    expect(graph.removeNode('none')).toBe(version)
    expect(db.transact(tx => [tx.graph(graph).removeNode('none'), tx.version])).toEqual([
      undefined,
      version + 1,
    ])
    expect(db.version).toBe(version)
    expect(graph.addEdge('a', 'b', { n: 2 })).toBe(version + 1)
    expect(graph.addEdge('a', 'b', { n: 2 }, { type: 'other' })).toBe(version + 2)
    expect(graph.removeEdge('a', 'b')).toBe(version + 3)
    expect(graph.removeNode('d')).toBe(version + 4)
    expect(graph.edges.size).toBe(4)
  })
})
