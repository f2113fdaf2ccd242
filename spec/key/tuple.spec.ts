/** Tuple keys: round trip, the documented order, prefixes of whole elements, every refusal. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_KEY_BYTES } from '../../lib/key/codec.js'
import { tupleKeys } from '../../lib/key/tuple.js'
import type { TupleKey } from '../../lib/key/tuple-writer.js'
import { scaled } from '../support/runs.js'
import {
  compareBytes,
  encoded,
  encodedPrefix,
  refused,
  roundTrip,
  startsWith,
  strangers,
} from './support.js'

const codec = tupleKeys()

const few = fc.constantFrom('\0', '\x01', '\x02', 'a', 'é', '\uffff', '😀', '\xff')
const scalar = fc.oneof(
  fc.constantFrom<TupleKey>(null, false, true, 0, -0, 1, -1, Infinity, -Infinity, 5e-324, -5e-324),
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.string({ unit: few, maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.uint8Array({ maxLength: 6, max: 3 }),
  fc.uint8Array({ maxLength: 50 }),
)
const { key } = fc.letrec<{ key: TupleKey }>(tie => ({
  key: fc.oneof(
    { depthSize: 'small' },
    { weight: 3, arbitrary: scalar },
    { weight: 2, arbitrary: fc.array(tie('key'), { maxLength: 4 }) },
  ),
}))

function rank(value: TupleKey): number {
  if (value === null) return 0
  if (typeof value === 'boolean') return value ? 2 : 1
  if (typeof value === 'number') return 3
  if (typeof value === 'string') return 4
  return value instanceof Uint8Array ? 5 : 6
}

function compare(a: TupleKey, b: TupleKey): number {
  if (rank(a) !== rank(b)) return Math.sign(rank(a) - rank(b))
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'string' && typeof b === 'string') {
    return compareBytes(Buffer.from(a), Buffer.from(b))
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length && i < b.length; i++) {
      const order = compare(a[i], b[i])
      if (order !== 0) return order
    }
    return Math.sign(a.length - b.length)
  }
  return 0
}

/** -0 is stored as 0. */
function normal(value: TupleKey): TupleKey {
  if (Array.isArray(value)) return value.map(normal)
  return value === 0 ? 0 : value
}

describe('tuple keys', () => {
  test('come back', () => {
    fc.assert(
      fc.property(key, value => {
        expect(roundTrip(codec, value)).toStrictEqual(normal(value))
      }),
      { numRuns: scaled(3000) },
    )
  })

  test('have the documented order', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(compareBytes(encoded(codec, a), encoded(codec, b))).toBe(compare(a, b))
      }),
      { numRuns: scaled(5000) },
    )
  })

  test('have the documented order where it is close', () => {
    const bytes = (...of: number[]) => Uint8Array.from(of)
    const sorted: TupleKey[] = [
      null,
      false,
      true,
      -Infinity,
      -1.5,
      -1,
      -5e-324,
      0,
      5e-324,
      1,
      2 ** 53,
      Infinity,
      '',
      '\0',
      '\0\0',
      '\0\x01',
      '\x01',
      '\x01\0',
      '\x02',
      'a',
      'a\0',
      'a\x01',
      'b',
      '\uffff',
      '😀',
      bytes(),
      bytes(0),
      bytes(0, 0),
      bytes(0, 255),
      bytes(1),
      bytes(2),
      bytes(255),
      [],
      [null],
      [null, null],
      [1],
      [1, null],
      [1, []],
      [2],
      ['a'],
      ['a', 1],
      ['a\0'],
      [[]],
      [[], 1],
      [[1]],
    ]
    for (let i = 1; i < sorted.length; i++) {
      const [a, b] = [encoded(codec, sorted[i - 1]), encoded(codec, sorted[i])]
      expect(compareBytes(a, b), `${i}`).toBe(-1)
      expect(startsWith(b, a), `${i}`).toBe(false)
    }
  })

  test('begin with some elements exactly if their bytes do', () => {
    const elements = fc.array(key, { maxLength: 3 })
    fc.assert(
      fc.property(key, elements, fc.boolean(), (other, prefix, joined) => {
        const whole = joined ? [...prefix, other] : other
        const has =
          Array.isArray(whole) &&
          whole.length >= prefix.length &&
          prefix.every((element, i) => compare(element, whole[i]) === 0)
        expect(startsWith(encoded(codec, whole), encodedPrefix(codec, prefix))).toBe(has)
      }),
      { numRuns: scaled(3000) },
    )
    const cut = encodedPrefix(codec, ['a'])
    expect(startsWith(encoded(codec, ['a\0b']), cut)).toBe(false)
    expect(startsWith(encoded(codec, ['ab']), cut)).toBe(false)
    expect(startsWith(encoded(codec, 'a'), encodedPrefix(codec, []))).toBe(false)
  })

  test('hand out plain bytes of their own', () => {
    const back = roundTrip(codec, [Buffer.from([1, 2])]) as Uint8Array[]
    expect(Object.getPrototypeOf(back[0])).toBe(Uint8Array.prototype)
    expect(back[0].buffer.byteLength).toBe(2)
    expect(Object.is(roundTrip(codec, -0), 0)).toBe(true)
  })
})

