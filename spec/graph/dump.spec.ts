/** Graphs in dumps: what is loaded answers as what was dumped does, at every version. */
import { describe, expect, it } from 'vitest'
import { fromJson, type Graph, type TupleKey, toJson, type ZVerse } from '../../lib/index.js'
import { expectCode } from '../support/expect.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'
import { circle, opened, type Wrong } from './fixture.js'
import { PlainGraph } from './plain-graph.js'
import { askAll, change, drawPool, type Puts, SEED } from './world.js'

type AnyGraph = Graph<TupleKey, unknown>

/** The records of a dump, through JSON. */
function dumped(db: ZVerse, options: object = {}): Wrong[] {
  return [...db.dump(options)].map(record => fromJson(toJson(record)))
}

const handleOf = (db: ZVerse) => db.graph<TupleKey>('g') as AnyGraph

describe(`a dump, seeds ${SEED} and on`, () => {
  it('with history has graphs as they were made, changed, dropped and made anew', () => {
    for (let round = 0; round < scaled(200); round++) {
      const seed = SEED + round
      try {
        loadHistory(new Random(seed))
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${seed}: ${(error as Error).message}`, { cause: error })
      }
    }
  })

  function loadHistory(random: Random): void {
    const db = opened()
    const pool = drawPool(random)
    let plain = new PlainGraph()
    let state = 'none'
    const moments: [version: number, plain: PlainGraph][] = []
    for (let step = 0; step < 30; step++) {
      if (state === 'none') {
        if (random.chance(0.5)) db.store('g', { keys: 'tuple' })
        else handleOf(db)
        state = 'made'
      } else if (random.chance(0.05)) {
        db.dropStore('g')
        plain = new PlainGraph()
        state = 'none'
      } else {
        const graph = handleOf(db)
        state = 'graph'
        change(random, pool, graph, graph.edges as Puts, plain)
      }
      if (random.chance(0.1)) db.tag(`tag ${random.int(3)}`)
      // A store that is a graph in the end may not have been one yet.
      if (state === 'graph') moments.push([db.version, plain.copy()])
    }
    const records = dumped(db, { history: true })
    const copy = opened()
    copy.load(records)
    expect(dumped(copy, { history: true })).toEqual(records)
    const graph = handleOf(copy)
    for (const [at, then] of moments) {
      askAll(random, pool, graph, then, { view: { at }, count: 2 })
    }
    for (const { version, tags } of copy.versions()) {
      for (const at of tags) {
        const moment = moments.find(([number]) => number === version)
        if (moment) askAll(random, pool, graph, moment[1], { view: { at }, count: 1 })
      }
    }
    copy.close()
    db.close()
  }

  it('of one version is loaded beside what is there', () => {
    for (let round = 0; round < scaled(200); round++) {
      const seed = SEED + round
      const random = new Random(seed)
      const db = opened()
      const pool = drawPool(random)
      const plain = new PlainGraph()
      const source = handleOf(db)
      for (let i = 0; i < 15; i++) change(random, pool, source, source.edges as Puts, plain)
      const into = opened()
      const before = random.pick(['nothing', 'tuples', 'a graph'])
      const store = before === 'tuples' ? into.store('g', { keys: 'tuple' }) : null
      if (before === 'a graph') handleOf(into)
      const both = new PlainGraph()
      if (before !== 'nothing') {
        const edges = store ?? handleOf(into).edges
        edges.put(['before', '', 'it'], 1)
        both.add('before', 'it', 1)
      }
      into.load(dumped(db))
      for (const { from, to, type, value } of plain.all()) both.add(from, to, value, type)
      try {
        askAll(random, [...pool, 'before', 'it'], handleOf(into), both)
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${seed}: ${(error as Error).message}`, { cause: error })
      }
      into.close()
      db.close()
    }
  })
})

describe('a dump is refused', () => {
  const index = { type: 'index', store: 'g', name: '', definition: { kind: 'graph' } }

  /** A dump of a graph, with its index record changed. */
  function doctored(change: object, more: object[] = []): Wrong[] {
    const { db } = circle()
    const records = dumped(db).map(record => {
      return record.type === 'index' ? { ...record, ...change } : record
    })
    const end = records.pop()
    return [...records, ...more, end]
  }

  it.each([
    ['of another kind without a name', { definition: { on: 'n' } }],
    ['without a definition', { definition: undefined }],
    ['of that kind with a name', { name: 'n' }],
    ['with a name that is none', { name: 5 }],
  ])('with an index %s', (_, change) => {
    const db = opened()
    expectCode(() => db.load(doctored(change)), 'FORMAT')
    expect([db.version, db.stores()]).toEqual([0, []])
  })

  it('with a graph of keys that are no tuples, or no edges', () => {
    const db = opened()
    const records = dumped(circle().db)
    const [header, store] = records
    const texts = { ...store, keys: 'string' }
    expectCode(() => db.load([header, texts, index, { type: 'end' }]), 'INVALID_OPTION')
    const put = { type: 'put', store: 'g', key: ['a', 'b'], value: 1 }
    expectCode(() => db.load([header, store, put, index, { type: 'end' }]), 'INVALID_KEY')
    expectCode(() => db.load([header, store, index, put, { type: 'end' }]), 'INVALID_KEY')
    expect([db.version, db.stores()]).toEqual([0, []])
    db.load(records)
    expect(handleOf(db).degree('d', { direction: 'in' })).toBe(2)
  })
})
