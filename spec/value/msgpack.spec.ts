/** MessagePack values: a table of every type, properties, and msgpackr as a second opinion. */
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { msgpackValues } from '../../lib/value/msgpack.js'
import { decoded, encoded, roundTrip } from './support.js'

const codec = msgpackValues()
const bytes = Uint8Array.of(0, 1, 2, 127, 128, 255, 7, 8)
const wide = [2n ** 63n, 2n ** 64n, 2n ** 64n - 1n, 2n ** 71n, 2n ** 127n, 2n ** 128n, 3n ** 999n]
const bigints = [0n, 1n, -1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, ...wide]
const dates = [0, 1, 999, 1000, -1, -1000, 4294967295000, 4294967296000, 4294967296001]

const table: Record<string, unknown[]> = {
  null: [null],
  boolean: [true, false],
  integers: [0, 1, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
  negatives: [-1, -32, -33, -127, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1],
  numbers: [-0, 0.5, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 53, 5e-324, 1.7e308, -1e21],
  strings: ['', 'a', 'é', '€', '😀', '\0', 'x'.repeat(31), 'x'.repeat(32), 'é'.repeat(16)],
  'long strings': [95, 96, 97, 255, 256, 65_535, 65_536, 10 ** 6].flatMap(n => [
    'x'.repeat(n),
    'é'.repeat(n),
    `${'x'.repeat(n)}😀`,
  ]),
  bigint: bigints.flatMap(n => [n, -n, -n - 1n]),
  Date: [...dates, 17179869183999, 17179869184000, -8.64e15, 8.64e15, NaN].map(t => new Date(t)),
  Map: [
    new Map(),
    new Map<unknown, unknown>([
      [1, 'a'],
      [null, new Map([['k', 1n]])],
      [{}, []],
    ]),
  ],
  Set: [new Set(), new Set([1, 'a', null, NaN]), new Set([new Set([1])])],
  ArrayBuffer: [new ArrayBuffer(0), bytes.slice().buffer, new ArrayBuffer(70_000)],
  'typed arrays': [
    new Int8Array(bytes),
    new Uint8Array(bytes),
    new Uint8ClampedArray(bytes),
    new Int16Array(bytes),
    new Uint16Array(bytes),
    new Int32Array(bytes),
    new Uint32Array(bytes),
    new Float32Array([0.5, NaN, -0]),
    new Float64Array([0.1, NaN, -0, Infinity]),
    new BigInt64Array([1n, -1n]),
    new BigUint64Array([1n, 2n ** 64n - 1n]),
    new Uint8Array(0),
    new Float64Array(0),
    new Uint8Array(256),
    new Uint8Array(70_000),
    new Uint16Array(130),
    new Uint16Array(40_000),
  ],
  arrays: [[], [1], [[]], Array.from({ length: 16 }, (_, i) => i), new Array(70_000).fill('x')],
  objects: [
    {},
    { a: 1 },
    { '': 0 },
    { '0': 1, b: { c: [null, { d: 'é' }] } },
    { é: 1, ['k'.repeat(40)]: 2 },
    { constructor: 1, toString: 2, hasOwnProperty: 3, toJSON: null },
    Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`k${i}`, i])),
    Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`key ${i}`, i])),
  ],
}

const value = fc.letrec(tie => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, -0, NaN, Infinity, new Date(NaN)),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary', maxLength: 120 }),
    fc.date(),
    fc.uint8Array(),
    fc.float64Array(),
    fc.bigInt64Array(),
    fc.uint16Array().map(a => a.buffer as ArrayBuffer),
    fc.array(tie('any')),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('any'), { noNullPrototype: true }),
    fc.array(fc.tuple(tie('any'), tie('any'))).map(entries => new Map(entries)),
    fc.array(tie('any')).map(elements => new Set(elements)),
  ),
})).any

