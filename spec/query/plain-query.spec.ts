/** The plain code of queries against results worked out by hand; random cases against what they must be. */
import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { scaled } from '../support/runs.js'
import { along, holds, type Options, type Query, where } from './plain-query.js'
import { caseOf, type Entry, type Values } from './random-query.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)

/** Those of the values for which a condition holds where they are. */
const kept = (condition: unknown, ...values: unknown[]) =>
  values.filter(value => holds({ at: condition }, { at: value }, 'key'))

const holdsAbsent = (condition: unknown) => holds({ at: condition }, { other: 1 }, 'key')

const keysOf = (entries: readonly Entry[], query: Query, options?: Options) =>
  where(entries, query, options).map(([key]) => key)

const bytes = (...of: number[]) => Uint8Array.from(of)
const date = (ms: number) => new Date(ms)

describe('a path', () => {
  it('leads along names of own properties and indexes of arrays', () => {
    const value = { a: { b: [1, { c: 'x' }, [2, 3]], '': 4 }, 'a.b': 5, 7: 6 }
    expect(along(value, 'a.b')).toEqual([1, { c: 'x' }, [2, 3]])
    expect(along(value, 'a.b.0')).toBe(1)
    expect(along(value, 'a.b.1.c')).toBe('x')
    expect(along(value, 'a.b.2.1')).toBe(3)
    expect(along(value, 'a.')).toBe(4)
    expect(along(value, '7')).toBe(6)
    expect(along(['x', 'y'], '1')).toBe('y')
    expect(along({ a: null }, 'a')).toBe(null)
  })

  it('leads nowhere else', () => {
    const value = { a: [1, [2]], b: undefined, c: 'text', d: new Map([['x', 1]]), e: bytes(1) }
    for (const path of ['a.2', 'a.-1', 'a.00', 'a.1.5', 'a.length', 'a.map', 'a.', 'a.1.0.x', '']) {
      expect(along(value, path), path).toBe(undefined)
    }
    for (const path of ['b', 'b.x', 'c.0', 'c.length', 'd.x', 'd.size', 'e.0', 'e.length']) {
      expect(along(value, path), path).toBe(undefined)
    }
    for (const path of ['constructor', 'toString', '__proto__', 'constructor.name']) {
      expect(along(value, path), path).toBe(undefined)
    }
    for (const whole of [null, 5, 'text', undefined]) expect(along(whole, 'a')).toBe(undefined)
    expect(along({ a: null }, 'a.b')).toBe(undefined)
    // No element is tried where the path has no index.
    expect(along({ a: [{ b: 1 }] }, 'a.b')).toBe(undefined)
  })
})

describe('a condition', () => {
  it('that is a scalar, bytes, a date or an array is short for eq', () => {
    expect(kept(1, 1, 2, '1', true, null)).toEqual([1])
    expect(kept('a', 'a', 'A', 'ab', '')).toEqual(['a'])
    expect(kept(null, null, 0, false, '')).toEqual([null])
    expect(kept(false, false, true, 0, null)).toEqual([false])
    expect(kept(5n, 5n, 5, 6n)).toEqual([5n, 5])
    expect(kept(date(5), date(5), 5, date(6))).toEqual([date(5), 5])
    expect(kept(bytes(1), bytes(1), bytes(1, 2), 1, [1])).toEqual([bytes(1)])
    expect(kept([1, 'a'], [1, 'a'], [1], ['a', 1], [1, 'a', 2])).toEqual([[1, 'a']])
    expect(kept([], [], [[]], null)).toEqual([[], [[]]])
  })

  it('of several operators holds if all do', () => {
    expect(kept({ gt: 1, lt: 3 }, 0, 1, 2, 3)).toEqual([2])
    expect(kept({ gte: 1, ne: 2, lte: 3 }, 0, 1, 2, 3, 4)).toEqual([1, 3])
    expect(kept({ has: 1, ne: 2 }, [1], [1, 2], 1)).toEqual([[1]])
    expect(kept({ in: [1, 2], eq: 1, absent: false }, 1, 2)).toEqual([1])
    expect(kept({ gt: 1, lt: 'z' }, 2, 'a')).toEqual([])
  })

  it('of no operators, or of such without operands, holds always', () => {
    expect(kept({}, 1, null, {})).toEqual([1, null, {}])
    expect(holdsAbsent({})).toBe(true)
    expect(kept({ eq: undefined, gt: 1 }, 1, 2)).toEqual([2])
    expect(holdsAbsent({ eq: undefined, has: undefined })).toBe(true)
  })

  it('is refused where it means nothing', () => {
    const wrong = [undefined, new Map(), () => 1, { equals: 1 }, { prefix: 1 }, { absent: 1 }]
    for (const condition of wrong) expect(() => kept(condition, 1)).toThrow()
    expect(() => kept({ box: [[1], [1, 2]] }, [1])).toThrow('corners')
  })
})

