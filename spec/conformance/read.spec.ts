/**
 * Every read verb, in every place that has it, at every view, over every range: one table, and the
 * oracle says what is right. A verb that forgets its view or an option cannot pass.
 */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DECISIONS } from '../oracle/decisions.js'
import type { KeyKind } from '../oracle/keys.js'
import type { OracleSide, OracleView } from '../oracle/oracle.js'
import type { Reader } from '../oracle/reader.js'
import { checkDb, list } from '../support/compare.js'
import type {
  Bounds,
  Database,
  HistoryRecord,
  Reads,
  Side,
  ViewOptions,
  WriteTx,
} from '../support/contract.js'
import { type Fixture, fixture, ranges } from '../support/fixture.js'
import { agree } from '../support/outcome.js'

interface Verb {
  name: string
  /** All ways to ask this verb, in one result. */
  real(reads: Reads, view: ViewOptions, f: Fixture): unknown
  model(reader: Reader, f: Fixture): unknown
}

const pointVerbs: Verb[] = [
  {
    name: 'get',
    real: (reads, view, f) => f.keys.map(key => reads.get(key, ...argument(view))),
    model: (reader, f) => f.keys.map(key => reader.get(key)),
  },
  {
    name: 'has',
    real: (reads, view, f) => f.keys.map(key => reads.has(key, ...argument(view))),
    model: (reader, f) => f.keys.map(key => reader.has(key)),
  },
  {
    name: 'getEntry',
    real: (reads, view, f) => f.keys.map(key => reads.getEntry(key, ...argument(view))),
    model: (reader, f) => f.keys.map(key => reader.getEntry(key)),
  },
  {
    name: 'getMany',
    real: (reads, view, f) => reads.getMany([...f.keys].reverse(), ...argument(view)),
    model: (reader, f) => reader.getMany([...f.keys].reverse()),
  },
]

/** Absent rather than empty: the plain call is tested as users write it. */
function argument(view: ViewOptions): [] | [ViewOptions] {
  return Object.keys(view).length === 0 ? [] : [view]
}

const walks = ['range', 'entries', 'keys', 'values', 'getEntries'] as const
const rangeVerbs: Verb[] = walks.flatMap(name => {
  const model = (reader: Reader, f: Fixture) =>
    ranges(f.kind).map(bounds => reader[name === 'range' ? 'entries' : name](bounds))
  return [
    {
      name,
      model,
      real: (reads, view, f) =>
        ranges(f.kind).map(bounds => [...reads[name]({ ...bounds, ...view })]),
    },
    {
      name: `${name}.toArray`,
      model,
      real: (reads, view, f) =>
        ranges(f.kind).map(bounds => reads[name]({ ...bounds, ...view }).toArray()),
    },
    {
      name: `${name}.next`,
      model: (reader, f) => model(reader, f).map(items => [...items, 'done', 'done']),
      real: (reads, view, f) =>
        ranges(f.kind).map(bounds => {
          const cursor = reads[name]({ ...bounds, ...view })
          const found: unknown[] = []
          for (let dones = 0; dones < 2; ) {
            const { done, value } = cursor.next()
            if (done) dones++
            found.push(done ? 'done' : value)
          }
          return found
        }),
    },
  ] satisfies Verb[]
})

const countVerb: Verb = {
  name: 'count',
  real: (reads, view, f) => ranges(f.kind).map(bounds => reads.count({ ...bounds, ...view })),
  model: (reader, f) => ranges(f.kind).map(bounds => reader.count(bounds)),
}

function histories(version: number) {
  const edges = [undefined, 0, 3, Math.floor(version / 2), version - 3, version]
  const spans = edges.flatMap(from => edges.map(to => ({ from, to })))
  const turns = [{}, { reverse: true }, { limit: 0 }, { limit: 2 }, { reverse: true, limit: 1 }]
  return spans.flatMap(span => turns.map(turn => ({ ...span, ...turn })))
}

const historyVerb: Verb = {
  name: 'history',
  real: (reads, view, f) => {
    const asked = histories(f.oracle.version).map(options => ({ ...options, ...view }))
    const plain = (records: Iterable<HistoryRecord>) => list(records).map(one => ({ ...one }))
    return f.keys.map(key => asked.map(options => plain(reads.history(key, options))))
  },
  model: (reader, f) => {
    const asked = histories(f.oracle.version)
    return f.keys.map(key => asked.map(options => reader.history(key, options)))
  },
}

