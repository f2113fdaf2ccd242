/** Small graphs for specs. What was opened here must be sound after each test, with nothing pinned. */
import { afterEach, expect } from 'vitest'
import type { Graph, TupleKey, ZVerse } from '../../lib/index.js'
import { openWith } from '../../lib/zverse.js'
import { expectCode } from '../support/expect.js'

export type AnyGraph = Graph<TupleKey, unknown>
// biome-ignore lint/suspicious/noExplicitAny: what is wrong has any type.
export type Wrong = any

const open: ZVerse[] = []

afterEach(() => {
  for (const db of open.splice(0)) {
    if (db._test.engine.gate.isClosed) continue
    try {
      expect(db.stats().readers.pins).toBe(0)
      expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
    } finally {
      db.close()
    }
  }
})

export function opened(options: object = {}, poison = true): ZVerse {
  const all = { maxBytes: 2 ** 23, history: { versions: 1000 }, ...options }
  const db = openWith(all, { now: () => 1, poison })
  open.push(db)
  return db
}

/** A graph of edges like 'ab', from a to b, each with its place in the list. */
export function filled(
  texts: string,
  options: { history?: object; values?: object } = {},
): { db: ZVerse; graph: AnyGraph } {
  const { values, ...others } = options
  const db = opened(others)
  const graph = db.graph<TupleKey>('g', { values: values as 'msgpack' | undefined })
  for (const [i, [from, to]] of texts.split(' ').entries()) {
    graph.addEdge(from as string, to as string, i)
  }
  return { db, graph }
}

/** A graph of five edges without a type, in a circle and a loop, and one with a type and a longer node. */
export function circle(options: object = {}): { db: ZVerse; graph: AnyGraph } {
  const db = opened(options)
  const graph = db.graph<TupleKey>('g')
  for (const [from, to] of ['ab', 'bc', 'ca', 'cd', 'dd']) graph.addEdge(from, to, { n: 1 })
  graph.addEdge('a', ['n', 1], 'value', { type: 't' })
  return { db, graph }
}

/** For callbacks: the result, when something has been done. */
export const having = <T>(_done: unknown, result: T): T => result

/** The action is refused, and all is as it was, in every version. */
export function refused(db: ZVerse, action: () => unknown, code: string): void {
  const stateOf = () => [...db.dump({ history: true })]
  const before = stateOf()
  expectCode(action, code)
  expect(stateOf()).toEqual(before)
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
  expect(db.stats().readers.pins).toBe(0)
}

/** All verbs that take a node, each place of one. */
export const NODE_VERBS: Record<string, (graph: Wrong, node: Wrong) => unknown> = {
  'addEdge from': (graph, node) => graph.addEdge(node, 'b'),
  'addEdge to': (graph, node) => graph.addEdge('a', node),
  'removeEdge from': (graph, node) => graph.removeEdge(node, 'b'),
  'removeEdge to': (graph, node) => graph.removeEdge('a', node),
  removeNode: (graph, node) => graph.removeNode(node),
  'edge from': (graph, node) => graph.edge(node, 'b'),
  'edge to': (graph, node) => graph.edge('a', node),
  out: (graph, node) => graph.out(node),
  in: (graph, node) => graph.in(node),
  neighbours: (graph, node) => graph.neighbours(node),
  degree: (graph, node) => graph.degree(node),
  walk: (graph, node) => graph.walk(node),
  'path from': (graph, node) => graph.path(node, 'b'),
  'path to': (graph, node) => graph.path('a', node, { weight: () => 1 }),
}

/** The read verbs, each with its options. */
export const READS: Record<string, (graph: Wrong, options: Wrong) => unknown> = {
  edge: (graph, options) => graph.edge('a', 'b', options),
  out: (graph, options) => graph.out('a', options),
  in: (graph, options) => graph.in('a', options),
  neighbours: (graph, options) => graph.neighbours('a', options),
  degree: (graph, options) => graph.degree('a', options),
  walk: (graph, options) => graph.walk('a', options),
  path: (graph, options) => graph.path('a', 'c', options),
}

export const WRITES: Record<string, (graph: Wrong, options: Wrong) => unknown> = {
  addEdge: (graph, options) => graph.addEdge('a', 'b', 1, options),
  removeEdge: (graph, options) => graph.removeEdge('a', 'b', options),
}
