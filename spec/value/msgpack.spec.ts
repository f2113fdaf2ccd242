/** MessagePack values: a table of every type, properties, and msgpackr as a second opinion. */
import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { msgpackValues } from '../../lib/value/msgpack.js'
import { scaled } from '../support/runs.js'
import { decoded, encoded, expectSame, roundTrip } from './support.js'
import { table, value } from './values.js'

const codec = msgpackValues()
describe('msgpack values', () => {
  for (const [kind, values] of Object.entries(table)) {
    test(`${kind} come back, alone and within others`, () => {
      for (const one of values) {
        expectSame(roundTrip(codec, one), one)
        expectSame(roundTrip(codec, [1, one, 'x']), [1, one, 'x'])
        expectSame(roundTrip(codec, { a: one, b: one }), { a: one, b: one })
        expectSame(roundTrip(codec, new Map([[one, one]])), new Map([[one, one]]))
        expectSame(roundTrip(codec, new Set([one])), new Set([one]))
      }
    })
  }

  test('come back in any combination, by another codec object, byte for byte the same', () => {
    const other = msgpackValues()
    fc.assert(
      fc.property(value, one => {
        const first = encoded(codec, one)
        expect(encoded(other, one)).toEqual(first)
        expectSame(decoded(other as never, first), one)
      }),
      { numRuns: scaled(1500) },
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
      if (normal !== undefined && !isDeepStrictEqual(theirs.unpack(ours), one))
        expect(theirs.unpack(ours)).toEqual(one)
      // It writes -0 as 0.
      if (Object.is(one, -0)) continue
      const packed = Uint8Array.from(writer.pack(one))
      expectSame(decoded(codec as never, { bytes: packed, ascii: false }), one)
    }
  })

  test('nest a thousand deep', () => {
    let deep: unknown = 'x'
    for (let i = 0; i < 250; i++) deep = [{ m: new Map([[0, new Set([deep])]]) }]
    expect(encoded(codec, roundTrip(codec, deep))).toEqual(encoded(codec, deep))
  })
})