const VERBS = [...pointVerbs, ...rangeVerbs, countVerb, historyVerb]

describe.each<KeyKind>(['string', 'binary', 'tuple'])('reads of %s keys', kind => {
  let f: Fixture
  let tx: WriteTx

  beforeAll(() => {
    f = fixture(kind)
  })

  afterAll(() => {
    checkDb(f.db)
    f.close()
  })

  const places: { name: string; reads: () => Reads; reader: (v: OracleView) => Reader }[] = [
    { name: 'db', reads: () => f.db, reader: view => f.oracle.reader(f.oracle.unnamed, view) },
    { name: 'store', reads: () => f.store, reader: view => f.oracle.reader(f.storeLog, view) },
  ]

  describe.each(places)('$name', ({ reads, reader }) => {
    it.each(VERBS)('$name at every view, and would be caught if it forgot it', verb => {
      const answers = f.views.map(view =>
        agree(
          `${verb.name} at ${view.name}`,
          () => verb.real(reads(), view.real, f),
          () => verb.model(reader(view.model), f),
        ),
      )
      const present = answers[0]
      const others = answers.filter(answer => 'value' in answer)
      expect(others.some(answer => !isDeepStrictEqual(answer, present))).toBe(true)
    })

    it('size and iteration', () => {
      agree(
        'size',
        () => [reads().size, [...(reads() as Iterable<unknown>)]],
        () => [reader({}).size, reader({}).entries()],
      )
    })
  })

  it.each(VERBS)('$name of a read transaction', verb => {
    const pinned = { snapshot: f.pin }
    agree(
      `${verb.name} of the transaction`,
      () => verb.real(f.read, {}, f),
      () => verb.model(f.oracle.reader(f.oracle.unnamed, pinned), f),
    )
    agree(
      `${verb.name} of its store`,
      () => verb.real(f.read.store(f.store), {}, f),
      () => verb.model(f.oracle.reader(f.storeLog, pinned), f),
    )
  })

  it('size, iteration and version of a read transaction', () => {
    agree(
      'read transaction',
      () => [f.read.version, f.read.timestamp, f.read.size, [...f.read]],
      () => {
        const reader = f.oracle.reader(f.oracle.unnamed, { snapshot: f.pin })
        return [f.pin.version, f.pin.timestamp, reader.size, reader.entries()]
      },
    )
  })

  it('beginRead at every view', () => {
    for (const view of f.views) {
      agree(
        `beginRead at ${view.name}`,
        () => {
          const read = f.db.beginRead(view.real)
          const seen = [read.version, read.timestamp, [...read.getEntries()]]
          read.close()
          return seen
        },
        () => {
          const pin = f.oracle.beginRead(view.model)
          const reader = f.oracle.reader(f.oracle.unnamed, { snapshot: pin })
          return [pin.version, pin.timestamp, reader.getEntries()]
        },
      )
    }
  })

  it('diff of any two sides over every range', () => {
    type Sides = { name: string; real: Side; model: OracleSide }
    const sides = f.views.flatMap(({ name, real, model }): Sides[] => {
      const side = real.at ?? real.asOf
      if (side !== undefined) return [{ name, real: side, model: side }]
      if (!real.snapshot || !model.snapshot) return []
      return [{ name, real: real.snapshot, model: model.snapshot }]
    })
    const bounds = ranges(kind).filter(({ reverse, limit }) => {
      return DECISIONS.diffTakesReverseAndLimit || (reverse === undefined && limit === undefined)
    })
    let turn = 0
    for (const from of sides) {
      for (const to of sides) {
        for (const range of [{}, bounds[turn++ % bounds.length] as Bounds]) {
          agree(
            `diff from ${from.name} to ${to.name}`,
            () => [
              list(f.db.diff(from.real, to.real, range)),
              list(f.store.diff(from.real, to.real, range)),
            ],
            () => [
              f.oracle.diff(f.oracle.unnamed, from.model, to.model, range),
              f.oracle.diff(f.storeLog, from.model, to.model, range),
            ],
          )
        }
      }
    }
  })

  it('versions and stores', () => {
    agree(
      'versions',
      () => list(f.db.versions()),
      () => f.oracle.versions(),
    )
    for (const view of f.views) {
      agree(
        `stores at ${view.name}`,
        () => f.db.stores(view.real),
        () => f.oracle.stores(view.model),
      )
    }
  })

  describe('write transaction', () => {
    beforeAll(() => {
      tx = f.db.beginWrite()
      const draft = f.oracle.begin()
      const { keys } = f
      const apply = (write: (verb: 'put' | 'delete', key: unknown, value?: unknown) => void) => {
        write('put', keys[0], 'own')
        write('delete', keys[2])
        write('put', keys[3], 'own again')
        write('delete', keys[10])
        write('put', keys[7], 'gone at once')
        write('delete', keys[7])
      }
      apply((verb, key, value) => (verb === 'put' ? tx.put(key, value) : tx.delete(key)))
      const { unnamed } = f.oracle
      apply((verb, key, value) => {
        return verb === 'put' ? draft.put(unnamed, key, value) : draft.delete(unnamed, key)
      })
      tx.store(f.store).put(keys[1], 'own')
      draft.put(f.storeLog, keys[1], 'own')
    })

    afterAll(() => {
      tx.abort()
      if (f.oracle.writing) f.oracle.abort(f.oracle.writing)
    })

    it.each(VERBS)('$name sees its own writes', verb => {
      const draft = f.oracle.writing
      if (!draft) throw new Error('no draft')
      const timeless = (result: unknown) =>
        verb.name === 'history' ? withoutTimes(result, tx.version) : result
      agree(
        `${verb.name} of the transaction`,
        () => timeless(verb.real(tx, {}, f)),
        () => timeless(verb.model(f.oracle.draftReader(f.oracle.unnamed, draft), f)),
      )
      agree(
        `${verb.name} of its store`,
        () => timeless(verb.real(tx.store(f.store), {}, f)),
        () => timeless(verb.model(f.oracle.draftReader(f.storeLog, draft), f)),
      )
    })

    it('size, iteration and version', () => {
      const draft = f.oracle.writing
      if (!draft) throw new Error('no draft')
      const reader = f.oracle.draftReader(f.oracle.unnamed, draft)
      agree(
        'write transaction',
        () => [tx.version, tx.size, [...tx], f.db.size],
        () => [
          draft.version,
          reader.size,
          reader.entries(),
          f.oracle.reader(f.oracle.unnamed).size,
        ],
      )
    })
  })
})

