/** Iterators and searches that are open while the graph is changed: they read it as it was at their begin. */
import { describe, expect, it } from 'vitest'
import type { TupleKey, ZVerse } from '../../lib/index.js'
import { openWith } from '../../lib/zverse.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { type AnyGraph, filled, having } from './fixture.js'
import { PlainGraph } from './plain-graph.js'
import {
  begin,
  change,
  drawPool,
  goOn,
  type Opened,
  type Puts,
  SEED,
  type Writes,
} from './world.js'

describe(`iterators that are open while the graph is changed, seeds ${SEED} and on`, () => {
  function rounds(
    count: number,
    round: (random: Random, graph: AnyGraph, db: ZVerse) => void,
  ): void {
    for (let n = 0; n < scaled(count); n++) {
      const seed = SEED + n
      const db = openWith(
        { maxBytes: 2 ** 22, history: { versions: 0 } },
        { now: () => 1, poison: true, indexFrom: 1 },
      )
      try {
        round(new Random(seed), db.graph<TupleKey>('g'), db)
        expect(db.stats().readers.pins).toBe(0)
        expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${seed}: ${(error as Error).message}`, { cause: error })
      } finally {
        db.close()
      }
    }
  }

  /** Changes a graph, and goes on with iterators that were made meanwhile. */
  function interleave(
    random: Random,
    pool: ReturnType<typeof drawPool>,
    graph: AnyGraph | (Writes & Pick<AnyGraph, 'out'>),
    edges: Puts,
    plain: PlainGraph,
  ): void {
    let all: Opened[] = []
    for (let i = 0; i < 30; i++) {
      const kind = random.int(3)
      if (kind === 0) change(random, pool, graph as Writes, edges, plain)
      else if (kind === 1 && all.length < 6) all.push(begin(random, pool, graph as AnyGraph, plain))
      else if (all.length > 0) {
        const one = random.pick(all)
        if (!goOn(random, one)) all = all.filter(other => other !== one)
      }
    }
    for (const one of all) while (goOn(random, one));
  }

  it('see the version in which they were made', () => {
    rounds(400, (random, graph) => {
      interleave(random, drawPool(random), graph, graph.edges as Puts, new PlainGraph())
    })
  })

  it('see a transaction as it was when they were made', () => {
    rounds(400, (random, graph, db) => {
      const pool = drawPool(random)
      const plain = new PlainGraph()
      for (let i = 0; i < 10; i++) change(random, pool, graph, graph.edges as Puts, plain)
      db.transact(tx => {
        interleave(random, pool, tx.graph(graph), tx.store(graph.edges) as Puts, plain)
      })
    })
  })

  // The same, in the smallest cases.
  it.each([
    ['in', (draft: AnyGraph) => draft.in('c')],
    ['walk', (draft: AnyGraph) => draft.walk('a')],
    ['walk in', (draft: AnyGraph) => draft.walk('c', { direction: 'in' })],
    ['neighbours', (draft: AnyGraph) => draft.neighbours('b', { direction: 'both' })],
  ])('see a transaction as it was when they were made: %s', (_, verb) => {
    const { db, graph } = filled('ab bc')
    db.transact(tx => {
      const draft = tx.graph(graph) as AnyGraph
      const expected = [...verb(draft)]
      const items = verb(draft)
      draft.removeEdge('a', 'b')
      draft.removeEdge('b', 'c')
      expect([...items]).toEqual(expected)
    })
  })

  it('a search in a transaction sees it as it was when it began', () => {
    const { db, graph } = filled('ab cb')
    db.transact(tx => {
      const draft = tx.graph(graph)
      const weight = () => having(draft.removeEdge('c', 'b'), 1)
      expect(draft.path('a', 'c', { direction: 'both', weight })?.nodes).toEqual(['a', 'b', 'c'])
    })
  })
})