describe('eq, in, has and ne', () => {
  it('take a number, a safe bigint and a date of as many ms for equal, and -0 for 0', () => {
    expect(kept({ eq: 3 }, 3, 3n, date(3), '3', [3n])).toEqual([3, 3n, date(3), [3n]])
    expect(kept({ eq: date(3) }, 3, 3n)).toEqual([3, 3n])
    expect(kept({ eq: 0 }, -0, 0, 0n, false, null, '')).toEqual([-0, 0, 0n])
    expect(kept({ eq: -0 }, 0)).toEqual([0])
    expect(kept([[-0], 1n], [[0], date(1)])).toEqual([[[0], date(1)]])
    expect(kept({ eq: Infinity }, Infinity, -Infinity)).toEqual([Infinity])
    expect(kept(bytes(1, 2), Buffer.from([1, 2]))).toHaveLength(1)
  })

  it('hold for what is equal, or has an equal element', () => {
    expect(kept({ eq: 1 }, 1, [1], [0, 1], [[1]], { 0: 1 })).toEqual([1, [1], [0, 1]])
    expect(kept({ eq: [1] }, [1], [[1]], [[1], 2], [1, 1], [[[1]]])).toEqual([[1], [[1]], [[1], 2]])
    // An element counts even where the whole is no index key.
    expect(kept({ eq: 1 }, [1, {}], [{}, Number.NaN])).toEqual([[1, {}]])
    expect(kept({ eq: null }, null, [null], [])).toEqual([null, [null]])
    expect(holdsAbsent({ eq: null })).toBe(false)
  })

  it('in: hold for any of a list', () => {
    expect(kept({ in: [1, 'a', null] }, 1, 2, 'a', null, ['b', 'a'], [2])).toEqual([
      ...[1, 'a', null],
      ['b', 'a'],
    ])
    expect(kept({ in: [] }, 1, null, [])).toEqual([])
    expect(kept({ in: [[1, 2]] }, [1, 2], 1, [[1, 2]])).toEqual([[1, 2], [[1, 2]]])
    expect(holdsAbsent({ in: [null, undefined] })).toBe(false)
  })

  it('has: hold for an element alone', () => {
    expect(kept({ has: 1 }, 1, [1], [2, date(1)], [[1]], [])).toEqual([[1], [2, date(1)]])
    expect(kept({ has: [1] }, [1], [[1]])).toEqual([[[1]]])
    expect(kept({ has: 'a' }, 'a', ['a', {}], { 0: 'a' })).toEqual([['a', {}]])
    expect(kept({ has: 1 }, bytes(1))).toEqual([])
    expect(holdsAbsent({ has: null })).toBe(false)
  })

  it('ne: hold for what is present and not eq', () => {
    expect(kept({ ne: 1 }, 1, 2, '1', null, {}, Number.NaN)).toEqual([2, '1', null, {}, Number.NaN])
    expect(kept({ ne: 1 }, [1, 2], [2], [[1]])).toEqual([[2], [[1]]])
    expect(kept({ ne: null }, null, 0, [null])).toEqual([0])
    expect(holdsAbsent({ ne: 1 })).toBe(false)
  })

  it('find nothing equal to what is no index key', () => {
    const strangers = [{}, { a: 1 }, Number.NaN, date(Number.NaN), 2n ** 60n, new Map(), new Set()]
    const more = [Float32Array.of(1), [{}], [Number.NaN]]
    for (const one of [...strangers, ...more]) {
      for (const operand of [1, null, '', one]) {
        expect(kept({ eq: operand }, one), String(one)).toEqual([])
        expect(kept({ in: [operand] }, one), String(one)).toEqual([])
        expect(kept({ ne: operand }, one), String(one)).toEqual([one])
      }
      expect(kept({ absent: false }, one)).toEqual([one])
    }
  })
})

