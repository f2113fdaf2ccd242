/**
 * Values that are no Z-order key, no dimension, no box or no point are refused by name, and nothing
 * is written.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database, Reads, StoreHandle } from '../support/contract.js'
import { open } from '../support/engine.js'
import { expectCode, expectRefused } from '../support/expect.js'
import type { Dimension } from './oracle.js'
import { codec } from './world.js'

const QUANTISED: Dimension = { type: 'float', min: -1.5, max: 10, bits: 5 }

const NEVER = [undefined, null, '1', 1n, true, Symbol('s'), {}, [1], () => 1, Object(1), Number.NaN]

const INTEGERS = [...NEVER, new Date(1), 0.5, Infinity, -Infinity, 1e300, 5e-324]
const WRONG: [Dimension, unknown[]][] = [
  ['uint8', [...INTEGERS, -1, 256]],
  ['uint16', [...INTEGERS, -1, 65536]],
  ['uint32', [...INTEGERS, -1, 2 ** 32, -(2 ** 32)]],
  ['int8', [...INTEGERS, -129, 128]],
  ['int16', [...INTEGERS, -32769, 32768]],
  ['int32', [...INTEGERS, -(2 ** 31) - 1, 2 ** 31, 2 ** 32]],
  ['float32', [...NEVER, new Date(1), 0.1, 1e39, Number.MAX_VALUE, 5e-324, 2 ** 24 + 1]],
  ['float64', [...NEVER, new Date(1)]],
  ['date', [...NEVER, 0, 1, new Date(Number.NaN), '2024-01-01', new Date(8.64e15 + 1)]],
  [QUANTISED, [...NEVER, new Date(1), -1.5000001, 10.000001, Infinity, -Infinity]],
]

const GOOD: Record<string, unknown> = { date: new Date(3) }

describe('Z-order keys are refused', () => {
  it.each(WRONG)('for a value that %o does not take', (dimension, wrong) => {
    const list: Dimension[] = ['uint8', dimension, 'date']
    const good = GOOD[String(dimension)] ?? 2
    const db = open({ keys: codec(list) })
    db.put([1, good, new Date(1)], 'before')
    for (const value of wrong) {
      const key = [1, value, new Date(1)]
      const { message } = expectRefused(db, () => db.put(key, 1), 'INVALID_KEY')
      expect(message).toMatch(/dimension 1\b/)
      const verbs = [
        () => db.get(key),
        () => db.has(key),
        () => db.getEntry(key),
        () => db.delete(key),
        () => db.update(key, () => 1),
        () => db.getMany([[1, good, new Date(1)], key]),
        () => [...db.history(key)],
        () =>
          db.batch([
            { type: 'put', key: [2, good, new Date(1)], value: 1 },
            { type: 'del', key },
          ]),
        () => db.transact(tx => tx.put(key, 1)),
      ]
      for (const verb of verbs) {
        expect(expectCode(verb, 'INVALID_KEY').message).toMatch(/dimension 1\b/)
      }
      for (const bound of ['gt', 'gte', 'lt', 'lte']) {
        expectCode(() => db.keys({ [bound]: key }), ['INVALID_KEY', 'INVALID_OPTION'])
      }
    }
    expectRefused(db, () => db.put([300, good, new Date(1)], 1), 'INVALID_KEY')
    const last = expectRefused(db, () => db.put([1, good, 1], 1), 'INVALID_KEY')
    expect(last.message).toMatch(/dimension 2\b/)
    expect([...db.values()]).toEqual(['before'])
    db.close()
  })

  it('for a wrong number of dimensions, and if they are no array', () => {
    const db = open({ keys: codec(['uint8', 'float64']) })
    db.put([1, 1], 1)
    const holes = [1]
    holes.length = 2
    const wrong = [
      [],
      [1],
      [1, 2, 3],
      holes,
      '1,2',
      1,
      null,
      undefined,
      {},
      { 0: 1, 1: 2, length: 2 },
    ]
    for (const key of [...wrong, new Date(), new Float64Array(2), new Map(), Symbol('s'), 1n]) {
      expectRefused(db, () => db.put(key, 1), 'INVALID_KEY')
      for (const verb of [() => db.get(key), () => db.has(key), () => db.delete(key)]) {
        expectCode(verb, 'INVALID_KEY')
      }
    }
    db.close()
  })

  it('also in other kinds of stores, as prefix, and where a key is an option', () => {
    const db = open({ keys: codec(['uint8', 'uint8']) })
    db.put([1, 1], 1)
    for (const prefix of [[1], [], [1, 1], 'a', null]) {
      for (const verb of ['keys', 'values', 'range', 'getEntries', 'count'] as const) {
        expectCode(() => db[verb]({ prefix }), 'INVALID_OPTION')
      }
      expectRefused(db, () => db.clear({ prefix }), 'INVALID_OPTION')
      expectCode(() => [...db.diff(0, 1, { prefix })], 'INVALID_OPTION')
    }
    expectCode(() => db.keys({ gt: [1, 1], gte: [1, 1] }), 'INVALID_OPTION')
    db.close()
  })
})

describe('zorder()', () => {
  const quantised = (fields: object) => [{ ...(QUANTISED as object), ...fields }]
  const unlike = [undefined, null, 'uint8', 1, {}, new Map(), new Array(17).fill('uint8'), []]
  const names = [
    'uint64',
    'int64',
    'float',
    'string',
    'Uint8',
    '',
    'double',
    'toString',
    '__proto__',
  ]
  const fields = [
    ...[{ type: 'double' }, { type: undefined }, { min: undefined }, { max: undefined }],
    ...[{ bits: undefined }, { bits: 0 }, { bits: 54 }, { bits: 1.5 }, { bits: '8' }, { bits: -1 }],
    ...[{ bits: Number.NaN }, { bits: 8n }, { min: 10 }, { min: 11 }, { min: '0' }, { max: null }],
    ...[{ min: Number.NaN }, { max: Number.NaN }, { min: -Infinity }, { max: Infinity }],
    { unheardOf: 1 },
  ]

  it('refuses what is no list of dimensions', () => {
    const lists = [
      ...unlike,
      ...[...names, 1, null, undefined, {}, [], ['uint8']].map(name => ['uint8', name]),
      ...fields.map(quantised),
    ]
    for (const list of lists) expectCode(() => codec(list as unknown[]), 'INVALID_OPTION')
  })

  it('takes what it is given once, and any number of stores take it', () => {
    const list: Dimension[] = ['uint8', { ...(QUANTISED as object) } as Dimension]
    const keys = codec(list)
    list[0] = 'date'
    Object.assign(list[1], { min: 100, max: 200 })
    list.push('uint8')
    const db = open({ keys })
    const store = db.store('s', { keys })
    db.put([200, 5], 1)
    store.put([201, 5], 2)
    expect(db.get([200, 5])).toBe(1)
    expect(store.get([201, 5])).toBe(2)
    expect(db.get([201, 5])).toBe(undefined)
    db.close()
  })

  it('names a store that is not made anew with other dimensions', () => {
    const db = open()
    const list = ['uint8', { type: 'float', min: 0, max: 1, bits: 8 }]
    const store = db.store('s', { keys: codec(list), values: 'json' })
    store.put([1, 0.5], 1)
    const same = { keys: codec(structuredClone(list)), values: 'json' }
    expect([...db.store('s', same).keys()]).toEqual([[1, 0.5]])
    const others = [
      ['uint8'],
      ['uint8', 'uint8'],
      ['uint8', { type: 'float', min: 0, max: 1, bits: 9 }],
      ['uint8', { type: 'float', min: 0, max: 2, bits: 8 }],
      ['uint8', { type: 'float', min: -1, max: 1, bits: 8 }],
      [...list].reverse(),
    ]
    for (const other of others) {
      const options = { keys: codec(other), values: 'json' }
      expectRefused(db, () => db.store('s', options), 'INVALID_OPTION')
    }
    for (const keys of ['tuple', 'string', 'zorder', list]) {
      expectRefused(db, () => db.store('s', { keys, values: 'json' }), 'INVALID_OPTION')
    }
    for (const keys of ['zorder', list, 'zorder(uint8)'])
      expectCode(() => open({ keys }), 'INVALID_OPTION')
    db.close()
  })
})

describe('boxes and neighbours are refused', () => {
  let db: Database
  let store: StoreHandle
  let places: [string, Reads][]

  beforeEach(() => {
    db = open({ keys: codec(['uint8', 'float64', 'date']) })
    store = db.store('s', { keys: codec(['uint8', 'float64', 'date']) })
    db.put([1, 1, new Date(1)], 1)
    store.put([1, 1, new Date(1)], 1)
    const read = db.beginRead()
    places = [
      ['db', db],
      ['store', store],
      ['read', read],
      ['read.store', read.store(store)],
    ]
  })

  afterEach(() => db.close())

  const open3 = [null, null, null]

  /** Asks each verb that takes a box, everywhere, for its error. */
  function refusedBox(box: unknown, code: string): string[] {
    const messages: string[] = []
    const ask = (action: () => unknown) => messages.push(expectCode(action, code).message)
    for (const [, reads] of places) {
      if (Array.isArray(box) && box.length === 2) ask(() => reads.box(box[0], box[1]))
      for (const verb of ['range', 'keys', 'values', 'getEntries', 'count'] as const) {
        ask(() => reads[verb]({ box }))
      }
      ask(() => reads.nearest([1, 1, new Date(1)], 1, { box }))
    }
    ask(() => [...db.diff(0, db.version, { box })])
    messages.push(expectRefused(db, () => db.clear({ box }), code).message)
    messages.push(expectRefused(db, () => store.clear({ box }), code, {}, [store]).message)
    messages.push(expectRefused(db, () => db.transact(tx => tx.clear({ box })), code).message)
    return messages
  }

  it('with a side that is NaN or of the wrong type, by dimension', () => {
    const numbers = [Number.NaN, '1', 1n, true, new Date(1), {}, [], Symbol('s'), Object(1)]
    const dates = [Number.NaN, 1, '2024', new Date(Number.NaN), {}, Infinity]
    for (const [d, wrong] of [
      [0, numbers],
      [1, numbers],
      [2, dates],
    ] as const) {
      for (const side of wrong) {
        const corner = open3.map((_, i) => (i === d ? side : null))
        for (const box of [
          [corner, open3],
          [open3, corner],
        ]) {
          for (const message of refusedBox(box, 'INVALID_KEY')) {
            expect(message).toMatch(new RegExp(`dimension ${d}\\b`))
          }
        }
      }
    }
  })

  it('with corners of a wrong number of dimensions', () => {
    for (const corner of [
      [],
      [null],
      [null, null],
      [null, null, null, null],
      [1, 1, new Date(1), 1],
    ]) {
      refusedBox([corner, open3], 'INVALID_KEY')
      refusedBox([open3, corner], 'INVALID_KEY')
    }
  })

  it('with inverted sides, whichever they are', () => {
    refusedBox(
      [
        [2, null, null],
        [1, null, null],
      ],
      'INVALID_OPTION',
    )
    refusedBox(
      [
        [0.5, 3, null],
        [1, 2.999, null],
      ],
      'INVALID_OPTION',
    )
    refusedBox(
      [
        [null, Infinity, null],
        [1, -Infinity, null],
      ],
      'INVALID_OPTION',
    )
    refusedBox(
      [
        [null, null, new Date(2)],
        [1, null, new Date(1)],
      ],
      'INVALID_OPTION',
    )
    refusedBox(
      [
        [1000, null, null],
        [999, null, null],
      ],
      'INVALID_OPTION',
    )
    expect([...db.box([1, -0, null], [1, 0, null])]).toEqual([])
    expect([...db.box([-0, 0, null], [1, 1, null])]).toHaveLength(1)
  })

  it('if the option is no pair', () => {
    for (const box of [null, 1, 'ab', {}, [], [open3], [open3, open3, open3], new Map(), true]) {
      refusedBox(box, 'INVALID_OPTION')
    }
  })

  it('where keys are not Z-order', () => {
    for (const keys of ['string', 'tuple', 'binary']) {
      const other = open({ keys })
      const side = other.store('s', { keys })
      for (const reads of [other, side, other.beginRead()] as Reads[]) {
        expectCode(() => reads.box([null], [null]), 'INVALID_OPTION')
        expectCode(() => reads.nearest([1], 1), 'INVALID_OPTION')
        expectCode(() => reads.keys({ box: [[null], [null]] }), 'INVALID_OPTION')
        expectCode(() => reads.count({ box: [[null], [null]] }), 'INVALID_OPTION')
      }
      expectRefused(other, () => other.clear({ box: [[null], [null]] }), 'INVALID_OPTION')
      other.close()
    }
  })

  it('with options of other kinds', () => {
    const wrong = [
      { limit: -1 },
      { limit: 1.5 },
      { limit: '1' },
      { unheardOf: 1 },
      { at: -1 },
      null,
      1,
    ]
    for (const options of [...wrong, { at: 1, asOf: new Date() }] as never[]) {
      expectCode(() => db.box(open3, open3, options), 'INVALID_OPTION')
      if (Object.hasOwn(Object(options), 'limit')) continue
      expectCode(() => db.nearest(open3, 1, options), 'INVALID_OPTION')
    }
    expectCode(() => db.box(open3, open3, { at: db.version + 1 }), 'FUTURE_VERSION')
    expectCode(() => db.nearest(open3, 1, { at: 'nobody' }), 'UNKNOWN_TAG')
  })

  it('after the end of what they were asked of', () => {
    const read = db.beginRead()
    const cut = [read.box(open3, open3), read.nearest([1, 1, new Date(1)], 1)]
    read.close()
    expectCode(() => read.box(open3, open3), 'TRANSACTION_CLOSED')
    expectCode(() => read.nearest([1, 1, new Date(1)], 1), 'TRANSACTION_CLOSED')
    for (const iterator of cut) expectCode(() => iterator.next(), 'TRANSACTION_CLOSED')
    const left = [db.box(open3, open3), db.nearest([1, 1, new Date(1)], 1), store.box(open3, open3)]
    db.close()
    expectCode(() => db.box(open3, open3), 'CLOSED')
    expectCode(() => db.nearest([1, 1, new Date(1)], 1), 'CLOSED')
    for (const iterator of left) expectCode(() => iterator.next(), 'CLOSED')
  })
})
