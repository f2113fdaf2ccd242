/** What graphs refuse, by which codes, and that nothing has changed then. */
import { describe, expect, it } from 'vitest'
import { type TupleKey, ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { circle, NODE_VERBS, opened, READS, refused, WRITES, type Wrong } from './fixture.js'
import { NO_EDGES } from './world.js'

const NO_TYPES = [
  ['\ud800', 'INVALID_KEY'],
  ['x'.repeat(17_000), 'KEY_TOO_LARGE'],
] as const
const cyclic: unknown[] = []
cyclic.push(cyclic)
const gone = Uint8Array.of(1)
structuredClone(gone.buffer, { transfer: [gone.buffer] })

const NO_NODES: [string, unknown, string][] = [
  ['undefined', undefined, 'INVALID_KEY'],
  ['NaN', Number.NaN, 'INVALID_KEY'],
  ['a bigint', 1n, 'INVALID_KEY'],
  ['an object', {}, 'INVALID_KEY'],
  ['a date', new Date(0), 'INVALID_KEY'],
  ['a symbol', Symbol('s'), 'INVALID_KEY'],
  ['a function', () => 1, 'INVALID_KEY'],
  ['other bytes', Uint16Array.of(1), 'INVALID_KEY'],
  ['bytes that are gone', gone, 'INVALID_KEY'],
  ['half a character', '\ud800', 'INVALID_KEY'],
  ['an array with a hole', new Array(1), 'INVALID_KEY'],
  ['an array with NaN', ['a', [Number.NaN]], 'INVALID_KEY'],
  ['an array in itself', cyclic, 'INVALID_KEY'],
  ['a long string', 'x'.repeat(17_000), 'KEY_TOO_LARGE'],
]

describe('bad input', () => {
  it.each(NO_NODES)('a node that is %s', (_, node, code) => {
    const { db, graph } = circle()
    for (const verb of Object.values(NODE_VERBS)) refused(db, () => verb(graph, node), code)
    const read = db.beginRead()
    expectCode(() => read.graph(graph).out(node as never), code)
    read.close()
    db.transact(tx => {
      const draft = tx.graph(graph)
      draft.addEdge('in', 'it')
      for (const verb of Object.values(NODE_VERBS)) expectCode(() => verb(draft, node), code)
      draft.removeEdge('a', 'b')
    })
    expect([graph.degree('in'), graph.edge('a', 'b')]).toEqual([1, undefined])
  })

  it('options that are none, of all verbs', () => {
    const { db, graph } = circle()
    for (const [name, verb] of [...Object.entries(READS), ...Object.entries(WRITES)]) {
      for (const options of [5, 'x', true, null, [], { no: 1 }, { type: 5 }, { type: null }]) {
        refused(db, () => verb(graph, options), 'INVALID_OPTION')
      }
      for (const [type, code] of NO_TYPES) {
        // See below for what a walk says at once.
        const ask = () =>
          name === 'walk' ? graph.walk('a', { type }).next() : verb(graph, { type })
        refused(db, ask, code)
      }
      expectCode(() => verb(graph, { prefix: ['a'] }), 'INVALID_OPTION')
    }
    for (const verb of Object.values(WRITES)) {
      refused(db, () => verb(graph, { at: db.version }), 'INVALID_OPTION')
      refused(db, () => verb(graph, { ifVersion: 1 }), 'INVALID_OPTION')
    }
    const of: Record<string, [string[], Wrong[]]> = {
      limit: [
        ['out', 'in', 'neighbours'],
        [-1, 0.5, Number.NaN, '1', null],
      ],
      direction: [
        ['neighbours', 'degree', 'walk', 'path'],
        ['up', '', null, 1, ['out']],
      ],
      depth: [['walk'], [-1, 0.5, Number.NaN, '1', null, Number.NEGATIVE_INFINITY]],
      order: [['walk'], ['up', '', null, 1]],
      filter: [['walk'], [null, true, 'x', {}]],
      weight: [['path'], [null, 1, 'n', {}]],
      maxDepth: [['path'], [-1, 0.5, Number.NaN, '1', null]],
      signal: [['path'], [null, 1, {}, 'x']],
    }
    for (const [name, [verbs, wrong]] of Object.entries(of)) {
      for (const [verb, act] of Object.entries(READS)) {
        const all = verbs.includes(verb) ? wrong : [1, 'out', () => 1]
        for (const value of all) {
          const error = expectCode(() => act(graph, { [name]: value }), 'INVALID_OPTION')
          expect(error.message).toContain(name)
        }
      }
    }
    expect(db.stats().readers.pins).toBe(0)
  })

  it('a type that no edge can have, of a walk', () => {
    const { db, graph } = circle()
    for (const [type, code] of NO_TYPES) refused(db, () => graph.walk('a', { type }).return(), code)
  })

  it('views that are none, of all read verbs', () => {
    const { db, graph } = circle({ history: { versions: 2 } })
    const other = ZVerse.open()
    const foreign = other.beginRead()
    const ended = db.beginRead()
    ended.close()
    for (const verb of Object.values(READS)) {
      const wrong = [
        ...[{ at: -1 }, { at: 0.5 }, { at: {} }, { at: null }, { asOf: 5 }, { snapshot: {} }],
        ...[{ asOf: new Date(Number.NaN) }, { at: 1, asOf: new Date() }, { snapshot: foreign }],
      ]
      for (const view of wrong) refused(db, () => verb(graph, view), 'INVALID_OPTION')
      refused(db, () => verb(graph, { at: 'none' }), 'UNKNOWN_TAG')
      refused(db, () => verb(graph, { at: db.version + 1 }), 'FUTURE_VERSION')
      refused(db, () => verb(graph, { at: 1 }), 'VERSION_NOT_RETAINED')
      refused(db, () => verb(graph, { snapshot: ended }), 'TRANSACTION_CLOSED')
      // A transaction is a view already.
      const read = db.beginRead()
      expectCode(() => verb(read.graph(graph), { at: db.version }), 'INVALID_OPTION')
      read.close()
      const write = db.beginWrite()
      expectCode(() => verb(write.graph(graph), { at: db.version }), 'INVALID_OPTION')
      write.abort()
    }
    foreign.close()
    other.close()
  })

  it('values that the codec does not take', () => {
    const { db, graph } = circle()
    for (const value of [Symbol('s'), () => 1, new WeakMap()]) {
      refused(db, () => graph.addEdge('a', 'b', value), 'INVALID_VALUE')
      refused(db, () => graph.edges.put(['a', '', 'b'], value), 'INVALID_VALUE')
    }
    const texts = db.graph('texts', { values: 'string' })
    refused(db, () => texts.addEdge('a', 'b', 5), 'INVALID_VALUE')
    // What is not given is null, which is no text.
    refused(db, () => texts.addEdge('a', 'b'), 'INVALID_VALUE')
    texts.addEdge('a', 'b', 'text')
    expect(texts.in('b').toArray()).toEqual([{ from: 'a', to: 'b', type: '', value: 'text' }])
  })

  it('names and codecs of graphs', () => {
    const { db } = circle()
    db.store('other')
    db.store('points', { keys: 'tuple', values: 'json' })
    const wrong: [Wrong, Wrong][] = [
      ...['', 5, null, undefined].map(name => [name, undefined] as [Wrong, Wrong]),
      ...[5, null, [], { keys: 'tuple' }, { no: 1 }].map(one => ['new', one] as [Wrong, Wrong]),
      ...['nope', 5, {}].map(values => ['new', { values }] as [Wrong, Wrong]),
      ['new', { compress: 5 }],
      ['g', { values: 'json' }],
      ['other', undefined],
      ['points', undefined],
      ['points', { values: 'string' }],
    ]
    for (const [name, options] of wrong) {
      refused(db, () => db.graph(name, options), 'INVALID_OPTION')
    }
    expect(db.stores().map(({ name }) => name)).toEqual(['g', 'other', 'points'])
    const tx = db.beginWrite()
    expectCode(() => db.graph('new'), 'NESTED_TRANSACTION')
    // One that is there is had at any time.
    expect(db.graph('g').degree('a')).toBe(2)
    tx.abort()
  })
})

describe('keys that are no edges', () => {
  it.each(NO_EDGES.map(key => [JSON.stringify(key), key]))('%s is refused', async (_, key) => {
    const { db, graph } = circle()
    const edges = graph.edges as Wrong
    const put = { type: 'put', key, value: 1 }
    const good = { type: 'put', key: ['x', '', 'y'], value: 1 }
    refused(db, () => edges.put(key, 1), 'INVALID_KEY')
    refused(db, () => edges.update(key, () => 1), 'INVALID_KEY')
    refused(db, () => edges.batch([good, put]), 'INVALID_KEY')
    refused(db, () => edges.batch([put, good, good]), 'INVALID_KEY')
    const { version } = db
    // None is there: nothing is done.
    expect([edges.delete(key), edges.get(key), edges.has(key)]).toEqual([version, undefined, false])
    const store = db.store('g', { keys: 'tuple' })
    refused(db, () => store.put(key as TupleKey, 1), 'INVALID_KEY')
    const tx = db.beginWrite()
    const draft = tx.store(store)
    tx.graph(graph).addEdge('x', 'z', 1)
    expectCode(() => draft.put(key as TupleKey, 1), 'INVALID_KEY')
    expectCode(() => draft.batch([good, put] as never), 'INVALID_KEY')
    expectCode(() => draft.update(key as TupleKey, () => 1), 'INVALID_KEY')
    expect(tx.graph(graph).in('y').toArray()).toEqual([])
    tx.graph(graph).removeNode('d')
    expect(tx.commit()).toBe(version + 1)
    expect(graph.in('z').toArray().length).toBe(1)
    expect([graph.degree('d', { direction: 'both' }), graph.degree('c')]).toEqual([0, 1])
    const submitted = [edges.submit(good), edges.submit([good, put]), edges.submit(put)]
    const ends = await Promise.allSettled(submitted)
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(graph.in('y').toArray()).toEqual([{ from: 'x', to: 'y', type: '', value: 1 }])
    const dumped = [...db.dump()].filter(({ type }) => type !== 'index')
    const end = dumped.pop()
    const records = [...dumped, { ...put, store: 'g' }, end]
    refused(db, () => db.load(records), 'INVALID_KEY')
  })

  it('are refused by the queue with the same code', async () => {
    const { graph } = circle()
    const edges = graph.edges as Wrong
    await expect(edges.submit({ type: 'put', key: ['a'], value: 1 })).rejects.toMatchObject({
      code: 'ZVERSE_INVALID_KEY',
    })
  })

  it('are kept out by the writes of other threads, too', () => {
    const { db } = circle()
    const other = ZVerse.attach(db.share())
    const store = other.store('g', { keys: 'tuple' })
    refused(db, () => store.put(['a', 'b'], 1), 'INVALID_KEY')
    other.close()
  })
})

describe('keys of all sizes that there may be', () => {
  it('are turned around whole', () => {
    const db = opened()
    const graph = db.graph('g')
    for (let size = 8180; size < 8190; size++) {
      const [from, to] = ['f'.repeat(size), 't'.repeat(8188)]
      if (size > 8184) {
        expectCode(() => graph.addEdge(from, to), 'KEY_TOO_LARGE', { max: 16_380 })
        continue
      }
      graph.addEdge(from, to, size)
      expect(
        graph
          .in(to, { limit: 99 })
          .toArray()
          .map(({ value }) => value),
      ).toContain(size)
      expect(graph.edge(from, to)?.value).toBe(size)
      expect(graph.path(from, to)?.cost).toBe(1)
    }
    expect(db.check().problems).toEqual([])
    graph.removeNode('t'.repeat(8188))
    expect(graph.edges.size).toBe(0)
    expect(db.check().problems).toEqual([])
  })
})
