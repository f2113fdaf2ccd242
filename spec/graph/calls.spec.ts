/** Code of the caller inside a graph's verbs: filters, weights, codecs. */
import { describe, expect, it } from 'vitest'
import type { TupleKey } from '../../lib/index.js'
import { expectCode, thrownBy } from '../support/expect.js'
import { type AnyGraph, filled, having } from './fixture.js'
import type { PlainEdge } from './plain-graph.js'

const nodesOf = (steps: Iterable<{ node: unknown }>) => [...steps].map(({ node }) => node)

/** All that an iterator gives, and the messages of what it throws. */
function patiently(items: Iterator<{ node: unknown }>): unknown[] {
  const all: unknown[] = []
  for (let i = 0; i < 100; i++) {
    try {
      const { done, value } = items.next()
      if (done) break
      all.push(value.node)
    } catch (error) {
      all.push((error as Error).message)
    }
  }
  return all
}

describe('a filter', () => {
  it('that throws costs its own step, whose node another edge may lead to', () => {
    const { db, graph } = filled('ab ac ad ba cb dc')
    for (const order of ['breadth', 'depth'] as const) {
      const filter = ({ edge }: { edge: PlainEdge | { from: unknown; to: unknown } }) => {
        if (edge.from === 'a' && edge.to === 'b') throw new Error('boom')
        return true
      }
      const steps = graph.walk('a', { order, filter })
      expect(thrownBy(() => steps.next())).toMatchObject({ message: 'boom' })
      expect(db.stats().readers.pins).toBe(0)
      const expected = order === 'breadth' ? ['c', 'd', 'b'] : ['c', 'b', 'd']
      expect(patiently(steps)).toEqual(expected)
      expect(patiently(graph.walk('a', { order, filter }))).toEqual(['boom', ...expected])
    }
  })

  it('that throws leaves a walk that cannot go on where its version is gone', () => {
    const { db, graph } = filled('ab ac', { history: { versions: 0 } })
    const filter = () => {
      throw new Error('boom')
    }
    const steps = graph.walk('a', { filter })
    expect(thrownBy(() => steps.next())).toMatchObject({ message: 'boom' })
    graph.removeNode('a')
    expectCode(() => steps.next(), 'VERSION_NOT_RETAINED')
    expect(db.stats().readers.pins).toBe(0)
  })

  it('may end its own iterator, which gives at most the step that it was asked about', () => {
    const { db, graph } = filled('ab ac ad be')
    for (const order of ['breadth', 'depth'] as const) {
      for (const goes of [true, false]) {
        let asked = 0
        const steps = graph.walk('a', {
          order,
          filter: () => {
            asked++
            if (asked === 2) steps.return()
            return asked === 1 || goes
          },
        })
        const nodes = patiently(steps)
        expect(['b', 'c']).toEqual(expect.arrayContaining(nodes))
        expect(asked).toBe(2)
        expect(db.stats().readers.pins).toBe(0)
      }
    }
  })

  it('may end its own iterator in transactions, too', () => {
    const { db, graph } = filled('ab ac ad be')
    const read = db.beginRead()
    try {
      for (const order of ['breadth', 'depth'] as const) {
        let asked = 0
        const steps = read.graph(graph).walk('a', {
          order,
          filter: () => {
            if (++asked === 2) steps.return()
            return asked === 1
          },
        })
        patiently(steps)
        expect(asked).toBe(2)
      }
    } finally {
      read.close()
    }
  })

  it('may not ask its own iterator for more', () => {
    const { graph } = filled('ab ac ad be')
    for (const order of ['breadth', 'depth'] as const) {
      for (const verb of ['next', 'toArray'] as const) {
        const steps = graph.walk('a', {
          order,
          filter: ({ node }) => {
            if (node === 'c') steps[verb]()
            return true
          },
        })
        const error = expectCode(() => steps.toArray(), 'INVALID_OPTION', { option: 'filter' })
        expect(error.message).not.toBe('')
        expect(nodesOf(steps)).toEqual(order === 'breadth' ? ['d', 'e'] : ['b', 'e', 'd'])
      }
    }
  })

  it('may ask its own iterator for more if it can bear the refusal', () => {
    const { graph } = filled('ab ac ad be')
    for (const order of ['breadth', 'depth'] as const) {
      const steps = graph.walk('a', {
        order,
        filter: ({ node }) => {
          expectCode(() => steps.next(), 'INVALID_OPTION')
          return node !== 'b'
        },
      })
      expect(nodesOf(steps)).toEqual(['c', 'd'])
    }
  })

  it('may close the database, or end the transaction', () => {
    for (const order of ['breadth', 'depth'] as const) {
      const { db, graph } = filled('ab ac ad be')
      const read = db.beginRead()
      const ofRead = read
        .graph(graph)
        .walk('a', { order, filter: () => having(read.close(), true) })
      expectCode(() => ofRead.next(), 'TRANSACTION_CLOSED')
      for (const end of ['abort', 'commit'] as const) {
        const tx = db.beginWrite()
        tx.graph(graph).addEdge('a', end)
        const ofTx = tx.graph(graph).walk('a', { order, filter: () => having(tx[end](), true) })
        expectCode(() => ofTx.next(), 'TRANSACTION_CLOSED')
        expectCode(() => ofTx.next(), 'TRANSACTION_CLOSED')
      }
      expect([graph.degree('a')]).toEqual([4])
      const steps = graph.walk('a', { order, filter: () => having(db.close(), true) })
      expectCode(() => steps.next(), 'CLOSED')
      expectCode(() => steps.next(), 'CLOSED')
    }
  })

  it('may write, and ask other questions; its walk goes on in its version', () => {
    for (const order of ['breadth', 'depth'] as const) {
      const { db, graph } = filled('ab bc cd de', { history: { versions: 0 } })
      const steps = graph.walk('a', {
        order,
        filter: ({ node }) => {
          graph.removeNode(node)
          graph.addEdge('a', ['new', node as string])
          expect(nodesOf(graph.walk('a')).length).toBeGreaterThan(0)
          expect(graph.path('a', ['new', node as string], { weight: () => 2 })?.cost).toBe(2)
          return true
        },
      })
      const values = steps.toArray().map(({ node, edge }) => [node, edge.value])
      expect(values).toEqual(['b', 'c', 'd', 'e'].map((node, i) => [node, i]))
      expect(nodesOf(graph.walk('a')).length).toBe(4)
      expect(db.stats().readers.pins).toBe(0)
    }
  })

  it('is believed where it gives what is true', () => {
    const { graph } = filled('ab ac ad ae af')
    const given: Record<string, unknown> = { b: 1, c: 0, d: '', e: 'x', f: undefined }
    const filter = ({ node }: { node: TupleKey }) => given[node as string] as boolean
    expect(nodesOf(graph.walk('a', { filter }))).toEqual(['b', 'e'])
  })
})