describe('gt, gte, lt and lte', () => {
  it('compare numbers, with their dates and bigints', () => {
    expect(kept({ gt: 1 }, 0, 1, 1.5, 2n, date(7), Infinity)).toEqual([1.5, 2n, date(7), Infinity])
    expect(kept({ gte: 1 }, 0, 1, 1n, date(1), 2)).toEqual([1, 1n, date(1), 2])
    expect(kept({ lt: date(1) }, -Infinity, 0, 1, date(-1))).toEqual([-Infinity, 0, date(-1)])
    expect(kept({ lte: 1n }, 1, 2, -1)).toEqual([1, -1])
    expect(kept({ gt: -0 }, 0, 5e-324)).toEqual([5e-324])
  })

  it('compare strings by code points, bytes as they are', () => {
    expect(kept({ gt: 'a' }, 'a', 'a\0', 'b', 'B', '')).toEqual(['a\0', 'b'])
    expect(kept({ gt: '\uffff' }, '😀', '\ufffe')).toEqual(['😀'])
    expect(kept({ lt: 'é' }, 'z', 'é', '€')).toEqual(['z'])
    const all = [bytes(), bytes(1), bytes(1, 0), bytes(2), bytes(255)]
    expect(kept({ gte: bytes(1), lt: bytes(2) }, ...all)).toEqual([bytes(1), bytes(1, 0)])
  })

  it('compare arrays element by element, the shorter first', () => {
    const all = [[], [0, 9], [1], [1, null], [1, 2], [1, 'a'], [2], ['a'], [[1]]]
    expect(kept({ gt: [1], lt: [2] }, ...all)).toEqual([
      [1, null],
      [1, 2],
      [1, 'a'],
    ])
    expect(kept({ lte: [1] }, ...all)).toEqual([[], [0, 9], [1]])
    // Of types: null, booleans, numbers, strings, bytes, arrays.
    const types = [[null], [false], [true], [-Infinity], [Infinity], [''], [bytes()], [[]]]
    types.forEach((one, i) => {
      expect(kept({ lt: one }, ...types)).toEqual(types.slice(0, i))
    })
  })

  it('hold for values of the type of the bound only', () => {
    const all = [null, false, true, 1, 'a', bytes(1), [1]]
    expect(kept({ gte: null }, ...all)).toEqual([null])
    expect(kept({ gt: null }, ...all)).toEqual([])
    expect(kept({ gt: false }, ...all)).toEqual([true])
    expect(kept({ lte: true }, ...all)).toEqual([false, true])
    expect(kept({ gte: -5 }, ...all)).toEqual([1])
    expect(kept({ gte: '' }, ...all)).toEqual(['a'])
    expect(kept({ lt: 'b' }, ...all)).toEqual(['a'])
    expect(kept({ gte: bytes() }, ...all)).toEqual([bytes(1)])
    expect(kept({ gte: [] }, ...all)).toEqual([[1]])
  })

  it('look at no elements, and hold for nothing that is absent or no index key', () => {
    expect(kept({ gt: 1 }, [2], [[2]], { 0: 2 })).toEqual([])
    expect(kept({ gte: [] }, [{}], [Number.NaN], [1, 2n ** 64n])).toEqual([])
    expect(kept({ lte: Infinity }, Number.NaN, date(Number.NaN), 2n ** 64n, {})).toEqual([])
    for (const operator of ['gt', 'gte', 'lt', 'lte']) {
      expect(holdsAbsent({ [operator]: null })).toBe(false)
      expect(kept({ [operator]: Number.NaN }, 1, Number.NaN)).toEqual([])
    }
  })
})