/** The time of a commit that is not made yet is not for the contract to say. */
function withoutTimes(histories: unknown, version: number): unknown {
  return (histories as { version: number }[][][]).map(ways =>
    ways.map(records =>
      records.map(record => {
        return record.version === version ? { ...record, timestamp: undefined } : record
      }),
    ),
  )
}

describe('iterators', () => {
  const opened = (): Database => {
    const { db } = fixture('string')
    return db
  }

  it('are their own iterable, once, and inherit from Iterator.prototype', () => {
    const db = opened()
    const prototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))
    for (const verb of walks) {
      const cursor = db[verb]()
      expect(cursor[Symbol.iterator]()).toBe(cursor)
      expect(Object.prototype.isPrototypeOf.call(prototype, cursor)).toBe(true)
      expect([...cursor].length).toBe(db.size)
      expect([...cursor]).toEqual([])
      expect(cursor.toArray()).toEqual([])
    }
    db.close()
  })

  it('are left by break, return and disposal, and then let go', () => {
    const db = opened()
    for (const verb of walks) {
      const broken = db[verb]()
      for (const _ of broken) break
      expect(broken.next()).toEqual({ done: true, value: undefined })
      const returned = db[verb]()
      returned.next()
      expect(returned.return()).toEqual({ done: true, value: undefined })
      expect(returned.next()).toEqual({ done: true, value: undefined })
      const disposed = db[verb]() as unknown as Record<symbol, () => void> & Iterator<unknown>
      disposed.next()
      // Node 20 may not know the symbol; zverse then brings its own or goes without.
      if (Symbol.dispose) {
        disposed[Symbol.dispose]?.()
        expect(disposed.next()).toEqual({ done: true, value: undefined })
      }
    }
    checkDb(db)
    db.close()
  })

  it('toArray after a few steps gives the rest', () => {
    const db = opened()
    const cursor = db.keys()
    const first = cursor.next().value
    expect([first, ...cursor.toArray()]).toEqual(db.keys().toArray())
    db.close()
  })
})