describe('a weight', () => {
  it('must be a number that is not below 0', () => {
    const { graph } = filled('ab bc')
    for (const wrong of [
      -1,
      -1e-300,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      '1',
      1n,
      null,
      undefined,
      {},
    ]) {
      const error = expectCode(
        () => graph.path('a', 'c', { weight: () => wrong as number }),
        'INVALID_VALUE',
      )
      expect(error.message).toMatch(/weight/)
    }
    const promised = async () => 1
    expectCode(() => graph.path('a', 'c', { weight: promised as never }), 'INVALID_VALUE')
    expect(graph.path('a', 'c', { weight: () => -0 })?.cost).toBe(0)
    expect(graph.path('a', 'c', { weight: () => Number.POSITIVE_INFINITY })).toBeUndefined()
    expect(graph.path('a', 'c', { weight: () => Number.MAX_VALUE, maxDepth: 1 })).toBeUndefined()
    // It is not asked where there is nothing to go.
    const never = () => expect.fail('asked')
    expect(graph.path('c', 'a', { weight: never })).toBeUndefined()
    expect(graph.path('a', 'a', { weight: never })).toEqual({ nodes: ['a'], edges: [], cost: 0 })
    expect(graph.path('a', 'c', { weight: never, maxDepth: 0 })).toBeUndefined()
  })

  it('that throws ends the search, and nothing is pinned', () => {
    const { db, graph } = filled('ab bc cd')
    const boom = new Error('boom')
    const weight = ({ value }: { value: unknown }) => {
      if (value === 1) throw boom
      return 1
    }
    expect(thrownBy(() => graph.path('a', 'd', { weight }))).toBe(boom)
    expect(db.stats().readers.pins).toBe(0)
    db.transact(tx => {
      const draft = tx.graph(graph)
      draft.addEdge('x', 'y')
      expect(thrownBy(() => draft.path('a', 'd', { weight }))).toBe(boom)
      draft.addEdge('y', 'z')
    })
    expect(graph.path('x', 'z')?.cost).toBe(2)
  })

  it('may close the database, end the transaction, write, and search itself', () => {
    const { db, graph } = filled('ab bc', { history: { versions: 0 } })
    const path = graph.path('a', 'c', {
      weight: ({ from, value }) => {
        graph.removeNode('c')
        graph.addEdge(from, 'else')
        expect(graph.path('a', 'c', { weight: () => 1 })).toBeUndefined()
        return value as number
      },
    })
    expect(path).toMatchObject({ nodes: ['a', 'b', 'c'], cost: 1 })
    const read = db.beginRead()
    const ofRead = () => read.graph(graph).path('a', 'c', { weight: () => having(read.close(), 1) })
    expectCode(ofRead, 'TRANSACTION_CLOSED')
    const tx = db.beginWrite()
    expectCode(
      () => tx.graph(graph).path('a', 'c', { weight: () => having(tx.abort(), 1) }),
      'TRANSACTION_CLOSED',
    )
    expectCode(() => graph.path('a', 'c', { weight: () => having(db.close(), 1) }), 'CLOSED')
  })

  it('may abort the search', () => {
    const { db, graph } = filled('ab')
    graph.edges.batch(
      Array.from({ length: 3000 }, (_, i) => ({ type: 'put', key: ['a', '', i], value: 1 })),
    )
    const late = new AbortController()
    const weight = () => having(late.abort(), 1)
    expect(thrownBy(() => graph.path('a', 'none', { weight, signal: late.signal }))).toMatchObject({
      name: 'AbortError',
    })
    expect(db.stats().readers.pins).toBe(0)
  })
})