describe('prefix, box and absent', () => {
  it('prefix: hold for strings that begin so', () => {
    expect(kept({ prefix: 'ab' }, 'ab', 'abc', 'a', 'Ab', 'cab', '')).toEqual(['ab', 'abc'])
    expect(kept({ prefix: '' }, '', 'a', null, ['a'], bytes(97))).toEqual(['', 'a'])
    expect(kept({ prefix: 'a' }, ['a'], ['ab'], bytes(97))).toEqual([])
    expect(holdsAbsent({ prefix: '' })).toBe(false)
  })

  it('prefix: hold for arrays that begin with these elements', () => {
    const all = [[], [1], [1, 2], [2, 1], ['a', 'b'], ['ab'], [[1]], [[1], 2]]
    expect(kept({ prefix: [1] }, ...all)).toEqual([[1], [1, 2]])
    expect(kept({ prefix: [] }, ...all, 'a', null)).toEqual(all)
    expect(kept({ prefix: ['a'] }, ...all)).toEqual([['a', 'b']])
    expect(kept({ prefix: [[1]] }, ...all)).toEqual([[[1]], [[1], 2]])
    expect(kept({ prefix: [date(1)] }, [1n, 'x'])).toEqual([[1n, 'x']])
    expect(kept({ prefix: [1] }, [1, {}], [1, Number.NaN])).toEqual([])
  })

  it('box: hold for points of as many coordinates, on its sides too', () => {
    const box = [
      [0, 0],
      [2, 4],
    ]
    const inside = [
      [0, 0],
      [2, 4],
      [1, 1.5],
      [-0, 4],
      [1n, date(3)],
    ]
    expect(kept({ box }, ...inside)).toEqual(inside)
    expect(kept({ box }, [3, 1], [1, 5], [-1, 0], [1], [1, 1, 1], [], 1, null)).toEqual([])
    expect(
      kept({ box }, [1, '1'], [1, null], [1, Number.NaN], [1, {}], [[1, 1]], bytes(1, 1)),
    ).toEqual([])
    expect(holdsAbsent({ box })).toBe(false)
  })

  it('box: a side that is null is open', () => {
    const all = [
      [-9, 1],
      [0, 1],
      [9, 1],
      [9, 2],
    ]
    expect(
      kept(
        {
          box: [
            [0, null],
            [null, 1],
          ],
        },
        ...all,
      ),
    ).toEqual([
      [0, 1],
      [9, 1],
    ])
    expect(
      kept(
        {
          box: [
            [null, null],
            [null, null],
          ],
        },
        ...all,
      ),
    ).toEqual(all)
    const strange = [[1, Infinity], [1, -Infinity], [1, 'a'], [1]]
    expect(
      kept(
        {
          box: [
            [null, null],
            [null, null],
          ],
        },
        ...strange,
      ),
    ).toEqual([])
    expect(kept({ box: [[date(0)], [5n]] }, [3], [6])).toEqual([[3]])
    expect(kept({ box: [[2], [1]] }, [1], [2])).toEqual([])
  })

  it('absent: tell whether the path leads nowhere', () => {
    expect(holdsAbsent({ absent: true })).toBe(true)
    expect(holdsAbsent({ absent: false })).toBe(false)
    expect(kept({ absent: true }, null, {}, [], undefined)).toEqual([undefined])
    expect(kept({ absent: false }, null, {}, Number.NaN, undefined)).toEqual([null, {}, Number.NaN])
    expect(holdsAbsent({ absent: true, ne: 1 })).toBe(false)
  })
})