describe('msgpack values', () => {
  for (const [kind, values] of Object.entries(table)) {
    test(`${kind} come back, alone and within others`, () => {
      for (const one of values) {
        expect(roundTrip(codec, one)).toStrictEqual(one)
        expect(roundTrip(codec, [1, one, 'x'])).toStrictEqual([1, one, 'x'])
        expect(roundTrip(codec, { a: one, b: one })).toStrictEqual({ a: one, b: one })
        expect(roundTrip(codec, new Map([[one, one]]))).toStrictEqual(new Map([[one, one]]))
        expect(roundTrip(codec, new Set([one]))).toStrictEqual(new Set([one]))
      }
    })
  }

  test('come back in any combination, by another codec object, byte for byte the same', () => {
    const other = msgpackValues()
    fc.assert(
      fc.property(value, one => {
        const first = encoded(codec, one)
        expect(encoded(other, one)).toEqual(first)
        expect(decoded(other as never, first)).toStrictEqual(one)
      }),
      { numRuns: 1500 },
    )
  })

  test('are flagged ASCII only if they are ASCII strings', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 300 }), value),
        one => {
          const ascii = typeof one === 'string' && /^[\0-\x7f]*$/.test(one)
          expect(encoded(codec, one).ascii).toBe(ascii)
        },
      ),
    )
  })

  test('strings come back at every length', () => {
    for (let n = 0; n < 400; n++) {
      const ascii = 'abcdefgh'.repeat(50).slice(0, n)
      for (const one of [ascii, `${ascii}é`, 'é'.repeat(n)]) expect(roundTrip(codec, one)).toBe(one)
    }
    const past16MiB = 'x'.repeat(2 ** 24 + 9)
    expect(roundTrip(codec, past16MiB) === past16MiB).toBe(true)
    expect((roundTrip(codec, [past16MiB]) as string[])[0] === past16MiB).toBe(true)
  })

  test('hand out memory of their own', () => {
    const pooled = Buffer.from('pooled')
    const shared = new Uint16Array(new SharedArrayBuffer(16), 2, 3).fill(9)
    const back = roundTrip(codec, { pooled, shared }) as Record<string, Uint8Array>
    expect(Object.getPrototypeOf(back.pooled)).toBe(Uint8Array.prototype)
    expect(back.pooled.buffer.byteLength).toBe(6)
    expect(back.shared).toStrictEqual(Uint16Array.of(9, 9, 9))
    expect(Object.prototype.toString.call(back.shared.buffer)).toBe('[object ArrayBuffer]')
    const part = roundTrip(codec, new Float64Array([1, 2, 3, 4]).subarray(1, 3)) as Float64Array
    expect([...part, part.buffer.byteLength]).toEqual([2, 3, 16])
  })

  test('take null prototypes, other realms and accessors as plain data', () => {
    expect(roundTrip(codec, Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 })
    const source =
      '({ a: [1, new Date(5), new Map([[1, new Set([2])]]), new Int16Array([3]), {}] })'
    const a = [1, new Date(5), new Map([[1, new Set([2])]]), Int16Array.of(3), {}]
    expect(roundTrip(codec, runInNewContext(source))).toStrictEqual({ a })
    const accessor = {
      get a() {
        return 1
      },
    }
    expect(roundTrip(codec, accessor)).toStrictEqual({ a: 1 })
  })

  test('keep __proto__ a property like any other', () => {
    const evil = JSON.parse('{"__proto__": {"polluted": 1}, "b": {"__proto__": null}}')
    const back = roundTrip(codec, evil) as { polluted?: number; b: object }
    expect(back.polluted).toBeUndefined()
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value).toEqual({ polluted: 1 })
    expect(Object.hasOwn(back.b, '__proto__')).toBe(true)
  })

  test('are read the same by msgpackr, and read what it writes', () => {
    const theirs = new Unpackr({ useRecords: false, int64AsType: 'bigint' })
    const writer = new Packr({ useRecords: false, moreTypes: true, variableMapSize: true })
    const { Map: _, Set: __, ...rest } = table
    for (const one of Object.values(rest).flat()) {
      const ours = encoded(codec, one).bytes
      const normal = one instanceof Date && Math.abs(one.getTime()) > 2 ** 52 ? undefined : one
      if (normal !== undefined) expect(theirs.unpack(ours)).toEqual(one)
      // It writes -0 as 0.
      if (Object.is(one, -0)) continue
      const packed = Uint8Array.from(writer.pack(one))
      expect(decoded(codec as never, { bytes: packed, ascii: false })).toStrictEqual(one)
    }
  })

  test('nest a thousand deep', () => {
    let deep: unknown = 'x'
    for (let i = 0; i < 250; i++) deep = [{ m: new Map([[0, new Set([deep])]]) }]
    expect(encoded(codec, roundTrip(codec, deep))).toEqual(encoded(codec, deep))
  })
})