describe('tuple keys are refused', () => {
  const bad = [...strangers(), NaN, '\ud800', new ArrayBuffer(1), new Uint16Array(1), Object(1)]

  test('of any other type, at any depth, with the place', () => {
    for (const value of bad as TupleKey[]) {
      refused('ZVERSE_INVALID_KEY', () => encoded(codec, value))
      const message = refused('ZVERSE_INVALID_KEY', () => encoded(codec, [1, ['a', value]]))
      expect(message).toContain('key[1][1] ')
      const inPrefix = () => encodedPrefix(codec, [[value]])
      expect(refused('ZVERSE_INVALID_OPTION', inPrefix, { option: 'prefix' })).toContain('[0][0]')
    }
    for (const prefix of [...bad, 'a', 1, null, new Uint8Array(1)]) {
      refused('ZVERSE_INVALID_OPTION', () => encodedPrefix(codec, prefix), { option: 'prefix' })
    }
    expect(encoded(codec, 1).length).toBe(9)
  })

  test('with holes, cycles, or nested too deep', () => {
    // biome-ignore lint/suspicious/noSparseArray: what is to be refused
    refused('ZVERSE_INVALID_KEY', () => encoded(codec, [1, , 2] as TupleKey))
    const cyclic: TupleKey[] = []
    cyclic.push(cyclic, cyclic)
    expect(refused('ZVERSE_INVALID_KEY', () => encoded(codec, cyclic))).toContain('itself')
    let deep: TupleKey = []
    for (let i = 1; i < 64; i++) deep = [deep]
    expect(roundTrip(codec, deep)).toEqual(deep)
    refused('ZVERSE_INVALID_KEY', () => encoded(codec, [deep]))
  })

  test('if too large, with the size', () => {
    const max = MAX_KEY_BYTES
    expect(encoded(codec, 'x'.repeat(max - 2)).length).toBe(max)
    refused('ZVERSE_KEY_TOO_LARGE', () => encoded(codec, 'x'.repeat(max - 1)), {
      size: max + 1,
      max,
    })
    refused('ZVERSE_KEY_TOO_LARGE', () => encoded(codec, '\0'.repeat(max)), {
      size: max * 2 + 2,
      max,
    })
    refused('ZVERSE_KEY_TOO_LARGE', () => encoded(codec, '€'.repeat(max)), {
      size: max * 3 + 2,
      max,
    })
    refused('ZVERSE_KEY_TOO_LARGE', () => encoded(codec, ['x'.repeat(max * 2), 1]), {
      size: max * 2 + 2 + 9 + 2,
      max,
    })
    const prefix = () => encodedPrefix(codec, [new Uint8Array(max - 2).fill(7)])
    refused('ZVERSE_KEY_TOO_LARGE', prefix, { size: max + 1, max })
    expect(encodedPrefix(codec, [new Uint8Array(max - 3).fill(7)]).length).toBe(max)
    let shared: TupleKey = []
    for (let i = 0; i < 60; i++) shared = [shared, shared]
    refused('ZVERSE_KEY_TOO_LARGE', () => encoded(codec, shared))
  })
})

describe('tuple keys and the user code in them', () => {
  test('pass on what it throws and work afterwards', () => {
    const boom = new Error('boom')
    const key = new Proxy([1, 2], {
      get(target, name) {
        if (name === '1') throw boom
        return Reflect.get(target, name)
      },
    })
    expect(() => encoded(codec, key)).toThrow(boom)
    expect(() => encodedPrefix(codec, key)).toThrow(boom)
    expect(roundTrip(codec, ['a', 1])).toEqual(['a', 1])
  })

  test('are not confused by its using the codec', () => {
    const key: TupleKey[] = ['first', 0, 'last']
    Object.defineProperty(key, 1, {
      get() {
        expect(roundTrip(codec, ['nested', 1, [2]])).toEqual(['nested', 1, [2]])
        expect(encodedPrefix(codec, ['other']).length).toBe(8)
        return 5
      },
    })
    expect(roundTrip(codec, key)).toEqual(['first', 5, 'last'])
  })

  test('hold what it said once, however it lies', () => {
    let reads = 0
    const key = new Proxy([0], { get: (_, name) => (name === 'length' ? 3 : reads++) })
    expect(roundTrip(codec, key as TupleKey)).toEqual([0, 1, 2])
    const endless = new Proxy([0], { get: (_, name) => (name === 'length' ? Infinity : undefined) })
    refused('ZVERSE_INVALID_KEY', () => encoded(codec, endless as never))
  })
})