describe('a query', () => {
  const people: Entry[] = [
    ['ann', { age: 30, city: 'Bonn', tags: ['a', 'b'] }],
    ['bob', { age: 20, city: 'Aachen' }],
    ['cid', { age: 30, city: 'Aachen', tags: [] }],
    ['dan', { age: null, city: 'Bonn', tags: 'a' }],
    ['eve', 'no object'],
  ]

  it('holds if all of its parts do, {} always', () => {
    expect(keysOf(people, {})).toEqual(['ann', 'bob', 'cid', 'dan', 'eve'])
    expect(keysOf(people, { age: 30, city: 'Aachen' })).toEqual(['cid'])
    expect(keysOf(people, { age: { lt: 40 }, 'tags.0': { absent: true } })).toEqual(['bob', 'cid'])
    expect(keysOf(people, { tags: 'a' })).toEqual(['ann', 'dan'])
  })

  it('or: holds if one does', () => {
    expect(keysOf(people, { or: [{ age: 20 }, { tags: { has: 'b' } }] })).toEqual(['ann', 'bob'])
    expect(keysOf(people, { or: [] })).toEqual([])
    expect(keysOf(people, { or: [{}] })).toHaveLength(5)
    expect(keysOf(people, { age: 30, or: [{ city: 'Bonn' }, { age: 20 }] })).toEqual(['ann'])
    const nested = { or: [{ or: [{ age: null }] }, { age: 20, city: 'Bonn' }] }
    expect(keysOf(people, nested)).toEqual(['dan'])
  })

  it('not: is plain negation, with what is absent', () => {
    expect(keysOf(people, { not: { age: 30 } })).toEqual(['bob', 'dan', 'eve'])
    expect(keysOf(people, { age: { ne: 30 } })).toEqual(['bob', 'dan'])
    expect(keysOf(people, { not: { age: { gt: 25 } } })).toEqual(['bob', 'dan', 'eve'])
    expect(keysOf(people, { not: { age: 30, city: 'Bonn' }, tags: { absent: false } })).toEqual([
      'cid',
      'dan',
    ])
    expect(keysOf(people, { not: {} })).toEqual([])
    expect(keysOf(people, { not: { not: { age: 20 } } })).toEqual(['bob'])
  })

  it('match: asks a function of value and key', () => {
    expect(keysOf(people, { match: (_, key) => key === 'bob' })).toEqual(['bob'])
    expect(keysOf(people, { match: value => value === 'no object' })).toEqual(['eve'])
    const age = (value: unknown) => (value as { age?: unknown }).age
    expect(keysOf(people, { match: age })).toEqual(['ann', 'bob', 'cid'])
    expect(keysOf(people, { not: { match: age }, city: 'Bonn' })).toEqual(['dan'])
  })

  it('gives values as they are, with keys of any type', () => {
    const value = { a: date(1) }
    const entries: [number[], unknown][] = [[[1, 2], value]]
    const [[key, found]] = where(entries, { a: 1 }) as [[number[], unknown]]
    expect(key).toEqual([1, 2])
    expect(found).toBe(value)
  })
})