describe('a codec', () => {
  function moody() {
    const state = { angry: (_: unknown): void => {} }
    const values = {
      name: 'moody',
      encode: (value: unknown) => Buffer.from(JSON.stringify(value)),
      decode: (bytes: Uint8Array): unknown => {
        const value = JSON.parse(Buffer.from(bytes).toString())
        state.angry(value)
        return value
      },
    }
    return { state, ...filled('ab ac ad bz cz dz', { values }) }
  }

  it('that throws costs its own item; nothing is pinned then', () => {
    const { state, db, graph } = moody()
    state.angry = value => {
      if (value === 1 || value === 4) throw new Error('boom')
    }
    const given = (items: Iterable<{ node?: unknown; from?: unknown; to?: unknown }>) => {
      const iterator = items[Symbol.iterator]()
      const all: unknown[] = []
      for (let i = 0; i < 9; i++) {
        try {
          const { done, value } = iterator.next()
          if (done) return all
          all.push(value.node ?? `${value.from}${value.to}`)
        } catch {
          expect(db.stats().readers.pins).toBe(0)
          all.push('boom')
        }
      }
      return all
    }
    expect(given(graph.out('a'))).toEqual(['ab', 'boom', 'ad'])
    expect(given(graph.in('z'))).toEqual(['bz', 'boom', 'dz'])
    expect(given(graph.walk('a'))).toEqual(['b', 'boom', 'd', 'z'])
    expect(given(graph.walk('a', { order: 'depth' }))).toEqual(['b', 'z', 'boom', 'd'])
    expect(graph.neighbours('z', { direction: 'both' }).toArray()).toEqual(['b', 'c', 'd'])
    expect(graph.degree('z', { direction: 'both' })).toBe(3)
    expect(thrownBy(() => graph.edge('a', 'c'))).toMatchObject({ message: 'boom' })
    expect(thrownBy(() => graph.path('a', 'c'))).toMatchObject({ message: 'boom' })
    expect(thrownBy(() => graph.path('a', 'd', { weight: () => 1 }))).toMatchObject({
      message: 'boom',
    })
    expect(graph.path('b', 'z')?.edges).toEqual([{ from: 'b', to: 'z', type: '', value: 3 }])
    graph.removeNode('c')
    expect(given(graph.out('a'))).toEqual(['ab', 'ad'])
  })

  it('cannot use the database', () => {
    const { state, db, graph } = moody()
    for (const call of [
      () => graph.addEdge('x', 'y'),
      () => graph.out('a'),
      () => graph.degree('a'),
    ]) {
      state.angry = () => void call()
      for (const verb of [
        () => graph.out('a').next(),
        () => graph.in('z').next(),
        () => graph.walk('a').next(),
        () => graph.edge('a', 'b'),
        () => graph.path('a', 'z'),
        () => graph.path('a', 'z', { weight: () => 1 }),
      ]) {
        expectCode(verb, 'NESTED_TRANSACTION')
        expect(db.stats().readers.pins).toBe(0)
      }
    }
    state.angry = () => {}
    expect(graph.path('a', 'z')?.cost).toBe(2)
  })

  it('may close the database; what was under way says so, or is the last', () => {
    const verbs: ((graph: AnyGraph) => unknown)[] = [
      graph => [...graph.out('a')],
      graph => graph.out('a').toArray(),
      graph => [...graph.in('z')],
      graph => [...graph.walk('a')],
      graph => [...graph.walk('a', { order: 'depth' })],
      graph => [...graph.walk('a', { filter: () => true })],
      graph => [graph.edge('a', 'b'), graph.edge('a', 'b')],
      graph => graph.path('a', 'z'),
      graph => graph.path('a', 'z', { weight: () => 1 }),
    ]
    for (const verb of verbs) {
      const { state, db, graph } = moody()
      state.angry = () => db.close()
      expectCode(() => verb(graph), 'CLOSED')
      expectCode(() => graph.degree('a'), 'CLOSED')
    }
  })
})