describe('order, reverse and limit', () => {
  const things: Entry[] = [
    ['a', { n: 2, s: 'x' }],
    ['b', { n: 1 }],
    ['c', { s: 'x', n: date(2) }],
    ['d', { s: 'y' }],
    ['e', { n: 'text', s: 'x' }],
    ['f', { n: {}, s: 'x' }],
    ['g', { n: null, s: 'w' }],
    ['h', { n: [0], s: [{}] }],
  ]
  const inOrder = (options: Options) => keysOf(things, {}, options).join('')

  it('are those of keys where none is given', () => {
    expect(inOrder({})).toBe('abcdefgh')
    expect(inOrder({ reverse: true })).toBe('hgfedcba')
    expect(inOrder({ limit: 3 })).toBe('abc')
    expect(inOrder({ reverse: true, limit: 3 })).toBe('hgf')
    expect(inOrder({ limit: 0 })).toBe('')
    expect(inOrder({ limit: Infinity })).toBe('abcdefgh')
  })

  it('are by the value at a path, then by key; what has no place comes last', () => {
    expect(inOrder({ order: 'n' })).toBe('gbacehdf')
    expect(inOrder({ order: 's' })).toBe('gacefdbh')
    expect(inOrder({ order: 'nowhere' })).toBe('abcdefgh')
    expect(inOrder({ order: 'n.0' })).toBe('habcdefg')
    expect(inOrder({ order: 'n', limit: 3 })).toBe('gba')
  })

  it('are turned as a whole by reverse, before the limit', () => {
    expect(inOrder({ order: 'n', reverse: true })).toBe('fdhecabg')
    expect(inOrder({ order: 'n', reverse: true, limit: 4 })).toBe('fdhe')
  })

  it('are by several paths, all of which must lead to index keys', () => {
    expect(inOrder({ order: ['s', 'n'] })).toBe('gacebdfh')
    expect(inOrder({ order: ['n', 's'] })).toBe('gacebdfh')
    expect(inOrder({ order: ['s', 'n'], reverse: true, limit: 5 })).toBe('hfdbe')
    expect(inOrder({ order: ['n'] })).toBe(inOrder({ order: 'n' }))
    const pairs: Entry[] = [
      ['1', { a: 2, b: 1 }],
      ['2', { a: 1, b: 2 }],
      ['3', { a: 1, b: 1 }],
    ]
    expect(keysOf(pairs, {}, { order: ['a', 'b'] })).toEqual(['3', '2', '1'])
    expect(keysOf(pairs, {}, { order: ['b', 'a'] })).toEqual(['3', '1', '2'])
  })

  it('are those of what the query holds for', () => {
    expect(keysOf(things, { s: 'x' }, { order: 'n', limit: 3 })).toEqual(['a', 'c', 'e'])
    expect(keysOf(things, { n: { absent: false } }, { reverse: true, limit: 2 })).toEqual([
      'h',
      'g',
    ])
  })

  it('leave the entries as they were', () => {
    const before = [...things]
    inOrder({ order: 'n', reverse: true })
    expect(things).toEqual(before)
  })
})

describe(`random cases, seed ${SEED}`, () => {
  const kinds: Values[] = ['msgpack', 'json']

  it.each(kinds)('of %s are such as a store takes and gives back', values => {
    const property = fc.property(caseOf(values, { queries: 1 }), ({ entries, indexes }) => {
      const db = ZVerse.open({ values, maxBytes: 16 * 2 ** 20 })
      for (const [key, value] of entries) db.put(key, value as never)
      for (const [name, definition] of Object.entries(indexes)) db.index(name, definition)
      expect([...db.range()]).toEqual(entries)
      expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
      db.close()
    })
    fc.assert(property, { seed: SEED, numRuns: scaled(300) })
  })

  it.each(kinds)('of %s have answers that agree with each other', values => {
    const property = fc.property(caseOf(values), ({ entries, asked }) => {
      for (const { query, options } of asked) {
        const all = keysOf(entries, query)
        const others = keysOf(entries, { not: query })
        expect([...all, ...others].sort()).toEqual(entries.map(([key]) => key))
        expect(keysOf(entries, { or: [query, { or: [] }] })).toEqual(all)
        expect(keysOf(entries, { or: [query, { not: query }] })).toHaveLength(entries.length)
        const { order, reverse = false, limit } = options
        const sequence = keysOf(entries, query, { order })
        expect([...sequence].sort()).toEqual(all)
        if (reverse) sequence.reverse()
        expect(keysOf(entries, query, options)).toEqual(sequence.slice(0, limit ?? all.length))
      }
    })
    fc.assert(property, { seed: SEED, numRuns: scaled(600) })
  })

  it.each(kinds)('of %s ask for some entries, not for none or all', values => {
    // Of one seed: what is counted here is a matter of the arbitraries, not of luck.
    const cases = fc.sample(caseOf(values), { seed: 1, numRuns: 200 })
    const counts = cases
      .filter(({ entries }) => entries.length >= 10)
      .flatMap(({ entries, asked }) => {
        return asked.map(({ query }) => where(entries, query).length / entries.length)
      })
    const share = (list: number[]) => list.length / counts.length
    expect(counts.length).toBeGreaterThan(300)
    expect(share(counts.filter(count => count > 0 && count < 1))).toBeGreaterThan(0.5)
    expect(share(counts.filter(count => count === 1))).toBeLessThan(0.2)
  })
})
